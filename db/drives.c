/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "db/drives.h"

#include <errno.h>
#include <string.h>

#include "db/query.h"

static int add_key(Store *store, const char *id, const char *key, int64_t now, Fault *fault) {
        _cleanup_query_ Query query = {};
        char owner[DRIVE_ID_SIZE];
        int r;

        r = drive_find_key(store, key, owner, fault);
        if (r < 0)
                return r;
        if (r > 0) {
                if (strcmp(owner, id) == 0)
                        return 0;
                (void)fault_set(fault, FAULT_STORE, "drive %s cannot have the key of drive %s", id,
                                owner);
                return -EEXIST;
        }
        query = query_open(&store->state,
                           "INSERT INTO drive_key (key, drive, since) VALUES (?, ?, ?)", fault);
        bind_text(&query, key);
        bind_text(&query, id);
        bind_int(&query, now);
        return query_run(&query);
}

/* Nobody has a use for "wanted" yet: a migration for its sake would shut earlier versions out. */
int drive_save(Store *store, const DriveRow *row, Fault *fault) {
        _cleanup_query_ Query query = query_open(
                &store->state,
                "INSERT INTO drive (id, key, node, block, devpath, hex24, revision, serial, model, "
                "attachment, class, record, first_seen, last_seen, attached, held, held_reason, "
                "attention, attention_job, done, errors, timeouts, wanted) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '') "
                "ON CONFLICT (id) DO UPDATE SET key = excluded.key, node = excluded.node, "
                "block = excluded.block, devpath = excluded.devpath, hex24 = excluded.hex24, "
                "revision = excluded.revision, serial = excluded.serial, model = excluded.model, "
                "attachment = excluded.attachment, class = excluded.class, "
                "record = excluded.record, first_seen = excluded.first_seen, "
                "last_seen = excluded.last_seen, attached = excluded.attached, "
                "held = excluded.held, held_reason = excluded.held_reason, "
                "attention = excluded.attention, attention_job = excluded.attention_job, "
                "done = excluded.done, errors = excluded.errors, timeouts = excluded.timeouts",
                fault);
        int r;

        bind_text(&query, row->id);
        bind_text(&query, row->key);
        bind_text(&query, row->node);
        bind_text(&query, row->block);
        bind_text(&query, row->devpath);
        bind_text(&query, row->hex24);
        bind_text(&query, row->revision);
        bind_text(&query, row->serial);
        bind_text(&query, row->model);
        bind_text(&query, row->attachment);
        bind_text(&query, row->class);
        bind_blob(&query, row->record, row->n_record);
        bind_int(&query, row->first_seen);
        bind_int(&query, row->last_seen);
        bind_int(&query, row->attached);
        bind_int(&query, row->held);
        bind_text(&query, row->held_reason);
        bind_text(&query, row->attention);
        bind_int(&query, row->attention_job);
        bind_int(&query, row->done);
        bind_int(&query, row->errors);
        bind_int(&query, row->timeouts);
        r = query_run(&query);
        return r < 0 ? r : add_key(store, row->id, row->key, row->last_seen, fault);
}

static int read_row(Query *query, DriveRow *ret_row) {
        column_text(query, ret_row->id, sizeof(ret_row->id));
        column_text(query, ret_row->key, sizeof(ret_row->key));
        column_text(query, ret_row->node, sizeof(ret_row->node));
        column_text(query, ret_row->block, sizeof(ret_row->block));
        column_text(query, ret_row->devpath, sizeof(ret_row->devpath));
        column_text(query, ret_row->hex24, sizeof(ret_row->hex24));
        column_text(query, ret_row->revision, sizeof(ret_row->revision));
        column_text(query, ret_row->serial, sizeof(ret_row->serial));
        column_text(query, ret_row->model, sizeof(ret_row->model));
        column_text(query, ret_row->attachment, sizeof(ret_row->attachment));
        column_text(query, ret_row->class, sizeof(ret_row->class));
        ret_row->record = column_blob(query, 0, DRIVE_RECORD_MAX, &ret_row->n_record);
        ret_row->first_seen = column_int(query, INT64_MIN, INT64_MAX);
        ret_row->last_seen = column_int(query, INT64_MIN, INT64_MAX);
        ret_row->attached = column_bool(query);
        ret_row->held = column_bool(query);
        column_text(query, ret_row->held_reason, sizeof(ret_row->held_reason));
        column_text(query, ret_row->attention, sizeof(ret_row->attention));
        ret_row->attention_job = column_int(query, 0, INT64_MAX);
        ret_row->done = column_int(query, INT64_MIN, INT64_MAX);
        ret_row->errors = column_int(query, INT64_MIN, INT64_MAX);
        ret_row->timeouts = column_int(query, INT64_MIN, INT64_MAX);
        return query_row_done(query);
}

int drives_load(Store *store, DriveFunction function, void *userdata, Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->state,
                           "SELECT id, key, node, block, devpath, hex24, revision, serial, model, "
                           "attachment, class, record, first_seen, last_seen, attached, held, "
                           "held_reason, attention, attention_job, done, errors, timeouts "
                           "FROM drive ORDER BY first_seen, id",
                           fault);
        int r;

        while ((r = query_step(&query)) > 0) {
                DriveRow row;

                r = read_row(&query, &row);
                if (r == 0)
                        r = function(&row, userdata);
                if (r != 0)
                        return r;
        }
        return r;
}

int drive_set_attached(Store *store, const char *id, bool attached, int64_t now, Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->state,
                           id ? "UPDATE drive SET attached = ?, last_seen = ? WHERE id = ?"
                              : "UPDATE drive SET attached = ?",
                           fault);

        bind_int(&query, attached);
        if (id) {
                bind_int(&query, now);
                bind_text(&query, id);
        }
        return query_run(&query);
}

int drive_find_key(Store *store, const char *key, char ret_id[DRIVE_ID_SIZE], Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->state, "SELECT drive FROM drive_key WHERE key = ?", fault);
        char id[DRIVE_ID_SIZE];
        int r;

        bind_text(&query, key);
        r = query_step(&query);
        if (r <= 0)
                return r;
        column_text(&query, id, sizeof(id));
        r = query_row_done(&query);
        if (r < 0)
                return r;
        memcpy(ret_id, id, sizeof(id));
        return 1;
}
