/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has a drive's nodes open, or its disc mounted where we do not see it: for a person whose flash
 * was refused since another program has the drive. Only root may look into all processes; others
 * find their own.
 *
 * What is found may be gone when it is read: it is told, and nothing is decided by it. The name of a
 * program is what the program says; the number in front of it is the kernel's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define HOLDERS_MAX 8

typedef struct Holder {
        pid_t pid;        /* 0: no process, but a mount that we see as well */
        char program[64]; /* as it calls itself: any byte */
        char what[320];   /* "has /dev/sr0", "sees /dev/sr0 mounted at /media" */
} Holder;

typedef struct Holders {
        Holder list[HOLDERS_MAX];
        unsigned n;
        bool more;
} Holders;

/* A node that may be held. */
typedef struct HeldNode {
        const char *path;
        bool block;
        dev_t device;
} HeldNode;

/* Looks below PROC ("/proc"). Left out are this process and programs whose path begins with OWN: our
 * helpers have the drive when they are asked to. Files are not followed to where they would make us
 * wait for a network. Each process is named once for each node. With MOUNTS also where a block device
 * is mounted, in the mount namespace of PROC/self or of others. */
void holders_find(const char *proc, const char *own, const HeldNode nodes[], unsigned n_nodes,
                  bool mounts, Holders *ret_holders);

/* "pid 812 \"vlc\" has /dev/sr0, pid 99 \"sh\" has /dev/sg1"; fit to be shown once it is escaped
 * (cli_complain() does). "" if there are none. */
void holders_text(const Holders *holders, char *ret_text, size_t size);

/* The two for the drive whose nodes a refusal names: BLOCK "sr0" and NODE "sg1", which are believed
 * only if they look so and are nodes of such drives here. */
void holders_of_drive(const char *block, const char *node, bool mounts, char *ret_text,
                      size_t size);
