/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drive/mode.h"

#include "base/bytes.h"

#define HEADER_LENGTH 8

/* The best that it reads, as with profiles: one that reads DVDs and writes CDs is a DVD-ROM. Drives
 * that need this know no profiles, so that Blu-ray does not come up. */
static DriveClass class_of(uint8_t reads, uint8_t writes) {
        if (writes & 0x30)
                return CLASS_DVD_WRITER;
        if (reads & 0x38)
                return CLASS_DVD_ROM;
        return writes & 0x03 ? CLASS_CD_WRITER : CLASS_CD_ROM;
}

bool mode_decode(const void *bytes, size_t n_bytes, Capabilities *ret_capabilities) {
        const uint8_t *page = bytes;
        size_t n = n_bytes, skip;

        if (n < HEADER_LENGTH)
                return false;
        /* The header's length counts what follows itself. */
        if (n > (size_t)get_be16(page) + 2)
                n = (size_t)get_be16(page) + 2;
        skip = HEADER_LENGTH + (size_t)get_be16(page + 6);
        if (n < skip + 2)
                return false;
        page += skip;
        n -= skip;
        if ((page[0] & 0x3f) != MODE_PAGE_CAPABILITIES)
                return false;
        if (n > (size_t)page[1] + 2)
                n = (size_t)page[1] + 2;
        if (n < 7)
                return false;

        *ret_capabilities = (Capabilities){
                .class = class_of(page[2], page[3]),
                .max_read_kbs = n >= 10 ? get_be16(page + 8) : 0,
                .buffer_kib = n >= 14 ? get_be16(page + 12) : 0,
                .max_write_kbs = n >= 20 ? get_be16(page + 18) : 0,
        };
        return true;
}
