/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Linux lets through a read-only /dev/sgN (drivers/scsi/scsi_ioctl.c, scsi_cmd_allowed): a
 * closed list of commands that look. WRITE BUFFER, BLANK, MODE SELECT, PREVENT ALLOW and every
 * vendor's own are not on it. A front end that poses as such a node asks here; the drive itself
 * would take them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

bool kernel_lets_look(uint8_t opcode);
