/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drive/sense.h"

#include <assert.h>

#include "base/text.h"
#include "drive/sense-table.h"

#define FIXED_CURRENT       0x70
#define FIXED_DEFERRED      0x71
#define DESCRIPTOR_CURRENT  0x72
#define DESCRIPTOR_DEFERRED 0x73

/* SPC-4 4.5.3. Drives may send less than the layout has; codes then read as zero, which is "no
 * additional information". */
static void decode_fixed(const uint8_t *bytes, size_t n_bytes, Sense *sense) {
        if (n_bytes > 2)
                sense->key = bytes[2] & 0x0f;
        if (n_bytes > 7 && n_bytes > 8u + bytes[7])
                n_bytes = 8u + bytes[7];
        if (n_bytes > 12)
                sense->asc = bytes[12];
        if (n_bytes > 13)
                sense->ascq = bytes[13];
}

/* SPC-4 4.5.2: a head of 8 bytes, then descriptors, of which none matters here. */
static void decode_head(const uint8_t *bytes, size_t n_bytes, Sense *sense) {
        if (n_bytes > 1)
                sense->key = bytes[1] & 0x0f;
        if (n_bytes > 2)
                sense->asc = bytes[2];
        if (n_bytes > 3)
                sense->ascq = bytes[3];
}

bool sense_decode(const void *bytes, size_t n_bytes, Sense *ret_sense) {
        const uint8_t *b = bytes;
        Sense sense = { .present = true };

        if (n_bytes == 0)
                return false;
        switch (b[0] & 0x7f) {
        case FIXED_CURRENT:
        case FIXED_DEFERRED: decode_fixed(b, n_bytes, &sense); break;
        case DESCRIPTOR_CURRENT:
        case DESCRIPTOR_DEFERRED: decode_head(b, n_bytes, &sense); break;
        default: return false;
        }
        sense.deferred = b[0] & 0x01;
        *ret_sense = sense;
        return true;
}

static const SenseRow *find_row(const Sense *sense) {
        const SenseRow *row;

        for (unsigned i = 0; (row = sense_row(i)); i++)
                if (row->key == sense->key &&
                    (row->asc == ANY_ASC ||
                     (row->asc == sense->asc && sense->ascq >= row->ascq_first &&
                      sense->ascq <= row->ascq_last)))
                        return row;
        assert(false && "every key has a last row");
        return NULL;
}

SenseClass sense_class(const Sense *sense, Stage stage) {
        if (!sense->present || (sense->deferred && stage != STAGE_LOOK))
                return SENSE_UNKNOWN;
        switch (find_row(sense)->classes[stage]) {
        case 'N': return SENSE_NORMAL;
        case 'W': return SENSE_WAIT;
        case 'P': return SENSE_PERSON;
        case 'S': return SENSE_STOP;
        default: return SENSE_UNKNOWN;
        }
}

FaultCode sense_fault(const Sense *sense) {
        return sense->present ? find_row(sense)->fault : FAULT_DRIVE_TRANSPORT;
}

const char *sense_advice(const Sense *sense) {
        return sense->present ? find_row(sense)->advice : NULL;
}

bool sense_is(const Sense *sense, uint8_t key, uint8_t asc, uint8_t ascq) {
        return sense->present && sense->key == key && sense->asc == asc && sense->ascq == ascq;
}

bool sense_is_no_medium(const Sense *sense) {
        return sense->present && sense->key == KEY_NOT_READY && sense->asc == 0x3a;
}

void sense_text(const Sense *sense, char *ret_text, size_t size) {
        if (!sense->present)
                text_format(ret_text, size, "no sense");
        else
                text_format(ret_text, size, "%x/%02x/%02x %s%s", sense->key, sense->asc,
                            sense->ascq, find_row(sense)->words,
                            sense->deferred ? " (about an earlier command)" : "");
}
