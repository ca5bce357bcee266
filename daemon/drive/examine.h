/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks at one drive and fills its record.
 *
 * Sends INQUIRY, GET CONFIGURATION, MODE SENSE and REPORT KEY (key format 08h), and nothing else: a
 * scan may run while a disc is read or written, moves no tray, spins nothing up, takes no event
 * away from the kernel. Only INQUIRY must be answered. The oldest drives know none of the others,
 * which leaves the fields empty; no answer at all to one of them ends the examination with a fault,
 * since a drive that hangs must not be asked more.
 */
#pragma once

#include <stdint.h>

#include "drive/transport.h"
#include "wire/probe.h"

/* NOW (seconds since the epoch) bounds dates that a drive may claim. Fills everything in RECORD but
 * what drives_enumerate() filled, and but RECORD->fault, which is the caller's to set. */
int drive_examine(Transport *transport, int64_t now, DriveRecord *record,
                  Fault *fault) _must_check_;
