/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The course of one order, step by step, a flash each:
 *
 *   queued -> fetching -> checking -> COMMITTED -> ended -> (the next step: queued)
 *                 \__________\____________________/
 *
 * In the states written small nothing that changes the drive was sent. COMMITTED is on disk before
 * GO is said, so that a crash between the two is taken for the worse case. Each step ends in exactly
 * one outcome; only a verified one leads on. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "core/state.h"

static void finish(Core *core, Outcome outcome, const Fault *fault, const FlashEnd *end);

bool job_is_for(const Core *core, const char *drive_id) {
        return core->running.active && strcmp(core->running.job.drive, drive_id) == 0;
}

/* A row of the step that is under way; job_stored() is told when it is on disk. */
static void save_running(Core *core) {
        save_job(core, &core->running.job);
        core->running.saved = effects_mark(core);
}

static const char *phase_text(const Running *running) {
        switch (running->job.stage) {
        case JOB_STAGE_QUEUED: return "planning";
        case JOB_STAGE_FETCHING: return "fetching";
        case JOB_STAGE_ENDED: return "done";
        default: return running->in_flash ? flash_phase_name(running->phase) : "checking";
        }
}

json_t *job_progress_json(const Core *core) {
        const Running *r = &core->running;
        const FlashJob *job = &r->job;
        Drive *drive = drive_find((Core *)core, job->drive);
        char from[REVISION_SIZE], to[REVISION_SIZE];

        revision_trim(job->from, from);
        revision_trim(job->to, to);
        return json_pack("{sI ss ss si si ss ss ss sI sI sI}", "job", (json_int_t)job->id, "drive",
                         job->drive, "node", drive ? drive_shown_node(drive) : "", "step",
                         (int)job->step, "steps", (int)job->n_steps, "from", from, "to", to,
                         "phase", phase_text(r), "done", (json_int_t)r->n_done, "total",
                         (json_int_t)r->n_total, "at_most_seconds",
                         (json_int_t)(r->expected_ms / 1000));
}

static void tell_progress(Core *core) {
        Running *r = &core->running;

        if (r->client && r->client_more)
                reply(core, r->client,
                      json_pack("{sI so}", "job", (json_int_t)r->job.id, "progress",
                                job_progress_json(core)),
                      true);
        if (core->n_subscribers > 0)
                notify(core, "progress", "", drive_find(core, r->job.drive),
                       job_progress_json(core), NULL);
}

/* Entries of this drive that came meanwhile were not taken, since the way points into the old ones. */
static void running_clear(Core *core) {
        const Drive *drive = drive_find(core, core->running.job.drive);

        core->running = (Running){};
        if (drive)
                memcpy(effect_add(core, EFFECT_LOAD_ENTRIES)->model, drive->state.record.identity,
                       IDENTITY_LENGTH);
}

void job_client_gone(Core *core, uint64_t client) {
        /* Leaving does not stop it: the view ends, the flash does not. */
        if (core->running.client == client)
                core->running.client = 0;
}

static void begin_step(Core *core, unsigned step) {
        Running *running = &core->running;
        const Step *s = &running->way.steps[step - 1];
        FlashJob *job = &running->job;

        job->id = core->next_job++;
        job->stage = JOB_STAGE_QUEUED;
        job->kind = (FlashKind)s->edge->kind;
        job->step = step;
        memcpy(job->target, s->entry->path, sizeof(job->target));
        memcpy(job->sha256, s->entry->sha256, 32);
        job->length = s->entry->length;
        memcpy(job->from, s->from, REVISION_SIZE);
        memcpy(job->to, s->entry->version, REVISION_SIZE);
        job->created = core->now;
        job->started = job->ended = 0;
        job->outcome = OUTCOME_REFUSED;
        fault_clear(&job->fault);
        running->in_flash = running->went = running->fetched_again = false;
        running->in_store = running->has_end = false;
        running->n_done = running->n_total = 0;
        running->expected_ms =
                s->entry->recipe.commit_ms + s->entry->recipe.settle_ms + s->entry->recipe.ready_ms;
        save_running(core);
        running->begun = running->saved;
}

