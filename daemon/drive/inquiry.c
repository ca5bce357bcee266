/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drive/inquiry.h"

#include <string.h>

static bool all_zero(const uint8_t *bytes, size_t n_bytes) {
        for (size_t i = 0; i < n_bytes; i++)
                if (bytes[i] != 0)
                        return false;
        return true;
}

/* Bytes that count: those that arrived, that the drive says it sent, and that have a place. The
 * first 36 count whatever the length field says, which old drives leave at nonsense. */
static uint8_t meant_length(const uint8_t *bytes, size_t n_bytes) {
        size_t n = (size_t)bytes[4] + 5;

        if (n > n_bytes)
                n = n_bytes;
        if (n > INQUIRY_LENGTH)
                n = INQUIRY_LENGTH;
        return n < INQUIRY_LENGTH_MIN ? INQUIRY_LENGTH_MIN : (uint8_t)n;
}

int inquiry_decode(const void *bytes, size_t n_bytes, Inquiry *ret_inquiry, Fault *fault) {
        const uint8_t *b = bytes;
        Inquiry inquiry = {};

        if (n_bytes < INQUIRY_LENGTH_MIN)
                return fault_set(fault, FAULT_DRIVE_MALFORMED,
                                 "drive sent %zu bytes of INQUIRY data, wanted 36 or more",
                                 n_bytes);
        if ((b[0] & 0x1f) != TYPE_OPTICAL)
                return fault_set(fault, FAULT_NOT_OPTICAL,
                                 "device is of type %02xh, not an optical drive", b[0] & 0x1fu);
        if (b[0] >> 5 != 0)
                return fault_set(fault, FAULT_DRIVE_GONE,
                                 "the adapter answers for a drive that is not connected "
                                 "(qualifier %u)",
                                 (unsigned)b[0] >> 5);
        /* A bridge that moved nothing and does not say so leaves our own zeros. */
        if (all_zero(b + 8, 28))
                return fault_set(fault, FAULT_DRIVE_MALFORMED,
                                 "drive sent no name and no revision");

        inquiry.n_bytes = meant_length(b, n_bytes);
        memcpy(inquiry.bytes, b, inquiry.n_bytes);
        inquiry.version = b[2];
        memcpy(inquiry.identity, b + 8, IDENTITY_LENGTH);
        memcpy(inquiry.revision, b + 32, 4);
        for (size_t i = 0; i < 4; i++)
                if (inquiry.revision[i] == '\0')
                        inquiry.revision[i] = ' ';
        *ret_inquiry = inquiry;
        return 0;
}
