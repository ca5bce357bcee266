/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "tests/unit/core-world.h"
#include "tests/unit/test.h"

static void test_nothing_is_sent_before_the_intent_is_on_disk(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        world_flash(world, 7, "sr0", "update", "");
        world_expect(world, "save-job 1 queued 0043>0050\n"
                            "-- on disk\n"
                            "report\n");
        world_reports_done(world);
        world_expect(world, "save-job 1 checking 0043>0050\n"
                            "-- on disk\n"
                            "plan 1 0043>0050\n");
        assert_string_equal(world->plan.catalog, "main");
        assert_string_equal(world->plan.node, "sg0");
        assert_string_equal(world->plan.serial, "BTC123");
        assert_int_equal(world->plan.kind, FLASH_UPGRADE);
        assert_false(world->plan.allow_expired);
        world_ready(world, 1);
        world_expect(world, "save-job 1 committed 0043>0050\n"
                            "trail flash-intent 0043>0050\n"
                            "head\n"
                            "-- on disk\n"
                            "go 1\n");
        assert_int_equal(world->before.done, 17);
        assert_int_equal(world->after.done, -1);
        world_end(world, 1, OUTCOME_VERIFIED, "0050");
        world_expect(world, "save-job 1 ended 0043>0050 verified\n"
                            "save-drive 0050\n"
                            "trail flash-outcome 0043>0050 verified\n"
                            "head\n"
                            "-- on disk\n"
                            "ack 1\n"
                            "reply 7 {\"job\":1,\"outcome\":\"veri\n"
                            "scan\n");
        assert_memory_equal(&world->before, &((Counters){ 20, 2, 0 }), sizeof(Counters));
        assert_memory_equal(&world->after, &((Counters){ 99, 3, 1 }), sizeof(Counters));
}

/* Who looks on and heard of no writing may rely on it, whatever happens to the daemon then. */
static void test_the_writing_is_told_before_the_order_is_given(void **state) {
        _cleanup_world_ World *world = world_one_step();
        const char *told, *order;

        (void)state;
        world_flash(world, 7, "sr0", "update", "");
        world_reports_done(world);
        world->quiet = false;
        world_forget(world);
        world_ready(world, 1);
        told = strstr(world->log, "reply 7 more {");
        order = strstr(world->log, "go 1\n");
        assert_non_null(told);
        assert_non_null(order);
        assert_true(told < order);
}

static void test_the_old_journals_are_asked_for_once(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        world_go(world);
        world_end(world, 1, OUTCOME_NO_CHANGE, "0043");
        world_scan(world);
        world_flash(world, 8, "sr0", "update", "");
        assert_true(world_did(world, "plan 2"));
        assert_false(world_did(world, "report"));
}

static const char *member(const World *world, const char *name) {
        return json_string_value(json_object_get(world->reply, name));
}

static void test_every_outcome_is_told_once_by_its_name(void **state) {
        static const struct {
                Outcome outcome;
                const char *revision, *told;
                bool attention;
        } cases[] = {
                { OUTCOME_REFUSED, "0043", "reply 7 Claimed", false },
                { OUTCOME_FAILED_UNHARMED, "0043", "reply 7 FailedUnharmed", false },
                { OUTCOME_NO_CHANGE, "0043", "reply 7 NoChange", false },
                { OUTCOME_VERIFIED, "0050", "reply 7 {", false },
                { OUTCOME_UNVERIFIED, "00XX", "reply 7 Unverified", true },
                { OUTCOME_NEEDS_POWER_CYCLE, "0043", "reply 7 NeedsPowerCycle", true },
                { OUTCOME_RECOVERY_MODE, "BOOT", "reply 7 RecoveryMode", true },
                { OUTCOME_LOST, NULL, "reply 7 DriveLost", true },
                { OUTCOME_UNKNOWN, NULL, "reply 7 OutcomeUnknown", true },
        };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                _cleanup_world_ World *world = world_one_step();

                world_go(world);
                world_end(world, 1, cases[i].outcome, cases[i].revision);
                assert_true(world_did(world, cases[i].told));
                if (cases[i].outcome == OUTCOME_REFUSED) { /* Claimed: where to look for whom */
                        assert_string_equal(member(world, "node"), "sg0");
                        assert_string_equal(member(world, "block"), "sr0");
                }
                assert_int_equal(world->job.stage, JOB_STAGE_ENDED);
                assert_int_equal(world->job.outcome, cases[i].outcome);
                assert_int_equal(world->drive.attention, cases[i].attention);
                world_forget(world);
                world_end(world, 1, OUTCOME_VERIFIED, "0050");
                world_expect(world, "ack 1\n"); /* settled already: nothing is recorded twice */
                assert_false(core_flashing(world->core));
        }
}

