/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What discfw-fetch keeps: the network, and reading what names and certificates need. No device, no
 * store, nothing to write, nothing to run. */
#pragma once

#include "base/fault.h"

/* For ever; CONNECTION stays open. Returns 0, or a fault: then the process must end. */
int fetch_sandbox_enter(int connection, Fault *fault) _must_check_;
