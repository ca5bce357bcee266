/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A process that has entered the sandbox of discfw-flash and tries what it must not be able to. */
#include "flash/sandbox.h"

#include <errno.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/unit/folder.h"
#include "tests/unit/test.h"

static char state_path[128], config_path[128], store_path[128];

static void paths_of(const TestFolder *folder) {
        (void)snprintf(state_path, sizeof(state_path), "%s/state", folder->path);
        (void)snprintf(config_path, sizeof(config_path), "%s/config", folder->path);
        (void)snprintf(store_path, sizeof(store_path), "%s/state.db", folder->path);
        assert_int_equal(mkdir(state_path, 0700), 0);
        assert_int_equal(mkdir(config_path, 0700), 0);
        assert_int_equal(file_write_atomic(AT_FDCWD, store_path, "x", 1, 0600), 0);
}

static void enter(void) {
        Settings settings = { .catalogs = -1, .mounts = -1, .supplies = -1 };
        Fault fault = {};

        settings.state = open(state_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (settings.state < 0 ||
            flash_sandbox_enter(3, &settings, state_path, config_path, &fault) < 0)
                _exit(99);
}

/* What the child answers. */
static int inside(int (*attempt)(void)) {
        int status;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                enter();
                _exit(attempt());
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

#define result_of(call) ((call) < 0 ? errno : 0)

static int make_inet(void) {
        return result_of(socket(AF_INET, SOCK_STREAM, 0));
}
static int make_inet6(void) {
        return result_of(socket(AF_INET6, SOCK_DGRAM, 0));
}
static int make_netlink(void) {
        return result_of(socket(AF_NETLINK, SOCK_RAW, 0));
}
static int make_unix(void) {
        return result_of(socket(AF_UNIX, SOCK_STREAM, 0));
}
static int run_program(void) {
        return result_of(execl("/bin/true", "true", NULL));
}
static int make_process(void) {
        return result_of(fork());
}
static int send_signal(void) {
        return result_of(kill(getppid(), 0));
}
static int trace(void) {
        return result_of(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}
static int mount_something(void) {
        return result_of(mount("none", "/tmp", "tmpfs", 0, NULL));
}
static int other_ioctl(void) {
        return result_of(ioctl(0, TIOCSTI, "x"));
}
static int read_shadow(void) {
        return result_of(open("/etc/shadow", O_RDONLY | O_CLOEXEC));
}
static int read_passwd(void) {
        return result_of(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}
static int read_store(void) {
        return result_of(open(store_path, O_RDONLY | O_CLOEXEC));
}
static int write_config(void) {
        return result_of(openat(AT_FDCWD, config_path, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
}
static int write_state(void) {
        char path[160];

        (void)snprintf(path, sizeof(path), "%s/x", state_path);
        return result_of(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}
static int read_sys(void) {
        return result_of(open("/sys/class", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}
static int open_device(void) {
        return result_of(open("/dev/null", O_RDWR | O_CLOEXEC));
}

static void test_what_a_flash_needs_still_works(void **state) {
        paths_of(*state);
        assert_int_equal(inside(make_unix), 0);
        assert_int_equal(inside(write_state), 0);
        assert_int_equal(inside(read_sys), 0);
        assert_int_equal(inside(open_device), 0);
}

static void test_no_network_can_be_reached(void **state) {
        paths_of(*state);
        assert_int_equal(inside(make_inet), EPERM);
        assert_int_equal(inside(make_inet6), EPERM);
        assert_int_equal(inside(make_netlink), EPERM);
}

static void test_no_program_runs_and_no_process_is_touched(void **state) {
        paths_of(*state);
        assert_int_equal(inside(run_program), EPERM);
        assert_int_equal(inside(make_process), EPERM);
        assert_int_equal(inside(send_signal), EPERM);
        assert_int_equal(inside(trace), EPERM);
        assert_int_equal(inside(mount_something), EPERM);
        assert_int_equal(inside(other_ioctl), EPERM);
}

static void test_no_file_of_others_can_be_opened(void **state) {
        /* Without Landlock that is left to the unit. */
        if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1)
                skip();
        paths_of(*state);
        assert_int_equal(inside(read_shadow), EACCES);
        assert_int_equal(inside(read_passwd), EACCES);
        assert_int_equal(inside(read_store), EACCES);
        assert_int_equal(inside(write_config), EACCES);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                test_in_folder(test_what_a_flash_needs_still_works),
                test_in_folder(test_no_network_can_be_reached),
                test_in_folder(test_no_program_runs_and_no_process_is_touched),
                test_in_folder(test_no_file_of_others_can_be_opened),
        };

        return RUN_TESTS(tests);
}
