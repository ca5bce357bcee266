/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What this helper has seen of a catalog, and below which it does not go again: versions of the
 * roles, and the time that the timestamp was signed. Kept in the helper's own folder, one file a
 * catalog, so that a taken-over daemon cannot bring back a catalog of last year.
 *
 * Versions are compared only under the same root: a new root may replace keys, and what was signed
 * by lost keys may then rightly be followed by lower numbers (TUF 5.3.11). The time of a catalog is
 * taken from what is signed in it, never from our own clock. A file that cannot be read refuses
 * everything, and says so: it is ours, and was written whole.
 */
#pragma once

#include <stdint.h>

#include "base/fault.h"

typedef struct Floor {
        int64_t root, timestamp, snapshot, targets; /* versions */
        int64_t signed_at;                          /* seconds since the epoch; 0 if never stated */
} Floor;

/* RET_FLOOR is all zeros if the catalog was never seen. FAULT_STORE. */
int floor_read(int folder, const char *catalog, Floor *ret_floor, Fault *fault) _must_check_;

/* FAULT_CATALOG_ROLLED_BACK if NOW_SEEN lies below FLOOR. */
int floor_check(const Floor *floor, const Floor *seen, const char *catalog,
                Fault *fault) _must_check_;

/* On disk when it returns. */
int floor_write(int folder, const char *catalog, const Floor *floor, Fault *fault) _must_check_;
