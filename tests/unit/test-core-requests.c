/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "tests/unit/core-world.h"
#include "tests/unit/test.h"

static World *with_drive(void) {
        World *world = world_new();

        (void)world_add_drive(world, "sr0", "0043", "BTC123", "/pci/ata1");
        world_add_entry(world, "main", "0050", "{'kind':'upgrade','from':['0043']}", "");
        world_rescan(world);
        world_mirror(world, "main", 0, FAULT_NONE, 5, world->now + 86400);
        world_mirror(world, "main", 1, FAULT_NONE, 5, world->now + 86400);
        world_have_image(world, "0050");
        world_forget(world);
        return world;
}

static Request request_of(Method method, Caller caller) {
        return (Request){ .client = 5,
                          .method = method,
                          .caller = caller,
                          .drive = "sr0",
                          .kind = "update",
                          .catalog = "main",
                          .more = method == METHOD_MONITOR };
}

/* Methods that change something; the rest is for everybody. */
static bool for_admins(Method method) {
        switch (method) {
        case METHOD_REFRESH:
        case METHOD_FLASH:
        case METHOD_RESOLVE:
        case METHOD_EXPORT_AUDIT:
        case METHOD_HOLD:
        case METHOD_UNHOLD:
        case METHOD_RELOAD: return true;
        default: return false;
        }
}

static void test_everybody_looks_and_only_admins_change(void **state) {
        const Caller callers[] = { world_root(), world_admin(), world_user(1001) };

        (void)state;
        for (Method m = 0; m < _METHOD_MAX; m++)
                for (size_t i = 0; i < N_ELEMENTS(callers); i++) {
                        _cleanup_world_ World *world = with_drive();
                        Request request = request_of(m, callers[i]);
                        bool denied;

                        world_request(world, &request);
                        denied = world_did(world, "reply 5 NotPermitted");
                        assert_int_equal(denied, for_admins(m) && !callers[i].admin);
                        if (denied)
                                world_expect(world, "trail refused\n"
                                                    "-- on disk\n"
                                                    "reply 5 NotPermitted\n");
                        assert_int_equal(method_changes(m), for_admins(m));
                }
}

/* A whole answer as text. */
static bool told(World *world, const char *text) {
        _cleanup_free_ char *answer = json_text(world->reply);

        return strstr(answer, text) != NULL;
}

static void test_serial_numbers_are_for_admins(void **state) {
        static const Method methods[] = { METHOD_GET_STATUS, METHOD_LIST_DRIVES, METHOD_SHOW_DRIVE,
                                          METHOD_WHY, METHOD_PLAN_FLASH };
        _cleanup_world_ World *world = with_drive();

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(methods); i++) {
                Request request = request_of(methods[i], world_user(1001));

                world_request(world, &request);
                assert_true(told(world, "0043"));
                assert_false(told(world, "BTC123"));
                request.caller = world_admin();
                world_request(world, &request);
                assert_true(told(world, "BTC123"));
        }
}

static void test_events_tell_serial_numbers_to_admins_only(void **state) {
        _cleanup_world_ World *world = with_drive();
        Request request = request_of(METHOD_MONITOR, world_user(1001));

        (void)state;
        world_request(world, &request);
        world->drives[0].there = false;
        world_rescan(world);
        assert_true(told(world, "drive-removed"));
        assert_false(told(world, "BTC123"));
}

static void test_a_flood_of_denied_requests_does_not_fill_the_log(void **state) {
        _cleanup_world_ World *world = with_drive();
        unsigned n = 0;

        (void)state;
        for (unsigned i = 0; i < 1000; i++) {
                Request request = request_of(METHOD_HOLD, world_user(1001 + i % 20));

                world_request(world, &request);
                n += world_did(world, "trail refused");
                assert_true(world_did(world, "reply 5 NotPermitted"));
                world_forget(world);
        }
        assert_int_equal(n, 8);
        world->now += 60;
        for (unsigned i = 0; i < 100; i++) {
                Request request = request_of(METHOD_HOLD, world_user(1001));

                world_request(world, &request);
                n += world_did(world, "trail refused");
                world_forget(world);
        }
        assert_int_equal(n, 9);
}

