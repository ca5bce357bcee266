/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the daemon decides. Pure: events come in as calls of core_on_...(), effects come out of
 * core_next_effect(), and nothing else happens. There is no loop, no store, no socket and no clock in
 * here, so a whole daemon can be run through a million steps from a seed.
 *
 * Whoever carries effects out does so in their order and keeps one promise: effects on the store that
 * come before another kind of effect are on disk before that one is begun. If the store fails, the
 * effects that follow in the same batch are not carried out, and core_on_store_failed() is called. So
 * "intent, then GO" is written down here simply as two effects in this order.
 *
 * Start reading at core/job.c for the course of a flash, at core/plan.c for what is allowed.
 */
#pragma once

#include <jansson.h>

#include "catalog/graph.h"
#include "wire/flash.h"
#include "wire/verify.h"

#define DRIVE_ID_LENGTH 16
#define USER_SIZE       65
#define VIA_SIZE        33

/* Who asks: attested by the kernel when the connection was accepted. */
typedef struct Caller {
        uint32_t uid;
        char user[USER_SIZE];
        bool root;  /* uid 0, or the owner of a standalone instance */
        bool admin; /* root, or group discfw */
} Caller;

typedef enum Method {
        METHOD_GET_STATUS,
        METHOD_LIST_DRIVES,
        METHOD_SCAN,
        METHOD_SHOW_DRIVE,
        METHOD_REFRESH,
        METHOD_PLAN_FLASH,
        METHOD_FLASH,
        METHOD_RESOLVE,
        METHOD_WHY,
        METHOD_HISTORY,
        METHOD_VERIFY_AUDIT,
        METHOD_EXPORT_AUDIT,
        METHOD_HOLD,
        METHOD_UNHOLD,
        METHOD_LIST_CATALOGS,
        METHOD_SHOW_CATALOG,
        METHOD_RELOAD,
        METHOD_MONITOR,
        METHOD_DOCTOR,
        _METHOD_MAX,
} Method;

/* A request is an immutable value from check to use. Strings are "" where they were not given. */
typedef struct Request {
        uint64_t client;
        Method method;
        bool more;
        Caller caller;
        char drive[DEVPATH_SIZE];
        char version[16];
        char kind[16];
        char catalog[CATALOG_NAME_MAX + 1];
        char reason[REASON_MAX + 1];
        char digest[65];
        char via[VIA_SIZE];
        bool all;
        int64_t limit;
        int64_t before;
} Request;

/* A catalog as root configured it. */
typedef struct CatalogConfig {
        char name[CATALOG_NAME_MAX + 1];
        char mirrors[MIRRORS_MAX][URL_MAX]; /* http(s) addresses or absolute folders */
        unsigned n_mirrors;
        char root_sha256[65]; /* of the pinned root.json */
        uint64_t root_version;
} CatalogConfig;

typedef enum ReasonPolicy { REASON_NEVER, REASON_ROLLBACK, REASON_ALWAYS } ReasonPolicy;

typedef struct Settings {
        ReasonPolicy reason;
        bool without_inhibitor; /* no logind here to ask */
} Settings;

/* What is known of a drive and survives the daemon. */
typedef struct DriveState {
        char id[DRIVE_ID_LENGTH + 1];
        DriveRecord record;
        int64_t first_seen;
        int64_t last_seen;
        bool attached;
        bool held;
        char held_reason[REASON_MAX + 1];
        bool attention; /* a flash ended so that a person must look: */
        Outcome attention_outcome;
        uint64_t attention_job;
        char attention_from[REVISION_SIZE];
        char attention_to[REVISION_SIZE];
} DriveState;

typedef enum JobStage {
        JOB_STAGE_QUEUED,
        JOB_STAGE_FETCHING,
        JOB_STAGE_CHECKING,  /* the helper has the plan */
        JOB_STAGE_COMMITTED, /* the intent is on disk */
        JOB_STAGE_ENDED,
} JobStage;

