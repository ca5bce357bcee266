/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TLS from within the sandbox: certificates of the machine are read there (else every mirror fails
 * with curl's error 77), and what they do not vouch for is not believed. The server is
 * openssl-s_server(1) with a certificate of its own. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/text.h"
#include "tests/fetch/client.h"
#include "tests/unit/test.h"

#define BUNDLE "/etc/ssl/certs/ca-certificates.crt"

static char home[] = "/tmp/discfw-test-tls-XXXXXX";
static uint16_t port;
static pid_t server;

static pid_t run(const char *const argv[]) {
        pid_t pid = fork();

        if (pid == 0) {
                int null = open("/dev/null", O_RDWR | O_CLOEXEC);

                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                for (int fd = 0; fd < 3; fd++)
                        (void)dup2(null, fd);
                if (chdir(home) == 0)
                        (void)execvp(argv[0], (char *const *)argv);
                _exit(127);
        }
        return pid;
}

static bool make_certificate(void) {
        static const char *const argv[] = { "openssl",
                                            "req",
                                            "-x509",
                                            "-newkey",
                                            "ec",
                                            "-pkeyopt",
                                            "ec_paramgen_curve:P-256",
                                            "-nodes",
                                            "-keyout",
                                            "key",
                                            "-out",
                                            "cert",
                                            "-days",
                                            "2",
                                            "-subj",
                                            "/CN=discfw test",
                                            "-addext",
                                            "subjectAltName=DNS:localhost",
                                            NULL };
        int status;

        return waitpid(run(argv), &status, 0) > 0 && status == 0;
}

/* A port that was free a moment ago. */
static uint16_t free_port(void) {
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t n = sizeof(address);
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (bind(fd, (struct sockaddr *)&address, n) < 0 ||
            getsockname(fd, (struct sockaddr *)&address, &n) < 0)
                return 0;
        return ntohs(address.sin_port);
}

static bool answers(void) {
        const struct sockaddr_in address = { .sin_family = AF_INET,
                                             .sin_port = htons(port),
                                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

        for (int i = 0; i < 200; i++) {
                _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

                if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
                        return true;
                (void)usleep(10000);
        }
        return false;
}

static int before_all(void **state) {
        char address[32];
        const char *const argv[] = { "openssl", "s_server", "-accept", address, "-key",
                                     "key",     "-cert",    "cert",    "-WWW",  NULL };

        (void)state;
        if (!mkdtemp(home) || !make_certificate())
                return -1;
        port = free_port();
        text_format(address, sizeof(address), "127.0.0.1:%u", port);
        server = run(argv);
        return answers() ? 0 : -1;
}

static int after_all(void **state) {
        static const char *const names[] = { "key", "cert", "keys" };
        char path[80];

        (void)state;
        (void)kill(server, SIGKILL);
        (void)waitpid(server, NULL, 0);
        for (size_t i = 0; i < N_ELEMENTS(names); i++) {
                text_format(path, sizeof(path), "%s/%s", home, names[i]);
                (void)unlink(path);
        }
        return rmdir(home);
}

static FetchDone fetch(const char *host, void (*prepare)(void)) {
        FetchGet get = { .id = 1, .length_max = 65536, .deadline_s = 10 };
        FetchDone done = {};
        Client client;

        text_format(get.url, sizeof(get.url), "https://%s:%u/cert", host, port);
        client_start(&client, home, prepare);
        client_fetch(&client, &get, &done);
        assert_int_equal(client_stop(&client), 0);
        return done;
}

/* Certificates are read, or the error would be another one. */
static void test_a_mirror_that_vouches_for_itself_is_not_believed(void **state) {
        FetchDone done = fetch("localhost", NULL);

        (void)state;
        assert_int_equal(done.fault.code, FAULT_MIRROR_TLS);
        assert_non_null(strstr(done.fault.text, "self-signed certificate"));
        assert_int_equal(done.n_bytes, 0);
}

/* Puts our certificate in the place of the machine's, in a mount namespace of the fetcher's own. */
static void trust_the_server(void) {
        char path[80];

        text_format(path, sizeof(path), "%s/cert", home);
        if ((unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) ||
            mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount(path, BUNDLE, NULL, MS_BIND, NULL) < 0)
                _exit(77);
}

static bool can_mount(void) {
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                trust_the_server();
                _exit(0);
        }
        return waitpid(pid, &status, 0) == pid && status == 0;
}

static void test_a_mirror_that_the_machine_trusts_is_fetched_from(void **state) {
        FetchDone done;

        (void)state;
        if (!can_mount())
                skip();
        done = fetch("localhost", trust_the_server);
        assert_string_equal(done.fault.text, "");
        assert_int_equal(done.fault.code, FAULT_NONE);
        assert_int_equal(done.http_status, 200);
        assert_true(done.n_bytes > 100);
}

static void test_a_trusted_certificate_for_another_name_is_not_believed(void **state) {
        FetchDone done;

        (void)state;
        if (!can_mount())
                skip();
        done = fetch("127.0.0.1", trust_the_server);
        assert_int_equal(done.fault.code, FAULT_MIRROR_TLS);
        assert_int_equal(done.n_bytes, 0);
}

static void test_no_keys_of_a_session_are_written_for_others(void **state) {
        char path[80];

        (void)state;
        (void)fetch("localhost", NULL);
        text_format(path, sizeof(path), "%s/keys", home);
        assert_int_equal(access(path, F_OK), -1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_mirror_that_vouches_for_itself_is_not_believed),
                cmocka_unit_test(test_a_mirror_that_the_machine_trusts_is_fetched_from),
                cmocka_unit_test(test_a_trusted_certificate_for_another_name_is_not_believed),
                cmocka_unit_test(test_no_keys_of_a_session_are_written_for_others),
        };

        return cmocka_run_group_tests(tests, before_all, after_all) == 0 ? 0 : 1;
}
