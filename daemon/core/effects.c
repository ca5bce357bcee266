/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/state.h"

Effect *effect_add(Core *core, EffectKind kind) {
        Effect *effect;

        if (core->n_effects == core->n_effects_allocated) {
                size_t n = core->n_effects_allocated ? core->n_effects_allocated * 2 : 16;
                Effect *effects = realloc(core->effects, n * sizeof(*effects));

                if (!effects)
                        abort(); /* see the comment in state.h: stopping is safe, forgetting is not */
                core->effects = effects;
                core->n_effects_allocated = n;
        }
        effect = &core->effects[core->n_effects++];
        memset(effect, 0, sizeof(*effect));
        effect->kind = kind;
        return effect;
}

bool core_next_effect(Core *core, Effect *ret_effect) {
        if (core->first_effect == core->n_effects) {
                core->first_effect = core->n_effects = 0;
                return false;
        }
        *ret_effect = core->effects[core->first_effect++];
        core->n_taken++;
        return true;
}

uint64_t effects_mark(const Core *core) {
        return core->n_taken + (core->n_effects - core->first_effect);
}

void effect_done(Effect *effect) {
        if (effect->kind == EFFECT_REPLY)
                json_decref(effect->reply.parameters);
        if (effect->kind == EFFECT_QUERY)
                json_decref(effect->query.parameters);
        if (effect->kind == EFFECT_SAVE_CATALOG)
                free(effect->catalog);
        memset(effect, 0, sizeof(*effect));
}

/* Whether EFFECT, which waits behind a store that failed, is carried out nevertheless. What begins a
 * step of a flash is not, since that step is not recorded. An ACK is, since it was added when its
 * outcome was on disk; so is all that neither claims nor changes anything, or those who wait for the
 * end of a scan or refresh would wait for ever. */
static bool survives(Effect *effect, const Fault *fault) {
        switch (effect->kind) {
        case EFFECT_FETCH_IMAGE:
        case EFFECT_FLASH_PLAN:
        case EFFECT_FLASH_GO: return false;
        case EFFECT_REPLY:
                if (!effect->reply.continues && effect->reply.fault.code == FAULT_NONE) {
                        json_decref(effect->reply.parameters);
                        effect->reply.parameters = NULL;
                        effect->reply.fault = *fault;
                }
                return true;
        default: return effect->kind > _EFFECT_STORE_LAST;
        }
}

void effects_refuse(Core *core, Effect *next, const Fault *fault) {
        Effect *effects = core->effects;
        size_t first = core->first_effect, n = core->n_effects;

        core->effects = NULL;
        core->first_effect = core->n_effects = core->n_effects_allocated = 0;
        for (size_t i = first; next || i < n; next = NULL) {
                Effect *effect = next ? next : &effects[i++];

                if (survives(effect, fault)) {
                        *effect_add(core, effect->kind) = *effect;
                        continue;
                }
                if (effect->kind == EFFECT_FETCH_IMAGE)
                        core->fetching = false;
                effect_done(effect);
        }
        free(effects);
}

void reply(Core *core, uint64_t client, json_t *parameters, bool continues) {
        Effect *effect;

        if (client == 0) {
                json_decref(parameters);
                return;
        }
        effect = effect_add(core, EFFECT_REPLY);
        effect->reply.client = client;
        effect->reply.continues = continues;
        effect->reply.parameters = parameters;
        if (!parameters)
                (void)fault_set(&effect->reply.fault, FAULT_INTERNAL, "out of memory");
}

void reply_fault(Core *core, uint64_t client, const Fault *fault) {
        Effect *effect;

        assert(fault->code != FAULT_NONE);
        if (client == 0)
                return;
        effect = effect_add(core, EFFECT_REPLY);
        effect->reply.client = client;
        effect->reply.fault = *fault;
}

static void copy(char *to, size_t size, const char *from) {
        text_format(to, size, "%s", from ? from : "");
}

void trail(Core *core, const TrailEntry *entry) {
        Effect *e = effect_add(core, EFFECT_TRAIL);

        e->trail.kind = entry->kind;
        if (entry->caller) {
                e->trail.by_user = true;
                e->trail.caller = *entry->caller;
        }
        copy(e->trail.via, sizeof(e->trail.via), entry->via);
        if (entry->drive) {
                e->trail.has_drive = true;
                e->trail.drive = *entry->drive;
        }
        copy(e->trail.from, sizeof(e->trail.from), entry->from);
        copy(e->trail.to, sizeof(e->trail.to), entry->to);
        copy(e->trail.catalog, sizeof(e->trail.catalog), entry->catalog);
        copy(e->trail.target, sizeof(e->trail.target), entry->target);
        if (entry->sha256) {
                e->trail.has_image = true;
                memcpy(e->trail.sha256, entry->sha256, 32);
        }
        copy(e->trail.reason, sizeof(e->trail.reason), entry->reason);
        copy(e->trail.outcome, sizeof(e->trail.outcome), entry->outcome);
        if (entry->fault)
                e->trail.fault = *entry->fault;
        copy(e->trail.sense, sizeof(e->trail.sense), entry->sense);
        e->trail.job = entry->job;
        copy(e->trail.detail, sizeof(e->trail.detail), entry->detail);
        e->trail.before = entry->before ? *entry->before : COUNTERS_UNKNOWN;
        e->trail.after = entry->after ? *entry->after : COUNTERS_UNKNOWN;
        e->trail.counted_anew = entry->counted_anew;
}

void save_drive(Core *core, const Drive *drive) {
        effect_add(core, EFFECT_SAVE_DRIVE)->drive = drive->state;
}

void save_catalog(Core *core, const CatalogState *catalog) {
        CatalogState *copied = malloc(sizeof(*copied));

        if (!copied)
                abort(); /* as in effect_add() */
        *copied = *catalog;
        effect_add(core, EFFECT_SAVE_CATALOG)->catalog = copied;
}

void save_job(Core *core, const FlashJob *job) {
        effect_add(core, EFFECT_SAVE_JOB)->job = *job;
}

void log_effect(Core *core, int level, const Drive *drive, const Fault *fault) {
        Effect *e = effect_add(core, EFFECT_LOG);

        e->log.level = level;
        if (drive)
                drive_label(drive, e->log.drive, sizeof(e->log.drive));
        e->log.fault = *fault;
}

void notify_one(Core *core, unsigned subscriber, const char *event, const char *text,
                const Drive *drive, json_t *progress, const char *outcome) {
        const Caller caller = { .admin = core->subscriber_admin[subscriber] };
        char time[CLOCK_TEXT_SIZE];

        clock_format(core->now, time);
        reply(core, core->subscribers[subscriber],
              json_pack("{ss ss so so* so* ss*}", "event", event, "time", time, "text",
                        json_string_safe(text), "drive",
                        drive ? view_drive(core, drive, &caller) : NULL, "progress", progress,
                        "outcome", outcome),
              true);
}

void notify(Core *core, const char *event, const char *text, const Drive *drive, json_t *progress,
            const char *outcome) {
        _cleanup_json_ json_t *taken = progress;

        for (unsigned i = 0; i < core->n_subscribers; i++)
                notify_one(core, i, event, text, drive, json_incref(taken), outcome);
}
