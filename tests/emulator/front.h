/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What carries commands to the drives of a bench: a front. Each kind has a file front-NAME.c with a
 * table of what it does; the loop, the control socket, and a drive that comes back by itself are
 * here, the same for all.
 *
 * A front's own structure begins with a Front. Everything is called from one thread; a kind that
 * needs another one (since a call into the kernel would wait for an answer of ours) wakes the loop
 * by a descriptor in its watch list.
 */
#pragma once

#include <poll.h>

#include "base/fault.h"
#include "tests/emulator/bench.h"

#define FRONT_FDS_MAX 256
#define NEVER         UINT64_MAX

typedef struct Front Front;

typedef struct FrontOptions {
        const char *dir; /* for what the front has to put somewhere; the control socket is there */
        const char *listen; /* ADDRESS:PORT, or NULL */
} FrontOptions;

typedef struct FrontKind {
        const char *name;

        /* All drives plugged in. Borrows BENCH. */
        int (*open)(Bench *bench, const FrontOptions *options, Front **ret_front, Fault *fault);
        /* Unplugs all. */
        Front *(*free)(Front *front);

        /* The cable. Both do nothing if it is so already; a negative errno if it cannot be. */
        int (*plug)(Front *front, size_t place);
        void (*unplug)(Front *front, size_t place);
        /* The drive was without power for a moment and is on again: what the host notices of that
         * besides the unit attention. NULL: nothing. */
        void (*power_lost)(Front *front, size_t place, uint64_t now);

        /* Fills at most FRONT_FDS_MAX of FDS, whose number it returns. */
        size_t (*watch)(Front *front, struct pollfd *fds);
        /* The same list with its REVENTS. */
        void (*on_events)(Front *front, const struct pollfd *fds, uint64_t now);
        /* Does what was due by NOW; returns when it is wanted next, or NEVER. */
        uint64_t (*on_time)(Front *front, uint64_t now);
} FrontKind;

struct Front {
        const FrontKind *kind;
        Bench *bench;
        uint64_t back_at[BENCH_DRIVES_MAX]; /* plugs itself in again; NEVER */
};

/* NULL if there is no such kind in this build. */
const FrontKind *front_kind_find(const char *name);

/* For open() of a kind. */
void front_init(Front *front, const FrontKind *kind, Bench *bench);

Front *front_free(Front *front);
DEFINE_CLEANUP(Front *, front_free)

/* Serves until STOP_FD is readable. CONTROL listens, see control_serve(). */
int front_run(Front *front, int control, int stop_fd);

/* What front_run() does between two waits: all that was due by NOW, for a test in its place. Returns
 * when it is wanted next, or NEVER. */
uint64_t front_on_time(Front *front, uint64_t now);

/* A drive leaves the bus and comes back at BACK_AT (NEVER: when somebody plugs it in). */
void front_vanish(Front *front, size_t place, uint64_t back_at);
int front_plug(Front *front, size_t place) _must_check_;

/* Off and on again. */
void front_power_cycle(Front *front, size_t place, uint64_t now);
