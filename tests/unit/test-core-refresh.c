/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/json.h"
#include "tests/unit/core-world.h"
#include "tests/unit/test.h"

#define DAY 86400

/* Two catalogs, "main" of two mirrors and "lab" of one, neither ever refreshed. */
static World *two_catalogs(void) {
        World *world = world_new_bare(NULL);

        world_add_catalog(world, "main", 2);
        world_add_catalog(world, "lab", 1);
        core_start(world->core);
        world_pump(world);
        world_scan(world);
        world_forget(world);
        return world;
}

static void refresh(World *world, uint64_t client, const char *catalog) {
        Request request = { .client = client, .method = METHOD_REFRESH, .caller = world_root() };

        strcpy(request.catalog, catalog);
        world_request(world, &request);
}

static const json_t *catalog_view(World *world, unsigned catalog) {
        Request request = { .client = 99,
                            .method = METHOD_LIST_CATALOGS,
                            .caller = world_user(1001) };

        world_request(world, &request);
        return json_array_get(json_object_get(world->reply, "catalogs"), catalog);
}

static const char *catalog_state(World *world, unsigned catalog) {
        return json_string_value(json_object_get(catalog_view(world, catalog), "state"));
}

static const char *mirror_state(World *world, unsigned catalog, unsigned mirror) {
        const json_t *mirrors = json_object_get(catalog_view(world, catalog), "mirrors");

        return json_string_value(json_object_get(json_array_get(mirrors, mirror), "state"));
}

static void test_every_mirror_of_every_catalog_is_asked(void **state) {
        _cleanup_world_ World *world = two_catalogs();

        (void)state;
        refresh(world, 1, "");
        world_expect(world, "ask main 0\n");
        world_mirror(world, "main", 0, FAULT_NONE, 5, world->now + DAY);
        world_expect(world, "ask main 1\n");
        world_mirror(world, "main", 1, FAULT_NONE, 5, world->now + DAY);
        world_expect(world, "save-catalog main version 5\n"
                            "trail refreshed\n"
                            "-- on disk\n"
                            "ask lab 0\n");
        world_mirror(world, "lab", 0, FAULT_NONE, 1, world->now + DAY);
        world_expect(world, "save-catalog lab version 1\n"
                            "trail refreshed\n"
                            "-- on disk\n"
                            "reply 1 {\"catalogs\":[{\"name\":\"ma\n");
        assert_string_equal(catalog_state(world, 0), "fresh");
        assert_string_equal(mirror_state(world, 0, 1), "ok");
}

static void test_one_good_mirror_among_bad_ones_suffices(void **state) {
        _cleanup_world_ World *world = two_catalogs();

        (void)state;
        for (unsigned good = 0; good < 2; good++) {
                refresh(world, 1, "main");
                for (unsigned i = 0; i < 2; i++)
                        world_mirror(world, "main", i,
                                     i == good ? FAULT_NONE : FAULT_CATALOG_SIGNATURE,
                                     i == good ? 5 : 0, world->now + DAY);
                assert_true(world_did(world, "trail refreshed"));
                assert_true(world_did(world, "reply 1 {\"catalogs\":"));
                assert_string_equal(catalog_state(world, 0), "fresh");
                assert_string_equal(mirror_state(world, 0, good), "ok");
                assert_string_equal(mirror_state(world, 0, !good), "failed");
                assert_int_equal(world->catalog.fault.code, FAULT_NONE);
                world_forget(world);
        }
}

static void test_mirrors_that_are_behind_or_frozen_are_named(void **state) {
        _cleanup_world_ World *world = two_catalogs();

        (void)state;
        refresh(world, 1, "main");
        world_mirror(world, "main", 0, FAULT_NONE, 9, world->now + DAY);
        world_mirror(world, "main", 1, FAULT_CATALOG_ROLLED_BACK, 5, world->now + DAY);
        assert_string_equal(mirror_state(world, 0, 0), "ok");
        assert_string_equal(mirror_state(world, 0, 1), "behind");
        refresh(world, 1, "main");
        world_mirror(world, "main", 0, FAULT_NONE, 9, world->now + DAY);
        world_mirror(world, "main", 1, FAULT_CATALOG_EXPIRED, 9, world->now - DAY);
        assert_string_equal(mirror_state(world, 0, 1), "frozen");
}

static void test_a_refresh_that_no_mirror_served_fails_by_its_name(void **state) {
        _cleanup_world_ World *world = two_catalogs();

        (void)state;
        refresh(world, 1, "main");
        world_mirror(world, "main", 0, FAULT_CATALOG_SIGNATURE, 0, 0);
        world_mirror(world, "main", 1, FAULT_MIRROR_UNREACHABLE, 0, 0);
        assert_true(world_did(world, "trail failed"));
        assert_true(world_did(world, "reply 1 MirrorUnreachable"));
        assert_string_equal(catalog_state(world, 0), "failed");
        assert_string_equal(catalog_state(world, 1), "never");
}

