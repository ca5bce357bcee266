/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/usb-bulk.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

enum { CBW_TO_HOST = 0x80, CBW_RESERVED = 0x7f };
enum { CSW_PASSED = 0, CSW_FAILED = 1, CSW_PHASE_ERROR = 2 };
#define FOR_EVER UINT64_MAX

static const uint8_t cbw_signature[4] = { 'U', 'S', 'B', 'C' };
static const uint8_t csw_signature[4] = { 'U', 'S', 'B', 'S' };

static uint32_t get_le32(const uint8_t *p) {
        return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void put_le32(uint8_t *p, uint32_t v) {
        for (unsigned i = 0; i < 4; i++)
                p[i] = (uint8_t)(v >> 8 * i);
}

void bulk_init(Bulk *bulk, Bench *bench, size_t place) {
        memset(bulk, 0, offsetof(Bulk, reply));
        bulk->bench = bench;
        bulk->place = place;
        bulk_port_reset(bulk);
}

void bulk_done(Bulk *bulk) {
        free(TAKE(bulk->out));
}

static void to_command(Bulk *bulk) {
        bulk->phase = BULK_COMMAND;
        bulk->ready_at = 0;
        free(TAKE(bulk->out));
}

void bulk_only_reset(Bulk *bulk) {
        to_command(bulk);
        bulk->broken = false;
        bulk->has_kept = false;
        bench_bus_reset(bulk->bench, bulk->place);
}

void bulk_clear_halt(Bulk *bulk, bool in) {
        if (bulk->broken)
                return;
        if (in)
                bulk->in_halted = false;
        else
                bulk->out_halted = false;
}

void bulk_port_reset(Bulk *bulk) {
        to_command(bulk);
        bulk->broken = bulk->in_halted = bulk->out_halted = false;
        bulk->has_kept = bulk->vanished = false;
}

/* Everything is there that the host wanted to send: the drive's turn. */
static void ask_drive(Bulk *bulk, uint64_t now) {
        const ScsiRequest *request = &bulk->request;
        ScsiReply *reply = &bulk->reply;

        if (bulk->has_kept && request->cdb[0] == REQUEST_SENSE && request->flow == SCSI_TO_HOST) {
                uint8_t sense[SCSI_SENSE_LENGTH];

                memset(reply, 0, offsetof(ScsiReply, in));
                sense_encode(bulk->kept, sense);
                reply_data(reply, sense, sizeof(sense), request->cdb[4]);
                reply->n_meant = reply->n_in;
                if (reply->n_in > request->n_data)
                        reply->n_in = request->n_data;
                reply->residual = request->n_data - reply->n_in;
        } else {
                bench_execute(bulk->bench, bulk->place, request, now, reply);
        }
        bulk->has_kept = false;
}

/* Which of the thirteen cases end in a phase error: 2, 3, 7, 8, 10, 13. That the drive wants more
 * data than come (3, 8, 10, 13) the interpreter says as a host adapter would. */
static bool phases_disagree(const ScsiRequest *request, const ScsiReply *reply) {
        uint32_t room = request->flow == SCSI_TO_HOST ? request->n_data : 0;

        return reply->host_status != HOST_OK || reply->n_meant > room;
}

static void run(Bulk *bulk, uint64_t now) {
        const ScsiRequest *request = &bulk->request;
        ScsiReply *reply = &bulk->reply;

        ask_drive(bulk, now);
        if (reply->fate == SCSI_VANISHED) {
                bulk->vanished = true;
                bulk->back_ms = reply->delay_ms;
        }
        bulk->ready_at = reply->fate == SCSI_ANSWERED ? now + reply->delay_ms : FOR_EVER;
        bulk->residue = reply->residual;
        bulk->n_sent = 0;
        bulk->phase = request->flow == SCSI_TO_HOST ? BULK_DATA_IN : BULK_STATUS;
        if (phases_disagree(request, reply)) {
                bulk->csw_status = CSW_PHASE_ERROR;
                return;
        }
        bulk->csw_status = reply->status == SCSI_GOOD ? CSW_PASSED : CSW_FAILED;
        bulk->has_kept = reply->status != SCSI_GOOD;
        bulk->kept = reply->status == SCSI_CHECK_CONDITION ? reply->sense : (Sense){};
}

/* BOT 6.2: valid, and meaningful. There is one logical unit. */
static bool read_cbw(Bulk *bulk, const uint8_t *bytes, uint32_t n_bytes) {
        uint8_t flags, n_cdb;

        if (n_bytes != CBW_LENGTH || memcmp(bytes, cbw_signature, 4) != 0)
                return false;
        memcpy(bulk->tag, bytes + 4, 4);
        bulk->n_expected = get_le32(bytes + 8);
        flags = bytes[12];
        n_cdb = bytes[14];
        if (flags & CBW_RESERVED || bytes[13] != 0 || n_cdb == 0 || n_cdb > SCSI_CDB_MAX)
                return false;
        bulk->request = (ScsiRequest){ .n_cdb = n_cdb, .n_data = bulk->n_expected };
        memcpy(bulk->request.cdb, bytes + 15, n_cdb);
        if (bulk->n_expected > 0)
                bulk->request.flow = flags & CBW_TO_HOST ? SCSI_TO_HOST : SCSI_TO_DRIVE;
        return bulk->request.flow != SCSI_TO_DRIVE || bulk->n_expected <= BULK_OUT_MAX;
}

static void on_command(Bulk *bulk, const uint8_t *bytes, uint32_t n_bytes, uint64_t now) {
        if (!read_cbw(bulk, bytes, n_bytes)) {
                bulk->broken = bulk->in_halted = bulk->out_halted = true;
                return;
        }
        if (bulk->request.flow != SCSI_TO_DRIVE) {
                run(bulk, now);
                return;
        }
        bulk->out = malloc(bulk->n_expected);
        bulk->n_out = 0;
        if (bulk->out)
                bulk->phase = BULK_DATA_OUT;
        else
                bulk->broken = bulk->in_halted = bulk->out_halted = true;
}

static void on_data(Bulk *bulk, const uint8_t *bytes, uint32_t n_bytes, uint64_t now) {
        if (n_bytes >
            bulk->n_expected - bulk->n_out) { /* as if it were the next CBW: no valid one */
                bulk->broken = bulk->in_halted = bulk->out_halted = true;
                return;
        }
        memcpy(bulk->out + bulk->n_out, bytes, n_bytes);
        bulk->n_out += n_bytes;
        if (bulk->n_out < bulk->n_expected)
                return;
        bulk->request.out = bulk->out;
        run(bulk, now);
        free(TAKE(bulk->out));
        bulk->request.out = NULL;
}

bool bulk_out(Bulk *bulk, const uint8_t *bytes, uint32_t n_bytes, uint64_t now, BulkEnd *ret_end) {
        if (bulk->out_halted) {
                *ret_end = (BulkEnd){ .status = -EPIPE };
                return true;
        }
        if (bulk->phase == BULK_COMMAND)
                on_command(bulk, bytes, n_bytes, now);
        else if (bulk->phase == BULK_DATA_OUT)
                on_data(bulk, bytes, n_bytes, now);
        else
                return false;
        *ret_end = (BulkEnd){ .n_moved = n_bytes };
        return true;
}

static BulkEnd send_data(Bulk *bulk, uint8_t *bytes, uint32_t size) {
        uint32_t n_left = bulk->reply.n_in - bulk->n_sent;
        uint32_t n = n_left < size ? n_left : size;
        BulkEnd end = { .n_moved = n };

        memcpy(bytes, bulk->reply.in + bulk->n_sent, n);
        bulk->n_sent += n;
        if (n < n_left)
                return end;
        bulk->phase = BULK_STATUS;
        bulk->in_halted = bulk->n_sent < bulk->n_expected;
        /* Only whole packets, and fewer than fit: it is the STALL that ends the transfer. */
        if (bulk->in_halted && n < size && n % BULK_PACKET == 0)
                end.status = -EPIPE;
        return end;
}

static BulkEnd send_status(Bulk *bulk, uint8_t *bytes, uint32_t size) {
        if (size < CSW_LENGTH)
                return (BulkEnd){ .status = -EOVERFLOW };
        memcpy(bytes, csw_signature, 4);
        memcpy(bytes + 4, bulk->tag, 4);
        put_le32(bytes + 8, bulk->residue);
        bytes[12] = bulk->csw_status;
        to_command(bulk);
        return (BulkEnd){ .n_moved = CSW_LENGTH };
}

bool bulk_in(Bulk *bulk, uint8_t *bytes, uint32_t size, uint64_t now, BulkEnd *ret_end) {
        if (bulk->in_halted)
                *ret_end = (BulkEnd){ .status = -EPIPE };
        else if (bulk->phase < BULK_DATA_IN || now < bulk->ready_at)
                return false;
        else if (bulk->phase == BULK_DATA_IN)
                *ret_end = send_data(bulk, bytes, size);
        else
                *ret_end = send_status(bulk, bytes, size);
        return true;
}

uint64_t bulk_next(const Bulk *bulk, uint64_t now) {
        return bulk->phase >= BULK_DATA_IN && bulk->ready_at > now ? bulk->ready_at : FOR_EVER;
}
