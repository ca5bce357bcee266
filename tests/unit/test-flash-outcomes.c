/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every outcome, reached with the real helper and an emulated drive. */
#include <string.h>

#include "tests/unit/flash-bench.h"
#include "tests/unit/test.h"

static json_t *recipe(Bench *bench) {
        return json_object_get(bench->entry, "recipe");
}

static void set(json_t *object, const char *key, json_t *value) {
        assert_int_equal(json_object_set_new(object, key, value), 0);
}

static void assert_outcome(const FlashEnd *end, Outcome outcome) {
        if (end->outcome != outcome)
                fail_msg("%s: %s", outcome_name(end->outcome), end->fault.text);
        if (outcome != OUTCOME_REFUSED)
                assert_int_equal(end->fault.code, outcome_fault(outcome));
}

static void test_an_upgrade_is_verified_by_what_the_drive_says(void **state) {
        Bench *bench = *state;
        FlashEnd end = bench_flash(bench);

        assert_outcome(&end, OUTCOME_VERIFIED);
        assert_true(end.identity_known);
        assert_string_equal(end.revision, "0051");
        assert_memory_equal(end.identity, bench->plan.identity, IDENTITY_LENGTH);
        assert_string_equal(end.node, bench->plan.node);
        assert_int_equal(end.n_sent, 258);
        assert_true(end.duration_ms >= 500);
        assert_int_equal(bench_count(bench, "3b"), 258);
        assert_int_equal(bench_count(bench, "3b07"), 1);
}

static void test_a_plextor_is_upgraded_by_its_serial_number(void **state) {
        Bench *bench = *state;
        FlashEnd end = bench_flash(bench);

        assert_outcome(&end, OUTCOME_VERIFIED);
        assert_string_equal(end.revision, "1.07");
        assert_int_equal(end.n_sent, 15);
        assert_int_equal(bench_count(bench, "3b05"), 1);
}

static void test_progress_is_told_in_the_order_of_phases(void **state) {
        Bench *bench = *state;
        Helper helper = helper_start(bench);
        FlashEnd end;

        helper_plan(&helper, bench);
        assert_int_equal(helper_hear(&helper, NULL), MESSAGE_FLASH_READY);
        helper_go(&helper, bench);
        helper_hear_phase(&helper, PHASE_WRITING);
        helper_hear_phase(&helper, PHASE_COMMITTING);
        helper_hear_phase(&helper, PHASE_SETTLING);
        helper_hear_phase(&helper, PHASE_VERIFYING);
        assert_int_equal(helper_hear(&helper, &end), MESSAGE_FLASH_END);
        assert_outcome(&end, OUTCOME_VERIFIED);
        helper_ack(&helper, 7);
        assert_int_equal(helper_wait(&helper), 0);
}

static void test_a_disc_in_the_drive_is_refused_and_nothing_is_sent(void **state) {
        Bench *bench = *state;
        FlashEnd end;

        bench_control(bench, "disc btc-ide1004 data");
        end = bench_flash(bench);
        assert_outcome(&end, OUTCOME_REFUSED);
        assert_int_equal(end.fault.code, FAULT_DISC_PRESENT);
        assert_int_equal(end.n_sent, 0);
        assert_int_equal(bench_count(bench, "3b"), 0);
}

/* Somebody at the drive, after READY and before the order. */
static FlashEnd meddled_with(Bench *bench, const char *line) {
        Helper helper = helper_start(bench);
        FlashEnd end;

        helper_plan(&helper, bench);
        assert_int_equal(helper_hear(&helper, &end), MESSAGE_FLASH_READY);
        bench_control(bench, line);
        helper_go(&helper, bench);
        assert_int_equal(helper_hear(&helper, &end), MESSAGE_FLASH_END);
        helper_ack(&helper, bench->plan.job);
        assert_int_equal(helper_wait(&helper), 0);
        assert_int_equal(bench_count(bench, "3b"), 0);
        return end;
}

static void test_what_happened_before_the_order_is_noticed_and_nothing_is_sent(void **state) {
        Bench *bench = *state;
        FlashEnd end;

        end = meddled_with(bench, "tray btc-ide1004 open");
        assert_outcome(&end, OUTCOME_REFUSED);
        assert_int_equal(end.fault.code, FAULT_TRAY_OPEN);
        bench_control(bench, "tray btc-ide1004 closed");
        end = meddled_with(bench, "unplug btc-ide1004");
        assert_outcome(&end, OUTCOME_REFUSED);
        assert_int_equal(end.fault.code, FAULT_DRIVE_GONE);
}

