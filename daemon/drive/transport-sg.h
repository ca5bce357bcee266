/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's way to a drive: version 3 of sg, on /dev/sgN. Opening sg sends nothing to a drive,
 * where opening srN would.
 *
 * O_RDONLY and ioctl SG_IO for TRANSPORT_LOOK: the kernel refuses WRITE BUFFER and vendor commands
 * with EPERM. If the process is stopped or frozen meanwhile, the kernel may send a command again.
 *
 * O_RDWR and O_EXCL for TRANSPORT_FLASH: -EBUSY while anybody has the node open, and nobody gets in
 * afterwards. A command goes by write(), which the kernel never restarts, and its answer comes by
 * read(): SIGSTOP, a debugger and the freezer repeat nothing. The kernel lets only the credentials
 * write that opened: open after the sandbox is entered (Landlock gives new ones), or it is -EPERM.
 *
 * What can go wrong with the two, and what TransportOps.execute() makes of it:
 *
 *     write() fails            nothing was sent: its errno; ENODEV too, which promises less
 *     read() ENODEV, ENXIO     the drive left before or after it was done: -ENODEV
 *     read() fails otherwise,  the drive has had the command, and how it ended is lost: completed with
 *     or another's answer      host status 07h
 *
 * After a read() that failed each further command is -ENODEV, without being sent: the answer that is
 * owed would be taken for its own.
 */
#pragma once

#include "drive/transport.h"

/* "sg" and a number as the kernel writes it. */
bool transport_sg_valid(const char *node);

int transport_sg_open(const char *node, TransportMode mode, Transport **ret_transport);

/* The same over FD, which is open and then belongs to the transport; on failure it does not. For tests,
 * which have no sg: it reads and writes sg_io_hdr_t. */
int transport_sg_over(int fd, TransportMode mode, uint32_t transfer_max, Transport **ret_transport);
