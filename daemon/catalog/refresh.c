/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sections 5.1 to 5.6 of the TUF specification, in their order. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "catalog/client.h"

static int check_expiry(const Tuf *tuf, const Metadata *metadata, Fault *fault) {
        char expires[CLOCK_TEXT_SIZE], now[CLOCK_TEXT_SIZE];

        if (metadata->expires > tuf->options.start_time || tuf->options.allow_expired)
                return 0;
        clock_format(metadata->expires, expires);
        clock_format(tuf->options.start_time, now);
        return fault_set(fault, FAULT_CATALOG_EXPIRED, "%s expired at %s, and it is %s now",
                         metadata->label, expires, now);
}

static int store(Tuf *tuf, const Metadata *metadata, Fault *fault) {
        int r;

        r = tuf->io.store(tuf->io.userdata, metadata->name, metadata->version, metadata->bytes,
                          metadata->n_bytes);
        if (r < 0)
                (void)fault_set(fault, FAULT_STORE, "cannot store %s: %s", metadata->label,
                                strerror(-r));
        return r;
}

static int forget(Tuf *tuf, const char *role, Fault *fault) {
        int r;

        r = tuf->io.store(tuf->io.userdata, role, 0, (const uint8_t *)"", 0);
        if (r < 0)
                (void)fault_set(fault, FAULT_STORE, "cannot forget the old %s: %s", role,
                                strerror(-r));
        return r;
}

static int load(Tuf *tuf, const char *role, uint8_t **ret_bytes, size_t *ret_n_bytes,
                Fault *fault) {
        int r;

        r = tuf->io.load(tuf->io.userdata, role, ret_bytes, ret_n_bytes);
        if (r < 0 && r != -ENOENT)
                (void)fault_set(fault, FAULT_STORE, "cannot read the stored %s: %s", role,
                                strerror(-r));
        return r;
}

/* What is stored, if the keys of today have signed it; else as if there were nothing. Expiry is left
 * to the caller: old files still say which versions there were. */
static int load_verified(Tuf *tuf, MetadataType type, const char *role, const RoleKeys *keys,
                         Metadata **ret_metadata, Fault *fault) {
        _cleanup_(metadata_freep) Metadata *metadata = NULL;
        uint8_t *bytes;
        size_t n_bytes;
        int r;

        r = load(tuf, role, &bytes, &n_bytes, fault);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return r;
        r = metadata_parse(type, role, bytes, n_bytes, &metadata, NULL);
        if (r == 0)
                r = metadata_verify(metadata, keys, "", NULL);
        if (r == 0)
                *ret_metadata = TAKE(metadata);
        return r == -ENOMEM ? r : 0;
}

/* Returns -ENOENT, without a fault, if the mirror has none. */
static int fetch(Tuf *tuf, const char *role, int64_t version, size_t max, char *ret_file,
                 uint8_t **ret_bytes, size_t *ret_n_bytes, Fault *fault) {
        uint8_t *bytes = NULL;
        size_t n_bytes = 0;
        int r;

        r = tuf_file_name(role, version, ret_file);
        if (r < 0)
                return r;
        r = tuf->io.fetch(tuf->io.userdata, ret_file, max, &bytes, &n_bytes, fault);
        if (r < 0)
                return r;
        if (n_bytes > max) {
                free(bytes);
                return fault_set(fault, FAULT_FETCH_TOO_LARGE,
                                 "%s is longer than the %zu bytes that it may have", ret_file, max);
        }
        *ret_bytes = bytes;
        *ret_n_bytes = n_bytes;
        return 0;
}

/* 5.3.11: keys that were taken away may have been stolen, and what they signed may have driven the
 * versions up for ever. A key that only came in addition changes nothing. */