static void test_a_refused_command_leaves_the_drive_unharmed_and_says_why(void **state) {
        Bench *bench = *state;
        FlashEnd end;

        bench_faults(bench, "btc-ide1004 write-buffer 1 sense 5/20/00\n");
        end = bench_flash(bench);
        assert_outcome(&end, OUTCOME_FAILED_UNHARMED);
        assert_string_equal(end.sense, "5/20/00 invalid opcode");
        assert_string_equal(end.revision, "0043");
        assert_non_null(strstr(end.fault.text, "5/20/00 invalid opcode"));
        assert_int_equal(bench_count(bench, "3b"), 1);
}

static void test_an_opened_tray_stops_before_the_commit(void **state) {
        Bench *bench = *state;
        FlashEnd end;

        bench_faults(bench, "btc-ide1004 write-buffer 9 sense 6/28/00\n");
        end = bench_flash(bench);
        assert_outcome(&end, OUTCOME_FAILED_UNHARMED);
        assert_int_equal(bench_count(bench, "3b"), 9);
        assert_int_equal(bench_count(bench, "3b07"), 0);
}

static void test_a_reset_while_sending_stops_before_the_commit(void **state) {
        Bench *bench = *state;
        FlashEnd end;

        bench_faults(bench, "btc-ide1004 write-buffer 257 reset\n");
        end = bench_flash(bench);
        assert_outcome(&end, OUTCOME_FAILED_UNHARMED);
        assert_string_equal(end.revision, "0043");
        assert_int_equal(bench_count(bench, "3b"), 257);
        assert_int_equal(bench_count(bench, "3b07"), 0);
}

static void test_bytes_that_a_bridge_swallowed_stop_before_the_commit(void **state) {
        Bench *bench = *state;
        FlashEnd end;

        bench_faults(bench, "btc-ide1004 write-buffer 3 residual 512\n");
        end = bench_flash(bench);
        assert_outcome(&end, OUTCOME_FAILED_UNHARMED);
        assert_int_equal(bench_count(bench, "3b"), 3);
}

static void test_success_that_changed_nothing_is_no_change(void **state) {
        Bench *bench = *state;
        FlashEnd end;

        bench_faults(bench, "btc-ide1004 burn 1 no-change\n");
        end = bench_flash(bench);
        assert_outcome(&end, OUTCOME_NO_CHANGE);
        assert_string_equal(end.fault.text, "drive still runs \"0043\", wanted \"0051\"");
}

static void test_a_refused_commit_is_no_change_with_the_reason(void **state) {
        Bench *bench = *state;
        FlashEnd end;

        bench_faults(bench, "btc-ide1004 burn 1 sense 5/26/00\n");
        end = bench_flash(bench);
        assert_outcome(&end, OUTCOME_NO_CHANGE);
        assert_string_equal(end.sense, "5/26/00 the drive refuses these data");
}

static void test_an_error_at_the_commit_is_judged_by_reading(void **state) {
        Bench *bench = *state;
        FlashEnd end;

        bench_faults(bench, "btc-ide1004 burn 1 after host 7\n");
        end = bench_flash(bench);
        assert_outcome(&end, OUTCOME_VERIFIED);
        assert_string_equal(end.revision, "0051");
}

static void test_another_revision_than_declared_is_unverified(void **state) {
        Bench *bench = *state;
        FlashEnd end;

        set(bench->entry, "version", json_string("1.09"));
        strcpy(bench->plan.to, "1.09");
        bench_publish(bench);
        end = bench_flash(bench);
        assert_outcome(&end, OUTCOME_UNVERIFIED);
        assert_string_equal(end.revision, "1.07");
}

static void test_a_drive_that_asks_for_it_needs_a_power_cycle(void **state) {
        Bench *bench = *state;
        FlashEnd end;

        bench_faults(bench, "btc-ide1004 burn 1 needs-power-cycle\n");
        end = bench_flash(bench);
        assert_outcome(&end, OUTCOME_NEEDS_POWER_CYCLE);
}

static void test_a_drive_whose_entry_says_so_needs_a_power_cycle(void **state) {
        Bench *bench = *state;
        FlashEnd end;

        set(bench->entry, "after", json_pack("{s:b}", "power_cycle", 1));
        bench_publish(bench);
        bench_faults(bench, "btc-ide1004 burn 1 no-change\n");
        end = bench_flash(bench);
        assert_outcome(&end, OUTCOME_NEEDS_POWER_CYCLE);
}

