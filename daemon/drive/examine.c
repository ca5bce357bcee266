/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drive/examine.h"

#include <string.h>
#include <time.h>

#include "drive/command.h"
#include "drive/features.h"
#include "drive/identity.h"
#include "drive/mode.h"
#include "drive/region.h"

#define VERSION_SPC_2 4
#define PAGE_LENGTH   252

/* A drive that hangs or is gone must be left alone; any other no is one answer less. */
static bool is_fatal(const Fault *fault) {
        return fault->code == FAULT_DRIVE_SILENT || fault->code == FAULT_DRIVE_GONE;
}

/* What a question that need not be answered comes to: 1 an answer, 0 none, negative the end. */
static int optional(int r, Fault *own, Fault *fault) {
        if (r >= 0)
                return 1;
        if (!is_fatal(own))
                return 0;
        return fault_set(fault, own->code, "%s", own->text);
}

int drive_inquire(Transport *transport, Inquiry *ret_inquiry, Fault *fault) {
        uint8_t bytes[INQUIRY_LENGTH], more[INQUIRY_LENGTH];
        Fault own = {};
        size_t n, n_more, wanted;
        int r;

        r = command_inquiry(transport, bytes, INQUIRY_LENGTH_MIN, &n, NULL, fault);
        if (r < 0)
                return r;
        wanted = n > 4 ? (size_t)bytes[4] + 5 : 0;
        if (wanted > INQUIRY_LENGTH)
                wanted = INQUIRY_LENGTH;
        if (n >= INQUIRY_LENGTH_MIN && wanted > INQUIRY_LENGTH_MIN) {
                r = command_inquiry(transport, more, wanted, &n_more, NULL, &own);
                r = optional(r, &own, fault);
                if (r < 0)
                        return r;
                /* The same drive must have answered both times, or the rest is not its own. */
                if (r > 0 && n_more > n && memcmp(bytes + 8, more + 8, 28) == 0) {
                        memcpy(bytes, more, n_more);
                        n = n_more;
                }
        }
        return inquiry_decode(bytes, n, ret_inquiry, fault);
}

static unsigned year_of(int64_t now) {
        const time_t t = (time_t)now;
        struct tm tm = {};

        (void)gmtime_r(&t, &tm);
        return (unsigned)(tm.tm_year + 1900);
}

static int ask_features(Transport *transport, int64_t now, DriveRecord *record, Fault *fault) {
        uint8_t bytes[FEATURES_LENGTH];
        Features features;
        Fault own = {};
        size_t n;
        int r;

        r = command_get_configuration(transport, bytes, sizeof(bytes), &n, NULL, &own);
        r = optional(r, &own, fault);
        if (r <= 0 || !features_decode(bytes, n, year_of(now) + 1, &features))
                return r;
        record->class = features.class;
        record->profile = features.profile;
        record->interface = features.interface;
        record->upgradable = features.upgradable;
        memcpy(record->firmware_date, features.firmware_date, sizeof(record->firmware_date));
        if (features.serial[0]) {
                memcpy(record->serial, features.serial, sizeof(record->serial));
                record->serial_source = SERIAL_FEATURE;
        }
        return 0;
}

static int ask_capabilities(Transport *transport, DriveRecord *record, Fault *fault) {
        Capabilities capabilities;
        uint8_t bytes[MODE_LENGTH];
        Fault own = {};
        size_t n;
        int r;

        r = command_mode_sense(transport, MODE_PAGE_CAPABILITIES, bytes, sizeof(bytes), &n, NULL,
                               &own);
        r = optional(r, &own, fault);
        if (r <= 0 || !mode_decode(bytes, n, &capabilities))
                return r;
        if (record->class == CLASS_UNKNOWN)
                record->class = capabilities.class;
        record->buffer_kib = capabilities.buffer_kib;
        record->max_read_kbs = capabilities.max_read_kbs;
        record->max_write_kbs = capabilities.max_write_kbs;
        return 0;
}

int drive_region(Transport *transport, Region *ret_region, Fault *fault) {
        uint8_t bytes[REGION_LENGTH];
        Region region = {};
        Fault own = {};
        Reply reply;
        size_t n;
        int r;

        r = command_report_key_region(transport, bytes, sizeof(bytes), &n, &reply, &own);
        r = optional(r, &own, fault);
        if (r < 0)
                return r;
        if (r > 0)
                (void)region_decode(bytes, n, &region);
        else if (sense_is(&reply.sense, KEY_ILLEGAL_REQUEST, 0x24, 0x00))
                region.known = true;
        *ret_region = region;
        return 0;
}

static int ask_serial_page(Transport *transport, DriveRecord *record, Fault *fault) {
        uint8_t bytes[PAGE_LENGTH];
        Fault own = {};
        size_t n;
        int r;

        r = command_inquiry_page(transport, 0x00, bytes, sizeof(bytes), &n, NULL, &own);
        r = optional(r, &own, fault);
        if (r <= 0 || !page_listed(bytes, n, 0x80))
                return r;
        r = command_inquiry_page(transport, 0x80, bytes, sizeof(bytes), &n, NULL, &own);
        r = optional(r, &own, fault);
        if (r > 0 && serial_from_page(bytes, n, record->serial))
                record->serial_source = SERIAL_VPD;
        return r;
}

/* The kernel asks directly attached drives of this version for pages as well, when it finds them. */
static bool may_have_pages(const Inquiry *inquiry, Attachment attachment) {
        return inquiry->version >= VERSION_SPC_2 && attachment != ATTACHED_USB &&
               attachment != ATTACHED_FIREWIRE;
}

static int ask_serial(Transport *transport, const Inquiry *inquiry, DriveRecord *record,
                      Fault *fault) {
        int r;

        if (record->serial_source == SERIAL_NONE && may_have_pages(inquiry, record->attachment)) {
                r = ask_serial_page(transport, record, fault);
                if (r < 0)
                        return r;
        }
        if (record->serial_source == SERIAL_NONE && serial_from_field(inquiry, record->serial))
                record->serial_source = SERIAL_FIELD;
        return 0;
}

int drive_examine(Transport *transport, int64_t now, DriveRecord *record, Fault *fault) {
        Inquiry inquiry;
        int r;

        r = drive_inquire(transport, &inquiry, fault);
        if (r < 0)
                return r;
        memcpy(record->inquiry, inquiry.bytes, sizeof(record->inquiry));
        record->n_inquiry = inquiry.n_bytes;
        memcpy(record->identity, inquiry.identity, sizeof(record->identity));
        memcpy(record->revision, inquiry.revision, sizeof(record->revision));

        r = ask_features(transport, now, record, fault);
        if (r < 0)
                return r;
        r = ask_capabilities(transport, record, fault);
        if (r < 0)
                return r;
        /* Regions are a matter of DVDs: drives for CDs only know nothing of them. */
        if (record->class != CLASS_CD_ROM && record->class != CLASS_CD_WRITER) {
                r = drive_region(transport, &record->region, fault);
                if (r < 0)
                        return r;
        }
        return ask_serial(transport, &inquiry, record, fault);
}