static void test_hold_and_unhold_are_recorded_before_they_are_told(void **state) {
        _cleanup_world_ World *world = with_drive();

        (void)state;
        world_ask(world, 5, METHOD_HOLD, "sr0");
        assert_true(strstr(world->log, "save-drive 0043 held\n"
                                       "trail hold\n"
                                       "-- on disk\n"
                                       "reply 5 {\"drive\":") == world->log);
        world_ask(world, 5, METHOD_UNHOLD, "sr0");
        assert_true(world_did(world, "trail unhold"));
}

static void test_a_hold_that_could_not_be_recorded_does_not_hold(void **state) {
        _cleanup_world_ World *world = with_drive();

        (void)state;
        world->fail_store = 1;
        world_ask(world, 5, METHOD_HOLD, "sr0");
        assert_true(world_did(world, "reply 5 Store"));
        (void)world_plan(world, 5, "sr0", "update", "");
        assert_int_equal(world->fault.code, FAULT_NONE);
        world_ask(world, 5, METHOD_HOLD, "sr0");
        world->fail_store = 1;
        world_ask(world, 5, METHOD_UNHOLD, "sr0");
        (void)world_plan(world, 5, "sr0", "update", "");
        assert_int_equal(world->fault.code, FAULT_HELD);
}

static void test_questions_to_the_store_name_drives_by_id(void **state) {
        _cleanup_world_ World *world = with_drive();
        Request request = request_of(METHOD_HISTORY, world_user(1001));

        (void)state;
        world_request(world, &request);
        world_expect(world, "query 5 method 9\n");
        text_format(request.drive, sizeof(request.drive), "sr9");
        world_request(world, &request);
        world_expect(world, "reply 5 NoSuchDrive\n");
        request = request_of(METHOD_SHOW_CATALOG, world_user(1001));
        text_format(request.catalog, sizeof(request.catalog), "other");
        world_request(world, &request);
        world_expect(world, "reply 5 NoSuchCatalog\n");
}

static void test_a_version_too_long_is_no_version(void **state) {
        static const Method methods[] = { METHOD_PLAN_FLASH, METHOD_FLASH, METHOD_WHY };
        _cleanup_world_ World *world = with_drive();

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(methods); i++) {
                Request request = request_of(methods[i], world_root());

                text_format(request.version, sizeof(request.version), "00500");
                world_request(world, &request);
                assert_true(world_did(world, "reply 5 BadRequest"));
                world_forget(world);
        }
}

static void test_monitor_wants_more_and_tells_until_its_client_leaves(void **state) {
        _cleanup_world_ World *world = with_drive();
        Request request = request_of(METHOD_MONITOR, world_user(1001));

        (void)state;
        world->quiet = false;
        request.more = false;
        world_request(world, &request);
        world_expect(world, "reply 5 BadRequest\n");
        request.more = true;
        world_request(world, &request);
        world_expect(world, "");
        world->drives[0].there = false;
        world_rescan(world);
        assert_true(world_did(world, "reply 5 more {\"event\":\"drive-removed\""));
        world->drives[0].there = true;
        world_rescan(world);
        assert_true(world_did(world, "reply 5 more {\"event\":\"drive-added\""));
        core_on_client_gone(world->core, 5);
        world_forget(world);
        world->drives[0].there = false;
        world_rescan(world);
        assert_false(world_did(world, "reply"));
}

static void test_an_update_is_announced_once(void **state) {
        _cleanup_world_ World *world = world_new();
        Request request = request_of(METHOD_MONITOR, world_user(1001));

        (void)state;
        (void)world_add_drive(world, "sr0", "0043", "BTC123", "/pci/ata1");
        world_rescan(world);
        world_request(world, &request);
        world_add_entry(world, "main", "0050", "{'kind':'upgrade','from':['0043']}", "");
        world->quiet = false;
        world_forget(world);
        world_load_entries(world);
        assert_true(world_did(world, "reply 5 more {\"event\":\"update-ava"));
        world_forget(world);
        world_load_entries(world);
        assert_false(world_did(world, "reply"));
}

