/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whoever dies, and whenever: one outcome, handed over once, and nothing is ever sent again. */
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/flash-bench.h"
#include "tests/unit/test.h"

static void nap(unsigned n_ms) {
        const struct timespec t = { .tv_sec = n_ms / 1000, .tv_nsec = (n_ms % 1000) * 1000000L };

        (void)nanosleep(&t, NULL);
}

static Helper ordered(Bench *bench) {
        Helper helper = helper_start(bench);

        helper_plan(&helper, bench);
        assert_int_equal(helper_hear(&helper, NULL), MESSAGE_FLASH_READY);
        helper_go(&helper, bench);
        return helper;
}

/* The outcome of the one journal that is left; after that there is none. */
static FlashEnd assert_reported_once(Bench *bench, Outcome outcome) {
        unsigned n_sent = bench_count(bench, "3b");
        FlashEnd end, none;

        assert_int_equal(bench_journals(bench), 1);
        assert_int_equal(bench_report(bench, &end), 1);
        assert_int_equal(end.job, 7);
        if (end.outcome != outcome)
                fail_msg("reported as %s: %s", outcome_name(end.outcome), end.fault.text);
        assert_int_equal(bench_report(bench, &none), 0);
        assert_int_equal(bench_count(bench, "3b"), n_sent);
        return end;
}

static void test_killed_before_the_order_it_is_unharmed(void **state) {
        Bench *bench = *state;
        Helper helper = helper_start(bench);

        helper_plan(&helper, bench);
        assert_int_equal(helper_hear(&helper, NULL), MESSAGE_FLASH_READY);
        helper_kill(&helper);
        (void)assert_reported_once(bench, OUTCOME_FAILED_UNHARMED);
        assert_int_equal(bench_count(bench, "3b"), 0);
}

static void killed_in(Bench *bench, const char *faults, FlashPhase phase) {
        Helper helper;

        bench_faults(bench, faults);
        helper = ordered(bench);
        helper_hear_phase(&helper, phase);
        nap(100);
        helper_kill(&helper);
        assert_string_equal(assert_reported_once(bench, OUTCOME_UNKNOWN).fault.text,
                            phase == PHASE_WRITING
                                    ? "the flash helper ended while it sent pieces of the image"
                                    : "the flash helper ended while the drive was writing its "
                                      "firmware");
}

static void test_killed_while_it_sends_it_is_unknown(void **state) {
        killed_in(*state, "btc-ide1004 write-buffer 3 stall 500\n", PHASE_WRITING);
        assert_int_equal(bench_count(*state, "3b07"), 0);
}

static void test_killed_at_the_commit_it_is_unknown(void **state) {
        killed_in(*state, "btc-ide1004 burn 1 stall 500\n", PHASE_COMMITTING);
}

static void test_killed_while_the_drive_burns_it_is_unknown(void **state) {
        killed_in(*state, "", PHASE_SETTLING);
        assert_int_equal(bench_count(*state, "3b07"), 1);
}

static void test_killed_while_it_reads_it_is_unknown(void **state) {
        killed_in(*state, "btc-ide1004 burn 1 no-change\n", PHASE_VERIFYING);
}

static void test_killed_before_the_outcome_was_taken_it_is_told_again(void **state) {
        Bench *bench = *state;
        Helper helper = ordered(bench);
        FlashEnd end;

        assert_int_equal(helper_hear(&helper, &end), MESSAGE_FLASH_END);
        helper_kill(&helper);
        (void)assert_reported_once(bench, OUTCOME_VERIFIED);
}

/* Each run has a job and a drive of its own history: what holds is that nobody is told a better
 * story than what went over the bus. */
static void test_killed_at_any_moment_it_never_looks_better_than_it_is(void **state) {
        Bench *bench = *state;

        for (unsigned n_ms = 0; n_ms < 900; n_ms += 45) {
                Helper helper = helper_start(bench);
                unsigned n_before = bench_count(bench, "3b"), n_sent, n_reported;
                FlashEnd end;

                helper_plan(&helper, bench);
                if (n_ms % 2 == 0)
                        helper_go(&helper, bench);
                nap(n_ms);
                helper_kill(&helper);
                nap(20);
                n_sent = bench_count(bench, "3b") - n_before;
                n_reported = bench_report(bench, &end);
                assert_true(n_reported <= 1);
                if (n_sent > 0) {
                        assert_int_equal(n_reported, 1);
                        assert_true(end.outcome == OUTCOME_UNKNOWN ||
                                    end.outcome == OUTCOME_VERIFIED);
                } else if (n_reported > 0)
                        assert_true(end.outcome == OUTCOME_FAILED_UNHARMED ||
                                    end.outcome == OUTCOME_UNKNOWN);
                assert_int_equal(bench_count(bench, "3b") - n_before, n_sent);
                /* Back to where it was, for the next one. */
                bench_control(bench, "reset btc-ide1004");
                nap(600);
                if (bench_count(bench, "3b07") > 0)
                        break;
        }
}

