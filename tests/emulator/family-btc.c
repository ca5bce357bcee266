/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BTC and rebadges: pieces of 1000h at offset 20h and up, a header of 32 bytes at offset 0 with the
 * sum of it all, then WRITE BUFFER mode 07 without data burns.
 *
 * The drive compares the sum and nothing else. Whose code it is it does not ask: firmware for other
 * hardware is burned like any, and afterwards not even INQUIRY is answered (myce 115841). */
#include "tests/emulator/family.h"

#include <string.h>

#include "base/bytes.h"
#include "tests/emulator/image.h"

#define HEADER_LENGTH 0x20u
#define PIECE_LENGTH  0x1000u

enum { MODE_STAGE = 0x06, MODE_BURN = 0x07 };

/* Guesses: the codes of these refusals are not public. */
static const Sense refuse_mode = { 5, 0x24, 0x00 };
static const Sense refuse_offset = { 5, 0x24, 0x00 };
static const Sense refuse_piece = { 5, 0x1a, 0x00 };
static const Sense refuse_header = { 5, 0x26, 0x00 };
static const Sense refuse_unstaged_burn = { 5, 0x2c, 0x00 };
static const Sense refuse_sum = { 5, 0x26, 0x00 };
static const Sense refuse_internal = { 4, 0x44, 0x00 };

static void stage_header(Staging *staging, const uint8_t *bytes, ScsiReply *reply) {
        static const uint8_t zeros[30];

        if (memcmp(bytes, zeros, sizeof(zeros)) != 0) {
                reply_refuse(reply, refuse_header);
                return;
        }
        memcpy(staging->header, bytes, HEADER_LENGTH);
        staging->has_header = true;
}

/* The first piece may come again: a flasher that failed begins anew without a reset. */
static void stage_piece(Drive *drive, uint32_t offset, const uint8_t *bytes, ScsiReply *reply) {
        Staging *staging = &drive->staging;

        if (offset == HEADER_LENGTH)
                staging_clear(staging);
        if (offset != staging->n_bytes + HEADER_LENGTH ||
            staging->n_bytes + PIECE_LENGTH > drive->model->family.size) {
                reply_refuse(reply, refuse_offset);
                return;
        }
        if (!staging_open(staging, drive->model->family.size)) {
                reply_refuse(reply, refuse_internal);
                return;
        }
        memcpy(staging->bytes + staging->n_bytes, bytes, PIECE_LENGTH);
        staging->n_bytes += PIECE_LENGTH;
}

static void stage(Drive *drive, const ScsiRequest *request, ScsiReply *reply) {
        uint32_t offset = get_be24(request->cdb + 3), length = get_be24(request->cdb + 6);
        bool complete = drive->staging.n_bytes == drive->model->family.size;

        if (offset == 0 && !complete)
                reply_refuse(reply, refuse_offset);
        else if (length != (offset == 0 ? HEADER_LENGTH : PIECE_LENGTH))
                reply_refuse(reply, refuse_piece);
        else if (offset == 0)
                stage_header(&drive->staging, request->out, reply);
        else
                stage_piece(drive, offset, request->out, reply);
}

static void burn(Drive *drive, const ScsiRequest *request, uint64_t now, ScsiReply *reply) {
        const FamilyModel *model = &drive->model->family;
        Staging *staging = &drive->staging;
        Firmware firmware;

        if (get_be24(request->cdb + 3) != 0 || get_be24(request->cdb + 6) != 0) {
                reply_refuse(reply, refuse_mode);
                return;
        }
        if (!staging->has_header) { /* which is taken only after the last piece */
                reply_refuse(reply, refuse_unstaged_burn);
                return;
        }
        if (image_sum(staging->bytes, staging->n_bytes, 0) != get_be16(staging->header + 30)) {
                reply_refuse(reply, refuse_sum);
                return;
        }
        firmware = image_firmware(staging->bytes, BTC_IDENTITY, BTC_REVISION);
        (void)drive_burn(drive, &firmware, family_runs(model, staging->bytes, &firmware), now);
}

static bool execute(Drive *drive, const ScsiRequest *request, uint64_t now, ScsiReply *reply) {
        uint8_t mode = request->cdb[1];

        if (request->cdb[0] != WRITE_BUFFER)
                return false;
        if (request->cdb[2] != 0)
                reply_refuse(reply, refuse_mode);
        else if (mode == MODE_STAGE)
                stage(drive, request, reply);
        else if (mode == MODE_BURN)
                burn(drive, request, now, reply);
        else
                reply_refuse(reply, refuse_mode);
        return true;
}

static bool burns(const ScsiRequest *request) {
        return request->cdb[0] == WRITE_BUFFER && request->cdb[1] == MODE_BURN;
}

const Family family_btc = { .execute = execute, .burns = burns };
