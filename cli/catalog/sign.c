/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/catalog/sign.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/hex.h"
#include "base/json.h"
#include "catalog/canonical.h"
#include "catalog/key.h"
#include "cli/catalog/keys.h"

#define SECONDS_OF_DAY (24 * 60 * 60)

static inline void pair_freep(EVP_PKEY **pair) {
        EVP_PKEY_free(*pair);
}

int body_new(MetadataType type, json_t **ret_body) {
        json_t *body = json_pack("{s:s, s:s}", "_type", metadata_type_name(type), "spec_version",
                                 SPEC_VERSION);

        if (!body)
                return -ENOMEM;
        *ret_body = body;
        return 0;
}

int role_object_new(json_t *keys, json_t *const objects[], unsigned n_objects, unsigned threshold,
                    json_t **ret_role) {
        _cleanup_json_ json_t *keyids = json_array();
        json_t *role;

        if (!keyids)
                return -ENOMEM;
        for (unsigned i = 0; i < n_objects; i++) {
                char keyid[KEYID_SIZE];
                int r = key_id(objects[i], keyid);

                if (r < 0)
                        return r;
                if (json_object_set(keys, keyid, objects[i]) < 0 ||
                    json_array_append_new(keyids, json_string(keyid)) < 0)
                        return -ENOMEM;
        }

        role = json_pack("{s:O, s:i}", "keyids", keyids, "threshold", (int)threshold);
        if (!role)
                return -ENOMEM;
        *ret_role = role;
        return 0;
}

static bool has_signature(const json_t *signatures, const char *keyid) {
        const json_t *signature;
        size_t i;

        json_array_foreach(signatures, i, signature) {
                const char *other = json_string_value(json_object_get(signature, "keyid"));

                if (other && strcmp(other, keyid) == 0)
                        return true;
        }

        return false;
}

static int add_signature(const Work *work, const char *role, const char *keyid,
                         const uint8_t *bytes, size_t n_bytes, json_t *signatures, Fault *fault) {
        _cleanup_(pair_freep) EVP_PKEY *pair = NULL;
        _cleanup_free_ char *signature = NULL;
        int r;

        r = keys_open(work, role, keyid, &pair, fault);
        if (r < 0)
                return r;
        r = key_sign(pair, bytes, n_bytes, &signature);
        if (r < 0)
                return r;
        return json_array_append_new(signatures,
                                     json_pack("{s:s, s:s}", "keyid", keyid, "sig", signature));
}

/* With every key of ROLE_OBJECT that is at hand; too few are a fault. */
static int add_signatures(const Work *work, const char *role, const json_t *role_object,
                          const uint8_t *bytes, size_t n_bytes, json_t *signatures, Fault *fault) {
        int64_t threshold, n_good = 0;
        const json_t *keyid;
        size_t i;

        if (!json_get_int(role_object, "threshold", 1, INT64_MAX, &threshold))
                return fault_set(fault, FAULT_CATALOG_MALFORMED, "no keys are declared for \"%s\"",
                                 role);

        json_array_foreach(json_object_get(role_object, "keyids"), i, keyid) {
                int r = 0;

                if (!has_signature(signatures, json_string_value(keyid)))
                        r = add_signature(work, role, json_string_value(keyid), bytes, n_bytes,
                                          signatures, fault);
                if (r < 0 && r != -ENOENT)
                        return r;
                n_good += r == 0;
        }

        if (n_good < threshold)
                return fault_set(fault, FAULT_NOT_PERMITTED,
                                 "\"%s\" needs the signatures of %" PRId64
                                 " keys, and %s has %" PRId64
                                 " of them; name their folder with --keys",
                                 role, threshold, work->keys, n_good);
        return 0;
}

/* The version after the newest, and an expiry that begins now. */
static int set_version(const Work *work, const char *role, json_t *body, int64_t *ret_version,
                       Fault *fault) {
        unsigned days = work->settings.days[work_type_of(role)];
        char expires[CLOCK_TEXT_SIZE];
        int64_t version;
        int r = work_version(work, role, &version, fault);

        if (r < 0)
                return r;

        clock_format(clock_realtime() + (int64_t)days * SECONDS_OF_DAY, expires);
        if (json_object_set_new(body, "version", json_integer(version + 1)) < 0 ||
            json_object_set_new(body, "expires", json_string(expires)) < 0)
                return -ENOMEM;

        *ret_version = version + 1;
        return 0;
}

