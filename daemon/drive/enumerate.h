/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What optical drives are attached. Asks the kernel's file system (and a folder of sockets) and
 * sends nothing to any drive: no node is opened.
 */
#pragma once

#include <stddef.h>

#include "base/fault.h"
#include "wire/probe.h"

/* Fills at most DRIVES_MAX records with node, block, devpath, attachment and counters, sorted by
 * node (sg2 before sg10); everything else in them is empty. EMULATED_DIR (NULL: none) is a folder
 * whose sockets NAME.sock are emulated drives. More than fit is a fault, not a cut list. */
int drives_enumerate(const char *emulated_dir, DriveRecord ret_records[], size_t *ret_n_records,
                     Fault *fault) _must_check_;
