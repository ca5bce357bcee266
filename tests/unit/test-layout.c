/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "catalog/layout.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/unit/test.h"

static const uint8_t btc[] = "        DVDRW IDE1004   ";
static const uint8_t px716a[] = "PLEXTOR DVDR   PX-716A  ";
static const uint8_t px714a[] = "PLEXTOR DVDR   PX-714A  ";

/* An image that passes: as long as the layout says, identity, revision and sum in their places. */
static uint8_t *make_image(const ImageLayout *layout, const uint8_t *model, const char *version) {
        uint8_t *image = malloc(layout->length);

        assert_non_null(image);
        for (uint32_t i = 0; i < layout->length; i++)
                image[i] = (uint8_t)(i * 7 + 3);
        memcpy(image + layout->identity_offset, model, LAYOUT_MODEL_LENGTH);
        if (layout->revision_offset != LAYOUT_NONE)
                memcpy(image + layout->revision_offset, version, 4);
        if (layout->sum_offset != LAYOUT_NONE)
                put_be16(image + layout->sum_offset,
                         layout_sum(image, layout->sum_offset, layout->sum_start));
        return image;
}

static void test_every_layout_lies_within_its_image(void **state) {
        const ImageLayout *layout;

        (void)state;
        for (unsigned i = 0; (layout = layout_nth(i)); i++) {
                assert_true(layout->length <= IMAGE_LENGTH_MAX);
                assert_true(layout->identity_offset + LAYOUT_MODEL_LENGTH <= layout->length);
                if (layout->revision_offset != LAYOUT_NONE)
                        assert_true(layout->revision_offset + 4 <= layout->length);
                if (layout->sum_offset != LAYOUT_NONE)
                        assert_true(layout->sum_offset + 2 <= layout->length);
                if (layout->model) {
                        assert_int_equal(strlen(layout->model), LAYOUT_MODEL_LENGTH);
                        assert_ptr_equal(
                                layout_find(layout->family, (const uint8_t *)layout->model),
                                layout);
                }
                if (layout->also)
                        assert_non_null(layout_find(layout->family, (const uint8_t *)layout->also));
        }
}

static void test_a_layout_is_found_by_family_and_whole_model(void **state) {
        (void)state;
        assert_true(layout_family_known("btc"));
        assert_true(layout_family_known("plextor"));
        assert_false(layout_family_known("pioneer"));
        assert_non_null(layout_find("btc", px716a));
        assert_int_equal(layout_find("plextor", px716a)->length, 983040);
        assert_null(layout_find("plextor", btc));
        assert_null(layout_find("", btc));
}

/* Known answers: 100000h bytes of FFh sum to F00000h, which is 0 in 16 bits. */
static void test_the_sum_is_sixteen_bits_of_all_bytes(void **state) {
        uint8_t *image = malloc(0x100000);

        (void)state;
        assert_non_null(image);
        memset(image, 0xff, 0x100000);
        assert_int_equal(layout_sum(image, 0x100000, 0), 0x0000);
        assert_int_equal(layout_sum(image, 3, 0), 0x02fd);
        assert_int_equal(layout_sum(image, 3, 0x8000), 0x82fd);
        assert_int_equal(layout_sum(NULL, 0, 0x8000), 0x8000);
        free(image);
}

static void test_good_images_pass(void **state) {
        const ImageLayout *layout;

        (void)state;
        for (unsigned i = 0; (layout = layout_nth(i)); i++) {
                const uint8_t *model = layout->model ? (const uint8_t *)layout->model : btc;
                uint8_t *image = make_image(layout, model, "0051");

                assert_int_equal(layout_check(layout, model, "0051", image, layout->length, NULL),
                                 0);
                free(image);
        }
}

static void check_btc(uint8_t *image, size_t n_image, const char *version, FaultCode code,
                      const char *text) {
        Fault fault = {};

        assert_true(layout_check(layout_find("btc", btc), btc, version, image, n_image, &fault) <
                    0);
        assert_int_equal(fault.code, code);
        assert_string_equal(fault.text, text);
}

static void test_an_image_of_another_length_or_drive_or_revision_is_refused(void **state) {
        uint8_t *image = make_image(layout_find("btc", btc), btc, "0051");

        (void)state;
        check_btc(image, 0xfffff, "0051", FAULT_IMAGE_MISMATCH,
                  "image is 1048575 bytes long, images for this drive are 1048576");
        check_btc(image, 0x100000, "0050", FAULT_IMAGE_IDENTITY,
                  "image says at 40D4h that it is revision \"0051\", wanted \"0050\"");
        memcpy(image + 0x40c4, "DVDRW\x1b[2JX1008   ", 16);
        check_btc(image, 0x100000, NULL, FAULT_IMAGE_IDENTITY,
                  "image says at 40BCh that it is for \"        DVDRW\\x1b[2JX1008\", "
                  "wanted \"        DVDRW IDE1004\"");
        free(image);
}

static void test_a_wrong_sum_is_refused(void **state) {
        const ImageLayout *layout = layout_find("plextor", px716a);
        uint8_t *image = make_image(layout, px716a, NULL);
        Fault fault = {};

        (void)state;
        image[0xeffff] ^= 1;
        assert_true(layout_check(layout, px716a, "1.11", image, layout->length, &fault) < 0);
        assert_int_equal(fault.code, FAULT_IMAGE_SUM);
        free(image);
}

static void test_an_image_for_two_models_is_taken_in_one_direction_only(void **state) {
        uint8_t *for716 = make_image(layout_find("plextor", px716a), px716a, NULL);
        uint8_t *for714 = make_image(layout_find("plextor", px714a), px714a, NULL);
        const ImageLayout *on716 = layout_find("plextor", px716a);
        const ImageLayout *on714 = layout_find("plextor", px714a);

        (void)state;
        assert_int_equal(layout_check(on714, px714a, NULL, for716, 983040, NULL), 0);
        assert_true(layout_check(on716, px716a, NULL, for714, 983040, NULL) < 0);
        free(for716);
        free(for714);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_layout_lies_within_its_image),
                cmocka_unit_test(test_a_layout_is_found_by_family_and_whole_model),
                cmocka_unit_test(test_the_sum_is_sixteen_bits_of_all_bytes),
                cmocka_unit_test(test_good_images_pass),
                cmocka_unit_test(test_an_image_of_another_length_or_drive_or_revision_is_refused),
                cmocka_unit_test(test_a_wrong_sum_is_refused),
                cmocka_unit_test(test_an_image_for_two_models_is_taken_in_one_direction_only),
        };

        return RUN_TESTS(tests);
}
