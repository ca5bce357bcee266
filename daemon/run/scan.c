/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scan: discfw-probe looks at the drives, and what it saw goes to the core. A drive that has just
 * been plugged in is looked at before all are: somebody waits for it. */
#include <errno.h>
#include <string.h>
#include <systemd/sd-device.h>
#include <unistd.h>

#include "db/drives.h"
#include "run/daemon.h"

/* A drive that hangs keeps the probe for as long as its commands may take. */
#define SCAN_SILENCE_S 180

static void scan_over(Daemon *daemon, const Fault *fault) {
        daemon->probe = link_free(daemon->probe);
        daemon_enter(daemon);
        core_on_scan_end(daemon->core, fault);
        daemon_pump(daemon);
}

/* Udev has not yet said who may open it. When it has, there is an event, and another scan: until then
 * a drive that cannot be read would only be taken for one more. */
static bool comes_yet(const DriveRecord *record) {
        sd_device *device = NULL;
        bool ready;

        if (record->fault.code != FAULT_NOT_PERMITTED || access("/run/udev/control", F_OK) < 0 ||
            sd_device_new_from_subsystem_sysname(&device, "scsi_generic", record->node) < 0)
                return false;
        ready = sd_device_get_is_initialized(device) > 0;
        sd_device_unref(device);
        return !ready;
}

static int on_drive(Daemon *daemon, const DriveRecord *record, Fault *fault) {
        char key[PROBE_KEY_SIZE], id[DRIVE_ID_SIZE] = "";

        if (probe_drive_key(record, key) == 0 && drive_find_key(daemon->store, key, id, fault) < 0)
                return -EBADE;
        /* A command that was not answered ended in a reset of the bus. */
        if (record->fault.code == FAULT_DRIVE_SILENT && daemon->silent.n_late < SCAN_LATE_MAX)
                memcpy(daemon->silent.late[daemon->silent.n_late++], record->node,
                       sizeof(record->node));
        /* Of the first look only what was read counts: it is looked at once more. */
        if (comes_yet(record) || (daemon->scan_all && record->fault.code != FAULT_NONE))
                return 0;
        daemon_enter(daemon);
        core_on_scan_drive(daemon->core, record, id);
        daemon_pump(daemon);
        return 0;
}

static int send_scan(Daemon *daemon, const ProbeScan *scan, Fault *fault) {
        uint8_t payload[(SCAN_LATE_MAX + 1) * (NODE_SIZE + 8)];

        return link_send(daemon->probe, MESSAGE_PROBE_SCAN, payload,
                         probe_scan_encode(scan, payload, sizeof(payload)), NULL, 0, fault);
}

static int send_scan_of_all(Daemon *daemon, Fault *fault) {
        const ProbeScan scan = daemon->silent;

        daemon->scan_all = false;
        daemon->silent = (ProbeScan){};
        return send_scan(daemon, &scan, fault);
}

static int on_message(Link *link, Message *message, void *userdata, Fault *fault) {
        Daemon *daemon = userdata;
        DriveRecord record;
        ProbeEnd end;

        (void)link;
        switch (message->kind) {
        case MESSAGE_PROBE_DRIVE:
                if (!probe_drive_decode(message->payload, message->n_payload, &record))
                        return message_unexpected(message, "a drive", fault);
                return on_drive(daemon, &record, fault);
        case MESSAGE_PROBE_END:
                if (!probe_end_decode(message->payload, message->n_payload, &end))
                        return message_unexpected(message, "the end of a scan", fault);
                if (daemon->scan_all) {
                        core_on_scan_anew(daemon->core);
                        return send_scan_of_all(daemon, fault);
                }
                scan_over(daemon, &end.fault);
                return 0;
        default: return message_unexpected(message, "a drive", fault);
        }
}

static void on_gone(Link *link, const Fault *fault, void *userdata) {
        (void)link;
        scan_over(userdata, fault);
}

void scan_run(Daemon *daemon) {
        ProbeScan first = {};
        Fault fault = {};
        int r;

        memcpy(first.node, daemon->plugged_in, sizeof(first.node));
        daemon->plugged_in[0] = '\0';
        daemon->scan_all = first.node[0] != '\0';

        r = link_open(daemon->event, daemon->options.run, "probe", SCAN_SILENCE_S, on_message,
                      on_gone, daemon, &daemon->probe, &fault);
        if (r == 0)
                r = daemon->scan_all ? send_scan(daemon, &first, &fault)
                                     : send_scan_of_all(daemon, &fault);
        if (r < 0)
                scan_over(daemon, &fault);
}
