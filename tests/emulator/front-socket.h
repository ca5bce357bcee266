/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The front end of Unix sockets: each drive of a bench listens on DIR/NAME.sock, and speaks what
 * daemon/drive/transport-socket.h has written down. It also plays the part of the kernel between a
 * program and its drive: read-only and exclusive opening, and the reset that follows when a command
 * is not answered in time.
 *
 * Exclusive use is that of /dev/sgN: refused while anybody else has the drive open, and while it
 * lasts everybody else is refused.
 */
#pragma once

#include "tests/emulator/front.h"

extern const FrontKind front_socket;
