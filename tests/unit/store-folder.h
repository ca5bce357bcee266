/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A store in a folder of one's own, and what somebody else may do to its files meanwhile. */
#pragma once

#include <sqlite3.h>
#include <string.h>

#include "db/store.h"
#include "tests/unit/folder.h"
#include "tests/unit/test.h"

#define NOW 1700000000

static inline Store *open_store(TestFolder *folder, StoreNews *ret_news) {
        Store *store = NULL;
        Fault fault = {};

        if (store_open(folder->fd, NOW, &store, ret_news, &fault) < 0)
                fail_msg("%s", fault.text);
        return store;
}

/* While no store is open: in another connection, without our checks. */
static inline void run_sql(TestFolder *folder, const char *name, const char *sql) {
        char path[128], *error = NULL;
        sqlite3 *handle;

        (void)snprintf(path, sizeof(path), "%s/%s", folder->path, name);
        assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
        if (sqlite3_exec(handle, sql, NULL, NULL, &error) != SQLITE_OK)
                fail_msg("%s: %s", sql, error);
        assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

/* R is of a call that got FAULT. */
static inline void assert_done(int r, Fault *fault) {
        if (r < 0)
                fail_msg("%s", fault->text);
}

static inline void begin(Store *store) {
        Fault fault = {};

        assert_done(store_begin(store, &fault), &fault);
}

static inline void commit(Store *store) {
        Fault fault = {};

        assert_done(store_commit(store, &fault), &fault);
}
