/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What clients ask: one function a method, each of which unpacks, decides once, and answers. */
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "core/state.h"

typedef void (*MethodFunction)(Core *core, const Request *request);

static void get_status(Core *core, const Request *request) {
        reply(core, request->client, view_status(core, &request->caller), false);
}

static void list_drives(Core *core, const Request *request) {
        reply(core, request->client,
              json_pack("{so sI}", "drives", view_drives(core, request->all, &request->caller),
                        "age_seconds",
                        (json_int_t)(core->last_scan ? core->now - core->last_scan : -1)),
              false);
}

static void wait_for_scan(Core *core, const Request *request) {
        Fault fault = {};

        if (scan_forbidden(core) || (core->running.active && core->running.waits))
                (void)fault_set(&fault, FAULT_BUSY,
                                "a flash is under way: drives are not looked at until it is over");
        else if (core->n_waiters == WAITERS_MAX)
                (void)fault_set(&fault, FAULT_LIMIT, "too many wait for a scan");
        if (fault.code != FAULT_NONE) {
                reply_fault(core, request->client, &fault);
                return;
        }
        /* The first scan serves whoever comes during it; any other may have passed the drive. */
        core->waiters[core->n_waiters++] = (Waiter){ .client = request->client,
                                                     .request = *request,
                                                     .next_scan = core->scanning && core->scanned };
        if (core->scanned || !core->scanning)
                scan_begin(core);
}

static void show_drive(Core *core, const Request *request) {
        Fault fault = {};
        Drive *drive = drive_lookup(core, request->drive, &fault);

        if (!drive)
                reply_fault(core, request->client, &fault);
        else {
                /* The runner adds "history". */
                Effect *e = effect_add(core, EFFECT_QUERY);

                e->query.request = *request;
                text_format(e->query.request.drive, sizeof(e->query.request.drive), "%s",
                            drive->state.id);
                e->query.parameters = view_show(core, drive, &request->caller);
        }
}

static void refresh(Core *core, const Request *request) {
        Fault fault = {};

        if (refresh_start(core, request->catalog, request->client, request->more, &fault) < 0)
                reply_fault(core, request->client, &fault);
}

static void plan_flash(Core *core, const Request *request) {
        PlanQuestion question = { .caller = &request->caller, .reason = request->reason };
        PlanAnswer answer;
        Fault fault = {};

        question.drive = drive_lookup(core, request->drive, &fault);
        question.rollback = strcmp(request->kind, "rollback") == 0;
        question.reflash = strcmp(request->kind, "reflash") == 0;
        if (question.drive && request->version[0] &&
            !revision_from_text(request->version, question.to))
                (void)fault_set(&fault, FAULT_BAD_REQUEST, "a version has at most 4 characters");
        /* A plan may be seen by those who may not carry it out. */
        question.caller = NULL;
        if (fault.code == FAULT_NONE)
                (void)plan_make(core, &question, &answer, &fault);
        question.caller = &request->caller;
        if (fault.code != FAULT_NONE)
                reply_fault(core, request->client, &fault);
        else
                reply(core, request->client,
                      json_pack("{so}", "plan", view_plan(core, &question, &answer)), false);
}

static void flash(Core *core, const Request *request) {
        Fault fault = {};
        const Drive *drive;

        if (job_start(core, request, &fault) == 0)
                return;
        drive = drive_lookup(core, request->drive, NULL);
        trail(core, &(TrailEntry){ .kind = TRAIL_REFUSED,
                                   .drive = drive ? &drive->state : NULL,
                                   .caller = &request->caller,
                                   .via = request->via,
                                   .to = request->version,
                                   .reason = request->reason,
                                   .fault = &fault });
        reply_fault(core, request->client, &fault);
}

static void why(Core *core, const Request *request) {
        Fault fault = {};
        Drive *drive = drive_lookup(core, request->drive, &fault);
        json_t *answer = NULL;

        if (drive)
                answer = why_make(core, drive, request->version, &request->caller, &fault);
        if (fault.code != FAULT_NONE)
                reply_fault(core, request->client, &fault);
        else
                reply(core, request->client, answer, false);
}

