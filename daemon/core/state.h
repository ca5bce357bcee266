/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole state of the core: shared by its files, nobody else's business. */
#pragma once

#include "core/job.h"
#include "core/refresh.h"
#include "core/view.h"

typedef struct Waiter {
        uint64_t client;
        Request request;
        bool next_scan; /* the one that is under way began before it asked */
} Waiter;

#define WAITERS_MAX     32
#define SUBSCRIBERS_MAX 32

/* Who was told "not permitted" in this minute, and stands in the log for it. */
typedef struct Denied {
        int64_t minute;
        uint32_t uids[8];
        unsigned n_uids;
        unsigned n_more; /* since the last row */
} Denied;

struct Core {
        Settings settings;
        int64_t now;
        uint64_t boottime_ms;
        int64_t clock_floor;

        Drive *drives;
        unsigned n_drives;
        bool scanning;
        bool scan_again;
        int64_t last_scan; /* 0: never */
        bool scanned;      /* since this daemon began */
        bool index_behind; /* a drive came that no refresh has looked for yet */

        CatalogState catalogs[CATALOGS_MAX];
        unsigned n_catalogs;

        uint8_t (*images)[32];
        unsigned n_images;

        Running running;
        bool fetching; /* an image; one at a time */
        Refresh refresh;
        bool reporting; /* a helper is asked for outcomes that nobody took */
        bool reported;  /* it was, since this daemon began */
        uint64_t next_job;

        Waiter waiters[WAITERS_MAX]; /* for the end of the scan */
        unsigned n_waiters;
        uint64_t subscribers[SUBSCRIBERS_MAX];
        bool subscriber_admin[SUBSCRIBERS_MAX];
        unsigned n_subscribers;

        Denied denied;

        Effect *effects;
        size_t n_effects, first_effect, n_effects_allocated;
        uint64_t n_taken; /* effects that were handed out, ever */
};

/* effects.c: adding an effect. The result is zeroed but for its kind; never NULL, since a daemon that
 * cannot remember what it must do has to stop. */
Effect *effect_add(Core *core, EffectKind kind);
/* How many effects there were, ever: once so many were taken and core_on_stored() came, those that
 * were added so far are on disk. */
uint64_t effects_mark(const Core *core);
/* The store failed: effects that wait are dropped or turned into FAULT as core_on_store_failed() says. */
void effects_refuse(Core *core, Effect *next, const Fault *fault);
void reply(Core *core, uint64_t client, json_t *parameters, bool continues);
void reply_fault(Core *core, uint64_t client, const Fault *fault);
void trail(Core *core, const TrailEntry *entry);
void save_drive(Core *core, const Drive *drive);
void save_job(Core *core, const FlashJob *job);
void save_catalog(Core *core, const CatalogState *catalog);
void log_effect(Core *core, int level, const Drive *drive, const Fault *fault);
/* Tells the subscribers. Any of DRIVE, PROGRESS (taken over), OUTCOME may be NULL. */
void notify(Core *core, const char *event, const char *text, const Drive *drive, json_t *progress,
            const char *outcome);

void notify_one(Core *core, unsigned subscriber, const char *event, const char *text,
                const Drive *drive, json_t *progress, const char *outcome);

/* request.c: what may be done, and has waited for a scan if it had to. */
void request_carry_out(Core *core, const Request *request);
