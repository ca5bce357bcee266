/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "tests/unit/core-world.h"
#include "tests/unit/test.h"

#define UP(from)   "{'kind':'upgrade','from':['" from "']}"
#define STEP(from) "{'kind':'step','from':['" from "']}"
#define DOWN(from) "{'kind':'downgrade','from':['" from "']}"

static World *with_drive(const char *revision) {
        World *world = world_new();

        (void)world_add_drive(world, "sr0", revision, "BTC123", "/pci/ata1");
        world_rescan(world);
        world_mirror(world, "main", 0, FAULT_NONE, 5, world->now + 86400);
        world_mirror(world, "main", 1, FAULT_NONE, 5, world->now + 86400);
        world_forget(world);
        return world;
}

/* Asks for a plan; answers "0043 -> 0045 -> 0051", or the name of the refusal. */
static const char *plan(World *world, const char *kind, const char *to) {
        static char text[128];
        const json_t *steps, *step;
        size_t i;

        (void)world_plan(world, 3, "sr0", kind, to);
        if (world->fault.code != FAULT_NONE)
                return fault_name(world->fault.code);
        steps = json_object_get(json_object_get(world->reply, "plan"), "steps");
        text[0] = '\0';
        json_array_foreach(steps, i, step) {
                if (i == 0)
                        strcat(text, json_string_value(json_object_get(step, "from")));
                strcat(strcat(text, " -> "), json_string_value(json_object_get(step, "to")));
        }
        return text;
}

static void test_the_newest_is_reached_by_declared_steps(void **state) {
        _cleanup_world_ World *world = with_drive("0043");

        (void)state;
        world_add_entry(world, "main", "0045", STEP("0043"), "");
        world_add_entry(world, "main", "0051", UP("0045"), "");
        world_load_entries(world);
        assert_string_equal(plan(world, "update", ""), "0043 -> 0045 -> 0051");
        assert_string_equal(plan(world, "update", "0045"), "0043 -> 0045");
        assert_string_equal(plan(world, "update", "0051"), "0043 -> 0045 -> 0051");
}

static void test_what_runs_already_is_said_so(void **state) {
        _cleanup_world_ World *world = with_drive("0051");

        (void)state;
        world_add_entry(world, "main", "0051", UP("0045"), "");
        world_load_entries(world);
        assert_string_equal(plan(world, "update", "0051"), "AlreadyThere");
        assert_string_equal(plan(world, "update", ""), "NoUpdate");
        assert_non_null(strstr(world->fault.text, "the newest that catalog \"main\" knows"));
}

static void test_no_way_is_explained_by_what_the_image_is_for(void **state) {
        _cleanup_world_ World *world = with_drive("0043");

        (void)state;
        world_add_entry(world, "main", "0051", UP("0045") "," STEP("0050"), "");
        world_load_entries(world);
        assert_string_equal(plan(world, "update", "0051"), "NoEdge");
        assert_string_equal(world->fault.text,
                            "0051 is for drives that run 0045, 0050; sr0 runs 0043");
        assert_string_equal(plan(world, "update", "0099"), "NoSuchVersion");
        assert_string_equal(plan(world, "update", ""), "NoUpdate");
        assert_string_equal(world->fault.text,
                            "sr0 runs 0043, which no entry for this model starts from");
}

static void test_an_older_version_is_not_an_update(void **state) {
        _cleanup_world_ World *world = with_drive("0050");

        (void)state;
        world_add_entry(world, "main", "0043", DOWN("0050"), "");
        world_load_entries(world);
        assert_string_equal(plan(world, "update", "0043"), "NoEdge");
        assert_string_equal(world->fault.text,
                            "from 0050 to 0043 catalog \"main\" has a downgrade only");
        assert_string_equal(plan(world, "rollback", "0043"), "0050 -> 0043");
        assert_string_equal(plan(world, "rollback", ""), "0050 -> 0043");
}

