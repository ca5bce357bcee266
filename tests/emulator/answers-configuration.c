/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GET CONFIGURATION (MMC-6 6.5): the features of a drive, in ascending order. */
#include "tests/emulator/answers.h"

#include <string.h>

#include "base/bytes.h"

/* The features of no drive are longer. */
#define CONFIGURATION_MAX 4096

enum { VERSION_SHIFT = 2, PERSISTENT = 0x02, CURRENT = 0x01 };
enum { ASK_ALL = 0, ASK_CURRENT = 1, ASK_ONE = 2 };

/* One request as it is being answered. */
typedef struct Listing {
        const Drive *drive;
        unsigned ask;
        uint16_t start;
        Writer writer;
} Listing;

static bool wanted(const Listing *listing, uint16_t code, bool current) {
        if (listing->ask == ASK_ONE)
                return code == listing->start;
        return code >= listing->start && (listing->ask == ASK_ALL || current);
}

/* N_PAYLOAD is a multiple of 4. */
static void add(Listing *listing, uint16_t code, uint8_t flags, const void *payload,
                size_t n_payload) {
        if (!wanted(listing, code, flags & CURRENT))
                return;
        write_be16(&listing->writer, code);
        write_u8(&listing->writer, flags);
        write_u8(&listing->writer, (uint8_t)n_payload);
        write_bytes(&listing->writer, payload, n_payload);
}

static void add_profiles(Listing *listing) {
        const DriveModel *model = listing->drive->model;
        uint16_t current = drive_profile(listing->drive);
        uint8_t list[MODEL_PROFILES_MAX * 4] = {};

        for (uint32_t i = 0; i < model->n_profiles; i++) {
                put_be16(list + 4 * i, model->profiles[i]);
                list[4 * i + 2] = current != 0 && model->profiles[i] == current;
        }
        add(listing, 0x0000, PERSISTENT | CURRENT, list, model->n_profiles * 4);
}

static void add_fixed(Listing *listing) {
        uint8_t core[8] = {};
        static const uint8_t morphing[4] = { 0x02 };
        static const uint8_t removable[4] = { 0x29 }; /* tray, eject, lock */

        put_be32(core, listing->drive->model->interface);
        core[4] = 0x01; /* DBE */
        add(listing, 0x0001, 2 << VERSION_SHIFT | PERSISTENT | CURRENT, core, sizeof(core));
        add(listing, 0x0002, 1 << VERSION_SHIFT | PERSISTENT | CURRENT, morphing, sizeof(morphing));
        add(listing, 0x0003, PERSISTENT | CURRENT, removable, sizeof(removable));
}

/* Bytes of those features of which nothing is told: the standard's figures. */
static size_t payload_length(uint16_t code) {
        switch (code) {
        case 0x001d:
        case 0x0100: return 0;
        case 0x0010:
        case 0x0020: return 8;
        default: return 4;
        }
}

/* Features that only concern discs: those below 0100h are current with a fitting disc, which here is
 * any; those above are the drive's and always so. */
static void add_listed(Listing *listing, uint16_t from, uint16_t to) {
        static const uint8_t nothing[8];
        const DriveModel *model = listing->drive->model;

        for (uint32_t i = 0; i < model->n_features; i++) {
                uint16_t code = model->features[i];
                bool current = code >= 0x0100 || drive_profile(listing->drive) != 0;

                if (code >= from && code <= to)
                        add(listing, code, current ? CURRENT : 0, nothing, payload_length(code));
        }
}

static void add_version(Listing *listing, uint16_t code, int version) {
        uint8_t payload[4] = { 0, 0, 0, (uint8_t)version };

        if (version >= 0)
                add(listing, code, 0, payload, sizeof(payload));
}

static void add_serial(Listing *listing) {
        const DriveModel *model = listing->drive->model;

        if (model->has_serial)
                add(listing, 0x0108, PERSISTENT | CURRENT, model->serial, model->n_serial);
}

/* MMC-6 5.3.43: century, year, month, day, hour, minute, second, two reserved bytes. */
static void add_firmware_date(Listing *listing) {
        const DriveModel *model = listing->drive->model;
        uint8_t payload[16] = {};

        memcpy(payload, model->firmware_date, sizeof(model->firmware_date));
        if (model->has_firmware_date)
                add(listing, 0x010c, PERSISTENT | CURRENT, payload, sizeof(payload));
}

static void add_upgrade(Listing *listing) {
        const DriveModel *model = listing->drive->model;
        uint8_t payload[4] = { (uint8_t)(model->microcode_upgrade == 1) };

        if (model->microcode_upgrade >= 0)
                add(listing, 0x0104, PERSISTENT | CURRENT, payload, sizeof(payload));
}

/* Payload as of AACS without bus encryption; byte 0 bit 0: can make a binding nonce. */
static void add_aacs(Listing *listing) {
        int version = listing->drive->model->aacs;
        uint8_t payload[4] = { 0x01, 0x01, 0x04, (uint8_t)version };

        if (version >= 0)
                add(listing, 0x010d, 2 << VERSION_SHIFT, payload, sizeof(payload));
}

/* An asked feature that the drive does not have is no error: the header alone comes back. */
ANSWER(get_configuration) {
        uint8_t bytes[CONFIGURATION_MAX];
        Listing listing = {
                .drive = drive,
                .ask = request->cdb[1] & 0x03,
                .start = get_be16(request->cdb + 2),
                .writer = writer_of(bytes, sizeof(bytes)),
        };

        (void)now;
        if (drive->model->n_profiles == 0) {
                reply_refuse(reply, (Sense){ 5, 0x20, 0x00 }); /* from before MMC-2 */
                return;
        }
        if (listing.ask > ASK_ONE) {
                reply_refuse(reply, (Sense){ 5, 0x24, 0x00 });
                return;
        }
        write_be32(&listing.writer, 0);
        write_be16(&listing.writer, 0);
        write_be16(&listing.writer, drive_profile(drive));
        add_profiles(&listing);
        add_fixed(&listing);
        add_listed(&listing, 0x0004, 0x0103);
        add_upgrade(&listing);
        add_listed(&listing, 0x0105, 0x0105);
        add_version(&listing, 0x0106, drive->model->css);
        add_listed(&listing, 0x0107, 0x0107);
        add_serial(&listing);
        add_version(&listing, 0x010b, drive->model->cprm);
        add_firmware_date(&listing);
        add_aacs(&listing);
        add_listed(&listing, 0x010e, 0xffff);
        put_be32(bytes, (uint32_t)listing.writer.n_used - 4);
        reply_data(reply, bytes, listing.writer.n_used, get_be16(request->cdb + 7));
}
