/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine as a whole, and calls of the kernel that have been ways in. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <linux/quota.h>
#include <linux/reboot.h>
#include <linux/userfaultfd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/io.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/quota.h>
#include <sys/reboot.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "tests/guest/evil/evil.h"

static int mount_something(const char *where) {
        int r = outcome(mount("none", where, "tmpfs", 0, NULL));

        if (r == 0)
                umount2(where, MNT_DETACH);
        return r;
}

static int unmount_something(const char *where) {
        return outcome_past(umount2(where, MNT_DETACH), EINVAL);
}

static int change_root(const char *where) {
        return outcome(chroot(where));
}

static int swap_root(const char *where) {
        int r = outcome_past(syscall(SYS_pivot_root, where, where), EINVAL);

        return r == -EBUSY ? 0 : r;
}

static int load_module(const char *what) {
        return outcome_past(syscall(SYS_init_module, what, strlen(what), ""), ENOEXEC);
}

static int unload_module(const char *name) {
        return outcome_past(syscall(SYS_delete_module, name, O_NONBLOCK), ENOENT);
}

/* Of no segments: forgets what nobody loaded. */
static int load_kernel(const char *what) {
        (void)what;
        return outcome(syscall(SYS_kexec_load, 0, 0, NULL, 0));
}

/* What Ctrl-Alt-Del does is what systemd set already. */
static int use_reboot(const char *what) {
        (void)what;
        return outcome(reboot(LINUX_REBOOT_CMD_CAD_OFF));
}

static int set_clock(const char *what) {
        struct timespec now;

        (void)what;
        clock_gettime(CLOCK_REALTIME, &now);
        return outcome(clock_settime(CLOCK_REALTIME, &now));
}

static int adjust_clock(const char *what) {
        struct timex change = { .modes = ADJ_STATUS };

        (void)what;
        change.status = STA_UNSYNC;
        return outcome(adjtimex(&change));
}

static int set_name(const char *what) {
        char name[65];

        (void)what;
        if (gethostname(name, sizeof(name)) < 0)
                return -errno;
        return outcome(sethostname(name, strlen(name)));
}

static int read_log(const char *what) {
        char bytes[256];

        (void)what;
        return outcome(klogctl(3, bytes, sizeof(bytes)));
}

static int swap(const char *path) {
        return outcome_past(swapon(path, 0), EINVAL);
}

static int ask_quota(const char *what) {
        (void)what;
        return outcome(quotactl(QCMD(Q_SYNC, USRQUOTA), NULL, 0, NULL));
}

static int keep_accounts(const char *what) {
        (void)what;
        return outcome(acct(NULL));
}

static int use_ports(const char *what) {
        (void)what;
        return outcome(ioperm(0x80, 1, 1));
}

static int use_all_ports(const char *what) {
        (void)what;
        return outcome(iopl(3));
}

static int use_bpf(const char *what) {
        union bpf_attr attributes = {
                .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1
        };

        (void)what;
        return outcome(syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes)));
}

static int measure(const char *what) {
        struct perf_event_attr attributes = { .type = PERF_TYPE_SOFTWARE,
                                              .size = sizeof(attributes),
                                              .config = PERF_COUNT_SW_CPU_CLOCK };

        (void)what;
        return outcome(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}

/* Without parameters: the kernel reads them only after it has asked who we are. */
static int use_uring(const char *what) {
        (void)what;
        return outcome_past(syscall(SYS_io_uring_setup, 1, NULL), EFAULT);
}

static int use_aio(const char *what) {
        unsigned long context = 0;

        (void)what;
        return outcome(syscall(SYS_io_setup, 1, &context));
}

static int handle_faults(const char *what) {
        (void)what;
        return outcome(syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY));
}

/* Past the folders above it, whose modes do not count then. */
static int open_by_handle(const char *path) {
        struct {
                struct file_handle handle;
                unsigned char bytes[MAX_HANDLE_SZ];
        } file = { .handle.handle_bytes = MAX_HANDLE_SZ };
        int mount_id, from = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (name_to_handle_at(AT_FDCWD, path, &file.handle, &mount_id, 0) < 0)
                file.handle.handle_bytes = 8; /* of a file that we guess */
        return outcome_past(open_by_handle_at(from, &file.handle, O_RDONLY), ESTALE);
}

static int watch_files(const char *what) {
        (void)what;
        return outcome(fanotify_init(FAN_CLASS_CONTENT, O_RDONLY));
}

const Action actions_of_the_kernel[] = {
        { "mount something", mount_something, "/mnt", ROLE_ROOT },
        { "undo what hides a store", unmount_something, "/var/lib/discfw-flash", ROLE_ROOT },
        { "change its root", change_root, "/", ROLE_ROOT },
        { "swap the root", swap_root, "/", ROLE_ROOT },
        { "load a module", load_module, "not a module", ROLE_ROOT },
        { "unload a module", unload_module, "discfw_evil", ROLE_ROOT },
        { "load another kernel", load_kernel, NULL, ROLE_ROOT },
        { "reboot", use_reboot, NULL, ROLE_ROOT },
        { "set the clock", set_clock, NULL, ROLE_ROOT },
        { "adjust the clock", adjust_clock, NULL, ROLE_ROOT },
        { "rename the machine", set_name, NULL, ROLE_ROOT },
        { "read the kernel's log by syslog", read_log, NULL, ROLE_ROOT },
        { "swap to a file", swap, "/etc/hostname", ROLE_ROOT },
        { "use quotas", ask_quota, NULL, ROLE_ROOT },
        { "switch accounting", keep_accounts, NULL, ROLE_ROOT },
        { "use a port of the machine", use_ports, NULL, ROLE_ROOT },
        { "use all ports of the machine", use_all_ports, NULL, ROLE_ROOT },
        { "use BPF", use_bpf, NULL, ROLE_ROOT },
        { "use performance counters", measure, NULL, ROLE_ROOT },
        { "use io_uring", use_uring, NULL, ROLE_ROOT },
        { "use asynchronous I/O", use_aio, NULL, ROLE_ROOT },
        { "handle faults of memory by itself", handle_faults, NULL, ROLE_ROOT },
        { "open a file by its handle", open_by_handle, "/etc/hostname", ROLE_ROOT },
        { "watch all files", watch_files, NULL, ROLE_ROOT },
        {},
};
