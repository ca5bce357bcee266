/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "catalog/pattern.h"
#include "cli/catalog/describe.h"
#include "cli/catalog/lint.h"
#include "cli/catalog/maker.h"

/* A client looks for a target in a maker's role only if the delegation matches its path. */
static int check_delegation(const json_t *targets, const char *maker, const char *path,
                            Fault *fault) {
        const json_t *role, *pattern;
        size_t i, k;

        json_array_foreach(json_object_get(json_object_get(targets, "delegations"), "roles"), i,
                           role) {
                if (strcmp(json_string_value(json_object_get(role, "name")), maker) != 0)
                        continue;
                json_array_foreach(json_object_get(role, "paths"), k, pattern)
                        if (pattern_matches(json_string_value(pattern), path))
                                return 0;
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "%s may not sign %s: no pattern of it matches, and no client "
                                 "would look there",
                                 maker, path);
        }

        return fault_set(fault, FAULT_BAD_REQUEST,
                         "there is no maker \"%s\"; \"discfw-catalog add-maker\" makes one", maker);
}

static int take_image(const Work *work, json_t *targets, const DescribedImage *image,
                      Fault *fault) {
        bool replaced = json_object_get(targets, image->path);
        int r = 0;

        if (image->bytes)
                r = work_write_image(work, image->sha256, image->bytes, image->n_bytes, fault);
        else if (image->is_withheld)
                r = work_drop_image(work, image->sha256, fault);
        if (r < 0)
                return r;
        if (json_object_set(targets, image->path, image->target) < 0)
                return -ENOMEM;

        printf("%s %s%s%s\n", replaced ? "replaced" : "added   ", image->path,
               image->bytes ? "" : " (its bytes are not published)",
               image->is_checked ? "" : " (its bytes were not checked)");
        return 0;
}

int verb_add(const Arguments *arguments, Fault *fault) {
        const char *role = arguments->values[OPTION_MAKER];
        const DescribeOptions options = { .folder = arguments->values[OPTION_IMAGES],
                                          .images = arguments->images,
                                          .n_images = arguments->n_images };
        _cleanup_(description_freep) Description *description = NULL;
        _cleanup_(work_closep) Work *work = NULL;
        _cleanup_json_ json_t *targets = NULL, *body = NULL;
        int r;

        r = open_work(arguments, true, &work, fault);
        if (r == 0)
                r = describe(arguments->operands[0], &options, &description, fault);
        if (r == 0)
                r = work_body(work, "targets", &targets, fault);
        for (unsigned i = 0; r == 0 && role && i < description->n_images; i++)
                r = check_delegation(targets, role, description->images[i].path, fault);
        if (r == 0)
                r = work_body(work, role ? role : "targets", &body, fault);

        for (unsigned i = 0; r == 0 && i < description->n_images; i++)
                r = take_image(work, json_object_get(body, "targets"), &description->images[i],
                               fault);
        if (r == 0)
                r = work_write_draft(work, role ? role : "targets", body, fault);
        if (r == 0)
                r = lint_work(work, fault);
        return r < 0 ? r : EXIT_DONE;
}
