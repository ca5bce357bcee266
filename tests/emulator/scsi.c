/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/scsi.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

bool sense_parse(const char *text, Sense *ret_sense) {
        unsigned key, asc, ascq;
        int n = 0;

        if (sscanf(text, "%1x/%2x/%2x%n", &key, &asc, &ascq, &n) != 3 || text[n] != '\0')
                return false;
        *ret_sense = (Sense){ (uint8_t)key, (uint8_t)asc, (uint8_t)ascq };
        return true;
}

void reply_refuse(ScsiReply *reply, Sense sense) {
        reply->status = SCSI_CHECK_CONDITION;
        reply->driver_status = DRIVER_SENSE;
        reply->sense = sense;
        reply->n_in = 0;
}

void reply_data(ScsiReply *reply, const void *bytes, size_t n_bytes, size_t allocation) {
        size_t n = n_bytes < allocation ? n_bytes : allocation;

        assert(n <= sizeof(reply->in));
        memcpy(reply->in, bytes, n);
        reply->n_in = (uint32_t)n;
}

void sense_encode(Sense sense, uint8_t ret_bytes[SCSI_SENSE_LENGTH]) {
        memset(ret_bytes, 0, SCSI_SENSE_LENGTH);
        ret_bytes[0] = 0x70;
        ret_bytes[2] = sense.key;
        ret_bytes[7] = SCSI_SENSE_LENGTH - 8;
        ret_bytes[12] = sense.asc;
        ret_bytes[13] = sense.ascq;
}

uint8_t scsi_cdb_length(uint8_t opcode) {
        static const uint8_t lengths[8] = { 6, 10, 10, 10, 16, 12, 10, 10 };

        return lengths[opcode >> 5];
}
