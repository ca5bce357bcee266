/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The schema: steps that lead to it, and whether a file has exactly it. Internal to db.
 *
 * The steps are schema/sql/NNNN-DATABASE*.sql, embedded at build time; user_version is the number of
 * the last one that was taken. What a schema has to look like is found by taking the same steps in
 * memory, so that there is no second copy of the text that could differ. That takes as long as all else
 * that is done to open a file; so each step also says, in a line "-- schema: HEX", which digest the
 * schema has after it, and a file with this digest is compared no further.
 */
#pragma once

#include <sqlite3.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/fault.h"
#include "base/hex.h"

typedef enum DatabaseKind {
        DATABASE_STATE = 0,
        DATABASE_IMAGES,
        _DATABASE_MAX,
} DatabaseKind;

typedef struct Migration {
        uint32_t version;
        DatabaseKind kind;
        const char *name;
        const char *sql;
        const char *digest; /* of what schema_digest() reads, after this step */
} Migration;

extern const Migration migrations[]; /* in order of version; name NULL ends */

/* The version that this program wants. */
uint32_t schema_newest(DatabaseKind kind);
/* A version that some program had. */
bool schema_known(DatabaseKind kind, uint32_t version);

/* Goes from VERSION (0: empty) to the newest, one transaction a step. Returns 0 or an SQLite code. */
int schema_migrate(sqlite3 *handle, DatabaseKind kind, uint32_t version,
                   uint32_t application_id) _must_check_;

/* SHA-256 over all objects and their texts. Returns 0 or an SQLite code. */
int schema_digest(sqlite3 *handle, char ret_digest[2 * SHA256_LENGTH + 1]) _must_check_;

/* Whether the file has the objects of VERSION and no others, text by text. Returns 0; -EBADMSG and a
 * fault if not; other negative errno and no fault if it cannot be told, with the code in RET_CODE. */
int schema_compare(sqlite3 *handle, DatabaseKind kind, uint32_t version, int *ret_code,
                   Fault *fault) _must_check_;
