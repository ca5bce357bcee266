/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "cli/catalog/keys.h"
#include "cli/catalog/maker.h"
#include "cli/catalog/settings.h"
#include "cli/catalog/sign.h"

#define ROOT_KEYS_MAX 16u

static int parse_count(const char *option, const char *text, unsigned *ret_n, Fault *fault) {
        char *end;
        unsigned long n;

        if (!text)
                return 0;
        n = strtoul(text, &end, 10);
        if (*text < '1' || *text > '9' || *end || n > ROOT_KEYS_MAX)
                return fault_set(fault, FAULT_BAD_REQUEST, "--%s %s is not 1 to %u", option, text,
                                 ROOT_KEYS_MAX);
        *ret_n = (unsigned)n;
        return 0;
}

static int parse(const Arguments *arguments, WorkSettings *settings, unsigned *n_keys,
                 unsigned *threshold, KeyScheme *scheme, Fault *fault) {
        const char *name = arguments->values[OPTION_NAME];
        const char *type = arguments->values[OPTION_KEY_TYPE];
        int r;

        if (!name || !name_is_good(name))
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "--name is not 1 to %d letters, digits, \"-\", \"_\" and \".\"",
                                 WORK_NAME_MAX);
        memcpy(settings->name, name, strlen(name) + 1);

        if ((r = parse_count("threshold", arguments->values[OPTION_THRESHOLD], threshold, fault)) <
                    0 ||
            (r = parse_count("root-keys", arguments->values[OPTION_ROOT_KEYS], n_keys, fault)) < 0)
                return r;
        if (!arguments->values[OPTION_ROOT_KEYS])
                *n_keys = *threshold;
        if (*threshold > *n_keys)
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "--threshold %u can never be met with %u root keys", *threshold,
                                 *n_keys);
        if (type && !keys_scheme_from_name(type, scheme))
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "--key-type %s is none of ed25519, ecdsa, rsa", type);
        return 0;
}

/* N_KEYS new keys for a role, into the root. */
static int add_role(const Work *work, MetadataType type, unsigned n_keys, unsigned threshold,
                    KeyScheme scheme, json_t *root, Fault *fault) {
        const char *role = metadata_type_name(type);
        json_t *objects[ROOT_KEYS_MAX] = {};
        json_t *object;
        int r = 0;

        for (unsigned i = 0; i < n_keys && r == 0; i++) {
                char keyid[KEYID_SIZE];

                r = keys_make(work, role, scheme, &objects[i], keyid, fault);
        }
        if (r == 0)
                r = role_object_new(json_object_get(root, "keys"), objects, n_keys, threshold,
                                    &object);
        if (r == 0 && json_object_set_new(json_object_get(root, "roles"), role, object) < 0)
                r = -ENOMEM;

        for (unsigned i = 0; i < n_keys; i++)
                json_decref(objects[i]);
        return r;
}

static int make_root(Work *work, unsigned n_keys, unsigned threshold, KeyScheme scheme,
                     Fault *fault) {
        _cleanup_json_ json_t *root = NULL;
        int r;

        r = body_new(METADATA_ROOT, &root);
        if (r < 0)
                return r;
        if (json_object_set_new(root, "consistent_snapshot", json_true()) < 0 ||
            json_object_set_new(root, "keys", json_object()) < 0 ||
            json_object_set_new(root, "roles", json_object()) < 0)
                return -ENOMEM;

        for (MetadataType type = 0; type < _METADATA_TYPE_MAX && r == 0; type++)
                r = type == METADATA_ROOT
                            ? add_role(work, type, n_keys, threshold, scheme, root, fault)
                            : add_role(work, type, 1, 1, scheme, root, fault);
        return r < 0 ? r : sign_root(work, root, fault);
}

static int make_targets(Work *work, Fault *fault) {
        _cleanup_json_ json_t *targets = NULL;
        int r;

        r = body_new(METADATA_TARGETS, &targets);
        if (r < 0)
                return r;
        if (json_object_set_new(targets, "targets", json_object()) < 0 ||
            json_object_set_new(targets, "delegations",
                                json_pack("{s:{}, s:[]}", "keys", "roles")) < 0)
                return -ENOMEM;
        return sign_role(work, "targets", targets, fault);
}

int verb_init(const Arguments *arguments, Fault *fault) {
        _cleanup_(work_closep) Work *work = NULL;
        WorkSettings settings = arguments->settings;
        unsigned n_keys = 1, threshold = 1;
        KeyScheme scheme = KEY_ED25519;
        int r;

        r = parse(arguments, &settings, &n_keys, &threshold, &scheme, fault);
        if (r == 0)
                r = passphrase_choose(fault);
        if (r == 0)
                r = work_make(arguments->operands[0], arguments->values[OPTION_KEYS], &settings,
                              &work, fault);
        if (r == 0)
                r = make_root(work, n_keys, threshold, scheme, fault);
        if (r == 0)
                r = make_targets(work, fault);
        if (r == 0)
                r = sign_top(work, false, NULL, fault);
        if (r < 0)
                return r;

        printf("catalog \"%s\" begins in %s\n"
               "its keys are in %s: make a copy, and take the root's away from this machine\n",
               settings.name, work->path, work->keys);
        return EXIT_DONE;
}
