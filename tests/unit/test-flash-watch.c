/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a drive's word means after a flash, and what stands in the way of one. */
#include "flash/preflight.h"
#include "flash/watch.h"

#include <string.h>

#include "tests/unit/fake-drive.h"
#include "tests/unit/test.h"

#define MODEL     "        DVDRW IDE1004   "
#define OTHER     "        DVDRW IDE1008   "
#define TUR       "00 00 00 00 00 00"
#define EVENTS    "4a 01"
#define NO_DISC   "70 00 02 00 00 00 00 0a 00 00 00 00 3a 01"
#define OPEN      "70 00 02 00 00 00 00 0a 00 00 00 00 3a 02"
#define BURNING   "70 00 02 00 00 00 00 0a 00 00 00 00 04 08"
#define ATTENTION "70 00 06 00 00 00 00 0a 00 00 00 00 29 00"
#define DYING     "70 00 04 00 00 00 00 0a 00 00 00 00 3e 01"
#define UNKNOWN   "70 00 05 00 00 00 00 0a 00 00 00 00 20 00"

static const FlashPlan plan = { .job = 1, .revision = "0043", .to = "0051" };
static char recovery_from[1][ENTRY_REVISION_SIZE] = { "BOOT" };
static Edge recovery_edge = { .kind = EDGE_RECOVERY, .from = recovery_from, .n_from = 1 };

static Entry entry_of(bool power_cycle) {
        Entry entry = {
                .version = "0051",
                .power_cycle = power_cycle,
                .edges = &recovery_edge,
                .n_edges = 1,
                .recipe = { .piece = 4096, .transports = 1u << ATTACHED_ATA, .disc_out = true }
        };

        memcpy(entry.model, MODEL, ENTRY_MODEL_LENGTH);
        memcpy(entry.model_after, MODEL, ENTRY_MODEL_LENGTH);
        return entry;
}

typedef struct Word {
        bool committed, accepted, power_cycle;
        Sense ready;
        const char *model, *revision; /* NULL: no answer */
        FlashEvent event;
        bool may_change;
} Word;

#define READY                                                                                      \
        {}
#define EMPTY                                                                                      \
        { .present = true, .key = 2, .asc = 0x3a }
#define BUSY                                                                                       \
        { .present = true, .key = 2, .asc = 0x04, .ascq = 0x01 }
#define RESTART                                                                                    \
        { .present = true, .key = 2, .asc = 0x04, .ascq = 0x22 }
#define BARE                                                                                       \
        { .present = true, .key = 2, .asc = 0x04, .ascq = 0x1f }
#define CHANGED                                                                                    \
        { .present = true, .key = 6, .asc = 0x3f, .ascq = 0x01 }

static const Word words[] = {
        /* committed and taken */
        { true, true, false, READY, MODEL, "0051", EVENT_READ_NEW, false },
        { true, true, false, EMPTY, MODEL, "0051", EVENT_READ_NEW, false },
        { true, true, false, CHANGED, MODEL, "0051", EVENT_READ_NEW, false },
        { true, true, false, BUSY, MODEL, "0051", EVENT_READ_OTHER, true },
        { true, true, false, EMPTY, MODEL, "0043", EVENT_READ_OLD, true },
        { true, true, true, EMPTY, MODEL, "0043", EVENT_READ_WAITS, true },
        { true, true, false, EMPTY, MODEL, "0052", EVENT_READ_OTHER, true },
        { true, true, false, EMPTY, OTHER, "0051", EVENT_READ_OTHER, true },
        { true, true, false, EMPTY, MODEL, "BOOT", EVENT_READ_RECOVERY, false },
        { true, true, false, BARE, MODEL, "0043", EVENT_READ_RECOVERY, false },
        { true, true, false, RESTART, MODEL, "0043", EVENT_READ_WAITS, false },
        { true, true, false, READY, NULL, NULL, EVENT_READ_NOTHING, true },
        { true, true, true, READY, NULL, NULL, EVENT_READ_WAITS, true },
        /* committed and refused: nothing to wait for */
        { true, false, false, EMPTY, MODEL, "0043", EVENT_READ_OLD, false },
        { true, false, true, EMPTY, MODEL, "0043", EVENT_READ_OLD, false },
        { true, false, false, EMPTY, MODEL, "0051", EVENT_READ_NEW, false },
        { true, false, true, READY, NULL, NULL, EVENT_READ_NOTHING, true },
        /* stopped before */
        { false, false, false, EMPTY, MODEL, "0043", EVENT_READ_OLD, false },
        { false, false, false, BUSY, MODEL, "0043", EVENT_READ_OLD, true },
        { false, false, true, EMPTY, MODEL, "0043", EVENT_READ_OLD, false },
        { false, false, false, EMPTY, MODEL, "0051", EVENT_READ_NEW, false },
        { false, false, false, READY, NULL, NULL, EVENT_READ_NOTHING, true },
        { false, false, false, BARE, NULL, NULL, EVENT_READ_RECOVERY, false },
};

