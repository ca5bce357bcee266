/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/catalog/describe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "catalog/layout.h"
#include "tests/unit/test.h"

/* "PLEXTOR CD-R   PX-W5224A" */
#define HEX "504c4558544f522043442d5220202050582d573532323441"

#define HEAD                                                                                       \
        "[drive]\nfamily = plextor\nvendor = PLEXTOR\nproduct = \"CD-R   PX-W5224A\"\n"            \
        "piece = 4096\ncommand-ms = 60000\ncommit-ms = 60000\nsettle-ms = 0\nready-ms = 1000\n"    \
        "transports = ata emulated\nevidence = reported\n"
#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static char folder[] = "/tmp/discfw-describe-XXXXXX";
static char path[64], image_path[64];

static int set_up(void **state) {
        (void)state;
        if (!mkdtemp(folder))
                return -1;
        (void)snprintf(path, sizeof(path), "%s/d.ini", folder);
        (void)snprintf(image_path, sizeof(image_path), "%s/a.bin", folder);
        return 0;
}

static int tear_down(void **state) {
        (void)state;
        (void)unlink(path);
        (void)unlink(image_path);
        return rmdir(folder);
}

static void write_image(const char *model) {
        const ImageLayout *layout =
                layout_find("plextor", (const uint8_t *)"PLEXTOR CD-R   PX-W5224A");
        uint8_t *image = calloc(1, layout->length);

        assert_non_null(image);
        memcpy(image, model, ENTRY_MODEL_LENGTH);
        put_be16(image + layout->sum_offset,
                 layout_sum(image, layout->sum_offset, layout->sum_start));
        assert_int_equal(file_write_atomic(AT_FDCWD, image_path, image, layout->length, 0644), 0);
        free(image);
}

static int read_description(const char *text, const char *image, Description **ret_description,
                            Fault *fault) {
        const DescribeOptions options = { .images = &image, .n_images = image ? 1 : 0 };

        assert_int_equal(file_write_atomic(AT_FDCWD, path, text, strlen(text), 0644), 0);
        return describe(path, &options, ret_description, fault);
}

/* WANTED is what follows the path of the description. */
static void refused(const char *text, FaultCode code, const char *wanted) {
        Description *description = NULL;
        Fault fault = {};

        assert_int_equal(read_description(text, NULL, &description, &fault), -EBADE);
        assert_null(description);
        assert_int_equal(fault.code, code);
        assert_memory_equal(fault.text, path, strlen(path));
        assert_string_equal(fault.text + strlen(path), wanted);
}

static const json_t *entry_of(const DescribedImage *image) {
        return json_object_get(json_object_get(image->target, "custom"), "discfw");
}

static void test_what_the_drive_says_holds_for_its_images(void **state) {
        _cleanup_(description_freep) Description *description = NULL;
        const json_t *first, *second;

        (void)state;
        assert_int_equal(read_description(HEAD "hazard = one\n"
                                               "[image 1.02]\nlength = 524288\nsha256 = " HASH
                                               "\nhazard = two\nupgrade = 1.00, \"1 1\"\n"
                                               "upgrade-loses = \"a b\"\npiece = 2048\n"
                                               "[image 1.04]\nlength = 524288\nsha256 = " HASH
                                               "\nevidence = proven\nreflash = yes\nname = x.bin\n"
                                               "notes = one\nnotes = two\n",
                                          NULL, &description, NULL),
                         0);
        assert_int_equal(description->n_images, 2);
        assert_string_equal(description->images[0].path, "drive/" HEX "/1.02.bin");
        assert_string_equal(description->images[1].path, "drive/" HEX "/x.bin");
        assert_null(description->images[0].bytes);
        assert_false(description->images[0].is_checked);

        first = entry_of(&description->images[0]);
        second = entry_of(&description->images[1]);
        assert_int_equal(json_array_size(json_object_get(first, "hazards")), 2);
        assert_int_equal(json_array_size(json_object_get(second, "hazards")), 1);
        assert_int_equal(
                json_integer_value(json_object_get(json_object_get(first, "recipe"), "piece")),
                2048);
        assert_int_equal(
                json_integer_value(json_object_get(json_object_get(second, "recipe"), "piece")),
                4096);
        assert_string_equal(json_string_value(json_object_get(second, "notes")), "one\ntwo");
        assert_string_equal(json_string_value(json_object_get(second, "evidence")), "proven");
}

static void test_an_image_is_measured_and_its_word_becomes_a_check(void **state) {
        _cleanup_(description_freep) Description *description = NULL;
        const json_t *checks;

        (void)state;
        write_image("PLEXTOR CD-R   PX-W5224A");
        assert_int_equal(read_description(HEAD "[image 1.04]\nfile = a.bin\nupgrade = 1.03\n", NULL,
                                          &description, NULL),
                         0);
        assert_int_equal(description->images[0].n_bytes, 524288);
        assert_true(description->images[0].is_checked);
        checks = json_object_get(json_object_get(entry_of(&description->images[0]), "image"),
                                 "checks");
        assert_int_equal(json_array_size(checks), 1);
        assert_string_equal(json_string_value(json_object_get(json_array_get(checks, 0), "bytes")),
                            HEX);
}

static void test_an_image_may_be_withheld(void **state) {
        _cleanup_(description_freep) Description *description = NULL;

        (void)state;
        write_image("PLEXTOR CD-R   PX-W5224A");
        assert_int_equal(read_description(HEAD "publish = no\n[image 1.04]\nupgrade = 1.03\n",
                                          image_path, &description, NULL),
                         0);
        assert_null(description->images[0].bytes);
        assert_true(description->images[0].is_withheld);
        assert_true(description->images[0].is_checked);
}

