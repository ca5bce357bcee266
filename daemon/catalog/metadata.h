/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Metadata files of a TUF repository: root, timestamp, snapshot, targets (TUF 4.3 to 4.6).
 *
 * metadata_parse() takes bytes from a mirror and checks the form of everything that is used later,
 * so that what it returns can be read without further checks; it trusts nothing of it yet. Members
 * that we do not know are kept, since they are signed; a real number anywhere in what is signed,
 * a duplicate member, a threshold below 1, a keyid that is not its key's hash, a role listed twice
 * are refused. metadata_verify() says whether enough keys of a role have signed it.
 *
 * Versions and lengths are integers from 1 (length: 0) to 2^63-1. Times are seconds since the epoch.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/fault.h"

/* Longer names of roles are refused, and those whose percent-encoded file name would not fit into
 * the 255 bytes that file systems have. */
#define ROLE_NAME_MAX   200
#define ROLE_LABEL_SIZE 80

typedef enum MetadataType {
        METADATA_ROOT,
        METADATA_TIMESTAMP,
        METADATA_SNAPSHOT,
        METADATA_TARGETS, /* also every delegated role */
        _METADATA_TYPE_MAX,
} MetadataType;
const char *metadata_type_name(MetadataType type); /* "root", ... */

/* Length and hashes as one file states them of another. */
typedef struct FileMeta {
        int64_t version; /* of metadata; 0 for a target */
        int64_t length;  /* -1 if it is not stated */
        bool has_hashes; /* stated; perhaps only with algorithms that we do not know */
        bool has_sha256;
        bool has_sha512;
        uint8_t sha256[SHA256_LENGTH];
        uint8_t sha512[SHA512_LENGTH];
} FileMeta;

/* The bytes are what META says: exact length, and every hash that is stated and known; hashes of
 * which none is known are as bad as wrong ones. NAME is for the fault, FAULT_CATALOG_MISMATCH. */
int file_meta_check(const FileMeta *meta, const char *name, const void *bytes, size_t n_bytes,
                    Fault *fault) _must_check_;

typedef struct Metadata {
        MetadataType type;
        char name[ROLE_NAME_MAX + 1]; /* of the role, as the delegator spells it */
        char label[ROLE_LABEL_SIZE];  /* "targets 7", for faults: escaped, and perhaps cut */
        int64_t version;
        int64_t expires;
        json_t *document;   /* owned */
        const json_t *body; /* its "signed" */
        json_t *signatures; /* owned: keyid to signature */
        uint8_t *bytes;     /* owned: as received */
        size_t n_bytes;
        uint8_t *canonical; /* owned: of the body, which is what was signed */
        size_t n_canonical;
} Metadata;

/* Takes over BYTES (malloc'd), on failure too. FAULT_CATALOG_MALFORMED. */
int metadata_parse(MetadataType type, const char *name, uint8_t *bytes, size_t n_bytes,
                   Metadata **ret_metadata, Fault *fault) _must_check_;
Metadata *metadata_free(Metadata *metadata);
DEFINE_CLEANUP(Metadata *, metadata_free)

/* A name as it may stand in a fault: escaped, and cut if it is long. */
void role_label(const char *name, char ret_label[ROLE_LABEL_SIZE]);

/* Who may sign a role: borrowed from the root or from the delegator. */
typedef struct RoleKeys {
        const json_t *keys; /* keyid to key object */
        const json_t *keyids;
        int64_t threshold;
} RoleKeys;

/* Counts distinct public keys, up to the threshold. WHO is for the fault ("root 3", "targets 7"):
 * FAULT_CATALOG_SIGNATURE. */
int metadata_verify(const Metadata *metadata, const RoleKeys *role, const char *who,
                    Fault *fault) _must_check_;

/* Of a root. */
void root_role(const Metadata *root, MetadataType type, RoleKeys *ret_role);
bool root_consistent_snapshot(const Metadata *root);

/* Of a timestamp: its entry for snapshot.json, and "x-discfw-signed" (0 if there is none). */
void timestamp_snapshot(const Metadata *timestamp, FileMeta *ret_meta);
int64_t timestamp_signed(const Metadata *timestamp);

/* Of a snapshot: false if ROLE (without ".json") is not listed. */
bool snapshot_find(const Metadata *snapshot, const char *role, FileMeta *ret_meta);

/* The version that it lists of FILE (with ".json"): false if it is not listed. */
bool snapshot_version(const Metadata *snapshot, const char *file, int64_t *ret_version);

/* Walks all roles that a snapshot lists: false past the end. NAME is with ".json". */
bool snapshot_next(const Metadata *snapshot, void **iterator, const char **ret_name,
                   int64_t *ret_version);

/* Of targets. */
const json_t *targets_all(const Metadata *targets); /* path to target object */
bool targets_find(const Metadata *targets, const char *path, FileMeta *ret_meta,
                  const json_t **ret_custom);

/* The I-th delegation, in the order in which it counts. NAME and OBJECT are borrowed. */
typedef struct Delegation {
        const char *name;
        bool terminating;
        RoleKeys keys;
        const json_t *object;
} Delegation;
size_t targets_n_delegations(const Metadata *targets);
void targets_delegation(const Metadata *targets, size_t i, Delegation *ret_delegation);

/* A path as delegations ask for it: itself, and its SHA-256 in hex. Returns 0, -ENOMEM or -EIO. */
typedef struct TargetPath {
        const char *text; /* borrowed */
        char hash[2 * SHA256_LENGTH + 1];
} TargetPath;
int target_path_init(const char *text, TargetPath *ret_path) _must_check_;

/* Whether the delegation is for PATH; whether it may be for some path below PREFIX (hash prefixes
 * always may). */
bool delegation_matches(const Delegation *delegation, const TargetPath *path);
bool delegation_reaches(const Delegation *delegation, const char *prefix);
