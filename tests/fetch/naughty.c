/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fetch/naughty.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/file.h"
#include "base/text.h"

typedef struct Visit {
        int client;
        uint16_t port;
        const char *path; /* "/status/404" */
        const char *rest; /* "404" */
        bool has_range;
        unsigned long from; /* "Range: bytes=FROM-" */
} Visit;

void naughty_body(char *ret_bytes, size_t offset, size_t n) {
        for (size_t i = 0; i < n; i++)
                ret_bytes[i] = (char)('a' + (offset + i) % 26 + (offset + i) / 65536 % 3);
}

/* Whoever cannot write any more has lost its client and ends. */
static void say(const Visit *visit, const char *text) {
        if (write_all(visit->client, text, strlen(text)) < 0)
                _exit(0);
}

static void say_for_ever(const Visit *visit, const char *text) {
        for (;;)
                say(visit, text);
}

static void say_body(const Visit *visit, size_t offset, size_t n) {
        static char bytes[BODY_LENGTH];

        naughty_body(bytes, offset, n);
        if (write_all(visit->client, bytes, n) < 0)
                _exit(0);
}

static void wait_for_ever(void) {
        for (;;)
                (void)pause();
}

static void say_whole(const Visit *visit, const char *etag) {
        char head[200];

        text_format(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %u\r\nETag: %s\r\n\r\n",
                    BODY_LENGTH, etag);
        say(visit, head);
        say_body(visit, 0, BODY_LENGTH);
}

static void say_part(const Visit *visit, unsigned long claimed, const char *etag) {
        char head[300];

        text_format(head, sizeof(head),
                    "HTTP/1.1 206 Partial Content\r\nContent-Length: %lu\r\n"
                    "Content-Range: bytes %lu-%u/%u\r\nETag: %s\r\n\r\n",
                    BODY_LENGTH - visit->from, claimed, BODY_LENGTH - 1, BODY_LENGTH, etag);
        say(visit, head);
        say_body(visit, visit->from, BODY_LENGTH - visit->from);
}

static void redirect(const Visit *visit, const char *to) {
        char head[1200];

        text_format(head, sizeof(head),
                    "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", to);
        say(visit, head);
}

static void on_hello(const Visit *visit) {
        say(visit, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"v1\"\r\n\r\nhello");
}

static void on_weak(const Visit *visit) {
        say(visit, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: W/\"v1\"\r\n\r\nhello");
}

