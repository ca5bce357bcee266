/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When the process may end: never while something would be lost or somebody waits. */
#include "tests/unit/core-world.h"
#include "tests/unit/test.h"

static void test_a_daemon_without_work_is_idle(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        assert_true(core_idle(world->core));
        world_ask(world, 7, METHOD_LIST_DRIVES, "");
        assert_true(core_idle(world->core));
}

static void test_a_scan_is_work(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        core_on_hotplug(world->core);
        assert_false(core_idle(world->core)); /* an effect waits */
        world_pump(world);
        assert_false(core_idle(world->core));
        core_on_hotplug(world->core); /* something more was plugged in */
        world_pump(world);
        world_scan(world);
        assert_false(core_idle(world->core));
        world_scan(world);
        assert_true(core_idle(world->core));
}

static void test_a_scan_that_failed_is_over(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        core_on_hotplug(world->core);
        world_pump(world);
        world_scan_failed(world, FAULT_HELPER_DIED);
        assert_true(core_idle(world->core));
}

static void test_a_refresh_is_work_until_its_last_mirror(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        world_ask(world, 7, METHOD_REFRESH, "");
        assert_false(core_idle(world->core));
        world_mirror(world, "main", 0, FAULT_NONE, 6, world->now + 86400);
        assert_false(core_idle(world->core));
        world_mirror(world, "main", 1, FAULT_MIRROR_UNREACHABLE, 0, 0);
        assert_true(core_idle(world->core));
}

static void test_a_flash_is_work_from_the_order_to_its_record(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        world_flash(world, 7, "sr0", "update", "");
        assert_false(core_idle(world->core));
        world_reports_done(world);
        assert_false(core_idle(world->core));
        world_ready(world, 1);
        assert_false(core_idle(world->core));
        core_on_client_gone(world->core, 7);
        assert_false(core_idle(world->core));
        world->fail_store = 1;
        world_end(world, 1, OUTCOME_NO_CHANGE, "0043");
        assert_false(core_idle(world->core));
        /* It is tried again at the next occasion. */
        world_ask(world, 8, METHOD_LIST_DRIVES, "");
        world_scan(world);
        assert_true(world_did(world, "trail flash-outcome"));
        assert_true(core_idle(world->core));
}

static void test_a_flash_whose_helper_is_gone_is_work_until_its_journal_was_asked(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        world_go(world);
        world_helper_gone(world);
        assert_false(core_idle(world->core));
        world_reports_done(world);
        world_scan(world);
        assert_true(core_idle(world->core));
}

static void test_who_listens_or_waits_is_not_left(void **state) {
        _cleanup_world_ World *world = world_one_step();

        (void)state;
        world_request(world, &(Request){ .client = 9,
                                         .method = METHOD_MONITOR,
                                         .caller = world_root(),
                                         .more = true });
        assert_false(core_idle(world->core));
        core_on_client_gone(world->core, 9);
        assert_true(core_idle(world->core));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_daemon_without_work_is_idle),
                cmocka_unit_test(test_a_scan_is_work),
                cmocka_unit_test(test_a_scan_that_failed_is_over),
                cmocka_unit_test(test_a_refresh_is_work_until_its_last_mirror),
                cmocka_unit_test(test_a_flash_is_work_from_the_order_to_its_record),
                cmocka_unit_test(
                        test_a_flash_whose_helper_is_gone_is_work_until_its_journal_was_asked),
                cmocka_unit_test(test_who_listens_or_waits_is_not_left),
        };

        return RUN_TESTS(tests);
}
