/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "db/entries.h"

#include <errno.h>

#include "db/query.h"

int entries_clear(Store *store, const char *catalog, Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->state, "DELETE FROM entry WHERE catalog = ?", fault);

        bind_text(&query, catalog);
        return query_run(&query);
}

int entry_add(Store *store, const EntryRow *row, Fault *fault) {
        _cleanup_query_ Query query = query_open(
                &store->state,
                "INSERT INTO entry (hex24, catalog, path, length, sha256, json, ignored_code, "
                "ignored_text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                fault);

        bind_text_max(&query, row->hex24, 48);
        bind_text_max(&query, row->catalog, CATALOG_NAME_MAX);
        bind_text_max(&query, row->path, TARGET_PATH_MAX);
        bind_int(&query, (int64_t)row->length);
        bind_blob(&query, row->sha256, sizeof(row->sha256));
        bind_text_max(&query, row->json, ENTRY_JSON_MAX);
        bind_text_max(&query, row->ignored_code, 64);
        bind_text_max(&query, row->ignored_text, FAULT_TEXT_MAX - 1);
        return query_run(&query);
}

static int read_row(Query *query, EntryRow *ret_row) {
        ret_row->hex24 = column_text_span(query, 48);
        ret_row->catalog = column_text_span(query, CATALOG_NAME_MAX);
        ret_row->path = column_text_span(query, TARGET_PATH_MAX);
        ret_row->length = (uint64_t)column_int(query, 0, INT64_MAX);
        column_bytes(query, ret_row->sha256, sizeof(ret_row->sha256));
        ret_row->json = column_text_span(query, ENTRY_JSON_MAX);
        ret_row->ignored_code = column_text_span(query, 64);
        ret_row->ignored_text = column_text_span(query, FAULT_TEXT_MAX - 1);
        return query_row_done(query);
}

#define COLUMNS "SELECT hex24, catalog, path, length, sha256, json, ignored_code, ignored_text "

int entries_load(Store *store, const char *hex24, EntryFunction function, void *userdata,
                 Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->state,
                           hex24 ? COLUMNS "FROM entry WHERE hex24 = ? ORDER BY catalog, path"
                                 : COLUMNS "FROM entry ORDER BY hex24, catalog, path",
                           fault);
        int r;

        if (hex24)
                bind_text(&query, hex24);
        while ((r = query_step(&query)) > 0) {
                EntryRow row;

                r = read_row(&query, &row);
                if (r == 0)
                        r = function(&row, userdata);
                if (r != 0)
                        return r;
        }
        return r;
}