/* The plan goes to the helper, which believes none of it but what it can verify. */
static void send_plan(Core *core) {
        FlashJob *job = &core->running.job;
        Drive *drive = drive_find(core, job->drive);
        const DriveRecord *record = &drive->state.record;
        Effect *e;

        /* A journal that was left over may speak of this very drive; and the probe has drives open,
         * which the helper wants for itself. */
        core->running.waits = core->scanning || !core->reported;
        if (!core->reported && !core->reporting) {
                core->reporting = true;
                (void)effect_add(core, EFFECT_FLASH_REPORT);
        }
        if (core->running.waits)
                return;
        job->stage = JOB_STAGE_CHECKING;
        job->started = core->now;
        save_running(core);
        tell_progress(core);
        e = effect_add(core, EFFECT_FLASH_PLAN);
        memcpy(e->flash.sha256, job->sha256, 32);
        e->flash.plan = (FlashPlan){ .job = job->id,
                                     .kind = job->kind,
                                     .allow_expired = job->allow_expired };
        memcpy(e->flash.plan.node, record->node, sizeof(record->node));
        memcpy(e->flash.plan.identity, record->identity, IDENTITY_LENGTH);
        memcpy(e->flash.plan.revision, job->from, REVISION_SIZE);
        memcpy(e->flash.plan.serial, record->serial, sizeof(record->serial));
        memcpy(e->flash.plan.devpath, record->devpath, sizeof(record->devpath));
        memcpy(e->flash.plan.catalog, job->catalog, sizeof(job->catalog));
        memcpy(e->flash.plan.target, job->target, sizeof(job->target));
        memcpy(e->flash.plan.to, job->to, REVISION_SIZE);
}

/* False if there is no such mirror (any more). */
static bool ask_for_image(Core *core, unsigned mirror) {
        FlashJob *job = &core->running.job;
        const CatalogState *catalog = catalog_find(core, job->catalog);
        Effect *e;

        if (!catalog || mirror >= catalog->config.n_mirrors)
                return false;
        core->running.mirror = mirror;
        core->running.waits_for_image = core->fetching;
        if (core->fetching)
                return true;
        core->fetching = true;
        e = effect_add(core, EFFECT_FETCH_IMAGE);
        memcpy(e->image.url, catalog->config.mirrors[mirror], URL_MAX);
        memcpy(e->image.target, job->target, sizeof(job->target));
        memcpy(e->image.sha256, job->sha256, 32);
        e->image.length = job->length;
        return true;
}

static void fetch_image(Core *core) {
        FlashJob *job = &core->running.job;
        bool forward = job->stage < JOB_STAGE_FETCHING;
        Fault fault = {};

        job->stage = JOB_STAGE_FETCHING;
        if (forward) /* in the store a job never goes back */
                save_running(core);
        tell_progress(core);
        if (ask_for_image(core, 0))
                return;
        (void)fault_set(&fault, FAULT_IMAGE_MISSING,
                        "the image is not in the store, and catalog \"%s\" has no mirror to ask",
                        job->catalog);
        finish(core, OUTCOME_REFUSED, &fault, NULL);
}

static void image_or_plan(Core *core) {
        if (image_in_store(core, core->running.job.sha256))
                send_plan(core);
        else
                fetch_image(core);
}

int job_start(Core *core, const Request *request, Fault *fault) {
        Running *running = &core->running;
        PlanQuestion question = { .caller = &request->caller, .reason = request->reason };
        PlanAnswer answer;
        int r;

        question.drive = drive_lookup(core, request->drive, fault);
        if (!question.drive)
                return -EBADE;
        question.rollback = strcmp(request->kind, "rollback") == 0;
        question.reflash = strcmp(request->kind, "reflash") == 0;
        if (request->version[0] && !revision_from_text(request->version, question.to))
                return fault_set(fault, FAULT_BAD_REQUEST, "a version has at most 4 characters");
        if (running->active || core->reporting)
                return fault_set(fault, FAULT_BUSY, "another flash is under way on this machine");
        r = plan_make(core, &question, &answer, fault);
        if (r < 0)
                return r;
        if (strcmp(answer.digest, request->digest) != 0)
                return fault_set(fault, FAULT_PLAN_CHANGED,
                                 "what would be done now is not what was agreed to");
        if (answer.needs_reason && !request->reason[0])
                return fault_set(fault, FAULT_REASON_REQUIRED, "this needs a reason");

        *running = (Running){ .active = true,
                              .client = request->client,
                              .client_more = request->more };
        text_format(running->job.drive, sizeof(running->job.drive), "%s", question.drive->state.id);
        memcpy(running->job.catalog, answer.catalog, sizeof(running->job.catalog));
        memcpy(running->job.reason, request->reason, sizeof(running->job.reason));
        memcpy(running->job.via, request->via, sizeof(running->job.via));
        memcpy(running->job.goal, answer.way.steps[answer.way.n_steps - 1].entry->version,
               REVISION_SIZE);
        running->job.caller = request->caller;
        running->job.rollback = question.rollback;
        running->job.allow_expired = answer.allow_expired;
        running->job.n_steps = answer.way.n_steps;
        running->way = answer.way;
        begin_step(core, 1);
        if (answer.allow_expired)
                trail(core, &(TrailEntry){ .kind = TRAIL_ROLLBACK_EXPIRED,
                                           .caller = &request->caller,
                                           .via = request->via,
                                           .drive = &question.drive->state,
                                           .catalog = answer.catalog,
                                           .reason = request->reason,
                                           .job = running->job.id });
        if (!request->more) {
                reply(core, request->client, json_pack("{sI}", "job", (json_int_t)running->job.id),
                      false);
                running->client = 0;
        }
        image_or_plan(core);
        return 0;
}

