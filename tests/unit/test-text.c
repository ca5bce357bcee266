/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"

#include <string.h>

#include "tests/unit/test.h"

static void test_a_field_loses_its_trailing_blanks_and_keeps_the_leading(void **state) {
        char text[64];

        (void)state;
        text_from_field("  DVDRW IDE1004 \0 ", 18, text, sizeof(text));
        assert_string_equal(text, "  DVDRW IDE1004");
}

/* 24 bytes of INQUIRY, as people read them. */
static const char *model_text(const char *model) {
        static char text[TEXT_MODEL_SIZE];

        assert_int_equal(strlen(model), TEXT_MODEL_LENGTH);
        text_from_model((const uint8_t *)model, text);
        return text;
}

static void test_a_vendor_of_eight_letters_does_not_run_into_the_product(void **state) {
        (void)state;
        assert_string_equal(model_text("HL-DT-STDVDRAM GH24NSC0 "), "HL-DT-ST DVDRAM GH24NSC0");
        assert_string_equal(model_text("TSSTcorp CDDVDW SH-222AB"), "TSSTcorp CDDVDW SH-222AB");
        assert_string_equal(model_text("MATSHITA                "), "MATSHITA");
}

static void test_a_model_is_shown_with_single_blanks(void **state) {
        (void)state;
        assert_string_equal(model_text("PLEXTOR DVDR   PX-716A  "), "PLEXTOR DVDR PX-716A");
        assert_string_equal(model_text("        DVDRW IDE1004   "), "DVDRW IDE1004");
        assert_string_equal(model_text("                        "), "");
}

static void test_a_name_that_begins_in_the_vendors_field_stays_whole(void **state) {
        (void)state;
        assert_string_equal(model_text("DVDROM 10X              "), "DVDROM 10X");
}

static void test_a_model_of_other_bytes_is_escaped_and_not_cut(void **state) {
        char model[TEXT_MODEL_LENGTH + 1] = "", wanted[TEXT_MODEL_SIZE] = "";

        (void)state;
        memset(model, 0xff, TEXT_MODEL_LENGTH);
        for (unsigned i = 0; i < TEXT_MODEL_LENGTH; i++)
                strcat(wanted, i == 8 ? " \\xff" : "\\xff");
        assert_string_equal(model_text(model), wanted);
}

static void test_escape_codes_do_not_reach_the_terminal(void **state) {
        char text[64];

        (void)state;
        text_from_field("\033[2J\xff", 5, text, sizeof(text));
        assert_string_equal(text, "\\x1b[2J\\xff");
        text_escape_utf8("a\033b\nc", text, sizeof(text));
        assert_string_equal(text, "a\\x1bb\\x0ac");
}

static void test_utf8_stays_but_its_tricks_do_not(void **state) {
        char text[64];

        (void)state;
        text_escape_utf8("Gr\xc3\xbc\xc3\x9f", text, sizeof(text));
        assert_string_equal(text, "Gr\xc3\xbc\xc3\x9f");
        text_escape_utf8("\xe2\x80\xae"
                         "x",
                         text, sizeof(text)); /* right-to-left override */
        assert_string_equal(text, "\\xe2\\x80\\xaex");
        text_escape_utf8("\xc0\xaf", text, sizeof(text)); /* overlong */
        assert_string_equal(text, "\\xc0\\xaf");
        text_escape_utf8("\xc2\x9b", text, sizeof(text)); /* C1: CSI */
        assert_string_equal(text, "\\xc2\\x9b");
        text_escape_utf8("\xe2\x82", text, sizeof(text)); /* cut off */
        assert_string_equal(text, "\\xe2\\x82");
}

static void test_a_short_place_cuts_between_escapes(void **state) {
        char text[6];

        (void)state;
        text_from_field("a\x01\x02", 3, text, sizeof(text));
        assert_string_equal(text, "a\\x01");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_field_loses_its_trailing_blanks_and_keeps_the_leading),
                cmocka_unit_test(test_a_vendor_of_eight_letters_does_not_run_into_the_product),
                cmocka_unit_test(test_a_model_is_shown_with_single_blanks),
                cmocka_unit_test(test_a_name_that_begins_in_the_vendors_field_stays_whole),
                cmocka_unit_test(test_a_model_of_other_bytes_is_escaped_and_not_cut),
                cmocka_unit_test(test_escape_codes_do_not_reach_the_terminal),
                cmocka_unit_test(test_utf8_stays_but_its_tricks_do_not),
                cmocka_unit_test(test_a_short_place_cuts_between_escapes),
        };

        return RUN_TESTS(tests);
}
