/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "db/schema.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

DEFINE_CLEANUP(sqlite3 *, sqlite3_close)
DEFINE_CLEANUP(sqlite3_stmt *, sqlite3_finalize)

uint32_t schema_newest(DatabaseKind kind) {
        uint32_t newest = 0;

        for (const Migration *m = migrations; m->name; m++)
                if (m->kind == kind)
                        newest = m->version;
        assert(newest > 0);
        return newest;
}

bool schema_known(DatabaseKind kind, uint32_t version) {
        for (const Migration *m = migrations; m->name; m++)
                if (m->kind == kind && m->version == version)
                        return true;
        return version == 0;
}

static int take_step(sqlite3 *handle, const Migration *step, uint32_t application_id) {
        char text[128];
        int rc;

        rc = sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        if (rc != SQLITE_OK)
                return rc;
        (void)snprintf(text, sizeof(text), "PRAGMA application_id=%u;PRAGMA user_version=%u;COMMIT",
                       application_id, step->version);
        rc = sqlite3_exec(handle, step->sql, NULL, NULL, NULL);
        if (rc == SQLITE_OK)
                rc = sqlite3_exec(handle, text, NULL, NULL, NULL);
        if (rc != SQLITE_OK && !sqlite3_get_autocommit(handle))
                (void)sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
        return rc;
}

static int take_steps(sqlite3 *handle, DatabaseKind kind, uint32_t after, uint32_t until,
                      uint32_t application_id) {
        for (const Migration *m = migrations; m->name; m++) {
                int rc;

                if (m->kind != kind || m->version <= after || m->version > until)
                        continue;
                rc = take_step(handle, m, application_id);
                if (rc != SQLITE_OK)
                        return rc;
        }
        return SQLITE_OK;
}

int schema_migrate(sqlite3 *handle, DatabaseKind kind, uint32_t version, uint32_t application_id) {
        return take_steps(handle, kind, version, schema_newest(kind), application_id);
}

/* Both lists in one order. Objects that SQLite makes by itself have no text. */
static const char objects[] = "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema "
                              "WHERE name <> 'sqlite_sequence' AND name NOT GLOB 'sqlite_stat*' "
                              "ORDER BY type, name";

static bool same_row(sqlite3_stmt *a, sqlite3_stmt *b) {
        for (int i = 0; i < 4; i++) {
                const char *x = (const char *)sqlite3_column_text(a, i);
                const char *y = (const char *)sqlite3_column_text(b, i);

                if (!x || !y || strcmp(x, y) != 0)
                        return false;
        }
        return true;
}

static int differs(sqlite3_stmt *found, bool extra, Fault *fault) {
        char name[65];

        (void)snprintf(name, sizeof(name), "%s",
                       (const char *)sqlite3_column_text(found, 1) ?: "?");
        (void)fault_set(fault, FAULT_STORE, "schema %s \"%s\"",
                        extra ? "is foreign or altered at" : "lacks", name);
        return -EBADMSG;
}

static int step(sqlite3_stmt *statement, int *ret_code) {
        int rc = sqlite3_step(statement);

        if (rc == SQLITE_ROW)
                return 1;
        if (rc == SQLITE_DONE)
                return 0;
        *ret_code = rc;
        return -EIO;
}

/* Each text with its end, so that none can pass for two. */
static int digest_objects(sqlite3_stmt *found, Digest *digest) {
        int rc;

        for (rc = sqlite3_step(found); rc == SQLITE_ROW; rc = sqlite3_step(found))
                for (int i = 0; i < 4; i++) {
                        const char *text = (const char *)sqlite3_column_text(found, i) ?: "";

                        if (digest_update(digest, text, strlen(text) + 1) < 0)
                                return SQLITE_ERROR;
                }
        return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int schema_digest(sqlite3 *handle, char ret_digest[2 * SHA256_LENGTH + 1]) {
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *found = NULL;
        _cleanup_(digest_freep) Digest *digest = NULL;
        uint8_t sum[SHA256_LENGTH];
        int rc;

        rc = sqlite3_prepare_v2(handle, objects, -1, &found, NULL);
        if (rc == SQLITE_OK && digest_begin(&digest) < 0)
                rc = SQLITE_NOMEM;
        if (rc == SQLITE_OK)
                rc = digest_objects(found, digest);
        if (rc == SQLITE_OK && digest_end(TAKE(digest), sum) < 0)
                rc = SQLITE_ERROR;
        if (rc == SQLITE_OK)
                hex_encode(sum, sizeof(sum), ret_digest);
        return rc;
}

static bool is_known_digest(DatabaseKind kind, uint32_t version, const char *digest) {
        for (const Migration *m = migrations; m->name; m++)
                if (m->kind == kind && m->version == version)
                        return strcmp(m->digest, digest) == 0;
        return false;
}

static int compare_texts(sqlite3 *handle, DatabaseKind kind, uint32_t version, int *ret_code,
                         Fault *fault) {
        _cleanup_(sqlite3_closep) sqlite3 *model = NULL;
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *found = NULL, *wanted = NULL;
        int rc, a, b;

        rc = sqlite3_open_v2(":memory:", &model, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, NULL);
        if (rc == SQLITE_OK)
                rc = take_steps(model, kind, 0, version, 0);
        if (rc == SQLITE_OK)
                rc = sqlite3_prepare_v2(model, objects, -1, &wanted, NULL);
        if (rc == SQLITE_OK)
                rc = sqlite3_prepare_v2(handle, objects, -1, &found, NULL);
        if (rc != SQLITE_OK) {
                *ret_code = rc;
                return -EIO;
        }
        do {
                a = step(found, ret_code);
                b = step(wanted, ret_code);
                if (a < 0 || b < 0)
                        return -EIO;
                if (a > 0 && (b == 0 || !same_row(found, wanted)))
                        return differs(found, true, fault);
                if (a == 0 && b > 0)
                        return differs(wanted, false, fault);
        } while (a > 0);
        return 0;
}

int schema_compare(sqlite3 *handle, DatabaseKind kind, uint32_t version, int *ret_code,
                   Fault *fault) {
        char digest[2 * SHA256_LENGTH + 1];
        int rc = schema_digest(handle, digest);

        if (rc != SQLITE_OK) {
                *ret_code = rc;
                return -EIO;
        }
        if (is_known_digest(kind, version, digest))
                return 0;
        return compare_texts(handle, kind, version, ret_code, fault); /* and say where */
}
