/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The client's side of The Update Framework, specification 1.0.34, section 5.
 *
 * It does no I/O: what it needs it asks through TufIo, in the order of the specification and one
 * file at a time. It trusts nothing but the root that load() gives it and what follows from there:
 * stored files are verified like fetched ones at every refresh, so that a damaged store costs a
 * download and nothing else. There is one start time for a whole refresh.
 *
 * Not done: succinct_roles (refused aloud), key types beyond those of catalog/key.h, TAP 4 maps.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/fault.h"
#include "catalog/metadata.h"

typedef struct TufIo {
        /* NAME below the mirror's metadata folder, already percent-encoded: "2.root.json",
         * "timestamp.json", "7.snapshot.json". RET_BYTES is malloc'd, at most MAX bytes. Returns 0;
         * -ENOENT if the mirror says that it has none (403, 404); another negative errno for a
         * failure, with the fault set. */
        int (*fetch)(void *userdata, const char *name, size_t max, uint8_t **ret_bytes,
                     size_t *ret_n_bytes, Fault *fault);
        /* What was stored last for ROLE ("root", "targets", or a delegated role's name, not encoded).
         * Returns 0, -ENOENT, or a negative errno. */
        int (*load)(void *userdata, const char *role, uint8_t **ret_bytes, size_t *ret_n_bytes);
        /* All checks are passed: from now on this is what load() gives. Durable when it returns. With
         * N_BYTES 0 (and VERSION 0) the role is to be forgotten, since its keys were replaced (5.3.11):
         * then, and only then, may the next version of it be a lower one. */
        int (*store)(void *userdata, const char *role, int64_t version, const uint8_t *bytes,
                     size_t n_bytes);
        void *userdata;
} TufIo;

typedef struct TufOptions {
        int64_t start_time;  /* now, once for all checks of expiry */
        int64_t clock_floor; /* it cannot be earlier than that; 0 if nothing is known */
        bool allow_expired;  /* rollback and recovery only: expiry is told, not enforced */
        size_t targets_max;  /* a targets file may be this long if snapshot states its length; 0 for
                                 METADATA_TARGETS_MAX */
} TufOptions;

/* A timestamp that was signed this much after our start time means that our clock is behind. */
#define TUF_CLOCK_SLACK (24 * 60 * 60)

typedef struct Tuf Tuf;

/* IO is copied; its userdata must live as long as the client. */
int tuf_new(const TufIo *io, const TufOptions *options, Tuf **ret_tuf) _must_check_;
Tuf *tuf_free(Tuf *tuf);
DEFINE_CLEANUP(Tuf *, tuf_free)

/* Sections 5.1 to 5.6: root, timestamp, snapshot, top-level targets. Once in the life of a client.
 *
 * Faults: FAULT_CATALOG_MALFORMED, _SIGNATURE, _EXPIRED, _ROLLED_BACK, _MISMATCH, _INCOMPLETE (the
 * mirror lacks a file that others name), FAULT_CLOCK_BEHIND, FAULT_STORE, and those of fetch(). What
 * was stored before the fault stays good, and the next refresh goes on from there. */
int tuf_refresh(Tuf *tuf, Fault *fault) _must_check_;

/* A target, and the roles that vouch for it. Everything is borrowed until tuf_free(). */
typedef struct TufTarget {
        const char *path;
        FileMeta meta;        /* length >= 0 */
        const json_t *custom; /* an object, or NULL; signed, but any maker may have written it */
        const char *roles[DELEGATIONS_MAX + 1]; /* from "targets" to the one that lists it */
        unsigned n_roles;
} TufTarget;

/* 5.6.7 and 5.7: searches all delegations in order of precedence, loading what is needed. Returns 0;
 * -ENOENT without a fault if no role lists it; or a fault as above: a delegated role that is bad or
 * missing ends the search, since a role of lower precedence must not take its place. */
int tuf_find(Tuf *tuf, const char *path, TufTarget *ret_target, Fault *fault) _must_check_;

/* All targets whose path begins with PREFIX ("drive/HEX24/"), each as tuf_find() would find it: for a
 * path that several roles list the first in order counts. Roles that cannot hold such a path are not
 * loaded. ON_TARGET may end the listing with a negative errno, which is returned; the fault is then
 * FAULT_INTERNAL, unless ON_TARGET has set a better one. */
typedef int (*TufOnTarget)(void *userdata, const TufTarget *target);
int tuf_list(Tuf *tuf, const char *prefix, TufOnTarget on_target, void *userdata,
             Fault *fault) _must_check_;

/* What is trusted now, by name of role; NULL if it is not loaded. */
const Metadata *tuf_role(const Tuf *tuf, const char *role);
/* Walks the roles that are loaded, root first; NULL past the end. */
const Metadata *tuf_nth_role(const Tuf *tuf, size_t i);
/* "x-discfw-signed" of the timestamp; 0 where it is absent. */
int64_t tuf_signed(const Tuf *tuf);

/* What the mirror's timestamp said, if its signature was good, also when it was refused then: so
 * that a mirror that is behind can be told by how much. False if there was none. */
bool tuf_seen_timestamp(const Tuf *tuf, int64_t *ret_version, int64_t *ret_signed);

/* The hash-prefixed path under which a target lies with consistent snapshots (5.7.2): "dir/HASH.name".
 * Plain where the repository has none. Not percent-encoded. */
int tuf_target_file(const Tuf *tuf, const TufTarget *target, char **ret_file) _must_check_;

/* The name under which a mirror has a role's file: VERSION 0 for none in front. The role's name is
 * percent-encoded, all but letters, digits and "-._~". -ENAMETOOLONG if it does not fit. */
#define TUF_FILE_NAME_SIZE 256
int tuf_file_name(const char *role, int64_t version,
                  char ret_name[TUF_FILE_NAME_SIZE]) _must_check_;
