/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way to a daemon: its socket here, or "discfw bridge" on another machine through ssh(1).
 *
 * SO_PEERCRED of a socket that systemd made names systemd, so who serves it is judged by who may put
 * a socket there: its folder must belong to root, to discfw or to the caller, and nobody else may
 * write in it.
 */
#pragma once

#include <sys/types.h>

#include "base/fault.h"

#define DISCFWD_SOCKET "/run/discfwd/discfwd.sock"

/* Returns 0 and a connected stream, or FAULT_DAEMON_UNREACHABLE. */
int connect_socket(const char *path, int *ret_fd, Fault *fault) _must_check_;

/* Starts ssh. What it asks the person, it asks on the terminal. It ends when the descriptor is
 * closed. */
int connect_host(const char *host, int *ret_fd, pid_t *ret_ssh, Fault *fault) _must_check_;
