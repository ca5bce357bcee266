/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "db/jobs.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "db/query.h"

static const char *const kinds[_JOB_KIND_MAX] = {
        [JOB_UPDATE] = "update",
        [JOB_ROLLBACK] = "rollback",
        [JOB_RECOVERY] = "recovery",
        [JOB_REFLASH] = "reflash",
};

static const char *const states[_JOB_STATE_MAX] = {
        [JOB_QUEUED] = "queued",       [JOB_FETCHING] = "fetching", [JOB_READY] = "ready",
        [JOB_COMMITTED] = "committed", [JOB_ENDED] = "ended",
};

/* A CHECK of the table keeps other names out; one that got in is a damaged row. */
static unsigned column_name(Query *query, const char *const *names, unsigned n_names) {
        const char *name = column_text_span(query, 16);

        for (unsigned i = 0; i < n_names; i++)
                if (strcmp(name, names[i]) == 0)
                        return i;
        query->bad = true;
        return 0;
}

/* What an update may change, in the order in which both statements name it. */
static void bind_course(Query *query, const JobRow *row) {
        bind_text(query, row->catalog);
        bind_text(query, row->from);
        bind_text(query, row->to);
        bind_int(query, row->step);
        bind_int(query, row->n_steps);
        bind_text(query, row->target);
        bind_blob(query, row->image, sizeof(row->image));
        bind_text(query, states[row->state]);
        bind_text(query, row->outcome);
        bind_fault(query, &row->fault);
        bind_int(query, row->started);
        bind_int(query, row->ended);
        bind_text(query, row->boot_id);
}

/* Nobody has a use for "steps" yet, as with "wanted" of a drive. */
int job_insert(Store *store, const JobRow *row, int64_t *ret_id, Fault *fault) {
        _cleanup_query_ Query query = query_open(
                &store->state,
                "INSERT INTO job (catalog, from_revision, to_revision, step, n_steps, target, "
                "image, state, outcome, fault, fault_text, started, ended, boot_id, "
                "drive, kind, reason, uid, user, via, created, steps) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')",
                fault);
        int r;

        assert(row->kind < _JOB_KIND_MAX && row->state < _JOB_STATE_MAX);
        bind_course(&query, row);
        bind_text(&query, row->drive_id);
        bind_text(&query, kinds[row->kind]);
        bind_text(&query, row->reason);
        bind_int(&query, row->uid);
        bind_text(&query, row->user);
        bind_text(&query, row->via);
        bind_int(&query, row->created);
        r = query_run(&query);
        if (r < 0)
                return r;
        *ret_id = sqlite3_last_insert_rowid(store->state.handle);
        return 0;
}

static int may_become(Store *store, const JobRow *row, Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->state, "SELECT state FROM job WHERE id = ?", fault);
        JobState state;
        int r;

        assert(row->state < _JOB_STATE_MAX);
        bind_int(&query, row->id);
        r = query_step(&query);
        if (r < 0)
                return r;
        if (r == 0) {
                (void)fault_set(fault, FAULT_INTERNAL, "there is no job %" PRId64, row->id);
                return -ENOENT;
        }
        state = (JobState)column_name(&query, states, _JOB_STATE_MAX);
        r = query_row_done(&query);
        if (r < 0)
                return r;
        if (state == JOB_ENDED || row->state < state) {
                (void)fault_set(fault, FAULT_INTERNAL, "job %" PRId64 " is %s and cannot become %s",
                                row->id, states[state], states[row->state]);
                return -ESTALE;
        }
        return 0;
}

int job_update(Store *store, const JobRow *row, Fault *fault) {
        _cleanup_query_ Query query = {};
        int r;

        r = may_become(store, row, fault);
        if (r < 0)
                return r;
        query = query_open(&store->state,
                           "UPDATE job SET catalog = ?, from_revision = ?, to_revision = ?, "
                           "step = ?, n_steps = ?, target = ?, image = ?, "
                           "state = ?, outcome = ?, fault = ?, fault_text = ?, started = ?, "
                           "ended = ?, boot_id = ? WHERE id = ?",
                           fault);
        bind_course(&query, row);
        bind_int(&query, row->id);
        return query_run(&query);
}

static int read_row(Query *query, JobRow *ret_row) {
        ret_row->id = column_int(query, 1, INT64_MAX);
        column_text(query, ret_row->drive_id, sizeof(ret_row->drive_id));
        ret_row->kind = (JobKind)column_name(query, kinds, _JOB_KIND_MAX);
        column_text(query, ret_row->catalog, sizeof(ret_row->catalog));
        column_text(query, ret_row->from, sizeof(ret_row->from));
        column_text(query, ret_row->to, sizeof(ret_row->to));
        ret_row->step = (uint8_t)column_int(query, 0, UINT8_MAX);
        ret_row->n_steps = (uint8_t)column_int(query, 0, UINT8_MAX);
        column_text(query, ret_row->target, sizeof(ret_row->target));
        column_bytes(query, ret_row->image, sizeof(ret_row->image));
        column_text(query, ret_row->reason, sizeof(ret_row->reason));
        ret_row->uid = (uint32_t)column_int(query, 0, UINT32_MAX);
        column_text(query, ret_row->user, sizeof(ret_row->user));
        column_text(query, ret_row->via, sizeof(ret_row->via));
        ret_row->state = (JobState)column_name(query, states, _JOB_STATE_MAX);
        column_text(query, ret_row->outcome, sizeof(ret_row->outcome));
        column_fault(query, &ret_row->fault);
        ret_row->created = column_int(query, INT64_MIN, INT64_MAX);
        ret_row->started = column_int(query, INT64_MIN, INT64_MAX);
        ret_row->ended = column_int(query, INT64_MIN, INT64_MAX);
        column_text(query, ret_row->boot_id, sizeof(ret_row->boot_id));
        return query_row_done(query);
}

#define COLUMNS                                                                                    \
        "SELECT id, drive, kind, catalog, from_revision, to_revision, step, n_steps, "             \
        "target, image, reason, uid, user, via, state, outcome, fault, fault_text, created, "      \
        "started, ended, boot_id FROM job "

static int walk(Query *query, JobFunction function, void *userdata) {
        int r;

        while ((r = query_step(query)) > 0) {
                JobRow row;

                r = read_row(query, &row);
                if (r == 0)
                        r = function(&row, userdata);
                if (r != 0)
                        return r;
        }
        return r;
}

int job_load(Store *store, int64_t id, JobRow *ret_row, Fault *fault) {
        _cleanup_query_ Query query = query_open(&store->state, COLUMNS "WHERE id = ?", fault);
        JobRow row;
        int r;

        bind_int(&query, id);
        r = query_step(&query);
        if (r <= 0)
                return r;
        r = read_row(&query, &row);
        if (r < 0)
                return r;
        *ret_row = row;
        return 1;
}

int jobs_load_open(Store *store, JobFunction function, void *userdata, Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->state, COLUMNS "WHERE state <> 'ended' ORDER BY id", fault);

        return walk(&query, function, userdata);
}

int jobs_load(Store *store, const char *drive_id, unsigned limit, JobFunction function,
              void *userdata, Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->state,
                           drive_id ? COLUMNS "WHERE drive = ? ORDER BY id DESC LIMIT ?"
                                    : COLUMNS "ORDER BY id DESC LIMIT ?",
                           fault);

        if (drive_id)
                bind_text(&query, drive_id);
        bind_int(&query, limit);
        return walk(&query, function, userdata);
}
