/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Effects on the store: the core's values as rows. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/text.h"
#include "db/catalogs.h"
#include "db/drives.h"
#include "db/jobs.h"
#include "db/observations.h"
#include "run/daemon.h"

static void shown(char *to, size_t size, const char *from) {
        text_format(to, size, "%s", from);
}

static void drive_texts(const DriveState *drive, DriveRow *row) {
        const DriveRecord *r = &drive->record;

        shown(row->id, sizeof(row->id), drive->id);
        shown(row->node, sizeof(row->node), r->node);
        shown(row->block, sizeof(row->block), r->block);
        shown(row->devpath, sizeof(row->devpath), r->devpath);
        hex_encode(r->identity, IDENTITY_LENGTH, row->hex24);
        text_from_field(r->revision, strnlen(r->revision, 4), row->revision, sizeof(row->revision));
        shown(row->serial, sizeof(row->serial), r->serial);
        text_from_model(r->identity, row->model);
        shown(row->attachment, sizeof(row->attachment), attachment_name(r->attachment));
        shown(row->class, sizeof(row->class), drive_class_name(r->class));
}

/* A drive that shares its key with another keeps the id as its key: then only its place is left to
 * tell it by, and the core asks for it by that. */
static int save_row(Daemon *daemon, DriveRow *row, Fault *fault) {
        int r;

        r = drive_save(daemon->store, row, fault);
        if (r == -EEXIST) {
                fault_clear(fault);
                shown(row->key, sizeof(row->key), row->id);
                r = drive_save(daemon->store, row, fault);
        }
        return r;
}

static int save_drive(Daemon *daemon, const DriveState *drive, Fault *fault) {
        uint8_t record[DRIVE_RECORD_MAX];
        DriveRow row = { .first_seen = drive->first_seen,
                         .last_seen = drive->last_seen,
                         .attached = drive->attached,
                         .held = drive->held,
                         .attention_job = (int64_t)drive->attention_job,
                         .done = drive->record.counters.done,
                         .errors = drive->record.counters.errors,
                         .timeouts = drive->record.counters.timeouts };
        char key[PROBE_KEY_SIZE];
        Observation observation;
        DriveRecord good;
        int r;

        drive_texts(drive, &row);
        good = drive->record;
        fault_clear(&good.fault); /* a fault passes; what was read stays true */
        if (probe_drive_key(&good, key) < 0)
                shown(key, sizeof(key), drive->id);
        shown(row.key, sizeof(row.key), key);
        shown(row.held_reason, sizeof(row.held_reason), drive->held_reason);
        if (drive->attention)
                text_format(row.attention, sizeof(row.attention), "%s",
                            outcome_name(drive->attention_outcome));
        row.n_record = probe_drive_encode(&good, record, sizeof(record));
        row.record = record;
        r = save_row(daemon, &row, fault);
        if (r < 0)
                return r;
        observation = (Observation){ .drive_id = drive->id,
                                     .time = clock_realtime(),
                                     .revision = row.revision,
                                     .hex24 = row.hex24,
                                     .record = record,
                                     .n_record = row.n_record };
        return good.n_inquiry > 0 ? observation_add(daemon->store, &observation, fault) : 0;
}

static JobKind job_kind(const FlashJob *job) {
        if (job->kind == FLASH_RECOVERY)
                return JOB_RECOVERY;
        if (job->kind == FLASH_REFLASH)
                return JOB_REFLASH;
        return job->rollback ? JOB_ROLLBACK : JOB_UPDATE;
}

static int save_job(Daemon *daemon, const FlashJob *job, Fault *fault) {
        JobRow row = { .id = (int64_t)job->id,
                       .kind = job_kind(job),
                       .step = (uint8_t)job->step,
                       .n_steps = (uint8_t)job->n_steps,
                       .uid = job->caller.uid,
                       .state = (JobState)job->stage,
                       .fault = job->fault,
                       .created = job->created,
                       .started = job->started,
                       .ended = job->ended };
        int64_t id;

        shown(row.drive_id, sizeof(row.drive_id), job->drive);
        shown(row.catalog, sizeof(row.catalog), job->catalog);
        shown(row.from, sizeof(row.from), job->from);
        shown(row.to, sizeof(row.to), job->to);
        shown(row.target, sizeof(row.target), job->target);
        memcpy(row.image, job->sha256, sizeof(row.image));
        shown(row.reason, sizeof(row.reason), job->reason);
        shown(row.user, sizeof(row.user), job->caller.user);
        shown(row.via, sizeof(row.via), job->via);
        if (job->stage == JOB_STAGE_ENDED)
                shown(row.outcome, sizeof(row.outcome), outcome_name(job->outcome));
        clock_boot_id(row.boot_id);
        if (job->stage == JOB_STAGE_QUEUED)
                return job_insert(daemon->store, &row, &id, fault);
        return job_update(daemon->store, &row, fault);
}

