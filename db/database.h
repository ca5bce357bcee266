/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One SQLite file and its one connection. Internal to db. */
#pragma once

#include <sqlite3.h>

#include "db/schema.h"
#include "db/store.h"

#define STATEMENTS_MAX 64

typedef struct CachedStatement {
        const char *sql; /* by address: SQL texts are literals */
        sqlite3_stmt *statement;
        bool busy;
} CachedStatement;

typedef struct Database {
        DatabaseKind kind;
        int folder; /* borrowed; also the working folder */
        sqlite3 *handle;
        CachedStatement statements[STATEMENTS_MAX];
        unsigned n_statements;
        bool privileged;     /* the open sequence and checks: PRAGMA and DDL are allowed */
        bool in_transaction; /* the caller believes so */
        bool lost;           /* but the transaction went with an error */
        bool broken;         /* close and open again before the next use */
        bool suspect;        /* and check then: damage was seen */
        bool full;           /* the reserve may be given up for it */
        unsigned n_in_use;   /* queries; the connection cannot be closed below them */
        uint32_t migrated_from;
        bool made;
        char aside[64]; /* name that a damaged disposable file has now */
        Fault aside_why;
} Database;

struct Store {
        int folder;
        int lock;
        Database state;
        Database images;
        bool opened;     /* whole: what is closed now is closed cleanly */
        bool marked;     /* state.db says that it is in use, or was not closed */
        int64_t changes; /* of the connection, when the transaction began */
};

/* Says in state.db that the files are in use, before the first change to either since they were
 * opened: who only reads has nothing to check after it died. Of itself store_commit() does it. */
int store_mark(Store *store, Fault *fault) _must_check_;

/* Opens by the whole sequence. CHECK reads all pages too. A damaged file that is disposable is put
 * aside and made anew; else -EBADMSG. */
int database_open(Database *database, bool check, Fault *fault) _must_check_;
void database_close(Database *database);

/* Opens again if an error broke the connection. Refuses while a transaction is lost. */
int database_ready(Database *database, Fault *fault) _must_check_;

int database_begin(Database *database, Fault *fault) _must_check_;
int database_commit(Database *database, Fault *fault) _must_check_;
void database_rollback(Database *database);

/* PRAGMA quick_check or integrity_check with foreign keys. -EBADMSG if anything is wrong. */
int database_check(Database *database, bool whole, Fault *fault) _must_check_;

/* The fault for an SQLite code, and what follows from it for the connection. Returns negative
 * errno: -ENOSPC, -ENOMEM, -EBADMSG (damaged), -EEXIST (a key is there already), -EINVAL (a CHECK),
 * -EMSGSIZE, -EPERM (denied), -EBUSY, -EIO. */
int database_failed(Database *database, int code, const char *doing, Fault *fault);
const char *database_name(const Database *database);
