/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "catalog/metadata.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "catalog/canonical.h"
#include "catalog/form.h"
#include "catalog/key.h"

const char *metadata_type_name(MetadataType type) {
        static const char *const names[_METADATA_TYPE_MAX] = {
                [METADATA_ROOT] = "root",
                [METADATA_TIMESTAMP] = "timestamp",
                [METADATA_SNAPSHOT] = "snapshot",
                [METADATA_TARGETS] = "targets",
        };

        assert(type < _METADATA_TYPE_MAX);
        return names[type];
}

void role_label(const char *name, char ret_label[ROLE_LABEL_SIZE]) {
        text_escape_utf8(name, ret_label, ROLE_LABEL_SIZE);
}

/* "1.0" and "1.0.31" both occur; only the first number says whether we can read it (TUF 4.2.1). */
static bool spec_version_is_ours(const char *version) {
        return version[0] == '1' && version[1] == '.' && isdigit((unsigned char)version[2]) &&
               strspn(version, "0123456789.") == strlen(version);
}

/* Duplicates are refused here (4.2.1), whichever roles the keys belong to. */
static int read_signatures(Metadata *metadata, Fault *fault) {
        const char *keyid, *signature;
        json_t *list;
        const json_t *item;
        size_t i;

        if (!json_get_array(metadata->document, "signatures", &list))
                return malformed(metadata, fault, "it has no list of signatures");
        metadata->signatures = json_object();
        if (!metadata->signatures)
                return -ENOMEM;
        json_array_foreach(list, i, item) {
                if (!json_get_string(item, "keyid", &keyid) ||
                    !json_get_string(item, "sig", &signature))
                        return malformed(metadata, fault, "signature %zu is not one", i + 1);
                if (json_object_get(metadata->signatures, keyid))
                        return malformed(metadata, fault,
                                         "signature %zu is of a key that has signed before", i + 1);
                if (json_object_set(metadata->signatures, keyid, json_object_get(item, "sig")) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int read_common(Metadata *metadata, Fault *fault) {
        const char *type, *spec, *expires;
        char label[ROLE_LABEL_SIZE];
        json_t *body;
        int r;

        if (!json_get_object(metadata->document, "signed", &body))
                return malformed(metadata, fault, "it has no signed part");
        metadata->body = body;
        if (!json_get_string(body, "_type", &type))
                return malformed(metadata, fault, "it has no type");
        if (strcmp(type, metadata_type_name(metadata->type)) != 0)
                return malformed(metadata, fault, "it is of another type than %s",
                                 metadata_type_name(metadata->type));
        if (!json_get_string(body, "spec_version", &spec) || !spec_version_is_ours(spec))
                return malformed(metadata, fault, "its specification is not version 1");
        if (!json_get_int(body, "version", 1, INT64_MAX, &metadata->version))
                return malformed(metadata, fault, "its version is not a number from 1");
        if (!json_get_string(body, "expires", &expires) ||
            !clock_parse(expires, &metadata->expires))
                return malformed(metadata, fault, "it has no date of expiry");
        r = canonical_encode(body, &metadata->canonical, &metadata->n_canonical);
        if (r == -EBADMSG)
                return malformed(metadata, fault, "a number in it is no integer");
        if (r < 0)
                return r;

        memcpy(label, metadata->label, sizeof(label));
        text_format(metadata->label, sizeof(metadata->label), "%.50s %" PRId64, label,
                    metadata->version);
        return 0;
}

static int check_body(const Metadata *metadata, Fault *fault) {
        switch (metadata->type) {
        case METADATA_ROOT: return root_check(metadata, fault);
        case METADATA_TIMESTAMP: return timestamp_check(metadata, fault);
        case METADATA_SNAPSHOT: return snapshot_check(metadata, fault);
        case METADATA_TARGETS: return targets_check(metadata, fault);
        case _METADATA_TYPE_MAX: break;
        }
        assert(false);
        return -EINVAL;
}

int metadata_parse(MetadataType type, const char *name, uint8_t *bytes, size_t n_bytes,
                   Metadata **ret_metadata, Fault *fault) {
        _cleanup_(metadata_freep) Metadata *metadata = NULL;
        char why[128];
        int r;

        assert(strlen(name) <= ROLE_NAME_MAX);

        metadata = calloc(1, sizeof(*metadata));
        if (!metadata) {
                free(bytes);
                return -ENOMEM;
        }
        metadata->type = type;
        metadata->bytes = bytes;
        metadata->n_bytes = n_bytes;
        memcpy(metadata->name, name, strlen(name) + 1);
        role_label(name, metadata->label);

        r = json_parse(bytes, n_bytes, &metadata->document, why, sizeof(why));
        if (r == -EBADMSG)
                return malformed(metadata, fault, "%s", why);
        if (r == 0)
                r = read_common(metadata, fault);
        if (r == 0)
                r = read_signatures(metadata, fault);
        if (r == 0)
                r = check_body(metadata, fault);
        if (r < 0)
                return r;
        *ret_metadata = TAKE(metadata);
        return 0;
}

Metadata *metadata_free(Metadata *metadata) {
        if (!metadata)
                return NULL;
        json_decref(metadata->document);
        json_decref(metadata->signatures);
        free(metadata->bytes);
        free(metadata->canonical);
        free(metadata);
        return NULL;
}

int file_meta_check(const FileMeta *meta, const char *name, const void *bytes, size_t n_bytes,
                    Fault *fault) {
        uint8_t digest[SHA512_LENGTH];
        int r;

        if (meta->length >= 0 && n_bytes != (uint64_t)meta->length)
                return fault_set(fault, FAULT_CATALOG_MISMATCH,
                                 "%s is %zu bytes long, and %" PRId64 " are signed for", name,
                                 n_bytes, meta->length);
        if (meta->has_hashes && !meta->has_sha256 && !meta->has_sha512)
                return fault_set(fault, FAULT_CATALOG_MISMATCH,
                                 "no hash of %s is of a kind that can be checked", name);
        if (meta->has_sha256) {
                r = sha256(bytes, n_bytes, digest);
                if (r < 0)
                        return r;
                if (memcmp(digest, meta->sha256, SHA256_LENGTH) != 0)
                        return fault_set(fault, FAULT_CATALOG_MISMATCH,
                                         "%s has another SHA-256 than is signed for", name);
        }
        if (meta->has_sha512) {
                r = sha512(bytes, n_bytes, digest);
                if (r < 0)
                        return r;
                if (memcmp(digest, meta->sha512, SHA512_LENGTH) != 0)
                        return fault_set(fault, FAULT_CATALOG_MISMATCH,
                                         "%s has another SHA-512 than is signed for", name);
        }
        return 0;
}

/* A key counts once, under however many keyids it stands (go-tuf #733). */
static bool is_counted(Key *const counted[], size_t n_counted, const Key *key) {
        for (size_t i = 0; i < n_counted; i++)
                if (key_equal(counted[i], key))
                        return true;
        return false;
}

int metadata_verify(const Metadata *metadata, const RoleKeys *role, const char *who, Fault *fault) {
        size_t n_counted = 0, n_keyids = json_array_size(role->keyids), i;
        Key **counted = NULL;
        const json_t *keyid;
        int r = 0;

        assert(role->threshold >= 1);

        counted = calloc(n_keyids + 1, sizeof(Key *));
        if (!counted)
                return -ENOMEM;
        /* Over the keys of the role and not over the signatures, of which a mirror may add any number
         * (CVE-2020-6173); and no further than the threshold. */
        json_array_foreach(role->keyids, i, keyid) {
                const char *id = json_string_value(keyid);
                const char *signature =
                        json_string_value(json_object_get(metadata->signatures, id));
                Key *key = NULL;

                if (!signature || n_counted >= (uint64_t)role->threshold)
                        continue;
                r = key_new(json_object_get(role->keys, id), &key);
                if (r == -ENOMEM)
                        break;
                if (r == 0 &&
                    key_verify(key, metadata->canonical, metadata->n_canonical, signature) &&
                    !is_counted(counted, n_counted, key))
                        counted[n_counted++] = TAKE(key);
                (void)key_free(key);
                r = 0;
        }
        if (r == 0 && n_counted < (uint64_t)role->threshold)
                r = fault_set(fault, FAULT_CATALOG_SIGNATURE,
                              "%s is signed by %zu of the keys that %s names for it, and needs "
                              "%" PRId64,
                              metadata->label, n_counted, who, role->threshold);
        for (i = 0; i < n_counted; i++)
                (void)key_free(counted[i]);
        free(counted);
        return r;
}
