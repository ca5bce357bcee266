/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/order.h"

/* Both directions are in one table: each side sees only the half that is sent to it, so "after"
 * names what the same sender said before; 0 where it may open a conversation. */
static const struct {
        uint16_t kind;
        uint16_t after[2];
        bool once;
        uint8_t n_fds_min;
        uint8_t n_fds_max;
} rows[] = {
        { MESSAGE_PROBE_SCAN, {}, false, 0, 0 },
        { MESSAGE_PROBE_DRIVE, {}, false, 0, 0 },
        { MESSAGE_PROBE_END, {}, false, 0, 0 },

        { MESSAGE_FETCH_GET, {}, false, 1, 1 },
        { MESSAGE_FETCH_PROGRESS, {}, false, 0, 0 },
        { MESSAGE_FETCH_DONE, {}, false, 0, 0 },

        { MESSAGE_VERIFY_BEGIN, {}, true, 0, 0 },
        { MESSAGE_VERIFY_STORED, { MESSAGE_VERIFY_BEGIN }, false, 1, 1 },
        { MESSAGE_VERIFY_GO, { MESSAGE_VERIFY_BEGIN }, true, 0, 0 },
        { MESSAGE_VERIFY_FILE, { MESSAGE_VERIFY_GO }, false, 0, 1 },
        { MESSAGE_VERIFY_NEED, {}, false, 0, 0 },
        { MESSAGE_VERIFY_TRUST, {}, false, 1, 1 },
        { MESSAGE_VERIFY_ENTRY, {}, false, 0, 0 },
        { MESSAGE_VERIFY_END, {}, true, 0, 0 },

        { MESSAGE_FLASH_PLAN, {}, true, 2, 2 },
        { MESSAGE_FLASH_GO, { MESSAGE_FLASH_PLAN }, true, 0, 1 },
        { MESSAGE_FLASH_ACK, { MESSAGE_FLASH_PLAN, MESSAGE_FLASH_REPORT }, false, 0, 0 },
        { MESSAGE_FLASH_REPORT, {}, true, 0, 0 },
        { MESSAGE_FLASH_READY, {}, true, 0, 0 },
        { MESSAGE_FLASH_PHASE, { MESSAGE_FLASH_READY }, false, 0, 0 },
        { MESSAGE_FLASH_END, {}, false, 0, 0 },
        { MESSAGE_FLASH_NONE, {}, true, 0, 0 },
};
_Static_assert(N_ELEMENTS(rows) <= 32, "a bit of Order for each row");

static bool came(const Order *order, uint16_t kind) {
        for (size_t i = 0; i < N_ELEMENTS(rows); i++)
                if (rows[i].kind == kind)
                        return order->seen & (1u << i);
        return false;
}

int order_check(Order *order, const Message *message, Fault *fault) {
        for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
                if (rows[i].kind != message->kind)
                        continue;
                if (rows[i].after[0] && !came(order, rows[i].after[0]) &&
                    !came(order, rows[i].after[1]))
                        return fault_set(fault, FAULT_PROTOCOL, "message %03x came too early",
                                         message->kind);
                if (rows[i].once && (order->seen & (1u << i)))
                        return fault_set(fault, FAULT_PROTOCOL, "message %03x came twice",
                                         message->kind);
                if (message->n_fds < rows[i].n_fds_min || message->n_fds > rows[i].n_fds_max)
                        return fault_set(fault, FAULT_PROTOCOL,
                                         "message %03x came with %u descriptors", message->kind,
                                         message->n_fds);
                order->seen |= 1u << i;
                return 0;
        }
        return fault_set(fault, FAULT_PROTOCOL, "message %03x is unknown", message->kind);
}
