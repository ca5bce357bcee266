/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fetch/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/text.h"
#include "tests/unit/test.h"

static void set(const char *name, const char *value) {
        if (setenv(name, value, 1) < 0)
                _exit(90);
}

static void become_fetcher(int connection, const char *home) {
        char pid[24], path[512], log[512];
        const char *builddir = getenv("DISCFW_BUILDDIR");

        text_format(pid, sizeof(pid), "%d", (int)getpid());
        text_format(path, sizeof(path), "%s/discfw-fetch", builddir ? builddir : ".");
        text_format(log, sizeof(log), "%s/keys", home);
        set("LISTEN_PID", pid);
        set("LISTEN_FDS", "1");
        set("http_proxy", "http://127.0.0.1:1");
        set("https_proxy", "http://127.0.0.1:1");
        set("ALL_PROXY", "http://127.0.0.1:1");
        set("HOME", home);
        set("CURL_HOME", home);
        set("SSLKEYLOGFILE", log);
        set("SSL_CERT_FILE", "/nonexistent");
        set("OPENSSL_CONF", "/nonexistent");
        set("RES_OPTIONS", "nonsense");
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (dup2(connection, 3) != 3)
                _exit(91);
        (void)execl(path, "discfw-fetch", NULL);
        _exit(92);
}

void client_start(Client *ret_client, const char *home, void (*prepare)(void)) {
        int pair[2];
        pid_t pid;

        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
        assert_int_equal(fcntl(pair[0], F_SETFD, FD_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                if (prepare)
                        prepare();
                become_fetcher(pair[1], home);
        }
        (void)close(pair[1]);
        *ret_client = (Client){ .pid = pid, .connection = pair[0], .memfd = -1 };
}

int client_wait(Client *client, unsigned ms) {
        int status;

        for (unsigned i = 0; i <= ms / 10; i++) {
                if (waitpid(client->pid, &status, WNOHANG) == client->pid) {
                        client->pid = 0;
                        return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
                }
                (void)usleep(10000);
        }
        return -1;
}

int client_stop(Client *client) {
        int status;

        closep(&client->connection);
        client->connection = -1;
        closep(&client->memfd);
        client->memfd = -1;
        if (client->pid == 0)
                return -1;
        status = client_wait(client, 2000);
        if (status < 0) {
                (void)kill(client->pid, SIGKILL);
                (void)waitpid(client->pid, NULL, 0);
        }
        return status;
}

void client_ask(Client *client, const FetchGet *get, const char *fill) {
        uint8_t payload[4096];
        size_t n = fetch_get_encode(get, payload, sizeof(payload));

        closep(&client->memfd);
        assert_int_equal(memfd_new("test", get->length_max, &client->memfd), 0);
        if (fill)
                assert_int_equal(pwrite_all(client->memfd, fill, strlen(fill), 0), 0);
        client->n_progress = 0;
        assert_true(n > 0);
        assert_int_equal(
                message_send(client->connection, MESSAGE_FETCH_GET, payload, n, &client->memfd, 1),
                0);
}

void client_hear(Client *client, FetchDone *ret_done) {
        for (;;) {
                struct pollfd p = { .fd = client->connection, .events = POLLIN };
                Message message = MESSAGE_NULL;
                FetchProgress progress;

                assert_int_equal(poll(&p, 1, 20000), 1);
                assert_int_equal(message_receive(client->connection, &message), 1);
                assert_int_equal(message.n_fds, 0);
                if (message.kind == MESSAGE_FETCH_DONE) {
                        assert_true(
                                fetch_done_decode(message.payload, message.n_payload, ret_done));
                        return;
                }
                assert_int_equal(message.kind, MESSAGE_FETCH_PROGRESS);
                assert_true(fetch_progress_decode(message.payload, message.n_payload, &progress));
                client->n_progress++;
                client->n_total = progress.n_total;
        }
}

void client_fetch(Client *client, const FetchGet *get, FetchDone *ret_done) {
        client_ask(client, get, NULL);
        client_hear(client, ret_done);
        assert_int_equal(ret_done->id, get->id);
}

void client_expect(Client *client, uint64_t offset, const char *bytes, size_t n) {
        _cleanup_free_ char *found = malloc(n + 1);

        assert_non_null(found);
        assert_int_equal(pread(client->memfd, found, n, (off_t)offset), n);
        assert_memory_equal(found, bytes, n);
}
