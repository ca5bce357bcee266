/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drive/region.h"

#include "base/bytes.h"

bool region_decode(const void *bytes, size_t n_bytes, Region *ret_region) {
        const uint8_t *b = bytes;

        if (n_bytes < REGION_LENGTH || get_be16(b) < 6)
                return false;
        *ret_region = (Region){
                .known = true,
                .state = b[4] >> 6,
                .vendor_resets = b[4] >> 3 & 0x07,
                .user_changes = b[4] & 0x07,
                .mask = b[5],
                .scheme = b[6],
        };
        return true;
}
