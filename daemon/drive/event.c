/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drive/event.h"

#include "base/bytes.h"

#define MEDIA_CLASS 4 /* as a number, where EVENT_CLASS_MEDIA is its bit in a mask */

bool event_decode_media(const void *bytes, size_t n_bytes, MediaStatus *ret_status) {
        const uint8_t *b = bytes;

        /* Bit 7: no event of the classes asked for is available, ever. */
        if (n_bytes < EVENT_LENGTH || get_be16(b) < 6 || (b[2] & 0x80) ||
            (b[2] & 0x07) != MEDIA_CLASS)
                return false;
        *ret_status = (MediaStatus){
                .event = b[4] & 0x0f,
                .tray_open = b[5] & 0x01,
                .disc_present = b[5] & 0x02,
        };
        return true;
}
