/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hands for tests: one line in, one or more lines out, on the socket DIR/control.
 *
 *     list                       name, condition, identity, bus and path of all drives
 *     power-cycle NAME           off and on; a burn under way ruins the drive
 *     unplug NAME, plug NAME     power and cable
 *     tray NAME open|closed
 *     disc NAME none|data|blank  (in, out: data, none)
 *     disc NAME data FILE        with what is in an image
 *     reset NAME                 of the bus
 *     settle NAME                nothing is left to report: as after a kernel has found the drive
 *     faults FILE                a new plan in place of the old; "faults -" for none
 *
 * The last line is "ok", or "error: " and why.
 */
#pragma once

#include <stdio.h>

#include "tests/emulator/front.h"

#define CONTROL_LINE_MAX 1024

/* Sockets DIR/NAME SUFFIX, here and for the front of sockets; what a former process left in their
 * place goes. -ENAMETOOLONG if there is no such address. */
int socket_listen(const char *dir, const char *name, const char *suffix, int *ret_fd) _must_check_;
void socket_unlisten(const char *dir, const char *name, const char *suffix, int *fd);

/* Carries out one line at the time NOW and writes the answer. LINE is used up. */
void control_execute(Front *front, char *line, uint64_t now, FILE *answer);

/* Serves one who has connected to LISTENER. */
void control_serve(int listener, Front *front);
