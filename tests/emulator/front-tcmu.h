/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The front end of the kernel's target core: each drive is a SCSI device of the machine that this
 * runs on, with nodes, sysfs and uevents (tcmu-target.h, tcmu-ring.h). Needs root and the modules
 * target_core_user and tcm_loop.
 *
 * Unlike USB: commands of up to 1280 KiB, no reset that makes the drive another device, and a flashed
 * drive stays what the kernel once took it for: `rev` in sysfs is that of the day it was plugged in.
 *
 *   - Commands wait for one another as on a bus, in the order in which they came.
 *   - A silent command is silent until the kernel gives it up (ABORT TASK); the drive does not notice
 *     that, and keeps what was staged. Only a reset of the unit is one.
 *   - A drive that vanishes is taken off its host; commands under way end as TASK ABORTED.
 *   - "host" and "driver" of a plan cannot be told to a kernel: ABORTED COMMAND instead. Nor can a
 *     residual of data that go to the drive.
 *   - CDBs are cut and masked by the kernel, see tcmu-ring.h.
 *   - Reading a disc, a kernel may ask for more at once than our drives give (SCSI_IN_MAX), and is
 *     refused then: only with O_DIRECT, since its own read-ahead is shorter.
 *   - Power that is lost and comes back is noticed by nobody but through the unit attention.
 */
#pragma once

#include "tests/emulator/front.h"

extern const FrontKind front_tcmu;
