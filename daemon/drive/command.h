/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands to a drive, one function each (MMC-6, SPC-4).
 *
 * Each sends one command and looks at everything that came back: whether it was sent at all, host
 * status, driver status, SCSI status, sense, and the bytes that did not move. Only if all of it is
 * well does it return 0; otherwise a fault says which command, what came back in hex and in words,
 * and what to do, and the result is negative:
 *
 *     FAULT_DRIVE_REFUSED     no, and nothing was changed (class SENSE_STOP)
 *     FAULT_DRIVE_NOT_READY   not now
 *     FAULT_DRIVE_SILENT      no answer in time
 *     FAULT_DRIVE_GONE        it is not there any more
 *     FAULT_DRIVE_TRANSPORT   cable, bridge, adapter; also bytes that a bridge swallowed
 *     FAULT_DRIVE_MALFORMED   an answer that cannot be right
 *     FAULT_NOT_PERMITTED     the kernel did not let it through: nothing was sent
 *     and what sense_fault() names
 *
 * Unit attentions (and deferred errors) stand in the way of a command without it being carried out.
 * Commands that only look repeat themselves past up to three; nothing else is ever repeated. In
 * particular command_write_buffer() and command_test_unit_ready() hand a unit attention out.
 *
 * Numbers are checked against the width of their field: too large ones are our mistake (assert).
 */
#pragma once

#include "drive/sense.h"
#include "drive/transport.h"

#define ATTENTIONS_MAX 3

/* What came back, for callers that decide by it. Filled in success and in failure alike. */
typedef struct Reply {
        bool sent;      /* false: it did not leave this machine, the drive knows nothing */
        bool silent;    /* sent, and no answer in time: the command may still be at work */
        uint8_t status; /* SCSI status */
        uint16_t host_status;
        uint32_t n_moved;     /* bytes of data, either way */
        uint32_t duration_ms; /* of the last attempt */
        Sense sense;          /* of the last attempt */
} Reply;

/* Sends COMMAND, called NAME in faults, once. For commands of one maker; the rest is below. REPLY
 * may be NULL, here and everywhere. */
int command_execute(Transport *transport, const Command *command, const char *name, Reply *reply,
                    Fault *fault) _must_check_;

/* The drive's sense is the answer and any sense at all is success: see reply->sense, which is absent
 * when the drive is ready. Faults are left for no answer, no way, and BUSY. */
int command_test_unit_ready(Transport *transport, Reply *reply, Fault *fault) _must_check_;

/* Each fills BUFFER with at most SIZE bytes (at most 65535) and says how many came, which may be
 * fewer than wanted; the rest of BUFFER is zeros. */
int command_inquiry(Transport *transport, void *buffer, size_t size, size_t *ret_n_bytes,
                    Reply *reply, Fault *fault) _must_check_;
int command_inquiry_page(Transport *transport, uint8_t page, void *buffer, size_t size,
                         size_t *ret_n_bytes, Reply *reply, Fault *fault) _must_check_;
/* All features, from feature 0 on (RT = 0). */
int command_get_configuration(Transport *transport, void *buffer, size_t size, size_t *ret_n_bytes,
                              Reply *reply, Fault *fault) _must_check_;
/* MODE SENSE(10), current values, with block descriptors if the drive insists. */
int command_mode_sense(Transport *transport, uint8_t page, void *buffer, size_t size,
                       size_t *ret_n_bytes, Reply *reply, Fault *fault) _must_check_;
/* REPORT KEY, key class 0, key format 08h: RPC state. SIZE is at least 8. */
int command_report_key_region(Transport *transport, void *buffer, size_t size, size_t *ret_n_bytes,
                              Reply *reply, Fault *fault) _must_check_;
/* Polled. Takes events away that the kernel's own polling waits for: only before a flash. */
int command_get_event_status(Transport *transport, uint8_t classes, void *buffer, size_t size,
                             size_t *ret_n_bytes, Reply *reply, Fault *fault) _must_check_;
/* WRITE BUFFER, SPC-4 6.49: never repeated. OFFSET and N_DATA are below 2^24; no data at all is
 * legal, and what some drives commit by. Needs a transport opened to flash. When TIMEOUT_MS passes
 * the kernel resets the bus, whatever the drive is doing: 300 s at least. What a failure means for
 * the drive depends on how far the image is: sense_class(&reply->sense, stage). */
int command_write_buffer(Transport *transport, uint8_t mode, uint8_t id, uint32_t offset,
                         const void *data, size_t n_data, uint32_t timeout_ms, Reply *reply,
                         Fault *fault) _must_check_;
