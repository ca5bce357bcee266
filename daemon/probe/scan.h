/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Serves one connection: scan after scan, until the other side ends it. */
#pragma once

#include "base/fault.h"

/* Returns 0 at the end of the connection, or a fault if the other side breaks the protocol. A drive
 * that cannot be read is no fault of the scan: its record says so, and the others follow. */
int scan_serve(int socket, const char *emulated_dir, Fault *fault) _must_check_;
