/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/reply.h"

#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/limits.h"
#include "cli/table.h"
#include "tests/unit/test.h"

static json_t *parsed(const char *text) {
        json_t *json = NULL;

        assert_int_equal(json_parse(text, strlen(text), &json, NULL, 0), 0);
        return json;
}

static void assert_cleaned(const char *text, bool ascii_only, const char *wanted) {
        _cleanup_json_ json_t *json = parsed(text);
        _cleanup_free_ char *cleaned = NULL;

        assert_int_equal(reply_clean(json, ascii_only), 0);
        cleaned = json_text(json);
        assert_string_equal(cleaned, wanted);
}

static void test_every_string_at_any_depth_is_cleaned(void **state) {
        (void)state;
        assert_cleaned("{\"a\":\"\\u001b[2J\",\"b\":[{\"c\":[\"\\u009b\",7,null,true]}]}", false,
                       "{\"a\":\"\\\\x1b[2J\",\"b\":[{\"c\":[\"\\\\xc2\\\\x9b\",7,null,true]}]}");
}

static void test_line_breaks_become_blanks_since_texts_are_filled(void **state) {
        (void)state;
        assert_cleaned("[\"a\\nb\\tc\\r\"]", false, "[\"a b c\\\\x0d\"]");
}

static void test_ascii_only_escapes_the_rest(void **state) {
        (void)state;
        assert_cleaned("[\"Gr\\u00fcn\"]", false, "[\"Gr\xc3\xbcn\"]");
        assert_cleaned("[\"Gr\\u00fcn\"]", true, "[\"Gr\\\\xc3\\\\xbcn\"]");
}

static void test_what_is_missing_or_of_another_type_reads_as_empty(void **state) {
        _cleanup_json_ json_t *json =
                parsed("{\"s\":\"x\",\"i\":7,\"b\":true,\"o\":{},\"a\":[],\"n\":null}");
        static const char *const keys[] = { "s", "i", "b", "o", "a", "n", "none" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
                const char *key = keys[i];

                assert_string_equal(reply_text(json, key), key[0] == 's' ? "x" : "");
                assert_string_equal(reply_shown(json, key), key[0] == 's' ? "x" : "-");
                assert_int_equal(reply_int(json, key), key[0] == 'i' ? 7 : 0);
                assert_int_equal(reply_bool(json, key), key[0] == 'b');
                assert_int_equal(reply_object(json, key) != NULL, key[0] == 'o');
                assert_int_equal(reply_array(json, key) != NULL, key[0] == 'a');
        }
        assert_string_equal(reply_text(NULL, "s"), "");
        assert_null(reply_object(NULL, "s"));
}

static void test_what_a_decision_hangs_on_must_be_there(void **state) {
        _cleanup_json_ json_t *json = parsed("{\"digest\":7}");
        const char *text = "as it was";
        Fault fault = {};

        (void)state;
        assert_true(reply_need(json, "digest", "PlanFlash", &text, &fault) < 0);
        assert_int_equal(fault.code, FAULT_PROTOCOL);
        assert_string_equal(fault.text, "the daemon's answer to PlanFlash lacks \"digest\"");
        assert_string_equal(text, "as it was");
}

static void test_times_are_said_as_people_say_them(void **state) {
        _cleanup_json_ json_t *json =
                parsed("{\"t\":\"2026-11-22T18:46:00Z\",\"bad\":\"tea time\"}");
        char text[REPLY_TIME_SIZE];
        int64_t t = 1795373160; /* date -d 2026-11-22T18:46:00Z +%s */

        (void)state;
        reply_ago(json, "t", t + 3 * 3600, text);
        assert_string_equal(text, "3 h ago");
        reply_ago(json, "t", t - 90, text);
        assert_string_equal(text, "in 90 s");
        reply_ago(json, "none", t, text);
        assert_string_equal(text, "never");
        reply_ago(json, "bad", t, text);
        assert_string_equal(text, "tea time");
        assert_int_equal(setenv("TZ", "UTC-2", 1), 0);
        tzset();
        reply_time(json, "t", text);
        assert_string_equal(text, "2026-11-22 20:46:00");
}

static void test_a_drive_is_called_by_what_people_know_it_by(void **state) {
        static const struct {
                const char *drive, *name;
        } drives[] = {
                { "{\"block\":\"/dev/sr0\",\"node\":\"/dev/sg1\",\"id\":\"d\"}", "sr0" },
                { "{\"block\":\"sr0\"}", "sr0" },
                { "{\"block\":\"\",\"node\":\"/dev/sg1\",\"id\":\"d\"}", "sg1" },
                { "{\"block\":\"/dev/\",\"node\":null,\"id\":\"d\"}", "d" },
                { "{\"block\":\"\",\"node\":\"emulated:btc\"}", "btc" },
                { "{}", "-" },
        };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(drives); i++) {
                _cleanup_json_ json_t *json = parsed(drives[i].drive);

                assert_string_equal(reply_drive_name(json), drives[i].name);
        }
}

