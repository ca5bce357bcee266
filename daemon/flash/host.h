/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What this machine says of itself, where it matters to a flash: mounts and power. Read from the
 * kernel, fresh at each question. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

/* Where the device MAJOR:MINOR is mounted, by /proc/self/mountinfo (MOUNTS, read from its start).
 * Returns 1 and the place, escaped as the kernel has it; 0 if it is not mounted; or errno. */
int host_mount_of(int mounts, unsigned major, unsigned minor, char *ret_place,
                  size_t size) _must_check_;

/* Runs on battery: some battery of the machine is emptying, and no mains is connected. */
typedef struct Power {
        bool on_battery;
        int percent; /* of the fullest battery; -1 where it is not known */
} Power;

/* SUPPLIES is /sys/class/power_supply, or -1: then there is no battery. Batteries of mice and
 * keyboards do not count. Returns 0 or errno. */
int host_power(int supplies, Power *ret_power) _must_check_;