static void test_an_update_is_not_a_way_back(void **state) {
        _cleanup_world_ World *world = with_drive("0043");

        (void)state;
        world_add_entry(world, "main", "0050", UP("0043"), "");
        world_load_entries(world);
        assert_string_equal(plan(world, "rollback", ""), "NoWayBack");
        assert_string_equal(plan(world, "rollback", "0050"), "NoWayBack");
}

static void test_what_was_withdrawn_is_not_offered(void **state) {
        _cleanup_world_ World *world = with_drive("0043");

        (void)state;
        world_add_entry(world, "main", "0050", UP("0043"), ",'withdrawn':'bricks drives'");
        world_load_entries(world);
        assert_string_equal(plan(world, "update", "0050"), "Withdrawn");
        assert_string_equal(world->fault.text, "0050 was withdrawn: bricks drives");
        assert_string_equal(plan(world, "update", ""), "NoUpdate");
}

static void test_a_drive_that_is_held_is_left_alone(void **state) {
        _cleanup_world_ World *world = with_drive("0043");

        (void)state;
        world_add_entry(world, "main", "0050", UP("0043"), "");
        world_load_entries(world);
        world_ask(world, 3, METHOD_HOLD, "sr0");
        assert_string_equal(plan(world, "update", ""), "Held");
        world_ask(world, 3, METHOD_UNHOLD, "sr0");
        assert_string_equal(plan(world, "update", ""), "0043 -> 0050");
}

static void test_a_drive_that_left_or_is_silent_is_said_so(void **state) {
        _cleanup_world_ World *world = with_drive("0043");

        (void)state;
        world_add_entry(world, "main", "0050", UP("0043"), "");
        world_load_entries(world);
        world_record(world, 0)->fault =
                (Fault){ .code = FAULT_DRIVE_SILENT, .text = "no answer in 10 s" };
        world_rescan(world);
        assert_string_equal(plan(world, "update", ""), "DriveSilent");
        assert_string_equal(world->fault.text, "sr0 cannot be read: no answer in 10 s");
        world->drives[0].there = false;
        world_rescan(world);
        (void)world_plan(world, 3, "BTC123", "update", "");
        assert_int_equal(world->fault.code, FAULT_DRIVE_GONE);
}

static void test_an_expired_catalog_gives_no_updates(void **state) {
        _cleanup_world_ World *world = with_drive("0043");

        (void)state;
        world_add_entry(world, "main", "0050", UP("0043"), "");
        world_load_entries(world);
        world->now += 2 * 86400;
        assert_string_equal(plan(world, "update", ""), "CatalogExpired");
        assert_string_equal(plan(world, "update", "0050"), "CatalogExpired");
}

static void test_an_expired_catalog_is_no_matter_where_a_fresh_one_knows_the_drive(void **state) {
        _cleanup_world_ World *world = with_drive("0043");

        (void)state;
        world_add_catalog(world, "lab", 1);
        world_add_entry(world, "main", "0050", UP("0043"), "");
        world_add_entry(world, "lab", "0043", UP("0042"), "");
        world->now += 2 * 86400;
        world_ask(world, 3, METHOD_REFRESH, "");
        world_mirror(world, "main", 0, FAULT_MIRROR_UNREACHABLE, 0, 0);
        world_mirror(world, "main", 1, FAULT_MIRROR_UNREACHABLE, 0, 0);
        world_mirror(world, "lab", 0, FAULT_NONE, 1, world->now + 86400);
        assert_string_equal(plan(world, "update", ""), "NoUpdate");
        assert_string_equal(plan(world, "update", "0050"), "CatalogExpired");
}

static Request flash_as(World *world, Caller caller, const char *kind, const char *reason) {
        Request request = world_plan(world, 3, "sr0", kind, "");

        assert_int_equal(world->fault.code, FAULT_NONE);
        request.caller = caller;
        request.more = true;
        request.reason[0] = '\0';
        strcat(request.reason, reason);
        world_forget(world);
        world_request(world, &request);
        return request;
}

