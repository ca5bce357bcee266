/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inner of two locks. The outer is the unit (or nothing, where systemd does not run); this one
 * a process puts on itself before it reads a byte from outside, and it is for ever.
 *
 * Each process has a sandbox.c which names what it keeps, line by line with the reason; the
 * mechanics are here: descriptors, no_new_privs, Landlock where the kernel has it, seccomp.
 */
#pragma once

#include <stdint.h>

#include "base/fault.h"

/* What of the file system stays reachable; everything else cannot be opened any more. */
typedef struct SandboxPath {
        const char *path; /* a folder or file that need not exist; NULL ends the list */
        bool writable;    /* may be read anyway */
} SandboxPath;

typedef struct Sandbox {
        /* Names of system calls, NULL-terminated, beyond the common set (memory, time, read and
         * write on open descriptors, signals, exit). A call that is not listed fails with EPERM: it does
         * not kill, since a library that tries something new must not end a flash half way. */
        const char *const *calls;
        /* Requests that ioctl(2) keeps, 0-terminated; NULL for none at all. */
        const unsigned long *ioctls;
        /* Domains that socket(2) keeps (AF_...), -1-terminated; NULL for none at all. */
        const int *families;
        /* NULL: the whole file system is out of reach. */
        const SandboxPath *paths;
        /* Reading is allowed everywhere and only writing is confined to PATHS. */
        bool read_anything;
        /* Threads may be started; processes and namespaces may not. */
        bool threads;
} Sandbox;

/* Enters. Only descriptors 0 to 2 and those of KEEP (n of them) stay open; those of 0 to 2 that were
 * closed are opened on /dev/null. Returns 0, or a fault: then the process must end. */
int sandbox_enter(const Sandbox *sandbox, const int *keep, unsigned n_keep,
                  Fault *fault) _must_check_;

/* Before anything else in main(): empties the environment but for a few harmless names, resets
 * umask and signals, opens descriptors 0 to 2, refuses an empty argv. Returns 0 or -EINVAL. */
int process_sanitize(int argc, char *argv[]) _must_check_;