static void test_what_was_trusted_stays_so_when_a_later_refresh_fails(void **state) {
        _cleanup_world_ World *world = two_catalogs();

        (void)state;
        refresh(world, 1, "main");
        world_mirror(world, "main", 0, FAULT_NONE, 5, world->now + DAY);
        world_mirror(world, "main", 1, FAULT_NONE, 5, world->now + DAY);
        refresh(world, 1, "main");
        world_mirror(world, "main", 0, FAULT_MIRROR_UNREACHABLE, 0, 0);
        world_mirror(world, "main", 1, FAULT_MIRROR_UNREACHABLE, 0, 0);
        assert_string_equal(catalog_state(world, 0), "fresh");
        assert_int_equal(world->catalog.version, 5);
        world->now += 2 * DAY;
        assert_string_equal(catalog_state(world, 0), "expired");
}

static void test_the_clock_of_the_machine_may_jump_during_a_refresh(void **state) {
        _cleanup_world_ World *world = two_catalogs();

        (void)state;
        refresh(world, 1, "main");
        world->now -= DAY / 2;
        world_mirror(world, "main", 0, FAULT_NONE, 5, world->now + DAY);
        world_mirror(world, "main", 1, FAULT_NONE, 5, world->now + DAY);
        assert_true(world_did(world, "trail refreshed"));
        assert_true(world_did(world, "reply 1 {\"catalogs\":"));
}

static void test_whoever_comes_later_is_answered_of_the_catalog_that_was_meant(void **state) {
        _cleanup_world_ World *world = two_catalogs();

        (void)state;
        refresh(world, 1, "main");
        refresh(world, 2, "lab");
        world_mirror(world, "main", 0, FAULT_NONE, 5, world->now + DAY);
        world_mirror(world, "main", 1, FAULT_NONE, 5, world->now + DAY);
        assert_false(world_did(world, "reply"));
        assert_true(world_did(world, "ask lab 0"));
        world_mirror(world, "lab", 0, FAULT_NONE, 1, world->now + DAY);
        assert_true(world_did(world, "reply 1 {"));
        assert_true(world_did(world, "reply 2 {"));
}

static void test_nobody_waits_for_a_catalog_that_was_removed(void **state) {
        _cleanup_world_ World *world = two_catalogs();

        (void)state;
        refresh(world, 1, "main");
        core_set_catalogs(world->core, &world->configs[1], 1);
        world_pump(world);
        assert_true(world_did(world, "delete-catalog main"));
        world_mirror(world, "main", 0, FAULT_NONE, 5, world->now + DAY);
        world_mirror(world, "lab", 0, FAULT_NONE, 1, world->now + DAY);
        assert_true(world_did(world, "reply 1 {"));
        assert_false(world_did(world, "save-catalog main version 5"));
}

static void test_a_catalog_that_moved_up_in_the_list_is_asked_all_the_same(void **state) {
        _cleanup_world_ World *world = two_catalogs();

        (void)state;
        refresh(world, 1, "");
        core_set_catalogs(world->core, &world->configs[1], 1);
        world_pump(world);
        world_forget(world);
        world_mirror(world, "main", 0, FAULT_NONE, 5, world->now + DAY);
        world_expect(world, "ask lab 0\n");
}

static void test_nobody_waits_for_a_mirror_that_was_removed(void **state) {
        _cleanup_world_ World *world = two_catalogs();

        (void)state;
        refresh(world, 1, "main");
        world_mirror(world, "main", 0, FAULT_NONE, 5, world->now + DAY);
        world->configs[0].n_mirrors = 1;
        core_set_catalogs(world->core, world->configs, 2);
        world_pump(world);
        world_mirror(world, "main", 1, FAULT_NONE, 5, world->now + DAY);
        world_mirror(world, "main", 0, FAULT_NONE, 5, world->now + DAY);
        world_mirror(world, "lab", 0, FAULT_NONE, 1, world->now + DAY);
        assert_true(world_did(world, "reply 1 {"));
}

static void test_a_store_that_fails_does_not_stop_the_refresh(void **state) {
        _cleanup_world_ World *world = two_catalogs();

        (void)state;
        refresh(world, 1, "");
        world_mirror(world, "main", 0, FAULT_NONE, 5, world->now + DAY);
        world->fail_store = 1;
        world_mirror(world, "main", 1, FAULT_NONE, 5, world->now + DAY);
        assert_true(world_did(world, "ask lab 0"));
        world_mirror(world, "lab", 0, FAULT_NONE, 1, world->now + DAY);
        assert_true(world_did(world, "reply 1 {"));
}