/* One flash: one step of a way. */
typedef struct FlashJob {
        uint64_t id;
        char drive[DRIVE_ID_LENGTH + 1];
        JobStage stage;
        FlashKind kind;
        bool rollback; /* the order was a rollback */
        char catalog[CATALOG_NAME_MAX + 1];
        char target[TARGET_PATH_MAX + 1];
        uint8_t sha256[32];
        uint64_t length;
        char from[REVISION_SIZE];
        char to[REVISION_SIZE];
        unsigned step, n_steps; /* from 1 */
        char goal[REVISION_SIZE];
        char reason[REASON_MAX + 1];
        Caller caller;
        char via[VIA_SIZE];
        bool allow_expired;
        int64_t created, started, ended;
        Outcome outcome;
        Fault fault;
} FlashJob;

typedef struct MirrorState {
        char url[URL_MAX];
        int64_t tried; /* 0 never */
        uint64_t version;
        int64_t signed_at;
        Fault fault;
} MirrorState;

typedef struct CatalogState {
        CatalogConfig config;
        MirrorState mirrors[MIRRORS_MAX];
        int64_t last_try, last_ok;
        uint64_t root_version, version; /* version: of the trusted timestamp */
        int64_t signed_at, expires;
        Fault fault; /* of the last refresh as a whole */
        unsigned n_entries, n_ignored;
} CatalogState;

typedef enum TrailKind {
        TRAIL_DRIVE_SEEN,
        TRAIL_DRIVE_CHANGED,
        TRAIL_FLASH_INTENT,
        TRAIL_FLASH_OUTCOME,
        TRAIL_CATALOG_REFRESHED,
        TRAIL_CATALOG_FAILED,
        TRAIL_CATALOG_ADDED,
        TRAIL_CATALOG_REMOVED,
        TRAIL_HOLD,
        TRAIL_UNHOLD,
        TRAIL_RESOLVE,
        TRAIL_REFUSED,
        TRAIL_ROLLBACK_EXPIRED,
} TrailKind;

/* An entry for the audit log; the runner adds the time. */
typedef struct TrailEntry {
        TrailKind kind;
        const Caller *caller; /* NULL: nobody asked */
        const char *via;
        const DriveState *drive;
        const char *from, *to;
        const char *catalog, *target;
        const uint8_t *sha256;
        const char *reason;
        const char *outcome;
        const Fault *fault;
        const char *sense;
        uint64_t job;
        char detail[256];
} TrailEntry;

typedef enum EffectKind {
        /* the store: durable before any effect of another kind that follows */
        EFFECT_SAVE_DRIVE,
        EFFECT_FORGET_ATTACHED, /* a drive is gone: only that */
        EFFECT_SAVE_JOB,
        EFFECT_SAVE_CATALOG,
        EFFECT_DELETE_CATALOG,
        EFFECT_TRAIL,
        EFFECT_TRAIL_HEAD,
        _EFFECT_STORE_LAST = EFFECT_TRAIL_HEAD,
        /* everything else */
        EFFECT_REPLY,
        EFFECT_QUERY, /* the store answers REQUEST: history, audit, roles of a catalog */
        EFFECT_SCAN,
        EFFECT_LOAD_ENTRIES, /* core_on_entries() follows for MODEL */
        EFFECT_ASK_MIRROR,   /* core_on_mirror_done() follows */
        EFFECT_FETCH_IMAGE,  /* core_on_image_progress(), core_on_image_done() follow */
        EFFECT_FLASH_PLAN,   /* core_on_flash_ready(), _end() or _gone() follow */
        EFFECT_FLASH_GO,
        EFFECT_FLASH_ACK,
        EFFECT_FLASH_CLOSE,  /* before GO only */
        EFFECT_FLASH_REPORT, /* core_on_flash_end() for each left over, then _reports_done() */
        EFFECT_RELOAD,       /* read the configuration, core_set_catalogs() follows */
        EFFECT_LOG,
} EffectKind;

