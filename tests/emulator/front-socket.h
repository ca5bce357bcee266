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

#include "base/fault.h"
#include "tests/emulator/bench.h"

typedef struct Front Front;

/* Binds all sockets; what a former process left in their place goes. Borrows BENCH. */
int front_open(Bench *bench, const char *dir, Front **ret_front, Fault *fault) _must_check_;
Front *front_free(Front *front); /* also removes the sockets */
DEFINE_CLEANUP(Front *, front_free)

/* Serves until STOP_FD is readable. */
int front_run(Front *front, int stop_fd);

/* The cable of a drive: closes its connections and its socket, until it is plugged in again. */
void front_unplug(Front *front, size_t place);
int front_plug(Front *front, size_t place) _must_check_;
