/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The answer to GET CONFIGURATION (MMC-6 6.5, features in 5.3): what the drive can do.
 *
 * A drive's lengths are not believed: the walk ends at what arrived or at what the drive said,
 * whichever is less, and at the first descriptor whose length is not a multiple of 4 or runs over.
 * What came before that still counts. Serial numbers of blanks and dates of nonsense, both of which
 * are common, read as "not stated".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/probe.h"

#define FEATURES_LENGTH 2048 /* to ask for: the longest answers seen are below 600 */

typedef struct Features {
        uint16_t profile;         /* current; 0 none */
        DriveClass class;         /* the best of the profile list; CLASS_UNKNOWN without one */
        uint32_t interface;       /* feature 0001h; 0 where absent */
        bool upgradable;          /* feature 0104h; its absence proves nothing */
        char serial[SERIAL_SIZE]; /* feature 0108h, cleaned; "" if not stated */
        char firmware_date[15];   /* feature 010Ch, "YYYYMMDDhhmmss"; "" if not stated */
} Features;

/* YEAR_MAX is the last year that a firmware date may name. False if even the 8-byte header is
 * missing; a header with nothing behind it is an answer. */
bool features_decode(const void *bytes, size_t n_bytes, unsigned year_max, Features *ret_features);
