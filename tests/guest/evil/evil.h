/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program of ours might try once somebody has taken it over. Put in its place it tries all of
 * it, under the unit as it is installed, and says for each what came of it.
 *
 * An action is tried in a process of its own. It returns 0 if it was done, -errno if it was not. One
 * that would harm the machine if root did it is asked for in a form that goes no further than the
 * kernel's question who asks; an errno that only comes after that question counts as done. */
#pragma once

#define ROLE_DAEMON  (1u << 0)
#define ROLE_FETCH   (1u << 1)
#define ROLE_VERIFY  (1u << 2)
#define ROLE_PROBE   (1u << 3)
#define ROLE_FLASH   (1u << 4)
#define ROLE_ROOT    (1u << 5) /* root without any unit: shows that an action works at all */
#define ROLE_HELPERS (ROLE_FETCH | ROLE_VERIFY | ROLE_PROBE | ROLE_FLASH)
#define ROLE_ALL     (ROLE_DAEMON | ROLE_HELPERS | ROLE_ROOT)

typedef struct Action {
        const char *name; /* goes on from "can" or "cannot" */
        int (*attempt)(const char *what);
        const char *what;
        unsigned may; /* roles whose right it is, or which cannot be kept from it (said there) */
} Action;

/* Each ends with a row without a name. */
extern const Action actions_of_files[];
extern const Action actions_of_devices[];
extern const Action actions_of_sockets[];
extern const Action actions_of_processes[];
extern const Action actions_of_the_kernel[];

/* 0 for what a system call answers when it worked, -errno otherwise. */
int outcome(long result);

/* The same, but errno PAST, too, says that the kernel was willing. */
int outcome_past(long result, int past);

/* The first file that PATTERN (glob(7)) has; PATTERN itself if there is none. */
const char *first_of(const char *pattern);

/* Asks systemd over the system bus to start a unit. */
int bus_start_unit(const char *unit);
