/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/server.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/json.h"
#include "base/text.h"
#include "tests/unit/test.h"

#define STATUS "{\"method\":\"org.discfw.GetStatus\"}"
#define SCAN   "{\"method\":\"org.discfw.Scan\"}"

#define ADMINS "daemon" /* a group that each machine has, and nobody is in */

/* A server on a socket in a folder of its own, and what it was asked. */
typedef struct Bench {
        char folder[32], path[64];
        sd_event *event;
        Server *server;
        Request requests[128];
        unsigned n_requests;
        uint64_t gone[128];
        unsigned n_gone;
        bool later;                 /* answered by the test, and not at once */
        unsigned n_fds, n_fds_idle; /* before there was a server; before anybody called it */
} Bench;

static unsigned count_fds(void) {
        DIR *folder = opendir("/proc/self/fd");
        unsigned n = 0;

        assert_non_null(folder);
        while (readdir(folder))
                n++;
        (void)closedir(folder);
        return n;
}

static void say(Bench *bench, uint64_t client, const char *text, bool continues) {
        _cleanup_json_ json_t *parameters = json_pack("{ss}", "text", text);

        server_reply(bench->server, client, parameters, continues);
}

static void on_request(const Request *request, void *userdata) {
        Bench *bench = userdata;

        assert_true(bench->n_requests < N_ELEMENTS(bench->requests));
        bench->requests[bench->n_requests++] = *request;
        if (!bench->later)
                say(bench, request->client, request->method == METHOD_SCAN ? "scanned" : "status",
                    false);
}

static void on_gone(uint64_t client, void *userdata) {
        Bench *bench = userdata;

        if (bench->n_gone < N_ELEMENTS(bench->gone))
                bench->gone[bench->n_gone++] = client;
}

static int listen_at(const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        assert_true(fd >= 0);
        text_format(address.sun_path, sizeof(address.sun_path), "%s", path);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(listen(fd, 128), 0);
        return fd;
}

/* Lets the server do what it can do now. */
static void run(Bench *bench) {
        while (sd_event_run(bench->event, 0) > 0)
                ;
}

static int bench_setup(void **state) {
        Bench *bench = calloc(1, sizeof(*bench));
        const ServerPolicy policy = { .admin_group = ADMINS };
        ServerHandlers handlers = { on_request, on_gone, bench };

        assert_non_null(bench);
        strcpy(bench->folder, "/tmp/discfw-server-XXXXXX");
        assert_non_null(mkdtemp(bench->folder));
        text_format(bench->path, sizeof(bench->path), "%s/sock", bench->folder);
        bench->n_fds = count_fds();
        assert_int_equal(sd_event_new(&bench->event), 0);
        assert_int_equal(server_new(bench->event, listen_at(bench->path), &policy, &handlers,
                                    &bench->server),
                         0);
        run(bench);
        bench->n_fds_idle = count_fds();
        *state = bench;
        return 0;
}

static int bench_teardown(void **state) {
        Bench *bench = *state;
        bool leaks;

        (void)server_free(bench->server);
        sd_event_unref(bench->event);
        leaks = count_fds() != bench->n_fds;
        (void)unlink(bench->path);
        (void)rmdir(bench->folder);
        free(bench);
        return leaks ? -1 : 0;
}

static int dial(Bench *bench) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        assert_true(fd >= 0);
        text_format(address.sun_path, sizeof(address.sun_path), "%s", bench->path);
        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        run(bench);
        return fd;
}

