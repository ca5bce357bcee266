/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/options.h"

#include <string.h>

#include "cli/cli.h"
#include "cli/outcome.h"
#include "cli/trust.h"
#include "tests/unit/test.h"

#define WORDS_MAX 8

/* Parses words separated by blanks. */
static int parse(const char *line, Options *ret_options, char *ret_operands, Fault *fault) {
        static char text[256];
        char *argv[WORDS_MAX + 2] = { (char *)"discfw" }, *rest = text;
        int argc = 1, first, r;

        (void)snprintf(text, sizeof(text), "%s", line);
        while (argc <= WORDS_MAX && (argv[argc] = strsep(&rest, " ")))
                argc++;
        argv[argc] = NULL;
        r = options_parse(argc, argv, ret_options, &first, fault);
        ret_operands[0] = '\0';
        for (; r >= 0 && first < argc; first++) {
                strcat(ret_operands, argv[first]);
                strcat(ret_operands, first + 1 < argc ? " " : "");
        }
        return r;
}

static void test_options_stand_before_and_behind_the_verb(void **state) {
        char operands[256];
        Options options;

        (void)state;
        assert_int_equal(parse("-y update sr0 --to 0051 -q sr1", &options, operands, NULL), 0);
        assert_string_equal(operands, "update sr0 sr1");
        assert_true(option_given(&options, OPTION_YES));
        assert_true(option_given(&options, OPTION_QUIET));
        assert_false(option_given(&options, OPTION_JSON));
        assert_string_equal(options.value[OPTION_TO], "0051");
        assert_null(options.value[OPTION_REASON]);
}

static void test_what_follows_two_dashes_is_no_option(void **state) {
        char operands[256];
        Options options;

        (void)state;
        assert_int_equal(parse("show -- --json", &options, operands, NULL), 0);
        assert_string_equal(operands, "show --json");
        assert_false(option_given(&options, OPTION_JSON));
}

static void test_mistakes_are_named(void **state) {
        static const struct {
                const char *line, *text;
        } mistakes[] = {
                { "--frob", "unknown or ambiguous option --frob" },
                { "--re x", "unknown or ambiguous option --re" },
                { "-X", "unknown option -X" },
                { "update --to", "--to needs an argument" },
                { "-o", "-o needs an argument" },
                { "--yes=no", "--yes=no takes no argument" },
                { "-r a --reason b", "--reason is said twice" },
        };
        char operands[256];
        Options options;

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(mistakes); i++) {
                Fault fault = {};

                assert_true(parse(mistakes[i].line, &options, operands, &fault) < 0);
                assert_string_equal(fault.text, mistakes[i].text);
                assert_int_equal(fault.code, FAULT_BAD_REQUEST);
        }
}

static void test_a_number_is_a_number_and_in_its_range(void **state) {
        static const char *const wrong[] = {
                "0", "-1", "101", "1x", "", " ", "99999999999999999999"
        };
        Options options = {};
        int64_t number = 7;

        (void)state;
        assert_int_equal(options_number(&options, OPTION_LIMIT, 100, 50, &number, NULL), 0);
        assert_int_equal(number, 50);
        options.value[OPTION_LIMIT] = "100";
        assert_int_equal(options_number(&options, OPTION_LIMIT, 100, 50, &number, NULL), 0);
        assert_int_equal(number, 100);
        for (size_t i = 0; i < N_ELEMENTS(wrong); i++) {
                options.value[OPTION_LIMIT] = wrong[i];
                assert_true(options_number(&options, OPTION_LIMIT, 100, 50, &number, NULL) < 0);
                assert_int_equal(number, 100);
        }
}

static void test_every_option_can_be_told_from_the_others(void **state) {
        (void)state;
        for (int i = 0; i < _OPTION_MAX; i++)
                for (int k = 0; k < i; k++) {
                        const OptionFace *a = option_face((OptionId)i),
                                         *b = option_face((OptionId)k);

                        assert_string_not_equal(a->name, b->name);
                        assert_true(!a->letter || a->letter != b->letter);
                }
}