static void test_who_watches_sees_the_flash_that_runs(void **state) {
        _cleanup_world_ World *world = with_drive();
        Request request = request_of(METHOD_MONITOR, world_user(1001));
        const FlashPhaseNote note = { .job = 1, .phase = PHASE_WRITING, .n_done = 3, .n_total = 9 };

        (void)state;
        world_flash(world, 7, "sr0", "update", "");
        core_on_reports_done(world->core);
        world_pump(world);
        world_ready(world, 1);
        world_request(world, &request);
        assert_true(told(world, "\"phase\":\"writing\""));
        core_on_flash_phase(world->core, &note);
        world_pump(world);
        assert_true(told(world, "\"done\":3,\"total\":9"));
}

static void test_not_too_many_watch(void **state) {
        _cleanup_world_ World *world = with_drive();
        Request request = request_of(METHOD_MONITOR, world_user(1001));

        (void)state;
        for (request.client = 100; request.client < 132; request.client++)
                world_request(world, &request);
        world_expect(world, "");
        world_request(world, &request);
        world_expect(world, "reply 132 Limit\n");
        core_on_client_gone(world->core, 110);
        world_request(world, &request);
        world_expect(world, "");
}

/* A flash of sr0 that ended as OUTCOME, the drive saying REVISION. */
static World *after(Outcome outcome, const char *revision) {
        World *world = with_drive();

        world_flash(world, 7, "sr0", "update", "");
        core_on_reports_done(world->core);
        world_pump(world);
        world_ready(world, 1);
        world_end(world, 1, outcome, revision);
        world_scan(world);
        world->now += 600; /* it has done what it was doing */
        world_forget(world);
        return world;
}

static void resolve(World *world, const char *reason) {
        Request request = request_of(METHOD_RESOLVE, world_admin());

        text_format(request.reason, sizeof(request.reason), "%s", reason);
        text_format(request.drive, sizeof(request.drive), "BTC123");
        world_request(world, &request);
        world_scan(world);
}

static void test_a_drive_with_an_open_flash_is_not_flashed_again(void **state) {
        _cleanup_world_ World *world = after(OUTCOME_UNKNOWN, NULL);

        (void)state;
        (void)world_plan(world, 5, "sr0", "update", "");
        assert_int_equal(world->fault.code, FAULT_UNKNOWN_OPEN);
        resolve(world, "");
        (void)world_plan(world, 5, "sr0", "update", "");
        assert_int_equal(world->fault.code, FAULT_NONE);
}

static void test_a_drive_is_resolved_by_what_it_says(void **state) {
        static const struct {
                const char *revision, *reason, *trail, *answer;
        } cases[] = {
                { "0050", "", "trail resolve 0043>0050 verified", "reply 5 {\"outcome\":\"verifi" },
                { "0043", "", "trail resolve 0043>0043 no-change",
                  "reply 5 {\"outcome\":\"no-cha" },
                { "00XX", "", NULL, "reply 5 ReasonRequired" },
                { "00XX", "known", "trail resolve 0043>00XX unverified",
                  "reply 5 {\"outcome\":\"unveri" },
        };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                _cleanup_world_ World *world = after(OUTCOME_UNKNOWN, NULL);

                strcpy(world_record(world, 0)->revision, cases[i].revision);
                resolve(world, cases[i].reason);
                assert_true(world_did(world, cases[i].answer));
                assert_int_equal(world_did(world, "trail resolve"), cases[i].trail != NULL);
                if (cases[i].trail)
                        assert_true(world_did(world, cases[i].trail));
                assert_int_equal(world->drive.attention, cases[i].trail == NULL);
        }
}

static void test_a_drive_that_may_still_be_busy_is_not_judged_by_its_old_name(void **state) {
        _cleanup_world_ World *world = after(OUTCOME_UNKNOWN, NULL);

        (void)state;
        world->now -= 599;
        resolve(world, "");
        assert_true(world_did(world, "reply 5 DriveNotReady"));
        strcpy(world_record(world, 0)->revision, "0050");
        resolve(world, "");
        assert_true(world_did(world, "reply 5 {\"outcome\":\"verifi"));
}

static void test_a_drive_that_does_not_answer_stays_lost(void **state) {
        _cleanup_world_ World *world = after(OUTCOME_LOST, NULL);

        (void)state;
        world->drives[0].there = false;
        resolve(world, "");
        assert_true(world_did(world, "reply 5 DriveLost"));
        assert_false(world_did(world, "trail resolve"));
}

