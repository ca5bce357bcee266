/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discfwd --standalone DIR: what systemd does elsewhere, for a demo, tests and containers.
 *
 * Below DIR it makes etc (configuration), state (databases), flash (journals) and run (sockets), binds
 * all sockets, starts the daemon with its own, and starts a helper for each connection to one of
 * theirs. A daemon that dies is started again; a flash that runs is its own process and is neither
 * stopped nor waited for by it. On SIGTERM the daemon ends first, and the supervisor after the last
 * helper. Only the user who runs it may change things.
 */
#pragma once

#include "base/fault.h"

/* EMULATED: a folder of emulated drives, or NULL. Returns the exit status of the process. */
int supervise(const char *folder, const char *emulated, Fault *fault);