static void test_a_daemon_that_leaves_before_the_order_gets_a_refusal(void **state) {
        Bench *bench = *state;
        Helper helper = helper_start(bench);

        helper_plan(&helper, bench);
        assert_int_equal(helper_hear(&helper, NULL), MESSAGE_FLASH_READY);
        assert_int_equal(helper_wait(&helper), 0);
        (void)assert_reported_once(bench, OUTCOME_REFUSED);
        assert_int_equal(bench_count(bench, "3b"), 0);
}

static void left_in(Bench *bench, FlashPhase phase) {
        Helper helper = ordered(bench);
        FlashEnd end = {};

        helper_hear_phase(&helper, phase);
        helper_hang_up(&helper);
        /* The report is asked for at once, as a daemon does that starts again, and waits. */
        assert_int_equal(bench_report(bench, &end), 1);
        assert_int_equal(end.outcome, OUTCOME_VERIFIED);
        assert_int_equal(end.n_sent, 258);
        assert_int_equal(helper_wait(&helper), 0);
        assert_int_equal(bench_report(bench, &end), 0);
        assert_int_equal(bench_count(bench, "3b07"), 1);
}

static void test_a_daemon_that_dies_while_it_is_sent_misses_nothing(void **state) {
        left_in(*state, PHASE_WRITING);
}

static void test_a_daemon_that_dies_at_the_commit_misses_nothing(void **state) {
        left_in(*state, PHASE_COMMITTING);
}

static void test_a_daemon_that_dies_while_the_drive_burns_misses_nothing(void **state) {
        left_in(*state, PHASE_SETTLING);
}

static void test_a_daemon_that_dies_while_the_drive_is_read_misses_nothing(void **state) {
        left_in(*state, PHASE_VERIFYING);
}

static void test_a_report_that_is_not_acknowledged_is_made_again(void **state) {
        Bench *bench = *state;
        Helper helper = ordered(bench), report;
        FlashEnd end;

        assert_int_equal(helper_hear(&helper, &end), MESSAGE_FLASH_END);
        assert_int_equal(helper_wait(&helper), 0);
        report = helper_start(bench);
        helper_report(&report);
        assert_int_equal(helper_hear(&report, &end), MESSAGE_FLASH_END);
        assert_int_equal(helper_wait(&report), 1);
        report = helper_start(bench);
        helper_report(&report);
        assert_int_equal(helper_hear(&report, &end), MESSAGE_FLASH_END);
        helper_ack(&report, 8); /* of another job, which is none */
        assert_int_equal(helper_wait(&report), 1);
        (void)assert_reported_once(bench, OUTCOME_VERIFIED);
}

static void test_no_signal_ends_a_flash_that_was_ordered(void **state) {
        static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGALRM };
        Bench *bench = *state;
        Helper helper;
        FlashEnd end;

        bench_faults(bench, "btc-ide1004 write-buffer 100 stall 50\n"
                            "btc-ide1004 burn 1 stall 50\n");
        helper = ordered(bench);
        helper_hear_phase(&helper, PHASE_WRITING);
        for (size_t i = 0; i < N_ELEMENTS(signals); i++)
                assert_int_equal(kill(helper.pid, signals[i]), 0);
        helper_hear_phase(&helper, PHASE_COMMITTING);
        for (size_t i = 0; i < N_ELEMENTS(signals); i++)
                assert_int_equal(kill(helper.pid, signals[i]), 0);
        assert_int_equal(helper_hear(&helper, &end), MESSAGE_FLASH_END);
        assert_int_equal(end.outcome, OUTCOME_VERIFIED);
        helper_ack(&helper, 7);
        assert_int_equal(helper_wait(&helper), 0);
}

static void test_a_signal_before_the_order_ends_it(void **state) {
        Bench *bench = *state;
        Helper helper = helper_start(bench);

        helper_plan(&helper, bench);
        assert_int_equal(helper_hear(&helper, NULL), MESSAGE_FLASH_READY);
        assert_int_equal(kill(helper.pid, SIGTERM), 0);
        assert_int_equal(helper_hear(&helper, NULL), 0);
        assert_int_equal(helper_wait(&helper), -SIGTERM);
        (void)assert_reported_once(bench, OUTCOME_FAILED_UNHARMED);
}

static void test_a_daemon_that_does_not_listen_holds_nothing_up(void **state) {
        Bench *bench = *state;
        Helper helper = helper_start(bench);
        int narrow = 4096;
        FlashEnd end;

        assert_int_equal(setsockopt(helper.socket, SOL_SOCKET, SO_RCVBUF, &narrow, sizeof(narrow)),
                         0);
        helper_plan(&helper, bench);
        assert_int_equal(helper_hear(&helper, NULL), MESSAGE_FLASH_READY);
        helper_go(&helper, bench);
        nap(3000);
        assert_int_equal(bench_count(bench, "3b07"), 1);
        assert_int_equal(helper_hear(&helper, &end), MESSAGE_FLASH_END);
        assert_int_equal(end.outcome, OUTCOME_VERIFIED);
        helper_ack(&helper, 7);
        assert_int_equal(helper_wait(&helper), 0);
}

