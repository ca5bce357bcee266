/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One message between two of our processes: over a SOCK_SEQPACKET socket, so that the kernel keeps
 * messages apart. First the version of this wire, then the kind, then a payload that the file of
 * its protocol encodes and decodes. Up to WIRE_FDS_MAX descriptors may travel along.
 *
 * Neither side believes the other: what does not decode to the last byte ends the connection.
 * An old discfw-flash may outlive an upgraded discfwd: layouts of the flash protocol only change
 * together with WIRE_VERSION, and a process that meets another version says so and stops.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/fault.h"
#include "base/limits.h"

#define WIRE_VERSION 2

/* Kinds are unique over all protocols, so that a message in the wrong place cannot be mistaken. */
typedef enum MessageKind {
        MESSAGE_PROBE_SCAN = 0x101,
        MESSAGE_PROBE_DRIVE = 0x102,
        MESSAGE_PROBE_END = 0x103,

        MESSAGE_FETCH_GET = 0x201,
        MESSAGE_FETCH_PROGRESS = 0x202,
        MESSAGE_FETCH_DONE = 0x203,

        MESSAGE_VERIFY_BEGIN = 0x301,
        MESSAGE_VERIFY_STORED = 0x302,
        MESSAGE_VERIFY_GO = 0x303,
        MESSAGE_VERIFY_NEED = 0x304,
        MESSAGE_VERIFY_FILE = 0x305,
        MESSAGE_VERIFY_TRUST = 0x306,
        MESSAGE_VERIFY_ENTRY = 0x307,
        MESSAGE_VERIFY_END = 0x308,

        MESSAGE_FLASH_PLAN = 0x401,
        MESSAGE_FLASH_READY = 0x402,
        MESSAGE_FLASH_GO = 0x403,
        MESSAGE_FLASH_PHASE = 0x404,
        MESSAGE_FLASH_END = 0x405,
        MESSAGE_FLASH_ACK = 0x406,
        MESSAGE_FLASH_REPORT = 0x407,
        MESSAGE_FLASH_NONE = 0x408,
} MessageKind;

typedef struct Message {
        uint16_t kind;
        int fds[WIRE_FDS_MAX]; /* owned; -1 where none */
        unsigned n_fds;
        size_t n_payload;
        uint8_t payload[WIRE_MESSAGE_MAX];
} Message;

#define MESSAGE_NULL                                                                               \
        {                                                                                          \
                .fds = { -1, -1, -1, -1 }                                                          \
        }

/* Closes what descriptors are left. */
void message_done(Message *message);

/* Takes a descriptor out of a message, or -1. */
int message_take_fd(Message *message, unsigned i);

/* Sends; blocks unless the socket is non-blocking. Returns 0, -EAGAIN, -EPIPE, -EMSGSIZE or errno. */
int message_send(int socket, uint16_t kind, const void *payload, size_t n_payload, const int *fds,
                 unsigned n_fds) _must_check_;

/* Receives into MESSAGE, which must be empty. Returns 1; 0 at the end of the connection; -EAGAIN;
 * -EPROTO for another version, a truncated message or too many descriptors; or errno. */
int message_receive(int socket, Message *message) _must_check_;

/* Protocol faults in one wording. Returns -EBADE. */
int message_unexpected(const Message *message, const char *wanted, Fault *fault);

/* A fault on the wire: code and text. Unknown codes and over-long texts fail the reader. */
void write_fault(Writer *writer, const Fault *fault);
void read_fault(Reader *reader, Fault *ret_fault);