/* The store answers; a drive is named by its id there. */
static void query(Core *core, const Request *request) {
        Fault fault = {};
        Effect *e;

        if (request->drive[0]) {
                Drive *drive = drive_lookup(core, request->drive, &fault);

                if (!drive) {
                        reply_fault(core, request->client, &fault);
                        return;
                }
                e = effect_add(core, EFFECT_QUERY);
                e->query.request = *request;
                text_format(e->query.request.drive, sizeof(e->query.request.drive), "%s",
                            drive->state.id);
        } else
                effect_add(core, EFFECT_QUERY)->query.request = *request;
}

static void set_hold(Core *core, const Request *request) {
        bool hold = request->method == METHOD_HOLD;
        Fault fault = {};
        Drive *drive = drive_lookup(core, request->drive, &fault);

        if (!drive) {
                reply_fault(core, request->client, &fault);
                return;
        }
        drive_change_begin(drive);
        drive->state.held = hold;
        text_format(drive->state.held_reason, sizeof(drive->state.held_reason), "%s",
                    hold ? request->reason : "");
        save_drive(core, drive);
        trail(core, &(TrailEntry){ .kind = hold ? TRAIL_HOLD : TRAIL_UNHOLD,
                                   .caller = &request->caller,
                                   .via = request->via,
                                   .drive = &drive->state,
                                   .reason = request->reason });
        drive_change_end(core, drive);
        reply(core, request->client,
              json_pack("{so}", "drive", view_drive(core, drive, &request->caller)), false);
}

static void list_catalogs(Core *core, const Request *request) {
        reply(core, request->client, json_pack("{so}", "catalogs", view_catalogs(core)), false);
}

static void show_catalog(Core *core, const Request *request) {
        const CatalogState *catalog = catalog_find(core, request->catalog);
        Fault fault = {};
        Effect *e;

        if (!catalog) {
                (void)fault_set(&fault, FAULT_NO_SUCH_CATALOG, "there is no catalog \"%s\"",
                                request->catalog);
                reply_fault(core, request->client, &fault);
                return;
        }
        /* The runner adds "roles" and "entries". */
        e = effect_add(core, EFFECT_QUERY);
        e->query.request = *request;
        e->query.parameters = json_pack("{so}", "catalog", view_catalog(core, catalog));
}

static void reload(Core *core, const Request *request) {
        effect_add(core, EFFECT_RELOAD)->query.request = *request;
}

static void monitor(Core *core, const Request *request) {
        Fault fault = {};

        if (!request->more)
                (void)fault_set(&fault, FAULT_BAD_REQUEST, "Monitor() needs \"more\"");
        else if (core->n_subscribers == SUBSCRIBERS_MAX)
                (void)fault_set(&fault, FAULT_LIMIT, "too many are watching");
        if (fault.code != FAULT_NONE) {
                reply_fault(core, request->client, &fault);
                return;
        }
        core->subscriber_admin[core->n_subscribers] = request->caller.admin;
        core->subscribers[core->n_subscribers++] = request->client;
        if (core->running.active)
                notify_one(core, core->n_subscribers - 1, "progress", "",
                           drive_find(core, core->running.job.drive), job_progress_json(core),
                           NULL);
}

static void doctor(Core *core, const Request *request) {
        reply(core, request->client, json_pack("{so}", "findings", doctor_make(core)), false);
}

typedef enum Wait {
        WAIT_NOT = 0,
        WAIT_IF_NONE, /* before the first scan "no drive" is not an answer */
        WAIT_SCAN,    /* nodes may have other numbers than when the store was closed */
} Wait;

