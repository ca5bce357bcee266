/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Drives coming and going: uevents of the kernel through udev, and for emulated drives the folder of
 * their sockets. No device is opened here, and nothing is polled. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <systemd/sd-device.h>

#include "base/log.h"
#include "base/text.h"
#include "run/daemon.h"

/* A plug makes several events within moments; one scan is enough for them. */
#define SETTLE_US (300u * 1000)

static int on_settled(sd_event_source *source, uint64_t usec, void *userdata) {
        Daemon *daemon = userdata;

        (void)source;
        (void)usec;
        daemon->hotplug_timer = sd_event_source_unref(daemon->hotplug_timer);
        daemon_enter(daemon);
        core_on_hotplug(daemon->core);
        daemon_pump(daemon);
        return 0;
}

static void something_changed(Daemon *daemon) {
        if (!daemon->hotplug_timer)
                (void)sd_event_add_time_relative(daemon->event, &daemon->hotplug_timer,
                                                 CLOCK_BOOTTIME, SETTLE_US, 0, on_settled, daemon);
}

/* One that goes is told at once. Unless its node is there again: then the scan will tell. */
static void on_removed(Daemon *daemon, sd_device *device) {
        char path[NODE_SIZE + sizeof("/sys/class/scsi_generic/")];
        const char *node;

        if (sd_device_get_sysname(device, &node) < 0)
                return;
        text_format(path, sizeof(path), "/sys/class/scsi_generic/%s", node);
        if (access(path, F_OK) == 0)
                return;
        daemon_enter(daemon);
        core_on_unplugged(daemon->core, node);
        daemon_pump(daemon);
}

static void on_added(Daemon *daemon, sd_device *device) {
        const char *node;

        if (sd_device_get_sysname(device, &node) >= 0)
                text_format(daemon->plugged_in, sizeof(daemon->plugged_in), "%s", node);
}

static int on_device(sd_device_monitor *monitor, sd_device *device, void *userdata) {
        const char *name = "", *attention = "";
        sd_device_action_t action = _SD_DEVICE_ACTION_INVALID;

        (void)monitor;
        if (sd_device_get_subsystem(device, &name) < 0)
                return 0;
        /* A disc in or out changes the block device, and is no business of ours. */
        if (strcmp(name, "scsi_generic") == 0) {
                if (sd_device_get_action(device, &action) >= 0 && action == SD_DEVICE_REMOVE)
                        on_removed(userdata, device);
                else
                        on_added(userdata, device);
                something_changed(userdata);
        }
        /* A drive said 6/3F/03: somebody else gave it other firmware, and it was not plugged in
         * again. The kernel's own copy of its name stays what it was. */
        if (strcmp(name, "scsi") == 0 &&
            sd_device_get_property_value(device, "SDEV_UA", &attention) >= 0 &&
            strcmp(attention, "INQUIRY_DATA_HAS_CHANGED") == 0)
                something_changed(userdata);
        return 0;
}

static int on_folder(sd_event_source *source, const struct inotify_event *event, void *userdata) {
        (void)source;
        (void)event;
        something_changed(userdata);
        return 0;
}

bool hotplug_pending(const Daemon *daemon) {
        sd_event_source *source =
                daemon->monitor ? sd_device_monitor_get_event_source(daemon->monitor) : NULL;
        struct pollfd p = { .fd = source ? sd_event_source_get_io_fd(source) : -1,
                            .events = POLLIN };

        return p.fd >= 0 && poll(&p, 1, 0) > 0;
}

int hotplug_watch(Daemon *daemon) {
        int r;

        if (daemon->options.emulated) {
                r = sd_event_add_inotify(
                        daemon->event, &daemon->folder_watch, daemon->options.emulated,
                        IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM, on_folder, daemon);
                if (r < 0)
                        return r;
        }
        r = sd_device_monitor_new(&daemon->monitor);
        if (r >= 0)
                r = sd_device_monitor_filter_add_match_subsystem_devtype(daemon->monitor,
                                                                         "scsi_generic", NULL);
        if (r >= 0)
                r = sd_device_monitor_filter_add_match_subsystem_devtype(daemon->monitor, "scsi",
                                                                         "scsi_device");
        if (r >= 0)
                r = sd_device_monitor_attach_event(daemon->monitor, daemon->event);
        if (r >= 0)
                r = sd_device_monitor_start(daemon->monitor, on_device, daemon);
        /* A container has no udev: drives are then looked for when somebody asks. */
        if (r < 0)
                log_info("no uevents here (%s): a new drive is found by \"discfw list\" only",
                         strerror(-r));
        return 0;
}
