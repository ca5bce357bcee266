/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "catalog/pattern.h"

#include <string.h>

#include "base/cleanup.h"
#include "tests/unit/test.h"

static const struct {
        const char *pattern;
        const char *path;
        bool matches;
} cases[] = {
        { "*", "a", true },
        { "*", "", true },
        { "*", "a/b", false },
        { "*/*", "a/b", true },
        { "*/*", "a/b/c", false },
        { "a/*", "a/", true },
        { "a/*", "a", false },
        { "a/", "a", false },
        { "", "", true },
        { "", "a", false },
        { "targets/*.tgz", "targets/foo.tgz", true },
        { "targets/*.tgz", "targets/foo.tgz.x", false },
        { "targets/*.tgz", "targets/a/foo.tgz", false },
        { "foo-version-?.tgz", "foo-version-2.tgz", true },
        { "foo-version-?.tgz", "foo-version-.tgz", false },
        { "?", "/", false },
        { "a?b", "a/b", false },
        /* Case counts (GHSA-qp9x-wp8f-qgjj). */
        { "Foo/*", "foo/a", false },
        /* Brackets and backslashes are themselves (GHSA-qr6c-8mjc-hpp5). */
        { "[ab]", "a", false },
        { "[ab]", "[ab]", true },
        { "[[:alpha:]]", "a", false },
        { "\\*", "*", false },
        { "\\*", "\\x", true },
        /* A leading dot is nothing special. */
        { "*", ".hidden", true },
        { "a/*", "a/..", true },
        { "a**b*c", "axxbyybzc", true },
        { "*a*a*b", "aaaaab", true },
        { "*a*a*b", "aaaaaa", false },
        { "\xc3?", "\xc3\xbc", true },
};

static void test_stars_and_question_marks_stop_at_slashes(void **state) {
        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(cases); i++)
                if (pattern_matches(cases[i].pattern, cases[i].path) != cases[i].matches)
                        fail_msg("\"%s\" and \"%s\"", cases[i].pattern, cases[i].path);
}

/* Exponential matchers need longer than the universe has for this one. */
static void test_a_pattern_of_stars_costs_no_more_than_the_product(void **state) {
        char pattern[4001] = "", path[4001];

        (void)state;
        for (size_t i = 0; i < 2000; i++)
                memcpy(pattern + 2 * i, "*a", 3);
        memset(path, 'a', 4000);
        path[4000] = '\0';
        assert_true(pattern_matches(pattern, path));
        path[3999] = 'b';
        assert_false(pattern_matches(pattern, path));
}

static void test_a_pattern_reaches_what_it_may_match_below_a_prefix(void **state) {
        static const struct {
                const char *pattern;
                const char *prefix;
                bool reaches;
        } below[] = {
                { "drive/48*/*", "drive/4841/", true },
                { "drive/48*/*", "drive/5041/", false },
                { "drive/4841/*", "drive/4841/", true },
                { "drive/4841/x?", "drive/4841/", true },
                { "drive/4841", "drive/4841/", false },
                { "drive/4841/a/b", "drive/4841/", true },
                { "*", "drive/4841/", false },
                { "*/*", "drive/4841/", false },
                { "*/*/*", "drive/4841/", true },
                { "*/*/*/*", "drive/4841/", true },
                { "drive/?8?1/fw", "drive/4841/", true },
                { "drive/?8?/fw", "drive/4841/", false },
                { "dr*", "drive", true },
                { "drivers", "drive", true },
                { "driv", "drive", false },
                { "", "", true },
                { "anything/at/all", "", true },
        };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(below); i++)
                if (pattern_reaches(below[i].pattern, below[i].prefix) != below[i].reaches)
                        fail_msg("\"%s\" and \"%s\"", below[i].pattern, below[i].prefix);
}

/* Else a listing would leave out what a search finds. */
static void test_whatever_matches_a_path_reaches_each_of_its_prefixes(void **state) {
        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(cases); i++)
                for (size_t n = 0; cases[i].matches && n <= strlen(cases[i].path); n++) {
                        _cleanup_free_ char *prefix = strndup(cases[i].path, n);

                        if (!pattern_reaches(cases[i].pattern, prefix))
                                fail_msg("\"%s\" and \"%s\"", cases[i].pattern, prefix);
                }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_stars_and_question_marks_stop_at_slashes),
                cmocka_unit_test(test_a_pattern_of_stars_costs_no_more_than_the_product),
                cmocka_unit_test(test_a_pattern_reaches_what_it_may_match_below_a_prefix),
                cmocka_unit_test(test_whatever_matches_a_path_reaches_each_of_its_prefixes),
        };

        return RUN_TESTS(tests);
}
