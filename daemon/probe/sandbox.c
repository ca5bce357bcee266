/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe/sandbox.h"

#include <scsi/sg.h>
#include <sys/socket.h>

#include "base/sandbox.h"

int probe_sandbox_enter(int socket, const char *emulated_dir, Fault *fault) {
        static const char *const calls[] = {
                "openat",                   /* nodes of drives, files of sysfs: what PATHS leave */
                "getdents64",               /* the lists of drives */
                "readlink",   "readlinkat", /* sysfs is made of links */
                "connect",                  /* to an emulated drive; of no use without a socket */
                NULL,
        };
        static const unsigned long ioctls[] = {
                SG_IO,              /* the way to a drive; what may go through a node opened
                                     * read-only is the kernel's decision */
                SG_GET_VERSION_NUM, /* is this sg at all? */
                0,
        };
        static const int families[] = { AF_UNIX, -1 };
        /* Not a node each: drives are plugged in while we run. Nothing here can be opened to write,
         * and the unit leaves no other device than char-sg. */
        const SandboxPath paths[] = {
                { .path = "/dev" },
                { .path = "/sys" },
                { .path = emulated_dir },
                { .path = NULL },
        };
        const Sandbox sandbox = {
                .calls = calls,
                .ioctls = ioctls,
                .families = emulated_dir ? families : NULL,
                .paths = paths,
        };

        return sandbox_enter(&sandbox, &socket, 1, fault);
}