static void test_the_drives_word_decides(void **state) {
        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(words); i++) {
                const Word *w = &words[i];
                const Entry entry = entry_of(w->power_cycle);
                const Expectation expected = { .plan = &plan,
                                               .entry = &entry,
                                               .committed = w->committed,
                                               .accepted = w->accepted };
                bool may_change = !w->may_change;
                FlashEvent event = watch_judge(&expected, &w->ready, (const uint8_t *)w->model,
                                               w->revision, &may_change);

                if (event != w->event || may_change != w->may_change)
                        fail_msg("word %zu is taken for: %s%s", i, flash_event_name(event),
                                 may_change ? ", and is waited on" : "");
        }
}

static void test_a_drive_that_only_tells_its_name_is_not_yet_there(void **state) {
        const Entry entry = entry_of(false);
        const Expectation expected = {
                .plan = &plan, .entry = &entry, .committed = true, .accepted = true
        };
        bool may_change = false;

        (void)state;
        assert_int_equal(watch_judge(&expected, NULL, (const uint8_t *)MODEL, "0051", &may_change),
                         EVENT_READ_OTHER);
        assert_true(may_change);
}

static void test_the_same_revision_again_is_verified_when_it_was_committed(void **state) {
        const FlashPlan again = {
                .job = 1, .revision = "0051", .to = "0051", .kind = FLASH_REFLASH
        };
        const Entry entry = entry_of(false);
        Expectation expected = {
                .plan = &again, .entry = &entry, .committed = true, .accepted = true
        };
        const Sense ready = {};
        bool may_change;

        (void)state;
        assert_int_equal(
                watch_judge(&expected, &ready, (const uint8_t *)MODEL, "0051", &may_change),
                EVENT_READ_NEW);
        expected.committed = expected.accepted = false;
        assert_int_equal(
                watch_judge(&expected, &ready, (const uint8_t *)MODEL, "0051", &may_change),
                EVENT_READ_OLD);
}

static void test_a_rescue_that_failed_is_back_where_it_was(void **state) {
        const FlashPlan rescue = {
                .job = 1, .revision = "BOOT", .to = "0051", .kind = FLASH_RECOVERY
        };
        const Entry entry = entry_of(false);
        const Expectation expected = { .plan = &rescue, .entry = &entry };
        const Sense ready = {};
        bool may_change;

        (void)state;
        assert_int_equal(
                watch_judge(&expected, &ready, (const uint8_t *)MODEL, "BOOT", &may_change),
                EVENT_READ_OLD);
}

/* Preflight, with the drive that SCRIPT plays. */
static FaultCode stands_in_the_way(const Line *script, size_t n_lines, const Entry *entry) {
        const Settings settings = { .supplies = -1 };
        Claim claim = CLAIM_NULL;
        Fault fault = {};
        int r;

        claim.transport = fake_drive_new(script, n_lines);
        claim.record.attachment = ATTACHED_ATA;
        r = preflight(entry, &settings, &claim, &fault);
        assert_int_equal(r < 0, fault.code != FAULT_NONE);
        claim_release(&claim);
        return fault.code;
}

