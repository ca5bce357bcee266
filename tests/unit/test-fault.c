/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/fault.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/test.h"

static void test_every_code_has_a_name_of_its_own(void **state) {
        (void)state;
        for (unsigned i = 0; fault_nth(i) != FAULT_NONE; i++)
                for (unsigned k = 0; k < i; k++) {
                        assert_int_not_equal(fault_nth(i), fault_nth(k));
                        assert_string_not_equal(fault_name(fault_nth(i)), fault_name(fault_nth(k)));
                        assert_string_not_equal(fault_message_id(fault_nth(i)),
                                                fault_message_id(fault_nth(k)));
                }
}

static void test_a_name_leads_back_to_its_code(void **state) {
        (void)state;
        for (unsigned i = 0; fault_nth(i) != FAULT_NONE; i++) {
                assert_int_equal(fault_from_name(fault_name(fault_nth(i))), fault_nth(i));
                assert_int_equal(fault_from_name(fault_varlink_name(fault_nth(i))), fault_nth(i));
                assert_true(fault_code_valid((uint32_t)fault_nth(i)));
                assert_int_equal(strlen(fault_message_id(fault_nth(i))), 32);
        }
        assert_int_equal(fault_from_name("org.discfw.Nonsense"), FAULT_NONE);
        assert_false(fault_code_valid(12345));
}

static void test_an_unknown_code_reads_as_internal(void **state) {
        (void)state;
        assert_string_equal(fault_name((FaultCode)12345), "Internal");
}

static void test_context_reads_from_the_outside_in(void **state) {
        Fault fault = {};

        (void)state;
        assert_int_equal(fault_set(&fault, FAULT_IMAGE_MISMATCH, "length is %d", 5), -EBADE);
        assert_int_equal(fault_prefix(&fault, "cannot verify %s", "image"), -EBADE);
        assert_string_equal(fault.text, "cannot verify image: length is 5");
        assert_int_equal(fault.code, FAULT_IMAGE_MISMATCH);
}

static void test_context_that_does_not_fit_leaves_the_cause(void **state) {
        Fault fault = {};
        char lots[FAULT_TEXT_MAX];

        (void)state;
        memset(lots, 'x', sizeof(lots) - 1);
        lots[sizeof(lots) - 1] = '\0';
        (void)fault_set(&fault, FAULT_STORE, "cause");
        (void)fault_prefix(&fault, "%s", lots);
        assert_string_equal(fault.text, "cause");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_code_has_a_name_of_its_own),
                cmocka_unit_test(test_a_name_leads_back_to_its_code),
                cmocka_unit_test(test_an_unknown_code_reads_as_internal),
                cmocka_unit_test(test_context_reads_from_the_outside_in),
                cmocka_unit_test(test_context_that_does_not_fit_leaves_the_cause),
        };

        return RUN_TESTS(tests);
}
