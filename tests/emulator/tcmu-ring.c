/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/tcmu-ring.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/emulator/tcmu-abi.h"

#define PARTS_MAX 1024 /* UIO_MAXIOV */
#define IDS_MAX   4096

/* A status that says: not carried out, and not the drive's own word. ABORTED COMMAND has no cause
 * that would fit better (SPC-4, table 49). */
static const Sense not_carried = { 0x0b, 0x00, 0x00 };

static uint32_t load_head(const Ring *ring) {
        const struct tcmu_mailbox *mailbox = (const void *)ring->map;

        return __atomic_load_n(&mailbox->cmd_head, __ATOMIC_ACQUIRE);
}

static void store_tail(Ring *ring) {
        struct tcmu_mailbox *mailbox = (void *)ring->map;

        __atomic_store_n(&mailbox->cmd_tail, ring->tail, __ATOMIC_RELEASE);
}

int ring_open(Ring *ring, void *map, size_t n_map) {
        struct tcmu_mailbox mailbox;

        if (n_map < sizeof(mailbox))
                return -EBADMSG;
        memcpy(&mailbox, map, sizeof(mailbox));
        if (mailbox.version != TCMU_MAILBOX_VERSION ||
            !(mailbox.flags & TCMU_MAILBOX_FLAG_CAP_OOOC) ||
            !(mailbox.flags & TCMU_MAILBOX_FLAG_CAP_READ_LEN))
                return -EOPNOTSUPP;
        if (mailbox.cmdr_off < sizeof(mailbox) || mailbox.cmdr_off > n_map ||
            mailbox.cmdr_size > n_map - mailbox.cmdr_off || mailbox.cmdr_off % TCMU_OP_ALIGN_SIZE ||
            mailbox.cmdr_size % TCMU_OP_ALIGN_SIZE ||
            mailbox.cmdr_size < sizeof(struct tcmu_cmd_entry) ||
            mailbox.cmd_tail >= mailbox.cmdr_size || mailbox.cmd_tail % TCMU_OP_ALIGN_SIZE)
                return -EBADMSG;
        *ring = (Ring){ .map = map,
                        .n_map = n_map,
                        .commands = mailbox.cmdr_off,
                        .size = mailbox.cmdr_size,
                        .tail = mailbox.cmd_tail,
                        .cursor = mailbox.cmd_tail };
        return 0;
}

void ring_command_clear(RingCommand *command) {
        free(command->parts);
        *command = (RingCommand){};
}

void ring_abort_clear(RingAbort *abort) {
        free(abort->ids);
        *abort = (RingAbort){};
}

static uint8_t *entry_at(const Ring *ring, uint32_t offset) {
        return ring->map + ring->commands + offset;
}

/* Lets the kernel have back what needs no answer, up to the first entry that does. */
static void release_entries(Ring *ring) {
        uint32_t tail = ring->tail;

        while (ring->n_entries > 0 && !ring->entries[ring->first_entry].wants_answer) {
                tail = (tail + ring->entries[ring->first_entry].length) % ring->size;
                ring->first_entry = (ring->first_entry + 1) % N_ELEMENTS(ring->entries);
                ring->n_entries--;
        }
        if (tail == ring->tail)
                return;
        ring->tail = tail;
        store_tail(ring);
}

/* Data lie behind the ring. Nobody may have the ring itself overwritten by an answer. */
static bool take_part(const Ring *ring, const struct iovec *vector, RingCommand *command) {
        size_t offset = (uintptr_t)vector->iov_base, length = vector->iov_len;

        if (offset < ring->commands + ring->size || offset > ring->n_map ||
            length > ring->n_map - offset || length > RING_DATA_MAX - command->n_data)
                return false;
        command->parts[command->n_parts++] =
                (RingPart){ .offset = offset, .length = (uint32_t)length };
        command->n_data += (uint32_t)length;
        return true;
}

static bool take_cdb(const Ring *ring, uint64_t offset, RingCommand *command) {
        if (offset >= ring->n_map)
                return false;
        command->n_cdb = scsi_cdb_length(ring->map[offset]);
        if (command->n_cdb > ring->n_map - offset)
                return false;
        memcpy(command->cdb, ring->map + offset, command->n_cdb);
        /* Read twice, since the length depends on it: the second time counts. */
        return scsi_cdb_length(command->cdb[0]) == command->n_cdb;
}

/* LENGTH bytes of an entry are there, at least a head's. What contradicts itself can be refused as
 * long as its id is known. */
