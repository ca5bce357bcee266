/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What discfw-verify keeps: its connection, memory, and nothing else. */
#pragma once

#include "base/fault.h"

int verify_sandbox_enter(int connection, Fault *fault) _must_check_;
