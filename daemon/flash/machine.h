/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The course of one flash: states, what moves between them, and how it may end. It does nothing.
 *
 *   planned -> trusted -> claimed -> matched -> fit -> ready -> ordered
 *      |          |          |          |        |       |         |
 *      +----------+----------+----------+--------+-------+---------+--> refused
 *                                                                  |
 *                                                   first write is on disk
 *                                                                  v
 *                        commit is on disk                      WRITING
 *       COMMITTING <-----------------------------------------------+
 *           |                                                      | anything went wrong
 *           | taken, refused, or no answer                         v
 *           v                                                   STOPPED
 *       SETTLING --> READING --> verified, no-change,              |
 *                                unverified, needs-power-cycle,    | the old firmware answers
 *                                recovery-mode, lost               +--> failed-unharmed, or as READING
 *
 * In a state written small nothing was sent that changes the drive, and giving up costs nothing. In
 * a state written large something was, or may have been: each is entered when its record is on disk
 * and before its first command, so that a crash between the two is taken for the worse case.
 *
 * READY is entered when the intent is on disk. Whatever is not in the table is a failure, and which
 * one depends on one property of the state: refused if nothing was sent, unknown if something was.
 * The one way from a touched drive to an unharmed one is through STOPPED: nothing was committed, and
 * the drive was read afterwards and said that it is as before.
 */
#pragma once

#include <stdbool.h>

#include "wire/flash.h"

typedef enum FlashState {
        FLASH_PLANNED,
        FLASH_TRUSTED,
        FLASH_CLAIMED,
        FLASH_MATCHED,
        FLASH_FIT,
        FLASH_READY,
        FLASH_ORDERED,
        FLASH_WRITING,
        FLASH_STOPPED,
        FLASH_COMMITTING,
        FLASH_SETTLING,
        FLASH_READING,
        /* The end: one state an outcome, in the order of Outcome. */
        FLASH_REFUSED,
        FLASH_FAILED_UNHARMED,
        FLASH_NO_CHANGE,
        FLASH_VERIFIED,
        FLASH_UNVERIFIED,
        FLASH_NEEDS_POWER_CYCLE,
        FLASH_RECOVERY_MODE,
        FLASH_LOST,
        FLASH_UNKNOWN,
        _FLASH_STATE_MAX,
} FlashState;

typedef enum FlashEvent {
        EVENT_TRUST_PROVED,  /* bundle, entry, edge and image verified from the pinned root */
        EVENT_DRIVE_CLAIMED, /* it is ours alone */
        EVENT_DRIVE_MATCHES, /* it is the one that plan and entry name */
        EVENT_DRIVE_FIT,     /* nothing stands in the way */
        EVENT_INTENT_SAVED,  /* INTENT is on disk */
        EVENT_GO,            /* the daemon's intent is on disk, too */
        EVENT_WRITE_SAVED,   /* FIRST-WRITE is on disk */
        EVENT_COMMIT_SAVED,  /* all is sent but the committing command, COMMIT-SENT is on disk */
        EVENT_STOPPED,       /* a piece failed, or somebody touched the drive: send no more */
        EVENT_COMMITTED,     /* the committing command came back, with whatever answer */
        EVENT_SETTLED,       /* the time of silence is over */
        EVENT_READ_NEW,      /* it says that it runs what was wanted */
        EVENT_READ_OLD,      /* it says what it said before */
        EVENT_READ_OTHER,    /* it says something else */
        EVENT_READ_WAITS, /* it asks to be switched off and on, or the entry says that it must be */
        EVENT_READ_RECOVERY, /* it waits for firmware */
        EVENT_READ_NOTHING,  /* it does not answer */
        EVENT_GIVEN_UP,      /* a check failed, or the daemon left before GO */
        EVENT_DIED,          /* a journal without an end was found */
        _FLASH_EVENT_MAX,
} FlashEvent;

/* STATE must not be final. */
FlashState flash_next(FlashState state, FlashEvent event);

bool flash_state_is_final(FlashState state);
/* A command that changes the drive was sent, or may have been. */
bool flash_state_is_touched(FlashState state);
/* Of a final state. */
Outcome flash_state_outcome(FlashState state);

const char *flash_state_name(FlashState state); /* "writing" */
const char *flash_event_name(FlashEvent event); /* "first write is on disk" */
