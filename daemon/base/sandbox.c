/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

/* What every process of ours needs to live: memory, time, signals, and its open descriptors. */
static const char *const common_calls[] = {
        "brk",
        "mmap",
        "munmap",
        "mremap",
        "madvise",
        "mprotect",
        "read",
        "write",
        "readv",
        "writev",
        "pread64",
        "pwrite64",
        "lseek",
        "close",
        "close_range",
        "fstat",
        "newfstatat",
        "fcntl",
        "dup",
        "ftruncate",
        "fsync",
        "fdatasync",
        "memfd_create",
        "recvmsg",
        "sendmsg",
        "recvfrom",
        "sendto",
        "shutdown",
        "getsockopt",
        "getsockname",
        "poll",
        "ppoll",
        "select",
        "pselect6",
        "clock_gettime",
        "clock_nanosleep",
        "nanosleep",
        "gettimeofday",
        "time",
        "rt_sigaction",
        "rt_sigprocmask",
        "rt_sigreturn",
        "sigaltstack",
        "futex",
        "set_robust_list",
        "rseq",
        "getrandom",
        "sched_yield",
        "restart_syscall",
        "getpid",
        "gettid",
        "getuid",
        "geteuid",
        "getgid",
        "getegid",
        "tgkill",
        "exit",
        "exit_group",
#ifdef WIDE_SANDBOX
        /* Sanitizers look at their own maps at exit, and coverage data is written to files. */
        "openat",
        "open",
        "readlink",
        "readlinkat",
        "getcwd",
        "unlink",
        "stat",
        "lstat",
        "access",
        "mkdir",
        "clone",
        "clone3",
        "wait4",
        "prctl",
        "ptrace",
        "getdents",
        "getdents64",
        "sched_getaffinity",
        "process_vm_readv",
        "uname",
        "getppid",
        "flock",
        "prlimit64",
        "getrlimit",
        "kill",
        "sysinfo",
        "personality",
        "arch_prctl",
        "ioctl",
#endif
        NULL,
};

int process_sanitize(int argc, char *argv[]) {
        static const char *const kept[] = {
                "LISTEN_FDS",      "LISTEN_PID",    "LISTEN_FDNAMES",
                "NOTIFY_SOCKET",   "WATCHDOG_USEC", "WATCHDOG_PID",
                "JOURNAL_STREAM",  "DISCFW_LOG",    "TZ",
                "LD_PRELOAD",      "FAKETIME",      "DONT_FAKE_MONOTONIC",
                "FAKETIME_SHARED", "ASAN_OPTIONS",  "UBSAN_OPTIONS",
                "LSAN_OPTIONS",    "GCOV_PREFIX",   "REMOTE_ADDR"
        };
        char *values[N_ELEMENTS(kept)] = {};
        sigset_t none;

        if (argc < 1 || !argv[0])
                return -EINVAL;

        /* Descriptors 0 to 2 must be taken, or a database might become standard error. */
        for (int fd = open("/dev/null", O_RDWR | O_NOCTTY); fd >= 0; fd = dup(fd))
                if (fd > STDERR_FILENO) {
                        (void)close(fd);
                        break;
                }

        for (size_t i = 0; i < N_ELEMENTS(kept); i++) {
                const char *value = getenv(kept[i]);

                if (value && !(values[i] = strdup(value)))
                        return -ENOMEM;
        }
        if (clearenv() != 0)
                return -ENOMEM;
        for (size_t i = 0; i < N_ELEMENTS(kept); i++) {
                if (values[i] && setenv(kept[i], values[i], 1) < 0)
                        return -ENOMEM;
                free(values[i]);
        }

        (void)umask(0077);
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)signal(SIGCHLD, SIG_DFL);
        (void)signal(SIGPIPE, SIG_IGN);
        return 0;
}

static bool is_kept(int fd, const int *keep, unsigned n_keep) {
        if (fd <= STDERR_FILENO || (fd >= 0 && fd == log_descriptor()))
                return true;
        for (unsigned i = 0; i < n_keep; i++)
                if (keep[i] == fd)
                        return true;
        return false;
}

static int close_others(const int *keep, unsigned n_keep) {
        unsigned first = STDERR_FILENO + 1;
        int highest = log_descriptor();

        for (unsigned i = 0; i < n_keep; i++)
                if (keep[i] > highest)
                        highest = keep[i];
        for (int fd = (int)first; fd <= highest; fd++)
                if (!is_kept(fd, keep, n_keep))
                        (void)close(fd);
        if (highest >= (int)first)
                first = (unsigned)highest + 1;
        return close_range(first, ~0u, 0) < 0 && errno != ENOSYS ? -errno : 0;
}