static bool is_rotated(const Metadata *old, const Metadata *new, MetadataType type) {
        RoleKeys before, after;
        const json_t *keyid, *other;
        size_t i, j;

        root_role(old, type, &before);
        root_role(new, type, &after);
        json_array_foreach(before.keyids, i, keyid) {
                bool kept = false;

                json_array_foreach(after.keyids, j, other)
                        kept = kept || json_equal(keyid, other);
                if (!kept)
                        return true;
        }
        return false;
}

/* 5.3.4 to 5.3.8 for one root. Forgetting comes before storing: were it the other way round, a crash
 * in between would keep the driven-up versions for ever. */
static int accept_root(Tuf *tuf, Metadata *root, int64_t version, const char *file, Fault *fault) {
        RoleKeys keys;
        int r;

        root_role(tuf->root, METADATA_ROOT, &keys);
        r = metadata_verify(root, &keys, tuf->root->label, fault);
        if (r < 0)
                return r;
        root_role(root, METADATA_ROOT, &keys);
        r = metadata_verify(root, &keys, "it itself", fault);
        if (r < 0)
                return r;
        if (root->version != version)
                return fault_set(fault,
                                 root->version < version ? FAULT_CATALOG_ROLLED_BACK
                                                         : FAULT_CATALOG_MISMATCH,
                                 "%s holds version %" PRId64, file, root->version);
        if (is_rotated(tuf->root, root, METADATA_TIMESTAMP) ||
            is_rotated(tuf->root, root, METADATA_SNAPSHOT)) {
                r = forget(tuf, "timestamp", fault);
                if (r == 0)
                        r = forget(tuf, "snapshot", fault);
                if (r < 0)
                        return r;
        }
        return store(tuf, root, fault);
}

/* 5.2 */
static int load_root(Tuf *tuf, Fault *fault) {
        RoleKeys keys;
        uint8_t *bytes;
        size_t n_bytes;
        int r;

        r = load(tuf, "root", &bytes, &n_bytes, fault);
        if (r == -ENOENT)
                return fault_set(fault, FAULT_NO_CATALOG, "there is no trusted root to start from");
        if (r < 0)
                return r;
        r = metadata_parse(METADATA_ROOT, "root", bytes, n_bytes, &tuf->root, fault);
        if (r == 0) {
                root_role(tuf->root, METADATA_ROOT, &keys);
                r = metadata_verify(tuf->root, &keys, "it itself", fault);
        }
        if (r == -EBADE)
                (void)fault_prefix(fault, "the trusted root is damaged");
        return r;
}

/* 5.3 */
static int refresh_root(Tuf *tuf, Fault *fault) {
        char file[TUF_FILE_NAME_SIZE];
        int r;

        r = load_root(tuf, fault);
        for (unsigned i = 0; r == 0 && i < ROOT_ROTATIONS_MAX && tuf->root->version < INT64_MAX;
             i++) {
                _cleanup_(metadata_freep) Metadata *root = NULL;
                int64_t version = tuf->root->version + 1;
                uint8_t *bytes;
                size_t n_bytes;

                r = fetch(tuf, "root", version, METADATA_ROOT_MAX, file, &bytes, &n_bytes, fault);
                if (r == -ENOENT) {
                        r = 0;
                        break;
                }
                if (r == 0)
                        r = metadata_parse(METADATA_ROOT, "root", bytes, n_bytes, &root, fault);
                if (r == 0)
                        r = accept_root(tuf, root, version, file, fault);
                if (r == 0) {
                        (void)metadata_free(tuf->root);
                        tuf->root = TAKE(root);
                }
        }
        return r < 0 ? r : check_expiry(tuf, tuf->root, fault);
}

/* A clock that stands before the signature finds nothing expired, whatever a mirror replays. */
static int check_clock(const Tuf *tuf, const Metadata *timestamp, Fault *fault) {
        char then[CLOCK_TEXT_SIZE], now[CLOCK_TEXT_SIZE];
        int64_t signed_at = timestamp_signed(timestamp);

        if (signed_at - TUF_CLOCK_SLACK <= tuf->options.start_time)
                return 0;
        clock_format(signed_at, then);
        clock_format(tuf->options.start_time, now);
        return fault_set(fault, FAULT_CLOCK_BEHIND,
                         "%s was signed at %s, and the clock says %s now", timestamp->label, then,
                         now);
}

