/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clock.h"

#include <time.h>

#include "base/cleanup.h"
#include "tests/unit/test.h"

static void test_dates_are_strict(void **state) {
        static const char *const bad[] = { "2026-02-30T00:00:00Z",  "2026-01-01T00:00:00",
                                           "2026-01-01T00:00:60Z",  "2026-01-01 00:00:00Z",
                                           "2026-01-01T00:00:00+0", "2026-1-01T00:00:00Z",
                                           "2026-01-01T00:00:00Zx", "+026-01-01T00:00:00Z",
                                           "2026-13-01T00:00:00Z",  "" };
        int64_t t = 5;

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(bad); i++)
                assert_false(clock_parse(bad[i], &t));
        assert_int_equal(t, 5);
}

static void test_a_date_reads_back(void **state) {
        char text[CLOCK_TEXT_SIZE];
        int64_t t;

        (void)state;
        assert_true(clock_parse("2024-02-29T23:59:59Z", &t));
        assert_int_equal(t, 1709251199);
        clock_format(t, text);
        assert_string_equal(text, "2024-02-29T23:59:59Z");
        assert_true(clock_parse("9999-12-31T23:59:59Z", &t));
}

static void test_the_coarse_clock_is_as_fast_as_the_fine_one(void **state) {
        const uint64_t coarse = clock_coarse_ms(), fine = clock_boottime_ms();
        const struct timespec pause = { .tv_nsec = 100000000 };
        int64_t passed, passed_coarse;

        (void)state;
        (void)nanosleep(&pause, NULL);
        passed = (int64_t)(clock_boottime_ms() - fine);
        passed_coarse = (int64_t)(clock_coarse_ms() - coarse);
        /* Behind by a tick at most, of which the slowest kernel has 100 in a second, at either end. */
        assert_true(passed_coarse > passed - 20);
        assert_true(passed_coarse < passed + 1000);
}

static void test_a_boot_id_is_32_digits(void **state) {
        char id[33];

        (void)state;
        clock_boot_id(id);
        for (int i = 0; i < 32; i++)
                assert_true((id[i] >= '0' && id[i] <= '9') || (id[i] >= 'a' && id[i] <= 'f'));
        assert_int_equal(id[32], 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_dates_are_strict),
                cmocka_unit_test(test_a_date_reads_back),
                cmocka_unit_test(test_the_coarse_clock_is_as_fast_as_the_fine_one),
                cmocka_unit_test(test_a_boot_id_is_32_digits),
        };

        return RUN_TESTS(tests);
}