/* At the K-th command, not to come back. False once the commit has left. */
static bool vanishes_at(Bench *bench, unsigned k) {
        unsigned n_before = bench_count(bench, "3b"), n_sent, n_burns;
        char line[64];
        FlashEnd end;

        (void)snprintf(line, sizeof(line), "btc-ide1004 command %u vanish 9000\n", k);
        bench_faults(bench, line);
        end = bench_flash(bench);
        n_sent = bench_count(bench, "3b") - n_before;
        n_burns = bench_count(bench, "3b07");
        assert_int_equal(end.outcome, n_sent == 0 ? OUTCOME_REFUSED : OUTCOME_LOST);
        assert_int_equal(end.n_sent, n_sent);
        bench_control(bench, "plug btc-ide1004");
        return n_burns == 0;
}

static void test_a_drive_may_vanish_at_any_command(void **state) {
        Bench *bench = *state;
        unsigned k;

        assert_int_equal(json_object_set_new(json_object_get(bench->entry, "recipe"), "ready_ms",
                                             json_integer(1000)),
                         0);
        bench_publish(bench);
        /* Every one of the questions, and of the pieces the first, some, and the last with what
         * follows them. */
        for (k = 1; vanishes_at(bench, k); k += k > 15 && k < 260 ? 61 : 1)
                assert_true(k < 300);
        assert_true(k > 258);
}

static void test_two_flashes_are_never_under_way(void **state) {
        Bench *bench = *state;
        Helper first, second;
        FlashEnd end;

        bench_faults(bench, "btc-ide1004 write-buffer 3 stall 600\n");
        first = ordered(bench);
        helper_hear_phase(&first, PHASE_WRITING);
        bench->plan.job = 8;
        second = helper_start(bench);
        helper_plan(&second, bench);
        assert_int_equal(helper_hear(&second, &end), MESSAGE_FLASH_END);
        assert_int_equal(end.outcome, OUTCOME_REFUSED);
        assert_int_equal(end.fault.code, FAULT_BUSY);
        assert_int_equal(helper_wait(&second), 0);
        assert_int_equal(helper_hear(&first, &end), MESSAGE_FLASH_END);
        assert_int_equal(end.outcome, OUTCOME_VERIFIED);
        helper_ack(&first, 7);
        assert_int_equal(helper_wait(&first), 0);
}

static void test_outcomes_are_taken_over_before_the_next_flash(void **state) {
        Bench *bench = *state;
        Helper helper = helper_start(bench);
        FlashEnd end;

        helper_plan(&helper, bench);
        assert_int_equal(helper_hear(&helper, NULL), MESSAGE_FLASH_READY);
        helper_kill(&helper);
        helper = helper_start(bench);
        helper_plan(&helper, bench);
        assert_int_equal(helper_hear(&helper, &end), MESSAGE_FLASH_END);
        assert_int_equal(end.outcome, OUTCOME_REFUSED);
        assert_int_equal(end.fault.code, FAULT_UNKNOWN_OPEN);
        assert_int_equal(helper_wait(&helper), 0);
        (void)assert_reported_once(bench, OUTCOME_FAILED_UNHARMED);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                test_on_bench(test_killed_before_the_order_it_is_unharmed),
                test_on_bench(test_killed_while_it_sends_it_is_unknown),
                test_on_bench(test_killed_at_the_commit_it_is_unknown),
                test_on_bench(test_killed_while_the_drive_burns_it_is_unknown),
                test_on_bench(test_killed_while_it_reads_it_is_unknown),
                test_on_bench(test_killed_before_the_outcome_was_taken_it_is_told_again),
                test_on_bench(test_killed_at_any_moment_it_never_looks_better_than_it_is),
                test_on_bench(test_a_daemon_that_leaves_before_the_order_gets_a_refusal),
                test_on_bench(test_a_daemon_that_dies_while_it_is_sent_misses_nothing),
                test_on_bench(test_a_daemon_that_dies_at_the_commit_misses_nothing),
                test_on_bench(test_a_daemon_that_dies_while_the_drive_burns_misses_nothing),
                test_on_bench(test_a_daemon_that_dies_while_the_drive_is_read_misses_nothing),
                test_on_bench(test_a_report_that_is_not_acknowledged_is_made_again),
                test_on_bench(test_no_signal_ends_a_flash_that_was_ordered),
                test_on_bench(test_a_signal_before_the_order_ends_it),
                test_on_bench(test_a_daemon_that_does_not_listen_holds_nothing_up),
                test_on_bench(test_a_drive_may_vanish_at_any_command),
                test_on_bench(test_two_flashes_are_never_under_way),
                test_on_bench(test_outcomes_are_taken_over_before_the_next_flash),
        };

        return RUN_TESTS(tests);
}
