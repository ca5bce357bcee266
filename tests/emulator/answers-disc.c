/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a kernel and its helpers ask of a disc: sectors, table of contents, tracks. */
#include "tests/emulator/answers.h"

#include <string.h>

#include "base/bytes.h"

static const Sense invalid_field = { 5, 0x24, 0x00 };

/* A track of data, recorded uninterrupted (MMC-6 table 479: ADR 1, control 4). */
#define ADR_CONTROL 0x14
#define LEAD_OUT    0xaa

/* MMC-6 6.24. A blank disc has a capacity of none. */
ANSWER(read_capacity) {
        uint8_t bytes[8];
        Sense sense;

        (void)now;
        if (drive_not_ready(drive, &sense)) {
                reply_refuse(reply, sense);
                return;
        }
        (void)request;
        put_be32(bytes, drive->disc.n_sectors > 0 ? drive->disc.n_sectors - 1 : 0);
        put_be32(bytes + 4, DISC_SECTOR);
        reply_data(reply, bytes, sizeof(bytes), sizeof(bytes));
}

static void read_sectors(Drive *drive, uint32_t lba, uint32_t n_sectors, ScsiReply *reply) {
        const Disc *disc = &drive->disc;
        Sense sense;

        if (drive_not_ready(drive, &sense))
                reply_refuse(reply, sense);
        else if (lba > disc->n_sectors || n_sectors > disc->n_sectors - lba)
                reply_refuse(reply, (Sense){ 5, 0x21, 0x00 });
        else if (n_sectors > SCSI_IN_MAX / DISC_SECTOR) /* no host asks for so much at once */
                reply_refuse(reply, invalid_field);
        else if (disc_read(disc, lba, n_sectors, reply->in) < 0)
                reply_refuse(reply, (Sense){ 3, 0x11, 0x00 });
        else
                reply->n_in = n_sectors * DISC_SECTOR;
}

/* MMC-6 6.19 */
ANSWER(read_10) {
        (void)now;
        read_sectors(drive, get_be32(request->cdb + 2), get_be16(request->cdb + 7), reply);
}

/* MMC-6 6.20 */
ANSWER(read_12) {
        (void)now;
        read_sectors(drive, get_be32(request->cdb + 2), get_be32(request->cdb + 6), reply);
}

static void put_msf(uint8_t bytes[3], uint32_t lba) {
        lba += 150; /* the two seconds before the program area */
        bytes[0] = (uint8_t)(lba / (60 * 75));
        bytes[1] = (uint8_t)(lba / 75 % 60);
        bytes[2] = (uint8_t)(lba % 75);
}

static void add_track(Writer *writer, uint8_t track, bool msf, uint32_t lba) {
        uint8_t address[4] = {};

        if (msf)
                put_msf(address + 1, lba);
        else
                put_be32(address, lba);
        write_u8(writer, 0);
        write_u8(writer, ADR_CONTROL);
        write_u8(writer, track);
        write_u8(writer, 0);
        write_bytes(writer, address, sizeof(address));
}

/* A line of the lead-in's table, as it was written: POINT, and what it points to. */
static void add_point(Writer *writer, uint8_t point, const uint8_t address[3]) {
        const uint8_t head[] = { 1, ADR_CONTROL, 0, point, 0, 0, 0, 0 };

        write_bytes(writer, head, sizeof(head));
        write_bytes(writer, address, 3);
}

static void add_points(Writer *writer, const Disc *disc) {
        uint8_t address[3] = { 1, 0, 0 };

        add_point(writer, 0xa0, address); /* first track, and kind of disc: CD-ROM */
        add_point(writer, 0xa1, address); /* last track */
        put_msf(address, disc->n_sectors);
        add_point(writer, 0xa2, address);
        put_msf(address, 0);
        add_point(writer, 1, address);
}