void core_on_image_progress(Core *core, uint64_t n_done, uint64_t n_total) {
        if (!core->running.active || core->running.job.stage != JOB_STAGE_FETCHING)
                return;
        core->running.n_done = (uint32_t)n_done;
        core->running.n_total = (uint32_t)n_total;
        tell_progress(core);
}

void core_on_image_done(Core *core, const uint8_t sha256[32], const Fault *fault) {
        Running *running = &core->running;
        Fault why = *fault;

        core->fetching = false;
        if (fault->code == FAULT_NONE && core_load_image(core, sha256) < 0)
                abort(); /* as in effect_add() */
        if (!running->active || running->job.stage != JOB_STAGE_FETCHING || running->waits)
                return;
        if (image_in_store(core, running->job.sha256)) {
                running->n_done = running->n_total = 0;
                send_plan(core);
                return;
        }
        if (running->waits_for_image && ask_for_image(core, running->mirror))
                return;
        if (why.code == FAULT_NONE)
                (void)fault_set(&why, FAULT_IMAGE_MISSING, "no mirror is left to ask");
        log_effect(core, LOG_LEVEL_WARNING, drive_find(core, running->job.drive), &why);
        /* One good mirror among bad ones suffices. */
        if (why.code != FAULT_STORE && why.code != FAULT_STORE_FULL &&
            ask_for_image(core, running->mirror + 1))
                return;
        finish(core, OUTCOME_REFUSED, &why, NULL);
}

void core_on_flash_ready(Core *core, const FlashReady *ready) {
        Running *running = &core->running;
        FlashJob *job = &running->job;
        Drive *drive = drive_find(core, job->drive);

        if (!running->active || job->stage != JOB_STAGE_CHECKING || ready->job != job->id)
                return;
        job->stage = JOB_STAGE_COMMITTED;
        running->in_flash = true;
        running->phase = PHASE_WRITING;
        save_running(core);
        trail(core, &(TrailEntry){ .kind = TRAIL_FLASH_INTENT,
                                   .caller = &job->caller,
                                   .via = job->via,
                                   .drive = &drive->state,
                                   .from = job->from,
                                   .to = job->to,
                                   .catalog = job->catalog,
                                   .target = job->target,
                                   .sha256 = job->sha256,
                                   .reason = job->reason,
                                   .job = job->id,
                                   .before = &ready->before });
        (void)effect_add(core, EFFECT_TRAIL_HEAD);
        /* First: whoever heard of no writing, and then of nothing, may rely on it. */
        tell_progress(core);
        effect_add(core, EFFECT_FLASH_GO)->flash_job = job->id;
}

void core_on_flash_went(Core *core) {
        core->running.went = true;
}

void core_on_flash_phase(Core *core, const FlashPhaseNote *note) {
        Running *running = &core->running;

        if (!scan_forbidden(core) || note->job != running->job.id)
                return;
        running->in_flash = true;
        running->phase = note->phase;
        running->n_done = note->n_done;
        running->n_total = note->n_total;
        tell_progress(core);
}

