/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory that target_core_user of Linux shares with whoever plays a device: a mailbox, a ring of
 * commands, and pages with their data (Documentation/target/tcmu-design.rst). No descriptor, no
 * configfs: a test hands over memory of its own.
 *
 * Nothing in that memory is believed. Each length is held against what lies around it before it is
 * used, and is read once; data of a command lie behind the ring or are not touched. A command that
 * lies is told to the kernel to have failed; a ring that lies is -EBADMSG, and then no use any more.
 *
 *         tail                  cursor        head
 *          v                      v             v
 *     |....| taken, not answered  | not yet seen |.....|
 *
 * Commands may be answered in any order: an answer goes into the first entry that waits for one, with
 * the id of the command that it is for (TCMU_MAILBOX_FLAG_CAP_OOOC). So nothing is read from an
 * entry again once it was taken.
 *
 * What this carrier cannot do:
 *   - the kernel's target core cuts CDBs to what their operation code's group says, and C0h to FFh,
 *     the vendors', to 10 bytes;
 *   - it clears the upper three bits of byte 1 ("LUN") in most commands;
 *   - whether data go to the drive or come from it is not told: it is known by operation code;
 *   - an answer of no bytes at all to a command that has room for some shows no residual;
 *   - nothing can be said of the host's adapter; only a SCSI status.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "tests/emulator/scsi.h"

/* Commands without an answer. tcm_loop queues no more than 1024. */
#define RING_OPEN_MAX 1024
/* Data of one command: what tcm_loop lets through is 1280 KiB. */
#define RING_DATA_MAX (4u * 1024 * 1024)

typedef struct RingPart {
        size_t offset;
        uint32_t length;
} RingPart;

typedef struct RingCommand {
        uint16_t id;
        uint8_t cdb[SCSI_CDB_MAX];
        uint8_t n_cdb;
        bool lies; /* can only be refused */
        RingPart *parts;
        uint32_t n_parts;
        uint32_t n_data; /* of all parts */
} RingCommand;

/* The kernel gives up commands, or resets the drive. */
typedef struct RingAbort {
        bool is_reset;
        uint16_t *ids; /* of commands that were given up */
        uint32_t n_ids;
} RingAbort;

typedef enum RingItem { RING_NOTHING, RING_COMMAND, RING_ABORT } RingItem;

typedef struct RingEntry {
        uint32_t length;
        bool wants_answer;
} RingEntry;

typedef struct Ring {
        uint8_t *map;
        size_t n_map;
        size_t commands; /* where the ring begins */
        uint32_t size;
        uint32_t tail, cursor;
        RingEntry entries[RING_OPEN_MAX + 1]; /* from tail to cursor, in a circle */
        uint32_t first_entry, n_entries;
} Ring;

/* Looks at the mailbox at the head of MAP, which stays the caller's. -EBADMSG if it is none that can
 * be used, -EOPNOTSUPP if it is of another version, or of a kernel that wants answers in order. */
int ring_open(Ring *ring, void *map, size_t n_map) _must_check_;

/* Takes what comes next: a command, an abort, or nothing. What it fills is to be released. -EBADMSG,
 * -ENOMEM. With RING_OPEN_MAX open commands, nothing comes until one is answered. */
int ring_take(Ring *ring, RingItem *ret_item, RingCommand *ret_command,
              RingAbort *ret_abort) _must_check_;
void ring_command_clear(RingCommand *command);
void ring_abort_clear(RingAbort *abort);

/* Which way the data of a command go. */
ScsiFlow ring_flow(const RingCommand *command);

/* What was sent with a command: N_DATA bytes, to be freed. NULL if there is no memory. */
uint8_t *ring_data(const Ring *ring, const RingCommand *command);

/* Answers a command, once. The caller then pokes the kernel through the descriptor. */
void ring_answer(Ring *ring, const RingCommand *command, const ScsiReply *reply);