/* 5.4.3: neither the version nor that of the snapshot it names may go down. */
static int check_rollback(const Metadata *new, const Metadata *old, Fault *fault) {
        FileMeta new_snapshot, old_snapshot;

        if (new->version < old->version)
                return fault_set(fault, FAULT_CATALOG_ROLLED_BACK,
                                 "the mirror has %s, and version %" PRId64 " was seen before",
                                 new->label, old->version);
        timestamp_snapshot(new, &new_snapshot);
        timestamp_snapshot(old, &old_snapshot);
        if (new->version > old->version && new_snapshot.version < old_snapshot.version)
                return fault_set(fault, FAULT_CATALOG_ROLLED_BACK,
                                 "%s names snapshot %" PRId64 ", and %s named %" PRId64, new->label,
                                 new_snapshot.version, old->label, old_snapshot.version);
        return 0;
}

/* The mirror has what we have. That is well only as long as it is valid: else a mirror could serve one
 * timestamp for ever. */
static int keep_timestamp(Tuf *tuf, Metadata *old, Fault *fault) {
        Fault expired = {};

        if (check_expiry(tuf, old, &expired) < 0) {
                (void)metadata_free(old);
                return fault_set(fault, FAULT_CATALOG_FROZEN, "the mirror has nothing newer: %s",
                                 expired.text);
        }
        tuf->timestamp = old;
        return 0;
}

/* 5.4 */
static int refresh_timestamp(Tuf *tuf, Fault *fault) {
        _cleanup_(metadata_freep) Metadata *old = NULL, *new = NULL;
        char file[TUF_FILE_NAME_SIZE];
        RoleKeys keys;
        uint8_t *bytes;
        size_t n_bytes;
        int r;

        root_role(tuf->root, METADATA_TIMESTAMP, &keys);
        r = load_verified(tuf, METADATA_TIMESTAMP, "timestamp", &keys, &old, fault);
        if (r < 0)
                return r;
        r = fetch(tuf, "timestamp", 0, METADATA_TIMESTAMP_MAX, file, &bytes, &n_bytes, fault);
        if (r == -ENOENT)
                return fault_set(fault, FAULT_CATALOG_INCOMPLETE, "the mirror has no %s", file);
        if (r == 0)
                r = metadata_parse(METADATA_TIMESTAMP, "timestamp", bytes, n_bytes, &new, fault);
        if (r == 0)
                r = metadata_verify(new, &keys, tuf->root->label, fault);
        if (r < 0)
                return r;
        tuf->has_seen = true;
        tuf->seen_version = new->version;
        tuf->seen_signed = timestamp_signed(new);

        r = check_clock(tuf, new, fault);
        if (r == 0 && old)
                r = check_rollback(new, old, fault);
        if (r < 0)
                return r;
        if (old && new->version == old->version)
                return keep_timestamp(tuf, TAKE(old), fault);
        r = check_expiry(tuf, new, fault);
        if (r == 0)
                r = store(tuf, new, fault);
        if (r == 0)
                tuf->timestamp = TAKE(new);
        return r;
}

/* 5.5.5: no role may vanish or go back, delegated ones neither (CVE-2025-2887). */
static int check_listed(const Metadata *new, const Metadata *old, Fault *fault) {
        void *iterator = NULL;
        const char *name;
        int64_t version;

        while (snapshot_next(old, &iterator, &name, &version)) {
                char label[ROLE_LABEL_SIZE];
                int64_t now = 0;

                if (snapshot_version(new, name, &now) && now >= version)
                        continue;
                role_label(name, label);
                if (now == 0)
                        return fault_set(fault, FAULT_CATALOG_ROLLED_BACK,
                                         "%s no longer lists %s, which %s did", new->label, label,
                                         old->label);
                return fault_set(fault, FAULT_CATALOG_ROLLED_BACK,
                                 "%s lists version %" PRId64 " of %s, and %s listed %" PRId64,
                                 new->label, now, label, old->label, version);
        }
        return 0;
}

