/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SCSI commands over two USB pipes: Universal Serial Bus Mass Storage Class, Bulk-Only Transport,
 * revision 1.0 ("BOT"). The device's side.
 *
 *              CBW                  all data                  CSW
 *     COMMAND ------> DATA_OUT ------------------> STATUS ---------> COMMAND
 *             ------> DATA_IN  -----------------------^
 *             ------------ no data -------------------^
 *
 * Where host and drive disagree about data, the thirteen cases of BOT 6.7 decide: less data than
 * the host expects end with a STALL of the Bulk-In pipe and a residue; more, or in the other
 * direction, with a phase error (bCSWStatus 02h), after which the host resets. A CBW that is not
 * valid (6.2.1) or not meaningful (6.2.2) stalls both pipes until Reset Recovery (5.3.4).
 *
 * A failed command leaves its sense for one REQUEST SENSE, which is answered here: it is a part of
 * how this transport carries a command, as autosense is of others. It does not reach the drive, is
 * not counted and not in the transcript, so that plans and transcripts are the same on all fronts.
 */
#pragma once

#include "tests/emulator/bench.h"

#define BULK_PACKET  512u /* of a high-speed pipe */
#define CBW_LENGTH   31u
#define CSW_LENGTH   13u
#define BULK_OUT_MAX (4u << 20) /* what a command may bring; more is not a meaningful CBW */

typedef enum BulkPhase { BULK_COMMAND, BULK_DATA_OUT, BULK_DATA_IN, BULK_STATUS } BulkPhase;

typedef struct Bulk {
        Bench *bench;
        size_t place;

        BulkPhase phase;
        bool in_halted, out_halted;
        bool broken; /* until Reset Recovery no halt can be cleared */

        uint8_t tag[4];
        uint32_t n_expected; /* dCBWDataTransferLength */
        ScsiRequest request;
        uint8_t *out;
        uint32_t n_out;

        ScsiReply reply;
        uint32_t n_sent;
        uint8_t csw_status;
        uint32_t residue;
        uint64_t ready_at; /* until then neither data nor status; UINT64_MAX: never */

        bool has_kept;
        Sense kept;

        bool vanished; /* the drive has left the bus, for BACK_MS */
        uint32_t back_ms;
} Bulk;

/* How a transfer ended. */
typedef struct BulkEnd {
        int status; /* 0, -EPIPE for STALL, -EOVERFLOW for more than there is room for */
        uint32_t n_moved;
} BulkEnd;

void bulk_init(Bulk *bulk, Bench *bench, size_t place);
void bulk_done(Bulk *bulk);

/* A transfer to the device, and one to the host. False: NAK, the device does not want it now. */
bool bulk_out(Bulk *bulk, const uint8_t *bytes, uint32_t n_bytes, uint64_t now, BulkEnd *ret_end);
bool bulk_in(Bulk *bulk, uint8_t *bytes, uint32_t size, uint64_t now, BulkEnd *ret_end);

/* When a transfer to the host is worth another try; UINT64_MAX: not before something else comes. */
uint64_t bulk_next(const Bulk *bulk, uint64_t now);

/* Class request FFh (BOT 3.1). Halts stay, but can be cleared again. */
void bulk_only_reset(Bulk *bulk);
void bulk_clear_halt(Bulk *bulk, bool in);
/* The port was reset, or the device has just been plugged in: all is forgotten, sense too. */
void bulk_port_reset(Bulk *bulk);
