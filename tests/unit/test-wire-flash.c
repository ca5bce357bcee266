/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/flash.h"

#include <string.h>

#include "tests/unit/test.h"

static const FlashPlan plan = {
        .job = 7,
        .node = "sg1",
        .identity = "        DVDRW IDE1004   ",
        .revision = "0043",
        .serial = "K8L0123456",
        .devpath = "pci0000:00/0000:00:1f.2/ata1/host0",
        .catalog = "btc",
        .target = "drive/20/0051.bin",
        .to = "0051",
        .kind = FLASH_DOWNGRADE,
        .allow_expired = true,
};

static const FlashEnd end = {
        .job = UINT64_MAX,
        .outcome = OUTCOME_NO_CHANGE,
        .fault = { .code = FAULT_NO_CHANGE, .text = "the drive says \"0043\" as before" },
        .sense = "4/40/F6 vendor specific",
        .identity_known = true,
        .identity = "        DVDRW IDE1004   ",
        .revision = "0 43",
        .node = "sg2",
        .n_sent = 258,
        .duration_ms = 123456,
        .before = { .done = 17, .errors = 2, .timeouts = 0 },
        .counted_anew = true,
        .after = { .done = 0x7fffffffffffffff, .errors = 0, .timeouts = -1 },
        .region_after = { .known = true,
                          .state = 3,
                          .vendor_resets = 4,
                          .user_changes = 5,
                          .mask = 0xfd,
                          .scheme = 1 },
};

static void test_what_was_encoded_is_what_is_decoded(void **state) {
        uint8_t bytes[WIRE_MESSAGE_MAX];
        FlashPlan plan_back;
        FlashEnd end_back;
        FlashReady ready = { .job = 1, .expected_ms = 600000, .before = { 1, 2, 3 } }, ready_back;
        FlashPhaseNote note = { .job = 1, .phase = PHASE_SETTLING, .n_done = 2, .n_total = 3 };
        FlashPhaseNote note_back;
        uint64_t job;
        size_t n;

        (void)state;
        n = flash_plan_encode(&plan, bytes, sizeof(bytes));
        assert_true(flash_plan_decode(bytes, n, &plan_back));
        assert_memory_equal(&plan, &plan_back, sizeof(plan));
        n = flash_end_encode(&end, bytes, sizeof(bytes));
        assert_true(flash_end_decode(bytes, n, &end_back));
        assert_int_equal(end_back.job, UINT64_MAX);
        assert_int_equal(end_back.outcome, OUTCOME_NO_CHANGE);
        assert_string_equal(end_back.fault.text, end.fault.text);
        assert_string_equal(end_back.sense, end.sense);
        assert_memory_equal(end_back.identity, end.identity, IDENTITY_LENGTH);
        assert_string_equal(end_back.revision, end.revision);
        assert_string_equal(end_back.node, end.node);
        assert_memory_equal(&end_back.before, &end.before, sizeof(end.before));
        assert_memory_equal(&end_back.after, &end.after, sizeof(end.after));
        assert_true(end_back.counted_anew);
        assert_memory_equal(&end_back.region_after, &end.region_after, sizeof(Region));
        assert_int_equal(end_back.n_sent, 258);
        assert_int_equal(end_back.duration_ms, 123456);
        n = flash_ready_encode(&ready, bytes, sizeof(bytes));
        assert_true(flash_ready_decode(bytes, n, &ready_back));
        assert_memory_equal(&ready, &ready_back, sizeof(ready));
        n = flash_phase_encode(&note, bytes, sizeof(bytes));
        assert_true(flash_phase_decode(bytes, n, &note_back));
        assert_memory_equal(&note, &note_back, sizeof(note));
        n = flash_job_encode(9, bytes, sizeof(bytes));
        assert_true(flash_job_decode(bytes, n, &job));
        assert_int_equal(job, 9);
}

static void test_a_missing_and_an_extra_byte_are_refused(void **state) {
        uint8_t bytes[WIRE_MESSAGE_MAX] = {};
        FlashPlan plan_back = { .job = 99 };
        FlashEnd end_back = { .job = 99 };
        size_t n;

        (void)state;
        n = flash_plan_encode(&plan, bytes, sizeof(bytes));
        for (size_t i = 0; i < n; i++)
                assert_false(flash_plan_decode(bytes, i, &plan_back));
        assert_false(flash_plan_decode(bytes, n + 1, &plan_back));
        assert_int_equal(plan_back.job, 99);
        n = flash_end_encode(&end, bytes, sizeof(bytes));
        for (size_t i = 0; i < n; i++)
                assert_false(flash_end_decode(bytes, i, &end_back));
        assert_false(flash_end_decode(bytes, n + 1, &end_back));
        assert_int_equal(end_back.job, 99);
}