static void test_a_way_of_two_steps_is_two_flashes(void **state) {
        _cleanup_world_ World *world = world_two_steps();

        (void)state;
        world_go(world);
        world_end(world, 1, OUTCOME_VERIFIED, "0045");
        world_expect(world, "save-job 1 ended 0043>0045 verified\n"
                            "save-drive 0045\n"
                            "trail flash-outcome 0043>0045 verified\n"
                            "head\n"
                            "-- on disk\n"
                            "ack 1\n"
                            "save-job 2 queued 0045>0051\n"
                            "save-job 2 checking 0045>0051\n"
                            "-- on disk\n"
                            "plan 2 0045>0051\n");
        world_ready(world, 2);
        world_forget(world);
        world_end(world, 2, OUTCOME_VERIFIED, "0051");
        assert_true(world_did(world, "reply 7 {\"job\":2"));
}

static void test_only_a_verified_step_leads_on(void **state) {
        _cleanup_world_ World *world = world_two_steps();

        (void)state;
        world_go(world);
        world_end(world, 1, OUTCOME_NO_CHANGE, "0043");
        assert_true(world_did(world, "reply 7 NoChange"));
        assert_false(world_did(world, "save-job 2"));
}

static void test_mirrors_are_asked_one_after_the_other_for_an_image(void **state) {
        _cleanup_world_ World *world = world_one_step();
        const Fault missing = { .code = FAULT_NOT_FOUND, .text = "no such file" };
        const Fault none = {};
        const uint8_t *sha = world_sha256(world, "0043");

        (void)state;
        world_go(world);
        world_end(world, 1, OUTCOME_VERIFIED, "0050");
        world_scan(world);
        world_flash(world, 7, "sr0", "rollback", "");
        world_expect(world, "save-job 2 queued 0050>0043\n"
                            "save-job 2 fetching 0050>0043\n"
                            "-- on disk\n"
                            "fetch 0043.bin from http://main0.example/\n");
        core_on_image_done(world->core, sha, &missing);
        world_pump(world);
        world_expect(world, "fetch 0043.bin from http://main1.example/\n");
        core_on_image_done(world->core, sha, &none);
        world_pump(world);
        world_expect(world, "save-job 2 checking 0050>0043\n"
                            "-- on disk\n"
                            "plan 2 0050>0043\n");
}

static void test_an_image_that_no_mirror_has_refuses_the_flash(void **state) {
        _cleanup_world_ World *world = world_one_step();
        const Fault missing = { .code = FAULT_NOT_FOUND, .text = "no such file" };

        (void)state;
        world_go(world);
        world_end(world, 1, OUTCOME_VERIFIED, "0050");
        world_scan(world);
        world_flash(world, 7, "sr0", "rollback", "");
        core_on_image_done(world->core, world_sha256(world, "0043"), &missing);
        core_on_image_done(world->core, world_sha256(world, "0043"), &missing);
        world_pump(world);
        assert_true(world_did(world, "reply 7 NotFound"));
        assert_true(world_did(world, "save-job 2 ended 0050>0043 refused"));
        assert_false(core_flashing(world->core));
}

static void test_a_catalog_without_mirrors_refuses_what_is_not_in_the_store(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        world->configs[0].n_mirrors = 0;
        core_set_catalogs(world->core, world->configs, 1);
        world_pump(world);
        world_go(world);
        world_end(world, 1, OUTCOME_VERIFIED, "0050");
        world_scan(world);
        world_flash(world, 7, "sr0", "rollback", "");
        assert_true(world_did(world, "reply 7 ImageMissing"));
        assert_false(world_did(world, "fetch"));
}

static void test_a_catalog_that_is_removed_between_two_steps_ends_the_way(void **state) {
        _cleanup_world_ World *world = world_two_steps();

        (void)state;
        world_go(world);
        core_set_catalogs(world->core, NULL, 0);
        world_pump(world);
        world_end(world, 1, OUTCOME_VERIFIED, "0045");
        /* The image of the second step is here: the helper judges by the roots that root pinned. */
        assert_true(world_did(world, "plan 2"));
}

