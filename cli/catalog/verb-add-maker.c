/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "catalog/entry.h"
#include "cli/catalog/keys.h"
#include "cli/catalog/maker.h"
#include "cli/catalog/settings.h"
#include "cli/catalog/sign.h"

static int check_name(const json_t *targets, const char *name, Fault *fault) {
        const json_t *roles = json_object_get(json_object_get(targets, "delegations"), "roles");
        const json_t *role;
        size_t i;

        if (json_array_size(roles) >= DELEGATIONS_MAX)
                return fault_set(fault, FAULT_LIMIT,
                                 "there are %zu makers, and clients look at no more than %d",
                                 json_array_size(roles), DELEGATIONS_MAX);

        for (MetadataType type = 0; type < _METADATA_TYPE_MAX; type++)
                if (strcmp(name, metadata_type_name(type)) == 0)
                        return fault_set(fault, FAULT_BAD_REQUEST,
                                         "a maker may not be called \"%s\"", name);
        if (!name_is_good(name))
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "\"%s\" is not 1 to %d letters, digits, \"-\", \"_\" and \".\"",
                                 name, WORK_NAME_MAX);

        json_array_foreach(roles, i, role)
                if (strcmp(json_string_value(json_object_get(role, "name")), name) == 0)
                        return fault_set(fault, FAULT_BAD_REQUEST, "there is a maker \"%s\"", name);

        return 0;
}

static int add_pattern(json_t *paths, const char *pattern, Fault *fault) {
        if (strncmp(pattern, "drive/", 6) != 0)
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "the pattern \"%s\" does not begin with \"drive/\", as every path "
                                 "does",
                                 pattern);
        return json_array_append_new(paths, json_string(pattern)) < 0 ? -ENOMEM : 0;
}

static int add_model(json_t *paths, const char *model, Fault *fault) {
        char pattern[ENTRY_PREFIX_SIZE + 1];

        if (strlen(model) != ENTRY_MODEL_LENGTH)
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "--model \"%s\" has %zu characters, vendor and product have %d",
                                 model, strlen(model), ENTRY_MODEL_LENGTH);
        entry_prefix((const uint8_t *)model, pattern);
        memcpy(pattern + ENTRY_PREFIX_SIZE - 1, "*", 2);
        return json_array_append_new(paths, json_string(pattern)) < 0 ? -ENOMEM : 0;
}

static int collect_paths(const Arguments *arguments, json_t *paths, Fault *fault) {
        int r = 0;

        for (unsigned i = 0; i < arguments->n_paths && r == 0; i++)
                r = add_pattern(paths, arguments->paths[i], fault);
        for (int i = 1; i < arguments->n_operands && r == 0; i++)
                r = add_pattern(paths, arguments->operands[i], fault);
        for (unsigned i = 0; i < arguments->n_models && r == 0; i++)
                r = add_model(paths, arguments->models[i], fault);
        if (r == 0 && json_array_size(paths) == 0)
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "for which drives? Say it with --model or --paths");
        return r;
}

static int delegate(json_t *targets, const char *name, json_t *key, json_t *paths) {
        json_t *delegations = json_object_get(targets, "delegations");
        json_t *role;
        int r;

        r = role_object_new(json_object_get(delegations, "keys"), &key, 1, 1, &role);
        if (r < 0)
                return r;
        if (json_object_set_new(role, "name", json_string(name)) < 0 ||
            json_object_set_new(role, "terminating", json_false()) < 0 ||
            json_object_set(role, "paths", paths) < 0) {
                json_decref(role);
                return -ENOMEM;
        }
        return json_array_append_new(json_object_get(delegations, "roles"), role) < 0 ? -ENOMEM : 0;
}

static int make_role(const Work *work, const char *name, Fault *fault) {
        _cleanup_json_ json_t *body = NULL;
        int r = body_new(METADATA_TARGETS, &body);

        if (r < 0)
                return r;
        if (json_object_set_new(body, "targets", json_object()) < 0)
                return -ENOMEM;
        return work_write_draft(work, name, body, fault);
}

int verb_add_maker(const Arguments *arguments, Fault *fault) {
        const char *name = arguments->operands[0], *type = arguments->values[OPTION_KEY_TYPE];
        _cleanup_(work_closep) Work *work = NULL;
        _cleanup_json_ json_t *targets = NULL, *paths = json_array(), *key = NULL;
        KeyScheme scheme = KEY_ED25519;
        char keyid[KEYID_SIZE];
        int r;

        if (!paths)
                return -ENOMEM;
        if (type && !keys_scheme_from_name(type, &scheme))
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "--key-type %s is none of ed25519, ecdsa, rsa", type);

        r = open_work(arguments, true, &work, fault);
        if (r == 0)
                r = work_body(work, "targets", &targets, fault);
        if (r == 0)
                r = check_name(targets, name, fault);
        if (r == 0)
                r = collect_paths(arguments, paths, fault);
        if (r == 0)
                r = keys_make(work, name, scheme, &key, keyid, fault);
        if (r == 0)
                r = delegate(targets, name, key, paths);
        /* The role before the delegation to it: cut off between the two, nothing has begun. */
        if (r == 0)
                r = make_role(work, name, fault);
        if (r == 0)
                r = work_write_draft(work, "targets", targets, fault);
        if (r < 0)
                return r;

        printf("maker \"%s\" has the key %.16s; \"discfw-catalog sign\" lets it take effect\n",
               name, keyid);
        return EXIT_DONE;
}
