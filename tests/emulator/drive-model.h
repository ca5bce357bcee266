/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A model file says what a drive is when it leaves the factory. It is an ini file, NAME.drive:
 *
 *     [drive]
 *     vendor = "        "              8 bytes, blanks count
 *     product = "DVDRW IDE1004"        16 bytes, padded with blanks
 *     revision = "0043"                4 bytes
 *     vendor-specific = ""             bytes 36 to 55 of INQUIRY
 *     inquiry-length = 36              36 to 96: how much the drive has to say
 *     inquiry-format = 0x21            byte 3: ATAPI version and response format
 *     evpd = refuse                    or ignore: standard data, as if nothing had been asked
 *     serial = ""                      feature 0108h; without the line there is no such feature
 *     firmware-date = "20040302091500" feature 010Ch: century to second; absent as above
 *     interface = 2                    feature 0001h: 1 SCSI, 2 ATAPI, 7 SATA, 8 USB
 *     profiles = 0008 0009 000A        highest first, as drives list them
 *     features = 0010 001E 0105        with a standard payload of zeros, where none is given below
 *     microcode-upgrade = 0            feature 0104h, the M5 bit
 *     css, cprm, aacs = 1              versions in 0106h, 010Bh, 010Dh
 *     write-buffer = 5/20/00           what WRITE BUFFER is answered where no family serves it
 *     read-buffer = 0 1048576          READ BUFFER 03h: boundary exponent, capacity
 *     spin-up = 3                      seconds from closing the tray to ready
 *
 *     [capabilities]                   mode page 2Ah; without this section it is refused
 *     reads = 0x3f                     byte 2
 *     writes = 0x17                    byte 3
 *     buffer, read-speed, write-speed  kB, kB/s
 *
 *     [region]                         REPORT KEY; without this section it is an invalid opcode
 *     state = 1                        0 none, 1 set, 2 last chance, 3 permanent
 *     vendor-resets = 4                left
 *     user-changes = 5                 left
 *     mask = 0xfd                      a clear bit is an allowed region
 *     scheme = 1                       0: no region playback control
 *
 *     [media]
 *     tray = closed                    or open
 *     disc = none                      or data, blank
 *     image = disc.iso                 what is on a disc with data; without it, zeros
 *     profile = 0010                   of that disc; without it, DVD or CD as the drive can
 *
 *     [family]
 *     name = btc                       or plextor; without this section no firmware is taken
 *     size = 1048576                   bytes of an image
 *     burn = 50                        seconds
 *     restart = 2                      seconds off the bus when new code starts; without it, none
 *     hardware = "EMPREX 1016 A"       which code runs on it, see image.h
 *     runs-product = "..." "..."       embedded names whose code runs on this hardware
 *     runs-revisions = A0??            and their revisions, as patterns; none: all
 *     sum-offset, sum-start            plextor
 *     eeprom = 1024                    plextor: bytes, 256 a block
 *     tla = 0305                       plextor: hardware level, in the EEPROM
 *     tla-gate = 0305 1.05             from this level on, nothing older than this
 *
 *     [attachment]                     for who places it in a machine: not seen on the bus
 *     bus = pata
 *     path = pci-0000:00:1f.1-ata-1
 *
 * Unknown lines are refused, so that a slip of the pen is no other drive.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/fault.h"
#include "tests/emulator/disc.h"
#include "tests/emulator/scsi.h"

#define MODEL_NAME_MAX     32
#define MODEL_PROFILES_MAX 32
#define MODEL_NAMES_MAX    4
#define MODEL_PATTERN_MAX  4
#define IDENTITY_LENGTH    24
#define REVISION_LENGTH    4
#define HARDWARE_LENGTH    16

typedef enum FamilyName { FAMILY_NONE, FAMILY_BTC, FAMILY_PLEXTOR } FamilyName;

/* What firmware makes of a drive: INQUIRY bytes 8 to 31, and 32 to 35. */
typedef struct Firmware {
        char identity[IDENTITY_LENGTH];
        char revision[REVISION_LENGTH];
} Firmware;

typedef struct FamilyModel {
        FamilyName name;
        uint32_t size;
        uint32_t burn_ms;
        uint32_t restart_ms;
        char hardware[HARDWARE_LENGTH]; /* all NUL: not told */
        char runs_product[MODEL_NAMES_MAX][IDENTITY_LENGTH];
        uint32_t n_runs_product;
        char runs_revisions[MODEL_PATTERN_MAX][REVISION_LENGTH + 1];
        uint32_t n_runs_revisions;
        uint32_t sum_offset;
        uint16_t sum_start;
        uint32_t n_eeprom;
        char tla[5];
        char tla_gate[5];
        char tla_gate_revision[REVISION_LENGTH + 1];
} FamilyModel;

typedef struct DriveModel {
        char name[MODEL_NAME_MAX];
        Firmware firmware;
        char vendor_specific[20];
        uint8_t inquiry_length;
        uint8_t inquiry_format;
        bool evpd_ignored;
        bool has_serial;
        char serial[32];
        uint8_t n_serial; /* a multiple of 4 */
        bool has_firmware_date;
        char firmware_date[14];
        uint32_t interface;
        uint16_t profiles[MODEL_PROFILES_MAX];
        uint32_t n_profiles;
        uint16_t features[MODEL_PROFILES_MAX];
        uint32_t n_features;
        int microcode_upgrade; /* -1: no such feature; else M5 */
        int css, cprm, aacs;   /* -1: no such feature; else version */
        Sense write_buffer;
        bool has_read_buffer;
        uint8_t buffer_boundary;
        uint32_t buffer_capacity;
        uint32_t spin_up_ms;

        bool has_capabilities;
        uint8_t reads, writes;
        uint16_t buffer_kb, read_speed, write_speed;

        bool has_region;
        uint8_t region_state, region_mask, region_scheme, vendor_resets, user_changes;

        bool tray_open;
        DiscKind disc;
        char disc_image[DISC_IMAGE_MAX];
        uint16_t disc_profile;

        FamilyModel family;

        char bus[16];
        char path[64];
} DriveModel;

/* Reads FILE, whose last component gives the name. */
int model_read(const char *file, DriveModel *ret_model, Fault *fault) _must_check_;

/* All NAME.drive of FOLDER, sorted by name. Free with free(). */
int models_read(const char *folder, DriveModel **ret_models, size_t *ret_n_models,
                Fault *fault) _must_check_;
