/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files and folders of others, and programs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/guest/evil/evil.h"

static int read_it(const char *path) {
        return outcome(open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

/* Opened, and nothing written: what lies there may be the kernel's. */
static int open_to_write(const char *path) {
        return outcome(open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

static int create_in(const char *folder) {
        char path[256];
        int fd, r;

        snprintf(path, sizeof(path), "%s/discfw-evil-was-here", folder);
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        r = outcome(fd);
        if (fd >= 0 && write(fd, "!", 1) != 1)
                r = -errno;
        unlink(path);
        return r;
}

static int make_setuid(const char *path) {
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700), r;

        if (fd < 0)
                return -errno;
        r = outcome(fchmod(fd, 04755));
        unlink(path);
        return r;
}

static int give_away(const char *path) {
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700), r;

        if (fd < 0)
                return -errno;
        r = outcome(fchown(fd, 12345, 12345));
        unlink(path);
        return r;
}

static int make_node(const char *path) {
        int r = outcome(mknod(path, S_IFCHR | 0600, makedev(1, 3)));

        unlink(path);
        return r;
}

/* A shell, or a copy of us, which takes these arguments alike. */
static char *const arguments[] = { (char *)"evil", (char *)"-c", (char *)"exit 200", NULL };

static int execute(const char *path) {
        execv(path, arguments);
        return -errno;
}

/* By the loader, for which the file is only something to read. */
static int execute_by_loader(const char *loader) {
        execl(loader, loader, "/bin/sh", "-c", "exit 200", NULL);
        return -errno;
}

/* Puts a copy of this program into FD. */
static int copy_myself(int fd) {
        int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        struct stat st;

        if (from < 0 || fstat(from, &st) < 0 || fchmod(fd, 0700) < 0)
                return -errno;
        return sendfile(fd, from, NULL, (size_t)st.st_size) == st.st_size ? 0 : -EIO;
}

static int execute_from(const char *folder) {
        char path[256], again[64];
        int fd, r, file;

        snprintf(path, sizeof(path), "%s/discfw-evil-program", folder);
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
        if (fd < 0)
                return -errno;
        r = copy_myself(fd);
        close(fd);
        file = open(path, O_PATH | O_CLOEXEC);
        unlink(path);
        if (r < 0)
                return r;
        snprintf(again, sizeof(again), "/proc/self/fd/%d", file);
        return execute(again);
}

static int execute_memory(const char *what) {
        int fd = memfd_create(what, MFD_CLOEXEC), r;

        if (fd < 0)
                return -errno;
        r = copy_myself(fd);
        return r < 0 ? r : outcome(fexecve(fd, arguments, environ));
}

/* The folders under /var/lib are there once the units ran; the others are the suite's. */
const Action actions_of_files[] = {
        { "read what everybody may read", read_it, "/etc/os-release", ROLE_ALL },
        { "read the daemon's store", read_it, "/var/lib/discfwd", ROLE_DAEMON | ROLE_ROOT },
        { "write the daemon's store", create_in, "/var/lib/discfwd", ROLE_DAEMON | ROLE_ROOT },
        { "read the flash helper's store", read_it, "/var/lib/discfw-flash",
          ROLE_FLASH | ROLE_ROOT },
        { "write the flash helper's store", create_in, "/var/lib/discfw-flash",
          ROLE_FLASH | ROLE_ROOT },
        { "read passwords", read_it, "/etc/shadow", ROLE_ROOT },
        { "read a file in a home that others may read", read_it, "/home/discfw-evil/open",
          ROLE_ROOT },
        { "look into /home", read_it, "/home", ROLE_ROOT },
        { "look into /root", read_it, "/root", ROLE_ROOT },
        { "look into /run/user", read_it, "/run/user", ROLE_ROOT },
        { "read what others left in /tmp", read_it, "/tmp/discfw-evil-open", ROLE_ROOT },
        { "read what others left in /var/tmp", read_it, "/var/tmp/discfw-evil-open", ROLE_ROOT },
        { "read what others left in /dev/shm", read_it, "/dev/shm/discfw-evil-open", ROLE_ROOT },
        { "leave something in /dev/shm", create_in, "/dev/shm", ROLE_ROOT },
        { "leave something in /run/lock", create_in, "/run/lock", ROLE_ROOT },
        { "write /etc", create_in, "/etc", ROLE_ROOT },
        { "write the configuration", create_in, "/etc/discfwd", ROLE_ROOT },
        { "write /usr", create_in, "/usr/lib", ROLE_ROOT },
        { "write /run", create_in, "/run", ROLE_ROOT },
        { "write among the sockets", create_in, "/run/discfwd", ROLE_ROOT },
        { "write /var/lib", create_in, "/var/lib", ROLE_ROOT },
        { "write /boot", create_in, "/boot", ROLE_ROOT },
        { "write a folder that is open to everybody", create_in, "/srv/discfw-evil", ROLE_ROOT },
        { "change a setting of the kernel", open_to_write, "/proc/sys/kernel/core_pattern",
          ROLE_ROOT },
        { "pull the magic key", open_to_write, "/proc/sysrq-trigger", ROLE_ROOT },
        { "change a setting in /sys", open_to_write, "/sys/kernel/mm/ksm/run", ROLE_ROOT },
        { "move itself to another control group", open_to_write, "/sys/fs/cgroup/cgroup.procs",
          ROLE_ROOT },
        { "execute a shell", execute, "/bin/sh", ROLE_ROOT },
        { "execute a shell by the loader", execute_by_loader, "/lib64/ld-linux-x86-64.so.2",
          ROLE_ROOT },
        { "execute a program of another package in /usr/lib", execute,
          "/usr/lib/discfw-evil/program", ROLE_ROOT },
        { "execute what it wrote into /tmp", execute_from, "/tmp", ROLE_ROOT },
        { "execute what it wrote into /dev/shm", execute_from, "/dev/shm", ROLE_ROOT },
        { "execute what it wrote into its store", execute_from, "/var/lib/discfwd", ROLE_ROOT },
        /* No unit can take execve away, which starts the program, and these two need sealed memory. The
         * rest is up to their own filters. So it is for mapping such a file, in processes.c. */
        { "execute memory", execute_memory, "program", ROLE_DAEMON | ROLE_VERIFY | ROLE_ROOT },
        { "make a program that runs as its owner", make_setuid, "/tmp/discfw-evil-setuid",
          ROLE_ROOT },
        { "give a file to somebody else", give_away, "/tmp/discfw-evil-file", ROLE_ROOT },
        { "make a device node", make_node, "/tmp/discfw-evil-node", ROLE_ROOT },
        {},
};
