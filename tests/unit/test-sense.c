/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drive/sense.h"

#include <string.h>

#include "drive/sense-table.h"
#include "tests/unit/fake-drive.h"
#include "tests/unit/test.h"

static Sense decoded(const char *hex) {
        uint8_t bytes[SENSE_LENGTH_MAX];
        Sense sense = {};
        size_t n = from_hex(hex, bytes, sizeof(bytes));

        assert_true(sense_decode(bytes, n, &sense));
        return sense;
}

static void reads(const char *hex, const char *wanted) {
        const Sense sense = decoded(hex);
        char text[SENSE_TEXT_SIZE];

        sense_text(&sense, text, sizeof(text));
        assert_string_equal(text, wanted);
}

static void test_the_seed_of_it_all_is_said_in_words(void **state) {
        (void)state;
        /* "Execute command errorA!! 5/20/ 0 Flashing is incorrect!!" */
        reads("70 00 05 00 00 00 00 0a 00 00 00 00 20 00 00 00 00 00", "5/20/00 invalid opcode");
}

static void test_both_layouts_say_the_same(void **state) {
        (void)state;
        reads("70 00 02 00 00 00 00 0a 00 00 00 00 3a 01 00 00 00 00", "2/3a/01 no disc");
        reads("72 02 3a 01 00 00 00 00", "2/3a/01 no disc");
        reads("71 00 04 00 00 00 00 0a 00 00 00 00 44 00 00 00 00 00",
              "4/44/00 internal failure of the drive (about an earlier command)");
        reads("73 04 44 00 00 00 00 00",
              "4/44/00 internal failure of the drive (about an earlier command)");
}

static void test_fixed_sense_reads_only_the_low_nibble_of_the_key(void **state) {
        (void)state;
        /* FILEMARK, EOM and ILI stand above the key; the VALID bit above the layout. */
        reads("f0 00 e5 00 00 00 00 0a 00 00 00 00 24 00", "5/24/00 invalid field in the command");
}

static void test_what_the_drive_does_not_send_reads_as_zero(void **state) {
        (void)state;
        assert_int_equal(decoded("70").key, 0);
        assert_int_equal(decoded("70 00 06").key, 6);
        assert_int_equal(decoded("70 00 05 00 00 00 00 0a 00 00 00 00 20").asc, 0x20);
        assert_int_equal(decoded("70 00 05 00 00 00 00 0a 00 00 00 00 20").ascq, 0);
        assert_int_equal(decoded("72 05").key, 5);
        assert_int_equal(decoded("72 05 24").asc, 0x24);
}

static void test_bytes_beyond_the_drives_own_length_are_not_sense(void **state) {
        (void)state;
        /* Length 0: what stands at 12 is left from another command. */
        assert_int_equal(decoded("70 00 05 00 00 00 00 00 00 00 00 00 20 00").asc, 0);
        assert_int_equal(decoded("70 00 05 00 00 00 00 05 00 00 00 00 20 01").asc, 0x20);
        assert_int_equal(decoded("70 00 05 00 00 00 00 05 00 00 00 00 20 01").ascq, 0);
}

static void test_what_is_no_sense_leaves_the_result_alone(void **state) {
        Sense sense = { .key = 9 };

        (void)state;
        assert_false(sense_decode("", 0, &sense));
        assert_false(sense_decode("\x00\x00\x05", 3, &sense));
        assert_false(sense_decode("\x7f\x00\x05", 3, &sense));
        assert_false(sense_decode("\x74\x00\x05", 3, &sense));
        assert_int_equal(sense.key, 9);
}

static void test_no_sense_at_all_is_an_unknown_state(void **state) {
        const Sense none = {};
        char text[SENSE_TEXT_SIZE];

        (void)state;
        for (Stage stage = 0; stage < _STAGE_MAX; stage++)
                assert_int_equal(sense_class(&none, stage), SENSE_UNKNOWN);
        sense_text(&none, text, sizeof(text));
        assert_string_equal(text, "no sense");
        assert_null(sense_advice(&none));
        assert_int_equal(sense_fault(&none), FAULT_DRIVE_TRANSPORT);
}

static void test_a_late_error_while_sending_is_an_unknown_state(void **state) {
        Sense sense = decoded("71 00 05 00 00 00 00 0a 00 00 00 00 24 00");

        (void)state;
        assert_int_equal(sense_class(&sense, STAGE_LOOK), SENSE_STOP);
        assert_int_equal(sense_class(&sense, STAGE_SEND), SENSE_UNKNOWN);
        assert_int_equal(sense_class(&sense, STAGE_COMMIT), SENSE_UNKNOWN);
}

