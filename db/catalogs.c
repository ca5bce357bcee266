/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "db/catalogs.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "db/query.h"

static int delete_by_name(Store *store, const char *sql, const char *name, Fault *fault) {
        _cleanup_query_ Query query = query_open(&store->state, sql, fault);

        bind_text(&query, name);
        return query_run(&query);
}

static int save_mirrors(Store *store, const CatalogRow *row, Fault *fault) {
        _cleanup_query_ Query query = {};
        int r;

        r = delete_by_name(store, "DELETE FROM mirror WHERE catalog = ?", row->name, fault);
        if (r < 0)
                return r;
        query = query_open(
                &store->state,
                "INSERT INTO mirror (catalog, position, url, last_try, version, signed_at, "
                "behind, frozen, fault, fault_text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                fault);
        for (unsigned i = 0; i < row->n_mirrors; i++) {
                const MirrorRow *mirror = &row->mirrors[i];

                bind_text(&query, row->name);
                bind_int(&query, i);
                bind_text(&query, mirror->url);
                bind_int(&query, mirror->last_try);
                bind_int(&query, (int64_t)mirror->version);
                bind_int(&query, mirror->signed_at);
                bind_int(&query, mirror->behind);
                bind_int(&query, mirror->frozen);
                bind_fault(&query, &mirror->fault);
                r = query_run(&query);
                if (r < 0)
                        return r;
        }
        return 0;
}

int catalog_save(Store *store, const CatalogRow *row, Fault *fault) {
        _cleanup_query_ Query query = {};
        int r;

        assert(row->n_mirrors <= MIRRORS_MAX);
        query = query_open(
                &store->state,
                "INSERT INTO catalog (name, last_try, last_ok, timestamp_version, signed_at, "
                "expires, fault, fault_text) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (name) DO UPDATE SET last_try = excluded.last_try, "
                "last_ok = excluded.last_ok, "
                "timestamp_version = excluded.timestamp_version, "
                "signed_at = excluded.signed_at, expires = excluded.expires, "
                "fault = excluded.fault, fault_text = excluded.fault_text",
                fault);
        bind_text(&query, row->name);
        bind_int(&query, row->last_try);
        bind_int(&query, row->last_ok);
        bind_int(&query, (int64_t)row->timestamp_version);
        bind_int(&query, row->signed_at);
        bind_int(&query, row->expires);
        bind_fault(&query, &row->fault);
        r = query_run(&query);
        return r < 0 ? r : save_mirrors(store, row, fault);
}

static int load_mirrors(Store *store, CatalogRow *row, Fault *fault) {
        _cleanup_query_ Query query = query_open(
                &store->state,
                "SELECT url, last_try, version, signed_at, behind, frozen, fault, fault_text "
                "FROM mirror WHERE catalog = ? ORDER BY position",
                fault);
        int r;

        bind_text(&query, row->name);
        while ((r = query_step(&query)) > 0 && row->n_mirrors < MIRRORS_MAX) {
                MirrorRow *mirror = &row->mirrors[row->n_mirrors++];

                column_text(&query, mirror->url, sizeof(mirror->url));
                mirror->last_try = column_int(&query, INT64_MIN, INT64_MAX);
                mirror->version = (uint64_t)column_int(&query, 0, INT64_MAX);
                mirror->signed_at = column_int(&query, INT64_MIN, INT64_MAX);
                mirror->behind = column_bool(&query);
                mirror->frozen = column_bool(&query);
                column_fault(&query, &mirror->fault);
                r = query_row_done(&query);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : 0;
}

static int read_row(Query *query, CatalogRow *ret_row) {
        column_text(query, ret_row->name, sizeof(ret_row->name));
        ret_row->last_try = column_int(query, INT64_MIN, INT64_MAX);
        ret_row->last_ok = column_int(query, INT64_MIN, INT64_MAX);
        ret_row->timestamp_version = (uint64_t)column_int(query, 0, INT64_MAX);
        ret_row->signed_at = column_int(query, INT64_MIN, INT64_MAX);
        ret_row->expires = column_int(query, INT64_MIN, INT64_MAX);
        column_fault(query, &ret_row->fault);
        return query_row_done(query);
}

int catalogs_load(Store *store, CatalogFunction function, void *userdata, Fault *fault) {
        _cleanup_query_ Query query = {};
        _cleanup_free_ CatalogRow *row = NULL;
        int r;

        /* Too large for a stack, with its mirrors. */
        row = malloc(sizeof(*row));
        if (!row) {
                (void)fault_set(fault, FAULT_STORE, "cannot read catalogs: out of memory");
                return -ENOMEM;
        }
        query = query_open(&store->state,
                           "SELECT name, last_try, last_ok, timestamp_version, signed_at, expires, "
                           "fault, fault_text FROM catalog ORDER BY name",
                           fault);
        while ((r = query_step(&query)) > 0) {
                *row = (CatalogRow){};
                r = read_row(&query, row);
                if (r == 0)
                        r = load_mirrors(store, row, fault);
                if (r == 0)
                        r = function(row, userdata);
                if (r != 0)
                        return r;
        }
        return r;
}

int catalog_delete(Store *store, const char *name, Fault *fault) {
        static const char *const statements[] = {
                "DELETE FROM entry WHERE catalog = ?",
                "DELETE FROM metadata WHERE catalog = ?",
                "DELETE FROM catalog WHERE name = ?",
        };

        for (size_t i = 0; i < N_ELEMENTS(statements); i++) {
                int r = delete_by_name(store, statements[i], name, fault);

                if (r < 0)
                        return r;
        }
        return 0;
}
