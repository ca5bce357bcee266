/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discfwd asks discfw-probe what drives there are.
 *
 *     discfwd                     discfw-probe
 *        | SCAN  node, or all; late   |
 *        |--------------------------->| INQUIRY, GET CONFIGURATION, MODE SENSE, REPORT KEY
 *        |<------- DRIVE, for each ---|
 *        |<------- END ---------------|
 *
 * One connection may carry one scan after another. Bytes that a drive chose are decoded in the
 * probe; the daemon gets this typed record and no more. Raw fields stay raw: they are matched byte
 * for byte and only made printable where they are shown.
 */
#pragma once

#include "wire/frame.h"

#define IDENTITY_LENGTH 24 /* INQUIRY bytes 8 to 31: vendor and product */
#define REVISION_SIZE   5  /* INQUIRY bytes 32 to 35 and a NUL; blanks stay */
#define NODE_SIZE       64
#define SERIAL_SIZE     64
#define DEVPATH_SIZE    256

/* How the drive is attached; bits in the recipe of a catalog entry. */
typedef enum Attachment {
        ATTACHED_UNKNOWN = 0,
        ATTACHED_ATA = 1, /* PATA and SATA, by libata */
        ATTACHED_USB = 2,
        ATTACHED_SCSI = 3, /* parallel SCSI, SAS */
        ATTACHED_FIREWIRE = 4,
        ATTACHED_VIRTUAL = 5,  /* virtio-scsi, tcm_loop: made by software */
        ATTACHED_EMULATED = 6, /* discfw-emulator's socket */
        _ATTACHED_MAX,
} Attachment;

typedef enum DriveClass {
        CLASS_UNKNOWN = 0,
        CLASS_CD_ROM = 1,
        CLASS_CD_WRITER = 2,
        CLASS_DVD_ROM = 3,
        CLASS_DVD_WRITER = 4,
        CLASS_BD_ROM = 5,
        CLASS_BD_WRITER = 6,
        _CLASS_MAX,
} DriveClass;

typedef enum SerialSource {
        SERIAL_NONE = 0,
        SERIAL_FEATURE = 1, /* feature 0108h */
        SERIAL_VPD = 2,     /* page 80h */
        SERIAL_FIELD = 3,   /* the maker's field in INQUIRY 36 to 55 */
        _SERIAL_SOURCE_MAX,
} SerialSource;

/* RPC state, MMC-6 6.29.2.9 (REPORT KEY, key format 001000b). */
typedef struct Region {
        bool known;
        uint8_t state; /* 0 none, 1 set, 2 last chance, 3 permanent */
        uint8_t vendor_resets;
        uint8_t user_changes;
        uint8_t mask;   /* a bit that is clear is a region that plays */
        uint8_t scheme; /* 0: no RPC-2, which is "region-free" */
} Region;

/* Error counters of the kernel for this device; -1 where it has none. */
typedef struct Counters {
        int64_t done;
        int64_t errors;
        int64_t timeouts;
} Counters;

#define COUNTERS_UNKNOWN ((Counters){ -1, -1, -1 })

typedef struct DriveRecord {
        char node[NODE_SIZE];       /* "sg1": what commands go to; "emulated:NAME" for a socket */
        char block[NODE_SIZE];      /* "sr0", or "" */
        char devpath[DEVPATH_SIZE]; /* physical path; stable while the cable stays */
        Attachment attachment;

        Fault fault; /* set: the drive could not be read, and nothing below holds */

        uint8_t inquiry[96]; /* as it came; n_inquiry of it */
        uint8_t n_inquiry;   /* at least 36 */
        uint8_t identity[IDENTITY_LENGTH];
        char revision[REVISION_SIZE]; /* may hold any byte but NUL, which reads as a blank */
        char serial[SERIAL_SIZE];     /* printable ASCII, trimmed, or "" */
        SerialSource serial_source;
        DriveClass class;
        uint16_t profile;       /* current profile; 0 none */
        uint32_t interface;     /* feature 0001h physical interface standard; 0 unknown */
        bool upgradable;        /* feature 0104h is there; its absence proves nothing */
        char firmware_date[15]; /* feature 010Ch, "YYYYMMDDhhmmss", or "" if absent or nonsense */
        uint16_t buffer_kib;    /* mode page 2Ah; 0 unknown */
        uint16_t max_read_kbs;
        uint16_t max_write_kbs;
        Region region;
        Counters counters;
} DriveRecord;

#define SCAN_LATE_MAX 16

typedef struct ProbeScan {
        char node[NODE_SIZE]; /* "" for all */
        /* Looked at when the others were told: they did not answer last time. A drive that is silent
         * keeps the probe for half a minute. */
        char late[SCAN_LATE_MAX][NODE_SIZE];
        uint32_t n_late;
} ProbeScan;

typedef struct ProbeEnd {
        uint32_t n_drives;
        Fault fault; /* the scan as a whole failed */
} ProbeEnd;

/* Encoders answer the length, or 0 if SIZE is too small. Decoders answer false, and leave the
 * result alone, if a byte is missing, left over, or out of range. */
size_t probe_scan_encode(const ProbeScan *scan, void *buffer, size_t size);
bool probe_scan_decode(const void *bytes, size_t n_bytes, ProbeScan *ret_scan);
size_t probe_drive_encode(const DriveRecord *record, void *buffer, size_t size);
bool probe_drive_decode(const void *bytes, size_t n_bytes, DriveRecord *ret_record);
size_t probe_end_encode(const ProbeEnd *end, void *buffer, size_t size);
bool probe_end_decode(const void *bytes, size_t n_bytes, ProbeEnd *ret_end);

/* The key under which a drive is remembered, over unplugging and over new firmware: SHA-256 in hex
 * of the serial number, or of the physical path where there is none, with the 24 name bytes. Two
 * drives may have the same serial number and so the same key; that is for the caller to notice.
 * Returns 0, -EINVAL if the record has a fault or neither serial nor path, or the library's error. */
#define PROBE_KEY_SIZE 65
int probe_drive_key(const DriveRecord *record, char ret_key[PROBE_KEY_SIZE]) _must_check_;

const char *attachment_name(Attachment attachment); /* "ata", "usb", ... */
const char *drive_class_name(DriveClass class);     /* "DVD writer" */
