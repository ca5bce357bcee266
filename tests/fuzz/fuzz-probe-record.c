/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The probe's messages as the daemon reads them: there is one form of each, so that what decodes
 * encodes to the same bytes. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "base/text.h"
#include "wire/probe.h"

static uint8_t again[WIRE_MESSAGE_MAX];

static void check_drive(const DriveRecord *record, const uint8_t *bytes, size_t n_bytes) {
        char key[PROBE_KEY_SIZE];

        REQUIRE(probe_drive_encode(record, again, sizeof(again)) == n_bytes);
        REQUIRE(memcmp(again, bytes, n_bytes) == 0);
        REQUIRE(record->node[0] != '\0' && text_is_plain(record->node));
        REQUIRE(text_is_plain(record->serial) && text_is_plain(record->devpath));
        if (record->fault.code != FAULT_NONE) {
                REQUIRE(record->n_inquiry == 0 && record->serial[0] == '\0');
                return;
        }
        REQUIRE(strlen(record->revision) == 4);
        REQUIRE(memcmp(record->identity, record->inquiry + 8, IDENTITY_LENGTH) == 0);
        if (record->serial[0] || record->devpath[0])
                REQUIRE(probe_drive_key(record, key) == 0 && strlen(key) == 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
        ProbeScan scan;
        DriveRecord record;
        ProbeEnd end;

        if (probe_drive_decode(bytes, n_bytes, &record))
                check_drive(&record, bytes, n_bytes);
        if (probe_scan_decode(bytes, n_bytes, &scan)) {
                REQUIRE(text_is_plain(scan.node) && scan.n_late <= SCAN_LATE_MAX);
                REQUIRE(probe_scan_encode(&scan, again, sizeof(again)) == n_bytes);
                REQUIRE(memcmp(again, bytes, n_bytes) == 0);
        }
        if (probe_end_decode(bytes, n_bytes, &end)) {
                REQUIRE(end.n_drives <= DRIVES_MAX);
                REQUIRE(probe_end_encode(&end, again, sizeof(again)) == n_bytes);
                REQUIRE(memcmp(again, bytes, n_bytes) == 0);
        }
        return 0;
}
