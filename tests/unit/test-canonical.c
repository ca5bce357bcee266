/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "catalog/canonical.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "tests/unit/test.h"

static int encode(const char *text, uint8_t **ret_bytes, size_t *ret_n_bytes) {
        _cleanup_json_ json_t *json = NULL;

        assert_int_equal(json_parse(text, strlen(text), &json, NULL, 0), 0);
        return canonical_encode(json, ret_bytes, ret_n_bytes);
}

static void assert_canonical(const char *text, const char *wanted) {
        _cleanup_free_ uint8_t *bytes = NULL;
        size_t n_bytes;

        assert_int_equal(encode(text, &bytes, &n_bytes), 0);
        assert_string_equal((char *)bytes, wanted);
        assert_int_equal(n_bytes, strlen(wanted));
}

static void test_members_are_sorted_by_the_bytes_of_their_names(void **state) {
        (void)state;
        assert_canonical("{ \"b\": 1, \"a\": 2, \"\": 3, \"ab\": 4, \"B\": 5 }",
                         "{\"\":3,\"B\":5,\"a\":2,\"ab\":4,\"b\":1}");
        /* U+1F600 comes after U+FFFD, which in UTF-16 it would not. */
        assert_canonical("{\"\\ud83d\\ude00\":1,\"\\ufffd\":2}",
                         "{\"\xef\xbf\xbd\":2,\"\xf0\x9f\x98\x80\":1}");
}

static void test_only_quote_and_backslash_are_escaped(void **state) {
        (void)state;
        assert_canonical("[\"a\\n\\t\\u0001\\/\\\"\\\\\\u00fc\"]",
                         "[\"a\n\t\x01/\\\"\\\\\xc3\xbc\"]");
}

static void test_numbers_are_integers(void **state) {
        (void)state;
        assert_canonical("[0,-0,9223372036854775807,-9223372036854775808]",
                         "[0,0,9223372036854775807,-9223372036854775808]");
        assert_canonical("[true,false,null,{},[]]", "[true,false,null,{},[]]");
}

static void test_a_real_is_refused_wherever_it_is(void **state) {
        static const char *const bad[] = { "[1.0]", "[1e2]", "[-0.0]",
                                           "{\"a\":{\"custom\":[{\"b\":1.5}]}}" };
        uint8_t *bytes = NULL;
        size_t n_bytes;

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(bad); i++)
                assert_int_equal(encode(bad[i], &bytes, &n_bytes), -EBADMSG);
        assert_null(bytes);
}

static void test_the_deepest_document_that_parses_has_a_form(void **state) {
        char deep[2 * JSON_DEPTH_MAX + 2] = "";

        (void)state;
        memset(deep, '[', JSON_DEPTH_MAX);
        deep[JSON_DEPTH_MAX] = '1';
        memset(deep + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX);
        assert_canonical(deep, deep);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_members_are_sorted_by_the_bytes_of_their_names),
                cmocka_unit_test(test_only_quote_and_backslash_are_escaped),
                cmocka_unit_test(test_numbers_are_integers),
                cmocka_unit_test(test_a_real_is_refused_wherever_it_is),
                cmocka_unit_test(test_the_deepest_document_that_parses_has_a_form),
        };

        return RUN_TESTS(tests);
}
