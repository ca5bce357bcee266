/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "db/observations.h"

#include "db/query.h"

static int is_news(Store *store, const Observation *observation, int64_t *ret_news, Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->state,
                           "SELECT coalesce((SELECT revision <> ? OR hex24 <> ? FROM observation "
                           "WHERE drive = ? ORDER BY id DESC LIMIT 1), 1)",
                           fault);

        bind_text(&query, observation->revision);
        bind_text(&query, observation->hex24);
        bind_text(&query, observation->drive_id);
        return query_number(&query, 0, 1, ret_news);
}

static int insert(Store *store, const Observation *observation, Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->state,
                           "INSERT INTO observation (drive, time, revision, hex24, record, source) "
                           "VALUES (?, ?, ?, ?, ?, 'scan')",
                           fault);

        bind_text(&query, observation->drive_id);
        bind_int(&query, observation->time);
        bind_text_max(&query, observation->revision, 16);
        bind_text_max(&query, observation->hex24, DRIVE_HEX24_SIZE - 1);
        bind_blob(&query, observation->record, observation->n_record);
        return query_run(&query);
}

static int drop_old(Store *store, const char *drive_id, Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->state,
                           "DELETE FROM observation WHERE drive = ?1 AND id <= (SELECT id FROM "
                           "observation WHERE drive = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
                           fault);

        bind_text(&query, drive_id);
        bind_int(&query, OBSERVATIONS_MAX);
        return query_run(&query);
}

int observation_add(Store *store, const Observation *observation, Fault *fault) {
        int64_t news;
        int r;

        r = is_news(store, observation, &news, fault);
        if (r == 0 && news)
                r = insert(store, observation, fault);
        if (r == 0 && news)
                r = drop_old(store, observation->drive_id, fault);
        return r;
}
