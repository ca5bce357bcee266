/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The nouns of the core: who asks for what, and what is known of drives, jobs and catalogs. Values
 * all of them: they are copied, hold no pointers, and are what the store keeps. */
#pragma once

#include "base/fault.h"
#include "wire/flash.h"
#include "wire/probe.h"

#define DRIVE_ID_LENGTH    16
#define USER_SIZE          65
#define VIA_SIZE           33
#define REVISION_TEXT_SIZE 17 /* a revision fit to be shown: whatever bytes the drive has there */

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
        Fault broken; /* it is there, and cannot be read: nothing above but the name holds */
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
        int64_t attention_since; /* when that was recorded */
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
