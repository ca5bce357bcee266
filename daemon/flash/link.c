/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flash/link.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

#define SEND_WAIT_MS 10000
#define ACK_WAIT_MS  60000

static int wait_for(int socket, short events, int timeout_ms) {
        struct pollfd p = { .fd = socket, .events = events };
        uint64_t deadline = clock_boottime_ms() + (uint64_t)timeout_ms;

        for (;;) {
                uint64_t now = clock_boottime_ms();
                int r = poll(&p, 1, now < deadline ? (int)(deadline - now) : 0);

                if (r > 0)
                        return 0;
                if (r == 0)
                        return -ETIMEDOUT;
                if (errno != EINTR)
                        return -errno;
        }
}

int link_receive(Link *link, int timeout_ms, Message *message, Fault *fault) {
        int r;

        r = wait_for(link->socket, POLLIN, timeout_ms);
        if (r < 0)
                return r;
        r = message_receive(link->socket, message);
        if (r == -EPROTO)
                return fault_set(fault, FAULT_PROTOCOL,
                                 "message came in another version, or was cut");
        if (r <= 0)
                return r;
        r = order_check(&link->order, message, fault);
        return r < 0 ? r : 1;
}

static int send_surely(Link *link, uint16_t kind, const void *payload, size_t n_payload) {
        int r;

        for (;;) {
                r = message_send(link->socket, kind, payload, n_payload, NULL, 0);
                if (r != -EAGAIN)
                        return r;
                r = wait_for(link->socket, POLLOUT, SEND_WAIT_MS);
                if (r < 0)
                        return r;
        }
}

int link_ready(Link *link, const FlashReady *ready) {
        uint8_t payload[sizeof(*ready) + 16];
        size_t n = flash_ready_encode(ready, payload, sizeof(payload));

        return send_surely(link, MESSAGE_FLASH_READY, payload, n);
}

void link_note(Link *link, uint64_t job, FlashPhase phase, uint32_t n_done, uint32_t n_total) {
        const FlashPhaseNote note = {
                .job = job, .phase = phase, .n_done = n_done, .n_total = n_total
        };
        uint8_t payload[sizeof(note)];
        size_t n = flash_phase_encode(&note, payload, sizeof(payload));

        if (message_send(link->socket, MESSAGE_FLASH_PHASE, payload, n, NULL, 0) < 0)
                return; /* no room, or nobody there: nothing hangs on it */
}

void link_none(Link *link) {
        if (send_surely(link, MESSAGE_FLASH_NONE, NULL, 0) < 0)
                log_notice("the daemon left before it was told that nothing is left to report");
}

/* The daemon may still have sent something before it knew of the end: an order that comes too late
 * is no reason not to wait for what it says next. */
static bool wait_for_ack(Link *link, uint64_t job) {
        uint64_t deadline = clock_boottime_ms() + ACK_WAIT_MS;

        for (;;) {
                Message message = MESSAGE_NULL;
                uint64_t now = clock_boottime_ms(), acknowledged = 0;
                Fault fault = {};
                bool is_ack;
                int r;

                if (now >= deadline)
                        return false;
                r = link_receive(link, (int)(deadline - now), &message, &fault);
                is_ack = r > 0 && message.kind == MESSAGE_FLASH_ACK &&
                         flash_job_decode(message.payload, message.n_payload, &acknowledged) &&
                         acknowledged == job;
                message_done(&message);
                if (is_ack)
                        return true;
                if (r <= 0)
                        return false;
        }
}

bool link_end(Link *link, const FlashEnd *end) {
        uint8_t payload[sizeof(*end) + 64];
        size_t n = flash_end_encode(end, payload, sizeof(payload));
        int r;

        r = send_surely(link, MESSAGE_FLASH_END, payload, n);
        if (r < 0) {
                log_notice("job %" PRIu64 ": the daemon did not take the outcome: %s", end->job,
                           strerror(-r));
                return false;
        }
        return wait_for_ack(link, end->job);
}
