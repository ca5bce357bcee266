/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A process that enters the sandbox of discfw-probe, and then tries. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <scsi/sg.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "probe/sandbox.h"
#include "tests/unit/test.h"

#define EXIT_NO_SANDBOX 99

/* Runs TRY in the sandbox. It answers 0, or the errno of what it tried. */
static int inside(int (*try)(void), const char *emulated_dir) {
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0) {
                Fault fault = {};

                if (probe_sandbox_enter(0, emulated_dir, &fault) < 0)
                        _exit(EXIT_NO_SANDBOX);
                _exit(try());
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_not_equal(WEXITSTATUS(status), EXIT_NO_SANDBOX);
        return WEXITSTATUS(status);
}

static int opens(const char *path, int flags) {
        _cleanup_close_ int fd = open(path, flags | O_CLOEXEC, 0600);

        return fd < 0 ? errno : 0;
}

static int makes_socket(int family) {
        _cleanup_close_ int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

        return fd < 0 ? errno : 0;
}

static int try_passwd(void) {
        return opens("/etc/passwd", O_RDONLY);
}
static int try_null_to_write(void) {
        return opens("/dev/null", O_RDWR);
}
static int try_null_to_read(void) {
        return opens("/dev/null", O_RDONLY);
}
static int try_new_file(void) {
        return opens("/tmp/discfw-test-probe-sandbox", O_WRONLY | O_CREAT);
}
static int try_sysfs(void) {
        return opens("/sys/class", O_RDONLY | O_DIRECTORY);
}
static int try_inet(void) {
        return makes_socket(AF_INET);
}
static int try_netlink(void) {
        return makes_socket(AF_NETLINK);
}
static int try_unix(void) {
        return makes_socket(AF_UNIX);
}
static int try_exec(void) {
        (void)execl("/bin/true", "true", (char *)NULL);
        return errno;
}
static int try_fork(void) {
        pid_t pid = fork();

        if (pid == 0)
                _exit(0);
        return pid < 0 ? errno : 0;
}
static int try_kill(void) {
        return kill(getppid(), 0) < 0 ? errno : 0;
}
static int try_ptrace(void) {
        return ptrace(PTRACE_TRACEME, 0, 0, 0) < 0 ? errno : 0;
}
/* Errors of the file and not of the filter: the call goes through. */
static int try_sg_io(void) {
        return ioctl(STDIN_FILENO, SG_IO, NULL) < 0 ? errno : 0;
}
static int try_other_ioctl(void) {
        int n;

        return ioctl(STDIN_FILENO, SG_GET_RESERVED_SIZE, &n) < 0 ? errno : 0;
}

static bool has_landlock(void) {
        return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 1;
}

static void test_after_entering_no_file_but_nodes_and_sysfs_can_be_opened(void **state) {
        (void)state;
        if (!has_landlock())
                skip();
        assert_int_equal(inside(try_passwd, NULL), EACCES);
        assert_int_equal(inside(try_new_file, NULL), EACCES);
        assert_int_equal(inside(try_sysfs, NULL), 0);
        assert_int_equal(inside(try_null_to_read, NULL), 0);
}

static void test_after_entering_no_node_can_be_opened_to_write(void **state) {
        (void)state;
        if (!has_landlock())
                skip();
        assert_int_equal(inside(try_null_to_write, NULL), EACCES);
}

static void test_after_entering_no_socket_can_be_made(void **state) {
        (void)state;
        assert_int_equal(inside(try_inet, "/tmp"), EPERM);
        assert_int_equal(inside(try_netlink, "/tmp"), EPERM);
        assert_int_equal(inside(try_unix, NULL), EPERM);
        /* But for the way to emulated drives, where there are any. */
        assert_int_equal(inside(try_unix, "/tmp"), 0);
}

static void test_after_entering_no_program_can_be_started(void **state) {
        (void)state;
        assert_int_equal(inside(try_exec, NULL), EPERM);
        assert_int_equal(inside(try_fork, NULL), EPERM);
}

static void test_after_entering_no_other_process_can_be_touched(void **state) {
        (void)state;
        assert_int_equal(inside(try_kill, NULL), EPERM);
        assert_int_equal(inside(try_ptrace, NULL), EPERM);
}

static void test_after_entering_only_the_ioctls_of_a_drive_are_left(void **state) {
        (void)state;
        assert_int_equal(inside(try_sg_io, NULL), ENOTTY);
        assert_int_equal(inside(try_other_ioctl, NULL), EPERM);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_after_entering_no_file_but_nodes_and_sysfs_can_be_opened),
                cmocka_unit_test(test_after_entering_no_node_can_be_opened_to_write),
                cmocka_unit_test(test_after_entering_no_socket_can_be_made),
                cmocka_unit_test(test_after_entering_no_program_can_be_started),
                cmocka_unit_test(test_after_entering_no_other_process_can_be_touched),
                cmocka_unit_test(test_after_entering_only_the_ioctls_of_a_drive_are_left),
        };

        return RUN_TESTS(tests);
}
