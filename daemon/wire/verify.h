/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discfwd lets discfw-verify check a catalog. One process, one catalog, one mirror: its memory goes
 * with it, and so does whatever a hostile file did to it.
 *
 *     discfwd                                  discfw-verify
 *        | BEGIN  start time, floor, models         |
 *        | STORED role, sealed memfd  (each role)   |
 *        | GO                                       |
 *        |----------------------------------------->|  TUF 5.2 to 5.6
 *        |<-- NEED  file name, at most N bytes -----|
 *        |--- FILE  found or not, sealed memfd ---->|      ... until it has all
 *        |<-- TRUST role, version, sealed memfd ----|  passed every check: store it now
 *        |<-- ENTRY ... (each that concerns us) ----|
 *        |<-- END   versions, dates, or the fault --|
 *
 * The daemon never parses what came from a mirror: it carries sealed bytes, and stores what TRUST
 * names. Entries are the "custom.discfw" of a verified target, as compact JSON.
 */
#pragma once

#include "wire/frame.h"
#include "wire/probe.h"

#define ROLE_SIZE 256 /* percent-encoded role or file name */

typedef struct VerifyBegin {
        char catalog[CATALOG_NAME_MAX + 1];
        int64_t start_time;  /* 5.1: the one time of this update */
        int64_t clock_floor; /* refuse if start_time is below */
        uint16_t n_models;
        uint8_t models[DRIVES_MAX][IDENTITY_LENGTH]; /* index entries for these */
} VerifyBegin;

typedef struct VerifyStored { /* one descriptor */
        char role[ROLE_SIZE]; /* "root", "timestamp", "snapshot", "targets", "maker%2Fx" */
} VerifyStored;

typedef struct VerifyNeed {
        char name[ROLE_SIZE]; /* "2.root.json": goes behind the mirror's address as it is */
        uint64_t length_max;
} VerifyNeed;

typedef enum VerifyFileStatus {
        FILE_FOUND = 0,
        FILE_MISSING = 1,
        FILE_FAILED = 2
} VerifyFileStatus;

typedef struct VerifyFile { /* one descriptor if FILE_FOUND */
        VerifyFileStatus status;
        Fault fault; /* FILE_FAILED: why */
} VerifyFile;

/* One descriptor. An empty one and version 0 say that the role is to be forgotten: its keys were
 * replaced, and the next version of it may be lower (TUF 5.3.11). */
typedef struct VerifyTrust {
        char role[ROLE_SIZE];
        uint64_t version;
} VerifyTrust;

typedef struct VerifyEntry {
        uint8_t model[IDENTITY_LENGTH];
        char path[TARGET_PATH_MAX + 1];
        uint64_t length;
        uint8_t sha256[32];
        Fault ignored;             /* set: the entry is broken, and why; json may be "" */
        char json[ENTRY_JSON_MAX]; /* custom.discfw, compact */
} VerifyEntry;

typedef struct VerifyEnd {
        Fault fault; /* FAULT_NONE: all is trusted, and the entries are complete */
        uint64_t root_version, timestamp_version, snapshot_version, targets_version;
        int64_t signed_at; /* "x-discfw-signed" of the timestamp; 0 unknown */
        int64_t expires;   /* the first of timestamp, snapshot, targets */
        /* What this mirror's timestamp said, if its signature was good, also after a failure. */
        uint64_t seen_version;
        int64_t seen_signed_at;
        char roles[4096]; /* trusted roles on the way, blank-separated: the others may go */
} VerifyEnd;

size_t verify_begin_encode(const VerifyBegin *begin, void *buffer, size_t size);
bool verify_begin_decode(const void *bytes, size_t n_bytes, VerifyBegin *ret_begin);
size_t verify_stored_encode(const VerifyStored *stored, void *buffer, size_t size);
bool verify_stored_decode(const void *bytes, size_t n_bytes, VerifyStored *ret_stored);
size_t verify_need_encode(const VerifyNeed *need, void *buffer, size_t size);
bool verify_need_decode(const void *bytes, size_t n_bytes, VerifyNeed *ret_need);
size_t verify_file_encode(const VerifyFile *file, void *buffer, size_t size);
bool verify_file_decode(const void *bytes, size_t n_bytes, VerifyFile *ret_file);
size_t verify_trust_encode(const VerifyTrust *trust, void *buffer, size_t size);
bool verify_trust_decode(const void *bytes, size_t n_bytes, VerifyTrust *ret_trust);
size_t verify_entry_encode(const VerifyEntry *entry, void *buffer, size_t size);
bool verify_entry_decode(const void *bytes, size_t n_bytes, VerifyEntry *ret_entry);
size_t verify_end_encode(const VerifyEnd *end, void *buffer, size_t size);
bool verify_end_decode(const void *bytes, size_t n_bytes, VerifyEnd *ret_end);
