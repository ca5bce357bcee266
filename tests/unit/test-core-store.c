/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A flash, and a store that fails or a daemon that is started again. */
#include <string.h>

#include "tests/unit/core-world.h"
#include "tests/unit/test.h"

static void test_what_cannot_be_recorded_is_not_begun(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        world_flash(world, 7, "sr0", "update", "");
        world_reports_done(world);
        world_forget(world);
        world->fail_store = 1;
        world_ready(world, 1);
        world_expect(world, "save-job 1 committed 0043>0050\n"
                            "trail flash-intent 0043>0050\n"
                            "head\n"
                            "-- store failed\n"
                            "reply 7 Store\n"
                            "close\n");
        /* The row of the job is closed as soon as the store takes it. */
        world_ask(world, 8, METHOD_GET_STATUS, "");
        assert_true(world_did(world, "save-job 1 ended 0043>0050 refused"));
        assert_false(core_flashing(world->core));
}

static void test_a_flash_that_the_store_never_saw_leaves_nothing(void **state) {
        _cleanup_world_ World *world = world_one_step();
        Request request;

        (void)state;
        request = world_plan(world, 7, "sr0", "update", "");
        world_forget(world);
        world->fail_store = 1;
        world_request(world, &request);
        world_expect(world, "save-job 1 queued 0043>0050\n"
                            "-- store failed\n"
                            "reply 7 Store\n"
                            "report\n"
                            "close\n");
        assert_false(core_flashing(world->core));
}

static void test_an_outcome_that_cannot_be_recorded_is_kept_and_tried_again(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        world_go(world);
        world->fail_store = 1;
        world_end(world, 1, OUTCOME_VERIFIED, "0050");
        assert_true(world_did(world, "reply 7 Store"));
        assert_false(world_did(world, "ack"));
        assert_true(core_flashing(world->core));
        world_forget(world);
        world_helper_gone(world);
        world_expect(world, "");
        world_ask(world, 8, METHOD_GET_STATUS, "");
        assert_true(world_did(world, "save-job 1 ended 0043>0050 verified"));
        assert_true(world_did(world, "ack 1"));
        assert_false(world_did(world, "reply 7"));
        assert_false(core_flashing(world->core));
}

static void test_a_step_whose_outcome_is_not_on_disk_does_not_lead_on(void **state) {
        _cleanup_world_ World *world = world_two_steps();

        (void)state;
        world_go(world);
        world->fail_store = 1;
        world_end(world, 1, OUTCOME_VERIFIED, "0045");
        assert_false(world_did(world, "save-job 2"));
        world_ask(world, 8, METHOD_GET_STATUS, "");
        assert_true(world_did(world, "save-job 2 queued"));
}

static void test_a_failing_store_does_not_stop_what_was_told_to_go(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        world_go(world);
        world->fail_store = 1;
        world_ask(world, 8, METHOD_HOLD, "sr0");
        assert_true(world_did(world, "reply 8 Store"));
        assert_false(world_did(world, "close"));
        world_end(world, 1, OUTCOME_VERIFIED, "0050");
        assert_true(world_did(world, "reply 7 {"));
}

static FlashJob committed_job(World *world) {
        FlashJob job = { .id = 41,
                         .stage = JOB_STAGE_COMMITTED,
                         .step = 1,
                         .n_steps = 2,
                         .catalog = "main",
                         .from = "0043",
                         .to = "0050",
                         .caller = world_root() };

        memcpy(job.drive, world_id(world, 0), sizeof(job.drive));
        return job;
}

/* A daemon that is started again with what the store of WORLD has. */
static World *restart(World *world, const FlashJob *jobs, unsigned n_jobs) {
        World *again = world_new_bare(NULL);
        DriveState drive = { .record = *world_record(world, 0), .first_seen = world->now };

        memcpy(drive.id, world_id(world, 0), sizeof(drive.id));
        assert_int_equal(core_load_drive(again->core, &drive), 0);
        core_load_next_job(again->core, 50);
        for (unsigned i = 0; i < n_jobs; i++)
                assert_int_equal(core_load_job(again->core, &jobs[i]), 0);
        core_start(again->core);
        world_pump(again);
        return again;
}

static void test_after_a_restart_the_outcome_is_awaited_and_nothing_else(void **state) {
        _cleanup_world_ World *before = world_one_step(), *world = NULL;
        FlashJob job = committed_job(before);

        (void)state;
        world = restart(before, &job, 1);
        world_expect(world, "report\n"); /* and no scan: the drive is being written */
        world_end(world, 41, OUTCOME_VERIFIED, "0050");
        world_expect(world, "save-job 41 ended 0043>0050 verified\n"
                            "save-drive 0050\n"
                            "trail flash-outcome 0043>0050 verified\n"
                            "head\n"
                            "-- on disk\n"
                            "ack 41\n"
                            "scan\n");
        assert_false(core_flashing(world->core)); /* the second step is not begun by itself */
}

static void test_after_a_restart_without_a_journal_the_outcome_is_unknown(void **state) {
        _cleanup_world_ World *before = world_one_step(), *world = NULL;
        FlashJob job = committed_job(before);

        (void)state;
        world = restart(before, &job, 1);
        world_reports_done(world);
        assert_int_equal(world->job.outcome, OUTCOME_UNKNOWN);
        assert_true(world->drive.attention);
}

static void test_a_job_that_was_not_begun_is_closed_beside_one_that_was(void **state) {
        _cleanup_world_ World *before = world_one_step(), *world = NULL;
        FlashJob jobs[2] = { committed_job(before), committed_job(before) };

        (void)state;
        jobs[1].id = 42;
        jobs[1].stage = JOB_STAGE_CHECKING;
        world = restart(before, jobs, 2);
        assert_true(world_did(world, "save-job 42 ended 0043>0050 refused"));
        world_end(world, 41, OUTCOME_VERIFIED, "0050");
        assert_true(world_did(world, "save-job 41 ended 0043>0050 verified"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_cannot_be_recorded_is_not_begun),
                cmocka_unit_test(test_a_flash_that_the_store_never_saw_leaves_nothing),
                cmocka_unit_test(test_an_outcome_that_cannot_be_recorded_is_kept_and_tried_again),
                cmocka_unit_test(test_a_step_whose_outcome_is_not_on_disk_does_not_lead_on),
                cmocka_unit_test(test_a_failing_store_does_not_stop_what_was_told_to_go),
                cmocka_unit_test(test_after_a_restart_the_outcome_is_awaited_and_nothing_else),
                cmocka_unit_test(test_after_a_restart_without_a_journal_the_outcome_is_unknown),
                cmocka_unit_test(test_a_job_that_was_not_begun_is_closed_beside_one_that_was),
        };

        return RUN_TESTS(tests);
}
