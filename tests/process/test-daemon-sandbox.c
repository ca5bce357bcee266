/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A process that enters the sandbox of discfwd, and then tries what a daemon that somebody took over
 * would try. Run as root, so that nothing but the sandbox says no. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <scsi/sg.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "run/sandbox.h"
#include "tests/unit/folder.h"
#include "tests/unit/test.h"

#define EXIT_NO_SANDBOX 99
#define LISTENER        9

/* The only folder that stays writable, and one beside it. */
static char mine[128], others[128];

static int folders_make(void **state) {
        const TestFolder *folder;
        _cleanup_close_ int fd = -1;

        if (folder_make(state) < 0)
                return -1;
        folder = *state;
        (void)snprintf(mine, sizeof(mine), "%s/state", folder->path);
        (void)snprintf(others, sizeof(others), "%s/others", folder->path);
        if (mkdir(mine, 0700) < 0 || mkdir(others, 0700) < 0)
                return -1;
        fd = openat(folder->fd, "others/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        return fd < 0 ? -1 : 0;
}

#define test_in_folders(test) cmocka_unit_test_setup_teardown(test, folders_make, folder_remove)

/* Runs TRY in the sandbox. It answers 0, or the errno of what it tried. */
static int inside(int (*try)(void)) {
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0) {
                Fault fault = {};

                if (dup2(STDERR_FILENO, LISTENER) < 0 ||
                    daemon_sandbox_enter(mine, LISTENER, &fault) < 0)
                        _exit(EXIT_NO_SANDBOX);
                _exit(try());
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_not_equal(WEXITSTATUS(status), EXIT_NO_SANDBOX);
        return WEXITSTATUS(status);
}

static bool has_landlock(void) {
        return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 1;
}

static int opens(const char *folder, const char *name, int flags) {
        _cleanup_close_ int fd = -1;
        char path[160];

        (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
        fd = open(path, flags | O_CLOEXEC, 0600);
        return fd < 0 ? errno : 0;
}

static int makes_socket(int family, int type) {
        _cleanup_close_ int fd = socket(family, type | SOCK_CLOEXEC, 0);

        return fd < 0 ? errno : 0;
}

static int errno_of(long r) {
        return r < 0 ? errno : 0;
}

/* What is needed */

static int try_database(void) {
        sqlite3 *database;
        int r;

        if (chdir(mine) < 0)
                return errno;
        r = sqlite3_open_v2("state.db", &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                            NULL);
        if (r == SQLITE_OK)
                r = sqlite3_exec(database,
                                 "PRAGMA synchronous = EXTRA; PRAGMA locking_mode = EXCLUSIVE;"
                                 "PRAGMA journal_mode = WAL; CREATE TABLE t (a);"
                                 "INSERT INTO t VALUES (1); PRAGMA wal_checkpoint(TRUNCATE)",
                                 NULL, NULL, NULL);
        (void)sqlite3_close(database);
        return r == SQLITE_OK ? 0 : EIO;
}
static int try_memfd(void) {
        _cleanup_close_ int fd = -1;
        int r = memfd_from_bytes("test", "x", 1, &fd);

        return r < 0 ? -r : 0;
}
static int try_unix(void) {
        return makes_socket(AF_UNIX, SOCK_SEQPACKET);
}
static int try_netlink(void) {
        return makes_socket(AF_NETLINK, SOCK_RAW);
}
static int try_configuration(void) {
        return opens("/etc", "passwd", O_RDONLY);
}
static int try_null(void) {
        return opens("/dev", "null", O_RDWR);
}

static void test_what_the_daemon_needs_is_allowed(void **state) {
        (void)state;
        assert_int_equal(inside(try_database), 0);
        assert_int_equal(inside(try_memfd), 0);
        assert_int_equal(inside(try_unix), 0);
        assert_int_equal(inside(try_netlink), 0);
        assert_int_equal(inside(try_configuration), 0);
        assert_int_equal(inside(try_null), 0);
}

/* Programs and processes */

static int try_exec(void) {
        (void)execl("/bin/true", "true", (char *)NULL);
        return errno;
}
static int try_execveat(void) {
        char *argv[] = { (char *)"true", NULL };

        return errno_of(syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, NULL, 0));
}
static int try_fork(void) {
        pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);

        if (pid == 0)
                _exit(0);
        return errno_of(pid);
}
static int try_ptrace(void) {
        return errno_of(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}
static int try_foreign_memory(void) {
        char byte;
        struct iovec to = { .iov_base = &byte, .iov_len = 1 }, from = to;

        return errno_of(process_vm_readv(getppid(), &to, 1, &from, 1, 0));
}

static void test_no_program_is_run_and_no_process_reached(void **state) {
        (void)state;
        assert_int_equal(inside(try_exec), EPERM);
        assert_int_equal(inside(try_execveat), EPERM);
        assert_int_equal(inside(try_fork), EPERM);
        assert_int_equal(inside(try_ptrace), EPERM);
        assert_int_equal(inside(try_foreign_memory), EPERM);
}

/* The network */

static int try_inet(void) {
        return makes_socket(AF_INET, SOCK_STREAM);
}
static int try_inet6(void) {
        return makes_socket(AF_INET6, SOCK_DGRAM);
}
static int try_packet(void) {
        return makes_socket(AF_PACKET, SOCK_RAW);
}
static int try_vsock(void) {
        return makes_socket(AF_VSOCK, SOCK_STREAM);
}

static void test_there_is_no_network(void **state) {
        (void)state;
        assert_int_equal(inside(try_inet), EPERM);
        assert_int_equal(inside(try_inet6), EPERM);
        assert_int_equal(inside(try_packet), EPERM);
        assert_int_equal(inside(try_vsock), EPERM);
}

/* Files and devices */

static int try_write_beside(void) {
        return opens(others, "file", O_WRONLY);
}
static int try_new_beside(void) {
        return opens(others, "new", O_WRONLY | O_CREAT);
}
static int try_unlink_beside(void) {
        char path[160];

        (void)snprintf(path, sizeof(path), "%s/file", others);
        return errno_of(unlink(path));
}
static int try_move_out(void) {
        char from[160], to[160];

        if (opens(mine, "file", O_WRONLY | O_CREAT) != 0)
                return 0;
        (void)snprintf(from, sizeof(from), "%s/file", mine);
        (void)snprintf(to, sizeof(to), "%s/moved", others);
        return errno_of(rename(from, to));
}
/* Any device but /dev/null stands for /dev/sgN, which few machines have. */
static int try_device(void) {
        return opens("/dev", "zero", O_RDWR);
}
static int try_memory(void) {
        return opens("/proc/self", "mem", O_RDWR);
}

static void test_nothing_is_written_outside_the_state_folder(void **state) {
        (void)state;
        if (!has_landlock())
                skip();
        assert_int_equal(inside(try_write_beside), EACCES);
        assert_int_equal(inside(try_new_beside), EACCES);
        assert_int_equal(inside(try_unlink_beside), EACCES);
        assert_true(inside(try_move_out) == EACCES || inside(try_move_out) == EXDEV);
        assert_int_equal(inside(try_device), EACCES);
        assert_int_equal(inside(try_memory), EACCES);
}

static int try_ioctl(void) {
        struct sg_io_hdr io = { .interface_id = 'S' };

        return errno_of(ioctl(STDERR_FILENO, SG_IO, &io));
}
static int try_terminal(void) {
        char byte = 'x';

        return errno_of(ioctl(STDERR_FILENO, TIOCSTI, &byte));
}

static void test_no_command_reaches_a_device_that_is_open(void **state) {
        (void)state;
        assert_int_equal(inside(try_ioctl), EPERM);
        assert_int_equal(inside(try_terminal), EPERM);
}

/* The machine */

static int try_mount(void) {
        return errno_of(mount("none", mine, "tmpfs", 0, NULL));
}
static int try_namespace(void) {
        return errno_of(unshare(CLONE_NEWUSER));
}
static int try_root(void) {
        return errno_of(chroot(mine));
}
static int try_other_user(void) {
        return errno_of(syscall(SYS_setuid, 1));
}
static int try_node(void) {
        char path[160];

        (void)snprintf(path, sizeof(path), "%s/node", mine);
        return errno_of(mknod(path, S_IFCHR | 0600, makedev(21, 0)));
}
static int try_clock(void) {
        const struct timespec then = {};

        return errno_of(syscall(SYS_clock_settime, CLOCK_REALTIME, &then));
}
static int try_bpf(void) {
        return errno_of(syscall(SYS_bpf, 0, NULL, 0));
}
static void test_the_machine_is_left_as_it_is(void **state) {
        (void)state;
        assert_int_equal(inside(try_mount), EPERM);
        assert_int_equal(inside(try_namespace), EPERM);
        assert_int_equal(inside(try_root), EPERM);
        assert_int_equal(inside(try_other_user), EPERM);
        assert_int_equal(inside(try_node), EPERM);
        assert_int_equal(inside(try_clock), EPERM);
        assert_int_equal(inside(try_bpf), EPERM);
}

static int try_inherited(void) {
        return errno_of(fcntl(LISTENER - 1, F_GETFD));
}
static int try_listener(void) {
        return errno_of(fcntl(LISTENER, F_GETFD));
}

static void test_of_what_was_inherited_only_the_listener_stays_open(void **state) {
        (void)state;
        assert_true(dup2(STDERR_FILENO, LISTENER - 1) >= 0);
        assert_int_equal(inside(try_inherited), EBADF);
        assert_int_equal(inside(try_listener), 0);
        (void)close(LISTENER - 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                test_in_folders(test_what_the_daemon_needs_is_allowed),
                test_in_folders(test_no_program_is_run_and_no_process_reached),
                test_in_folders(test_there_is_no_network),
                test_in_folders(test_nothing_is_written_outside_the_state_folder),
                test_in_folders(test_no_command_reaches_a_device_that_is_open),
                test_in_folders(test_the_machine_is_left_as_it_is),
                test_in_folders(test_of_what_was_inherited_only_the_listener_stays_open),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