/* MMC-6 6.25: formats 0 (tracks), 1 (sessions), 2 (the table as it is on the disc). */
ANSWER(read_toc) {
        uint8_t bytes[64], format = request->cdb[2] & 0x0f, from = request->cdb[6];
        Writer writer = writer_of(bytes, sizeof(bytes));
        bool msf = request->cdb[1] & 0x02;
        Sense sense;

        (void)now;
        if (drive_not_ready(drive, &sense)) {
                reply_refuse(reply, sense);
                return;
        }
        if (format == 0)
                format = request->cdb[9] >> 6; /* where SFF-8020i had it */
        if (drive->disc.kind != DISC_DATA || format > 2 || (from > 1 && from != LEAD_OUT)) {
                reply_refuse(reply, invalid_field);
                return;
        }
        write_be16(&writer, 0);
        write_u8(&writer, 1);
        write_u8(&writer, 1);
        if (format == 2)
                add_points(&writer, &drive->disc);
        if (format < 2 && from <= 1)
                add_track(&writer, 1, msf, 0);
        if (format == 0)
                add_track(&writer, LEAD_OUT, msf, drive->disc.n_sectors);
        put_be16(bytes, (uint16_t)(writer.n_used - 2));
        reply_data(reply, bytes, writer.n_used, get_be16(request->cdb + 7));
}

/* MMC-6 6.26: by track, by session, or by an address in it. */
ANSWER(read_track_information) {
        bool by_address = (request->cdb[1] & 0x03) == 0, blank = drive->disc.kind == DISC_BLANK;
        uint32_t which = get_be32(request->cdb + 2);
        uint8_t bytes[36] = {};
        Sense sense;

        (void)now;
        if (drive_not_ready(drive, &sense)) {
                reply_refuse(reply, sense);
                return;
        }
        if (by_address ? which >= drive->disc.n_sectors && !blank
                       : which != 1 && !(blank && which == 0xff)) {
                reply_refuse(reply, invalid_field);
                return;
        }
        put_be16(bytes, sizeof(bytes) - 2);
        bytes[2] = bytes[3] = 1;
        bytes[5] = ADR_CONTROL & 0x0f;
        bytes[6] = blank ? 0x4f : 0x01; /* blank, mode not known; mode 1 */
        bytes[7] = blank ? 0x01 : 0x00; /* next writable address is valid */
        put_be32(bytes + 24, drive->disc.n_sectors);
        reply_data(reply, bytes, sizeof(bytes), get_be16(request->cdb + 7));
}

/* MMC-6 6.23: one descriptor, of what is in the drive, or that nothing is. */
ANSWER(read_format_capacities) {
        enum { UNFORMATTED = 1, FORMATTED = 2, NO_MEDIUM = 3 };
        uint8_t bytes[12] = { 0, 0, 0, 8 };
        uint8_t kind = NO_MEDIUM;

        (void)now;
        if (drive_has_medium(drive))
                kind = drive->disc.kind == DISC_BLANK ? UNFORMATTED : FORMATTED;
        put_be32(bytes + 4, drive->disc.n_sectors);
        put_be32(bytes + 8, (uint32_t)kind << 24 | DISC_SECTOR);
        reply_data(reply, bytes, sizeof(bytes), get_be16(request->cdb + 7));
}

/* MMC-6 6.22, format 00h: the physical format of a DVD-ROM with one layer. */
ANSWER(read_disc_structure) {
        uint8_t bytes[4 + 2048] = {};
        Sense sense;

        (void)now;
        if (drive_not_ready(drive, &sense)) {
                reply_refuse(reply, sense);
                return;
        }
        if (drive_profile(drive) != 0x0010) {
                reply_refuse(reply, (Sense){ 5, 0x30, 0x02 });
                return;
        }
        if (request->cdb[1] & 0x0f || request->cdb[6] != 0 || request->cdb[7] != 0) {
                reply_refuse(reply, invalid_field);
                return;
        }
        put_be16(bytes, sizeof(bytes) - 2);
        bytes[4] = 0x01; /* DVD-ROM, part version 1 */
        bytes[5] = 0x02; /* 120 mm, 10.08 Mbit/s */
        bytes[6] = 0x01; /* one layer, embossed */
        put_be24(bytes + 9, 0x030000);
        put_be24(bytes + 13, 0x030000 + drive->disc.n_sectors - 1);
        reply_data(reply, bytes, sizeof(bytes), get_be16(request->cdb + 8));
}
