/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a drive said of itself, and when that changed. A scan that finds nothing new adds nothing. */
#pragma once

#include "db/drives.h"

typedef enum ObservationSource {
        OBSERVED_SCAN = 0,  /* found so: changed by somebody else, or first seen */
        OBSERVED_FLASH = 1, /* read after our own flash */
        _OBSERVED_MAX,
} ObservationSource;

typedef struct Observation {
        const char *drive_id;
        int64_t time;
        const char *revision;
        const char *hex24;
        const void *record;
        size_t n_record;
        ObservationSource source;
} Observation;

typedef int (*ObservationFunction)(const Observation *observation, void *userdata);

/* Inserts if revision or hex24 differ from the latest observation of this drive. RET_CHANGED, which
 * may be NULL, says whether; the first one of a drive counts as a change. */
int observation_add(Store *store, const Observation *observation, bool *ret_changed,
                    Fault *fault) _must_check_;
/* Newest first, at most LIMIT. */
int observations_load(Store *store, const char *drive_id, unsigned limit,
                      ObservationFunction function, void *userdata, Fault *fault) _must_check_;

const char *observation_source_name(ObservationSource source); /* "scan", "flash" */
