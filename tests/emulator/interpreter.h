/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a drive answers to a command: the core of the emulator. It knows no socket, no clock, and no
 * plan of faults; the same commands at the same times give the same answers, byte for byte.
 *
 * Commands are served as MMC-6 and the makers' manuals have them, where real drives are known to
 * differ as these do. Whatever is not served is refused with 5/20/00, as real drives do.
 */
#pragma once

#include "tests/emulator/drive.h"

/* Fills REPLY. The request must be well-formed: a front end hands over at most SCSI_CDB_MAX bytes of
 * CDB, and N_DATA bytes of data if they go to the drive. */
void interpret(Drive *drive, const ScsiRequest *request, uint64_t now, ScsiReply *reply);