/* Fetches a file that another one names, and checks it against that: length, hashes, signatures,
 * version. Expiry and rollback are left to the caller. */
static int fetch_named(Tuf *tuf, MetadataType type, const char *role, const FileMeta *meta,
                       size_t max, const Metadata *named_by, const RoleKeys *keys, const char *who,
                       Metadata **ret_metadata, Fault *fault) {
        _cleanup_(metadata_freep) Metadata *metadata = NULL;
        char file[TUF_FILE_NAME_SIZE];
        uint8_t *bytes;
        size_t n_bytes;
        int r;

        if (meta->length >= 0 && (uint64_t)meta->length > max) {
                char label[ROLE_LABEL_SIZE];

                role_label(role, label);
                return fault_set(fault, FAULT_FETCH_TOO_LARGE,
                                 "%s names a %s of %" PRId64 " bytes, and it may have %zu",
                                 named_by->label, label, meta->length, max);
        }
        if (meta->length >= 0)
                max = (size_t)meta->length;
        r = fetch(tuf, role, root_consistent_snapshot(tuf->root) ? meta->version : 0, max, file,
                  &bytes, &n_bytes, fault);
        if (r == -ENOENT)
                return fault_set(fault, FAULT_CATALOG_INCOMPLETE,
                                 "the mirror has no %s, which %s names", file, named_by->label);
        if (r < 0)
                return r;
        r = file_meta_check(meta, file, bytes, n_bytes, fault);
        if (r < 0) {
                free(bytes);
                return r;
        }
        r = metadata_parse(type, role, bytes, n_bytes, &metadata, fault);
        if (r == 0)
                r = metadata_verify(metadata, keys, who, fault);
        if (r < 0)
                return r;
        if (metadata->version != meta->version)
                return fault_set(fault, FAULT_CATALOG_MISMATCH,
                                 "the mirror has %s, and %s names version %" PRId64,
                                 metadata->label, named_by->label, meta->version);
        *ret_metadata = TAKE(metadata);
        return 0;
}

/* What is stored will do: it is the version that is named, byte for byte where that is said. */
static bool is_current(const Tuf *tuf, const Metadata *stored, const FileMeta *meta) {
        return stored && stored->version == meta->version &&
               file_meta_check(meta, "", stored->bytes, stored->n_bytes, NULL) == 0 &&
               check_expiry(tuf, stored, NULL) == 0;
}

/* 5.5 */
static int refresh_snapshot(Tuf *tuf, Fault *fault) {
        _cleanup_(metadata_freep) Metadata *old = NULL, *new = NULL;
        FileMeta meta;
        RoleKeys keys;
        int r;

        timestamp_snapshot(tuf->timestamp, &meta);
        root_role(tuf->root, METADATA_SNAPSHOT, &keys);
        r = load_verified(tuf, METADATA_SNAPSHOT, "snapshot", &keys, &old, fault);
        if (r < 0)
                return r;
        if (is_current(tuf, old, &meta)) {
                tuf->snapshot = TAKE(old);
                return 0;
        }
        if (old && meta.version < old->version)
                return fault_set(fault, FAULT_CATALOG_ROLLED_BACK,
                                 "%s names snapshot %" PRId64 ", and version %" PRId64
                                 " was seen before",
                                 tuf->timestamp->label, meta.version, old->version);
        r = fetch_named(tuf, METADATA_SNAPSHOT, "snapshot", &meta, METADATA_SNAPSHOT_MAX,
                        tuf->timestamp, &keys, tuf->root->label, &new, fault);
        if (r == 0 && old)
                r = check_listed(new, old, fault);
        if (r == 0)
                r = check_expiry(tuf, new, fault);
        if (r == 0)
                r = store(tuf, new, fault);
        if (r == 0)
                tuf->snapshot = TAKE(new);
        return r;
}

