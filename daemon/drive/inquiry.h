/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Standard INQUIRY data (SPC-4 6.4.2): who the drive says it is.
 *
 * Names are matched on the raw 24 bytes 8 to 31: makers leave the vendor field blank or run the
 * name across its border. Bytes 2 and 3 are libata's, not the drive's, and must never be matched.
 * Refused: less than 36 bytes, a device that is not of type 5, and one that is not attached.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "wire/probe.h"

#define INQUIRY_LENGTH_MIN 36
#define INQUIRY_LENGTH     96
#define TYPE_OPTICAL       0x05

typedef struct Inquiry {
        uint8_t bytes[INQUIRY_LENGTH]; /* as they came, zeros after n_bytes */
        uint8_t n_bytes;               /* that the drive meant and that arrived: 36 to 96 */
        uint8_t version;               /* SPC version; 0 and 5 (libata's) say nothing */
        uint8_t identity[IDENTITY_LENGTH];
        char revision[REVISION_SIZE]; /* NULs read as blanks */
} Inquiry;

/* BYTES came with N_BYTES received; the drive's own length field can only make it less. */
int inquiry_decode(const void *bytes, size_t n_bytes, Inquiry *ret_inquiry,
                   Fault *fault) _must_check_;
