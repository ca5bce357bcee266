/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one order that is being carried out. */
#pragma once

#include "core/plan.h"

/* The job that runs; at most one on a machine. */
typedef struct Running {
        bool active;
        FlashJob job;
        Way way;         /* of the whole order; points into the drive's entries */
        unsigned mirror; /* that is asked for the image */
        bool went;       /* GO was said */
        bool waits_for_report;
        bool fetched_again;
        uint64_t client; /* who waits for the end; 0 nobody */
        bool client_more;
        bool adopted; /* from before this daemon's start: only its outcome is awaited */
        FlashPhase phase;
        bool in_flash; /* phase is the helper's */
        uint32_t n_done, n_total;
        uint32_t expected_ms;
} Running;

int job_start(Core *core, const Request *request, Fault *fault);
void job_client_gone(Core *core, uint64_t client);
json_t *job_progress_json(const Core *core);