#define assert_way(code, entry, ...)                                                               \
        do {                                                                                       \
                const Line script_[] = { __VA_ARGS__ };                                            \
                assert_int_equal(stands_in_the_way(script_, N_ELEMENTS(script_), entry), code);    \
        } while (0)

static void test_an_empty_closed_drive_is_fit(void **state) {
        const Entry entry = entry_of(false);

        (void)state;
        assert_way(FAULT_NONE, &entry, { EVENTS, .data = "00 06 04 10 00 00 00 00" },
                   { TUR, .sense = NO_DISC });
        /* Old drives do not know the first question. */
        assert_way(FAULT_NONE, &entry, { EVENTS, .sense = UNKNOWN }, { TUR, .sense = NO_DISC });
        /* A reset before anything was sent is no reason not to begin. */
        assert_way(FAULT_NONE, &entry, { EVENTS, .sense = UNKNOWN },
                   { TUR, .sense = ATTENTION, .times = 2 }, { TUR, .sense = NO_DISC });
}

static void test_a_disc_is_refused_where_the_recipe_wants_none(void **state) {
        Entry entry = entry_of(false);

        (void)state;
        assert_way(FAULT_DISC_PRESENT, &entry, { EVENTS, .data = "00 06 04 10 00 02 00 00" });
        assert_way(FAULT_DISC_PRESENT, &entry, { EVENTS, .sense = UNKNOWN }, { TUR });
        entry.recipe.disc_out = false;
        assert_way(FAULT_NONE, &entry, { EVENTS, .data = "00 06 04 10 00 02 00 00" }, { TUR });
}

static void test_an_open_tray_is_refused(void **state) {
        const Entry entry = entry_of(false);

        (void)state;
        assert_way(FAULT_TRAY_OPEN, &entry, { EVENTS, .data = "00 06 04 10 00 01 00 00" });
        assert_way(FAULT_TRAY_OPEN, &entry, { EVENTS, .sense = UNKNOWN }, { TUR, .sense = OPEN });
}

static void test_a_drive_that_burns_a_disc_or_is_broken_is_refused(void **state) {
        const Entry entry = entry_of(false);

        (void)state;
        assert_way(FAULT_DRIVE_WRITING, &entry, { EVENTS, .sense = UNKNOWN },
                   { TUR, .sense = BURNING });
        assert_way(FAULT_DRIVE_FAILING, &entry, { EVENTS, .sense = UNKNOWN },
                   { TUR, .sense = DYING });
}

static void test_a_connection_that_the_recipe_does_not_name_is_refused_unasked(void **state) {
        Entry entry = entry_of(false);

        (void)state;
        entry.recipe.transports = 1u << ATTACHED_USB;
        assert_int_equal(stands_in_the_way(NULL, 0, &entry), FAULT_TRANSPORT_NOT_ALLOWED);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_drives_word_decides),
                cmocka_unit_test(test_a_drive_that_only_tells_its_name_is_not_yet_there),
                cmocka_unit_test(test_the_same_revision_again_is_verified_when_it_was_committed),
                cmocka_unit_test(test_a_rescue_that_failed_is_back_where_it_was),
                cmocka_unit_test(test_an_empty_closed_drive_is_fit),
                cmocka_unit_test(test_a_disc_is_refused_where_the_recipe_wants_none),
                cmocka_unit_test(test_an_open_tray_is_refused),
                cmocka_unit_test(test_a_drive_that_burns_a_disc_or_is_broken_is_refused),
                cmocka_unit_test(
                        test_a_connection_that_the_recipe_does_not_name_is_refused_unasked),
        };

        return RUN_TESTS(tests);
}
