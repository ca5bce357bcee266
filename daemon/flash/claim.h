/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One drive, ours alone.
 *
 * A real drive is held by both of its nodes, since neither knows of the other: /dev/sgN, through
 * which everything is sent, and /dev/srN, so that nobody mounts it meanwhile. The node in a plan is
 * a hint; the drive is the one whose serial number, or physical path where it has none, and name
 * were read on the descriptor that is written to.
 */
#pragma once

#include "catalog/entry.h"
#include "drive/transport.h"
#include "flash/settings.h"
#include "wire/flash.h"

typedef struct Claim {
        Transport *transport; /* NULL: it is not open */
        int block;            /* /dev/srN, exclusively; -1: not held */
        DriveRecord record;   /* as it was read last */
} Claim;

#define CLAIM_NULL                                                                                 \
        { .block = -1 }

/* Finds and opens the drive. FAULT_DRIVE_GONE, FAULT_MOUNTED, FAULT_CLAIMED, FAULT_NOT_PERMITTED. */
int claim_take(const FlashPlan *plan, const Settings *settings, Claim *claim,
               Fault *fault) _must_check_;

/* Reads who the drive is, and compares with plan and entry: FAULT_DRIVE_CHANGED says what differs. */
int claim_match(const FlashPlan *plan, const Entry *entry, Claim *claim, Fault *fault) _must_check_;

/* Looks for the drive once more after it left, at whatever node it has come back: the same serial
 * number, or the same physical path where there is none. Opened to look only: the kernel lets
 * nothing through that changes it. False if it is not there (yet). */
bool claim_look_again(const FlashPlan *plan, const Settings *settings, Claim *claim);

/* Closes both nodes; the record stays. */
void claim_release(Claim *claim);
