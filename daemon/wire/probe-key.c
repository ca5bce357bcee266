/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Apart from the codec, so that discfw-probe, which does not ask for keys, is not linked with
 * OpenSSL. */
#include <errno.h>
#include <string.h>

#include "base/digest.h"
#include "base/hex.h"
#include "wire/probe.h"

int probe_drive_key(const DriveRecord *record, char ret_key[PROBE_KEY_SIZE]) {
        const char *place = record->serial[0] ? record->serial : record->devpath;
        uint8_t text[DEVPATH_SIZE + IDENTITY_LENGTH], digest[SHA256_LENGTH];
        size_t n = strlen(place);
        int r;

        if (record->fault.code != FAULT_NONE || n == 0)
                return -EINVAL;
        memcpy(text, place, n);
        memcpy(text + n, record->identity, IDENTITY_LENGTH);
        r = sha256(text, n + IDENTITY_LENGTH, digest);
        if (r < 0)
                return r;
        hex_encode(digest, sizeof(digest), ret_key);
        return 0;
}
