/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of a flash that was under way when the daemon ended. */
#include <string.h>

#include "tests/unit/core-world.h"
#include "tests/unit/test.h"

/* A drive at 0043, an image that leads to 0050, and the way back. */
static World *one_step(void) {
        World *world = world_new();

        (void)world_add_drive(world, "sr0", "0043", "BTC123", "/pci/ata1");
        world_add_entry(world, "main", "0050",
                        "{'kind':'upgrade','from':['0043']},{'kind':'reflash','from':['0050']}",
                        "");
        world_add_entry(world, "main", "0043", "{'kind':'downgrade','from':['0050']}", "");
        world_rescan(world);
        world_ask(world, 1, METHOD_REFRESH, "");
        world_mirror(world, "main", 0, FAULT_NONE, 5, world->now + 86400);
        world_mirror(world, "main", 1, FAULT_NONE, 5, world->now + 86400);
        world_have_image(world, "0050");
        world_forget(world);
        return world;
}

static void reports_done(World *world) {
        core_on_reports_done(world->core);
        world_pump(world);
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
        _cleanup_world_ World *before = one_step(), *world = NULL;
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
        _cleanup_world_ World *before = one_step(), *world = NULL;
        FlashJob job = committed_job(before);

        (void)state;
        world = restart(before, &job, 1);
        reports_done(world);
        assert_int_equal(world->job.outcome, OUTCOME_UNKNOWN);
        assert_true(world->drive.attention);
}

static void test_a_job_that_was_not_begun_is_closed_beside_one_that_was(void **state) {
        _cleanup_world_ World *before = one_step(), *world = NULL;
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
                cmocka_unit_test(test_after_a_restart_the_outcome_is_awaited_and_nothing_else),
                cmocka_unit_test(test_after_a_restart_without_a_journal_the_outcome_is_unknown),
                cmocka_unit_test(test_a_job_that_was_not_begun_is_closed_beside_one_that_was),
        };

        return RUN_TESTS(tests);
}
