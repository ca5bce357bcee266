/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mode page 2Ah, capabilities and mechanical status: obsolete since MMC-4, and in nearly every
 * drive; the only thing that the oldest ones tell (MMC-3 5.5.10). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/probe.h"

#define MODE_PAGE_CAPABILITIES 0x2a
#define MODE_LENGTH            128 /* to ask for: header, block descriptors, page */

typedef struct Capabilities {
        DriveClass class;
        uint16_t max_read_kbs; /* 0 unknown, here and below */
        uint16_t max_write_kbs;
        uint16_t buffer_kib;
} Capabilities;

/* The answer to MODE SENSE(10), header included. False if page 2Ah is not in it, or cut short
 * before its seventh byte. */
bool mode_decode(const void *bytes, size_t n_bytes, Capabilities *ret_capabilities);
