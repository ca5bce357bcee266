/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Real processes that hold a real device: a terminal of our own stands for the drive. */
#include "cli/holders.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "tests/unit/folder.h"
#include "tests/unit/test.h"

typedef struct Bench {
        int terminal;
        char path[64];
        HeldNode node;
} Bench;

static void bench_open(Bench *bench) {
        struct stat st;

        bench->terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        assert_true(bench->terminal >= 0);
        assert_int_equal(grantpt(bench->terminal), 0);
        assert_int_equal(unlockpt(bench->terminal), 0);
        assert_int_equal(ptsname_r(bench->terminal, bench->path, sizeof(bench->path)), 0);
        assert_int_equal(stat(bench->path, &st), 0);
        bench->node = (HeldNode){ "/dev/sg1", false, st.st_rdev };
}

/* A process that calls itself NAME and has the device open N_TIMES. */
static pid_t start(const Bench *bench, const char *name, unsigned n_times) {
        int pipes[2];
        pid_t pid;
        char c;

        assert_int_equal(pipe(pipes), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void)prctl(PR_SET_NAME, name);
                for (unsigned i = 0; i < n_times; i++)
                        if (open(bench->path, O_RDONLY | O_NOCTTY | O_NONBLOCK) < 0)
                                _exit(1);
                (void)!write(pipes[1], "x", 1);
                for (;;)
                        (void)pause();
        }
        (void)close(pipes[1]);
        assert_int_equal(read(pipes[0], &c, 1), 1);
        (void)close(pipes[0]);
        return pid;
}

static void stop(pid_t pid) {
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
}

static void test_who_has_a_node_is_named_once(void **state) {
        char text[1024], wanted[256];
        Holders holders;
        Bench bench;
        pid_t pid;

        (void)state;
        bench_open(&bench);
        pid = start(&bench, "player", 3);
        holders_find("/proc", "/nowhere/", &bench.node, 1, false, &holders);
        holders_text(&holders, text, sizeof(text));
        stop(pid);
        (void)snprintf(wanted, sizeof(wanted), "pid %d \"player\" has /dev/sg1", pid);
        assert_string_equal(text, wanted);
        holders_find("/proc", "/nowhere/", &bench.node, 1, false, &holders);
        holders_text(&holders, text, sizeof(text));
        assert_string_equal(text, "");
        (void)close(bench.terminal);
}

/* The number of the device is not enough: a block device of the same is another. */
static void test_a_device_of_another_kind_is_not_the_drive(void **state) {
        Holders holders;
        Bench bench;
        pid_t pid;

        (void)state;
        bench_open(&bench);
        bench.node.block = true;
        pid = start(&bench, "player", 1);
        holders_find("/proc", "/nowhere/", &bench.node, 1, false, &holders);
        stop(pid);
        assert_int_equal(holders.n, 0);
        (void)close(bench.terminal);
}

