/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A store in a folder of one's own, and what somebody else may do to its files meanwhile. */
#pragma once

#include <sqlite3.h>
#include <string.h>

#include "db/images.h"
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

/* The first column of the first row of QUESTION, while no store is open. */
static inline int64_t ask_sql(TestFolder *folder, const char *name, const char *question) {
        sqlite3_stmt *statement;
        sqlite3 *handle;
        char path[128];
        int64_t answer;

        (void)snprintf(path, sizeof(path), "%s/%s", folder->path, name);
        assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
        assert_int_equal(sqlite3_prepare_v2(handle, question, -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        answer = sqlite3_column_int64(statement, 0);
        assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
        assert_int_equal(sqlite3_close(handle), SQLITE_OK);
        return answer;
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

static inline int is_whole_image(const ImageRow *row, void *userdata) {
        const uint8_t *const *sha256 = userdata;

        return row->complete && memcmp(row->sha256, *sha256, SHA256_LENGTH) == 0;
}

/* It is there, and complete. */
static inline bool has_image(Store *store, const uint8_t sha256[SHA256_LENGTH]) {
        Fault fault = {};
        int r = images_load(store, is_whole_image, &sha256, &fault);

        assert_done(r, &fault);
        return r > 0;
}
