/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Standard INQUIRY data: what is accepted is taken over as it is, and nothing of it but bytes that
 * arrived. Serial numbers are printable and not blank, wherever they come from. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "base/text.h"
#include "drive/identity.h"
#include "drive/inquiry.h"

static void check_serial(const char *serial) {
        REQUIRE(strlen(serial) >= 4 && text_is_plain(serial));
        REQUIRE(serial[0] != ' ' && serial[strlen(serial) - 1] != ' ');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
        char serial[SERIAL_SIZE];
        Inquiry inquiry, again;
        Fault fault = {};

        if (serial_from_page(bytes, n_bytes, serial))
                check_serial(serial);
        (void)page_listed(bytes, n_bytes, 0x80);
        if (inquiry_decode(bytes, n_bytes, &inquiry, &fault) < 0) {
                REQUIRE(fault.code != FAULT_NONE && fault.text[0] != '\0');
                return 0;
        }
        REQUIRE(inquiry.n_bytes >= INQUIRY_LENGTH_MIN && inquiry.n_bytes <= INQUIRY_LENGTH);
        REQUIRE(inquiry.n_bytes <= n_bytes);
        REQUIRE(memcmp(inquiry.bytes, bytes, inquiry.n_bytes) == 0);
        REQUIRE(memcmp(inquiry.identity, bytes + 8, IDENTITY_LENGTH) == 0);
        REQUIRE(strlen(inquiry.revision) == 4);
        for (size_t i = inquiry.n_bytes; i < INQUIRY_LENGTH; i++)
                REQUIRE(inquiry.bytes[i] == 0);
        if (serial_from_field(&inquiry, serial))
                check_serial(serial);
        /* What was kept says the same when it is read again. */
        REQUIRE(inquiry_decode(inquiry.bytes, inquiry.n_bytes, &again, NULL) == 0);
        REQUIRE(again.n_bytes == inquiry.n_bytes);
        REQUIRE(memcmp(again.bytes, inquiry.bytes, INQUIRY_LENGTH) == 0);
        return 0;
}