static void test_a_drive_that_came_later_is_looked_for_at_once(void **state) {
        _cleanup_world_ World *world = world_new();

        (void)state;
        (void)world_add_drive(world, "sr0", "0043", "BTC123", "/pci/ata1");
        world_rescan(world);
        assert_true(world_did(world, "ask main 0"));
        assert_int_equal(world->n_models, 1);
        world_mirror(world, "main", 0, FAULT_MIRROR_UNREACHABLE, 0, 0);
        world_mirror(world, "main", 1, FAULT_MIRROR_UNREACHABLE, 0, 0);
        world_forget(world);
        world_rescan(world); /* not again and again while there is no network */
        assert_false(world_did(world, "ask"));
}

static void test_who_left_is_not_answered_and_takes_no_place(void **state) {
        _cleanup_world_ World *world = two_catalogs();

        (void)state;
        for (unsigned i = 1; i <= 20; i++) {
                refresh(world, i, "main");
                core_on_client_gone(world->core, i);
                world_pump(world);
        }
        refresh(world, 21, "main");
        world_mirror(world, "main", 0, FAULT_NONE, 5, world->now + DAY);
        world_mirror(world, "main", 1, FAULT_NONE, 5, world->now + DAY);
        assert_true(world_did(world, "reply 21 {"));
        for (unsigned i = 1; i <= 20; i++)
                assert_false(world_did(world, "reply 2 "));
}

static void test_a_catalog_that_nobody_configured_is_said_so(void **state) {
        _cleanup_world_ World *world = two_catalogs(), *bare = world_new_bare(NULL);

        (void)state;
        refresh(world, 1, "maim");
        world_expect(world, "reply 1 NoSuchCatalog\n");
        world_rescan(bare);
        refresh(bare, 1, "");
        world_expect(bare, "scan\nreply 1 NoCatalog\n");
}

static void test_entries_of_a_removed_catalog_are_forgotten(void **state) {
        _cleanup_world_ World *world = world_new();

        (void)state;
        (void)world_add_drive(world, "sr0", "0043", "BTC123", "/pci/ata1");
        world_add_entry(world, "main", "0050", "{'kind':'upgrade','from':['0043']}", "");
        world_rescan(world);
        world->n_entries = 0;
        core_set_catalogs(world->core, NULL, 0);
        world_pump(world);
        world_add_catalog(world, "lab", 1);
        (void)world_plan(world, 1, "sr0", "update", "0050");
        assert_int_equal(world->fault.code, FAULT_NO_SUCH_VERSION);
}

static void test_the_clock_floor_rises_by_what_was_signed_alone(void **state) {
        _cleanup_world_ World *world = world_new();

        (void)state;
        (void)world_add_drive(world, "sr0", "0043", "BTC123", "/pci/ata1");
        world_add_entry(world, "main", "0050", "{'kind':'upgrade','from':['0043']}", "");
        world_rescan(world);
        world_mirror(world, "main", 0, FAULT_NONE, 6, world->now + 9 * DAY);
        world_mirror(world, "main", 1, FAULT_NONE, 6, world->now + 9 * DAY);
        world->now -= 70000; /* behind the refresh, and not behind what was signed */
        (void)world_plan(world, 1, "sr0", "update", "");
        assert_int_equal(world->fault.code, FAULT_NONE);
        world->now -= 70000;
        (void)world_plan(world, 1, "sr0", "update", "");
        assert_int_equal(world->fault.code, FAULT_CLOCK_NOT_TRUSTWORTHY);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_mirror_of_every_catalog_is_asked),
                cmocka_unit_test(test_one_good_mirror_among_bad_ones_suffices),
                cmocka_unit_test(test_mirrors_that_are_behind_or_frozen_are_named),
                cmocka_unit_test(test_a_refresh_that_no_mirror_served_fails_by_its_name),
                cmocka_unit_test(test_what_was_trusted_stays_so_when_a_later_refresh_fails),
                cmocka_unit_test(test_the_clock_of_the_machine_may_jump_during_a_refresh),
                cmocka_unit_test(
                        test_whoever_comes_later_is_answered_of_the_catalog_that_was_meant),
                cmocka_unit_test(test_nobody_waits_for_a_catalog_that_was_removed),
                cmocka_unit_test(test_a_catalog_that_moved_up_in_the_list_is_asked_all_the_same),
                cmocka_unit_test(test_nobody_waits_for_a_mirror_that_was_removed),
                cmocka_unit_test(test_a_store_that_fails_does_not_stop_the_refresh),
                cmocka_unit_test(test_a_drive_that_came_later_is_looked_for_at_once),
                cmocka_unit_test(test_who_left_is_not_answered_and_takes_no_place),
                cmocka_unit_test(test_a_catalog_that_nobody_configured_is_said_so),
                cmocka_unit_test(test_entries_of_a_removed_catalog_are_forgotten),
                cmocka_unit_test(test_the_clock_floor_rises_by_what_was_signed_alone),
        };

        return RUN_TESTS(tests);
}
