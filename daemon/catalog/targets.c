/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The form of targets metadata, which also delegates (TUF 4.5). */
#include "catalog/form.h"

#include <errno.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "catalog/pattern.h"
#include "catalog/tuf.h"

static int paths_check(const Metadata *targets, const char *what, const json_t *role,
                       Fault *fault) {
        const json_t *paths = json_object_get(role, "paths");
        const json_t *prefixes = json_object_get(role, "path_hash_prefixes");
        const json_t *list = paths ? paths : prefixes;
        const json_t *item;
        size_t i;

        if (!paths == !prefixes)
                return malformed(targets, fault, "role %s needs either paths or path_hash_prefixes",
                                 what);
        if (!json_is_array(list))
                return malformed(targets, fault, "the paths of %s are no list", what);
        json_array_foreach(list, i, item) {
                const char *text = json_string_value(item);

                if (!text)
                        return malformed(targets, fault, "a path of %s is no string", what);
                if (prefixes && (strlen(text) > 2 * SHA256_LENGTH ||
                                 strspn(text, "0123456789abcdefABCDEF") != strlen(text)))
                        return malformed(targets, fault, "a hash prefix of %s is not one", what);
        }
        return 0;
}

static bool name_is_allowed(const char *name) {
        char file[TUF_FILE_NAME_SIZE];

        for (MetadataType t = 0; t < _METADATA_TYPE_MAX; t++)
                if (strcmp(name, metadata_type_name(t)) == 0)
                        return false;
        return name[0] != '\0' && strlen(name) <= ROLE_NAME_MAX &&
               tuf_file_name(name, INT64_MAX, file) == 0;
}

static int delegation_check(const Metadata *targets, const json_t *role, json_t *seen,
                            Fault *fault) {
        char label[ROLE_LABEL_SIZE];
        const char *name;
        bool terminating;
        int r;

        if (!json_get_string(role, "name", &name))
                return malformed(targets, fault, "a delegated role has no name");
        role_label(name, label);
        if (!name_is_allowed(name))
                return malformed(targets, fault, "a delegated role may not be called \"%s\"",
                                 label);
        if (json_object_get(seen, name))
                return malformed(targets, fault, "it delegates to %s twice", label);
        if (json_object_set_new(seen, name, json_true()) < 0)
                return -ENOMEM;
        if (!json_get_bool(role, "terminating", &terminating))
                return malformed(targets, fault, "role %s does not say whether it is terminating",
                                 label);
        r = role_check(targets, role, label, fault);
        return r < 0 ? r : paths_check(targets, label, role, fault);
}

static int delegations_check(const Metadata *targets, const json_t *delegations, Fault *fault) {
        _cleanup_json_ json_t *seen = json_object();
        json_t *keys, *roles;
        const json_t *role;
        size_t i;
        int r;

        if (!seen)
                return -ENOMEM;
        /* TAP 15 is no part of the specification 1.0, and to overlook it would be to overlook
         * delegations. */
        if (json_object_get(delegations, "succinct_roles"))
                return malformed(targets, fault, "it uses succinct_roles, which are not supported");
        if (!json_get_object(delegations, "keys", &keys) ||
            !json_get_array(delegations, "roles", &roles))
                return malformed(targets, fault, "its delegations have no keys or no roles");
        r = keys_check(targets, keys, fault);
        if (r < 0)
                return r;
        json_array_foreach(roles, i, role) {
                r = delegation_check(targets, role, seen, fault);
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool target_is_well_formed(const json_t *target) {
        const json_t *custom = json_object_get(target, "custom");
        FileMeta meta;

        return (!custom || json_is_object(custom)) && file_meta_read(target, false, &meta);
}

int targets_check(const Metadata *targets, Fault *fault) {
        const json_t *delegations = json_object_get(targets->body, "delegations");
        json_t *all, *target;
        const char *path;

        if (!json_get_object(targets->body, "targets", &all))
                return malformed(targets, fault, "it has no targets");
        json_object_foreach(all, path, target) {
                if (!target_is_well_formed(target))
                        return not_understood(targets, path, fault);
        }
        return delegations ? delegations_check(targets, delegations, fault) : 0;
}

const json_t *targets_all(const Metadata *targets) {
        return json_object_get(targets->body, "targets");
}

bool targets_find(const Metadata *targets, const char *path, FileMeta *ret_meta,
                  const json_t **ret_custom) {
        const json_t *target = json_object_get(targets_all(targets), path);

        if (!target)
                return false;
        (void)file_meta_read(target, false, ret_meta);
        *ret_custom = json_object_get(target, "custom");
        return true;
}

static const json_t *roles_of(const Metadata *targets) {
        return json_object_get(json_object_get(targets->body, "delegations"), "roles");
}

size_t targets_n_delegations(const Metadata *targets) {
        return json_array_size(roles_of(targets));
}

void targets_delegation(const Metadata *targets, size_t i, Delegation *ret_delegation) {
        const json_t *role = json_array_get(roles_of(targets), i);

        *ret_delegation = (Delegation){
                .name = json_string_value(json_object_get(role, "name")),
                .terminating = json_is_true(json_object_get(role, "terminating")),
                .object = role,
        };
        role_read(json_object_get(json_object_get(targets->body, "delegations"), "keys"), role,
                  &ret_delegation->keys);
}

int target_path_init(const char *text, TargetPath *ret_path) {
        uint8_t digest[SHA256_LENGTH];
        int r;

        r = sha256(text, strlen(text), digest);
        if (r < 0)
                return r;
        ret_path->text = text;
        hex_encode(digest, sizeof(digest), ret_path->hash);
        return 0;
}

/* Prefixes are of the hash in hex, so that they may end between two digits of a byte. */
static bool hash_matches(const json_t *prefixes, const char *hash) {
        const json_t *item;
        size_t i;

        json_array_foreach(prefixes, i, item)
                if (strncasecmp(json_string_value(item), hash, json_string_length(item)) == 0)
                        return true;
        return false;
}

bool delegation_matches(const Delegation *delegation, const TargetPath *path) {
        const json_t *paths = json_object_get(delegation->object, "paths");
        const json_t *item;
        size_t i;

        if (!paths)
                return hash_matches(json_object_get(delegation->object, "path_hash_prefixes"),
                                    path->hash);
        json_array_foreach(paths, i, item)
                if (pattern_matches(json_string_value(item), path->text))
                        return true;
        return false;
}

bool delegation_reaches(const Delegation *delegation, const char *prefix) {
        const json_t *paths = json_object_get(delegation->object, "paths");
        const json_t *item;
        size_t i;

        if (!paths)
                return json_array_size(json_object_get(delegation->object, "path_hash_prefixes")) >
                       0;
        json_array_foreach(paths, i, item)
                if (pattern_reaches(json_string_value(item), prefix))
                        return true;
        return false;
}
