/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "db/query.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static int prepare(Database *database, const char *sql, sqlite3_stmt **ret_statement,
                   Fault *fault) {
        int rc = sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                    ret_statement, NULL);

        return rc == SQLITE_OK ? 0 : database_failed(database, rc, "prepare a statement", fault);
}

static CachedStatement *find_cached(Database *database, const char *sql) {
        for (unsigned i = 0; i < database->n_statements; i++)
                if (database->statements[i].sql == sql)
                        return &database->statements[i];
        return NULL;
}

/* A statement that is in use, since a callback asks the same of another row, is prepared once more. */
static int take_statement(Database *database, const char *sql, sqlite3_stmt **ret_statement,
                          CachedStatement **ret_cached, Fault *fault) {
        CachedStatement *cached;
        int r;

        r = database_ready(database, fault);
        if (r < 0)
                return r;
        cached = find_cached(database, sql);
        if (cached && !cached->busy) {
                *ret_statement = cached->statement;
        } else {
                r = prepare(database, sql, ret_statement, fault);
                if (r < 0)
                        return r;
                if (!cached && database->n_statements < STATEMENTS_MAX) {
                        cached = &database->statements[database->n_statements++];
                        *cached = (CachedStatement){ .sql = sql, .statement = *ret_statement };
                } else
                        cached = NULL;
        }
        if (cached)
                cached->busy = true;
        *ret_cached = cached;
        return 0;
}

Query query_open(Database *database, const char *sql, Fault *fault) {
        Query query = { .database = database, .fault = fault };

        query.failed = take_statement(database, sql, &query.statement, &query.cached, fault);
        if (query.failed < 0)
                return query;
        database->n_in_use++;
        assert(sqlite3_stmt_readonly(query.statement) || database->in_transaction);
        return query;
}

void query_done(Query *query) {
        if (!query->statement)
                return;
        query->database->n_in_use--;
        if (query->cached) {
                (void)sqlite3_reset(query->statement);
                (void)sqlite3_clear_bindings(query->statement);
                query->cached->busy = false;
        } else
                (void)sqlite3_finalize(query->statement);
        *query = (Query){};
}

/* Its first failure is what a query fails with. */
static void bound(Query *query, int code) {
        if (query->code == SQLITE_OK)
                query->code = code;
}

void bind_int(Query *query, int64_t value) {
        if (query->statement)
                bound(query, sqlite3_bind_int64(query->statement, ++query->n_bound, value));
}

void bind_text(Query *query, const char *text) {
        bind_text_of(query, text, strlen(text));
}

void bind_text_max(Query *query, const char *text, size_t max) {
        bind_text(query, text);
        if (strlen(text) > max)
                bound(query, SQLITE_TOOBIG);
}

void bind_text_of(Query *query, const char *text, size_t n_bytes) {
        if (query->statement)
                bound(query, sqlite3_bind_text64(query->statement, ++query->n_bound, text, n_bytes,
                                                 SQLITE_STATIC, SQLITE_UTF8));
}

void bind_blob(Query *query, const void *bytes, size_t n_bytes) {
        /* No bytes are an empty blob, not NULL. */
        if (query->statement)
                bound(query, sqlite3_bind_blob64(query->statement, ++query->n_bound,
                                                 n_bytes ? bytes : "", n_bytes, SQLITE_STATIC));
}

void bind_fault(Query *query, const Fault *fault) {
        bind_int(query, fault->code);
        bind_text(query, fault->text);
}

int query_step(Query *query) {
        int rc = query->code;

        if (query->failed < 0)
                return query->failed;
        if (rc == SQLITE_OK) {
                assert(query->n_bound == sqlite3_bind_parameter_count(query->statement));
                rc = sqlite3_step(query->statement);
        }
        query->n_read = 0;
        query->bad = false;
        if (rc == SQLITE_ROW)
                return 1;
        if (rc == SQLITE_DONE)
                return 0;
        return database_failed(query->database, rc,
                               sqlite3_stmt_readonly(query->statement) ? "read" : "write",
                               query->fault);
}

int query_run(Query *query) {
        int r = query_step(query);

        assert(r <= 0);
        if (r < 0)
                return r;
        (void)sqlite3_reset(query->statement);
        query->n_bound = 0;
        return 0;
}

int query_number(Query *query, int64_t min, int64_t max, int64_t *ret_value) {
        int64_t value;
        int r;

        r = query_step(query);
        if (r < 0)
                return r;
        assert(r > 0);
        value = column_int(query, min, max);
        r = query_row_done(query);
        if (r == 0)
                *ret_value = value;
        return r;
}

static bool next_is(Query *query, int type, int *ret_column) {
        *ret_column = query->n_read++;
        if (sqlite3_column_type(query->statement, *ret_column) == type)
                return true;
        query->bad = true;
        return false;
}

int64_t column_int(Query *query, int64_t min, int64_t max) {
        int column;
        int64_t value;

        if (!next_is(query, SQLITE_INTEGER, &column))
                return min;
        value = sqlite3_column_int64(query->statement, column);
        if (value < min || value > max) {
                query->bad = true;
                return min;
        }
        return value;
}

bool column_bool(Query *query) {
        return column_int(query, 0, 1) != 0;
}

const char *column_text_span(Query *query, size_t max) {
        const char *text;
        size_t n;
        int column;

        if (!next_is(query, SQLITE_TEXT, &column))
                return "";
        text = (const char *)sqlite3_column_text(query->statement, column);
        n = (size_t)sqlite3_column_bytes(query->statement, column);
        if (!text || n > max || strlen(text) != n) {
                query->bad = true;
                return "";
        }
        return text;
}

void column_text(Query *query, char *ret_text, size_t size) {
        const char *text = column_text_span(query, size - 1);

        memcpy(ret_text, text, strlen(text) + 1);
}

const void *column_blob(Query *query, size_t min, size_t max, size_t *ret_n_bytes) {
        const void *bytes;
        size_t n;
        int column;

        *ret_n_bytes = 0;
        if (!next_is(query, SQLITE_BLOB, &column))
                return NULL;
        bytes = sqlite3_column_blob(query->statement, column);
        n = (size_t)sqlite3_column_bytes(query->statement, column);
        if (n < min || n > max || (n > 0 && !bytes)) {
                query->bad = true;
                return NULL;
        }
        *ret_n_bytes = n;
        return bytes;
}

void column_bytes(Query *query, void *ret_bytes, size_t n_bytes) {
        size_t n;
        const void *bytes = column_blob(query, n_bytes, n_bytes, &n);

        if (bytes)
                memcpy(ret_bytes, bytes, n_bytes);
        else
                memset(ret_bytes, 0, n_bytes);
}

void column_fault(Query *query, Fault *ret_fault) {
        uint32_t code = (uint32_t)column_int(query, 0, UINT16_MAX);

        ret_fault->code =
                fault_code_valid(code) || code == FAULT_NONE ? (FaultCode)code : FAULT_INTERNAL;
        column_text(query, ret_fault->text, sizeof(ret_fault->text));
}

int query_row_done(Query *query) {
        if (!query->bad) {
                assert(query->n_read == sqlite3_column_count(query->statement));
                return 0;
        }
        (void)fault_set(query->fault, FAULT_STORE, "%s: a row makes no sense to \"%.100s\"",
                        database_name(query->database), sqlite3_sql(query->statement));
        return -EBADMSG;
}
