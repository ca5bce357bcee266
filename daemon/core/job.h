/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one order that is being carried out. */
#pragma once

#include "core/plan.h"

/* The job that runs; at most one on a machine. */
typedef struct Running {
        bool active;
        FlashJob job;
        Way way;              /* of the whole order; points into the drive's entries */
        unsigned mirror;      /* that is asked for the image */
        uint64_t begun;       /* effects_mark() behind the first row of this step, */
        uint64_t saved;       /* and behind the last */
        bool in_store;        /* the first is on disk */
        bool waits_for_image; /* another fetch, of an order that was given up, is under way */
        bool waits;           /* for a scan, or for what other flashes left behind */
        bool went;            /* GO was said */
        bool has_end;         /* the helper told the outcome: */
        FlashEnd end;
        bool unrecorded; /* the outcome is known and could not be recorded: it is tried again */
        bool fetched_again;
        uint64_t client; /* who waits for the end; 0 nobody */
        bool client_more;
        bool adopted; /* from before this daemon's start: only its outcome is awaited */
        FlashPhase phase;
        bool in_flash; /* phase is the helper's */
        uint32_t n_done, n_total;
        uint32_t expected_ms;
} Running;

/* The order that is under way is for this drive. */
bool job_is_for(const Core *core, const char *drive_id);
int job_start(Core *core, const Request *request, Fault *fault);
void job_client_gone(Core *core, uint64_t client);
json_t *job_progress_json(const Core *core);
/* No scan is under way now. */
void job_scan_over(Core *core);
void job_stored(Core *core);
void job_store_failed(Core *core, const Fault *fault);
/* If an outcome could not be recorded, perhaps it can be now. */
void job_retry(Core *core);

/* outcome.c */
bool outcome_needs_attention(Outcome outcome);
/* Of a JOB that ended; END: what the helper told, or NULL. */
void outcome_record(Core *core, const FlashJob *job, Drive *drive, const FlashEnd *end);