/* Where others may have the drive open: who may look into processes can say who they are. */
static json_t *whom_to_look_for(const FlashJob *job, const Drive *drive) {
        if (!drive || (job->fault.code != FAULT_CLAIMED && job->fault.code != FAULT_MOUNTED))
                return NULL;
        return json_pack("{ss ss}", "node", drive->state.record.node, "block",
                         drive->state.record.block);
}

static void answer_client(Core *core, const FlashJob *job, Drive *drive) {
        char revision[REVISION_TEXT_SIZE];
        Effect *e;

        if (!core->running.client)
                return;
        revision_show(drive ? drive->state.record.revision : job->from, revision);
        reply(core, core->running.client,
              json_pack("{sI ss ss so*}", "job", (json_int_t)job->id, "outcome",
                        outcome_name(job->outcome), "revision", revision, "progress",
                        job_progress_json(core)),
              false);
        e = &core->effects[core->n_effects - 1];
        e->reply.add_audit_seq = true;
        /* A flash that ended in anything but what was wanted is an error of its own name. */
        if (job->outcome != OUTCOME_VERIFIED) {
                json_decref(e->reply.parameters);
                e->reply.parameters = whom_to_look_for(job, drive);
                e->reply.fault = job->fault;
        }
}

static void record(Core *core) {
        Running *running = &core->running;

        outcome_record(core, &running->job, drive_find(core, running->job.drive),
                       running->has_end ? &running->end : NULL);
        running->saved = effects_mark(core);
}

/* The one place where a step ends. What follows from it waits until it is on disk: conclude(). */
static void finish(Core *core, Outcome outcome, const Fault *fault, const FlashEnd *end) {
        Running *running = &core->running;
        FlashJob *job = &running->job;

        assert(running->active && job->stage != JOB_STAGE_ENDED);
        job->stage = JOB_STAGE_ENDED;
        job->ended = core->now;
        job->outcome = outcome;
        if (fault)
                job->fault = *fault;
        running->has_end = end != NULL;
        if (end)
                running->end = *end;
        record(core);
}

/* The outcome is on disk. */
static void conclude(Core *core) {
        Running *running = &core->running;
        FlashJob *job = &running->job;
        Drive *drive = drive_find(core, job->drive);
        char text[FAULT_TEXT_MAX + 64], label[NODE_SIZE] = "";

        if (running->has_end)
                effect_add(core, EFFECT_FLASH_ACK)->flash_job = job->id;
        if (job->outcome != OUTCOME_VERIFIED)
                log_effect(core,
                           outcome_needs_attention(job->outcome) ? LOG_LEVEL_ERROR
                                                                 : LOG_LEVEL_WARNING,
                           drive, &job->fault);
        if (drive)
                drive_label(drive, label, sizeof(label));
        text_format(text, sizeof(text), "%s: %s%s%s", label, outcome_name(job->outcome),
                    job->fault.text[0] ? ": " : "", job->fault.text);
        notify(core, "outcome", text, drive, job_progress_json(core), outcome_name(job->outcome));

        if (job->outcome == OUTCOME_VERIFIED && job->step < job->n_steps && !running->adopted) {
                tell_progress(core);
                begin_step(core, job->step + 1);
                image_or_plan(core);
                return;
        }
        answer_client(core, job, drive);
        running_clear(core);
        scan_begin(core);
}

void job_stored(Core *core) {
        Running *running = &core->running;

        if (!running->active)
                return;
        running->in_store |= core->n_taken >= running->begun;
        if (core->n_taken >= running->saved && running->job.stage == JOB_STAGE_ENDED &&
            !running->unrecorded)
                conclude(core);
}

void job_retry(Core *core) {
        if (!core->running.active || !core->running.unrecorded)
                return;
        core->running.unrecorded = false;
        record(core);
}

void job_scan_over(Core *core) {
        if (core->running.active && core->running.waits)
                send_plan(core);
}

