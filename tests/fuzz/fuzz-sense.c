/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whatever sense a drive sends has a key, a class at every stage, words that are fit to be shown, and
 * a fault. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "base/text.h"
#include "drive/sense.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
        Sense sense = {};
        char text[SENSE_TEXT_SIZE];

        if (!sense_decode(bytes, n_bytes, &sense)) {
                REQUIRE(!sense.present);
                return 0;
        }
        REQUIRE(sense.present && sense.key <= 0x0f);
        for (Stage stage = 0; stage < _STAGE_MAX; stage++)
                REQUIRE(sense_class(&sense, stage) < _SENSE_CLASS_MAX);
        REQUIRE(fault_code_valid(sense_fault(&sense)) && sense_fault(&sense) != FAULT_NONE);
        sense_text(&sense, text, sizeof(text));
        REQUIRE(text_is_plain(text) && strlen(text) > strlen("5/20/00 "));
        /* Nothing of it is cut. */
        REQUIRE(strlen(text) + 1 < sizeof(text));
        return 0;
}
