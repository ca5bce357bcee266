/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/order.h"

#include <errno.h>

#include "tests/unit/test.h"

static FaultCode say(Order *order, uint16_t kind, unsigned n_fds) {
        Message message = { .kind = kind, .n_fds = n_fds };
        Fault fault = {};
        int r;

        r = order_check(order, &message, &fault);
        assert_int_equal(r, fault.code == FAULT_NONE ? 0 : -EBADE);
        return fault.code;
}

static void test_a_flash_goes_its_way(void **state) {
        Order helper = {}, daemon = {};

        (void)state;
        assert_int_equal(say(&helper, MESSAGE_FLASH_PLAN, 2), FAULT_NONE);
        assert_int_equal(say(&daemon, MESSAGE_FLASH_READY, 0), FAULT_NONE);
        assert_int_equal(say(&helper, MESSAGE_FLASH_GO, 1), FAULT_NONE);
        for (int i = 0; i < 3; i++)
                assert_int_equal(say(&daemon, MESSAGE_FLASH_PHASE, 0), FAULT_NONE);
        assert_int_equal(say(&daemon, MESSAGE_FLASH_END, 0), FAULT_NONE);
        assert_int_equal(say(&helper, MESSAGE_FLASH_ACK, 0), FAULT_NONE);
}

static void test_go_before_a_plan_is_refused(void **state) {
        (void)state;
        assert_int_equal(say(&(Order){}, MESSAGE_FLASH_GO, 0), FAULT_PROTOCOL);
        assert_int_equal(say(&(Order){}, MESSAGE_FLASH_ACK, 0), FAULT_PROTOCOL);
        assert_int_equal(say(&(Order){}, MESSAGE_FLASH_PHASE, 0), FAULT_PROTOCOL);
        assert_int_equal(say(&(Order){}, MESSAGE_VERIFY_GO, 0), FAULT_PROTOCOL);
}

static void test_nothing_flashes_twice_for_one_order(void **state) {
        Order order = {};

        (void)state;
        assert_int_equal(say(&order, MESSAGE_FLASH_PLAN, 2), FAULT_NONE);
        assert_int_equal(say(&order, MESSAGE_FLASH_PLAN, 2), FAULT_PROTOCOL);
        assert_int_equal(say(&order, MESSAGE_FLASH_GO, 0), FAULT_NONE);
        assert_int_equal(say(&order, MESSAGE_FLASH_GO, 0), FAULT_PROTOCOL);
}

static void test_a_refused_message_does_not_count_as_said(void **state) {
        Order order = {};

        (void)state;
        assert_int_equal(say(&order, MESSAGE_FLASH_PLAN, 1), FAULT_PROTOCOL);
        assert_int_equal(say(&order, MESSAGE_FLASH_GO, 0), FAULT_PROTOCOL);
}

static void test_an_acknowledgement_may_follow_a_report_too(void **state) {
        Order order = {};

        (void)state;
        assert_int_equal(say(&order, MESSAGE_FLASH_REPORT, 0), FAULT_NONE);
        assert_int_equal(say(&order, MESSAGE_FLASH_ACK, 0), FAULT_NONE);
        assert_int_equal(say(&order, MESSAGE_FLASH_ACK, 0), FAULT_NONE);
}

static void test_descriptors_where_none_belong_are_refused(void **state) {
        (void)state;
        assert_int_equal(say(&(Order){}, MESSAGE_FETCH_GET, 0), FAULT_PROTOCOL);
        assert_int_equal(say(&(Order){}, MESSAGE_FETCH_GET, 1), FAULT_NONE);
        assert_int_equal(say(&(Order){}, MESSAGE_FETCH_GET, 2), FAULT_PROTOCOL);
        assert_int_equal(say(&(Order){}, MESSAGE_FETCH_DONE, 1), FAULT_PROTOCOL);
        assert_int_equal(say(&(Order){}, MESSAGE_PROBE_DRIVE, 1), FAULT_PROTOCOL);
        assert_int_equal(say(&(Order){}, MESSAGE_FLASH_END, 1), FAULT_PROTOCOL);
}

static void test_unknown_kinds_are_refused(void **state) {
        Order order = {};

        (void)state;
        assert_int_equal(say(&order, 0, 0), FAULT_PROTOCOL);
        assert_int_equal(say(&order, 0xffff, 0), FAULT_PROTOCOL);
        assert_int_equal(order.seen, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_flash_goes_its_way),
                cmocka_unit_test(test_go_before_a_plan_is_refused),
                cmocka_unit_test(test_nothing_flashes_twice_for_one_order),
                cmocka_unit_test(test_a_refused_message_does_not_count_as_said),
                cmocka_unit_test(test_an_acknowledgement_may_follow_a_report_too),
                cmocka_unit_test(test_descriptors_where_none_belong_are_refused),
                cmocka_unit_test(test_unknown_kinds_are_refused),
        };

        return RUN_TESTS(tests);
}
