/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What optical drives are attached. Reads the kernel's file system (and a folder of sockets) and
 * sends nothing to any drive: no node is opened.
 *
 * sysfs is read as it is and not through udev: it needs no database that may not be there yet when
 * a drive was just plugged in, and a test can have a tree of its own.
 */
#pragma once

#include <stddef.h>

#include "base/fault.h"
#include "wire/probe.h"

/* Fills at most DRIVES_MAX records with node, block, devpath, attachment and counters, sorted by
 * node (sg2 before sg10); everything else in them is empty. SYSFS is "/sys"; without its class
 * scsi_generic (no sg driver) there are no drives. EMULATED_DIR (NULL: none) is a folder whose
 * sockets NAME.sock are emulated drives. More than fit is a fault, not a list that is cut. */
int drives_enumerate(const char *sysfs, const char *emulated_dir,
                     DriveRecord ret_records[DRIVES_MAX], size_t *ret_n_records,
                     Fault *fault) _must_check_;

/* Fills those five for one NODE. A fault if it is not there, or not an optical drive. */
int drive_locate(const char *sysfs, const char *node, DriveRecord *ret_record,
                 Fault *fault) _must_check_;

/* Which device of the kernel NODE is: a drive that left and came back is another, though its numbers
 * may be the same, and is counted from 0. 0 if there is none. */
uint64_t drive_device(const char *sysfs, const char *node);

/* The place of a drive without the numbers that change when the same cable is plugged in again:
 * ".../ata2/host1/target1:0:0/1:0:0:0" is ".../ata2/0:0:0". */
void devpath_normalize(const char *devpath, char ret_devpath[DEVPATH_SIZE]);

/* By what stands nearest to the drive in its path. */
Attachment devpath_attachment(const char *devpath);
