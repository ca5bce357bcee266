/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What discfw-probe keeps. */
#pragma once

#include "base/fault.h"

/* SOCKET stays open. EMULATED_DIR may be NULL: then not even a Unix socket can be made. */
int probe_sandbox_enter(int socket, const char *emulated_dir, Fault *fault) _must_check_;