#ifndef WIDE_SANDBOX
static int landlock_add(int ruleset, const SandboxPath *path, uint64_t handled) {
        const uint64_t read_rights = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
        const uint64_t file_rights = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                     LANDLOCK_ACCESS_FS_TRUNCATE;
        _cleanup_close_ int fd = open(path->path, O_PATH | O_CLOEXEC);
        struct landlock_path_beneath_attr rule = { .parent_fd = fd };
        struct stat st;

        if (fd < 0)
                return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        rule.allowed_access = path->writable ? handled & ~LANDLOCK_ACCESS_FS_EXECUTE : read_rights;
        if (!S_ISDIR(st.st_mode))
                rule.allowed_access &= file_rights;
        rule.allowed_access &= handled;
        if (rule.allowed_access == 0)
                return 0;
        return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0
                       ? -errno
                       : 0;
}

/* A kernel without Landlock is no reason to stop: seccomp and the unit are still there. */
static int confine_files(const Sandbox *sandbox) {
        struct landlock_ruleset_attr attr = { .handled_access_fs = (1ULL << 13) - 1 };
        _cleanup_close_ int ruleset = -1;
        long abi;
        int r;

        abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
        if (abi < 1)
                return 0;
        if (abi >= 2)
                attr.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
        if (abi >= 3)
                attr.handled_access_fs |= LANDLOCK_ACCESS_FS_TRUNCATE;
        if (sandbox->read_anything)
                attr.handled_access_fs &=
                        ~(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
        ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
        if (ruleset < 0)
                return -errno;
        for (const SandboxPath *p = sandbox->paths; p && p->path; p++) {
                r = landlock_add(ruleset, p, attr.handled_access_fs);
                if (r < 0)
                        return r;
        }
        return syscall(SYS_landlock_restrict_self, ruleset, 0) < 0 ? -errno : 0;
}
#endif

#ifndef WIDE_SANDBOX
/* The flags of clone3(2) lie in memory, where a filter cannot see them: "no such call" makes libc
 * take clone(2), whose flags can be looked at. */
static int allow_threads(scmp_filter_ctx ctx) {
        const scmp_datum_t looked_at = CLONE_THREAD | CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET |
                                       CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
        int r;

        r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
        if (r < 0)
                return r;
        return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                                SCMP_A0(SCMP_CMP_MASKED_EQ, looked_at, CLONE_THREAD));
}
#endif

/* Calls whose arguments are looked at are added here and not by name. */
static int add_rules(scmp_filter_ctx ctx, const Sandbox *sandbox) {
        const char *const *lists[] = { common_calls, sandbox->calls };
        int r;

        for (size_t l = 0; l < N_ELEMENTS(lists); l++)
                for (const char *const *call = lists[l]; call && *call; call++) {
                        int number = seccomp_syscall_resolve_name(*call);

                        if (number == __NR_SCMP_ERROR)
                                return -EINVAL;
                        r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, number, 0);
                        if (r < 0 && r != -EEXIST)
                                return r;
                }
        for (const unsigned long *request = sandbox->ioctls; request && *request; request++) {
                r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                                     SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, *request));
                if (r < 0 && r != -EEXIST)
                        return r;
        }
#ifndef WIDE_SANDBOX
        r = sandbox->threads ? allow_threads(ctx) : 0;
        if (r < 0)
                return r;
#endif
        for (const int *family = sandbox->families; family && *family >= 0; family++) {
                r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                                     SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)*family));
                if (r < 0)
                        return r;
        }
        return 0;
}

static int confine_calls(const Sandbox *sandbox) {
        scmp_filter_ctx ctx;
        int r;

        ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
        if (!ctx)
                return -ENOMEM;
        r = add_rules(ctx, sandbox);
        if (r == 0)
                r = seccomp_load(ctx);
        seccomp_release(ctx);
        return r;
}

int sandbox_enter(const Sandbox *sandbox, const int *keep, unsigned n_keep, Fault *fault) {
        const struct rlimit none = {};
        int r;

        r = close_others(keep, n_keep);
        if (r < 0)
                return fault_set(fault, FAULT_SANDBOX, "cannot close descriptors: %s",
                                 strerror(-r));
        /* A core would hold serial numbers and keys. */
        (void)setrlimit(RLIMIT_CORE, &none);
#ifndef WIDE_SANDBOX
        (void)prctl(PR_SET_DUMPABLE, 0); /* LeakSanitizer traces at exit */
#endif
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return fault_set(fault, FAULT_SANDBOX, "cannot give up privileges: %s",
                                 strerror(errno));
#ifndef WIDE_SANDBOX
        r = confine_files(sandbox);
        if (r < 0)
                return fault_set(fault, FAULT_SANDBOX, "cannot confine files: %s", strerror(-r));
#endif
        r = confine_calls(sandbox);
        if (r < 0)
                return fault_set(fault, FAULT_SANDBOX, "cannot confine system calls: %s",
                                 strerror(-r));
        return 0;
}
