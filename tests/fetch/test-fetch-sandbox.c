/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A process enters the sandbox of discfw-fetch and then tries what it must not. */
#include "fetch/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <scsi/sg.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/unit/test.h"

/* Each tries one thing and returns 0 or errno. */
static int result(long r) {
        return r < 0 ? errno : 0;
}

static int opens(const char *path, int flags) {
        _cleanup_close_ int fd = open(path, flags | O_CLOEXEC, 0600);

        return fd < 0 ? errno : 0;
}

static int opens_socket(int domain, int type) {
        _cleanup_close_ int fd = socket(domain, type | SOCK_CLOEXEC, 0);

        return fd < 0 ? errno : 0;
}

static int reads_passwd(void) {
        return opens("/etc/passwd", O_RDONLY);
}
static int reads_the_store(void) {
        return opens("/var/lib", O_RDONLY | O_DIRECTORY);
}
static int opens_a_device(void) {
        return opens("/dev/null", O_RDWR);
}
static int opens_the_memory_of_a_process(void) {
        return opens("/proc/self/mem", O_RDWR);
}
static int makes_a_file(void) {
        return opens("/tmp/discfw-test-fetch-sandbox", O_WRONLY | O_CREAT);
}
static int writes_resolv_conf(void) {
        return opens("/etc/resolv.conf", O_WRONLY);
}
static int runs_a_program(void) {
        return result(execl("/bin/true", "true", NULL));
}
static int forks(void) {
        pid_t pid = fork();

        if (pid == 0)
                _exit(0);
        return result(pid);
}
static int leaves_for_a_namespace(void) {
        return result(unshare(CLONE_NEWUSER));
}
static int clones_into_a_namespace(void) {
        return result(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL));
}
static int traces(void) {
        return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}
static int mounts(void) {
        return result(mount("none", "/tmp", "tmpfs", 0, NULL));
}
static int kills_its_parent(void) {
        return result(kill(getppid(), 0));
}
static int sends_scsi_commands(void) {
        sg_io_hdr_t header = { .interface_id = 'S' };

        return result(ioctl(STDIN_FILENO, SG_IO, &header));
}
static int types_into_a_terminal(void) {
        return result(ioctl(STDIN_FILENO, TIOCSTI, "x"));
}
static int loads_bpf(void) {
        return result(syscall(SYS_bpf, 0, NULL, 0));
}
static int makes_a_ring(void) {
        return result(syscall(SYS_io_uring_setup, 1, NULL));
}
static int makes_a_packet_socket(void) {
        return opens_socket(AF_PACKET, SOCK_RAW);
}
static int makes_a_vsock_socket(void) {
        return opens_socket(AF_VSOCK, SOCK_STREAM);
}
static int listens(void) {
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        return result(listen(fd, 1));
}

static int makes_an_internet_socket(void) {
        return opens_socket(AF_INET, SOCK_STREAM);
}
static int asks_for_routes(void) {
        return opens_socket(AF_NETLINK, SOCK_RAW);
}
static int reads_how_names_are_resolved(void) {
        int r = opens("/etc/resolv.conf", O_RDONLY);

        return r == ENOENT ? 0 : r;
}
static int reads_openssl_conf(void) {
        int r = opens("/usr/lib/ssl/openssl.cnf", O_RDONLY);

        return r == ENOENT ? 0 : r;
}
static int reads_certificates(void) {
        int r = opens("/etc/ssl/certs/ca-certificates.crt", O_RDONLY);

        return r == ENOENT ? 0 : r;
}
static void *nothing(void *argument) {
        return argument;
}
static int starts_a_thread(void) {
        pthread_t thread;
        int r = pthread_create(&thread, NULL, nothing, NULL);

        return r == 0 ? pthread_join(thread, NULL) : r;
}

#define REFUSED (-1) /* EPERM by seccomp, EACCES by Landlock */

static const struct {
        const char *what;
        int (*act)(void);
        int wanted;
} acts[] = {
        { "reads /etc/passwd", reads_passwd, REFUSED },
        { "reads the store", reads_the_store, REFUSED },
        { "opens a device", opens_a_device, REFUSED },
        { "opens the memory of a process", opens_the_memory_of_a_process, REFUSED },
        { "makes a file", makes_a_file, REFUSED },
        { "writes /etc/resolv.conf", writes_resolv_conf, REFUSED },
        { "runs a program", runs_a_program, REFUSED },
        { "forks", forks, REFUSED },
        { "leaves for a namespace", leaves_for_a_namespace, REFUSED },
        { "clones into a namespace", clones_into_a_namespace, REFUSED },
        { "traces", traces, REFUSED },
        { "mounts", mounts, REFUSED },
        { "kills its parent", kills_its_parent, REFUSED },
        { "sends SCSI commands", sends_scsi_commands, REFUSED },
        { "types into a terminal", types_into_a_terminal, REFUSED },
        { "loads BPF", loads_bpf, REFUSED },
        { "makes a ring", makes_a_ring, REFUSED },
        { "makes a packet socket", makes_a_packet_socket, REFUSED },
        { "makes a vsock socket", makes_a_vsock_socket, REFUSED },
        { "listens", listens, REFUSED },
        { "makes an internet socket", makes_an_internet_socket, 0 },
        { "asks for routes", asks_for_routes, 0 },
        { "reads how names are resolved", reads_how_names_are_resolved, 0 },
        { "reads OpenSSL's configuration", reads_openssl_conf, 0 },
        { "reads certificates", reads_certificates, 0 },
        { "starts a thread", starts_a_thread, 0 },
};

static void enter_and_try(int report) {
        Fault fault = {};

        if (fetch_sandbox_enter(report, &fault) < 0)
                _exit(2);
        for (size_t i = 0; i < N_ELEMENTS(acts); i++) {
                int r = acts[i].act();

                if (write(report, &r, sizeof(r)) != sizeof(r))
                        _exit(3);
        }
        _exit(0);
}

static void test_after_entering_only_the_network_is_left(void **state) {
        int report[2], status, r;
        bool ok = true;
        pid_t pid;

        (void)state;
        assert_int_equal(pipe2(report, O_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
                enter_and_try(report[1]);
        (void)close(report[1]);
        for (size_t i = 0; i < N_ELEMENTS(acts); i++) {
                assert_int_equal(read(report[0], &r, sizeof(r)), sizeof(r));
                if (acts[i].wanted == REFUSED ? r != EPERM && r != EACCES : r != 0) {
                        print_error("it %s: errno %d\n", acts[i].what, r);
                        ok = false;
                }
        }
        (void)close(report[0]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        assert_true(ok);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_after_entering_only_the_network_is_left),
        };

        return RUN_TESTS(tests);
}
