/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plextor: WRITE BUFFER mode 04 for each block but the last, mode 05 for the last, which burns and
 * keeps the bus until it is done. Any size of block will do, since the two public tools use nearly
 * opposite ones.
 *
 * The drive checks length, sum and name when the last block has come, and keeps its old firmware if
 * they are wrong: 4/40/F6, the one code of this family that people have seen (myce 131474). */
#include "tests/emulator/family.h"

#include <string.h>

#include "base/bytes.h"
#include "tests/emulator/image.h"

enum { MODE_STAGE = 0x04, MODE_COMMIT = 0x05, READ_EEPROM = 0xf1, REBOOT = 0xee };

#define EEPROM_BLOCK 256u
#define EEPROM_TLA   0x29u

static const Sense refuse_image = { 4, 0x40, 0xf6 };

/* Guesses: the codes of these refusals are not public. */
static const Sense refuse_mode = { 5, 0x24, 0x00 };
static const Sense refuse_offset = { 5, 0x24, 0x00 };
static const Sense refuse_field = { 5, 0x24, 0x00 };
static const Sense refuse_internal = { 4, 0x44, 0x00 };

static bool stage(Drive *drive, const ScsiRequest *request, ScsiReply *reply) {
        uint32_t offset = get_be24(request->cdb + 3), length = get_be24(request->cdb + 6);
        uint32_t size = drive->model->family.size;
        Staging *staging = &drive->staging;

        if (offset == 0)
                staging_clear(staging);
        if (offset != staging->n_bytes || length == 0 || length > size - offset) {
                reply_refuse(reply, refuse_offset);
                return false;
        }
        if (!staging_open(staging, size)) {
                reply_refuse(reply, refuse_internal);
                return false;
        }
        memcpy(staging->bytes + offset, request->out, length);
        staging->n_bytes += length;
        return true;
}

/* Later hardware does not run early firmware and is locked against it. */
static bool locked_against(const FamilyModel *model, const Firmware *firmware) {
        return model->tla_gate[0] && memcmp(model->tla, model->tla_gate, 4) >= 0 &&
               memcmp(firmware->revision, model->tla_gate_revision, REVISION_LENGTH) < 0;
}

static bool names_this_drive(const FamilyModel *model, const Firmware *firmware) {
        for (uint32_t i = 0; i < model->n_runs_product; i++)
                if (memcmp(model->runs_product[i], firmware->identity, IDENTITY_LENGTH) == 0)
                        return true;
        return false;
}

static void commit(Drive *drive, const ScsiRequest *request, uint64_t now, ScsiReply *reply) {
        const FamilyModel *model = &drive->model->family;
        const uint8_t *image;
        Firmware firmware;

        if (!stage(drive, request, reply))
                return;
        image = drive->staging.bytes;
        firmware = image_firmware(image, PLEXTOR_IDENTITY, PLEXTOR_REVISION);
        if (drive->staging.n_bytes != model->size ||
            image_sum(image, model->sum_offset, model->sum_start) !=
                    get_be16(image + model->sum_offset) ||
            !names_this_drive(model, &firmware) || locked_against(model, &firmware)) {
                staging_clear(&drive->staging);
                reply_refuse(reply, refuse_image);
                return;
        }
        reply->delay_ms = drive_burn(drive, &firmware, family_runs(model, image, &firmware), now);
}

static void write_buffer(Drive *drive, const ScsiRequest *request, uint64_t now, ScsiReply *reply) {
        uint8_t mode = request->cdb[1];

        if (request->cdb[2] != 0 || (mode != MODE_STAGE && mode != MODE_COMMIT))
                reply_refuse(reply, refuse_mode);
        else if (mode == MODE_STAGE)
                (void)stage(drive, request, reply);
        else
                commit(drive, request, now, reply);
}

/* Settings and calibration: the drive's own, no part of its firmware, so made from its model. */
static void eeprom_block(const DriveModel *model, uint32_t block, uint8_t ret[EEPROM_BLOCK]) {
        for (uint32_t i = 0; i < EEPROM_BLOCK; i++)
                ret[i] = (uint8_t)(i * 7 + block * 13);
        if (block > 0)
                return;
        memcpy(ret, model->serial, model->n_serial);
        memcpy(ret + EEPROM_TLA, model->family.tla, 4);
}

/* CD writers have one block and want b1 0; the others count blocks in b7 with b1 1. The 708 and 712
 * give both of theirs at once (b8 2, b1 0). */
static void read_eeprom(const Drive *drive, const ScsiRequest *request, ScsiReply *reply) {
        uint32_t n_blocks = drive->model->family.n_eeprom / EEPROM_BLOCK;
        uint32_t first = request->cdb[7], length = get_be16(request->cdb + 8);
        bool by_block = n_blocks > 2;
        uint8_t bytes[1024];

        if (n_blocks == 0 || request->cdb[1] != (by_block ? 1 : 0) || first >= n_blocks ||
            (!by_block && first != 0) ||
            length != (by_block ? EEPROM_BLOCK : n_blocks * EEPROM_BLOCK)) {
                reply_refuse(reply, refuse_field);
                return;
        }
        for (uint32_t i = 0; i < length / EEPROM_BLOCK; i++)
                eeprom_block(drive->model, first + i, bytes + i * EEPROM_BLOCK);
        reply_data(reply, bytes, length, length);
}

static bool execute(Drive *drive, const ScsiRequest *request, uint64_t now, ScsiReply *reply) {
        switch (request->cdb[0]) {
        case WRITE_BUFFER: write_buffer(drive, request, now, reply); return true;
        case READ_EEPROM: read_eeprom(drive, request, reply); return true;
        case REBOOT: drive_bus_reset(drive); return true;
        default: return false;
        }
}

static bool burns(const ScsiRequest *request) {
        return request->cdb[0] == WRITE_BUFFER && request->cdb[1] == MODE_COMMIT;
}

const Family family_plextor = { .execute = execute, .burns = burns };
