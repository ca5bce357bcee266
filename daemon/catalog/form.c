/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "catalog/form.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/text.h"
#include "catalog/key.h"

#define SNAPSHOT_FILE "snapshot.json"
#define SIGNED_MEMBER "x-discfw-signed"

int malformed(const Metadata *metadata, Fault *fault, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        (void)fault_set_v(fault, FAULT_CATALOG_MALFORMED, format, ap);
        va_end(ap);
        return fault_prefix(fault, "cannot read %s", metadata->label);
}

int not_understood(const Metadata *metadata, const char *name, Fault *fault) {
        char label[ROLE_LABEL_SIZE];

        role_label(name, label);
        return malformed(metadata, fault, "what it says of %s is not understood", label);
}

int keys_check(const Metadata *metadata, const json_t *keys, Fault *fault) {
        char wanted[KEYID_SIZE];
        const char *keyid;
        json_t *key;
        int r;

        json_object_foreach((json_t *)keys, keyid, key) {
                char label[ROLE_LABEL_SIZE];

                role_label(keyid, label);
                if (!key_is_well_formed(key))
                        return malformed(metadata, fault, "key %.16s is not one", label);
                r = key_id(key, wanted);
                if (r < 0)
                        return r;
                if (strcmp(keyid, wanted) != 0)
                        return malformed(metadata, fault,
                                         "a key is called %.16s and its hash is %.16s", label,
                                         wanted);
        }
        return 0;
}

int role_check(const Metadata *metadata, const json_t *role, const char *what, Fault *fault) {
        _cleanup_json_ json_t *seen = json_object();
        const json_t *keyid;
        int64_t threshold;
        json_t *keyids;
        size_t i;

        if (!seen)
                return -ENOMEM;
        if (!json_get_array(role, "keyids", &keyids))
                return malformed(metadata, fault, "role %s has no list of keyids", what);
        if (!json_get_int(role, "threshold", 1, INT64_MAX, &threshold))
                return malformed(metadata, fault, "the threshold of %s is not a number from 1",
                                 what);
        json_array_foreach(keyids, i, keyid) {
                const char *id = json_string_value(keyid);

                if (!id)
                        return malformed(metadata, fault, "a keyid of %s is no string", what);
                if (json_object_get(seen, id))
                        return malformed(metadata, fault, "role %s names a keyid twice", what);
                if (json_object_set_new(seen, id, json_true()) < 0)
                        return -ENOMEM;
        }
        return 0;
}

void role_read(const json_t *keys, const json_t *role, RoleKeys *ret_role) {
        *ret_role = (RoleKeys){
                .keys = keys,
                .keyids = json_object_get(role, "keyids"),
                .threshold = json_integer_value(json_object_get(role, "threshold")),
        };
}

static bool hashes_read(const json_t *hashes, FileMeta *meta) {
        const char *algorithm;
        json_t *value;

        if (!json_is_object(hashes) || json_object_size(hashes) == 0)
                return false;
        meta->has_hashes = true;
        json_object_foreach((json_t *)hashes, algorithm, value) {
                const char *hex = json_string_value(value);

                if (!hex)
                        return false;
                if (strcmp(algorithm, "sha256") == 0) {
                        if (!hex_decode(hex, meta->sha256, SHA256_LENGTH))
                                return false;
                        meta->has_sha256 = true;
                } else if (strcmp(algorithm, "sha512") == 0) {
                        if (!hex_decode(hex, meta->sha512, SHA512_LENGTH))
                                return false;
                        meta->has_sha512 = true;
                }
        }
        return true;
}

bool file_meta_read(const json_t *object, bool versioned, FileMeta *ret_meta) {
        const json_t *length = json_object_get(object, "length");
        const json_t *hashes = json_object_get(object, "hashes");
        FileMeta meta = { .length = -1 };

        if (versioned && !json_get_int(object, "version", 1, INT64_MAX, &meta.version))
                return false;
        if ((length || !versioned) && !json_get_int(object, "length", 0, INT64_MAX, &meta.length))
                return false;
        if ((hashes || !versioned) && !hashes_read(hashes, &meta))
                return false;
        *ret_meta = meta;
        return true;
}

