/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/sandbox.h"

#include <sys/socket.h>

#include "base/sandbox.h"

/* No execve, no ioctl (so no command to a device, even if one were open), no ptrace, no mount. */
static const char *const calls[] = {
        /* the loop */
        "epoll_create1",
        "epoll_ctl",
        "epoll_wait",
        "epoll_pwait",
        "epoll_pwait2",
        "timerfd_create",
        "timerfd_settime",
        "timerfd_gettime",
        "eventfd2",
        "signalfd4",
        "inotify_init1",
        "inotify_add_watch",
        "inotify_rm_watch",
        "waitid",
        "prctl",
        /* clients and helpers; names of users */
        "accept4",
        "connect",
        "bind",
        "setsockopt",
        "getpeername",
        "socketpair",
        /* sd_notify_barrier(3): has systemd heard that we end? */
        "pipe2",
        /* databases: everything below the state folder, which Landlock sees to */
        "openat",
        "open",
        "unlink",
        "unlinkat",
        "rename",
        "renameat",
        "renameat2",
        "mkdir",
        "mkdirat",
        "fchmod",
        "fchown",
        "flock",
        "fallocate",
        "stat",
        "lstat",
        "statx",
        "access",
        "faccessat",
        "faccessat2",
        "readlink",
        "readlinkat",
        "getcwd",
        "chdir",
        "fchdir",
        "getdents64",
        "statfs",
        "fstatfs",
        "utimensat",
        "umask",
        /* libraries looking around */
        "uname",
        "sysinfo",
        "getrlimit",
        "prlimit64",
        "getppid",
        "getgroups",
        "gettimeofday",
        "sched_getaffinity",
        NULL,
};

/* Unix: clients, helpers, the journal, the bus. Netlink: uevents, as relayed by udev. */
static const int families[] = { AF_UNIX, AF_NETLINK, -1 };

int daemon_sandbox_enter(const char *state, int listener, Fault *fault) {
        const SandboxPath paths[] = {
                { .path = state, .writable = true },
                { .path = "/dev/null", .writable = true },
                { .path = NULL },
        };
        const Sandbox sandbox = {
                .calls = calls,
                .families = families,
                .paths = paths,
                /* Configuration, users, udev's database, and catalogs on sticks. */
                .read_anything = true,
        };

        return sandbox_enter(&sandbox, &listener, 1, fault);
}