static const struct {
        MethodFunction function;
        bool changes; /* root and group discfw only */
        Wait wait;    /* for the first scan */
} methods[_METHOD_MAX] = {
        [METHOD_GET_STATUS] = { get_status, false, WAIT_IF_NONE },
        [METHOD_LIST_DRIVES] = { list_drives, false, WAIT_IF_NONE },
        [METHOD_SCAN] = { wait_for_scan, false },
        [METHOD_SHOW_DRIVE] = { show_drive, false, WAIT_IF_NONE },
        /* A catalog is only indexed for the drives that are known. */
        [METHOD_REFRESH] = { refresh, true, WAIT_SCAN },
        [METHOD_PLAN_FLASH] = { plan_flash, false, WAIT_SCAN },
        [METHOD_FLASH] = { flash, true, WAIT_SCAN },
        [METHOD_RESOLVE] = { wait_for_scan, true },
        [METHOD_WHY] = { why, false, WAIT_IF_NONE },
        [METHOD_HISTORY] = { query, false },
        [METHOD_VERIFY_AUDIT] = { query, false },
        [METHOD_EXPORT_AUDIT] = { query, true },
        [METHOD_HOLD] = { set_hold, true, WAIT_SCAN },
        [METHOD_UNHOLD] = { set_hold, true, WAIT_SCAN },
        [METHOD_LIST_CATALOGS] = { list_catalogs, false },
        [METHOD_SHOW_CATALOG] = { show_catalog, false },
        [METHOD_RELOAD] = { reload, true },
        [METHOD_MONITOR] = { monitor, false },
        [METHOD_DOCTOR] = { doctor, false, WAIT_IF_NONE },
};

/* A drive that another program had is looked at once more: that may have let go of it. */
static bool must_wait(Core *core, const Request *request) {
        Wait wait = methods[request->method].wait;
        const Drive *drive;
        Fault fault = {};

        if (!core->scanned)
                return wait == WAIT_SCAN ||
                       (wait == WAIT_IF_NONE && core->scanning && core->n_drives == 0);
        drive = wait == WAIT_SCAN ? drive_lookup(core, request->drive, &fault) : NULL;
        return drive && drive->state.attached && drive->state.record.fault.code == FAULT_CLAIMED;
}

void request_carry_out(Core *core, const Request *request) {
        methods[request->method].function(core, request);
}

bool method_changes(Method method) {
        return methods[method].changes;
}

/* One row a minute and uid, and some in all: whoever floods us with requests, be it under many names,
 * must not fill the log with them. */
static void note_denied(Core *core, const Request *request, const Fault *fault) {
        Denied *denied = &core->denied;
        int64_t minute = core->now / 60;
        TrailEntry entry = { .kind = TRAIL_REFUSED,
                             .caller = &request->caller,
                             .via = request->via,
                             .fault = fault };
        bool told;

        if (denied->minute != minute)
                denied->n_uids = 0;
        denied->minute = minute;
        told = denied->n_uids == N_ELEMENTS(denied->uids);
        for (unsigned i = 0; !told && i < denied->n_uids; i++)
                told = denied->uids[i] == request->caller.uid;
        if (told) {
                denied->n_more++;
                return;
        }
        if (denied->n_more > 0)
                text_format(entry.detail, sizeof(entry.detail),
                            "and %u more were denied since the last such entry", denied->n_more);
        denied->uids[denied->n_uids++] = request->caller.uid;
        denied->n_more = 0;
        trail(core, &entry);
}

void core_on_request(Core *core, const Request *request) {
        Fault fault = {};

        if (methods[request->method].changes && !request->caller.admin) {
                (void)fault_set(&fault, FAULT_NOT_PERMITTED,
                                "uid %u may look, but not change anything", request->caller.uid);
                note_denied(core, request, &fault);
                reply_fault(core, request->client, &fault);
                return;
        }
        job_retry(core);
        if (must_wait(core, request))
                wait_for_scan(core, request);
        else
                request_carry_out(core, request);
}

void core_on_client_gone(Core *core, uint64_t client) {
        unsigned n = 0;

        job_client_gone(core, client);
        refresh_client_gone(core, client);
        for (unsigned i = 0; i < core->n_subscribers; i++)
                if (core->subscribers[i] != client) {
                        core->subscriber_admin[n] = core->subscriber_admin[i];
                        core->subscribers[n++] = core->subscribers[i];
                }
        core->n_subscribers = n;
        n = 0;
        for (unsigned i = 0; i < core->n_waiters; i++)
                if (core->waiters[i].client != client)
                        core->waiters[n++] = core->waiters[i];
        core->n_waiters = n;
}
