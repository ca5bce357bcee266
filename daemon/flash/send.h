/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one place that sends what changes a drive. Whoever calls it has the record on disk that says
 * so. */
#pragma once

#include "drive/command.h"
#include "flash/family.h"

/* Sends the I-th piece of COURSE, once, and looks at everything that came back. The last one is
 * sent with COMMIT_MS to answer in, all others with COMMAND_MS. */
int send_piece(Transport *transport, const Course *course, uint32_t i, const Recipe *recipe,
               Reply *reply, Fault *fault) _must_check_;