typedef struct Effect {
        EffectKind kind;
        union {
                DriveState drive;
                char drive_id[DRIVE_ID_LENGTH + 1];
                FlashJob job;
                CatalogState catalog;
                char catalog_name[CATALOG_NAME_MAX + 1];
                struct {
                        TrailKind kind;
                        bool by_user;
                        Caller caller;
                        char via[VIA_SIZE];
                        bool has_drive;
                        DriveState drive;
                        char from[REVISION_SIZE], to[REVISION_SIZE];
                        char catalog[CATALOG_NAME_MAX + 1];
                        char target[TARGET_PATH_MAX + 1];
                        bool has_image;
                        uint8_t sha256[32];
                        char reason[REASON_MAX + 1];
                        char outcome[32];
                        Fault fault;
                        char sense[96];
                        uint64_t job;
                        char detail[256];
                } trail;
                struct {
                        uint64_t client;
                        json_t *parameters; /* NULL: the fault is the answer */
                        Fault fault;
                        bool continues;
                        bool add_audit_seq;
                } reply;
                struct {
                        Request request;
                        json_t *parameters; /* the answer so far, or NULL */
                } query;                    /* EFFECT_QUERY, EFFECT_RELOAD */
                uint8_t model[IDENTITY_LENGTH];
                struct {
                        char catalog[CATALOG_NAME_MAX + 1];
                        unsigned mirror;
                        char url[URL_MAX];
                        uint8_t models[DRIVES_MAX][IDENTITY_LENGTH];
                        unsigned n_models;
                } mirror;
                struct {
                        char url[URL_MAX]; /* of the mirror */
                        char target[TARGET_PATH_MAX + 1];
                        uint8_t sha256[32];
                        uint64_t length;
                } image;
                struct {
                        FlashPlan plan;
                        uint8_t sha256[32];
                } flash;
                uint64_t flash_job;
                struct {
                        int level;
                        char drive[NODE_SIZE];
                        Fault fault;
                } log;
        };
} Effect;

typedef struct Core Core;

Core *core_new(const Settings *settings);
Core *core_free(Core *core);
DEFINE_CLEANUP(Core *, core_free)

/* Before each call below: what time it is. */
void core_set_time(Core *core, int64_t now, uint64_t boottime_ms);

/* Effects in their order; true and RET_EFFECT, which effect_done() frees, or false. */
bool core_next_effect(Core *core, Effect *ret_effect);
void effect_done(Effect *effect);
/* At start, before anything else: what the store has. */
int core_load_drive(Core *core, const DriveState *drive);
int core_load_job(Core *core, const FlashJob *job); /* open ones */
void core_load_catalog(Core *core, const CatalogState *catalog);
int core_load_image(Core *core, const uint8_t sha256[32]);
void core_load_next_job(Core *core, uint64_t id);
void core_load_clock_floor(Core *core, int64_t floor);

/* Configured catalogs, at start and after a reload; those that are gone are deleted. */
void core_set_catalogs(Core *core, const CatalogConfig *configs, unsigned n_configs);
/* All is loaded: asks for the drives, and for the outcomes that nobody took. */
void core_start(Core *core);

/* This method is for root and group discfw only. */
bool method_changes(Method method);

void core_on_request(Core *core, const Request *request);
void core_on_client_gone(Core *core, uint64_t client);
/* KNOWN_ID: the drive that the store knows under this key, or "". */
void core_on_scan_drive(Core *core, const DriveRecord *record, const char *known_id);
void core_on_scan_end(Core *core, const Fault *fault);
void core_on_hotplug(Core *core);

typedef struct EntryInput {
        const char *catalog;
        const char *path;
        uint64_t length;
        const uint8_t *sha256;
        const char *json;
        const char *ignored; /* text, or "" */
} EntryInput;
void core_on_entries(Core *core, const uint8_t model[IDENTITY_LENGTH], const EntryInput *entries,
                     unsigned n_entries);
void core_on_mirror_done(Core *core, const char *catalog, unsigned mirror, const VerifyEnd *end,
                         unsigned n_entries, unsigned n_ignored);
void core_on_image_progress(Core *core, uint64_t n_done, uint64_t n_total);
void core_on_image_done(Core *core, const uint8_t sha256[32], const Fault *fault);
void core_on_flash_ready(Core *core, const FlashReady *ready);
/* EFFECT_FLASH_GO was carried out. */
void core_on_flash_went(Core *core);
void core_on_flash_phase(Core *core, const FlashPhaseNote *note);
void core_on_flash_end(Core *core, const FlashEnd *end);
/* The connection ended without END. */
void core_on_flash_gone(Core *core, const Fault *fault);
void core_on_reports_done(Core *core);
void core_on_store_failed(Core *core, const Fault *fault);

/* Nothing is going on and nobody waits: the process may end and be started again. */
bool core_idle(const Core *core);
/* A flash or refresh of this name is known: for the runner's inhibitor. */
bool core_flashing(const Core *core);
