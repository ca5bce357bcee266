/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "run/mirror.h"

/* A mirror that gives less than this for so long is not worth waiting for. */
#define LOW_SPEED   1024
#define LOW_SPEED_S 30

struct Fetcher {
        Daemon *daemon;
        Link *link;
        uint32_t id;
        bool waiting;
        FetcherDone on_done;
        FetcherProgress on_progress;
        void *userdata;
};

static int on_message(Link *link, Message *message, void *userdata, Fault *fault) {
        Fetcher *fetcher = userdata;
        FetchProgress progress;
        FetchDone done;

        (void)link;
        if (message->kind == MESSAGE_FETCH_PROGRESS &&
            fetch_progress_decode(message->payload, message->n_payload, &progress)) {
                if (progress.id == fetcher->id && fetcher->waiting && fetcher->on_progress)
                        fetcher->on_progress(&progress, fetcher->userdata);
                return 0;
        }
        if (message->kind != MESSAGE_FETCH_DONE ||
            !fetch_done_decode(message->payload, message->n_payload, &done) ||
            done.id != fetcher->id || !fetcher->waiting)
                return message_unexpected(message, "the end of a fetch", fault);
        fetcher->waiting = false;
        fetcher->on_done(&done, fetcher->userdata);
        return 0;
}

static void on_gone(Link *link, const Fault *fault, void *userdata) {
        Fetcher *fetcher = userdata;
        FetchDone done = { .id = fetcher->id, .fault = *fault };

        (void)link;
        fetcher->link = link_free(fetcher->link);
        if (!fetcher->waiting)
                return;
        fetcher->waiting = false;
        fetcher->on_done(&done, fetcher->userdata);
}

int fetcher_new(Daemon *daemon, FetcherDone on_done, FetcherProgress on_progress, void *userdata,
                Fetcher **ret_fetcher, Fault *fault) {
        Fetcher *fetcher = calloc(1, sizeof(*fetcher));
        int r;

        if (!fetcher)
                return fault_set(fault, FAULT_INTERNAL, "out of memory");
        fetcher->daemon = daemon;
        fetcher->on_done = on_done;
        fetcher->on_progress = on_progress;
        fetcher->userdata = userdata;
        /* The fetcher has its own deadlines; silence on this connection is not a matter of time. */
        r = link_open(daemon->event, daemon->options.run, "fetch", 0, on_message, on_gone, fetcher,
                      &fetcher->link, fault);
        if (r < 0) {
                (void)fetcher_free(fetcher);
                return r;
        }
        *ret_fetcher = fetcher;
        return 0;
}

Fetcher *fetcher_free(Fetcher *fetcher) {
        if (fetcher)
                (void)link_free(fetcher->link);
        free(fetcher);
        return NULL;
}

int fetcher_get(Fetcher *fetcher, FetchGet *get, int fd, Fault *fault) {
        uint8_t payload[4096];

        if (!fetcher->link)
                return fault_set(fault, FAULT_HELPER_DIED, "discfw-fetch ended");
        get->id = ++fetcher->id;
        get->low_speed = LOW_SPEED;
        get->low_speed_s = LOW_SPEED_S;
        text_format(get->proxy, sizeof(get->proxy), "%s", fetcher->daemon->proxy);
        fetcher->waiting = true;
        return link_send(fetcher->link, MESSAGE_FETCH_GET, payload,
                         fetch_get_encode(get, payload, sizeof(payload)), &fd, 1, fault);
}