/* What clients would not even read is not signed. */
static int check_size(const char *role, const char *text, Fault *fault) {
        static const size_t limits[_METADATA_TYPE_MAX] = {
                [METADATA_ROOT] = METADATA_ROOT_MAX,
                [METADATA_TIMESTAMP] = METADATA_TIMESTAMP_MAX,
                [METADATA_SNAPSHOT] = METADATA_SNAPSHOT_MAX,
                [METADATA_TARGETS] = METADATA_TARGETS_MAX,
        };
        size_t limit = limits[work_type_of(role)];

        if (strlen(text) > limit)
                return fault_set(
                        fault, FAULT_LIMIT,
                        "%s would have %zu bytes, clients read at most %zu; give a part of "
                        "it to a maker of its own",
                        role, strlen(text), limit);
        return 0;
}

/* SECOND may be NULL. */
static int sign_and_write(Work *work, const char *role, json_t *body, const json_t *first,
                          const json_t *second, Fault *fault) {
        _cleanup_json_ json_t *signatures = json_array(), *document = NULL;
        _cleanup_free_ uint8_t *bytes = NULL;
        _cleanup_free_ char *text = NULL;
        size_t n_bytes;
        int64_t version;
        int r;

        if (!signatures)
                return -ENOMEM;
        r = set_version(work, role, body, &version, fault);
        if (r < 0)
                return r;
        r = canonical_encode(body, &bytes, &n_bytes);
        if (r < 0)
                return r;

        r = add_signatures(work, role, first, bytes, n_bytes, signatures, fault);
        if (r == 0 && second)
                r = add_signatures(work, role, second, bytes, n_bytes, signatures, fault);
        if (r < 0)
                return r;

        document = json_pack("{s:O, s:O}", "signatures", signatures, "signed", body);
        text = document ? json_dumps(document, JSON_COMPACT) : NULL;
        if (!text)
                return -ENOMEM;
        r = check_size(role, text, fault);
        return r < 0 ? r : work_write_signed(work, role, version, text, fault);
}

static const json_t *delegated_role(const json_t *targets, const char *name) {
        const json_t *role;
        size_t i;

        json_array_foreach(json_object_get(json_object_get(targets, "delegations"), "roles"), i,
                           role) {
                const char *other = json_string_value(json_object_get(role, "name"));

                if (other && strcmp(other, name) == 0)
                        return role;
        }

        return NULL;
}

/* Who may sign ROLE. RET_AUTHORITY owns RET_ROLE, which is NULL if nobody may. */
static int find_authority(const Work *work, const char *role, json_t **ret_authority,
                          const json_t **ret_role, Fault *fault) {
        bool is_top = strcmp(role, metadata_type_name(work_type_of(role))) == 0;
        int r;

        r = is_top ? work_signed_body(work, "root", ret_authority, fault)
                   : work_body(work, "targets", ret_authority, fault);
        if (r < 0)
                return r;

        *ret_role = is_top ? json_object_get(json_object_get(*ret_authority, "roles"), role)
                           : delegated_role(*ret_authority, role);
        return 0;
}

int sign_role(Work *work, const char *role, json_t *body, Fault *fault) {
        _cleanup_json_ json_t *authority = NULL;
        const json_t *keys;
        int r = find_authority(work, role, &authority, &keys, fault);

        return r < 0 ? r : sign_and_write(work, role, body, keys, NULL, fault);
}

int sign_is_good(const Work *work, const char *role, bool *ret_good, Fault *fault) {
        bool is_top = strcmp(role, metadata_type_name(work_type_of(role))) == 0;
        _cleanup_(metadata_freep) Metadata *metadata = NULL;
        _cleanup_json_ json_t *authority = NULL;
        const json_t *keys;
        uint8_t *bytes;
        RoleKeys role_keys = {};
        size_t n_bytes;
        int64_t version;
        int r;

        r = work_version(work, role, &version, fault);
        if (r == 0 && version == 0) {
                *ret_good = false;
                return 0;
        }
        if (r == 0)
                r = find_authority(work, role, &authority, &keys, fault);
        if (r == 0)
                r = work_read_signed(work, role, version, &bytes, &n_bytes, fault);
        if (r == 0)
                r = metadata_parse(work_type_of(role), role, bytes, n_bytes, &metadata, fault);
        if (r < 0)
                return r;

        role_keys.keys = json_object_get(
                is_top ? authority : json_object_get(authority, "delegations"), "keys");
        role_keys.keyids = json_object_get(keys, "keyids");
        role_keys.threshold = json_integer_value(json_object_get(keys, "threshold"));
        *ret_good = keys && metadata_verify(metadata, &role_keys, role, NULL) == 0;
        return 0;
}

