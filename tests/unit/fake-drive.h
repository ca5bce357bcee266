/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A drive that follows a script: as a transport in this process, or as a process behind a socket.
 *
 * The first line of the script that begins as the command does and is not used up answers. A command
 * that no line expects fails the test. Hex may have blanks.
 */
#pragma once

#include "drive/transport.h"

typedef enum Manner {
        ANSWERS = 0,
        HANGS,     /* the socket stays open, nothing comes */
        LEAVES,    /* the connection ends instead of an answer */
        BABBLES,   /* what comes is no answer */
        OVERFLOWS, /* an answer with more data than there is room for */
} Manner;

typedef struct Line {
        const char *cdb; /* hex of its first bytes */
        const char
                *data; /* hex of what is sent back; what was sent must be this for commands out */
        const char *sense; /* hex, with CHECK CONDITION unless it comes beside GOOD */
        bool beside_good;
        unsigned times; /* 0: as often as asked */
        uint8_t status;
        uint16_t host_status;
        uint16_t driver_status;
        uint32_t lost; /* bytes that did not move, beyond what was not there */
        int error;     /* the transport's own: -EPERM, ... */
        Manner manner; /* behind a socket only */
} Line;

/* Fails the running test at once on a command that is not expected. */
Transport *fake_drive_new(const Line *script, size_t n_lines);
/* How many commands came. */
unsigned fake_drive_count(const Transport *transport);

/* Listens at PATH in a process of its own, and returns its pid. One connection at a time. */
int fake_drive_serve(const char *path, const Line *script, size_t n_lines);
/* Ends it; true if every command was expected. */
bool fake_drive_end(int pid);

/* "01 ff" into bytes; returns how many. */
size_t from_hex(const char *hex, void *ret_bytes, size_t size);
