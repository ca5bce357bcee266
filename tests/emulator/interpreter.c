/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/interpreter.h"

#include <string.h>

#include "base/bytes.h"
#include "tests/emulator/answers.h"

static const Sense invalid_opcode = { 5, 0x20, 0x00 };

/* When a command is served nevertheless. */
enum {
        WHILE_BUSY = 1,      /* also during a burn */
        BEFORE_ATTENTION = 2 /* without reporting a unit attention (SPC-4 5.9, MMC-6 4.1.6.1) */
};

typedef struct Opcode {
        uint8_t opcode;
        uint8_t flags;
        void (*answer)(Drive *drive, const ScsiRequest *request, uint64_t now, ScsiReply *reply);
} Opcode;

static const Opcode opcodes[] = {
        { TEST_UNIT_READY, 0, answer_test_unit_ready },
        { REQUEST_SENSE, WHILE_BUSY | BEFORE_ATTENTION, answer_request_sense },
        { INQUIRY, WHILE_BUSY | BEFORE_ATTENTION, answer_inquiry },
        { START_STOP_UNIT, 0, answer_start_stop },
        { PREVENT_ALLOW, 0, answer_prevent_allow },
        { READ_FORMAT_CAPACITIES, 0, answer_read_format_capacities },
        { READ_CAPACITY, 0, answer_read_capacity },
        { READ_10, 0, answer_read_10 },
        { READ_BUFFER, 0, answer_read_buffer },
        { GET_CONFIGURATION, BEFORE_ATTENTION, answer_get_configuration },
        { GET_EVENT_STATUS, BEFORE_ATTENTION, answer_get_event_status },
        { READ_TOC, 0, answer_read_toc },
        { READ_DISC_INFORMATION, 0, answer_read_disc_information },
        { READ_TRACK_INFORMATION, 0, answer_read_track_information },
        { MODE_SENSE_10, 0, answer_mode_sense },
        { REPORT_KEY, 0, answer_report_key },
        { READ_12, 0, answer_read_12 },
        { READ_DISC_STRUCTURE, 0, answer_read_disc_structure },
};

static const Opcode *find(uint8_t opcode) {
        for (unsigned i = 0; i < N_ELEMENTS(opcodes); i++)
                if (opcodes[i].opcode == opcode)
                        return &opcodes[i];
        return NULL;
}

/* How many bytes a WRITE BUFFER takes, whatever the host has for it. */
static uint32_t wanted_out(const ScsiRequest *request) {
        return request->cdb[0] == WRITE_BUFFER ? get_be24(request->cdb + 6) : 0;
}

/* Between host and drive: what never becomes a command, since the two disagree about it. */
static bool carried(const ScsiRequest *request, ScsiReply *reply) {
        uint32_t out = request->flow == SCSI_TO_DRIVE ? request->n_data : 0;

        if (request->n_cdb < scsi_cdb_length(request->cdb[0]) || out < wanted_out(request)) {
                reply->host_status = HOST_ERROR;
                return false;
        }
        return true;
}

static void serve(Drive *drive, const ScsiRequest *request, uint64_t now, ScsiReply *reply) {
        const Opcode *opcode = find(request->cdb[0]);
        Sense sense;

        if (drive->condition == CONDITION_BURNING && !(opcode && opcode->flags & WHILE_BUSY) &&
            drive_not_ready(drive, &sense))
                reply_refuse(reply, sense);
        else if (!(opcode && opcode->flags & BEFORE_ATTENTION) &&
                 drive_take_attention(drive, &sense))
                reply_refuse(reply, sense);
        else if (opcode)
                opcode->answer(drive, request, now, reply);
        else if (drive->family && drive->family->execute(drive, request, now, reply))
                return;
        else if (request->cdb[0] == WRITE_BUFFER)
                reply_refuse(reply, drive->model->write_buffer);
        else
                reply_refuse(reply, invalid_opcode);
}

static uint32_t residual(const ScsiRequest *request, const ScsiReply *reply) {
        if (request->flow == SCSI_TO_HOST)
                return request->n_data - reply->n_in;
        if (request->flow == SCSI_TO_DRIVE)
                return request->n_data - wanted_out(request);
        return 0;
}

void interpret(Drive *drive, const ScsiRequest *request, uint64_t now, ScsiReply *reply) {
        memset(reply, 0, offsetof(ScsiReply, in));
        drive_tick(drive, now);
        if (drive_is_silent(drive)) {
                reply->fate = SCSI_SILENT;
                return;
        }
        if (!carried(request, reply))
                return;
        serve(drive, request, now, reply);
        reply->n_meant = reply->n_in;
        /* The host has no more room than it said. */
        if (request->flow != SCSI_TO_HOST)
                reply->n_in = 0;
        else if (reply->n_in > request->n_data)
                reply->n_in = request->n_data;
        reply->residual = residual(request, reply);
}
