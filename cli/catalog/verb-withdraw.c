/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "cli/catalog/maker.h"

/* The same path may stand in several roles; all of them say that it is withdrawn. */
typedef struct Search {
        const Work *work;
        const char *wanted;
        const char *reason; /* NULL: only look */
        char path[TARGET_PATH_MAX + 1];
        unsigned n_paths; /* different ones that end in what is wanted */
} Search;

static bool ends_in(const char *path, const char *wanted) {
        size_t n = strlen(path), k = strlen(wanted);

        return n >= k && strcmp(path + n - k, wanted) == 0 && (n == k || path[n - k - 1] == '/');
}

static int look(void *userdata, const char *role, Fault *fault) {
        Search *search = userdata;
        _cleanup_json_ json_t *body = NULL;
        const char *path;
        json_t *target;
        int r = work_body(search->work, role, &body, fault);

        if (r < 0)
                return r;
        json_object_foreach(json_object_get(body, "targets"), path, target) {
                if (!ends_in(path, search->wanted) || strcmp(path, search->path) == 0 ||
                    strlen(path) > TARGET_PATH_MAX)
                        continue;
                memcpy(search->path, path, strlen(path) + 1);
                search->n_paths++;
        }

        return 0;
}

static int withdraw(void *userdata, const char *role, Fault *fault) {
        const Search *search = userdata;
        _cleanup_json_ json_t *body = NULL;
        json_t *entry;
        int r = work_body(search->work, role, &body, fault);

        if (r < 0)
                return r;
        entry = json_object_get(
                json_object_get(json_object_get(json_object_get(body, "targets"), search->path),
                                "custom"),
                "discfw");
        if (!entry)
                return 0;

        if (json_object_set_new(entry, "withdrawn", json_string(search->reason)) < 0)
                return fault_set(fault, FAULT_BAD_REQUEST, "the reason is not UTF-8");
        printf("withdrawn in the draft of %s: %s\n", role, search->path);
        return work_write_draft(search->work, role, body, fault);
}

int verb_withdraw(const Arguments *arguments, Fault *fault) {
        _cleanup_(work_closep) Work *work = NULL;
        Search search = { .wanted = arguments->operands[0],
                          .reason = arguments->values[OPTION_REASON] };
        int r;

        if (!search.reason || !*search.reason || strlen(search.reason) > REASON_MAX)
                return fault_set(fault, FAULT_REASON_REQUIRED,
                                 "say why with --reason TEXT, of at most %d bytes: users will read "
                                 "it",
                                 REASON_MAX);

        r = open_work(arguments, true, &work, fault);
        if (r < 0)
                return r;
        search.work = work;

        r = work_each_targets_role(work, look, &search, fault);
        if (r < 0)
                return r;
        if (search.n_paths != 1)
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "%u targets end in \"%s\", wanted one; \"discfw-catalog show\" "
                                 "lists them",
                                 search.n_paths, search.wanted);
        r = work_each_targets_role(work, withdraw, &search, fault);
        return r < 0 ? r : EXIT_DONE;
}