static void test_going_back_from_an_expired_catalog_needs_root_and_a_reason(void **state) {
        _cleanup_world_ World *world = with_drive("0050");

        (void)state;
        world_add_entry(world, "main", "0043", DOWN("0050"), "");
        world_load_entries(world);
        world_have_image(world, "0043");
        world->now += 2 * 86400;
        (void)flash_as(world, world_admin(), "rollback", "it is worse");
        assert_true(world_did(world, "reply 3 CatalogExpired"));
        (void)flash_as(world, world_root(), "rollback", "");
        assert_true(world_did(world, "reply 3 CatalogExpired"));
        (void)flash_as(world, world_root(), "rollback", "it is worse");
        assert_true(world_did(world, "trail rollback-expired"));
        core_on_reports_done(world->core);
        world_pump(world);
        assert_true(world->plan.allow_expired);
        assert_int_equal(world->plan.kind, FLASH_DOWNGRADE);
}

static void test_a_clock_before_the_last_signature_is_not_trusted(void **state) {
        _cleanup_world_ World *world = with_drive("0043");

        (void)state;
        world_add_entry(world, "main", "0050", UP("0043"), "");
        world_load_entries(world);
        world->now -= 30 * 86400;
        assert_string_equal(plan(world, "update", ""), "ClockNotTrustworthy");
}

static void test_a_transport_that_was_not_tried_is_refused(void **state) {
        _cleanup_world_ World *world = with_drive("0043");

        (void)state;
        world_add_entry(world, "main", "0050", UP("0043"), "");
        world_load_entries(world);
        world_record(world, 0)->attachment = ATTACHED_USB;
        world_rescan(world);
        assert_string_equal(plan(world, "update", ""), "TransportNotAllowed");
}

static void test_another_hardware_of_the_same_name_is_told_apart(void **state) {
        _cleanup_world_ World *world = with_drive("0043");

        (void)state;
        world_add_entry(world, "main", "0050", UP("0043"),
                        ",'masks':[{'offset':40,'mask':'ff','value':'41'}]");
        world_load_entries(world);
        assert_string_equal(plan(world, "update", ""), "NoUpdate");
        assert_string_equal(plan(world, "update", "0050"), "NoEdge");
        assert_non_null(strstr(world->fault.text, "another hardware"));
        world_record(world, 0)->inquiry[40] = 0x41;
        world_rescan(world);
        assert_string_equal(plan(world, "update", ""), "0043 -> 0050");
}

static void test_a_family_that_nobody_here_can_flash_is_said_so(void **state) {
        _cleanup_world_ World *world = with_drive("0043");

        (void)state;
        world_add_entry(world, "main", "0050", UP("0043"), ",'family':'other'");
        world_load_entries(world);
        assert_string_equal(plan(world, "update", ""), "UnknownFamily");
}

static void test_a_reflash_writes_what_is_there(void **state) {
        _cleanup_world_ World *world = with_drive("0050");

        (void)state;
        world_add_entry(world, "main", "0050", UP("0043") ",{'kind':'reflash','from':['0050']}",
                        "");
        world_load_entries(world);
        assert_string_equal(plan(world, "reflash", ""), "0050 -> 0050");
        assert_string_equal(plan(world, "reflash", "0050"), "0050 -> 0050");
        assert_string_equal(plan(world, "reflash", "0043"), "NoEdge");
}

static void test_without_a_catalog_there_is_a_word_for_it(void **state) {
        _cleanup_world_ World *world = world_new_bare(NULL);

        (void)state;
        (void)world_add_drive(world, "sr0", "0043", "", "/pci/ata1");
        core_start(world->core);
        world_pump(world);
        world_scan(world);
        assert_string_equal(plan(world, "update", ""), "NoCatalog");
        assert_string_equal(plan(world, "update", "0050"), "NoCatalog");
}

