/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flash/machine.h"

#include <assert.h>

static const struct {
        const char *name;
        bool touched;
} states[_FLASH_STATE_MAX] = {
        [FLASH_PLANNED] = { "planned", false },
        [FLASH_TRUSTED] = { "trusted", false },
        [FLASH_CLAIMED] = { "claimed", false },
        [FLASH_MATCHED] = { "matched", false },
        [FLASH_FIT] = { "fit", false },
        [FLASH_READY] = { "ready", false },
        [FLASH_ORDERED] = { "ordered", false },
        [FLASH_WRITING] = { "writing", true },
        [FLASH_STOPPED] = { "stopped", true },
        [FLASH_COMMITTING] = { "committing", true },
        [FLASH_SETTLING] = { "settling", true },
        [FLASH_READING] = { "reading", true },
        [FLASH_REFUSED] = { "refused", false },
        [FLASH_FAILED_UNHARMED] = { "failed-unharmed", false },
        [FLASH_NO_CHANGE] = { "no-change", true },
        [FLASH_VERIFIED] = { "verified", true },
        [FLASH_UNVERIFIED] = { "unverified", true },
        [FLASH_NEEDS_POWER_CYCLE] = { "needs-power-cycle", true },
        [FLASH_RECOVERY_MODE] = { "recovery-mode", true },
        [FLASH_LOST] = { "lost", true },
        [FLASH_UNKNOWN] = { "unknown", true },
};
_Static_assert(_FLASH_STATE_MAX - FLASH_REFUSED == _OUTCOME_MAX, "a final state for each outcome");

static const char *const events[_FLASH_EVENT_MAX] = {
        [EVENT_TRUST_PROVED] = "image and edge are what the catalog signed",
        [EVENT_DRIVE_CLAIMED] = "drive is claimed",
        [EVENT_DRIVE_MATCHES] = "drive is the one that was meant",
        [EVENT_DRIVE_FIT] = "nothing stands in the way",
        [EVENT_INTENT_SAVED] = "intent is on disk",
        [EVENT_GO] = "order came",
        [EVENT_WRITE_SAVED] = "first write is on disk",
        [EVENT_COMMIT_SAVED] = "commit is on disk",
        [EVENT_STOPPED] = "sending was stopped",
        [EVENT_COMMITTED] = "commit was sent",
        [EVENT_SETTLED] = "time of silence is over",
        [EVENT_READ_NEW] = "drive runs the new firmware",
        [EVENT_READ_OLD] = "drive runs the old firmware",
        [EVENT_READ_OTHER] = "drive says something unexpected",
        [EVENT_READ_WAITS] = "drive waits to be switched off and on",
        [EVENT_READ_RECOVERY] = "drive waits for firmware",
        [EVENT_READ_NOTHING] = "drive does not answer",
        [EVENT_GIVEN_UP] = "given up",
        [EVENT_DIED] = "helper died",
};

static const struct {
        FlashState from;
        FlashEvent event;
        FlashState to;
} edges[] = {
        { FLASH_PLANNED, EVENT_TRUST_PROVED, FLASH_TRUSTED },
        { FLASH_TRUSTED, EVENT_DRIVE_CLAIMED, FLASH_CLAIMED },
        { FLASH_CLAIMED, EVENT_DRIVE_MATCHES, FLASH_MATCHED },
        { FLASH_MATCHED, EVENT_DRIVE_FIT, FLASH_FIT },
        { FLASH_FIT, EVENT_INTENT_SAVED, FLASH_READY },
        { FLASH_READY, EVENT_GO, FLASH_ORDERED },
        { FLASH_ORDERED, EVENT_WRITE_SAVED, FLASH_WRITING },
        /* Died with the intent on disk and no first write: a stop, though not by anybody's will. */
        { FLASH_READY, EVENT_DIED, FLASH_FAILED_UNHARMED },
        { FLASH_ORDERED, EVENT_DIED, FLASH_FAILED_UNHARMED },

        { FLASH_WRITING, EVENT_STOPPED, FLASH_STOPPED },
        { FLASH_STOPPED, EVENT_READ_OLD, FLASH_FAILED_UNHARMED },
        /* New firmware that nobody committed is nothing that anybody expected. */
        { FLASH_STOPPED, EVENT_READ_NEW, FLASH_UNVERIFIED },
        { FLASH_STOPPED, EVENT_READ_OTHER, FLASH_UNVERIFIED },
        { FLASH_STOPPED, EVENT_READ_WAITS, FLASH_NEEDS_POWER_CYCLE },
        { FLASH_STOPPED, EVENT_READ_RECOVERY, FLASH_RECOVERY_MODE },
        { FLASH_STOPPED, EVENT_READ_NOTHING, FLASH_LOST },

        { FLASH_WRITING, EVENT_COMMIT_SAVED, FLASH_COMMITTING },
        { FLASH_COMMITTING, EVENT_COMMITTED, FLASH_SETTLING },
        { FLASH_SETTLING, EVENT_SETTLED, FLASH_READING },
        { FLASH_READING, EVENT_READ_NEW, FLASH_VERIFIED },
        { FLASH_READING, EVENT_READ_OLD, FLASH_NO_CHANGE },
        { FLASH_READING, EVENT_READ_OTHER, FLASH_UNVERIFIED },
        { FLASH_READING, EVENT_READ_WAITS, FLASH_NEEDS_POWER_CYCLE },
        { FLASH_READING, EVENT_READ_RECOVERY, FLASH_RECOVERY_MODE },
        { FLASH_READING, EVENT_READ_NOTHING, FLASH_LOST },
};

bool flash_state_is_final(FlashState state) {
        assert(state < _FLASH_STATE_MAX);
        return state >= FLASH_REFUSED;
}

bool flash_state_is_touched(FlashState state) {
        assert(state < _FLASH_STATE_MAX);
        return states[state].touched;
}

FlashState flash_next(FlashState state, FlashEvent event) {
        assert(!flash_state_is_final(state));
        assert(event < _FLASH_EVENT_MAX);

        for (size_t i = 0; i < N_ELEMENTS(edges); i++)
                if (edges[i].from == state && edges[i].event == event)
                        return edges[i].to;
        return states[state].touched ? FLASH_UNKNOWN : FLASH_REFUSED;
}

Outcome flash_state_outcome(FlashState state) {
        assert(flash_state_is_final(state));
        return (Outcome)(state - FLASH_REFUSED);
}

const char *flash_state_name(FlashState state) {
        assert(state < _FLASH_STATE_MAX);
        return states[state].name;
}

const char *flash_event_name(FlashEvent event) {
        assert(event < _FLASH_EVENT_MAX);
        return events[event];
}
