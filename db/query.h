/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One prepared statement in use. Internal to db.
 *
 * Parameters are bound and columns are read in order, and failure is remembered, from the opening on,
 * so that a row is written or read in one go and asked for once: by query_step(), query_run(),
 * query_number() or query_row_done(). A stored row is as hostile as any other input: types, lengths
 * and ranges are checked.
 *
 *     _cleanup_query_ Query query =
 *             query_open(&store->state, "SELECT id FROM drive WHERE node = ?", fault);
 *
 *     bind_text(&query, node);
 *     r = query_step(&query);
 */
#pragma once

#include <stddef.h>

#include "db/database.h"

typedef struct Query {
        Database *database;
        sqlite3_stmt *statement; /* NULL: it could not be opened, and what follows does nothing */
        int failed;              /* why; negative errno */
        CachedStatement *cached; /* NULL: our own, finalized at the end */
        Fault *fault;
        int n_bound;
        int n_read;
        int code; /* first code of a failed bind */
        bool bad; /* a column made no sense */
} Query;

/* SQL must be a literal: its address is the key of the cache. Statements that write assert that a
 * transaction is open. */
Query query_open(Database *database, const char *sql, Fault *fault);
void query_done(Query *query);
#define _cleanup_query_ _cleanup_(query_done)

void bind_int(Query *query, int64_t value);
/* Not copied: must last until the step. */
void bind_text(Query *query, const char *text);
/* A text that is not bounded by its type: longer ones fail. (CHECKs count characters, we bytes.) */
void bind_text_max(Query *query, const char *text, size_t max);
void bind_text_of(Query *query, const char *text, size_t n_bytes);
void bind_blob(Query *query, const void *bytes, size_t n_bytes);

/* 1: a row; 0: no more. */
int query_step(Query *query) _must_check_;
/* A statement without rows; resets for the next binding. */
int query_run(Query *query) _must_check_;
/* A statement whose answer is always one row, with a number in it. */
int query_number(Query *query, int64_t min, int64_t max, int64_t *ret_value) _must_check_;

int64_t column_int(Query *query, int64_t min, int64_t max);
bool column_bool(Query *query);
void column_text(Query *query, char *ret_text, size_t size);
/* In place, until the next step. */
const char *column_text_span(Query *query, size_t max);
const void *column_blob(Query *query, size_t min, size_t max, size_t *ret_n_bytes);
void column_bytes(Query *query, void *ret_bytes, size_t n_bytes);
/* A fault as two columns, code and text; an unknown code is FAULT_INTERNAL. */
void column_fault(Query *query, Fault *ret_fault);
void bind_fault(Query *query, const Fault *fault);

/* 0 if every column of this row was read and made sense. */
int query_row_done(Query *query) _must_check_;
