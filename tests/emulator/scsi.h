/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words between an emulated drive and whatever carries commands to it.
 *
 * A front end (a Unix socket today) hands over a command descriptor block with its data and gets
 * back a status, sense, and data. It knows nothing of drives, and drives know nothing of it.
 * Figures follow SPC-4 and MMC-6; sense is always in fixed format (SPC-4 4.5.3), 18 bytes, as
 * every ATAPI drive gives it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCSI_CDB_MAX      16
#define SCSI_SENSE_LENGTH 18
/* No answer of an emulated drive is longer: so many sectors does a kernel ask for at once. */
#define SCSI_IN_MAX (256u << 10)

enum {
        SCSI_GOOD = 0x00,
        SCSI_CHECK_CONDITION = 0x02,
        SCSI_BUSY = 0x08,
};

/* Linux's host and driver bytes, for what goes wrong between host and drive. */
enum {
        HOST_OK = 0,
        HOST_ERROR = 7,
        HOST_RESET = 8,
        DRIVER_SENSE = 8,
};

typedef struct Sense {
        uint8_t key, asc, ascq;
} Sense;

/* "5/20/00", hexadecimal without 0x. */
bool sense_parse(const char *text, Sense *ret_sense);

typedef enum ScsiFlow { SCSI_NO_DATA = 0, SCSI_TO_HOST = 1, SCSI_TO_DRIVE = 2 } ScsiFlow;

typedef struct ScsiRequest {
        uint8_t cdb[SCSI_CDB_MAX];
        uint8_t n_cdb;
        ScsiFlow flow;
        const uint8_t *out; /* SCSI_TO_DRIVE: N_DATA bytes */
        uint32_t n_data;    /* what the host has sent, or has room for */
} ScsiRequest;

typedef enum ScsiFate {
        SCSI_ANSWERED,
        SCSI_SILENT,   /* no answer, ever: the host's timer has to notice */
        SCSI_VANISHED, /* the drive has left the bus */
} ScsiFate;

typedef struct ScsiReply {
        ScsiFate fate;
        uint8_t status;
        uint16_t host_status;
        uint16_t driver_status;
        uint32_t residual;
        Sense sense;       /* valid with CHECK CONDITION */
        uint32_t delay_ms; /* the drive holds the bus this long before it answers */
        uint32_t n_meant;  /* data that the drive had for the host, whether it has room or not */
        uint32_t n_in;
        uint8_t in[SCSI_IN_MAX];
} ScsiReply;

/* Ends a command with CHECK CONDITION; no data moves to the host. */
void reply_refuse(ScsiReply *reply, Sense sense);

/* Gives data: at most ALLOCATION bytes of them, as the command asked (SPC-4 4.3.5.6). */
void reply_data(ScsiReply *reply, const void *bytes, size_t n_bytes, size_t allocation);

/* The 18 bytes of a sense in fixed format. */
void sense_encode(Sense sense, uint8_t ret_bytes[SCSI_SENSE_LENGTH]);

/* The length that an operation code's group demands (SPC-4 4.3.2): 6, 10, 12 or 16. Groups 6 and 7
 * are the vendors', of which libata wants at least 10. */
uint8_t scsi_cdb_length(uint8_t opcode);

enum {
        TEST_UNIT_READY = 0x00,
        REQUEST_SENSE = 0x03,
        INQUIRY = 0x12,
        START_STOP_UNIT = 0x1b,
        PREVENT_ALLOW = 0x1e,
        READ_FORMAT_CAPACITIES = 0x23,
        READ_CAPACITY = 0x25,
        READ_10 = 0x28,
        WRITE_BUFFER = 0x3b,
        READ_BUFFER = 0x3c,
        READ_TOC = 0x43,
        GET_CONFIGURATION = 0x46,
        GET_EVENT_STATUS = 0x4a,
        READ_DISC_INFORMATION = 0x51,
        READ_TRACK_INFORMATION = 0x52,
        MODE_SENSE_10 = 0x5a,
        REPORT_KEY = 0xa4,
        READ_12 = 0xa8,
        READ_DISC_STRUCTURE = 0xad,
};