static int keep_targets(Tuf *tuf, Metadata *targets, const Metadata **ret_targets) {
        Metadata **larger = reallocarray(tuf->targets, tuf->n_targets + 1, sizeof(*larger));

        if (!larger) {
                (void)metadata_free(targets);
                return -ENOMEM;
        }
        tuf->targets = larger;
        tuf->targets[tuf->n_targets++] = targets;
        *ret_targets = targets;
        return 0;
}

static size_t targets_max(const Tuf *tuf, const FileMeta *meta) {
        return meta->length >= 0 && tuf->options.targets_max > 0 ? tuf->options.targets_max
                                                                 : METADATA_TARGETS_MAX;
}

int tuf_load_targets(Tuf *tuf, const char *name, const RoleKeys *keys, const char *who,
                     const Metadata **ret_targets, Fault *fault) {
        _cleanup_(metadata_freep) Metadata *stored = NULL, *new = NULL;
        char label[ROLE_LABEL_SIZE];
        FileMeta meta;
        int r;

        /* What is in memory was checked against snapshot and clock; but who must have signed it is
         * for each delegator to say (python-tuf #2977). */
        for (size_t i = 0; i < tuf->n_targets; i++)
                if (strcmp(tuf->targets[i]->name, name) == 0 &&
                    metadata_verify(tuf->targets[i], keys, who, NULL) == 0) {
                        *ret_targets = tuf->targets[i];
                        return 0;
                }
        role_label(name, label);
        if (!snapshot_find(tuf->snapshot, name, &meta))
                return fault_set(fault, FAULT_CATALOG_INCOMPLETE, "%s does not list %s",
                                 tuf->snapshot->label, label);
        r = load_verified(tuf, METADATA_TARGETS, name, keys, &stored, fault);
        if (r < 0)
                return r;
        if (is_current(tuf, stored, &meta))
                return keep_targets(tuf, TAKE(stored), ret_targets);
        r = fetch_named(tuf, METADATA_TARGETS, name, &meta, targets_max(tuf, &meta), tuf->snapshot,
                        keys, who, &new, fault);
        if (r == 0)
                r = check_expiry(tuf, new, fault);
        if (r == 0)
                r = store(tuf, new, fault);
        return r < 0 ? r : keep_targets(tuf, TAKE(new), ret_targets);
}

/* 5.6 */
static int refresh_targets(Tuf *tuf, Fault *fault) {
        const Metadata *targets;
        RoleKeys keys;

        root_role(tuf->root, METADATA_TARGETS, &keys);
        return tuf_load_targets(tuf, "targets", &keys, tuf->root->label, &targets, fault);
}

int tuf_refresh(Tuf *tuf, Fault *fault) {
        char floor[CLOCK_TEXT_SIZE], now[CLOCK_TEXT_SIZE];
        int r;

        assert(!tuf->root);

        if (tuf->options.start_time < tuf->options.clock_floor) {
                clock_format(tuf->options.clock_floor, floor);
                clock_format(tuf->options.start_time, now);
                return fault_set(fault, FAULT_CLOCK_BEHIND,
                                 "the clock says %s, and it must be later than %s", now, floor);
        }
        r = refresh_root(tuf, fault);
        if (r == 0)
                r = refresh_timestamp(tuf, fault);
        if (r == 0)
                r = refresh_snapshot(tuf, fault);
        if (r == 0)
                r = refresh_targets(tuf, fault);
        tuf->refreshed = r == 0;
        return tuf_explain(r, fault);
}
