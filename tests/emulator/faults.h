/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan of faults: what goes wrong, when, on which drive. A text file, one fault a line; a line
 * that begins with # is a remark.
 *
 *     DRIVE WHEN K [while REVISION] ACTION
 *
 * DRIVE is the name of a model, or *.
 * WHEN K counts, from the moment that the plan was read, on each drive apart:
 *     command 12             the 12th command of any kind
 *     opcode 3B 2            the 2nd with this operation code
 *     write-buffer 3         the 3rd WRITE BUFFER
 *     burn 1                 the 1st command that tells the drive to burn
 *   Instead of K, "every" means each of them.
 * while REVISION: only as long as INQUIRY shows this revision. Counting goes on meanwhile.
 * ACTION, in place of the command:
 *     sense 5/20/00          the drive refuses
 *     status 08              another status, without sense
 *     host 7, driver 6       what the host's adapter reports
 *     hang                   no answer, ever
 *     vanish 3               the drive leaves the bus and comes back after 3 s
 *     reset                  the bus is reset: the command ends with 6/29/00, staging is lost
 *     power-cut              power fails for a moment; a burn under way ruins the drive
 *   or to the command, which is carried out:
 *     after ACTION           any of the above, once the drive has done what it was told
 *     residual 512           so many bytes less were moved, says the adapter
 *     stall 10               the answer takes 10 s longer
 *   or to the burn that this command begins:
 *     no-change              everything seems well, but the firmware is the old one
 *     needs-power-cycle      2/04/22 until power is cycled; with "silent", no answer until then
 *     recovery               the main firmware is lost: "BOOT", 2/04/1F
 *     brick                  never answers again
 *
 * Seconds are scaled as all times are. Of several faults that fit, the first in the file acts.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "tests/emulator/drive.h"
#include "tests/emulator/scsi.h"

#define PLANNED_FAULTS_MAX 64

typedef enum PlannedWhen { AT_COMMAND, AT_OPCODE, AT_BURN } PlannedWhen;

typedef enum PlannedAction {
        DO_SENSE,
        DO_STATUS,
        DO_HOST,
        DO_DRIVER,
        DO_HANG,
        DO_VANISH,
        DO_RESET,
        DO_POWER_CUT,
        DO_RESIDUAL,
        DO_STALL,
        DO_BURN_END,
} PlannedAction;

typedef struct PlannedFault {
        char drive[MODEL_NAME_MAX]; /* "*": all */
        PlannedWhen when;
        uint8_t opcode;
        uint32_t k;                         /* 0: every */
        char revision[REVISION_LENGTH + 1]; /* "": any */
        bool after;
        PlannedAction action;
        Sense sense;
        uint32_t number; /* status, host, driver, residual, milliseconds */
        BurnEnd burn_end;
        char text[80]; /* the action as it was written, for the transcript */
} PlannedFault;

/* Commands seen of the kind that a fault counts, by drive. */
typedef struct FaultPlan {
        PlannedFault *faults;
        size_t n_faults;
        uint32_t (*counts)[PLANNED_FAULTS_MAX]; /* [drive][fault] */
} FaultPlan;

/* Reads FILE for N_DRIVES drives. A line that cannot be understood is a fault of its own. */
int fault_plan_read(const char *file, size_t n_drives, FaultPlan *ret_plan,
                    Fault *fault) _must_check_;
void fault_plan_clear(FaultPlan *plan);

/* Counts a command; the fault that acts on it, or NULL. */
const PlannedFault *fault_plan_next(FaultPlan *plan, size_t place, const Drive *drive,
                                    const ScsiRequest *request);