/* The classes of the table in the facts, by letter for looking, sending and the commit. */
static void test_codes_have_the_class_that_experience_gave_them(void **state) {
        static const struct {
                uint8_t key, asc, ascq;
                const char *classes;
        } known[] = {
                { 0, 0x00, 0x22, "NNN" },   { 1, 0x0b, 0x01, "PPP" },   { 1, 0x18, 0x00, "NNN" },
                { 2, 0x04, 0x01, "WWW" },   { 2, 0x04, 0x08, "PPP" },   { 2, 0x04, 0x1e, "PPN" },
                { 2, 0x04, 0x1f, "PPP" },   { 2, 0x04, 0x99, "WWW" },   { 2, 0x08, 0x01, "UUU" },
                { 2, 0x30, 0x02, "PPP" },   { 2, 0x3a, 0x00, "NNN" },   { 2, 0x3a, 0x02, "NNN" },
                { 2, 0x3e, 0x01, "PPP" },   { 3, 0x11, 0x05, "NNN" },   { 4, 0x09, 0x01, "PPP" },
                { 4, 0x3e, 0x03, "PPP" },   { 4, 0x40, 0x7f, "UUU" },   { 4, 0x40, 0x80, "PPP" },
                { 4, 0x44, 0x00, "UUU" },   { 5, 0x1a, 0x00, "SSS" },   { 5, 0x20, 0x00, "SSS" },
                { 5, 0x24, 0x00, "SSS" },   { 5, 0x26, 0x00, "SSU" },   { 5, 0x26, 0x02, "SSU" },
                { 5, 0x2c, 0x00, "SSS" },   { 5, 0x53, 0x02, "PPP" },   { 5, 0x64, 0x00, "NNN" },
                { 5, 0x6f, 0x04, "NNN" },   { 5, 0x74, 0x08, "SSU" },   { 5, 0xff, 0xff, "SSU" },
                { 6, 0x28, 0x00, "NSN" },   { 6, 0x29, 0x00, "NUN" },   { 6, 0x29, 0x07, "NUN" },
                { 6, 0x3f, 0x01, "NUN" },   { 6, 0x3f, 0x03, "NUN" },   { 6, 0x5a, 0x01, "NSN" },
                { 7, 0x27, 0x00, "SSS" },   { 9, 0x80, 0x00, "UUU" },   { 0xb, 0x47, 0x03, "UUU" },
                { 0xb, 0x4e, 0x00, "UUU" }, { 0xe, 0x1d, 0x00, "UUU" },
        };
        static const char letters[_SENSE_CLASS_MAX + 1] = "NWPSU";

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(known); i++)
                for (Stage stage = 0; stage < _STAGE_MAX; stage++) {
                        Sense sense = { .present = true,
                                        .key = known[i].key,
                                        .asc = known[i].asc,
                                        .ascq = known[i].ascq };

                        if (letters[sense_class(&sense, stage)] != known[i].classes[stage])
                                fail_msg("%x/%02x/%02x at stage %d is %c, wanted %c", sense.key,
                                         sense.asc, sense.ascq, stage,
                                         letters[sense_class(&sense, stage)],
                                         known[i].classes[stage]);
                }
}

static bool covers(const SenseRow *a, const SenseRow *b) {
        return a->key == b->key &&
               (a->asc == ANY_ASC || (a->asc == b->asc && a->ascq_first <= b->ascq_first &&
                                      a->ascq_last >= b->ascq_last));
}

static void test_every_row_is_whole_and_none_is_hidden_by_an_earlier_one(void **state) {
        const SenseRow *row, *earlier;

        (void)state;
        for (unsigned i = 0; (row = sense_row(i)); i++) {
                assert_int_equal(strspn(row->classes, "NWPSU"), _STAGE_MAX);
                assert_int_equal(strlen(row->classes), _STAGE_MAX);
                assert_true(row->key <= 0x0f && row->ascq_first <= row->ascq_last);
                assert_true(fault_code_valid(row->fault) && row->fault != FAULT_NONE);
                assert_true(row->words && row->words[0] >= 'a' && row->words[0] <= 'z');
                assert_int_not_equal(row->words[strlen(row->words) - 1], '.');
                /* In one line of the wire and of the store, with codes and remark. */
                assert_true(strlen("f/ff/ff ") + strlen(row->words) +
                                    strlen(" (about an earlier command)") <
                            SENSE_TEXT_SIZE);
                for (unsigned j = 0; j < i && (earlier = sense_row(j)); j++)
                        if (covers(earlier, row))
                                fail_msg("row %u is never reached", i);
        }
        assert_true(row == NULL);
}

static void test_every_code_there_can_be_has_a_class_words_and_a_fault(void **state) {
        char text[SENSE_TEXT_SIZE];

        (void)state;
        for (unsigned code = 0; code < 0x100000; code++) {
                Sense sense = { .present = true,
                                .key = (uint8_t)(code >> 16),
                                .asc = (uint8_t)(code >> 8),
                                .ascq = (uint8_t)code };

                for (Stage stage = 0; stage < _STAGE_MAX; stage++)
                        assert_true(sense_class(&sense, stage) < _SENSE_CLASS_MAX);
                assert_int_not_equal(sense_fault(&sense), FAULT_NONE);
                if (sense.ascq == 0) {
                        sense_text(&sense, text, sizeof(text));
                        assert_true(strlen(text) > strlen("5/20/00 "));
                }
        }
}

/* "Nothing was written" may only be said of a drive that refused. */
static void test_only_a_refusal_is_called_unharmed(void **state) {
        const SenseRow *row;

        (void)state;
        for (unsigned i = 0; (row = sense_row(i)); i++)
                if (row->advice && strstr(row->advice, "nothing was written"))
                        assert_string_equal(row->classes, "SSS");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_seed_of_it_all_is_said_in_words),
                cmocka_unit_test(test_both_layouts_say_the_same),
                cmocka_unit_test(test_fixed_sense_reads_only_the_low_nibble_of_the_key),
                cmocka_unit_test(test_what_the_drive_does_not_send_reads_as_zero),
                cmocka_unit_test(test_bytes_beyond_the_drives_own_length_are_not_sense),
                cmocka_unit_test(test_what_is_no_sense_leaves_the_result_alone),
                cmocka_unit_test(test_no_sense_at_all_is_an_unknown_state),
                cmocka_unit_test(test_a_late_error_while_sending_is_an_unknown_state),
                cmocka_unit_test(test_codes_have_the_class_that_experience_gave_them),
                cmocka_unit_test(test_every_row_is_whole_and_none_is_hidden_by_an_earlier_one),
                cmocka_unit_test(test_every_code_there_can_be_has_a_class_words_and_a_fault),
                cmocka_unit_test(test_only_a_refusal_is_called_unharmed),
        };

        return RUN_TESTS(tests);
}
