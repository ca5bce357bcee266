/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the headers of an answer say about its body. A mirror chose every byte of them: what cannot
 * be read is as if it was not there, and what claims too much is refused.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wire/fetch.h"

typedef struct ContentRange {
        uint64_t first;
        uint64_t last;
        uint64_t total; /* 0: the mirror did not say ("*") */
} ContentRange;

/* "bytes 100-199/200" (RFC 9110 section 14.4), nothing before and nothing behind. False for
 * anything else, also for an unsatisfied range and for one that ends before it begins or past its
 * own total. */
bool content_range_parse(const char *value, ContentRange *ret_range);

/* A length as RFC 9110 section 8.6 has it: digits only. */
bool content_length_parse(const char *value, uint64_t *ret_length);

/* Copies a strong validator (RFC 9110 section 8.8.3): quoted, no "W/" in front, printable, and short
 * enough for the wire. Anything else is no validator, and RET_ETAG is "". */
void etag_parse(const char *value, char ret_etag[ETAG_SIZE]);