static int take_command(const Ring *ring, const uint8_t *entry, uint32_t length,
                        RingCommand *command) {
        const size_t fixed = offsetof(struct tcmu_cmd_entry, req.iov);
        struct tcmu_cmd_entry head;
        uint32_t n_parts;

        memcpy(&head, entry, fixed);
        command->id = head.hdr.cmd_id;
        n_parts = head.req.iov_cnt;
        if (n_parts > PARTS_MAX || n_parts > (length - fixed) / sizeof(struct iovec) ||
            head.req.iov_bidi_cnt != 0 || !take_cdb(ring, head.req.cdb_off, command)) {
                command->lies = true;
                return 0;
        }
        command->parts = calloc(n_parts ? n_parts : 1, sizeof(*command->parts));
        if (!command->parts)
                return -ENOMEM;
        for (uint32_t i = 0; i < n_parts && !command->lies; i++) {
                struct iovec vector;

                memcpy(&vector, entry + fixed + i * sizeof(vector), sizeof(vector));
                command->lies = !take_part(ring, &vector, command);
        }
        return 0;
}

static int take_abort(const uint8_t *entry, uint32_t length, RingAbort *abort) {
        const size_t fixed = offsetof(struct tcmu_tmr_entry, cmd_ids);
        struct tcmu_tmr_entry head;

        if (length < fixed)
                return -EBADMSG;
        memcpy(&head, entry, fixed);
        if (head.cmd_cnt > IDS_MAX || head.cmd_cnt > (length - fixed) / sizeof(*abort->ids))
                return -EBADMSG;
        abort->ids = calloc(head.cmd_cnt + 1, sizeof(*abort->ids));
        if (!abort->ids)
                return -ENOMEM;
        memcpy(abort->ids, entry + fixed, head.cmd_cnt * sizeof(*abort->ids));
        abort->n_ids = head.cmd_cnt;
        abort->is_reset = head.tmr_type == TCMU_TMR_LUN_RESET ||
                          head.tmr_type == TCMU_TMR_TARGET_WARM_RESET ||
                          head.tmr_type == TCMU_TMR_TARGET_COLD_RESET;
        return 0;
}

/* The head of the entry at the cursor, and whether it fits into what the kernel has filled. */
static int look(const Ring *ring, uint32_t head, struct tcmu_cmd_entry_hdr *ret_entry,
                uint32_t *ret_length) {
        uint32_t filled = (head > ring->cursor ? head : ring->size) - ring->cursor, length;

        if (head >= ring->size || head % TCMU_OP_ALIGN_SIZE || filled < sizeof(*ret_entry))
                return -EBADMSG;
        memcpy(ret_entry, entry_at(ring, ring->cursor), sizeof(*ret_entry));
        length = tcmu_hdr_get_len(ret_entry->len_op);
        if (length < sizeof(*ret_entry) || length > filled)
                return -EBADMSG;
        *ret_length = length;
        return 0;
}

static void step(Ring *ring, uint32_t length, bool wants_answer) {
        uint32_t last = (ring->first_entry + ring->n_entries) % N_ELEMENTS(ring->entries);

        ring->entries[last] = (RingEntry){ .length = length, .wants_answer = wants_answer };
        ring->n_entries++;
        ring->cursor = (ring->cursor + length) % ring->size;
        release_entries(ring);
}

/* One entry, of whatever kind. */
static int take_entry(Ring *ring, uint32_t head, RingItem *ret_item, RingCommand *command,
                      RingAbort *abort) {
        uint8_t *entry = entry_at(ring, ring->cursor);
        struct tcmu_cmd_entry_hdr known;
        uint32_t length = 0;
        int r = look(ring, head, &known, &length);

        if (r < 0)
                return r;
        *ret_item = RING_NOTHING;
        switch ((int)tcmu_hdr_get_op(known.len_op)) {
        case TCMU_OP_PAD: break;
        case TCMU_OP_CMD:
                /* The answer has to fit in, too. */
                if (length < sizeof(struct tcmu_cmd_entry))
                        return -EBADMSG;
                r = take_command(ring, entry, length, command);
                *ret_item = RING_COMMAND;
                break;
        case TCMU_OP_TMR:
                r = take_abort(entry, length, abort);
                *ret_item = RING_ABORT;
                break;
        default: entry[offsetof(struct tcmu_cmd_entry_hdr, uflags)] |= TCMU_UFLAG_UNKNOWN_OP;
        }
        if (r == 0)
                step(ring, length, *ret_item == RING_COMMAND);
        return r;
}

