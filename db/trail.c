/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "db/trail.h"

#include <errno.h>
#include <string.h>

#include "db/drives.h"
#include "db/query.h"

int trail_insert(Store *store, const TrailRow *row, Fault *fault) {
        _cleanup_query_ Query query = query_open(
                &store->state, "INSERT INTO audit (seq, drive, entry) VALUES (?, ?, ?)", fault);

        bind_int(&query, row->seq);
        bind_text(&query, row->drive_id);
        bind_text_of(&query, row->entry, row->n_entry);
        return query_run(&query);
}

int trail_size(Store *store, int64_t *ret_size, Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->state, "SELECT coalesce(max(seq), 0) FROM audit", fault);

        return query_number(&query, 0, INT64_MAX, ret_size);
}

static int walk(Query *query, TrailFunction function, void *userdata) {
        int r;

        while ((r = query_step(query)) > 0) {
                TrailRow row;

                row.seq = column_int(query, INT64_MIN, INT64_MAX);
                row.drive_id = column_text_span(query, DRIVE_ID_SIZE - 1);
                row.entry = column_text_span(query, TRAIL_ENTRY_MAX);
                row.n_entry = strlen(row.entry);
                r = query_row_done(query);
                if (r == 0)
                        r = function(&row, userdata);
                if (r != 0)
                        return r;
        }
        return r;
}

int trail_load(Store *store, TrailFunction function, void *userdata, Fault *fault) {
        _cleanup_query_ Query query = query_open(
                &store->state, "SELECT seq, drive, entry FROM audit ORDER BY seq", fault);

        return walk(&query, function, userdata);
}

int trail_load_before(Store *store, const char *drive_id, int64_t before, unsigned limit,
                      TrailFunction function, void *userdata, Fault *fault) {
        _cleanup_query_ Query query = query_open(
                &store->state,
                drive_id ? "SELECT seq, drive, entry FROM audit WHERE drive = ? AND seq < ? "
                           "ORDER BY seq DESC LIMIT ?"
                         : "SELECT seq, drive, entry FROM audit WHERE seq < ? "
                           "ORDER BY seq DESC LIMIT ?",
                fault);

        if (drive_id)
                bind_text(&query, drive_id);
        bind_int(&query, before > 0 ? before : INT64_MAX);
        bind_int(&query, limit);
        return walk(&query, function, userdata);
}

int trail_node_insert(Store *store, unsigned level, uint64_t index,
                      const uint8_t hash[SHA256_LENGTH], Fault *fault) {
        _cleanup_query_ Query query = query_open(
                &store->state, "INSERT INTO audit_node (level, position, hash) VALUES (?, ?, ?)",
                fault);

        bind_int(&query, level);
        bind_int(&query, (int64_t)index);
        bind_blob(&query, hash, SHA256_LENGTH);
        return query_run(&query);
}

int trail_node_load(Store *store, unsigned level, uint64_t index, uint8_t ret_hash[SHA256_LENGTH],
                    Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->state,
                           "SELECT hash FROM audit_node WHERE level = ? AND position = ?", fault);
        uint8_t hash[SHA256_LENGTH];
        int r;

        bind_int(&query, level);
        bind_int(&query, (int64_t)index);
        r = query_step(&query);
        if (r <= 0)
                return r;
        column_bytes(&query, hash, sizeof(hash));
        r = query_row_done(&query);
        if (r < 0)
                return r;
        memcpy(ret_hash, hash, sizeof(hash));
        return 1;
}

/* Heads and keys: a number and a text. SQL is a literal, as query_open() wants it. */
static int insert_note(Store *store, const char *sql, int64_t size, const char *note,
                       Fault *fault) {
        _cleanup_query_ Query query = query_open(&store->state, sql, fault);

        bind_int(&query, size);
        bind_text(&query, note);
        return query_run(&query);
}

static int load_notes(Store *store, const char *sql, TrailNoteFunction function, void *userdata,
                      Fault *fault) {
        _cleanup_query_ Query query = query_open(&store->state, sql, fault);
        int r;

        while ((r = query_step(&query)) > 0) {
                int64_t size = column_int(&query, INT64_MIN, INT64_MAX);
                const char *note = column_text_span(&query, TRAIL_NOTE_MAX);

                r = query_row_done(&query);
                if (r == 0)
                        r = function(size, note, userdata);
                if (r != 0)
                        return r;
        }
        return r;
}

int trail_head_insert(Store *store, int64_t size, const char *note, Fault *fault) {
        return insert_note(
                store, "INSERT INTO audit_head (size, note) VALUES (?, ?) ON CONFLICT DO NOTHING",
                size, note, fault);
}

int trail_heads_load(Store *store, TrailNoteFunction function, void *userdata, Fault *fault) {
        return load_notes(store, "SELECT size, note FROM audit_head ORDER BY size", function,
                          userdata, fault);
}

int trail_key_insert(Store *store, int64_t seq, const char *key, Fault *fault) {
        return insert_note(store,
                           "INSERT INTO audit_key (seq, key) VALUES (?, ?) ON CONFLICT DO NOTHING",
                           seq, key, fault);
}

int trail_keys_load(Store *store, TrailNoteFunction function, void *userdata, Fault *fault) {
        return load_notes(store, "SELECT seq, key FROM audit_key ORDER BY seq", function, userdata,
                          fault);
}
