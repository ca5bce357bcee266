/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs: orders to change the firmware of a drive, from the request to the one outcome. */
#pragma once

#include "base/digest.h"
#include "db/drives.h"

typedef enum JobKind {
        JOB_UPDATE = 0,
        JOB_ROLLBACK,
        JOB_RECOVERY,
        JOB_REFLASH,
        _JOB_KIND_MAX,
} JobKind;

/* Forward only. From COMMITTED on the drive may have been written to. */
typedef enum JobState {
        JOB_QUEUED = 0,
        JOB_FETCHING,  /* the image is not in the store yet */
        JOB_READY,     /* everything is at hand; the helper checks */
        JOB_COMMITTED, /* the intent is on disk; GO may have been said */
        JOB_ENDED,     /* with exactly one outcome */
        _JOB_STATE_MAX,
} JobState;

typedef struct JobRow {
        int64_t id; /* given by job_insert() */
        char drive_id[DRIVE_ID_SIZE];
        JobKind kind;
        char catalog[CATALOG_NAME_MAX + 1];
        char from[33];
        char to[33];
        uint8_t step; /* 1 to n_steps */
        uint8_t n_steps;
        char target[TARGET_PATH_MAX + 1];
        uint8_t image[SHA256_LENGTH];
        char reason[REASON_MAX + 1];
        uint32_t uid;
        char user[65];
        char via[33]; /* "local", "ssh", ... */
        JobState state;
        char outcome[32]; /* "" until it ended */
        Fault fault;
        int64_t created;
        int64_t started; /* 0: not yet */
        int64_t ended;   /* 0: not yet */
        char boot_id[33];
} JobRow;

typedef int (*JobFunction)(const JobRow *row, void *userdata);

/* RET_ID is never given twice, not even after a crash. */
int job_insert(Store *store, const JobRow *row, int64_t *ret_id, Fault *fault) _must_check_;
/* Everything but id, drive, kind and who asked. -ENOENT if there is none; -ESTALE for a job that
 * ended or a state that goes back: an outcome is written once. */
int job_update(Store *store, const JobRow *row, Fault *fault) _must_check_;
/* 1, or 0 if there is no such job. */
int job_load(Store *store, int64_t id, JobRow *ret_row, Fault *fault) _must_check_;
/* Those that have not ended, oldest first. */
int jobs_load_open(Store *store, JobFunction function, void *userdata, Fault *fault) _must_check_;
/* Newest first, at most LIMIT; of one drive, or all where DRIVE_ID is NULL. */
int jobs_load(Store *store, const char *drive_id, unsigned limit, JobFunction function,
              void *userdata, Fault *fault) _must_check_;
