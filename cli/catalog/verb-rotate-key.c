/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "cli/catalog/keys.h"
#include "cli/catalog/maker.h"
#include "cli/catalog/sign.h"

/* Is KEYID among those of ROLE? */
static bool has_key(const json_t *role, const char *keyid) {
        const json_t *other;
        size_t i;

        json_array_foreach(json_object_get(role, "keyids"), i, other)
                if (strcmp(json_string_value(other), keyid) == 0)
                        return true;

        return false;
}

/* A key object that no role names any more goes. ROLES is an object or an array of roles. */
static void drop_unused(json_t *keys, json_t *roles) {
        json_t *object, *role;
        const char *keyid, *name;
        void *next;
        size_t i;

        json_object_foreach_safe(keys, next, keyid, object) {
                bool used = false;

                json_array_foreach(roles, i, role)
                        used = used || has_key(role, keyid);
                json_object_foreach(roles, name, role)
                        used = used || has_key(role, keyid);
                if (!used)
                        (void)json_object_del(keys, keyid);
        }
}

/* New keys in the place of those of ROLE_OBJECT, or of the one that begins with ONLY. */
static int replace_keys(const Work *work, const char *role, KeyScheme scheme, const char *only,
                        json_t *keys, json_t *role_object, Fault *fault) {
        json_t *keyids = json_object_get(role_object, "keyids");
        unsigned n_replaced = 0;
        size_t i;
        json_t *keyid;

        json_array_foreach(keyids, i, keyid) {
                _cleanup_json_ json_t *object = NULL;
                char new_keyid[KEYID_SIZE];
                int r;

                if (only && strncmp(json_string_value(keyid), only, strlen(only)) != 0)
                        continue;
                r = keys_make(work, role, scheme, &object, new_keyid, fault);
                if (r < 0)
                        return r;
                printf("%s: key %.16s instead of %.16s\n", role, new_keyid,
                       json_string_value(keyid));
                if (json_object_set(keys, new_keyid, object) < 0 ||
                    json_array_set_new(keyids, i, json_string(new_keyid)) < 0)
                        return -ENOMEM;
                n_replaced++;
        }

        if (n_replaced == 0)
                return fault_set(fault, FAULT_BAD_REQUEST, "%s has no key that begins with %s",
                                 role, only);
        if (only && n_replaced > 1)
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "%u keys of %s begin with %s; give more digits", n_replaced, role,
                                 only);
        return 0;
}

/* A role whose keys the root names: the new root is the moment at which it takes effect. */
static int rotate_in_root(Work *work, const char *role, KeyScheme scheme, const char *only,
                          Fault *fault) {
        _cleanup_json_ json_t *root = NULL, *body = NULL;
        json_t *keys, *roles;
        int r;

        r = work_signed_body(work, "root", &root, fault);
        if (r < 0)
                return r;
        keys = json_object_get(root, "keys");
        roles = json_object_get(root, "roles");
        r = replace_keys(work, role, scheme, only, keys, json_object_get(roles, role), fault);
        if (r < 0)
                return r;
        drop_unused(keys, roles);
        r = sign_root(work, root, fault);
        if (r < 0 || strcmp(role, "root") == 0)
                return r;

        /* Its newest version has a signature that is worth nothing now. */
        if (strcmp(role, "targets") == 0) {
                r = work_signed_body(work, role, &body, fault);
                if (r == 0)
                        r = sign_role(work, role, body, fault);
        }
        return r < 0 ? r : sign_top(work, true, NULL, fault);
}

static json_t *find_maker(const json_t *targets, const char *name) {
        json_t *role;
        size_t i;

        json_array_foreach(json_object_get(json_object_get(targets, "delegations"), "roles"), i,
                           role)
                if (strcmp(json_string_value(json_object_get(role, "name")), name) == 0)
                        return role;

        return NULL;
}

static int rotate_maker(Work *work, const char *name, KeyScheme scheme, const char *only,
                        Fault *fault) {
        _cleanup_json_ json_t *targets = NULL, *body = NULL;
        json_t *delegations, *role;
        int r;

        if (work_has_draft(work, "targets") || work_has_draft(work, name))
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "there are drafts that are not signed; run \"discfw-catalog sign\""
                                 " first, with the old key");
        r = work_body(work, "targets", &targets, fault);
        if (r == 0)
                r = work_body(work, name, &body, fault);
        if (r < 0)
                return r;

        delegations = json_object_get(targets, "delegations");
        role = find_maker(targets, name);
        if (!role)
                return fault_set(fault, FAULT_BAD_REQUEST, "there is no maker \"%s\"", name);
        r = replace_keys(work, name, scheme, only, json_object_get(delegations, "keys"), role,
                         fault);
        if (r < 0)
                return r;
        drop_unused(json_object_get(delegations, "keys"), json_object_get(delegations, "roles"));

        /* As drafts, and then signed: cut off between the two, "sign" goes on. */
        if ((r = work_write_draft(work, "targets", targets, fault)) < 0 ||
            (r = work_write_draft(work, name, body, fault)) < 0 ||
            (r = sign_role(work, name, body, fault)) < 0 ||
            (r = work_drop_draft(work, name, fault)) < 0 ||
            (r = sign_role(work, "targets", targets, fault)) < 0 ||
            (r = work_drop_draft(work, "targets", fault)) < 0)
                return r;
        return sign_top(work, true, NULL, fault);
}

int verb_rotate_key(const Arguments *arguments, Fault *fault) {
        const char *role = arguments->operands[0], *only = arguments->values[OPTION_KEY];
        const char *type = arguments->values[OPTION_KEY_TYPE];
        bool is_top = strcmp(role, metadata_type_name(work_type_of(role))) == 0;
        _cleanup_(work_closep) Work *work = NULL;
        KeyScheme scheme = KEY_ED25519;
        int r;

        if (type && !keys_scheme_from_name(type, &scheme))
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "--key-type %s is none of ed25519, ecdsa, rsa", type);

        r = open_work(arguments, true, &work, fault);
        if (r == 0)
                r = is_top ? rotate_in_root(work, role, scheme, only, fault)
                           : rotate_maker(work, role, scheme, only, fault);
        if (r < 0)
                return r;

        puts("old key files remain: keep those of an old root until no machine has it any more, "
             "destroy the others");
        return EXIT_DONE;
}
