/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drive/transport.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "drive/transport-sg.h"
#include "drive/transport-socket.h"

#define EMULATED_PREFIX "emulated:"

int transport_execute(Transport *transport, const Command *command, Completion *ret_completion) {
        assert(command->n_cdb == 6 || command->n_cdb == 10 || command->n_cdb == 12 ||
               command->n_cdb == 16);
        assert((command->direction == DIRECTION_NONE) == (command->n_data == 0));
        assert(command->timeout_ms > 0);

        return transport->ops->execute(transport, command, ret_completion);
}

uint32_t transport_transfer_max(const Transport *transport) {
        return transport->ops->transfer_max(transport);
}

Transport *transport_free(Transport *transport) {
        if (transport)
                transport->ops->free(transport);
        return NULL;
}

/* Names come over the wire and become part of a path. */
static bool name_is_safe(const char *name) {
        size_t n =
                strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

        return n > 0 && name[n] == '\0' && name[0] != '.';
}

static int refuse(const char *node, Fault *fault) {
        char shown[128];

        text_escape_utf8(node, shown, sizeof(shown));
        return fault_set(fault, FAULT_NO_SUCH_DRIVE,
                         "\"%s\" names no drive, wanted \"sgN\" or \"emulated:NAME\"", shown);
}

static int open_failed(int error, const char *node, Fault *fault) {
        switch (error) {
        case -EBUSY: return fault_set(fault, FAULT_CLAIMED, "another program has %s open", node);
        case -ENOENT:
        case -ENXIO:
        case -ENODEV:
        case -ECONNREFUSED:
                return fault_set(fault, FAULT_DRIVE_GONE, "there is no drive at %s", node);
        case -EPERM:
        case -EACCES: return fault_set(fault, FAULT_NOT_PERMITTED, "may not open %s", node);
        default:
                return fault_set(fault, FAULT_DRIVE_TRANSPORT, "cannot open %s: %s", node,
                                 strerror(-error));
        }
}

int transport_open(const char *node, const char *emulated_dir, TransportMode mode,
                   Transport **ret_transport, Fault *fault) {
        const char *name;
        char path[4096];
        int r;

        if (strncmp(node, EMULATED_PREFIX, strlen(EMULATED_PREFIX)) == 0) {
                name = node + strlen(EMULATED_PREFIX);
                if (!emulated_dir || !name_is_safe(name))
                        return refuse(node, fault);
                r = snprintf(path, sizeof(path), "%s/%s.sock", emulated_dir, name);
                if (r < 0 || (size_t)r >= sizeof(path))
                        return refuse(node, fault);
                r = transport_socket_open(path, mode, ret_transport);
        } else {
                if (!transport_sg_valid(node))
                        return refuse(node, fault);
                r = transport_sg_open(node, mode, ret_transport);
        }
        return r < 0 ? open_failed(r, node, fault) : 0;
}
