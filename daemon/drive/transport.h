/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Transport: how a command gets to a drive and the answer back.
 *
 * There are two. transport-sg.c asks the kernel (/dev/sgN); transport-socket.c asks an emulated
 * drive on a Unix socket. Everything above this header is tested against the second and
 * cannot tell them apart. This is the one seam at which a drive may be faked.
 *
 * A transport reports; it judges nothing and repeats nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

#define CDB_LENGTH_MAX   16
#define SENSE_LENGTH_MAX 252

typedef enum Direction { DIRECTION_NONE = 0, DIRECTION_IN = 1, DIRECTION_OUT = 2 } Direction;

typedef struct Command {
        uint8_t cdb[CDB_LENGTH_MAX];
        uint8_t n_cdb; /* 6, 10, 12 or 16 */
        Direction direction;
        void *data; /* DIRECTION_IN: filled; DIRECTION_OUT: read only */
        uint32_t n_data;
        uint32_t timeout_ms; /* when it passes, the kernel resets the bus: be generous */
} Command;

/* All of it must be looked at: a command went well only if every field says so. */
typedef struct Completion {
        uint8_t status;       /* SAM-5 5.3: 00h GOOD, 02h CHECK CONDITION, 08h BUSY, ... */
        uint16_t host_status; /* Linux DID_...: 0 ok, 1 NO_CONNECT, 3 TIME_OUT, 7 ERROR, 8 RESET */
        uint16_t driver_status; /* 08h: sense is there, which is no error by itself */
        uint32_t residual;      /* bytes that were not moved */
        uint8_t sense[SENSE_LENGTH_MAX];
        uint8_t n_sense;
        uint32_t duration_ms;
} Completion;

typedef struct Transport Transport;

typedef struct TransportOps {
        /* Returns 0 if the command was carried to the drive or its adapter and COMPLETION is
         * filled, host_status 7 if the answer was lost; negative errno if not: EPERM, EIO (too long),
         * EBUSY, ENOMEM, EINVAL: it was not sent at all. ENODEV: the drive has left, before or
         * while it worked; Linux does not say which, so that after ENODEV nobody may claim that
         * nothing was sent. For TRANSPORT_FLASH at most once, whatever stops the process. */
        int (*execute)(Transport *transport, const Command *command, Completion *ret_completion);
        /* Largest transfer of one command, in bytes. */
        uint32_t (*transfer_max)(const Transport *transport);
        void (*free)(Transport *transport);
} TransportOps;

/* The first member of each implementation's struct. */
struct Transport {
        const TransportOps *ops;
};

int transport_execute(Transport *transport, const Command *command, Completion *ret_completion);
uint32_t transport_transfer_max(const Transport *transport);
Transport *transport_free(Transport *transport);
DEFINE_CLEANUP(Transport *, transport_free)

typedef enum TransportMode {
        TRANSPORT_LOOK,  /* O_RDONLY: the kernel itself refuses WRITE BUFFER */
        TRANSPORT_FLASH, /* O_RDWR, exclusive */
} TransportMode;

/* Opens NODE: "sgN" below /dev, or "emulated:NAME", which is the socket NAME.sock in the folder
 * EMULATED_DIR (NULL: there are none). Anything else is refused. -EBUSY if somebody else has it. */
int transport_open(const char *node, const char *emulated_dir, TransportMode mode,
                   Transport **ret_transport, Fault *fault);