static void cell_double(const json_t *object, char ret_text[CELL_SIZE]) {
        (void)snprintf(ret_text, CELL_SIZE, "%d", (int)(2 * reply_int(object, "n")));
}

static const Column columns[] = {
        { "NAME", "name", .usual = true },
        { "TEXT", "text", .usual = true, .cut = true },
        { "TWICE", NULL, cell_double, .right = true },
        {},
};

static void assert_printed(const char *choice, unsigned width, const char *wanted) {
        _cleanup_json_ json_t *rows =
                parsed("[{\"name\":\"a\",\"text\":\"some words that go on\",\"n\":3},"
                       "{\"name\":\"\\\\x1b\",\"n\":40}]");
        const Column *chosen[COLUMNS_MAX + 1];
        Screen screen = { .width = width };
        char *text = NULL;
        size_t n;

        screen.out = open_memstream(&text, &n);
        assert_int_equal(columns_choose(columns, choice, chosen, NULL), 0);
        assert_int_equal(table_print(&screen, chosen, rows), 0);
        (void)fclose(screen.out);
        assert_string_equal(text, wanted);
        free(text);
}

static void test_a_table_has_the_columns_that_were_chosen(void **state) {
        (void)state;
        assert_printed(NULL, 0, "NAME TEXT\na    some words that go on\n\\x1b -\n");
        assert_printed("twice,Name", 0, "TWICE NAME\n    6 a\n   80 \\x1b\n");
        assert_printed("+TWICE", 0,
                       "NAME TEXT                  TWICE\n"
                       "a    some words that go on     6\n"
                       "\\x1b -                        80\n");
        assert_printed(NULL, 15, "NAME TEXT\na    some words\n\\x1b -\n");
}

static void test_a_column_that_is_not_there_is_named_with_those_that_are(void **state) {
        static const char *const wrong[] = { "", ",", "NAME,", "NAM", "NAMES", "+", "NAME;TEXT" };
        const Column *chosen[COLUMNS_MAX + 1];
        char many[256] = "NAME";
        Fault fault = {};

        (void)state;
        assert_true(columns_choose(columns, "NAME,FOO,BAR", chosen, &fault) < 0);
        assert_string_equal(fault.text, "no column \"FOO\"; there are NAME,TEXT,TWICE");
        for (size_t i = 0; i < N_ELEMENTS(wrong); i++)
                assert_true(columns_choose(columns, wrong[i], chosen, NULL) < 0);
        for (size_t i = 0; i < COLUMNS_MAX; i++)
                strcat(many, ",NAME");
        assert_true(columns_choose(columns, many, chosen, NULL) < 0);
}

static void assert_filled(unsigned width, const char *label, const char *text, const char *wanted) {
        Screen screen = { .width = width };
        char *shown = NULL;
        size_t n;

        screen.out = open_memstream(&shown, &n);
        screen_fill(&screen, label, 6, text);
        (void)fclose(screen.out);
        assert_string_equal(shown, wanted);
        free(shown);
}

static void test_texts_are_filled_under_their_first_word(void **state) {
        (void)state;
        assert_filled(20, "notes", "one two three four",
                      "notes   one two\n"
                      "        three four\n");
        assert_filled(0, "notes", "\"  DVDRW IDE  \" ", "notes   \"  DVDRW IDE  \"\n");
        assert_filled(20, "a label that is long", "one two",
                      "a label that is long\n        one two\n");
        assert_filled(12, "x", "abcdefghijklmnop q", "x       abcdefghijklmnop\n        q\n");
        assert_filled(20, "x", "", "x       \n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_string_at_any_depth_is_cleaned),
                cmocka_unit_test(test_line_breaks_become_blanks_since_texts_are_filled),
                cmocka_unit_test(test_ascii_only_escapes_the_rest),
                cmocka_unit_test(test_what_is_missing_or_of_another_type_reads_as_empty),
                cmocka_unit_test(test_what_a_decision_hangs_on_must_be_there),
                cmocka_unit_test(test_times_are_said_as_people_say_them),
                cmocka_unit_test(test_a_drive_is_called_by_what_people_know_it_by),
                cmocka_unit_test(test_a_table_has_the_columns_that_were_chosen),
                cmocka_unit_test(test_a_column_that_is_not_there_is_named_with_those_that_are),
                cmocka_unit_test(test_texts_are_filled_under_their_first_word),
        };

        return RUN_TESTS(tests);
}
