/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/progress.h"

#include <string.h>

#include "base/json.h"
#include "tests/unit/test.h"

static uint64_t time_ms;

static uint64_t fake_clock(void) {
        return time_ms;
}

/* A view whose output is kept in memory. */
typedef struct Kept {
        Screen screen;
        char *text;
        size_t n;
        ProgressView view;
} Kept;

static void keep(Kept *kept, bool terminal, unsigned width) {
        *kept = (Kept){ .screen = { .terminal = terminal, .width = width } };
        kept->screen.out = open_memstream(&kept->text, &kept->n);
        assert_non_null(kept->screen.out);
        time_ms = 5000;
        progress_view_init(&kept->view, &kept->screen, fake_clock);
}

static void kept_done(Kept *kept) {
        progress_view_done(&kept->view);
        (void)fclose(kept->screen.out);
        free(kept->text);
}
#define _cleanup_kept_ _cleanup_(kept_done)

static void say(Kept *kept, const char *phase, json_int_t done, json_int_t total, int at_most) {
        _cleanup_json_ json_t *progress =
                json_pack("{s:i, s:s, s:i, s:i, s:s, s:s, s:I, s:I, s:i}", "job", 1, "node",
                          "/dev/sr0", "step", 1, "steps", 2, "to", "0050", "phase", phase, "done",
                          done, "total", total, "at_most_seconds", at_most);

        progress_view_update(&kept->view, progress);
        assert_int_equal(fflush(kept->screen.out), 0);
}

static void assert_rendered(const Kept *kept, const char *wanted) {
        char line[PROGRESS_LINE_SIZE];

        progress_view_render(&kept->view, kept->screen.width, line);
        assert_string_equal(line, wanted);
}

static void test_a_line_has_phase_share_rate_and_time_left(void **state) {
        _cleanup_kept_ Kept kept;

        (void)state;
        keep(&kept, true, 100);
        say(&kept, "writing", 0, 1024 * 1024, 120);
        assert_rendered(&kept, "sr0: step 1 of 2  writing 0050  ------------------------------"
                               "    0 %");
        time_ms += 2000;
        say(&kept, "writing", 256 * 1024, 1024 * 1024, 120);
        assert_rendered(&kept, "sr0: step 1 of 2  writing 0050  ########----------------------"
                               "   25 %  128 KiB/s  0:06 left");
        time_ms += 1000; /* silence slows it down */
        assert_rendered(&kept, "sr0: step 1 of 2  writing 0050  ########----------------------"
                               "   25 %  85 KiB/s  0:09 left");
}

static void test_the_dangerous_phases_say_how_long_at_most(void **state) {
        _cleanup_kept_ Kept kept;

        (void)state;
        keep(&kept, true, 100);
        say(&kept, "committing", 0, 0, 65);
        assert_rendered(&kept,
                        "sr0: step 1 of 2  the drive stores 0050  do not switch off, at most 1:05");
        time_ms += 25000;
        assert_rendered(&kept,
                        "sr0: step 1 of 2  the drive stores 0050  do not switch off, at most 0:40");
        time_ms += 41000;
        assert_rendered(&kept, "sr0: step 1 of 2  the drive stores 0050  "
                               "longer than expected; do not switch off");
        say(&kept, "settling", 0, 0, 0);
        assert_rendered(&kept, "sr0: step 1 of 2  the drive restarts  do not switch off");
        say(&kept, "a phase of a newer daemon", 0, 0, 0);
        assert_rendered(&kept, "sr0: step 1 of 2  working  do not switch off");
        say(&kept, "verifying", 0, 0, 30);
        assert_rendered(&kept, "sr0: step 1 of 2  reading the drive");
}

static void test_a_narrow_terminal_gets_a_shorter_line_and_never_a_folded_one(void **state) {
        _cleanup_kept_ Kept kept;
        char line[PROGRESS_LINE_SIZE];

        (void)state;
        keep(&kept, true, 0);
        say(&kept, "writing", 0, 1000, 0);
        time_ms += 2000;
        say(&kept, "writing", 500, 1000, 0);
        for (kept.screen.utf8 = false;; kept.screen.utf8 = true) {
                for (unsigned width = 2; width < 120; width++) {
                        progress_view_render(&kept.view, width, line);
                        assert_true(screen_columns(line) < width);
                }
                if (kept.screen.utf8)
                        break;
        }
        progress_view_render(&kept.view, 40, line);
        assert_string_equal(line, "sr0: step 1 of 2  writing 0050   50 %  ");
}

static void test_absurd_numbers_are_shown_without_harm(void **state) {
        static const json_int_t absurd[] = { INT64_MIN, -1, 0, 1, INT64_MAX };
        _cleanup_kept_ Kept kept;
        char line[PROGRESS_LINE_SIZE];

        (void)state;
        keep(&kept, true, 80);
        for (size_t i = 0; i < N_ELEMENTS(absurd); i++)
                for (size_t k = 0; k < N_ELEMENTS(absurd); k++) {
                        say(&kept, "writing", absurd[i], absurd[k], -5);
                        time_ms += 1500;
                        say(&kept, "writing", absurd[k], absurd[i], 5);
                        progress_view_render(&kept.view, 80, line);
                        assert_true(strncmp(line, "sr0: step 1 of 2  writing 0050", 30) == 0);
                        say(&kept, "committing", absurd[i], absurd[k], INT32_MAX);
                }
}

static void test_a_terminal_is_redrawn_in_place(void **state) {
        _cleanup_kept_ Kept kept;

        (void)state;
        keep(&kept, true, 60);
        say(&kept, "settling", 0, 0, 9);
        time_ms += 1000;
        progress_view_tick(&kept.view);
        progress_view_clear(&kept.view);
        progress_view_clear(&kept.view);
        assert_string_equal(kept.text,
                            "\rsr0: step 1 of 2  the drive restarts  do not switch off, at\033[K"
                            "\rsr0: step 1 of 2  the drive restarts  do not switch off, at\033[K"
                            "\r\033[K");
}

static void test_elsewhere_there_is_one_line_a_phase(void **state) {
        _cleanup_kept_ Kept kept;

        (void)state;
        keep(&kept, false, 0);
        say(&kept, "fetching", 1, 100, 0);
        say(&kept, "fetching", 50, 100, 0);
        progress_view_tick(&kept.view);
        say(&kept, "committing", 0, 0, 50);
        say(&kept, "done", 0, 0, 0);
        progress_view_clear(&kept.view);
        assert_string_equal(kept.text,
                            "sr0: step 1 of 2: fetching 0050\n"
                            "sr0: step 1 of 2: the drive stores 0050; do not switch off, at most "
                            "0:50\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_line_has_phase_share_rate_and_time_left),
                cmocka_unit_test(test_the_dangerous_phases_say_how_long_at_most),
                cmocka_unit_test(test_a_narrow_terminal_gets_a_shorter_line_and_never_a_folded_one),
                cmocka_unit_test(test_absurd_numbers_are_shown_without_harm),
                cmocka_unit_test(test_a_terminal_is_redrawn_in_place),
                cmocka_unit_test(test_elsewhere_there_is_one_line_a_phase),
        };

        return RUN_TESTS(tests);
}
