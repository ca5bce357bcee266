/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the core wants done. Effects are carried out in their order, and with one promise: those on
 * the store that come before another kind are on disk before that one is begun (core/core.h). */
#pragma once

#include <jansson.h>

#include "core/types.h"

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
        const Counters *before, *after; /* a flash; NULL: not known */
        bool counted_anew;
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
                CatalogState *catalog; /* owned; it is larger than all the others together */
                char catalog_name[CATALOG_NAME_MAX + 1];
                struct {
                        TrailKind kind;
                        bool by_user;
                        Caller caller;
                        char via[VIA_SIZE];
                        bool has_drive;
                        DriveState drive;
                        char from[REVISION_TEXT_SIZE], to[REVISION_TEXT_SIZE];
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
                        Counters before, after;
                        bool counted_anew;
                } trail;
                struct {
                        uint64_t client;
                        json_t *parameters; /* with a fault: more parameters of the error, or NULL */
                        Fault fault;        /* set: it is the answer */
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

void effect_done(Effect *effect);