static void test_nothing_is_written_where_the_room_is_too_small(void **state) {
        uint8_t bytes[WIRE_MESSAGE_MAX];
        size_t n = flash_end_encode(&end, bytes, sizeof(bytes));

        (void)state;
        for (size_t i = 0; i < n; i++)
                assert_int_equal(flash_end_encode(&end, bytes, i), 0);
}

static void assert_plan_refused(const FlashPlan *bad) {
        uint8_t bytes[WIRE_MESSAGE_MAX];
        FlashPlan back;
        size_t n = flash_plan_encode(bad, bytes, sizeof(bytes));

        assert_true(n > 0);
        assert_false(flash_plan_decode(bytes, n, &back));
}

static void test_values_out_of_range_are_refused(void **state) {
        FlashPlan bad = plan;

        (void)state;
        bad.job = 0;
        assert_plan_refused(&bad);
        bad = plan;
        bad.kind = _FLASH_KIND_MAX;
        assert_plan_refused(&bad);
        bad = plan;
        strcpy(bad.revision, "43");
        assert_plan_refused(&bad);
        bad = plan;
        strcpy(bad.to, "");
        assert_plan_refused(&bad);
}

static void assert_end_refused(const FlashEnd *bad) {
        uint8_t bytes[WIRE_MESSAGE_MAX];
        FlashEnd back;
        size_t n = flash_end_encode(bad, bytes, sizeof(bytes));

        assert_true(n > 0);
        assert_false(flash_end_decode(bytes, n, &back));
}

static void test_an_end_says_why_unless_it_is_good(void **state) {
        FlashEnd bad = end;

        (void)state;
        bad.outcome = OUTCOME_VERIFIED;
        assert_end_refused(&bad);
        bad = end;
        bad.fault = (Fault){};
        assert_end_refused(&bad);
        bad = end;
        bad.outcome = _OUTCOME_MAX;
        assert_end_refused(&bad);
        bad = end;
        bad.fault.code = (FaultCode)999;
        assert_end_refused(&bad);
        bad = end;
        bad.after.done = -2;
        assert_end_refused(&bad);
        bad = end;
        bad.region_after.state = 4;
        assert_end_refused(&bad);
        bad = end;
        bad.job = 0;
        assert_end_refused(&bad);
}

static void test_names_and_numbers_of_outcomes_are_for_ever(void **state) {
        static const char *const names[] = {
                "refused",           "failed-unharmed", "no-change", "verified", "unverified",
                "needs-power-cycle", "recovery-mode",   "lost",      "unknown"
        };
        Outcome outcome = OUTCOME_LOST;

        (void)state;
        assert_int_equal(N_ELEMENTS(names), _OUTCOME_MAX);
        for (unsigned i = 0; i < _OUTCOME_MAX; i++) {
                assert_string_equal(outcome_name((Outcome)i), names[i]);
                assert_true(outcome_from_name(names[i], &outcome));
                assert_int_equal(outcome, i);
                assert_int_equal(outcome_fault((Outcome)i) == FAULT_NONE, i == OUTCOME_VERIFIED);
        }
        outcome = OUTCOME_LOST;
        assert_false(outcome_from_name("Verified", &outcome));
        assert_int_equal(outcome, OUTCOME_LOST);
        assert_int_equal(outcome_fault(_OUTCOME_MAX), FAULT_OUTCOME_UNKNOWN);
}

static void test_kinds_and_phases_have_names(void **state) {
        (void)state;
        for (unsigned i = 0; i < _FLASH_KIND_MAX; i++)
                for (unsigned k = 0; k < i; k++)
                        assert_string_not_equal(flash_kind_name((FlashKind)i),
                                                flash_kind_name((FlashKind)k));
        for (unsigned i = 0; i < _PHASE_MAX; i++)
                assert_true(strlen(flash_phase_name((FlashPhase)i)) > 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_was_encoded_is_what_is_decoded),
                cmocka_unit_test(test_a_missing_and_an_extra_byte_are_refused),
                cmocka_unit_test(test_nothing_is_written_where_the_room_is_too_small),
                cmocka_unit_test(test_values_out_of_range_are_refused),
                cmocka_unit_test(test_an_end_says_why_unless_it_is_good),
                cmocka_unit_test(test_names_and_numbers_of_outcomes_are_for_ever),
                cmocka_unit_test(test_kinds_and_phases_have_names),
        };

        return RUN_TESTS(tests);
}