static void put(Bench *bench, int fd, const char *bytes, size_t n) {
        assert_int_equal(send(fd, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
        run(bench);
}

/* What is there to read, with blanks for NULs; "(closed)" for the end, "" for nothing. */
static const char *got(int fd) {
        static char text[4096];
        ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

        if (n == 0 || (n < 0 && errno == ECONNRESET))
                return "(closed)";
        if (n < 0)
                return "";
        text[n] = '\0';
        for (ssize_t i = 0; i < n; i++)
                if (text[i] == '\0')
                        text[i] = ' ';
        return text;
}

#define ANSWER(text) "{\"parameters\":{\"text\":\"" text "\"}} "

static void test_a_message_may_come_byte_by_byte(void **state) {
        Bench *bench = *state;
        _cleanup_close_ int fd = dial(bench);

        for (size_t i = 0; i < sizeof(STATUS); i++) {
                assert_string_equal(got(fd), "");
                put(bench, fd, &STATUS[i], 1);
        }
        assert_string_equal(got(fd), ANSWER("status"));
}

static void test_two_calls_at_once_are_answered_in_their_order(void **state) {
        Bench *bench = *state;
        _cleanup_close_ int fd = dial(bench);
        static const char both[] = SCAN "\0" STATUS;

        put(bench, fd, both, sizeof(both));
        assert_string_equal(got(fd), ANSWER("scanned") ANSWER("status"));
        /* And one at a time. */
        bench->later = true;
        put(bench, fd, both, sizeof(both));
        assert_int_equal(bench->n_requests, 3);
        say(bench, bench->requests[2].client, "one", false);
        run(bench);
        assert_int_equal(bench->n_requests, 4);
        say(bench, bench->requests[3].client, "two", false);
        assert_string_equal(got(fd), ANSWER("one") ANSWER("two"));
}

static void test_who_half_closes_gets_the_answers(void **state) {
        Bench *bench = *state;
        _cleanup_close_ int fd = dial(bench);
        static const char both[] = SCAN "\0" STATUS;

        bench->later = true;
        assert_int_equal(send(fd, both, sizeof(both), MSG_NOSIGNAL), sizeof(both));
        assert_int_equal(shutdown(fd, SHUT_WR), 0);
        run(bench);
        assert_int_equal(bench->n_gone, 0);
        say(bench, bench->requests[0].client, "one", false);
        run(bench);
        say(bench, bench->requests[1].client, "two", false);
        run(bench);
        assert_string_equal(got(fd), ANSWER("one") ANSWER("two"));
        assert_string_equal(got(fd), "(closed)");
        assert_int_equal(bench->n_gone, 1);
}

static void test_half_a_message_and_an_end_is_nothing(void **state) {
        Bench *bench = *state;
        _cleanup_close_ int fd = dial(bench);

        put(bench, fd, STATUS, 10);
        assert_int_equal(shutdown(fd, SHUT_WR), 0);
        run(bench);
        assert_string_equal(got(fd), "(closed)");
        assert_int_equal(bench->n_requests, 0);
}

static void test_who_hangs_up_during_a_call_is_told_of_as_gone(void **state) {
        Bench *bench = *state;
        int fd = dial(bench);

        bench->later = true;
        put(bench, fd, STATUS, sizeof(STATUS));
        closep(&fd);
        run(bench);
        assert_int_equal(bench->n_gone, 1);
        assert_int_equal(bench->gone[0], bench->requests[0].client);
        say(bench, bench->requests[0].client, "too late", false); /* and nothing happens */
        run(bench);
}

static void test_a_call_that_was_sent_before_hanging_up_is_heard(void **state) {
        static const char oneway[] = "{\"method\":\"org.discfw.Scan\",\"oneway\":true}";
        Bench *bench = *state;
        int fd = dial(bench);

        assert_int_equal(send(fd, oneway, sizeof(oneway), MSG_NOSIGNAL), sizeof(oneway));
        closep(&fd);
        run(bench);
        assert_int_equal(bench->n_requests, 1);
        assert_int_equal(bench->n_gone, 1);
}

static void test_a_call_that_wants_no_answer_gets_none(void **state) {
        static const char calls[] = "{\"method\":\"org.discfw.Scan\",\"oneway\":true}\0"
                                    "{\"method\":\"org.discfw.Brick\",\"oneway\":true}\0" STATUS;
        Bench *bench = *state;
        _cleanup_close_ int fd = dial(bench);

        put(bench, fd, calls, sizeof(calls));
        assert_int_equal(bench->n_requests, 2);
        assert_string_equal(got(fd), ANSWER("status"));
}

static void test_progress_comes_before_the_answer_and_nothing_after_it(void **state) {
        static const char call[] = "{\"method\":\"org.discfw.Refresh\",\"more\":true}";
        Bench *bench = *state;
        _cleanup_close_ int fd = dial(bench);
        uint64_t client;

        bench->later = true;
        put(bench, fd, call, sizeof(call));
        client = bench->requests[0].client;
        assert_true(bench->requests[0].more);
        say(bench, client, "a", true);
        say(bench, client, "b", false);
        say(bench, client, "c", false);
        server_error(bench->server, client, &(Fault){ FAULT_INTERNAL, "d" }, NULL);
        run(bench);
        assert_string_equal(got(fd),
                            "{\"parameters\":{\"text\":\"a\"},\"continues\":true} " ANSWER("b"));
}

static void test_a_refusal_is_an_error_by_its_name(void **state) {
        Bench *bench = *state;
        _cleanup_close_ int fd = dial(bench);

        bench->later = true;
        put(bench, fd, SCAN, sizeof(SCAN));
        server_error(bench->server, bench->requests[0].client, &(Fault){ FAULT_BUSY, "wait" },
                     NULL);
        assert_int_equal(strncmp(got(fd), "{\"error\":\"org.discfw.Busy\"", 26), 0);
}

static void test_what_is_no_call_ends_the_connection(void **state) {
        Bench *bench = *state;
        _cleanup_close_ int fd = dial(bench);

        put(bench, fd, "GET / HTTP/1.0\r\n\r\n", 19);
        assert_string_equal(got(fd), "(closed)");
        assert_int_equal(bench->n_requests, 0);
        assert_int_equal(bench->n_gone, 1);
}

static void test_a_message_without_an_end_is_dropped(void **state) {
        Bench *bench = *state;
        _cleanup_close_ int fd = dial(bench);
        _cleanup_free_ char *blanks = malloc(VARLINK_MESSAGE_MAX);

        assert_non_null(blanks);
        memset(blanks, ' ', VARLINK_MESSAGE_MAX);
        for (size_t n = 0; n < VARLINK_MESSAGE_MAX; n += VARLINK_MESSAGE_MAX / 16)
                put(bench, fd, blanks, VARLINK_MESSAGE_MAX / 16);
        assert_string_equal(got(fd), "(closed)");
        assert_int_equal(bench->n_gone, 1);
}

static void test_a_message_of_the_greatest_length_is_taken(void **state) {
        Bench *bench = *state;
        _cleanup_close_ int fd = dial(bench);
        _cleanup_free_ char *text = malloc(VARLINK_MESSAGE_MAX);

        assert_non_null(text);
        memset(text, ' ', VARLINK_MESSAGE_MAX);
        memcpy(text, STATUS, sizeof(STATUS) - 1);
        text[VARLINK_MESSAGE_MAX - 1] = '\0';
        for (size_t n = 0; n < VARLINK_MESSAGE_MAX; n += VARLINK_MESSAGE_MAX / 16)
                put(bench, fd, text + n, VARLINK_MESSAGE_MAX / 16);
        assert_string_equal(got(fd), ANSWER("status"));
}

static void test_who_does_not_read_is_dropped(void **state) {
        static const char call[] = "{\"method\":\"org.discfw.Monitor\",\"more\":true}";
        Bench *bench = *state;
        _cleanup_close_ int fd = dial(bench), other = dial(bench);
        char long_text[1024];
        unsigned n = 0;

        memset(long_text, 'x', sizeof(long_text) - 1);
        long_text[sizeof(long_text) - 1] = '\0';
        bench->later = true;
        put(bench, fd, call, sizeof(call));
        while (bench->n_gone == 0 && n++ < 4096) {
                say(bench, bench->requests[0].client, long_text, true);
                run(bench);
        }
        assert_in_range(n, 512, 2048); /* a queue of half a MiB, and what the socket takes */
        assert_int_equal(bench->n_gone, 1);
        bench->later = false;
        put(bench, other, STATUS, sizeof(STATUS));
        assert_string_equal(got(other), ANSWER("status"));
}

static void test_more_clients_than_allowed_are_sent_away(void **state) {
        Bench *bench = *state;
        unsigned n_closed = 0;
        int fds[100];

        for (unsigned i = 0; i < N_ELEMENTS(fds); i++)
                fds[i] = dial(bench);
        for (unsigned i = 0; i < N_ELEMENTS(fds); i++)
                n_closed += strcmp(got(fds[i]), "(closed)") == 0;
        /* 16 for each user, and 72 for root. */
        assert_in_range(n_closed, N_ELEMENTS(fds) - 72, N_ELEMENTS(fds) - 16);
        for (unsigned i = 0; i < N_ELEMENTS(fds); i++)
                closep(&fds[i]);
        run(bench);
        assert_int_equal(count_fds(), bench->n_fds_idle);
        fds[0] = dial(bench);
        put(bench, fds[0], STATUS, sizeof(STATUS));
        assert_string_equal(got(fds[0]), ANSWER("status"));
        closep(&fds[0]);
}

static void test_the_kernel_says_who_asks(void **state) {
        Bench *bench = *state;
        _cleanup_close_ int fd = dial(bench);

        put(bench, fd, STATUS, sizeof(STATUS));
        assert_int_equal(bench->requests[0].caller.uid, getuid());
        assert_int_equal(bench->requests[0].caller.root, getuid() == 0);
        assert_int_equal(bench->requests[0].caller.admin, getuid() == 0);
        assert_string_equal(bench->requests[0].via, "local");
        assert_true(bench->requests[0].caller.user[0] != '\0');
}

/* In a process of its own: asks as user 12345 of GROUP, and ends well if there is an answer. */
static void ask_as(Bench *bench, gid_t group) {
        unsigned n = bench->n_requests;
        int status = -1;
        pid_t child;

        assert_int_equal(chmod(bench->folder, 0755), 0);
        assert_int_equal(chmod(bench->path, 0666), 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
                struct sockaddr_un address = { .sun_family = AF_UNIX };
                int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
                char byte;

                text_format(address.sun_path, sizeof(address.sun_path), "%s", bench->path);
                (void)alarm(10);
                if (setgroups(1, &group) < 0 || setgid(12345) < 0 || setuid(12345) < 0 ||
                    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
                    send(fd, STATUS, sizeof(STATUS), 0) < 0 || recv(fd, &byte, 1, 0) != 1)
                        _exit(1);
                _exit(0);
        }
        for (unsigned i = 0; i < 1000 && bench->n_requests == n; i++)
                (void)sd_event_run(bench->event, 10000);
        run(bench);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        run(bench);
        assert_int_equal(bench->n_requests, n + 1);
}

static void test_the_kernel_says_who_is_an_admin(void **state) {
        Bench *bench = *state;

        const struct group *admins = getgrnam(ADMINS);

        if (getuid() != 0 || !admins)
                skip();
        ask_as(bench, admins->gr_gid);
        assert_int_equal(bench->requests[0].caller.uid, 12345);
        assert_true(bench->requests[0].caller.admin);
        assert_false(bench->requests[0].caller.root);
        ask_as(bench, admins->gr_gid + 1);
        assert_false(bench->requests[1].caller.admin);
}

static void test_a_server_that_ends_leaves_nobody_connected(void **state) {
        Bench *bench = *state;
        _cleanup_close_ int fd = dial(bench);

        bench->later = true;
        put(bench, fd, STATUS, sizeof(STATUS));
        bench->server = server_free(bench->server);
        assert_int_equal(bench->n_gone, 1);
        assert_string_equal(got(fd), "(closed)");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_a_message_may_come_byte_by_byte),
                TEST(test_two_calls_at_once_are_answered_in_their_order),
                TEST(test_who_half_closes_gets_the_answers),
                TEST(test_half_a_message_and_an_end_is_nothing),
                TEST(test_who_hangs_up_during_a_call_is_told_of_as_gone),
                TEST(test_a_call_that_was_sent_before_hanging_up_is_heard),
                TEST(test_a_call_that_wants_no_answer_gets_none),
                TEST(test_progress_comes_before_the_answer_and_nothing_after_it),
                TEST(test_a_refusal_is_an_error_by_its_name),
                TEST(test_what_is_no_call_ends_the_connection),
                TEST(test_a_message_without_an_end_is_dropped),
                TEST(test_a_message_of_the_greatest_length_is_taken),
                TEST(test_who_does_not_read_is_dropped),
                TEST(test_more_clients_than_allowed_are_sent_away),
                TEST(test_the_kernel_says_who_asks),
                TEST(test_the_kernel_says_who_is_an_admin),
                TEST(test_a_server_that_ends_leaves_nobody_connected),
        };

        return RUN_TESTS(tests);
}
