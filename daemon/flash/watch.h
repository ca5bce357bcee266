/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What became of the drive, by what it says itself. How commands ended is not asked here: drives
 * have reported success and kept their old firmware, and errors and run the new one.
 *
 * It is asked once a second (TEST UNIT READY, INQUIRY) until it says what was hoped for, or until
 * the time that the recipe gives it is over; then its last word counts. It may leave meanwhile and
 * come back at another node, as USB drives do.
 */
#pragma once

#include "catalog/entry.h"
#include "drive/sense.h"
#include "flash/claim.h"
#include "flash/machine.h"

/* What is known when the question is asked. */
typedef struct Expectation {
        const FlashPlan *plan;
        const Entry *entry;
        bool committed; /* else it was stopped before, and the old firmware is the good answer */
        bool accepted;  /* the drive took the committing command */
} Expectation;

/* The drive's word: READY is the sense of TEST UNIT READY, IDENTITY what INQUIRY said; each is NULL
 * where no answer came. Answers one of EVENT_READ_...; and whether waiting on may bring a better one. Pure. */
FlashEvent watch_judge(const Expectation *expected, const Sense *ready, const uint8_t *identity,
                       const char *revision, bool *ret_may_change);

/* Asks until it is clear. TICK is called about once a second, with the seconds that passed and those
 * that may pass. RET_READY is what the drive said last to TEST UNIT READY. */
typedef void (*WatchTick)(void *userdata, uint32_t seconds, uint32_t seconds_max);
FlashEvent watch_drive(const Expectation *expected, const Settings *settings, Claim *claim,
                       WatchTick tick, void *userdata, Sense *ret_ready);

void pause_ms(uint64_t n_ms);
