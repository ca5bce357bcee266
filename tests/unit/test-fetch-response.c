/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/response.h"

#include <string.h>

#include "tests/unit/test.h"

static void test_a_part_says_where_it_lies(void **state) {
        ContentRange range;

        (void)state;
        assert_true(content_range_parse("bytes 100-199/200", &range));
        assert_int_equal(range.first, 100);
        assert_int_equal(range.last, 199);
        assert_int_equal(range.total, 200);
        assert_true(content_range_parse("bytes 0-0/*", &range));
        assert_int_equal(range.total, 0);
}

static void test_a_part_that_cannot_be_is_refused(void **state) {
        static const char *const values[] = {
                "",
                "bytes",
                "bytes */200",
                "bytes 100-199",
                "bytes 100-199/",
                "bytes 100-199/199",
                "bytes 100-99/200",
                "bytes -99/200",
                "bytes 100-/200",
                "bytes 100-199/200 ",
                "bytes 100-199/200,300-400/500",
                "bytes  100-199/200",
                "items 100-199/200",
                "bytes +1-199/200",
                "bytes 0-18446744073709551615/*",
                "bytes 0-18446744073709551616/18446744073709551617",
                "bytes 0x10-199/200",
        };
        ContentRange range = { .first = 7 };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(values); i++)
                assert_false(content_range_parse(values[i], &range));
        assert_int_equal(range.first, 7);
}

static void test_a_length_is_digits_and_nothing_else(void **state) {
        static const char *const wrong[] = { "",    "-1",  "+1",
                                             " 1",  "1 ",  "1,1",
                                             "0x1", "1e3", "18446744073709551616" };
        uint64_t length = 7;

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(wrong); i++)
                assert_false(content_length_parse(wrong[i], &length));
        assert_int_equal(length, 7);
        assert_true(content_length_parse("18446744073709551615", &length));
        assert_true(length == UINT64_MAX);
        assert_true(content_length_parse("0", &length));
        assert_int_equal(length, 0);
}

static void test_only_strong_validators_are_kept(void **state) {
        static const char *const wrong[] = { "",         "\"",          "v1",
                                             "W/\"v1\"", "\"v1",        "v1\"",
                                             "\"a\"b\"", "\"a\" \"b\"", "\"\x1b[2J\"" };
        char etag[ETAG_SIZE], large[ETAG_SIZE + 2];

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(wrong); i++) {
                strcpy(etag, "before");
                etag_parse(wrong[i], etag);
                assert_string_equal(etag, "");
        }
        etag_parse("\"5f3c-v1\"", etag);
        assert_string_equal(etag, "\"5f3c-v1\"");
        etag_parse("\"\"", etag);
        assert_string_equal(etag, "\"\"");
        memset(large, 'a', sizeof(large));
        large[0] = large[ETAG_SIZE - 1] = '"';
        large[ETAG_SIZE] = '\0';
        etag_parse(large, etag);
        assert_string_equal(etag, "");
        large[ETAG_SIZE - 2] = '"';
        large[ETAG_SIZE - 1] = '\0';
        etag_parse(large, etag);
        assert_string_equal(etag, large);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_part_says_where_it_lies),
                cmocka_unit_test(test_a_part_that_cannot_be_is_refused),
                cmocka_unit_test(test_a_length_is_digits_and_nothing_else),
                cmocka_unit_test(test_only_strong_validators_are_kept),
        };

        return RUN_TESTS(tests);
}
