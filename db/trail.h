/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables of the audit trail. Insert and read only: the authorizer of the store denies anything
 * else. What the bytes mean is daemon/audit's affair.
 */
#pragma once

#include <stddef.h>

#include "base/digest.h"
#include "db/store.h"

#define TRAIL_ENTRY_MAX 16384
#define TRAIL_NOTE_MAX  1024

typedef struct TrailRow {
        int64_t seq;          /* from 1, without gaps if nobody meddled */
        const char *drive_id; /* "" if the entry is about no drive */
        const void *entry;    /* canonical bytes; the leaf */
        size_t n_entry;
} TrailRow;

typedef int (*TrailFunction)(const TrailRow *row, void *userdata);
typedef int (*TrailNoteFunction)(int64_t number, const char *text, void *userdata);

int trail_insert(Store *store, const TrailRow *row, Fault *fault) _must_check_;
/* The highest seq, 0 if empty. */
int trail_size(Store *store, int64_t *ret_size, Fault *fault) _must_check_;
/* Oldest first, all. */
int trail_load(Store *store, TrailFunction function, void *userdata, Fault *fault) _must_check_;
/* Newest first, seq < BEFORE (0: from the end), at most LIMIT; of one drive, or all where NULL. */
int trail_load_before(Store *store, const char *drive_id, int64_t before, unsigned limit,
                      TrailFunction function, void *userdata, Fault *fault) _must_check_;

/* Roots of complete subtrees: LEVEL 0 is a leaf hash, INDEX counts from 0 within the level. */
int trail_node_insert(Store *store, unsigned level, uint64_t index,
                      const uint8_t hash[SHA256_LENGTH], Fault *fault) _must_check_;
/* 1, or 0 if it is not there. */
int trail_node_load(Store *store, unsigned level, uint64_t index, uint8_t ret_hash[SHA256_LENGTH],
                    Fault *fault) _must_check_;

/* Signed heads, in order of size; and the keys that signed them, in order of insertion, each with the
 * seq of the entry that announced it (an index: only the entries are believed). A head or key that is
 * there already is left alone. */
int trail_head_insert(Store *store, int64_t size, const char *note, Fault *fault) _must_check_;
int trail_heads_load(Store *store, TrailNoteFunction function, void *userdata,
                     Fault *fault) _must_check_;
int trail_key_insert(Store *store, int64_t seq, const char *key, Fault *fault) _must_check_;
int trail_keys_load(Store *store, TrailNoteFunction function, void *userdata,
                    Fault *fault) _must_check_;
