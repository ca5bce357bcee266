/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What discfw-flash gives up before it reads a byte. */
#pragma once

#include "base/fault.h"
#include "flash/settings.h"

/* The paths are those that SETTINGS were opened from, since Landlock asks for them again. */
int flash_sandbox_enter(int connection, const Settings *settings, const char *state_path,
                        const char *catalogs_path, Fault *fault) _must_check_;