static void test_a_reason_is_asked_for_where_root_wants_one(void **state) {
        static const struct {
                ReasonPolicy policy;
                bool update, rollback;
        } cases[] = {
                { REASON_NEVER, false, false },
                { REASON_ROLLBACK, false, true },
                { REASON_ALWAYS, true, true },
        };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(cases); i++)
                for (unsigned back = 0; back < 2; back++) {
                        const Settings settings = { .reason = cases[i].policy };
                        _cleanup_world_ World *world = world_new_bare(&settings);
                        bool wanted = back ? cases[i].rollback : cases[i].update;

                        world_add_catalog(world, "main", 1);
                        (void)world_add_drive(world, "sr0", "0043", "BTC123", "/pci/ata1");
                        world_add_entry(world, "main", "0050", UP("0043"), "");
                        world_add_entry(world, "main", "0042", DOWN("0043"), "");
                        core_start(world->core);
                        world_pump(world);
                        world_scan(world);
                        world_ask(world, 3, METHOD_REFRESH, "");
                        world_mirror(world, "main", 0, FAULT_NONE, 1, world->now + 86400);
                        (void)flash_as(world, world_root(), back ? "rollback" : "update", "");
                        assert_int_equal(world_did(world, "reply 3 ReasonRequired"), wanted);
                }
}

static void test_the_digest_changes_with_whatever_was_agreed_to(void **state) {
        static const char *const changes[] = {
                ",'hazards':['three hardwares share this name']",
                ",'sources':['http://elsewhere.example/']", /* other bytes: another SHA-256 */
                ",'after':{'power_cycle':true}",
        };
        _cleanup_world_ World *plain = with_drive("0043");
        Request first;

        (void)state;
        world_add_entry(plain, "main", "0050", UP("0043"), "");
        world_load_entries(plain);
        first = world_plan(plain, 3, "sr0", "update", "");
        assert_int_equal(strlen(first.digest), 64);
        assert_string_equal(world_plan(plain, 3, "sr0", "update", "0050").digest, first.digest);
        for (size_t i = 0; i < N_ELEMENTS(changes); i++) {
                _cleanup_world_ World *world = with_drive("0043");

                world_add_entry(world, "main", "0050", UP("0043"), changes[i]);
                world_load_entries(world);
                /* Of the entry as such, and not only of its hash. */
                if (i != 1)
                        memcpy(world->entries[0].sha256, plain->entries[0].sha256, 32);
                world_load_entries(world);
                assert_string_not_equal(world_plan(world, 3, "sr0", "update", "").digest,
                                        first.digest);
        }
}

static void test_the_digest_names_drive_way_and_catalog(void **state) {
        _cleanup_world_ World *one = with_drive("0043"), *serial = world_new(), *edge = NULL;
        _cleanup_world_ World *lab = with_drive("0043");
        Request first;

        (void)state;
        world_add_entry(one, "main", "0050", UP("0043"), "");
        world_load_entries(one);
        first = world_plan(one, 3, "sr0", "update", "");

        (void)world_add_drive(serial, "sr0", "0043", "BTC999", "/pci/ata1");
        serial->entries[serial->n_entries++] = one->entries[0];
        world_rescan(serial);
        assert_string_not_equal(world_plan(serial, 3, "sr0", "update", "").digest, first.digest);

        edge = with_drive("0043");
        world_add_entry(edge, "main", "0050",
                        "{'kind':'upgrade','from':['0043'],'irreversible':'new keys'}", "");
        memcpy(edge->entries[0].sha256, one->entries[0].sha256, 32);
        world_load_entries(edge);
        assert_string_not_equal(world_plan(edge, 3, "sr0", "update", "").digest, first.digest);

        world_add_catalog(lab, "lab", 1);
        lab->entries[lab->n_entries] = one->entries[0];
        strcpy(lab->entries[lab->n_entries++].catalog, "lab");
        world_ask(lab, 3, METHOD_REFRESH, "");
        world_mirror(lab, "main", 0, FAULT_NONE, 5, lab->now + 86400);
        world_mirror(lab, "main", 1, FAULT_NONE, 5, lab->now + 86400);
        world_mirror(lab, "lab", 0, FAULT_NONE, 1, lab->now + 86400);
        assert_string_equal(plan(lab, "update", ""), "0043 -> 0050");
        assert_string_not_equal(world_plan(lab, 3, "sr0", "update", "").digest, first.digest);
}