void core_on_flash_end(Core *core, const FlashEnd *end) {
        Running *running = &core->running;
        Fault fault = end->fault;

        if (running->active && running->job.id == end->job &&
            running->job.stage == JOB_STAGE_ENDED) {
                job_retry(core); /* not on disk yet, or it would be cleared: no ACK */
                return;
        }
        if (!scan_forbidden(core) || running->job.id != end->job) {
                /* From a journal that was left over. It is settled already, or older than our store. */
                effect_add(core, EFFECT_FLASH_ACK)->flash_job = end->job;
                return;
        }
        if (running->job.stage == JOB_STAGE_CHECKING && end->outcome != OUTCOME_REFUSED) {
                fault_clear(&fault);
                (void)fault_set(&fault, FAULT_OUTCOME_UNKNOWN,
                                "discfw-flash says \"%s\" of a flash that it was not told to begin",
                                outcome_name(end->outcome));
                finish(core, OUTCOME_UNKNOWN, &fault, end);
                return;
        }
        if (end->outcome != OUTCOME_VERIFIED && fault.code == FAULT_NONE)
                (void)fault_set(&fault, outcome_fault(end->outcome), "%s",
                                outcome_name(end->outcome));
        finish(core, end->outcome, &fault, end);
}

void core_on_flash_gone(Core *core, const Fault *fault) {
        Running *running = &core->running;
        Fault gone = *fault;

        if (!running->active ||
            (running->job.stage != JOB_STAGE_CHECKING && running->job.stage != JOB_STAGE_COMMITTED))
                return;
        /* The store had to give it up meanwhile, or found it damaged: it can be fetched again. */
        if (running->job.stage == JOB_STAGE_CHECKING && fault->code == FAULT_IMAGE_MISSING &&
            !running->fetched_again) {
                running->fetched_again = true;
                image_forget(core, running->job.sha256);
                fetch_image(core);
                return;
        }
        if (running->job.stage == JOB_STAGE_CHECKING) {
                finish(core, OUTCOME_REFUSED, &gone, NULL);
                return;
        }
        /* GO was said: its journal knows, and whoever reads that will tell. */
        if (!core->reporting) {
                core->reporting = true;
                (void)effect_add(core, EFFECT_FLASH_REPORT);
        }
}

void core_on_reports_done(Core *core) {
        Running *running = &core->running;
        Fault fault = {};

        core->reporting = false;
        core->reported = true;
        if (running->active && running->waits)
                send_plan(core);
        else if (running->active && running->job.stage == JOB_STAGE_COMMITTED) {
                (void)fault_set(&fault, FAULT_OUTCOME_UNKNOWN,
                                "the flash was begun and nobody can tell how it ended");
                finish(core, OUTCOME_UNKNOWN, &fault, NULL);
        }
}

int core_load_job(Core *core, const FlashJob *job) {
        bool committed = job->stage == JOB_STAGE_COMMITTED;
        FlashJob ended = *job;

        if (committed && !core->running.active) {
                /* How far it is, nobody says until it ends: shown is what must not be disturbed. */
                core->running = (Running){ .active = true,
                                           .job = *job,
                                           .adopted = true,
                                           .in_store = true,
                                           .went = true,
                                           .in_flash = true,
                                           .phase = PHASE_COMMITTING };
                return 0;
        }
        /* Nothing was sent to the drive: a helper that waits for GO gives up with its connection. Only
         * one can have been told to go; should the store say it of two, nobody watched the second. */
        ended.stage = JOB_STAGE_ENDED;
        ended.ended = core->now;
        ended.outcome = committed ? OUTCOME_UNKNOWN : OUTCOME_REFUSED;
        fault_clear(&ended.fault);
        (void)fault_set(&ended.fault, committed ? FAULT_OUTCOME_UNKNOWN : FAULT_HELPER_DIED,
                        "discfwd ended before %s",
                        committed ? "the flash did" : "anything was sent");
        outcome_record(core, &ended, drive_find(core, job->drive), NULL);
        return 0;
}

/* What could not be recorded does not happen, and what happened is not forgotten. */
void job_store_failed(Core *core, const Fault *fault) {
        Running *running = &core->running;
        FlashJob *job = &running->job;

        if (!running->active || (job->stage == JOB_STAGE_COMMITTED && running->went))
                return;
        if (running->client)
                reply_fault(core, running->client, fault);
        running->client = 0;
        if (job->stage != JOB_STAGE_ENDED) {
                effect_add(core, EFFECT_FLASH_CLOSE)->flash_job = job->id;
                if (!running->in_store) {
                        running_clear(core);
                        return;
                }
                job->stage = JOB_STAGE_ENDED;
                job->ended = core->now;
                job->outcome = OUTCOME_REFUSED;
                job->fault = *fault;
        }
        running->unrecorded = true;
        running->waits = false;
}
