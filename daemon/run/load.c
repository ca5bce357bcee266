/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the store has, into the core, at the start of the daemon. */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "db/catalogs.h"
#include "db/drives.h"
#include "db/images.h"
#include "db/jobs.h"
#include "db/trail.h"
#include "run/daemon.h"

typedef struct Loader {
        Daemon *daemon;
        Fault *fault;
} Loader;

static int on_drive(const DriveRow *row, void *userdata) {
        Loader *loader = userdata;
        Daemon *daemon = loader->daemon;
        DriveState drive = { .first_seen = row->first_seen,
                             .last_seen = row->last_seen,
                             .attached = row->attached,
                             .held = row->held };
        JobRow job;
        int r;

        /* The record was made by our own probe, but the file may have been touched since. */
        if (!probe_drive_decode(row->record, row->n_record, &drive.record))
                return 0;
        text_format(drive.id, sizeof(drive.id), "%s", row->id);
        text_format(drive.held_reason, sizeof(drive.held_reason), "%s", row->held_reason);
        if (row->attention[0] && outcome_from_name(row->attention, &drive.attention_outcome)) {
                drive.attention = true;
                drive.attention_job = (uint64_t)row->attention_job;
                r = job_load(daemon->store, row->attention_job, &job, loader->fault);
                if (r < 0)
                        return r;
                if (r == 1) {
                        drive.attention_since = job.ended;
                        text_format(drive.attention_from, sizeof(drive.attention_from), "%s",
                                    job.from);
                        text_format(drive.attention_to, sizeof(drive.attention_to), "%s", job.to);
                }
        }
        return core_load_drive(daemon->core, &drive);
}

static int on_catalog(const CatalogRow *row, void *userdata) {
        Loader *loader = userdata;
        CatalogState catalog = { .last_try = row->last_try,
                                 .last_ok = row->last_ok,
                                 .version = row->timestamp_version,
                                 .signed_at = row->signed_at,
                                 .expires = row->expires,
                                 .fault = row->fault };

        text_format(catalog.config.name, sizeof(catalog.config.name), "%s", row->name);
        for (unsigned i = 0; i < row->n_mirrors && i < MIRRORS_MAX; i++) {
                MirrorState *m = &catalog.mirrors[i];

                text_format(m->url, sizeof(m->url), "%s", row->mirrors[i].url);
                m->tried = row->mirrors[i].last_try;
                m->version = row->mirrors[i].version;
                m->signed_at = row->mirrors[i].signed_at;
                m->fault = row->mirrors[i].fault;
        }
        core_load_catalog(loader->daemon->core, &catalog);
        return 0;
}

static int on_image(const ImageRow *row, void *userdata) {
        Loader *loader = userdata;

        return row->complete ? core_load_image(loader->daemon->core, row->sha256) : 0;
}

static int on_job(const JobRow *row, void *userdata) {
        Loader *loader = userdata;
        FlashJob job = { .id = (uint64_t)row->id,
                         .stage = (JobStage)row->state,
                         .rollback = row->kind == JOB_ROLLBACK,
                         .step = row->step,
                         .n_steps = row->n_steps,
                         .created = row->created,
                         .started = row->started };

        text_format(job.drive, sizeof(job.drive), "%s", row->drive_id);
        text_format(job.catalog, sizeof(job.catalog), "%s", row->catalog);
        text_format(job.target, sizeof(job.target), "%s", row->target);
        memcpy(job.sha256, row->image, sizeof(job.sha256));
        text_format(job.from, sizeof(job.from), "%s", row->from);
        text_format(job.to, sizeof(job.to), "%s", row->to);
        memcpy(job.goal, job.to, sizeof(job.goal));
        text_format(job.reason, sizeof(job.reason), "%s", row->reason);
        job.caller.uid = row->uid;
        text_format(job.caller.user, sizeof(job.caller.user), "%s", row->user);
        text_format(job.via, sizeof(job.via), "%s", row->via);
        return core_load_job(loader->daemon->core, &job);
}

static int on_last_job(const JobRow *row, void *userdata) {
        Loader *loader = userdata;

        core_load_next_job(loader->daemon->core, (uint64_t)row->id + 1);
        return 0;
}

int load_state(Daemon *daemon, Fault *fault) {
        Loader loader = { .daemon = daemon, .fault = fault };
        int64_t floor;
        int r;

        r = store_clock_floor(daemon->store, &floor, fault);
        if (r < 0)
                return r;
        core_load_clock_floor(daemon->core, floor);
        r = trail_size(daemon->store, &daemon->last_seq, fault);
        if (r == 0)
                r = drives_load(daemon->store, on_drive, &loader, fault);
        if (r == 0)
                r = catalogs_load(daemon->store, on_catalog, &loader, fault);
        if (r == 0)
                r = images_load(daemon->store, on_image, &loader, fault);
        if (r == 0)
                r = jobs_load(daemon->store, NULL, 1, on_last_job, &loader, fault);
        if (r == 0)
                r = jobs_load_open(daemon->store, on_job, &loader, fault);
        if (r < 0 && fault->code == FAULT_NONE)
                (void)fault_set(fault, FAULT_STORE, "cannot load the store: %s", strerror(-r));
        return r;
}
