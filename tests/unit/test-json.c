/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/json.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "tests/unit/test.h"

static int parse(const char *text) {
        _cleanup_json_ json_t *json = NULL;

        return json_parse(text, strlen(text), &json, NULL, 0);
}

static void test_bad_json_is_refused(void **state) {
        static const char *const bad[] = { "",
                                           "{",
                                           "{}x",
                                           "{\"a\":1,\"a\":2}",
                                           "[01]",
                                           "[1e400]",
                                           "\xef\xbb\xbf{}",
                                           "[\"\xff\"]",
                                           "[9223372036854775808]",
                                           "[\"\\u0000\"]" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(bad); i++)
                assert_int_equal(parse(bad[i]), -EBADMSG);
        assert_int_equal(parse("{\"a\":[1,-2,\"\\u00fc\"]}"), 0);
}

static void test_deep_nesting_is_refused_before_it_is_parsed(void **state) {
        char deep[JSON_DEPTH_MAX * 2 + 3] = "";

        (void)state;
        memset(deep, '[', JSON_DEPTH_MAX);
        memset(deep + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
        assert_int_equal(parse(deep), 0);
        memset(deep, '[', JSON_DEPTH_MAX + 1);
        memset(deep + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
        assert_int_equal(parse(deep), -EBADMSG);
        /* Brackets in strings are not nesting. */
        assert_int_equal(parse("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]"), 0);
}

static void test_a_real_is_not_an_integer(void **state) {
        _cleanup_json_ json_t *json = NULL;
        int64_t i = 7;

        (void)state;
        assert_int_equal(json_parse("{\"a\":1.0,\"b\":5}", 15, &json, NULL, 0), 0);
        assert_false(json_get_int(json, "a", 0, 10, &i));
        assert_false(json_get_int(json, "b", 6, 10, &i));
        assert_int_equal(i, 7);
        assert_true(json_get_int(json, "b", 0, 10, &i));
        assert_int_equal(i, 5);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_bad_json_is_refused),
                cmocka_unit_test(test_deep_nesting_is_refused_before_it_is_parsed),
                cmocka_unit_test(test_a_real_is_not_an_integer),
        };

        return RUN_TESTS(tests);
}
