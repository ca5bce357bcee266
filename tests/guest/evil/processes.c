/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Other processes, and who one is. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/guest/evil/evil.h"

static int signal_process(const char *pid) {
        return outcome(kill(atoi(pid), 0));
}

static int see_process(const char *path) {
        struct stat st;

        return outcome(stat(path, &st));
}

static int trace_process(const char *what) {
        (void)what;
        return outcome(ptrace(PTRACE_SEIZE, getppid(), NULL, NULL));
}

static int trace_first(const char *pid) {
        return outcome(ptrace(PTRACE_SEIZE, atoi(pid), NULL, NULL));
}

static int become_root(const char *what) {
        (void)what;
        return outcome(setresuid(0, 0, 0));
}

static int become_nobody(const char *what) {
        (void)what;
        return outcome(setresuid(65534, 65534, 65534));
}

static int join_groups(const char *what) {
        gid_t group = 0;

        (void)what;
        return outcome(setgroups(1, &group));
}

/* Root takes what it has already. */
static int take_capabilities(const char *what) {
        struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = { { 1u << CAP_SYS_ADMIN, 1u << CAP_SYS_ADMIN, 0 } };

        (void)what;
        return outcome(syscall(SYS_capset, &head, data));
}

static int enter_namespace(const char *path) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        return fd < 0 ? -errno : outcome(setns(fd, 0));
}

static int unshare_user(const char *what) {
        (void)what;
        return outcome(unshare(CLONE_NEWUSER));
}

static int unshare_mounts(const char *what) {
        (void)what;
        return outcome(unshare(CLONE_NEWNS));
}

static int unshare_network(const char *what) {
        (void)what;
        return outcome(unshare(CLONE_NEWNET));
}

static int clone_namespace(const char *what) {
        struct clone_args arguments = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
        long child;

        (void)what;
        child = syscall(SYS_clone3, &arguments, sizeof(arguments));
        if (child == 0)
                _exit(0);
        return outcome(child);
}

/* As many as no unit of ours has. */
static int fork_many(const char *what) {
        pid_t children[32];
        int n, r = 0;

        (void)what;
        for (n = 0; n < 32 && r == 0; n++) {
                children[n] = fork();
                if (children[n] == 0) {
                        pause();
                        _exit(0);
                }
                r = outcome(children[n]);
        }
        while (n-- > 0)
                if (children[n] > 0)
                        kill(children[n], SIGKILL);
        return r;
}

/* Systemd leaves that of the priorities at 0 for everybody. */
static int raise_limit(const char *what) {
        struct rlimit limit = { 1, 1 };

        (void)what;
        return outcome(setrlimit(RLIMIT_RTPRIO, &limit));
}

static int raise_priority(const char *what) {
        (void)what;
        return outcome(setpriority(PRIO_PROCESS, 0, -20));
}

static int schedule_realtime(const char *what) {
        struct sched_param parameter = { .sched_priority = 1 };

        (void)what;
        return outcome(sched_setscheduler(0, SCHED_FIFO, &parameter));
}

static int lock_memory(const char *what) {
        (void)what;
        return outcome(mlockall(MCL_CURRENT));
}

/* Memory that is written and then executed. */
static int map_both(const char *what) {
        void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                       -1, 0);

        (void)what;
        return p == MAP_FAILED ? -errno : 0;
}

static int make_executable(const char *what) {
        void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        (void)what;
        return p == MAP_FAILED ? -errno : outcome(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int map_memory_file(const char *what) {
        int fd = memfd_create(what, MFD_CLOEXEC);
        void *p;

        if (fd < 0 || ftruncate(fd, 4096) < 0)
                return -errno;
        p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
        return p == MAP_FAILED ? -errno : 0;
}

static int share_memory(const char *what) {
        int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600), r = outcome(id);

        (void)what;
        if (id >= 0)
                shmctl(id, IPC_RMID, NULL);
        return r;
}

static int change_personality(const char *what) {
        (void)what;
        return outcome(personality(ADDR_NO_RANDOMIZE));
}

static int use_keyring(const char *what) {
        (void)what;
        return outcome(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1));
}

const Action actions_of_processes[] = {
        { "see the first process", see_process, "/proc/1", ROLE_ROOT },
        { "signal the first process", signal_process, "1", ROLE_ROOT },
        { "trace the first process", trace_first, "1", ROLE_ROOT },
        { "trace its own parent", trace_process, NULL, ROLE_ROOT },
        { "become root", become_root, NULL, ROLE_ROOT },
        { "become nobody", become_nobody, NULL, ROLE_ROOT },
        { "join groups", join_groups, NULL, ROLE_ROOT },
        { "take capabilities", take_capabilities, NULL, ROLE_ROOT },
        { "make user namespaces", unshare_user, NULL, ROLE_ROOT },
        { "make mount namespaces", unshare_mounts, NULL, ROLE_ROOT },
        { "make network namespaces", unshare_network, NULL, ROLE_ROOT },
        { "make namespaces by clone3", clone_namespace, NULL, ROLE_ROOT },
        { "enter the first process's mount namespace", enter_namespace, "/proc/1/ns/mnt",
          ROLE_ROOT },
        { "fill the table of processes", fork_many, NULL, ROLE_ROOT },
        { "raise its limits", raise_limit, NULL, ROLE_ROOT },
        { "raise its priority", raise_priority, NULL, ROLE_ROOT },
        { "run in real time", schedule_realtime, NULL, ROLE_ROOT },
        { "lock memory", lock_memory, NULL, ROLE_ROOT },
        { "map memory that can be written and executed", map_both, NULL, ROLE_ROOT },
        { "make written memory executable", make_executable, NULL, ROLE_ROOT },
        { "map a file in memory for execution", map_memory_file, "code",
          ROLE_DAEMON | ROLE_VERIFY | ROLE_ROOT },
        { "share memory by System V", share_memory, NULL, ROLE_ROOT },
        { "change its personality", change_personality, NULL, ROLE_ROOT },
        { "use keyrings", use_keyring, NULL, ROLE_ROOT },
        {},
};
