/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discfw-fetch: URLs into descriptors, for the daemon, which has no network. */
#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <sys/stat.h>

#include "fetch/job.h"
#include "fetch/sandbox.h"
#include "wire/helper.h"
#include "wire/order.h"

#define ANSWER_WAIT_MS 10000

DEFINE_CLEANUP(CURLM *, curl_multi_cleanup)

static const Helper helper = { .name = "discfw-fetch",
                               .text = "Fetches catalogs and images, for discfwd,",
                               .nonblocking = true };
static int wait_for(int fd, short events, int timeout_ms) {
        struct pollfd p = { .fd = fd, .events = events };
        int r;

        do
                r = poll(&p, 1, timeout_ms);
        while (r < 0 && errno == EINTR);
        if (r < 0)
                return -errno;
        return r == 0 ? -ETIMEDOUT : 0;
}

static int send_done(int connection, const FetchDone *done) {
        uint8_t payload[sizeof(*done) + 64];
        size_t n = fetch_done_encode(done, payload, sizeof(payload));
        int r;

        if (n == 0)
                return -EMSGSIZE;
        for (;;) {
                r = message_send(connection, MESSAGE_FETCH_DONE, payload, n, NULL, 0);
                if (r != -EAGAIN)
                        return r;
                r = wait_for(connection, POLLOUT, ANSWER_WAIT_MS);
                if (r < 0)
                        return r;
        }
}

/* The place must be as long as the request says: then what is written cannot be lost or grow. */
static int check_place(int memfd, const FetchGet *get, Fault *fault) {
        struct stat st;

        if (fstat(memfd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < 0 ||
            (uint64_t)st.st_size != get->length_max)
                return fault_set(fault, FAULT_PROTOCOL, "descriptor is not a memfd of %llu bytes",
                                 (unsigned long long)get->length_max);
        return 0;
}

static int handle_get(CURLM *multi, int connection, Message *message, Fault *fault) {
        _cleanup_close_ int memfd = message_take_fd(message, 0);
        FetchGet get;
        FetchDone done;
        int r;

        if (message->kind != MESSAGE_FETCH_GET ||
            !fetch_get_decode(message->payload, message->n_payload, &get))
                return message_unexpected(message, "a request", fault);
        r = check_place(memfd, &get, fault);
        if (r < 0)
                return r;
        r = job_run(multi, &get, memfd, connection, &done);
        return r < 0 ? r : send_done(connection, &done);
}

/* Something came in the middle of a request: the daemon went away, which is its right, or asks for
 * two things at once. */
static int look_up(int connection, Fault *fault) {
        Message message = MESSAGE_NULL;
        int r = message_receive(connection, &message);

        message_done(&message);
        return r > 0 ? message_unexpected(&message, "nothing before the end of the request", fault)
                     : r;
}

static int serve(CURLM *multi, int connection, Fault *fault) {
        Order order = {};
        int r;

        for (;;) {
                Message message = MESSAGE_NULL;

                r = wait_for(connection, POLLIN, -1);
                if (r == 0)
                        r = message_receive(connection, &message);
                if (r <= 0)
                        return r;
                r = order_check(&order, &message, fault);
                if (r == 0)
                        r = handle_get(multi, connection, &message, fault);
                message_done(&message);
                if (r == -ECANCELED)
                        return look_up(connection, fault);
                if (r < 0)
                        return r;
        }
}

int main(int argc, char *argv[]) {
        _cleanup_(curl_multi_cleanupp) CURLM *multi = NULL;
        Fault fault = {};
        int connection, status, r;

        if (helper_begin(&helper, argc, argv, &connection, &status) != 0)
                return status;
        r = fetch_sandbox_enter(connection, &fault); /* nothing is read before this line */
        if (r < 0)
                return helper_fail(r, "cannot confine myself", &fault);
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(multi = curl_multi_init()))
                return helper_fail(-ENOMEM, "cannot start libcurl", &fault);
        r = serve(multi, connection, &fault);
        if (r < 0)
                return helper_fail(r, "connection to the daemon failed", &fault);
        return EXIT_SUCCESS;
}
