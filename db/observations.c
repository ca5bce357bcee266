/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "db/observations.h"

#include <errno.h>
#include <string.h>

#include "db/query.h"

static int is_news(Store *store, const Observation *observation, Fault *fault) {
        _cleanup_query_ Query query = {};
        char revision[17], hex24[DRIVE_HEX24_SIZE];
        int r;

        r = query_open(&query, &store->state,
                       "SELECT revision, hex24 FROM observation WHERE drive = ? "
                       "ORDER BY id DESC LIMIT 1",
                       fault);
        if (r < 0)
                return r;
        bind_text(&query, observation->drive_id);
        r = query_step(&query);
        if (r < 0)
                return r;
        if (r == 0)
                return 1;
        column_text(&query, revision, sizeof(revision));
        column_text(&query, hex24, sizeof(hex24));
        r = query_row_done(&query);
        if (r < 0)
                return r;
        return strcmp(revision, observation->revision) != 0 ||
               strcmp(hex24, observation->hex24) != 0;
}

static int insert(Store *store, const Observation *observation, Fault *fault) {
        _cleanup_query_ Query query = {};
        int r;

        r = query_open(&query, &store->state,
                       "INSERT INTO observation (drive, time, revision, hex24, record, source) "
                       "VALUES (?, ?, ?, ?, ?, 'scan')",
                       fault);
        if (r < 0)
                return r;
        bind_text(&query, observation->drive_id);
        bind_int(&query, observation->time);
        bind_text_max(&query, observation->revision, 16);
        bind_text_max(&query, observation->hex24, DRIVE_HEX24_SIZE - 1);
        bind_blob(&query, observation->record, observation->n_record);
        r = query_run(&query);
        return r < 0 ? r : 0;
}

static int drop_old(Store *store, const char *drive_id, Fault *fault) {
        _cleanup_query_ Query query = {};
        int r;

        r = query_open(&query, &store->state,
                       "DELETE FROM observation WHERE drive = ?1 AND id <= (SELECT id FROM "
                       "observation WHERE drive = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
                       fault);
        if (r < 0)
                return r;
        bind_text(&query, drive_id);
        bind_int(&query, OBSERVATIONS_MAX);
        r = query_run(&query);
        return r < 0 ? r : 0;
}

int observation_add(Store *store, const Observation *observation, Fault *fault) {
        int r;

        r = is_news(store, observation, fault);
        if (r <= 0)
                return r;
        r = insert(store, observation, fault);
        return r < 0 ? r : drop_old(store, observation->drive_id, fault);
}