static void test_verbs_are_found_by_one_word_or_two(void **state) {
        char *one[] = { (char *)"update", (char *)"sr0", NULL };
        char *two[] = { (char *)"catalog", (char *)"add", (char *)"x", NULL };
        char *half[] = { (char *)"catalog", NULL };
        int n_words = 0;

        (void)state;
        assert_string_equal(verb_find(one, 2, &n_words)->name, "update");
        assert_int_equal(n_words, 1);
        assert_string_equal(verb_find(two, 3, &n_words)->name, "catalog add");
        assert_int_equal(n_words, 2);
        assert_null(verb_find(half, 1, &n_words));
}

static void test_a_slip_is_guessed_and_another_word_is_not(void **state) {
        (void)state;
        assert_string_equal(verb_guess("updat"), "update");
        assert_string_equal(verb_guess("hsitory"), "history");
        assert_string_equal(verb_guess("sattus"), "status");
        assert_null(verb_guess("frobnicate"));
        assert_null(verb_guess("a-very-long-word-that-is-no-verb-at-all"));
}

/* A script that sees 0 goes on to the next machine. */
static void test_only_a_verified_flash_ends_with_0(void **state) {
        static const char *const others[] = { "refused",    "failed-unharmed",   "no-change",
                                              "unverified", "needs-power-cycle", "recovery-mode",
                                              "lost",       "unknown",           "",
                                              "VERIFIED",   "verified " };

        (void)state;
        assert_int_equal(outcome_exit_status("verified"), EXIT_DONE);
        assert_int_equal(outcome_fault("verified"), FAULT_NONE);
        for (size_t i = 0; i < N_ELEMENTS(others); i++)
                assert_int_not_equal(outcome_exit_status(others[i]), EXIT_DONE);
        assert_int_equal(outcome_exit_status("of a newer daemon"), EXIT_ATTENTION);
}

static void test_names_of_catalogs_cannot_leave_their_folder(void **state) {
        static const char *const bad[] = { "",
                                           ".",
                                           "..",
                                           "a/b",
                                           "../a",
                                           "-a",
                                           "_a",
                                           "a.b",
                                           "a b",
                                           "\xc3\xbc",
                                           "abcdefghijabcdefghijabcdefghijabc" };

        (void)state;
        assert_true(trust_name_valid("main"));
        assert_true(trust_name_valid("2-Lab_x"));
        assert_true(trust_name_valid("abcdefghijabcdefghijabcdefghijab"));
        for (size_t i = 0; i < N_ELEMENTS(bad); i++)
                assert_false(trust_name_valid(bad[i]));
}

static void test_mirrors_are_http_or_absolute_folders(void **state) {
        static const char *const bad[] = {
                "",           "ftp://a/",    "file:///a",   "a.example",        "http://",
                "https:///a", "http://a/ b", "http://a/\n", "http://\xc3\xbc/", "HTTP://a/",
                "./a"
        };

        (void)state;
        assert_true(trust_url_valid("http://a.example/tuf"));
        assert_true(trust_url_valid("https://a.example:8443"));
        assert_true(trust_url_valid("/srv/mirror"));
        for (size_t i = 0; i < N_ELEMENTS(bad); i++)
                assert_false(trust_url_valid(bad[i]));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_options_stand_before_and_behind_the_verb),
                cmocka_unit_test(test_what_follows_two_dashes_is_no_option),
                cmocka_unit_test(test_mistakes_are_named),
                cmocka_unit_test(test_a_number_is_a_number_and_in_its_range),
                cmocka_unit_test(test_every_option_can_be_told_from_the_others),
                cmocka_unit_test(test_verbs_are_found_by_one_word_or_two),
                cmocka_unit_test(test_a_slip_is_guessed_and_another_word_is_not),
                cmocka_unit_test(test_only_a_verified_flash_ends_with_0),
                cmocka_unit_test(test_names_of_catalogs_cannot_leave_their_folder),
                cmocka_unit_test(test_mirrors_are_http_or_absolute_folders),
        };

        return RUN_TESTS(tests);
}
