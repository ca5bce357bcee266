/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GET CONFIGURATION, MODE SENSE, REPORT KEY and events: whatever is accepted is in range, and is
 * what the wire can carry. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "base/text.h"
#include "drive/event.h"
#include "drive/features.h"
#include "drive/mode.h"
#include "drive/region.h"

#define YEAR_MAX 2027

static void check_features(const uint8_t *bytes, size_t n_bytes) {
        Features features;

        if (!features_decode(bytes, n_bytes, YEAR_MAX, &features))
                return;
        REQUIRE(features.class < _CLASS_MAX);
        REQUIRE(text_is_plain(features.serial));
        if (features.firmware_date[0] != '\0') {
                REQUIRE(strspn(features.firmware_date, "0123456789") == 14);
                REQUIRE(features.firmware_date[14] == '\0');
                REQUIRE(memcmp(features.firmware_date, "1994", 4) >= 0);
                REQUIRE(memcmp(features.firmware_date, "2027", 4) <= 0);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
        Capabilities capabilities;
        MediaStatus media;
        Region region;

        check_features(bytes, n_bytes);
        if (mode_decode(bytes, n_bytes, &capabilities))
                REQUIRE(capabilities.class > CLASS_UNKNOWN && capabilities.class < CLASS_BD_ROM);
        if (region_decode(bytes, n_bytes, &region))
                REQUIRE(region.known && region.state <= 3 && region.vendor_resets <= 7 &&
                        region.user_changes <= 7);
        if (event_decode_media(bytes, n_bytes, &media))
                REQUIRE(media.event <= 0x0f);
        return 0;
}
