/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flash/watch.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "catalog/graph.h"
#include "drive/command.h"
#include "drive/examine.h"

#define PAUSE_MS 1000u

static bool is_named(const uint8_t *identity, const char *revision, const uint8_t *model,
                     const char *version) {
        return memcmp(identity, model, IDENTITY_LENGTH) == 0 && strcmp(revision, version) == 0;
}

/* Firmware is there and waits to be switched on, SPC-4 annex D: 2/04/1E and 20 to 22. */
static bool waits_for_power(const Sense *ready) {
        return ready && ready->present && ready->key == KEY_NOT_READY && ready->asc == 0x04 &&
               (ready->ascq == 0x1e || (ready->ascq >= 0x20 && ready->ascq <= 0x22));
}

static bool waits_for_firmware(const Expectation *expected, const Sense *ready,
                               const uint8_t *identity, const char *revision) {
        if (ready && sense_is(ready, KEY_NOT_READY, 0x04, 0x1f))
                return true;
        /* The entry says from which revisions it leads out of a recovery state: this is one. A
         * flash that began there is only back where it was. */
        return identity && entry_edge(expected->entry, revision, KIND_BIT(EDGE_RECOVERY)) &&
               strcmp(revision, expected->plan->revision) != 0;
}

static bool is_ready(const Sense *ready) {
        if (!ready)
                return false;
        return !ready->present || sense_is_no_medium(ready) ||
               sense_class(ready, STAGE_COMMIT) == SENSE_NORMAL;
}

FlashEvent watch_judge(const Expectation *expected, const Sense *ready, const uint8_t *identity,
                       const char *revision, bool *ret_may_change) {
        const Entry *entry = expected->entry;
        const FlashPlan *plan = expected->plan;
        bool is_new, is_old;

        *ret_may_change = false;
        if (waits_for_firmware(expected, ready, identity, revision))
                return EVENT_READ_RECOVERY;
        if (waits_for_power(ready))
                return EVENT_READ_WAITS;
        if (!identity) {
                *ret_may_change = true;
                return expected->accepted && entry->power_cycle ? EVENT_READ_WAITS
                                                                : EVENT_READ_NOTHING;
        }

        is_new = is_named(identity, revision, entry->model_after, entry->version);
        is_old = is_named(identity, revision, entry->model, plan->revision);
        if (!expected->committed && is_old) {
                /* Busy with what was sent, or with a reset: its name alone is not all of it. */
                *ret_may_change = !is_ready(ready);
                return EVENT_READ_OLD;
        }
        if (expected->committed && is_new) {
                if (is_ready(ready))
                        return EVENT_READ_NEW;
                *ret_may_change = true;
                return EVENT_READ_OTHER;
        }
        /* A commit that was refused leaves nothing to wait for. */
        *ret_may_change = expected->accepted || !is_ready(ready);
        if (!is_old)
                return is_new ? EVENT_READ_NEW : EVENT_READ_OTHER;
        return expected->accepted && entry->power_cycle ? EVENT_READ_WAITS : EVENT_READ_OLD;
}

/* One look. A drive that does not answer is closed, to be looked for at its next node. */
static FlashEvent look(const Expectation *expected, const Settings *settings, Claim *claim,
                       Sense *ready, bool *ret_may_change) {
        Fault fault = {};
        Reply reply = {};
        Inquiry inquiry;
        bool answered;

        *ready = (Sense){};
        if (!claim->transport && !claim_look_again(expected->plan, settings, claim))
                return watch_judge(expected, NULL, NULL, NULL, ret_may_change);

        answered = command_test_unit_ready(claim->transport, &reply, &fault) == 0;
        *ready = reply.sense;
        /* A busy drive may still tell its name. A silent one must not be asked more. */
        if (fault.code != FAULT_DRIVE_SILENT && fault.code != FAULT_DRIVE_GONE) {
                fault_clear(&fault);
                if (drive_inquire(claim->transport, &inquiry, &fault) == 0) {
                        memcpy(claim->record.identity, inquiry.identity, IDENTITY_LENGTH);
                        memcpy(claim->record.revision, inquiry.revision, REVISION_SIZE);
                        return watch_judge(expected, answered ? ready : NULL, inquiry.identity,
                                           inquiry.revision, ret_may_change);
                }
        }
        claim_release(claim);
        return watch_judge(expected, answered ? ready : NULL, NULL, NULL, ret_may_change);
}

void pause_ms(uint64_t n_ms) {
        const struct timespec pause = { .tv_sec = (time_t)(n_ms / 1000),
                                        .tv_nsec = (long)(n_ms % 1000) * 1000000 };

        (void)nanosleep(&pause, NULL);
}

FlashEvent watch_drive(const Expectation *expected, const Settings *settings, Claim *claim,
                       WatchTick tick, void *userdata, Sense *ret_ready) {
        const uint64_t start = clock_boottime_ms(), n_ms = expected->entry->recipe.ready_ms;

        for (;;) {
                bool may_change;
                FlashEvent event = look(expected, settings, claim, ret_ready, &may_change);
                uint64_t passed = clock_boottime_ms() - start, pause;

                if (!may_change || passed >= n_ms)
                        return event;
                tick(userdata, (uint32_t)(passed / 1000), (uint32_t)(n_ms / 1000));
                pause = n_ms - passed < PAUSE_MS ? n_ms - passed : PAUSE_MS;
                pause_ms(pause);
        }
}
