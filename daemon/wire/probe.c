/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/probe.h"

#include <string.h>

#include "base/text.h"
#include "wire/parts.h"

/* A record has one form only: what decodes encodes to the same bytes again, so that nothing can be
 * hidden in it. Fields of a drive that could not be read are not there at all. */

#define INQUIRY_MIN     36
#define IDENTITY_OFFSET 8
#define REVISION_OFFSET 32

static const char *const attachment_names[_ATTACHED_MAX] = {
        [ATTACHED_UNKNOWN] = "unknown",   [ATTACHED_ATA] = "ata",
        [ATTACHED_USB] = "usb",           [ATTACHED_SCSI] = "scsi",
        [ATTACHED_FIREWIRE] = "firewire", [ATTACHED_VIRTUAL] = "virtual",
        [ATTACHED_EMULATED] = "emulated",
};

static const char *const class_names[_CLASS_MAX] = {
        [CLASS_UNKNOWN] = "optical drive", [CLASS_CD_ROM] = "CD-ROM",
        [CLASS_CD_WRITER] = "CD writer",   [CLASS_DVD_ROM] = "DVD-ROM",
        [CLASS_DVD_WRITER] = "DVD writer", [CLASS_BD_ROM] = "BD-ROM",
        [CLASS_BD_WRITER] = "BD writer",
};

const char *attachment_name(Attachment attachment) {
        return attachment_names[attachment < _ATTACHED_MAX ? attachment : ATTACHED_UNKNOWN];
}

const char *drive_class_name(DriveClass class) {
        return class_names[class < _CLASS_MAX ? class : CLASS_UNKNOWN];
}

/* What was wanted is never there when a reader has failed, so that one check at the end will do. */
static void want(Reader *reader, bool condition) {
        if (!condition)
                reader->failed = true;
}

/* Text that our own code made or cleaned: printable. */
static void read_plain(Reader *reader, char *ret_text, size_t size) {
        read_string(reader, ret_text, size);
        want(reader, text_is_plain(ret_text));
}

static size_t used(const Writer *writer) {
        return writer->failed ? 0 : writer->n_used;
}

size_t probe_scan_encode(const ProbeScan *scan, void *buffer, size_t size) {
        Writer w = writer_of(buffer, size);

        write_string(&w, scan->node);
        write_u8(&w, (uint8_t)scan->n_late);
        for (uint32_t i = 0; i < scan->n_late; i++)
                write_string(&w, scan->late[i]);
        return used(&w);
}

bool probe_scan_decode(const void *bytes, size_t n_bytes, ProbeScan *ret_scan) {
        Reader r = reader_of(bytes, n_bytes);
        ProbeScan scan = {};

        read_plain(&r, scan.node, sizeof(scan.node));
        scan.n_late = read_enum(&r, SCAN_LATE_MAX + 1);
        for (uint32_t i = 0; i < scan.n_late; i++)
                read_plain(&r, scan.late[i], sizeof(scan.late[i]));
        if (!reader_done(&r))
                return false;
        *ret_scan = scan;
        return true;
}

static void write_found(Writer *w, const DriveRecord *record) {
        write_u8(w, record->n_inquiry);
        write_bytes(w, record->inquiry, record->n_inquiry);
        write_string(w, record->serial);
        write_enum(w, record->serial_source);
        write_enum(w, record->class);
        write_be16(w, record->profile);
        write_be32(w, record->interface);
        write_flag(w, record->upgradable);
        write_string(w, record->firmware_date);
        write_be16(w, record->buffer_kib);
        write_be16(w, record->max_read_kbs);
        write_be16(w, record->max_write_kbs);
        write_region(w, &record->region);
}

static bool date_is_well_formed(const char *date) {
        return date[0] == '\0' || (strlen(date) == 14 && strspn(date, "0123456789") == 14);
}

static void read_found(Reader *r, DriveRecord *record) {
        record->n_inquiry = read_u8(r);
        want(r, record->n_inquiry >= INQUIRY_MIN && record->n_inquiry <= sizeof(record->inquiry));
        read_bytes(r, record->inquiry, r->failed ? 0 : record->n_inquiry);
        /* Taken from the one place where they are, so that they cannot contradict it. */
        memcpy(record->identity, record->inquiry + IDENTITY_OFFSET, IDENTITY_LENGTH);
        for (size_t i = 0; i < REVISION_SIZE - 1; i++) {
                char c = (char)record->inquiry[REVISION_OFFSET + i];

                if (!c)
                        c = ' ';
                record->revision[i] = c;
        }
        read_plain(r, record->serial, sizeof(record->serial));
        record->serial_source = (SerialSource)read_enum(r, _SERIAL_SOURCE_MAX);
        want(r, (record->serial[0] == '\0') == (record->serial_source == SERIAL_NONE));
        record->class = (DriveClass)read_enum(r, _CLASS_MAX);
        record->profile = read_be16(r);
        record->interface = read_be32(r);
        record->upgradable = read_flag(r);
        read_string(r, record->firmware_date, sizeof(record->firmware_date));
        want(r, date_is_well_formed(record->firmware_date));
        record->buffer_kib = read_be16(r);
        record->max_read_kbs = read_be16(r);
        record->max_write_kbs = read_be16(r);
        read_region(r, &record->region);
}

size_t probe_drive_encode(const DriveRecord *record, void *buffer, size_t size) {
        Writer w = writer_of(buffer, size);

        write_string(&w, record->node);
        write_string(&w, record->block);
        write_string(&w, record->devpath);
        write_enum(&w, record->attachment);
        write_counters(&w, &record->counters);
        write_fault(&w, &record->fault);
        if (record->fault.code == FAULT_NONE)
                write_found(&w, record);
        return used(&w);
}

bool probe_drive_decode(const void *bytes, size_t n_bytes, DriveRecord *ret_record) {
        Reader r = reader_of(bytes, n_bytes);
        DriveRecord record = {};

        read_plain(&r, record.node, sizeof(record.node));
        want(&r, record.node[0] != '\0');
        read_plain(&r, record.block, sizeof(record.block));
        read_plain(&r, record.devpath, sizeof(record.devpath));
        record.attachment = (Attachment)read_enum(&r, _ATTACHED_MAX);
        read_counters(&r, &record.counters);
        read_fault(&r, &record.fault);
        want(&r, record.fault.code != FAULT_NONE || record.fault.text[0] == '\0');
        if (!r.failed && record.fault.code == FAULT_NONE)
                read_found(&r, &record);
        if (!reader_done(&r))
                return false;
        *ret_record = record;
        return true;
}

size_t probe_end_encode(const ProbeEnd *end, void *buffer, size_t size) {
        Writer w = writer_of(buffer, size);

        write_be32(&w, end->n_drives);
        write_fault(&w, &end->fault);
        return used(&w);
}

bool probe_end_decode(const void *bytes, size_t n_bytes, ProbeEnd *ret_end) {
        Reader r = reader_of(bytes, n_bytes);
        ProbeEnd end = {};

        end.n_drives = read_be32(&r);
        want(&r, end.n_drives <= DRIVES_MAX);
        read_fault(&r, &end.fault);
        want(&r, end.fault.code != FAULT_NONE || end.fault.text[0] == '\0');
        if (!reader_done(&r))
                return false;
        *ret_end = end;
        return true;
}