static void test_a_helper_that_is_gone_before_go_is_a_refusal(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        world_flash(world, 7, "sr0", "update", "");
        world_reports_done(world);
        world_helper_gone(world);
        assert_int_equal(world->job.outcome, OUTCOME_REFUSED);
        assert_true(world_did(world, "reply 7 HelperDied"));
}

static void test_a_helper_that_is_gone_after_go_is_asked_about_in_its_journal(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        world_go(world);
        world_helper_gone(world);
        world_expect(world, "report\n");
        world_end(world, 1, OUTCOME_VERIFIED, "0050");
        assert_true(world_did(world, "ack 1"));
        assert_true(world_did(world, "reply 7 {"));
        world_reports_done(world);
        assert_int_equal(world->job.outcome, OUTCOME_VERIFIED);
}

static void test_a_flash_that_no_journal_knows_is_unknown(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        world_go(world);
        world_helper_gone(world);
        world_reports_done(world);
        assert_int_equal(world->job.outcome, OUTCOME_UNKNOWN);
        assert_true(world->drive.attention);
        assert_true(world_did(world, "reply 7 OutcomeUnknown"));
}

static void test_an_outcome_before_go_is_not_believed(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        world_flash(world, 7, "sr0", "update", "");
        world_reports_done(world);
        world_end(world, 1, OUTCOME_VERIFIED, "0050");
        assert_int_equal(world->job.outcome, OUTCOME_UNKNOWN);
        assert_true(world->drive.attention);
}

static void test_a_refusal_of_the_helper_before_go_is_one(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        world_flash(world, 7, "sr0", "update", "");
        world_reports_done(world);
        world_end(world, 1, OUTCOME_REFUSED, "0043");
        assert_int_equal(world->job.outcome, OUTCOME_REFUSED);
        assert_true(world_did(world, "ack 1"));
        assert_true(world_did(world, "reply 7 Claimed"));
}

/* The store was lost, and numbers begin anew: a journal of the old job 1 is there. */
static void test_an_old_journal_of_the_same_number_is_not_the_new_flash(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        world_flash(world, 7, "sr0", "update", "");
        world_forget(world);
        world_end(world, 1, OUTCOME_VERIFIED, "0050");
        world_expect(world, "ack 1\n");
        world_reports_done(world);
        assert_true(world_did(world, "plan 1"));
}

static void test_leaving_does_not_stop_a_flash(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        world_go(world);
        core_on_client_gone(world->core, 7);
        world_pump(world);
        world_expect(world, "");
        world_end(world, 1, OUTCOME_VERIFIED, "0050");
        assert_true(world_did(world, "save-job 1 ended"));
        assert_false(world_did(world, "reply 7"));
}

static void test_a_second_flash_is_refused_as_busy(void **state) {
        _cleanup_world_ World *world = world_one_step();
        Request request;

        (void)state;
        request = world_plan(world, 8, "sr0", "update", "");
        world_go(world);
        world_request(world, &request);
        assert_true(world_did(world, "reply 8 Busy"));
        world_end(world, 1, OUTCOME_VERIFIED, "0050");
        assert_true(world_did(world, "reply 7 {"));
}

static void test_without_more_the_job_is_told_at_once_and_nothing_later(void **state) {
        _cleanup_world_ World *world = world_one_step();
        Request request = world_plan(world, 8, "sr0", "update", "");

        (void)state;
        world_forget(world);
        world_request(world, &request);
        world_expect(world, "save-job 1 queued 0043>0050\n"
                            "-- on disk\n"
                            "reply 8 {\"job\":1}\n"
                            "report\n");
        world_reports_done(world);
        world_ready(world, 1);
        world_forget(world);
        world_end(world, 1, OUTCOME_VERIFIED, "0050");
        assert_false(world_did(world, "reply 8"));
}

static void test_no_drive_is_looked_at_while_one_is_written(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        world_go(world);
        core_on_hotplug(world->core);
        world_pump(world);
        world_expect(world, "");
        world_ask(world, 8, METHOD_SCAN, "");
        world_expect(world, "reply 8 Busy\n");
        world_end(world, 1, OUTCOME_VERIFIED, "0050");
        assert_true(world_did(world, "scan"));
        world_forget(world);
        world_scan(world);
        assert_false(world_did(world, "scan")); /* one was enough */
}