static void test_an_image_that_does_not_fit_is_refused(void **state) {
        char wanted[256];

        (void)state;
        write_image("PLEXTOR CD-R   PREMIUM  ");
        (void)snprintf(wanted, sizeof(wanted),
                       ": [image 1.04]: %s: image says at 0h that it is for \"PLEXTOR CD-R   "
                       "PREMIUM\", wanted \"PLEXTOR CD-R   PX-W5224A\"",
                       image_path);
        refused(HEAD "[image 1.04]\nfile = a.bin\n", FAULT_IMAGE_IDENTITY, wanted);

        write_image("PLEXTOR CD-R   PX-W5224A");
        (void)snprintf(wanted, sizeof(wanted),
                       ": [image 1.04]: %s: image is 524288 bytes long, the description says 5",
                       image_path);
        refused(HEAD "[image 1.04]\nfile = a.bin\nlength = 5\n", FAULT_IMAGE_MISMATCH, wanted);
        refused(HEAD "[image 1.04]\nlength = 5\nsha256 = " HASH "\n", FAULT_IMAGE_MISMATCH,
                ": [image 1.04]: its length is 5, images for this drive are 524288");
}

static void test_mistakes_are_named_with_their_line(void **state) {
        (void)state;
        refused("[drive]\nfamly = x\n", FAULT_BAD_REQUEST, ":2: \"famly\" is no key of [drive]");
        refused("family = x\n", FAULT_BAD_REQUEST, ":1: the first section is not [drive]");
        refused("[image 1]\nfile = x\n", FAULT_BAD_REQUEST, ":2: the first section is not [drive]");
        refused(HEAD "piece = 1\n", FAULT_BAD_REQUEST, ":12: piece is given twice");
        refused(HEAD "disc-out = maybe\n", FAULT_BAD_REQUEST, ":12: disc-out is not yes or no");
        refused(HEAD "mask = 37 ff\n", FAULT_BAD_REQUEST,
                ":12: mask is not OFFSET MASK VALUE, the last two in hexadecimal");
        refused(HEAD "upgrade = 1\n", FAULT_BAD_REQUEST, ":12: \"upgrade\" is no key of [drive]");
        refused(HEAD "[image 12345]\nfile = x\n", FAULT_BAD_REQUEST,
                ":13: [image 12345] is not [image VERSION]");
        refused(HEAD "[image 1]\nfamily = x\n", FAULT_BAD_REQUEST,
                ":13: family stands in [drive], and nowhere else");
        refused(HEAD "[image 1]\nreflash = no\n", FAULT_BAD_REQUEST, ":13: reflash is not \"yes\"");
        refused(HEAD "[image 1]\nupgrade = \"1.0\n", FAULT_BAD_REQUEST,
                ":13: upgrade is not a list of words");
        refused(HEAD "nonsense\n", FAULT_BAD_REQUEST,
                ":12: this is neither [SECTION] nor KEY = VALUE");
        refused(HEAD "[image 1]\nname = a\n[image 2]\nname = b\n[image 1]\nname = c\n",
                FAULT_BAD_REQUEST, ":17: [image 1] is there twice");
}

static void test_a_line_that_would_be_cut_is_refused(void **state) {
        char text[1024];

        (void)state;
        (void)snprintf(text, sizeof(text), HEAD "[image 1]\nnotes = %0200d\n", 0);
        refused(text, FAULT_BAD_REQUEST,
                ":13: this line has 208 bytes, at most 190 are read; notes, hazards and sources "
                "may be given several times");
}

static void test_a_text_of_another_encoding_is_refused(void **state) {
        (void)state;
        refused(HEAD "[image 1]\nnotes = f\xfcr alle\n", FAULT_BAD_REQUEST,
                ":13: this line is not UTF-8");
}

static void test_what_is_missing_is_asked_for(void **state) {
        (void)state;
        refused(HEAD, FAULT_BAD_REQUEST, ": it has no [image VERSION]");
        refused(HEAD "[image 1.04]\nupgrade = 1.03\n", FAULT_BAD_REQUEST,
                ": [image 1.04]: it has no file; an image that is not at hand needs length and "
                "sha256");
        refused("[drive]\nfamily = btc\nproduct = x\n[image 1]\nname = a\n", FAULT_BAD_REQUEST,
                ": [image 1   ]: vendor and product must both be given; a blank vendor is vendor = "
                "\"\"");
        refused(HEAD "[image 1.04]\nlength = 524288\nsha256 = " HASH "\nupgrade = 1.04\n",
                FAULT_CATALOG_MALFORMED,
                ": [image 1.04]: entry drive/" HEX
                "/1.04.bin: edges[0].from has the entry's own version");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_the_drive_says_holds_for_its_images),
                cmocka_unit_test(test_an_image_is_measured_and_its_word_becomes_a_check),
                cmocka_unit_test(test_an_image_may_be_withheld),
                cmocka_unit_test(test_an_image_that_does_not_fit_is_refused),
                cmocka_unit_test(test_mistakes_are_named_with_their_line),
                cmocka_unit_test(test_a_line_that_would_be_cut_is_refused),
                cmocka_unit_test(test_a_text_of_another_encoding_is_refused),
                cmocka_unit_test(test_what_is_missing_is_asked_for),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down) == 0 ? 0 : 1;
}
