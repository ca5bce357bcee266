/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flash/sandbox.h"

#include <scsi/sg.h>
#include <sys/socket.h>

#include "base/sandbox.h"

/* No execve, no fork, no kill, no ptrace, no mount, no network: they are not in the common set
 * either. */
static const char *const calls[] = {
        "openat",     /* nodes, after a re-enumeration too; roots; journals */
        "getdents64", /* /sys, journals, batteries */
        "readlink",   /* /sys: where a drive is attached */
        "readlinkat", /* the same */
        "connect",    /* to an emulated drive */
        "flock",      /* the machine's lock, a journal's */
        "fallocate",  /* a journal is allocated whole */
        "renameat",   /* floors, written whole */
        "renameat2",  /* a journal gets its name with its intent in it */
        "unlinkat",   /* a journal that was acknowledged */
        NULL,
};

/* The node's group decides who may open it; what the drive is flashed with goes through it by write().
 * No BLK or CDROM request is needed: /dev/srN is opened to be held. */
static const unsigned long ioctls[] = {
        SG_IO,              /* a drive that came back is looked at on a node open for reading */
        SG_GET_VERSION_NUM, /* of sg */
        0,
};

static const int families[] = {
        AF_UNIX, /* emulated drives */
        -1,
};

int flash_sandbox_enter(int connection, const Settings *settings, const char *state_path,
                        const char *catalogs_path, Fault *fault) {
        const SandboxPath paths[] = {
                { .path = state_path, .writable = true },
                { .path = catalogs_path },
                /* The nodes have no folder of their own, and come and go while we wait for a drive.
                 * Which of them may be opened says the unit (DeviceAllow=). */
                { .path = "/dev", .writable = true },
                { .path = "/sys" },
                { .path = settings->emulated_dir ? settings->emulated_dir : "/sys" },
                {},
        };
        const Sandbox sandbox = {
                .calls = calls,
                .ioctls = ioctls,
                .families = families,
                .paths = paths,
        };
        const int keep[] = { connection, settings->state, settings->catalogs, settings->mounts,
                             settings->supplies };

        return sandbox_enter(&sandbox, keep, sizeof(keep) / sizeof(keep[0]), fault);
}