static void test_a_flash_waits_until_the_probe_has_closed_the_drives(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        world_go(world);
        world_end(world, 1, OUTCOME_NO_CHANGE, "0043"); /* a scan follows */
        world_flash(world, 7, "sr0", "update", "");
        assert_false(world_did(world, "plan"));
        core_on_hotplug(world->core);
        world_pump(world);
        world_ask(world, 8, METHOD_SCAN, "");
        assert_true(world_did(world, "reply 8 Busy"));
        world_scan(world);
        assert_true(world_did(world, "plan 2"));
        assert_false(world_did(world, "scan"));
}

static void test_the_plan_names_the_revision_that_was_agreed_to(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        world_go(world);
        world_end(world, 1, OUTCOME_NO_CHANGE, "0043");
        world_flash(world, 7, "sr0", "update", "");
        memcpy(world_record(world, 0)->revision, "0099", 5); /* somebody else was faster */
        world_scan(world);
        assert_true(world_did(world, "plan 2 0043>0050"));
}

static void test_a_refused_recovery_leaves_the_drive_in_its_recovery_state(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        world_go(world);
        world_add_entry(world, "main", "0052", "{'kind':'recovery','from':['BOOT']}", "");
        world_have_image(world, "0052");
        world_end(world, 1, OUTCOME_RECOVERY_MODE, "BOOT");
        memcpy(world_record(world, 0)->revision, "BOOT", 5);
        world_scan(world);
        world_flash(world, 7, "sr0", "update", "");
        world_end(world, 2, OUTCOME_REFUSED, "BOOT");
        assert_true(world_did(world, "reply 7 Claimed"));
        assert_true(world->drive.attention);
        world_scan(world);
        world_flash(world, 7, "sr0", "update", "");
        world_ready(world, 3);
        world_end(world, 3, OUTCOME_VERIFIED, "0052");
        assert_false(world->drive.attention);
}

static void test_a_plan_that_changed_is_not_carried_out(void **state) {
        _cleanup_world_ World *world = world_one_step();
        Request request = world_plan(world, 8, "sr0", "update", "");

        (void)state;
        request.digest[5] = request.digest[5] == '0' ? '1' : '0';
        world_forget(world);
        world_request(world, &request);
        world_expect(world, "trail refused\n"
                            "-- on disk\n"
                            "reply 8 PlanChanged\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_is_sent_before_the_intent_is_on_disk),
                cmocka_unit_test(test_the_writing_is_told_before_the_order_is_given),
                cmocka_unit_test(test_the_old_journals_are_asked_for_once),
                cmocka_unit_test(test_every_outcome_is_told_once_by_its_name),
                cmocka_unit_test(test_a_way_of_two_steps_is_two_flashes),
                cmocka_unit_test(test_only_a_verified_step_leads_on),
                cmocka_unit_test(test_mirrors_are_asked_one_after_the_other_for_an_image),
                cmocka_unit_test(test_an_image_that_no_mirror_has_refuses_the_flash),
                cmocka_unit_test(test_a_catalog_without_mirrors_refuses_what_is_not_in_the_store),
                cmocka_unit_test(test_a_catalog_that_is_removed_between_two_steps_ends_the_way),
                cmocka_unit_test(test_a_helper_that_is_gone_before_go_is_a_refusal),
                cmocka_unit_test(test_a_helper_that_is_gone_after_go_is_asked_about_in_its_journal),
                cmocka_unit_test(test_a_flash_that_no_journal_knows_is_unknown),
                cmocka_unit_test(test_an_outcome_before_go_is_not_believed),
                cmocka_unit_test(test_a_refusal_of_the_helper_before_go_is_one),
                cmocka_unit_test(test_an_old_journal_of_the_same_number_is_not_the_new_flash),
                cmocka_unit_test(test_leaving_does_not_stop_a_flash),
                cmocka_unit_test(test_a_second_flash_is_refused_as_busy),
                cmocka_unit_test(test_without_more_the_job_is_told_at_once_and_nothing_later),
                cmocka_unit_test(test_no_drive_is_looked_at_while_one_is_written),
                cmocka_unit_test(test_a_flash_waits_until_the_probe_has_closed_the_drives),
                cmocka_unit_test(test_the_plan_names_the_revision_that_was_agreed_to),
                cmocka_unit_test(test_a_refused_recovery_leaves_the_drive_in_its_recovery_state),
                cmocka_unit_test(test_a_plan_that_changed_is_not_carried_out),
        };

        return RUN_TESTS(tests);
}