static void test_everybody_may_see_a_plan(void **state) {
        _cleanup_world_ World *world = with_drive("0043");
        Request request = { .client = 4,
                            .method = METHOD_PLAN_FLASH,
                            .caller = world_user(1001),
                            .drive = "sr0",
                            .kind = "update" };

        (void)state;
        world_add_entry(world, "main", "0050", UP("0043"), "");
        world_load_entries(world);
        world_forget(world);
        world_request(world, &request);
        assert_true(world_did(world, "reply 4 {\"plan\":"));
}

/* An answer is never empty, whatever is asked for. */
static void test_why_names_each_check(void **state) {
        _cleanup_world_ World *world = with_drive("0043");
        Request request = { .client = 4, .method = METHOD_WHY, .caller = world_user(1001) };
        _cleanup_free_ char *text = NULL;

        (void)state;
        strcpy(request.drive, "sr0");
        strcpy(request.version, "0051");
        world_request(world, &request);
        assert_true(json_array_size(json_object_get(world->reply, "checks")) > 0);
        world_add_entry(world, "main", "0051", UP("0050"), "");
        world_add_entry(world, "main", "0050", UP("0043"), "");
        world_load_entries(world);
        world_request(world, &request);
        text = json_text(world->reply);
        assert_non_null(strstr(text, "0043 to 0051 in 2 steps"));
        assert_non_null(strstr(text, "\"offered\":true"));
        assert_non_null(strstr(text, "\"nearest\":[\"0043 -> 0050\",\"0043 -> 0050 -> 0051\"]"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_newest_is_reached_by_declared_steps),
                cmocka_unit_test(test_what_runs_already_is_said_so),
                cmocka_unit_test(test_no_way_is_explained_by_what_the_image_is_for),
                cmocka_unit_test(test_an_older_version_is_not_an_update),
                cmocka_unit_test(test_an_update_is_not_a_way_back),
                cmocka_unit_test(test_what_was_withdrawn_is_not_offered),
                cmocka_unit_test(test_a_drive_that_is_held_is_left_alone),
                cmocka_unit_test(test_a_drive_that_left_or_is_silent_is_said_so),
                cmocka_unit_test(test_an_expired_catalog_gives_no_updates),
                cmocka_unit_test(
                        test_an_expired_catalog_is_no_matter_where_a_fresh_one_knows_the_drive),
                cmocka_unit_test(test_going_back_from_an_expired_catalog_needs_root_and_a_reason),
                cmocka_unit_test(test_a_clock_before_the_last_signature_is_not_trusted),
                cmocka_unit_test(test_a_transport_that_was_not_tried_is_refused),
                cmocka_unit_test(test_another_hardware_of_the_same_name_is_told_apart),
                cmocka_unit_test(test_a_family_that_nobody_here_can_flash_is_said_so),
                cmocka_unit_test(test_a_reflash_writes_what_is_there),
                cmocka_unit_test(test_without_a_catalog_there_is_a_word_for_it),
                cmocka_unit_test(test_a_reason_is_asked_for_where_root_wants_one),
                cmocka_unit_test(test_the_digest_changes_with_whatever_was_agreed_to),
                cmocka_unit_test(test_the_digest_names_drive_way_and_catalog),
                cmocka_unit_test(test_everybody_may_see_a_plan),
                cmocka_unit_test(test_why_names_each_check),
        };

        return RUN_TESTS(tests);
}
