/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "db/observations.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "db/query.h"

static const char *const names[_OBSERVED_MAX] = {
        [OBSERVED_SCAN] = "scan",
        [OBSERVED_FLASH] = "flash",
};

const char *observation_source_name(ObservationSource source) {
        assert(source < _OBSERVED_MAX);
        return names[source];
}

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

int observation_add(Store *store, const Observation *observation, bool *ret_changed, Fault *fault) {
        _cleanup_query_ Query query = {};
        int r, news;

        news = is_news(store, observation, fault);
        if (news < 0)
                return news;
        if (news) {
                r = query_open(&query, &store->state,
                               "INSERT INTO observation (drive, time, revision, hex24, record, "
                               "source) VALUES (?, ?, ?, ?, ?, ?)",
                               fault);
                if (r < 0)
                        return r;
                bind_text(&query, observation->drive_id);
                bind_int(&query, observation->time);
                bind_text_max(&query, observation->revision, 16);
                bind_text_max(&query, observation->hex24, DRIVE_HEX24_SIZE - 1);
                bind_blob(&query, observation->record, observation->n_record);
                bind_text(&query, observation_source_name(observation->source));
                r = query_run(&query);
                if (r < 0)
                        return r;
        }
        if (ret_changed)
                *ret_changed = news;
        return 0;
}

static int read_row(Query *query, Observation *ret_observation) {
        const char *source;

        ret_observation->time = column_int(query, INT64_MIN, INT64_MAX);
        ret_observation->revision = column_text_span(query, 16);
        ret_observation->hex24 = column_text_span(query, DRIVE_HEX24_SIZE - 1);
        ret_observation->record =
                column_blob(query, 0, DRIVE_RECORD_MAX, &ret_observation->n_record);
        source = column_text_span(query, 8);
        ret_observation->source =
                strcmp(source, names[OBSERVED_FLASH]) == 0 ? OBSERVED_FLASH : OBSERVED_SCAN;
        return query_row_done(query);
}

int observations_load(Store *store, const char *drive_id, unsigned limit,
                      ObservationFunction function, void *userdata, Fault *fault) {
        _cleanup_query_ Query query = {};
        int r;

        r = query_open(&query, &store->state,
                       "SELECT time, revision, hex24, record, source FROM observation "
                       "WHERE drive = ? ORDER BY id DESC LIMIT ?",
                       fault);
        if (r < 0)
                return r;
        bind_text(&query, drive_id);
        bind_int(&query, limit);
        while ((r = query_step(&query)) > 0) {
                Observation observation = { .drive_id = drive_id };

                r = read_row(&query, &observation);
                if (r == 0)
                        r = function(&observation, userdata);
                if (r != 0)
                        return r;
        }
        return r;
}
