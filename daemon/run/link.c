/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/link.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/text.h"

struct Link {
        int fd;
        char name[16];
        sd_event_source *io;
        sd_event_source *timer;
        unsigned timeout_s;
        Order order;
        LinkMessage on_message;
        LinkGone on_gone;
        void *userdata;
        bool busy;   /* a callback runs */
        bool doomed; /* it freed us: that is made good on the way out */
        Message message;
};

static void over(Link *link, const Fault *fault) {
        link->io = sd_event_source_unref(link->io);
        link->timer = sd_event_source_unref(link->timer);
        link->on_gone(link, fault, link->userdata);
}

static int on_silence(sd_event_source *source, uint64_t usec, void *userdata) {
        Link *link = userdata;
        Fault fault = {};

        (void)source;
        (void)usec;
        (void)fault_set(&fault, FAULT_HELPER_DIED, "discfw-%s was silent for %u s", link->name,
                        link->timeout_s);
        over(link, &fault);
        return 0;
}

static int restart_timer(sd_event *event, Link *link) {
        if (link->timeout_s == 0)
                return 0;
        link->timer = sd_event_source_unref(link->timer);
        return sd_event_add_time_relative(event, &link->timer, CLOCK_BOOTTIME,
                                          (uint64_t)link->timeout_s * 1000000, 0, on_silence, link);
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        Link *link = userdata;
        Fault fault = {};
        int r;

        (void)events;
        r = message_receive(fd, &link->message);
        if (r == -EAGAIN)
                return 0;
        if (r <= 0)
                (void)fault_set(&fault, r == -EPROTO ? FAULT_PROTOCOL : FAULT_HELPER_DIED,
                                r == -EPROTO ? "discfw-%s speaks another version or garbage"
                                             : "discfw-%s ended before it had answered",
                                link->name);
        else {
                (void)restart_timer(sd_event_source_get_event(source), link);
                r = order_check(&link->order, &link->message, &fault);
                link->busy = true;
                if (r == 0)
                        r = link->on_message(link, &link->message, link->userdata, &fault);
                link->busy = false;
                if (link->doomed) {
                        (void)link_free(link);
                        return 0;
                }
                message_done(&link->message);
                if (r >= 0)
                        return 0;
                if (fault.code == FAULT_NONE)
                        (void)fault_set(&fault, FAULT_PROTOCOL, "discfw-%s: %s", link->name,
                                        strerror(-r));
        }
        over(link, &fault);
        return 0;
}

int link_open(sd_event *event, const char *run, const char *name, unsigned timeout_s,
              LinkMessage on_message, LinkGone on_gone, void *userdata, Link **ret_link,
              Fault *fault) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_(link_freep) Link *link = calloc(1, sizeof(*link));
        int r;

        if (!link)
                return fault_set(fault, FAULT_INTERNAL, "out of memory");
        link->message = (Message)MESSAGE_NULL;
        text_format(link->name, sizeof(link->name), "%s", name);
        link->timeout_s = timeout_s;
        link->on_message = on_message;
        link->on_gone = on_gone;
        link->userdata = userdata;
        text_format(address.sun_path, sizeof(address.sun_path), "%s/%s.sock", run, name);
        link->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (link->fd < 0 || connect(link->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                return fault_set(fault, FAULT_HELPER_UNAVAILABLE,
                                 "cannot reach discfw-%s at %s: %s", name, address.sun_path,
                                 strerror(errno));
        r = sd_event_add_io(event, &link->io, link->fd, EPOLLIN, on_readable, link);
        if (r >= 0)
                r = restart_timer(event, link);
        if (r < 0)
                return fault_set(fault, FAULT_INTERNAL, "cannot watch discfw-%s: %s", name,
                                 strerror(-r));
        (void)sd_event_source_set_description(link->io, link->name);
        *ret_link = TAKE(link);
        return 0;
}

Link *link_free(Link *link) {
        if (!link)
                return NULL;
        link->io = sd_event_source_unref(link->io);
        link->timer = sd_event_source_unref(link->timer);
        message_done(&link->message);
        closep(&link->fd);
        link->fd = -1;
        link->doomed = link->busy;
        if (!link->busy)
                free(link);
        return NULL;
}

int link_send(Link *link, uint16_t kind, const void *payload, size_t n_payload, const int *fds,
              unsigned n_fds, Fault *fault) {
        int r;

        assert(!payload || n_payload > 0);
        r = message_send(link->fd, kind, payload, n_payload, fds, n_fds);
        if (r < 0)
                return fault_set(fault, FAULT_HELPER_DIED, "cannot speak to discfw-%s: %s",
                                 link->name, strerror(-r));
        return 0;
}
