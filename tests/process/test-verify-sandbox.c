/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A process that enters the sandbox of discfw-verify, and then tries. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/file.h"
#include "tests/unit/test.h"
#include "verify/sandbox.h"

#define EXIT_NO_SANDBOX 99

/* Runs TRY in the sandbox. It answers 0, or the errno of what it tried. */
static int inside(int (*try)(void)) {
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0) {
                Fault fault = {};

                if (verify_sandbox_enter(0, &fault) < 0)
                        _exit(EXIT_NO_SANDBOX);
                _exit(try());
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_not_equal(WEXITSTATUS(status), EXIT_NO_SANDBOX);
        return WEXITSTATUS(status);
}

static int as_errno(int fd) {
        return fd < 0 ? errno : 0;
}

static int try_file(void) {
        return as_errno(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}
static int try_device(void) {
        return as_errno(open("/dev/null", O_RDONLY | O_CLOEXEC));
}
static int try_new_file(void) {
        return as_errno(open("/tmp/discfw-test-verify-sandbox", O_WRONLY | O_CREAT, 0600));
}
static int try_unix(void) {
        return as_errno(socket(AF_UNIX, SOCK_STREAM, 0));
}
static int try_inet(void) {
        return as_errno(socket(AF_INET, SOCK_STREAM, 0));
}
static int try_netlink(void) {
        return as_errno(socket(AF_NETLINK, SOCK_RAW, 0));
}
static int try_ioctl(void) {
        int n;

        return as_errno(ioctl(0, FIONREAD, &n));
}
static int try_exec(void) {
        return as_errno(execl("/bin/true", "true", (char *)NULL));
}
static int try_fork(void) {
        return as_errno(fork());
}
static int try_kill(void) {
        return as_errno(kill(getppid(), 0));
}
static int try_ptrace(void) {
        return as_errno((int)ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}
static int try_memory(void) {
        _cleanup_close_ int fd = -1;

        return memfd_from_bytes("test", "x", 1, &fd) < 0 ? EIO : 0;
}

static void test_after_entering_nothing_can_be_opened_made_or_reached(void **state) {
        int (*const tries[])(void) = { try_file, try_device,  try_new_file, try_unix,
                                       try_inet, try_netlink, try_ioctl,    try_exec,
                                       try_fork, try_kill,    try_ptrace };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(tries); i++) {
                int e = inside(tries[i]);

                if (e != EPERM && e != EACCES)
                        fail_msg("try %zu: %d", i, e);
        }
}

static void test_after_entering_results_can_still_be_handed_over(void **state) {
        (void)state;
        assert_int_equal(inside(try_memory), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_after_entering_nothing_can_be_opened_made_or_reached),
                cmocka_unit_test(test_after_entering_results_can_still_be_handed_over),
        };

        return RUN_TESTS(tests);
}
