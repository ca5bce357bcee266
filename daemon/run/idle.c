/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end for want of work, where somebody starts us again: the socket, a timer, or udev. Everything
 * that is known is in the store at any time, so there is nothing more to save than to close it.
 *
 * Nothing may be lost on the way out. A client who connects meanwhile waits in the socket, which is
 * not ours but systemd's, and starts us again. A uevent is for those who listen: udev's rule makes
 * systemd start us for it, which does nothing as long as it takes us for running. So systemd is told
 * first that we end; what was plugged in before it knew, we have in our queue, and say so.
 */
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "run/daemon.h"

#define HEARD_US    (5u * 1000 * 1000)
#define ACCURACY_US (1000u * 1000)

static bool is_idle(const Daemon *daemon) {
        return core_idle(daemon->core) && server_n_clients(daemon->server) == 0 &&
               daemon->n_batch == 0 && !daemon->probe && !daemon->flash && !daemon->report &&
               !daemon->mirror && !daemon->image && !daemon->hotplug_timer;
}

static int on_idle(sd_event_source *source, uint64_t usec, void *userdata) {
        Daemon *daemon = userdata;
        bool again;

        (void)source;
        (void)usec;
        (void)sd_notify(0, "STOPPING=1");
        (void)sd_notify_barrier(0, HEARD_US);
        again = hotplug_pending(daemon);
        log_info(again ? "ending for want of work, and starting again for a drive that came"
                       : "ending for want of work");
        return sd_event_exit(daemon->event, again ? DAEMON_AGAIN : 0);
}

/* Runs after every event, and only then: the clock runs from the last thing that was done, and an
 * idle daemon is not woken up but by its end. */
static int on_event(sd_event_source *source, void *userdata) {
        Daemon *daemon = userdata;
        int r;

        (void)source;
        if (!is_idle(daemon)) {
                daemon->idle_timer = sd_event_source_unref(daemon->idle_timer);
                return 0;
        }
        if (daemon->idle_timer)
                return 0;
        r = sd_event_add_time_relative(daemon->event, &daemon->idle_timer, CLOCK_BOOTTIME,
                                       daemon->options.idle_exit_s * (uint64_t)1000000, ACCURACY_US,
                                       on_idle, daemon);
        /* Behind everything else: whatever waits at the same moment is done first, and is work. */
        if (r >= 0)
                r = sd_event_source_set_priority(daemon->idle_timer, SD_EVENT_PRIORITY_IDLE);
        if (r >= 0)
                r = sd_event_source_set_description(daemon->idle_timer, "idle");
        return r;
}

int idle_watch(Daemon *daemon) {
        int r;

        r = sd_event_add_post(daemon->event, &daemon->idle_watch, on_event, daemon);
        /* There may be nothing to do from the beginning. */
        return r < 0 ? r : on_event(NULL, daemon);
}
