/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/answers.h"

#include <string.h>

#include "base/bytes.h"

static const Sense invalid_field = { 5, 0x24, 0x00 };
static const Sense invalid_opcode = { 5, 0x20, 0x00 };

/* MMC-6 6.21, standard disc information. */
ANSWER(read_disc_information) {
        uint8_t bytes[34] = {};
        Sense sense;

        (void)now;
        if (drive_not_ready(drive, &sense)) {
                reply_refuse(reply, sense);
                return;
        }
        if ((request->cdb[1] & 0x07) != 0) {
                reply_refuse(reply, invalid_field);
                return;
        }
        put_be16(bytes, sizeof(bytes) - 2);
        bytes[2] = drive->disc.kind == DISC_DATA ? 0x0e : 0x00; /* complete; empty */
        bytes[3] = 1;
        bytes[4] = 1;
        bytes[5] = 1;
        bytes[6] = 1;
        bytes[7] = 0x20; /* unrestricted use */
        memset(bytes + 16, 0xff, 8);
        reply_data(reply, bytes, sizeof(bytes), get_be16(request->cdb + 7));
}

enum { CLASS_OPERATIONAL = 1, CLASS_POWER = 2, CLASS_MEDIA = 4, CLASS_BUSY = 6 };
#define SUPPORTED_CLASSES                                                                          \
        (1 << CLASS_OPERATIONAL | 1 << CLASS_POWER | 1 << CLASS_MEDIA | 1 << CLASS_BUSY)

/* MMC-6 6.6. Reading an event takes it away; of the classes asked for, the lowest is answered. */
ANSWER(get_event_status) {
        uint8_t bytes[8] = { 0, 2, 0x80, SUPPORTED_CLASSES };
        unsigned asked = request->cdb[4] & SUPPORTED_CLASSES;
        size_t n = 4;

        (void)now;
        if (!(request->cdb[1] & 0x01)) {
                reply_refuse(reply, invalid_field); /* asynchronous: no ATAPI drive has it */
                return;
        }
        if (asked) {
                bytes[1] = 6;
                bytes[2] = (uint8_t)__builtin_ctz(asked);
                n = 8;
        }
        if (bytes[2] == CLASS_POWER)
                bytes[5] = 1; /* active */
        if (bytes[2] == CLASS_MEDIA) {
                bytes[4] = drive->media_event;
                bytes[5] = (uint8_t)(drive->tray_open | drive_has_medium(drive) << 1);
        }
        if (bytes[2] == CLASS_MEDIA && get_be16(request->cdb + 7) > 4)
                drive->media_event = 0;
        reply_data(reply, bytes, n, get_be16(request->cdb + 7));
}

/* MMC-3 5.5.10, as drives give it to this day. */
static void capabilities_page(const Drive *drive, unsigned control, uint8_t page[26]) {
        const DriveModel *model = drive->model;

        memset(page, 0, 26);
        page[0] = 0x2a;
        page[1] = 24;
        if (control == 1) /* changeable values: none */
                return;
        page[2] = model->reads;
        page[3] = model->writes;
        page[4] = 0x71;
        page[5] = 0x3f;
        page[6] = (uint8_t)(0x29 | drive->locked << 1);
        put_be16(page + 8, model->read_speed);
        put_be16(page + 10, 256);
        put_be16(page + 12, model->buffer_kb);
        put_be16(page + 14, model->read_speed);
        put_be16(page + 18, model->write_speed);
        put_be16(page + 20, model->write_speed);
        put_be16(page + 22, 1);
}

/* Medium type, as SFF-8020i had it and old drives still say: tray open, or no disc. */
static uint8_t medium_type(const Drive *drive) {
        if (drive->tray_open)
                return 0x71;
        return drive->disc.kind == DISC_NONE ? 0x70 : 0x01;
}

/* MMC-6 6.12. The 6-byte form (SPC-4 6.11) is none of MMC's, and drives refuse it. */
ANSWER(mode_sense) {
        unsigned control = request->cdb[2] >> 6, code = request->cdb[2] & 0x3f;
        uint8_t bytes[8 + 26] = {};

        (void)now;
        if (!drive->model->has_capabilities || (code != 0x2a && code != 0x3f)) {
                reply_refuse(reply, invalid_field);
                return;
        }
        if (control == 3) {
                reply_refuse(reply, (Sense){ 5, 0x39, 0x00 });
                return;
        }
        put_be16(bytes, sizeof(bytes) - 2);
        bytes[2] = medium_type(drive);
        capabilities_page(drive, control, bytes + 8);
        reply_data(reply, bytes, sizeof(bytes), get_be16(request->cdb + 7));
}

/* MMC-6 6.28, the region's state. Whatever else has to do with keys wants a disc with keys. */
ANSWER(report_key) {
        const DriveModel *model = drive->model;
        uint8_t bytes[8] = { 0, 6 };

        (void)now;
        if (!model->has_region) {
                reply_refuse(reply, invalid_opcode);
                return;
        }
        if (request->cdb[7] != 0 || (request->cdb[10] & 0x3f) != 0x08) {
                reply_refuse(reply, invalid_field);
                return;
        }
        bytes[4] = (uint8_t)(model->region_state << 6 | model->vendor_resets << 3 |
                             model->user_changes);
        bytes[5] = model->region_mask;
        bytes[6] = model->region_scheme;
        reply_data(reply, bytes, sizeof(bytes), get_be16(request->cdb + 8));
}
