/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's way to a drive: SG_IO (version 3) on /dev/sgN. Opening sg sends nothing to a drive,
 * where opening srN would.
 *
 * O_RDONLY for TRANSPORT_LOOK, on which the kernel refuses WRITE BUFFER and vendor commands with
 * EPERM. O_RDWR and O_EXCL for TRANSPORT_FLASH: -EBUSY while anybody has the node open, and nobody
 * gets in afterwards.
 */
#pragma once

#include "drive/transport.h"

/* "sg" and a number as the kernel writes it. */
bool transport_sg_valid(const char *node);

int transport_sg_open(const char *node, TransportMode mode, Transport **ret_transport);
