/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flash/machine.h"

#include <string.h>

#include "tests/unit/test.h"

typedef struct Way {
        FlashState from;
        FlashEvent event;
        FlashState to;
} Way;

/* Whatever can happen in whatever state. */
static Way ways[_FLASH_STATE_MAX * _FLASH_EVENT_MAX];
static size_t n_ways;

static void find_ways(void) {
        for (FlashState s = 0; s < _FLASH_STATE_MAX; s++)
                for (FlashEvent e = 0; e < _FLASH_EVENT_MAX && !flash_state_is_final(s); e++)
                        ways[n_ways++] = (Way){ s, e, flash_next(s, e) };
}

static void test_a_drive_is_touched_only_after_go_with_the_first_write_on_disk(void **state) {
        (void)state;
        for (const Way *w = ways; w < ways + n_ways; w++) {
                if (!flash_state_is_touched(w->to) || flash_state_is_touched(w->from))
                        continue;
                assert_int_equal(w->from, FLASH_ORDERED);
                assert_int_equal(w->event, EVENT_WRITE_SAVED);
                assert_int_equal(w->to, FLASH_WRITING);
        }
}

/* The one event that leads to TO comes in FROM. */
static void assert_only_way(FlashState from, FlashEvent event, FlashState to) {
        unsigned n = 0;

        for (const Way *w = ways; w < ways + n_ways; w++)
                if (w->to == to) {
                        assert_int_equal(w->from, from);
                        assert_int_equal(w->event, event);
                        n++;
                }
        assert_int_equal(n, 1);
}

static void test_an_order_counts_only_with_the_intent_on_disk(void **state) {
        (void)state;
        assert_only_way(FLASH_FIT, EVENT_INTENT_SAVED, FLASH_READY);
        assert_only_way(FLASH_READY, EVENT_GO, FLASH_ORDERED);
}

static void test_no_check_can_be_left_out(void **state) {
        (void)state;
        assert_only_way(FLASH_PLANNED, EVENT_TRUST_PROVED, FLASH_TRUSTED);
        assert_only_way(FLASH_TRUSTED, EVENT_DRIVE_CLAIMED, FLASH_CLAIMED);
        assert_only_way(FLASH_CLAIMED, EVENT_DRIVE_MATCHES, FLASH_MATCHED);
        assert_only_way(FLASH_MATCHED, EVENT_DRIVE_FIT, FLASH_FIT);
}

static void test_nothing_is_committed_but_with_the_commit_on_disk(void **state) {
        (void)state;
        assert_only_way(FLASH_WRITING, EVENT_COMMIT_SAVED, FLASH_COMMITTING);
}

static void test_no_way_leads_back_from_a_touched_drive_but_reading_the_old_firmware(void **state) {
        (void)state;
        for (const Way *w = ways; w < ways + n_ways; w++) {
                if (!flash_state_is_touched(w->from) || flash_state_is_touched(w->to))
                        continue;
                assert_int_equal(w->from, FLASH_STOPPED);
                assert_int_equal(w->event, EVENT_READ_OLD);
                assert_int_equal(w->to, FLASH_FAILED_UNHARMED);
        }
}

static void mark_reachable(FlashState from, bool seen[]) {
        if (seen[from])
                return;
        seen[from] = true;
        if (!flash_state_is_final(from))
                for (FlashEvent e = 0; e < _FLASH_EVENT_MAX; e++)
                        mark_reachable(flash_next(from, e), seen);
}

static void test_after_a_commit_no_end_says_unharmed_or_refused(void **state) {
        bool seen[_FLASH_STATE_MAX] = {};

        (void)state;
        mark_reachable(FLASH_COMMITTING, seen);
        assert_false(seen[FLASH_FAILED_UNHARMED]);
        assert_false(seen[FLASH_REFUSED]);
        assert_false(seen[FLASH_WRITING]);
        assert_false(seen[FLASH_STOPPED]);
}

static void test_after_a_stop_nothing_is_sent_any_more_and_nothing_is_verified(void **state) {
        bool seen[_FLASH_STATE_MAX] = {};

        (void)state;
        mark_reachable(FLASH_STOPPED, seen);
        assert_false(seen[FLASH_WRITING]);
        assert_false(seen[FLASH_COMMITTING]);
        assert_false(seen[FLASH_VERIFIED]);
}

static void test_every_outcome_can_be_reached_and_every_state_ends(void **state) {
        bool seen[_FLASH_STATE_MAX] = {};

        (void)state;
        mark_reachable(FLASH_PLANNED, seen);
        for (FlashState s = 0; s < _FLASH_STATE_MAX; s++)
                assert_true(seen[s]);
        for (FlashState s = FLASH_REFUSED; s < _FLASH_STATE_MAX; s++)
                assert_string_equal(flash_state_name(s), outcome_name(flash_state_outcome(s)));
        /* No state leads to itself or to an earlier one: nothing is ever repeated. */
        for (const Way *w = ways; w < ways + n_ways; w++)
                assert_true(w->to > w->from);
}

static void test_a_helper_that_died_is_unharmed_before_the_first_write_and_unknown_after(
        void **st) {
        (void)st;
        for (FlashState s = FLASH_READY; s < FLASH_REFUSED; s++)
                assert_int_equal(flash_next(s, EVENT_DIED),
                                 flash_state_is_touched(s) ? FLASH_UNKNOWN : FLASH_FAILED_UNHARMED);
}

static void test_giving_up_is_free_until_the_first_write(void **state) {
        (void)state;
        for (FlashState s = 0; s < FLASH_REFUSED; s++)
                assert_int_equal(flash_next(s, EVENT_GIVEN_UP),
                                 flash_state_is_touched(s) ? FLASH_UNKNOWN : FLASH_REFUSED);
}

static void test_states_and_events_have_words(void **state) {
        (void)state;
        for (FlashState s = 0; s < _FLASH_STATE_MAX; s++)
                assert_true(strlen(flash_state_name(s)) > 0);
        for (FlashEvent e = 0; e < _FLASH_EVENT_MAX; e++)
                assert_true(strlen(flash_event_name(e)) > 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(
                        test_a_drive_is_touched_only_after_go_with_the_first_write_on_disk),
                cmocka_unit_test(test_an_order_counts_only_with_the_intent_on_disk),
                cmocka_unit_test(test_no_check_can_be_left_out),
                cmocka_unit_test(test_nothing_is_committed_but_with_the_commit_on_disk),
                cmocka_unit_test(
                        test_no_way_leads_back_from_a_touched_drive_but_reading_the_old_firmware),
                cmocka_unit_test(test_after_a_commit_no_end_says_unharmed_or_refused),
                cmocka_unit_test(
                        test_after_a_stop_nothing_is_sent_any_more_and_nothing_is_verified),
                cmocka_unit_test(test_every_outcome_can_be_reached_and_every_state_ends),
                cmocka_unit_test(
                        test_a_helper_that_died_is_unharmed_before_the_first_write_and_unknown_after),
                cmocka_unit_test(test_giving_up_is_free_until_the_first_write),
                cmocka_unit_test(test_states_and_events_have_words),
        };

        find_ways();
        return RUN_TESTS(tests);
}
