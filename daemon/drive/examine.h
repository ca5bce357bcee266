/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks at one drive and fills its record.
 *
 * Sends INQUIRY, GET CONFIGURATION, MODE SENSE and REPORT KEY (key format 08h), and nothing else: a
 * scan may run while a disc is read or written, moves no tray, spins nothing up, takes no event
 * away from the kernel. Only INQUIRY must be answered. The oldest drives know none of the others,
 * which leaves the fields empty; but a drive that hangs or leaves ends the examination with a fault,
 * since it must not be asked more.
 */
#pragma once

#include <stdint.h>

#include "drive/inquiry.h"
#include "drive/transport.h"
#include "wire/probe.h"

/* Standard INQUIRY data in two steps, as the kernel does it: 36 bytes, which every bridge survives,
 * then as many as the drive says that it has. A failure of the second leaves the first. */
int drive_inquire(Transport *transport, Inquiry *ret_inquiry, Fault *fault) _must_check_;

/* Region state alone. A DVD drive that refuses the question as such (5/24/00) has no RPC-2, which is
 * an answer: known, scheme 0. Anything else that is no answer is a region not known. A fault only
 * for a drive that hangs or leaves. */
int drive_region(Transport *transport, Region *ret_region, Fault *fault) _must_check_;

/* NOW (seconds since the epoch) bounds dates that a drive may claim. RECORD->attachment must be set
 * already: behind USB and FireWire no VPD pages are asked for, which bridges have died of. Fills
 * what drives_enumerate() did not, but for RECORD->fault, which is the caller's to set. */
int drive_examine(Transport *transport, int64_t now, DriveRecord *record,
                  Fault *fault) _must_check_;
