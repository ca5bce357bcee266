/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/connect.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/text.h"

/* A daemon that does not even accept is as good as none. */
#define CONNECT_SECONDS 10

static bool trusted_owner(uid_t uid) {
        const struct passwd *discfw;

        if (uid == 0 || uid == geteuid())
                return true;
        discfw = getpwnam("discfw");
        return discfw && discfw->pw_uid == uid;
}

/* Opens the folder of PATH; what was checked is then what is used, whatever PATH becomes. */
static int open_folder(const char *path, int *ret_fd, Fault *fault) {
        _cleanup_close_ int fd = -1;
        char folder[4096];
        struct stat st;
        const char *slash = strrchr(path, '/');

        text_format(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) : 1,
                    slash ? path : ".");
        fd = open(folder[0] ? folder : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return fault_set(fault, FAULT_DAEMON_UNREACHABLE, "cannot reach discfwd at %s: %s",
                                 path, strerror(errno));
        if (!trusted_owner(st.st_uid))
                return fault_set(fault, FAULT_DAEMON_UNREACHABLE,
                                 "do not trust the socket in %s: the folder belongs to uid %u, "
                                 "not to root, discfw or yourself",
                                 folder, (unsigned)st.st_uid);
        if (st.st_mode & (S_IWGRP | S_IWOTH))
                return fault_set(fault, FAULT_DAEMON_UNREACHABLE,
                                 "do not trust the socket in %s: others may write in the folder "
                                 "(mode %04o)",
                                 folder, (unsigned)st.st_mode & 07777);

        *ret_fd = TAKE_FD(fd);
        return 0;
}

int connect_socket(const char *path, int *ret_fd, Fault *fault) {
        _cleanup_close_ int folder = -1, fd = -1;
        const struct timeval limit = { .tv_sec = CONNECT_SECONDS };
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int r;

        r = open_folder(path, &folder, fault);
        if (r < 0)
                return r;

        /* By the folder's descriptor: also makes room for paths longer than sun_path. */
        r = snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", folder,
                     name);
        if (r < 0 || (size_t)r >= sizeof(address.sun_path))
                return fault_set(fault, FAULT_DAEMON_UNREACHABLE,
                                 "cannot reach discfwd at %s: the name is too long", path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
            connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
                if (errno == EACCES || errno == EPERM)
                        return fault_set(fault, FAULT_NOT_PERMITTED, "may not use %s", path);
                return fault_set(fault, FAULT_DAEMON_UNREACHABLE, "cannot reach discfwd at %s: %s",
                                 path, strerror(errno));
        }

        *ret_fd = TAKE_FD(fd);
        return 0;
}

int connect_host(const char *host, int *ret_fd, pid_t *ret_ssh, Fault *fault) {
        int fds[2];
        pid_t pid;

        /* ssh would take it for an option, and some of those run commands. */
        if (host[0] == '-' || !host[0])
                return fault_set(fault, FAULT_BAD_REQUEST, "\"%s\" is no name of a host", host);
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
                return fault_set(fault, FAULT_INTERNAL, "cannot make a socket: %s",
                                 strerror(errno));
        pid = fork();
        if (pid < 0) {
                (void)close(fds[0]);
                (void)close(fds[1]);
                return fault_set(fault, FAULT_INTERNAL, "cannot start ssh: %s", strerror(errno));
        }
        if (pid == 0) {
                if (dup2(fds[1], STDIN_FILENO) >= 0 && dup2(fds[1], STDOUT_FILENO) >= 0)
                        (void)execlp("ssh", "ssh", "-xT", "--", host, "discfw", "bridge",
                                     (char *)NULL);
                (void)fprintf(stderr, "discfw: cannot start ssh: %s\n", strerror(errno));
                _exit(127);
        }
        (void)close(fds[1]);

        *ret_fd = fds[0];
        *ret_ssh = pid;
        return 0;
}
