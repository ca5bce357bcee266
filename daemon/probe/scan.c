/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe/scan.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "drive/enumerate.h"
#include "drive/examine.h"
#include "wire/probe.h"

#define SYSFS "/sys"

/* Large, and wanted once at a time. */
static DriveRecord records[DRIVES_MAX];
static Message request = MESSAGE_NULL;
static uint8_t payload[WIRE_MESSAGE_MAX];

static int reply(int socket, MessageKind kind, size_t n_payload, Fault *fault) {
        int r;

        if (n_payload == 0)
                return fault_set(fault, FAULT_INTERNAL, "message %03x does not fit",
                                 (unsigned)kind);
        r = message_send(socket, (uint16_t)kind, payload, n_payload, NULL, 0);
        if (r < 0)
                return fault_set(fault, FAULT_PROTOCOL, "cannot answer: %s", strerror(-r));
        return 0;
}

/* All of RECORD that a drive has a part in; on failure its fault, and nothing half read. */
static void examine(const char *emulated_dir, DriveRecord *record) {
        _cleanup_(transport_freep) Transport *transport = NULL;
        DriveRecord found = *record;
        Fault fault = {};

        if (transport_open(record->node, emulated_dir, TRANSPORT_LOOK, &transport, &fault) >= 0 &&
            drive_examine(transport, clock_realtime(), &found, &fault) >= 0) {
                *record = found;
                return;
        }
        record->fault = fault;
        log_fault(LOG_LEVEL_WARNING, record->node, &fault);
}

static int list(const char *node, const char *emulated_dir, size_t *ret_n, Fault *fault) {
        int r;

        if (node[0] == '\0')
                return drives_enumerate(SYSFS, emulated_dir, records, ret_n, fault);
        r = drive_locate(SYSFS, node, &records[0], fault);
        if (r < 0)
                return r;
        *ret_n = 1;
        return 0;
}

static bool is_late(const ProbeScan *scan, const DriveRecord *record) {
        for (uint32_t i = 0; i < scan->n_late; i++)
                if (strcmp(scan->late[i], record->node) == 0)
                        return true;
        return false;
}

/* Those that are late, or those that are not. */
static int tell(int socket, const ProbeScan *scan, bool late, size_t n, const char *emulated_dir,
                Fault *fault) {
        for (size_t i = 0; i < n; i++) {
                int r;

                if (is_late(scan, &records[i]) != late)
                        continue;
                examine(emulated_dir, &records[i]);
                r = reply(socket, MESSAGE_PROBE_DRIVE,
                          probe_drive_encode(&records[i], payload, sizeof(payload)), fault);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int scan(int socket, const ProbeScan *scan, const char *emulated_dir, Fault *fault) {
        ProbeEnd end = {};
        size_t n = 0;
        int r;

        if (list(scan->node, emulated_dir, &n, &end.fault) < 0)
                log_fault(LOG_LEVEL_WARNING, NULL, &end.fault);
        r = tell(socket, scan, false, n, emulated_dir, fault);
        if (r == 0)
                r = tell(socket, scan, true, n, emulated_dir, fault);
        if (r < 0)
                return r;
        end.n_drives = (uint32_t)n;
        return reply(socket, MESSAGE_PROBE_END, probe_end_encode(&end, payload, sizeof(payload)),
                     fault);
}

int scan_serve(int socket, const char *emulated_dir, Fault *fault) {
        ProbeScan wanted;
        int r;

        for (;;) {
                r = message_receive(socket, &request);
                if (r == 0)
                        return 0;
                if (r < 0)
                        return fault_set(fault, FAULT_PROTOCOL, "cannot read a request: %s",
                                         strerror(-r));
                if (request.kind != MESSAGE_PROBE_SCAN || request.n_fds > 0 ||
                    !probe_scan_decode(request.payload, request.n_payload, &wanted)) {
                        message_done(&request);
                        return message_unexpected(&request, "a scan", fault);
                }
                r = scan(socket, &wanted, emulated_dir, fault);
                if (r < 0)
                        return r;
        }
}