static void test_we_and_our_helpers_are_not_named(void **state) {
        char own[PATH_MAX];
        Holders holders;
        Bench bench;
        ssize_t n;
        pid_t pid;
        int fd;

        (void)state;
        bench_open(&bench);
        fd = open(bench.path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
        assert_true(fd >= 0);
        holders_find("/proc", "/nowhere/", &bench.node, 1, false, &holders);
        assert_int_equal(holders.n, 0);
        pid = start(&bench, "discfw-flash", 1);
        n = readlink("/proc/self/exe", own, sizeof(own) - 1);
        assert_true(n > 0);
        own[n] = '\0';
        strrchr(own, '/')[1] = '\0';
        holders_find("/proc", own, &bench.node, 1, false, &holders);
        assert_int_equal(holders.n, 0);
        /* Its name alone makes nobody ours. */
        holders_find("/proc", "/nowhere/", &bench.node, 1, false, &holders);
        assert_int_equal(holders.n, 1);
        stop(pid);
        (void)close(fd);
        (void)close(bench.terminal);
}

static void test_more_than_are_told_are_said_to_be_more(void **state) {
        pid_t pids[HOLDERS_MAX + 1];
        char text[4096];
        Holders holders;
        Bench bench;

        (void)state;
        bench_open(&bench);
        for (unsigned i = 0; i < N_ELEMENTS(pids); i++)
                pids[i] = start(&bench, "a name of 15 by", 1);
        holders_find("/proc", "/nowhere/", &bench.node, 1, false, &holders);
        holders_text(&holders, text, sizeof(text));
        for (unsigned i = 0; i < N_ELEMENTS(pids); i++)
                stop(pids[i]);
        assert_int_equal(holders.n, HOLDERS_MAX);
        assert_non_null(strstr(text, "\"a name of 15 by\" has /dev/sg1, and others"));
        (void)close(bench.terminal);
}

/* A process list of our own making, where mounts and namespaces are what we write. */
static void write_file(int folder, const char *pid, const char *name, const char *text) {
        char path[64];
        int fd;

        (void)snprintf(path, sizeof(path), "%s/%s", pid, name);
        fd = openat(folder, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
        (void)close(fd);
}

static void add_process(const TestFolder *folder, const char *pid, const char *name,
                        const char *space, const char *mounts) {
        char path[64];

        assert_int_equal(mkdirat(folder->fd, pid, 0700), 0);
        (void)snprintf(path, sizeof(path), "%s/ns", pid);
        assert_int_equal(mkdirat(folder->fd, path, 0700), 0);
        (void)snprintf(path, sizeof(path), "%s/ns/mnt", pid);
        assert_int_equal(symlinkat(space, folder->fd, path), 0);
        write_file(folder->fd, pid, "comm", name);
        write_file(folder->fd, pid, "mountinfo", mounts);
}

static void test_mounts_that_the_helper_cannot_see_are_told(void **state) {
        static const char here[] = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
                                   "23 22 11:0 / /tmp/my\\040disc ro - iso9660 /dev/sr0 ro\n";
        static const char there[] = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
                                    "bad line\n"
                                    "24 22 11:0 / /srv ro - iso9660 /dev/sr0 ro\n";
        const HeldNode node = { "/dev/sr0", true, makedev(11, 0) };
        const TestFolder *folder = *state;
        char text[1024];
        Holders holders;

        add_process(folder, "self", "discfw\n", "mnt:[1]", here);
        add_process(folder, "100001", "init\n", "mnt:[1]", here);
        add_process(folder, "100002", "web\n", "mnt:[2]", there);
        add_process(folder, "100003", "web\n", "mnt:[2]", there);
        holders_find(folder->path, "/nowhere/", &node, 1, true, &holders);
        holders_text(&holders, text, sizeof(text));
        assert_non_null(strstr(text, "/dev/sr0 is mounted at /tmp/my\\040disc, pid 10000"));
        assert_non_null(strstr(text, "\"web\" sees /dev/sr0 mounted at /srv"));
        assert_int_equal(holders.n, 2);
        holders_find(folder->path, "/nowhere/", &node, 1, false, &holders);
        assert_int_equal(holders.n, 0);
}

static void test_names_of_nodes_are_not_believed(void **state) {
        static const char *const names[][2] = {
                { "", "" },         { "../etc/passwd", "sg/../null" },
                { "sr", "sg" },     { "sr99999999", "" },
                { "null", "null" }, { "sr0/", "sg-1" },
        };
        char text[256];

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(names); i++) {
                strcpy(text, "untouched");
                holders_of_drive(names[i][0], names[i][1], true, text, sizeof(text));
                assert_string_equal(text, "");
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_who_has_a_node_is_named_once),
                cmocka_unit_test(test_a_device_of_another_kind_is_not_the_drive),
                cmocka_unit_test(test_we_and_our_helpers_are_not_named),
                cmocka_unit_test(test_more_than_are_told_are_said_to_be_more),
                test_in_folder(test_mounts_that_the_helper_cannot_see_are_told),
                cmocka_unit_test(test_names_of_nodes_are_not_believed),
        };

        return RUN_TESTS(tests);
}