int ring_take(Ring *ring, RingItem *ret_item, RingCommand *ret_command, RingAbort *ret_abort) {
        RingItem item = RING_NOTHING;
        RingCommand command = {};
        RingAbort abort = {};

        while (item == RING_NOTHING && ring->n_entries < RING_OPEN_MAX) {
                uint32_t head = load_head(ring);
                int r;

                if (head == ring->cursor)
                        break;
                r = take_entry(ring, head, &item, &command, &abort);
                if (r < 0) {
                        ring_command_clear(&command);
                        ring_abort_clear(&abort);
                        return r;
                }
        }
        *ret_item = item;
        if (item == RING_COMMAND)
                *ret_command = command;
        if (item == RING_ABORT)
                *ret_abort = abort;
        return 0;
}

/* What hosts send data with, as far as optical drives know it (SPC-4, MMC-6). */
ScsiFlow ring_flow(const RingCommand *command) {
        static const uint8_t to_drive[] = {
                0x04, /* FORMAT UNIT */
                0x0a, /* WRITE (6) */
                0x15, /* MODE SELECT (6) */
                0x1d, /* SEND DIAGNOSTIC */
                0x2a, /* WRITE (10) */
                0x2e, /* WRITE AND VERIFY (10) */
                0x3b, /* WRITE BUFFER */
                0x4c, /* LOG SELECT */
                0x54, /* SEND OPC INFORMATION */
                0x55, /* MODE SELECT (10) */
                0x5d, /* SEND CUE SHEET */
                0x8a, /* WRITE (16) */
                0xa3, /* SEND KEY */
                0xaa, /* WRITE (12) */
                0xb6, /* SET STREAMING */
                0xbf, /* SEND DISC STRUCTURE */
        };

        if (command->n_data == 0)
                return SCSI_NO_DATA;
        return memchr(to_drive, command->cdb[0], sizeof(to_drive)) ? SCSI_TO_DRIVE : SCSI_TO_HOST;
}

uint8_t *ring_data(const Ring *ring, const RingCommand *command) {
        uint8_t *bytes = malloc(command->n_data ? command->n_data : 1);
        size_t n = 0;

        for (uint32_t i = 0; bytes && i < command->n_parts; i++) {
                memcpy(bytes + n, ring->map + command->parts[i].offset, command->parts[i].length);
                n += command->parts[i].length;
        }
        return bytes;
}

/* All of the room that the host has, so that it sees no bytes of somebody else's. */
static void scatter(Ring *ring, const RingCommand *command, const uint8_t *bytes, size_t n_bytes) {
        for (uint32_t i = 0; i < command->n_parts; i++) {
                uint8_t *to = ring->map + command->parts[i].offset;
                size_t n = command->parts[i].length < n_bytes ? command->parts[i].length : n_bytes;

                memcpy(to, bytes, n);
                memset(to + n, 0, command->parts[i].length - n);
                bytes += n;
                n_bytes -= n;
        }
}

static uint32_t moved(const RingCommand *command, const ScsiReply *reply) {
        return reply->residual < command->n_data ? command->n_data - reply->residual : 0;
}

void ring_answer(Ring *ring, const RingCommand *command, const ScsiReply *reply) {
        bool failed = reply->host_status || reply->driver_status & ~DRIVER_SENSE || command->lies;
        struct tcmu_cmd_entry answer = { .rsp.scsi_status = reply->status };
        const size_t uflags = offsetof(struct tcmu_cmd_entry_hdr, uflags);
        const size_t rsp = offsetof(struct tcmu_cmd_entry, rsp);
        uint8_t *entry = entry_at(ring, ring->tail);

        /* An answer for each question: the first entry is one that waits, see release_entries(). */
        assert(ring->n_entries > 0 && ring->entries[ring->first_entry].wants_answer);
        if (failed) {
                answer.rsp.scsi_status = SCSI_CHECK_CONDITION;
                sense_encode(not_carried, (uint8_t *)answer.rsp.sense_buffer);
        } else if (reply->status == SCSI_CHECK_CONDITION) {
                sense_encode(reply->sense, (uint8_t *)answer.rsp.sense_buffer);
        } else if (ring_flow(command) == SCSI_TO_HOST) {
                scatter(ring, command, reply->in, reply->n_in);
                answer.rsp.read_len = moved(command, reply);
                answer.hdr.uflags = answer.rsp.read_len ? TCMU_UFLAG_READ_LEN : 0;
        }
        memcpy(entry + offsetof(struct tcmu_cmd_entry_hdr, cmd_id), &command->id,
               sizeof(command->id));
        entry[uflags] = answer.hdr.uflags;
        memcpy(entry + rsp, (uint8_t *)&answer + rsp, sizeof(answer.rsp));
        ring->entries[ring->first_entry].wants_answer = false;
        release_entries(ring);
}