static const json_t *member(const Metadata *metadata, const char *key) {
        return json_object_get(metadata->body, key);
}

int root_check(const Metadata *root, Fault *fault) {
        const json_t *consistent = member(root, "consistent_snapshot");
        json_t *keys, *roles;
        int r;

        if (consistent && !json_is_boolean(consistent))
                return malformed(root, fault, "consistent_snapshot is neither true nor false");
        if (!json_get_object(root->body, "keys", &keys))
                return malformed(root, fault, "it has no keys");
        if (!json_get_object(root->body, "roles", &roles))
                return malformed(root, fault, "it has no roles");
        r = keys_check(root, keys, fault);
        for (MetadataType t = 0; r == 0 && t < _METADATA_TYPE_MAX; t++)
                r = role_check(root, json_object_get(roles, metadata_type_name(t)),
                               metadata_type_name(t), fault);
        return r;
}

void root_role(const Metadata *root, MetadataType type, RoleKeys *ret_role) {
        role_read(member(root, "keys"),
                  json_object_get(member(root, "roles"), metadata_type_name(type)), ret_role);
}

bool root_consistent_snapshot(const Metadata *root) {
        return json_is_true(member(root, "consistent_snapshot"));
}

int timestamp_check(const Metadata *timestamp, Fault *fault) {
        const json_t *date = member(timestamp, SIGNED_MEMBER);
        int64_t time;
        FileMeta meta;

        if (!file_meta_read(json_object_get(member(timestamp, "meta"), SNAPSHOT_FILE), true, &meta))
                return malformed(timestamp, fault, "it does not say which snapshot is meant");
        if (date && (!json_is_string(date) || !clock_parse(json_string_value(date), &time)))
                return malformed(timestamp, fault, "its date of signing is not one");
        return 0;
}

void timestamp_snapshot(const Metadata *timestamp, FileMeta *ret_meta) {
        (void)file_meta_read(json_object_get(member(timestamp, "meta"), SNAPSHOT_FILE), true,
                             ret_meta);
}

int64_t timestamp_signed(const Metadata *timestamp) {
        const char *date = json_string_value(member(timestamp, SIGNED_MEMBER));
        int64_t time = 0;

        if (date)
                (void)clock_parse(date, &time);
        return time;
}

int snapshot_check(const Metadata *snapshot, Fault *fault) {
        const char *name;
        json_t *files, *file;
        FileMeta meta;

        if (!json_get_object(snapshot->body, "meta", &files))
                return malformed(snapshot, fault, "it lists no files");
        json_object_foreach(files, name, file) {
                if (!file_meta_read(file, true, &meta))
                        return not_understood(snapshot, name, fault);
        }
        return 0;
}

bool snapshot_find(const Metadata *snapshot, const char *role, FileMeta *ret_meta) {
        char file[ROLE_NAME_MAX + sizeof(".json")];

        text_format(file, sizeof(file), "%s.json", role);
        return file_meta_read(json_object_get(member(snapshot, "meta"), file), true, ret_meta);
}

bool snapshot_version(const Metadata *snapshot, const char *file, int64_t *ret_version) {
        return json_get_int(json_object_get(member(snapshot, "meta"), file), "version", 1,
                            INT64_MAX, ret_version);
}

bool snapshot_next(const Metadata *snapshot, void **iterator, const char **ret_name,
                   int64_t *ret_version) {
        json_t *files = (json_t *)member(snapshot, "meta");

        *iterator = *iterator ? json_object_iter_next(files, *iterator) : json_object_iter(files);
        if (!*iterator)
                return false;
        *ret_name = json_object_iter_key(*iterator);
        *ret_version =
                json_integer_value(json_object_get(json_object_iter_value(*iterator), "version"));
        return true;
}
