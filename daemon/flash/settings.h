/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the process was started with: opened before it confines itself, and never changed. */
#pragma once

#include <stdbool.h>

typedef struct Settings {
        int state;                /* own folder: journals, floors */
        int catalogs;             /* catalogs.d, the pinned roots; -1 if there is none */
        int mounts;               /* /proc/self/mountinfo */
        int supplies;             /* /sys/class/power_supply; -1 if there is none */
        const char *emulated_dir; /* sockets of emulated drives, or NULL */
        bool without_inhibitor;   /* whoever started us says that there is no logind to ask */
} Settings;
