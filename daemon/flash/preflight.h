/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What may stand in the way of a flash: a closed list. Each refusal says what was found; what mends it
 * belongs to its code (fault_mend()). Nothing is sent here that changes a drive, and nothing is done
 * to mend: trays stay as they are, programs are not stopped.
 *
 *     transport   the recipe was not seen to work on this kind of connection
 *                 FAULT_TRANSPORT_NOT_ALLOWED
 *     pieces      the adapter cannot carry what the recipe sends at a time  FAULT_DRIVE_TRANSPORT
 *     power       on battery, and not enough of it                          FAULT_ON_BATTERY
 *     tray        open                                                      FAULT_TRAY_OPEN
 *     drive       a disc is in where the recipe wants none, a disc is being written, the drive
 *                 failed or wants a person, it does not become ready
 *                 FAULT_DISC_PRESENT, FAULT_DRIVE_WRITING, FAULT_DRIVE_FAILING, ...
 *
 * Mounts and other users show at the claim (claim.h), the inhibitor with the order (run.c).
 */
#pragma once

#include "flash/claim.h"

int preflight(const Entry *entry, const Settings *settings, const Claim *claim,
              Fault *fault) _must_check_;