static void test_a_drive_without_main_firmware_is_in_recovery_mode(void **state) {
        Bench *bench = *state;
        FlashEnd end;

        bench_faults(bench, "btc-ide1004 burn 1 recovery\n");
        end = bench_flash(bench);
        assert_outcome(&end, OUTCOME_RECOVERY_MODE);
}

static void test_a_drive_that_left_for_good_is_lost(void **state) {
        Bench *bench = *state;
        FlashEnd end;

        bench_faults(bench, "btc-ide1004 burn 1 vanish 9000\n");
        end = bench_flash(bench);
        assert_outcome(&end, OUTCOME_LOST);
        assert_false(end.identity_known);
}

static void test_a_drive_that_comes_back_late_is_waited_for(void **state) {
        Bench *bench = *state;
        FlashEnd end;

        bench_faults(bench, "btc-ide1004 burn 1 after vanish 100\n");
        end = bench_flash(bench);
        assert_outcome(&end, OUTCOME_VERIFIED);
}

static void test_a_drive_that_vanishes_before_the_commit_is_unharmed_if_it_comes_back(
        void **state) {
        Bench *bench = *state;
        FlashEnd end;

        bench_faults(bench, "btc-ide1004 write-buffer 5 vanish 100\n");
        end = bench_flash(bench);
        assert_outcome(&end, OUTCOME_FAILED_UNHARMED);
        assert_int_equal(bench_count(bench, "3b07"), 0);
}

static void test_a_reflash_of_the_same_revision_is_verified(void **state) {
        Bench *bench = *state;
        FlashEnd end;

        end = bench_flash(bench);
        assert_outcome(&end, OUTCOME_VERIFIED);
        set(bench->entry, "edges", json_pack("[{s:s, s:[s]}]", "kind", "reflash", "from", "0051"));
        bench_publish(bench);
        strcpy(bench->plan.revision, "0051");
        bench->plan.kind = FLASH_REFLASH;
        bench->plan.job = 8;
        end = bench_flash(bench);
        assert_outcome(&end, OUTCOME_VERIFIED);
        assert_int_equal(bench_count(bench, "3b07"), 2);
}

static void test_waits_come_from_the_recipe(void **state) {
        Bench *bench = *state;
        FlashEnd end;

        set(recipe(bench), "settle_ms", json_integer(1500));
        bench_publish(bench);
        end = bench_flash(bench);
        assert_outcome(&end, OUTCOME_VERIFIED);
        assert_true(end.duration_ms >= 1500);
}

#define plextor(test) cmocka_unit_test_setup_teardown(test, bench_make_plextor, bench_remove)

int main(void) {
        const struct CMUnitTest tests[] = {
                test_on_bench(test_an_upgrade_is_verified_by_what_the_drive_says),
                plextor(test_a_plextor_is_upgraded_by_its_serial_number),
                test_on_bench(test_progress_is_told_in_the_order_of_phases),
                test_on_bench(test_a_disc_in_the_drive_is_refused_and_nothing_is_sent),
                test_on_bench(test_what_happened_before_the_order_is_noticed_and_nothing_is_sent),
                test_on_bench(test_a_refused_command_leaves_the_drive_unharmed_and_says_why),
                test_on_bench(test_an_opened_tray_stops_before_the_commit),
                test_on_bench(test_a_reset_while_sending_stops_before_the_commit),
                test_on_bench(test_bytes_that_a_bridge_swallowed_stop_before_the_commit),
                test_on_bench(test_success_that_changed_nothing_is_no_change),
                test_on_bench(test_a_refused_commit_is_no_change_with_the_reason),
                test_on_bench(test_an_error_at_the_commit_is_judged_by_reading),
                plextor(test_another_revision_than_declared_is_unverified),
                test_on_bench(test_a_drive_that_asks_for_it_needs_a_power_cycle),
                test_on_bench(test_a_drive_whose_entry_says_so_needs_a_power_cycle),
                test_on_bench(test_a_drive_without_main_firmware_is_in_recovery_mode),
                test_on_bench(test_a_drive_that_left_for_good_is_lost),
                test_on_bench(test_a_drive_that_comes_back_late_is_waited_for),
                test_on_bench(
                        test_a_drive_that_vanishes_before_the_commit_is_unharmed_if_it_comes_back),
                test_on_bench(test_a_reflash_of_the_same_revision_is_verified),
                test_on_bench(test_waits_come_from_the_recipe),
        };

        return RUN_TESTS(tests);
}
