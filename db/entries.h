/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The index of verified catalog entries, by drive. It is derived: it can be made again from the
 * trusted metadata at any time, and what is flashed is verified from the metadata itself.
 */
#pragma once

#include "base/digest.h"
#include "db/store.h"

typedef struct EntryRow {
        const char *catalog;
        const char *hex24; /* 48 lower-case hex digits */
        const char *path;  /* of the target */
        uint64_t length;
        uint8_t sha256[SHA256_LENGTH];
        const char *json;         /* the entry as verified, or "" if ignored */
        const char *ignored_code; /* name of the fault for which it is not used, or "" */
        const char *ignored_text;
} EntryRow;

typedef int (*EntryFunction)(const EntryRow *row, void *userdata);

/* Replacing all entries of a catalog: entries_clear(), then entry_add() for each, one transaction. */
int entries_clear(Store *store, const char *catalog, Fault *fault) _must_check_;
/* -EEXIST for a path that the catalog already has under this hex24. */
int entry_add(Store *store, const EntryRow *row, Fault *fault) _must_check_;
/* In order of catalog and path; of all catalogs, or of all drives where HEX24 is NULL. */
int entries_load(Store *store, const char *hex24, EntryFunction function, void *userdata,
                 Fault *fault) _must_check_;