static void test_whatever_bytes_a_drive_says_it_can_be_resolved(void **state) {
        _cleanup_world_ World *world = after(OUTCOME_UNKNOWN, NULL);

        (void)state;
        strcpy(world_record(world, 0)->revision, "\xff\xfe\x01 ");
        resolve(world, "it says so");
        assert_true(world_did(world, "reply 5 {\"outcome\":\"unveri"));
}

static void test_a_resolution_that_could_not_be_recorded_did_not_happen(void **state) {
        _cleanup_world_ World *world = after(OUTCOME_UNKNOWN, NULL);
        Request request = request_of(METHOD_RESOLVE, world_admin());
        const Fault none = {};

        (void)state;
        world_request(world, &request);
        core_on_scan_drive(world->core, world_record(world, 0), world_id(world, 0));
        world_pump(world);
        world->fail_store = 1;
        core_on_scan_end(world->core, &none);
        world_pump(world);
        assert_true(world_did(world, "reply 5 Store"));
        (void)world_plan(world, 5, "sr0", "update", "");
        assert_int_equal(world->fault.code, FAULT_UNKNOWN_OPEN);
}

static void test_a_power_cycle_is_noticed_by_itself(void **state) {
        _cleanup_world_ World *world = after(OUTCOME_NEEDS_POWER_CYCLE, "0043");

        (void)state;
        assert_true(world->drive.attention);
        world_rescan(world);
        assert_true(world->drive.attention);
        strcpy(world_record(world, 0)->revision, "0050");
        world_rescan(world);
        assert_true(world_did(world, "trail resolve 0043>0050 verified"));
        assert_false(world->drive.attention);
}

static void test_nothing_open_is_nothing_to_resolve(void **state) {
        _cleanup_world_ World *world = with_drive();

        (void)state;
        resolve(world, "");
        assert_true(told(world, "nothing is open"));
        assert_false(world_did(world, "trail"));
}

static void test_the_doctor_finds_what_would_stop_an_update(void **state) {
        _cleanup_world_ World *world = with_drive();
        Request request = request_of(METHOD_DOCTOR, world_user(1001));

        (void)state;
        world_request(world, &request);
        assert_false(told(world, "\"problem\""));
        world_ask(world, 5, METHOD_HOLD, "sr0");
        world->now += 30 * 86400;
        world_request(world, &request);
        assert_true(told(world, "sr0: sr0 is held"));
        assert_true(told(world, "expired"));
        world->now -= 90 * 86400;
        world_request(world, &request);
        assert_true(told(world, "set the clock"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_everybody_looks_and_only_admins_change),
                cmocka_unit_test(test_serial_numbers_are_for_admins),
                cmocka_unit_test(test_events_tell_serial_numbers_to_admins_only),
                cmocka_unit_test(test_a_flood_of_denied_requests_does_not_fill_the_log),
                cmocka_unit_test(test_hold_and_unhold_are_recorded_before_they_are_told),
                cmocka_unit_test(test_a_hold_that_could_not_be_recorded_does_not_hold),
                cmocka_unit_test(test_questions_to_the_store_name_drives_by_id),
                cmocka_unit_test(test_a_version_too_long_is_no_version),
                cmocka_unit_test(test_monitor_wants_more_and_tells_until_its_client_leaves),
                cmocka_unit_test(test_an_update_is_announced_once),
                cmocka_unit_test(test_who_watches_sees_the_flash_that_runs),
                cmocka_unit_test(test_not_too_many_watch),
                cmocka_unit_test(test_a_drive_with_an_open_flash_is_not_flashed_again),
                cmocka_unit_test(test_a_drive_is_resolved_by_what_it_says),
                cmocka_unit_test(test_a_drive_that_may_still_be_busy_is_not_judged_by_its_old_name),
                cmocka_unit_test(test_a_drive_that_does_not_answer_stays_lost),
                cmocka_unit_test(test_whatever_bytes_a_drive_says_it_can_be_resolved),
                cmocka_unit_test(test_a_resolution_that_could_not_be_recorded_did_not_happen),
                cmocka_unit_test(test_a_power_cycle_is_noticed_by_itself),
                cmocka_unit_test(test_nothing_open_is_nothing_to_resolve),
                cmocka_unit_test(test_the_doctor_finds_what_would_stop_an_update),
        };

        return RUN_TESTS(tests);
}
