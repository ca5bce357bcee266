/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A drive as Linux' target core is told of it, in configfs: a device of target_core_user, whose
 * commands come to us, and a loopback host (tcm_loop) that it is plugged into.
 *
 *     core/user_53596/discfw-NAME                    the device
 *     loopback/naa.5001405d15cfNNNN/tpgt_1/lun/lun_0/discfw-NAME -> the device: the cable
 *
 * Nothing else there is ours, and nothing else is touched. Needs root and the modules
 * target_core_user and tcm_loop.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/fault.h"

typedef struct Target {
        char device[64]; /* below the root of the target core */
        char host[64];
        char cable[128];
} Target;

/* Keeps other emulators away: TARGETS_LOCK is to be kept open as long as there are targets. Then
 * removes what a former process left behind, commands that hang included. */
int targets_open(int *ret_lock, Fault *fault) _must_check_;
/* After the last target. */
void targets_close(int *lock);

/* Makes device and host for a drive, not plugged in. What was made goes again if it fails. */
int target_make(Target *target, const char *name, size_t place, Fault *fault) _must_check_;
/* Also of a half-made target. Its device must not be open any more. */
void target_remove(const Target *target);

/* The descriptor of its commands, and the length of what is to be mapped. */
int target_open(const Target *target, int *ret_fd, size_t *ret_n_map) _must_check_;

/* Plugs it in or out, and comes back when the kernel is done with that. Plugging in means that the
 * kernel asks the drive what it is, and unplugging waits for its answers: hence never to be called
 * by whoever has to answer. */
int target_connect(const Target *target, bool plugged) _must_check_;

/* All commands under way end, and no further ones come. */
void target_give_up(const Target *target);
