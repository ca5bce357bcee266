/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of the core: shared by its files, nobody else's business. */
#pragma once

#include "base/json.h"
#include "core/core.h"

/* An entry of one catalog for the model of one drive. */
typedef struct KnownEntry {
        Entry *entry; /* NULL: ignored, and why */
        char catalog[CATALOG_NAME_MAX + 1];
        char path[TARGET_PATH_MAX + 1];
        char ignored[FAULT_TEXT_MAX];
} KnownEntry;

typedef struct Drive {
        DriveState state;
        KnownEntry *entries;
        unsigned n_entries;
        char announced[REVISION_SIZE]; /* the newer version that was told of already */
        bool seen;                     /* in the scan that is going on */
} Drive;

/* The job that runs; at most one on a machine. */
typedef struct Running {
        bool active;
        FlashJob job;
        Way way;         /* of the whole order; points into the drive's entries */
        unsigned mirror; /* that is asked for the image */
        bool went;       /* GO was said */
        bool waits_for_report;
        uint64_t client; /* who waits for the end; 0 nobody */
        bool client_more;
        bool adopted; /* from before this daemon's start: only its outcome is awaited */
        FlashPhase phase;
        bool in_flash; /* phase is the helper's */
        uint32_t n_done, n_total;
        uint32_t expected_ms;
} Running;

typedef struct Refresh {
        bool active;
        bool wanted[CATALOGS_MAX];
        unsigned catalog, mirror; /* under way */
        bool any_ok;
        Fault fault; /* the last that a mirror gave */
        uint64_t clients[8];
        bool clients_more[8];
        unsigned n_clients;
} Refresh;

typedef struct Waiter {
        uint64_t client;
        Request request;
} Waiter;

#define WAITERS_MAX     32
#define SUBSCRIBERS_MAX 32
#define EFFECTS_MAX     4096

struct Core {
        Settings settings;
        int64_t now;
        uint64_t boottime_ms;
        int64_t clock_floor;

        Drive *drives;
        unsigned n_drives;
        bool scanning;
        bool scan_again;
        int64_t last_scan; /* 0: none yet */

        CatalogState catalogs[CATALOGS_MAX];
        unsigned n_catalogs;

        uint8_t (*images)[32];
        unsigned n_images;

        Running running;
        Refresh refresh;
        bool reporting; /* a helper is asked for outcomes that nobody took */
        bool reported;  /* it was, since this daemon began */
        uint64_t next_job;

        Waiter waiters[WAITERS_MAX]; /* for the end of the scan */
        unsigned n_waiters;
        uint64_t subscribers[SUBSCRIBERS_MAX];
        bool subscriber_admin[SUBSCRIBERS_MAX];
        unsigned n_subscribers;

        uint32_t denied_uid;
        int64_t denied_minute;
        unsigned n_denied;

        Effect *effects; /* a ring would be smaller; a batch is short */
        size_t n_effects, first_effect, n_effects_allocated;
};

/* effects.c: adding an effect. The result is zeroed but for its kind; never NULL, since a daemon that
 * cannot remember what it must do has to stop. */
Effect *effect_add(Core *core, EffectKind kind);
void reply(Core *core, uint64_t client, json_t *parameters, bool continues);
void reply_fault(Core *core, uint64_t client, const Fault *fault);
void trail(Core *core, const TrailEntry *entry);
void save_drive(Core *core, const Drive *drive);
void save_job(Core *core, const FlashJob *job);
void log_effect(Core *core, int level, const Drive *drive, const Fault *fault);
/* Tells the subscribers. Any of DRIVE, PROGRESS (taken over), OUTCOME may be NULL. */
void notify(Core *core, const char *event, const char *text, const Drive *drive, json_t *progress,
            const char *outcome);

void notify_one(Core *core, unsigned subscriber, const char *event, const char *text,
                const Drive *drive, json_t *progress, const char *outcome);

/* inventory.c */
Drive *drive_find(Core *core, const char *id);
/* What a person has at hand: node, block name, with or without /dev/, serial, prefix of the id. */
Drive *drive_lookup(Core *core, const char *name, Fault *fault);
const char *drive_shown_node(const Drive *drive);
void drive_model_text(const Drive *drive, char *ret_text, size_t size);
void drive_label(const Drive *drive, char *ret_text, size_t size); /* "sr0", "btc-1004" */
void scan_begin(Core *core);
void revision_trim(const char *revision, char ret_text[REVISION_SIZE]);
void inventory_free(Core *core);
/* Looks for a newer firmware and tells of it once. */
void announce_update(Core *core, Drive *drive);

/* plan.c */
typedef struct PlanQuestion {
        Drive *drive;
        bool rollback;
        bool reflash;
        char to[REVISION_SIZE]; /* "" for the newest or the nearest */
        const Caller *caller;   /* NULL: leave out what depends on who asks */
        const char *reason;
} PlanQuestion;

typedef struct PlanAnswer {
        Way way;
        char catalog[CATALOG_NAME_MAX + 1];
        bool allow_expired;
        bool needs_reason;
        char digest[65];
        bool has_back;
        Way back;
} PlanAnswer;

/* The usable entries of one catalog for a drive. Returns how many; at most ENTRIES_MAX. */
unsigned entries_of(const Drive *drive, const char *catalog, const Entry **ret_entries);
CatalogState *catalog_find(Core *core, const char *name);
bool catalog_fresh(const Core *core, const CatalogState *catalog);
/* Which way, and whether it may be gone; the fault says why not. */
int plan_make(Core *core, const PlanQuestion *question, PlanAnswer *ret_answer, Fault *fault);
/* The newest for a drive over all its catalogs that are fresh (or any, with STALE_TOO): true if some
 * catalog knows the drive's revision. RET_WAY is empty if it is current. */
bool plan_newest(Core *core, const Drive *drive, bool stale_too, Way *ret_way,
                 char ret_catalog[CATALOG_NAME_MAX + 1]);
bool image_in_store(const Core *core, const uint8_t sha256[32]);

/* why.c */
json_t *why_make(Core *core, Drive *drive, const char *version, const Caller *caller, Fault *fault);

/* job.c */
int job_start(Core *core, const Request *request, Fault *fault);
void job_client_gone(Core *core, uint64_t client);
json_t *job_progress_json(const Core *core);

/* refresh.c */
int refresh_start(Core *core, const char *catalog, uint64_t client, bool more, Fault *fault);
void refresh_client_gone(Core *core, uint64_t client);

/* resolve.c */
void resolve_drive(Core *core, const Request *request);
/* A scan showed a drive that waits for its power cycle: perhaps it is well now. */
void resolve_by_scan(Core *core, Drive *drive);

/* view.c: what clients see. NULL only on lack of memory. */
json_t *view_drive(Core *core, const Drive *drive, const Caller *caller);
json_t *view_drives(Core *core, bool all, const Caller *caller);
json_t *view_catalog(Core *core, const CatalogState *catalog);
json_t *view_catalogs(Core *core);
json_t *view_step(Core *core, const Drive *drive, const Step *step);
json_t *view_plan(Core *core, const PlanQuestion *question, const PlanAnswer *answer);
json_t *view_show(Core *core, Drive *drive, const Caller *caller);
json_t *view_status(Core *core, const Caller *caller);
json_t *view_time(int64_t time); /* null for 0 */

/* doctor.c */
json_t *doctor_make(Core *core);