int sign_root(Work *work, json_t *body, Fault *fault) {
        const json_t *keys = json_object_get(json_object_get(body, "roles"), "root");
        _cleanup_json_ json_t *before = NULL;
        int64_t version;
        int r;

        r = work_version(work, "root", &version, fault);
        if (r == 0 && version > 0)
                r = work_signed_body(work, "root", &before, fault);
        if (r < 0)
                return r;

        return sign_and_write(work, "root", body, keys,
                              json_object_get(json_object_get(before, "roles"), "root"), fault);
}

/* {"version", "length", "hashes"} of a role's newest file. */
static int describe_file(const Work *work, const char *role, json_t **ret_meta, Fault *fault) {
        _cleanup_free_ uint8_t *bytes = NULL;
        uint8_t digest[SHA256_LENGTH];
        char hash[2 * SHA256_LENGTH + 1];
        json_t *meta;
        size_t n_bytes;
        int64_t version;
        int r;

        r = work_version(work, role, &version, fault);
        if (r == 0)
                r = work_read_signed(work, role, version, &bytes, &n_bytes, fault);
        if (r == 0)
                r = sha256(bytes, n_bytes, digest);
        if (r < 0)
                return r;

        hex_encode(digest, sizeof(digest), hash);
        meta = json_pack("{s:I, s:I, s:{s:s}}", "version", (json_int_t)version, "length",
                         (json_int_t)n_bytes, "hashes", "sha256", hash);
        if (!meta)
                return -ENOMEM;
        *ret_meta = meta;
        return 0;
}

static int add_file(const Work *work, const char *role, json_t *meta, Fault *fault) {
        _cleanup_free_ char *name = NULL;
        json_t *description;
        int r = describe_file(work, role, &description, fault);

        if (r < 0)
                return r;
        if (asprintf(&name, "%s.json", role) < 0) {
                name = NULL;
                json_decref(description);
                return -ENOMEM;
        }
        return json_object_set_new(meta, name, description) < 0 ? -ENOMEM : 0;
}

/* The roles that clients find from the signed targets, not from its draft. */
static int snapshot_meta(const Work *work, json_t **ret_meta, Fault *fault) {
        _cleanup_json_ json_t *targets = NULL, *meta = json_object();
        const json_t *role;
        size_t i;
        int r;

        if (!meta)
                return -ENOMEM;
        r = work_signed_body(work, "targets", &targets, fault);
        if (r == 0)
                r = add_file(work, "targets", meta, fault);
        json_array_foreach(json_object_get(json_object_get(targets, "delegations"), "roles"), i,
                           role)
                if (r == 0)
                        r = add_file(work, json_string_value(json_object_get(role, "name")), meta,
                                     fault);
        if (r < 0)
                return r;

        *ret_meta = TAKE(meta);
        return 0;
}

/* Signs ROLE anew if its "meta" is not META, or if FORCE. */
static int sign_meta(Work *work, MetadataType type, json_t *meta, bool force, bool *ret_changed,
                     Fault *fault) {
        const char *role = metadata_type_name(type);
        _cleanup_json_ json_t *body = NULL;
        char now[CLOCK_TEXT_SIZE];
        int64_t version;
        bool good;
        int r;

        r = work_version(work, role, &version, fault);
        if (r == 0)
                r = sign_is_good(work, role, &good, fault);
        if (r == 0)
                r = version > 0 ? work_signed_body(work, role, &body, fault)
                                : body_new(type, &body);
        if (r < 0)
                return r;
        if (!force && good && json_equal(json_object_get(body, "meta"), meta))
                return 0;

        clock_format(clock_realtime(), now);
        if (json_object_set(body, "meta", meta) < 0 ||
            (type == METADATA_TIMESTAMP &&
             json_object_set_new(body, "x-discfw-signed", json_string(now)) < 0))
                return -ENOMEM;

        *ret_changed = true;
        return sign_role(work, role, body, fault);
}

int sign_top(Work *work, bool force, bool *ret_changed, Fault *fault) {
        _cleanup_json_ json_t *files = NULL, *snapshot = json_object();
        bool changed = false;
        int r;

        if (!snapshot)
                return -ENOMEM;
        r = snapshot_meta(work, &files, fault);
        if (r == 0)
                r = sign_meta(work, METADATA_SNAPSHOT, files, force, &changed, fault);
        if (r == 0)
                r = add_file(work, "snapshot", snapshot, fault);
        if (r == 0)
                r = sign_meta(work, METADATA_TIMESTAMP, snapshot, force, &changed, fault);
        if (r < 0)
                return r;

        if (ret_changed)
                *ret_changed = changed;
        return 0;
}
