/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <systemd/sd-bus.h>

#include "base/log.h"
#include "run/daemon.h"

/* logind answers within milliseconds; but the first who asks waits until polkit has been started. */
#define ANSWER_US (20u * 1000 * 1000)

/* A block inhibitor is a descriptor: as long as anybody has it open, the machine neither sleeps nor
 * shuts down for those who may not override it. It goes to the flash helper, so that it outlives us. */
int inhibit_sleep(void) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *answer = NULL;
        sd_bus *bus = NULL;
        int fd = -1, taken = -1, r;

        r = sd_bus_open_system(&bus);
        if (r >= 0)
                r = sd_bus_set_method_call_timeout(bus, ANSWER_US);
        if (r >= 0)
                r = sd_bus_call_method(bus, "org.freedesktop.login1", "/org/freedesktop/login1",
                                       "org.freedesktop.login1.Manager", "Inhibit", &error, &answer,
                                       "ssss", "sleep:shutdown:idle:handle-lid-switch", "discfwd",
                                       "firmware of an optical drive is being written", "block");
        if (r >= 0)
                r = sd_bus_message_read(answer, "h", &fd);
        if (r >= 0)
                taken = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (taken < 0)
                log_warning("logind gave no inhibitor: %s",
                            error.message ? error.message : "no answer");
        sd_bus_error_free(&error);
        sd_bus_message_unref(answer);
        sd_bus_flush_close_unref(bus);
        return taken;
}