static int save_catalog(Daemon *daemon, const CatalogState *catalog, Fault *fault) {
        CatalogRow row = { .last_try = catalog->last_try,
                           .last_ok = catalog->last_ok,
                           .timestamp_version = catalog->version,
                           .signed_at = catalog->signed_at,
                           .expires = catalog->expires,
                           .fault = catalog->fault,
                           .n_mirrors = catalog->config.n_mirrors };

        shown(row.name, sizeof(row.name), catalog->config.name);
        for (unsigned i = 0; i < row.n_mirrors; i++) {
                const MirrorState *m = &catalog->mirrors[i];

                shown(row.mirrors[i].url, sizeof(row.mirrors[i].url), catalog->config.mirrors[i]);
                row.mirrors[i].last_try = m->tried;
                row.mirrors[i].version = m->version;
                row.mirrors[i].signed_at = m->signed_at;
                row.mirrors[i].behind = m->version > 0 && m->version < catalog->version;
                row.mirrors[i].frozen = m->fault.code == FAULT_CATALOG_FROZEN ||
                                        m->fault.code == FAULT_CATALOG_EXPIRED;
                row.mirrors[i].fault = m->fault;
        }
        return catalog_save(daemon->store, &row, fault);
}

static AuditCounters counters_of(const Counters *c) {
        return (AuditCounters){ c->done >= 0, c->done, c->errors, c->timeouts };
}

static int save_trail(Daemon *daemon, const Effect *e, Fault *fault) {
        static const AuditKind kinds[] = {
                [TRAIL_DRIVE_SEEN] = AUDIT_DRIVE_SEEN,
                [TRAIL_DRIVE_CHANGED] = AUDIT_DRIVE_CHANGED,
                [TRAIL_FLASH_INTENT] = AUDIT_FLASH_INTENT,
                [TRAIL_FLASH_OUTCOME] = AUDIT_FLASH_OUTCOME,
                [TRAIL_CATALOG_REFRESHED] = AUDIT_CATALOG_REFRESHED,
                [TRAIL_CATALOG_FAILED] = AUDIT_CATALOG_FAILED,
                [TRAIL_CATALOG_ADDED] = AUDIT_CATALOG_ADDED,
                [TRAIL_CATALOG_REMOVED] = AUDIT_CATALOG_REMOVED,
                [TRAIL_HOLD] = AUDIT_HOLD,
                [TRAIL_UNHOLD] = AUDIT_UNHOLD,
                [TRAIL_RESOLVE] = AUDIT_RESOLVE,
                [TRAIL_REFUSED] = AUDIT_REFUSED,
                [TRAIL_ROLLBACK_EXPIRED] = AUDIT_ROLLBACK_EXPIRED,
        };
        AuditEvent event = { .kind = kinds[e->trail.kind],
                             .by_user = e->trail.by_user,
                             .uid = e->trail.caller.uid,
                             .has_image = e->trail.has_image,
                             .fault = e->trail.fault,
                             .job = (int64_t)e->trail.job,
                             .counted_anew = e->trail.counted_anew };

        audit_now(&event.when);
        shown(event.user, sizeof(event.user), e->trail.caller.user);
        shown(event.via, sizeof(event.via), e->trail.via);
        if (e->trail.has_drive) {
                const DriveRecord *r = &e->trail.drive.record;

                shown(event.drive_id, sizeof(event.drive_id), e->trail.drive.id);
                shown(event.node, sizeof(event.node), r->block[0] ? r->block : r->node);
                text_from_model(r->identity, event.model);
        }
        shown(event.from, sizeof(event.from), e->trail.from);
        shown(event.to, sizeof(event.to), e->trail.to);
        shown(event.catalog, sizeof(event.catalog), e->trail.catalog);
        shown(event.target, sizeof(event.target), e->trail.target);
        memcpy(event.image, e->trail.sha256, sizeof(event.image));
        shown(event.reason, sizeof(event.reason), e->trail.reason);
        shown(event.outcome, sizeof(event.outcome), e->trail.outcome);
        shown(event.sense, sizeof(event.sense), e->trail.sense);
        shown(event.detail, sizeof(event.detail), e->trail.detail);
        event.before = counters_of(&e->trail.before);
        event.after = counters_of(&e->trail.after);
        return audit_append(daemon->audit, &event, &daemon->last_seq, fault);
}

/* A head that is also in the journal shows up whoever rewrites the store. */
static int save_head(Daemon *daemon, Fault *fault) {
        char note[AUDIT_NOTE_MAX + 1];
        int r;

        r = audit_head(daemon->audit, note, fault);
        for (char *p = note; r == 0 && *p; p++)
                if (*p == '\n')
                        *p = ' '; /* one line, as the CLI shows it */
        if (r == 0)
                log_notice("audit head: %s", note);
        return r;
}

int save_effect(Daemon *daemon, const Effect *effect, Fault *fault) {
        switch (effect->kind) {
        case EFFECT_SAVE_DRIVE: return save_drive(daemon, &effect->drive, fault);
        case EFFECT_FORGET_ATTACHED:
                return drive_set_attached(daemon->store, effect->drive_id, false, clock_realtime(),
                                          fault);
        case EFFECT_SAVE_JOB: return save_job(daemon, &effect->job, fault);
        case EFFECT_SAVE_CATALOG: return save_catalog(daemon, effect->catalog, fault);
        case EFFECT_DELETE_CATALOG:
                return catalog_delete(daemon->store, effect->catalog_name, fault);
        case EFFECT_TRAIL: return save_trail(daemon, effect, fault);
        case EFFECT_TRAIL_HEAD: return save_head(daemon, fault);
        default: assert(!"an effect on the store"); return -EINVAL;
        }
}
