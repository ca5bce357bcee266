/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything around the core, in a test: drives that come and go, a store that commits or fails, a
 * clock, and a log of what the core wanted, one line an effect:
 *
 *     scan                                  seen 0123 revision 0043
 *     save-job 1 committed 0043>0050        go 1
 *     trail flash-intent 0043>0050 job 1    ack 1
 *     head                                  reply 7 {"job":1}
 *     -- on disk                            reply 7 Busy: another flash ...
 *
 * Scans, mirrors, images and the flash helper answer when the test says so; the index of entries
 * answers at once, as the daemon's does.
 */
#pragma once

#include "core/core.h"

#define WORLD_DRIVES_MAX  8
#define WORLD_ENTRIES_MAX 16

/* "BTC     DVDRW IDE1004   ", where the tests need no other. */
extern const char world_model[];

typedef struct WorldDrive {
        DriveRecord record;
        bool there;
} WorldDrive;

typedef struct WorldEntry {
        char model[IDENTITY_LENGTH + 1];
        char catalog[CATALOG_NAME_MAX + 1];
        char path[TARGET_PATH_MAX + 1];
        char json[4096];
        char ignored[64];
        uint8_t sha256[32];
} WorldEntry;

/* The keys of drives, as the store has them. */
typedef struct WorldKey {
        char key[PROBE_KEY_SIZE];
        char id[DRIVE_ID_LENGTH + 1];
} WorldKey;

typedef struct World {
        Core *core;
        int64_t now;
        WorldDrive drives[WORLD_DRIVES_MAX];
        unsigned n_drives;
        WorldEntry entries[WORLD_ENTRIES_MAX];
        unsigned n_entries;
        WorldKey keys[64], new_keys[64];
        unsigned n_keys, n_new_keys;
        CatalogConfig configs[CATALOGS_MAX];
        unsigned n_configs;

        unsigned fail_store; /* the N-th commit from now fails; 0 none does */
        bool in_transaction;

        char log[128 * 1024];
        size_t n_log;
        bool quiet; /* no progress, no log lines */

        json_t *reply; /* the last one that had parameters */
        Fault fault;   /* the last one that had none */
        FlashPlan plan;
        uint8_t n_models; /* of the last ASK_MIRROR */
        CatalogState catalog;
        DriveState drive; /* the last saved */
        FlashJob job;
        char trail_detail[256];
        Counters before, after; /* of the last trail */
} World;

/* A world with a fresh catalog "main" of two mirrors, and no drive. */
World *world_new(void);
/* The same without any catalog, and before core_start(). */
World *world_new_bare(const Settings *settings);
World *world_free(World *world);
DEFINE_CLEANUP(World *, world_free)
#define _cleanup_world_ _cleanup_(world_freep)

/* Carries effects out until there are none. */
void world_pump(World *world);
/* Compares the log with the lines wanted, and empties it. */
void world_expect(World *world, const char *lines);
/* Some line of the log begins with TEXT; the log stays. */
bool world_did(const World *world, const char *text);
void world_forget(World *world);

/* A drive of world_model at REVISION; NODE is "sr0". Returns its number. */
unsigned world_add_drive(World *world, const char *node, const char *revision, const char *serial,
                         const char *devpath);
DriveRecord *world_record(World *world, unsigned drive);
/* Its id as the core knows it. */
const char *world_id(World *world, unsigned drive);
/* Answers the scan that the core asked for. */
void world_scan(World *world);
void world_scan_failed(World *world, FaultCode code);
/* Hotplug, and the scan that follows. */
void world_rescan(World *world);
/* A scan of all, but that the drive I is looked at before it. */
void world_rescan_with_first(World *world, unsigned i);
void world_unplugged(World *world, const char *node);

/* An entry for world_model. EDGES as JSON with ' for ": "{'kind':'upgrade','from':['0043']}". EXTRA
 * are more members, each with a comma in front, or "". */
void world_add_entry(World *world, const char *catalog, const char *version, const char *edges,
                     const char *extra);
void world_load_entries(World *world);
void world_have_image(World *world, const char *version);
const uint8_t *world_sha256(World *world, const char *version);

void world_add_catalog(World *world, const char *name, unsigned n_mirrors);
/* What all mirrors of a catalog say, until it is not being refreshed any more. */
void world_mirror(World *world, const char *catalog, unsigned mirror, FaultCode code,
                  uint64_t version, int64_t expires);

Caller world_root(void);
Caller world_admin(void);
Caller world_user(uint32_t uid);

/* Asks as root, as client CLIENT. */
void world_ask(World *world, uint64_t client, Method method, const char *drive);
void world_request(World *world, const Request *request);
/* A plan is made, and agreed to with its digest. KIND "update", TO "" for the newest. */
Request world_plan(World *world, uint64_t client, const char *drive, const char *kind,
                   const char *to);
void world_flash(World *world, uint64_t client, const char *drive, const char *kind,
                 const char *to);

/* What the flash helper says of job JOB. */
void world_ready(World *world, uint64_t job);
void world_end(World *world, uint64_t job, Outcome outcome, const char *revision);
void world_helper_gone(World *world);

/* A drive sr0 at 0043, an image in the store that leads to 0050, and one that leads back and is not. */
World *world_one_step(void);
/* The same drive, and a way over 0045 to 0051. */
World *world_two_steps(void);
/* There is no journal (any more) of which nobody knows. */
void world_reports_done(World *world);
/* Client 7 updates sr0, up to GO of job 1. */
void world_go(World *world);