static void on_chunked(const Visit *visit) {
        say(visit, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
}

static void on_body(const Visit *visit) {
        if (visit->has_range)
                say_part(visit, visit->from, "\"v1\"");
        else
                say_whole(visit, "\"v1\"");
}

static void on_whole(const Visit *visit) {
        say_whole(visit, "\"v2\"");
}

static void on_other_part(const Visit *visit) {
        if (visit->has_range)
                say_part(visit, visit->from - 1, "\"v1\"");
        else
                say_whole(visit, "\"v1\"");
}

static void on_other_file(const Visit *visit) {
        if (visit->has_range)
                say_part(visit, visit->from, "\"v2\"");
        else
                say_whole(visit, "\"v2\"");
}

static void on_unsatisfied(const Visit *visit) {
        if (visit->has_range)
                say(visit, "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n");
        else
                say_whole(visit, "\"v2\"");
}

static void on_part_unasked(const Visit *visit) {
        say_part(visit, 0, "\"v1\"");
}

static void on_endless(const Visit *visit) {
        say(visit, "HTTP/1.1 200 OK\r\n\r\n");
        say_for_ever(visit, "and so on and so on and so on and so on and so on and so on, ");
}

static void on_endless_chunks(const Visit *visit) {
        say(visit, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        say_for_ever(visit, "40\r\n0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
                            "f\r\n");
}

static void on_announced(const Visit *visit) {
        say(visit, "HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\nx");
        wait_for_ever();
}

static void on_drip(const Visit *visit) {
        say(visit, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        for (;;) {
                say(visit, "x");
                (void)usleep(100000);
        }
}

static void on_stall(const Visit *visit) {
        say(visit, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nhello");
        wait_for_ever();
}

static void on_silence(const Visit *visit) {
        (void)visit;
        wait_for_ever();
}

static void on_short(const Visit *visit) {
        say(visit, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
        _exit(0);
}

static void on_hang_up(const Visit *visit) {
        (void)visit;
        _exit(0);
}

static void on_nonsense(const Visit *visit) {
        say(visit, "good day\n");
        _exit(0);
}

static void on_bad_chunk(const Visit *visit) {
        say(visit, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello, no number here");
        _exit(0);
}

static void on_negative(const Visit *visit) {
        say(visit, "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhello");
        _exit(0);
}

static void on_two_lengths(const Visit *visit) {
        say(visit, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Length: 5\r\n\r\nhello");
        _exit(0);
}

static void on_gzip(const Visit *visit) {
        say(visit, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello");
}

static void on_header_flood(const Visit *visit) {
        say(visit, "HTTP/1.1 200 OK\r\n");
        say_for_ever(visit, "X-More: and more and more and more and more and more\r\n");
}

static void on_hint_flood(const Visit *visit) {
        say_for_ever(visit, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
}

static void on_trailer_flood(const Visit *visit) {
        say(visit, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n");
        say_for_ever(visit, "X-More: and more and more and more and more and more\r\n");
}

static void on_status(const Visit *visit) {
        char head[100];

        text_format(head, sizeof(head), "HTTP/1.1 %s Whatever\r\nContent-Length: 4\r\n\r\npage",
                    visit->rest);
        say(visit, head);
}

static void on_endless_refusal(const Visit *visit) {
        say(visit, "HTTP/1.1 404 Not Found\r\n\r\n");
        say_for_ever(visit, "there is nothing, nothing, nothing, nothing, nothing here ");
}

static void on_endless_redirect(const Visit *visit) {
        say(visit, "HTTP/1.1 302 Found\r\nLocation: /hello\r\nTransfer-Encoding: chunked\r\n\r\n");
        say_for_ever(visit, "20\r\nit has moved, moved, moved, move\r\n");
}

static void on_to(const Visit *visit) {
        redirect(visit, visit->rest);
}

static void on_hops(const Visit *visit) {
        unsigned long n = strtoul(visit->rest, NULL, 10);
        char to[40];

        text_format(to, sizeof(to), n > 1 ? "/hops/%lu" : "/hello", n - 1);
        redirect(visit, to);
}

static void on_with_password(const Visit *visit) {
        char to[80];

        text_format(to, sizeof(to), "http://user:secret@127.0.0.1:%u/hello", visit->port);
        redirect(visit, to);
}

static const struct {
        const char *path; /* one that ends in a slash has a rest */
        void (*answer)(const Visit *visit);
} pages[] = {
        { "/hello", on_hello },
        { "/weak", on_weak },
        { "/chunked", on_chunked },
        { "/body", on_body },
        { "/whole", on_whole },
        { "/other-part", on_other_part },
        { "/other-file", on_other_file },
        { "/unsatisfied", on_unsatisfied },
        { "/part-unasked", on_part_unasked },
        { "/endless", on_endless },
        { "/endless-chunks", on_endless_chunks },
        { "/announced", on_announced },
        { "/drip", on_drip },
        { "/stall", on_stall },
        { "/silence", on_silence },
        { "/short", on_short },
        { "/hang-up", on_hang_up },
        { "/nonsense", on_nonsense },
        { "/bad-chunk", on_bad_chunk },
        { "/negative", on_negative },
        { "/two-lengths", on_two_lengths },
        { "/gzip", on_gzip },
        { "/header-flood", on_header_flood },
        { "/hint-flood", on_hint_flood },
        { "/trailer-flood", on_trailer_flood },
        { "/status/", on_status },
        { "/endless-refusal", on_endless_refusal },
        { "/endless-redirect", on_endless_redirect },
        { "/to/", on_to },
        { "/hops/", on_hops },
        { "/with-password", on_with_password },
};

static void answer(Visit *visit) {
        for (size_t i = 0; i < N_ELEMENTS(pages); i++) {
                size_t n = strlen(pages[i].path);
                bool has_rest = pages[i].path[n - 1] == '/';

                if (strncmp(visit->path, pages[i].path, n) != 0 || (!has_rest && visit->path[n]))
                        continue;
                visit->rest = visit->path + n;
                pages[i].answer(visit);
                return;
        }
        visit->rest = "404";
        on_status(visit);
}

/* One head, read byte by byte: nobody sends a body. False at the end. */
static bool read_head(int client, char *head, size_t size) {
        size_t n = 0;

        while (n + 1 < size && read(client, head + n, 1) == 1) {
                head[++n] = '\0';
                if (n >= 4 && strcmp(head + n - 4, "\r\n\r\n") == 0)
                        return true;
        }
        return false;
}

static void converse(int client, uint16_t port, unsigned number, int heard) {
        char head[4096], report[4200], path[1200];

        while (read_head(client, head, sizeof(head))) {
                Visit visit = { .client = client, .port = port, .path = path };
                const char *range = strstr(head, "\r\nRange: bytes=");

                text_format(report, sizeof(report), "%u %s", number, head);
                (void)send(heard, report, strlen(report), MSG_DONTWAIT | MSG_NOSIGNAL);
                if (sscanf(head, "GET %1199s ", path) != 1)
                        return;
                if (range) {
                        visit.has_range = true;
                        visit.from = strtoul(range + 15, NULL, 10);
                }
                answer(&visit);
        }
}

static void serve(int listener, uint16_t port, int heard) {
        for (unsigned number = 1;; number++) {
                int client = accept(listener, NULL, NULL);

                if (client < 0)
                        _exit(1);
                if (fork() == 0) {
                        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                        (void)close(listener);
                        converse(client, port, number, heard);
                        _exit(0);
                }
                (void)close(client);
        }
}

int naughty_start(Naughty *ret_naughty) {
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t n = sizeof(address);
        _cleanup_close_ int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int heard[2];
        pid_t pid;

        if (listener < 0 || bind(listener, (struct sockaddr *)&address, n) < 0 ||
            listen(listener, 16) < 0 ||
            getsockname(listener, (struct sockaddr *)&address, &n) < 0 ||
            socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, heard) < 0)
                return -errno;
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void)signal(SIGCHLD, SIG_IGN);
                (void)signal(SIGPIPE, SIG_IGN);
                (void)close(heard[0]);
                serve(listener, ntohs(address.sin_port), heard[1]);
        }
        (void)close(heard[1]);

        *ret_naughty = (Naughty){ .pid = pid, .port = ntohs(address.sin_port), .heard = heard[0] };
        return 0;
}

void naughty_stop(Naughty *naughty) {
        if (naughty->pid > 0)
                (void)kill(naughty->pid, SIGKILL);
        closep(&naughty->heard);
}

void naughty_heard(Naughty *naughty, char *ret_request, size_t size) {
        ssize_t n = recv(naughty->heard, ret_request, size - 1, MSG_DONTWAIT);

        ret_request[n > 0 ? n : 0] = '\0';
}
