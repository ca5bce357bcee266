/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/answers.h"

#include <string.h>

#include "base/bytes.h"

static const Sense invalid_field = { 5, 0x24, 0x00 };

ANSWER(test_unit_ready) {
        Sense sense;

        (void)request;
        (void)now;
        if (drive_not_ready(drive, &sense))
                reply_refuse(reply, sense);
}

/* SPC-4 6.37: sense as data. A waiting unit attention goes with it. */
ANSWER(request_sense) {
        uint8_t bytes[SCSI_SENSE_LENGTH];
        Sense sense = {};

        (void)now;
        if (drive->condition == CONDITION_BURNING || !drive_take_attention(drive, &sense))
                if (!drive_not_ready(drive, &sense) || sense.asc == 0x3a)
                        sense = (Sense){};
        sense_encode(sense, bytes);
        reply_data(reply, bytes, sizeof(bytes), request->cdb[4]);
}

/* SPC-4 6.6. A receiver that runs alone knows the hardware's name but not its firmware's. */
static void inquiry_data(const Drive *drive, uint8_t bytes[96]) {
        const DriveModel *model = drive->model;

        memset(bytes, 0, 96);
        bytes[0] = 0x05;
        bytes[1] = 0x80;
        bytes[3] = model->inquiry_format;
        bytes[4] = (uint8_t)(model->inquiry_length - 5);
        memcpy(bytes + 8, drive->firmware.identity, IDENTITY_LENGTH);
        if (drive->condition == CONDITION_RECOVERY) {
                memcpy(bytes + 32, "BOOT", REVISION_LENGTH);
                return;
        }
        memcpy(bytes + 32, drive->firmware.revision, REVISION_LENGTH);
        memcpy(bytes + 36, model->vendor_specific, sizeof(model->vendor_specific));
}

/* Drives without vital product data either refuse EVPD or do not look at it. */
ANSWER(inquiry) {
        const DriveModel *model = drive->model;
        uint8_t bytes[96];

        (void)now;
        if (!model->evpd_ignored && (request->cdb[1] & 0x01 || request->cdb[2] != 0)) {
                reply_refuse(reply, invalid_field);
                return;
        }
        inquiry_data(drive, bytes);
        /* Drives of before SPC-3 know one byte of allocation length. */
        reply_data(reply, bytes, model->inquiry_length,
                   model->inquiry_length > 36 ? get_be16(request->cdb + 3) : request->cdb[4]);
}

/* MMC-6 6.46: the tray, and the motor, which never disagrees. */
ANSWER(start_stop) {
        bool load_eject = request->cdb[4] & 0x02, start = request->cdb[4] & 0x01;

        if (!load_eject)
                return;
        if (!drive_set_tray(drive, !start, now))
                reply_refuse(reply, (Sense){ 5, 0x53, 0x02 });
}

/* MMC-6 6.16 */
ANSWER(prevent_allow) {
        (void)now;
        (void)reply;
        drive->locked = request->cdb[4] & 0x01;
}

/* SPC-4 6.15, the descriptor only: what else there is is the maker's. */
ANSWER(read_buffer) {
        uint8_t bytes[4];

        (void)now;
        if (!drive->model->has_read_buffer || (request->cdb[1] & 0x1f) != 0x03 ||
            request->cdb[2] != 0) {
                reply_refuse(reply, invalid_field);
                return;
        }
        bytes[0] = drive->model->buffer_boundary;
        put_be24(bytes + 1, drive->model->buffer_capacity);
        reply_data(reply, bytes, sizeof(bytes), get_be24(request->cdb + 6));
}
