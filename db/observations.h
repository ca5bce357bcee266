/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a drive said of itself, whole, each time that its name or revision was another than before: for
 * whoever has to find out what befell a drive. Nothing here is read by the daemon but the latest one,
 * to tell whether there is news; that it changed, and by whom, stands in the audit log.
 */
#pragma once

#include "db/drives.h"

/* The latest so many of each drive stay: more versions than makers published for most drives, and at
 * DRIVE_RECORD_MAX bytes each little enough that a drive which says something else at each scan does
 * not fill the disk. */
#define OBSERVATIONS_MAX 32

typedef struct Observation {
        const char *drive_id;
        int64_t time;
        const char *revision;
        const char *hex24;
        const void *record;
        size_t n_record;
} Observation;

/* Inserts if revision or hex24 differ from the latest observation of this drive. */
int observation_add(Store *store, const Observation *observation, Fault *fault) _must_check_;
