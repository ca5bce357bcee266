/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/catalog/lint.h"
#include "cli/catalog/maker.h"

static void show_keys(const json_t *role) {
        const json_t *keyid;
        size_t i;

        printf("  %" JSON_INTEGER_FORMAT " of",
               json_integer_value(json_object_get(role, "threshold")));
        json_array_foreach(json_object_get(role, "keyids"), i, keyid)
                printf(" %.16s", json_string_value(keyid));
}

/* One line: version, how long it is valid, draft, keys. ROLE_OBJECT says who signs it. */
static int show_role(const Work *work, const char *role, const json_t *role_object, Fault *fault) {
        _cleanup_json_ json_t *body = NULL;
        char span[64] = "";
        int64_t version, expires;
        int r;

        r = work_version(work, role, &version, fault);
        if (r < 0)
                return r;
        if (version > 0) {
                r = work_signed_body(work, role, &body, fault);
                if (r < 0)
                        return r;
        }

        if (body && clock_parse(json_string_value(json_object_get(body, "expires")), &expires)) {
                int64_t left = expires - clock_realtime();

                clock_format_span(left > 0 ? left : -left, span, sizeof(span));
                printf("%-12s version %-4" PRId64 " %s %s%s", role, version,
                       left > 0 ? "valid" : "EXPIRED", span, left > 0 ? " more" : " ago");
        } else {
                printf("%-12s not signed yet", role);
        }
        show_keys(role_object);
        puts(work_has_draft(work, role) ? "  + draft" : "");
        return 0;
}

static void show_edges(const Entry *entry) {
        for (unsigned i = 0; i < entry->n_edges; i++) {
                const Edge *edge = &entry->edges[i];

                printf("    %-10s from", edge_kind_name(edge->kind));
                for (unsigned k = 0; k < edge->n_from; k++)
                        printf("%s %s", k ? "," : "", edge->from[k]);
                if (edge->irreversible)
                        printf("; no way back: %s", edge->irreversible);
                if (edge->loses)
                        printf("; loses %s", edge->loses);
                puts("");
        }
}

static void show_entry(const Entry *entry) {
        char model[TEXT_MODEL_SIZE];

        text_from_model(entry->model, model);
        printf("  %s\n    %s for \"%s\", %s, %s, %" PRIu64 " bytes%s%s\n", entry->path,
               entry->version, model, entry->channel, evidence_name(entry->evidence), entry->length,
               *entry->release_date ? ", of " : "", entry->release_date);
        if (entry->withdrawn)
                printf("    WITHDRAWN: %s\n", entry->withdrawn);
        show_edges(entry);
}

static int show_targets(void *userdata, const char *role, Fault *fault) {
        const Work *work = userdata;
        _cleanup_json_ json_t *body = NULL;
        const char *path;
        json_t *target;
        int r = work_body(work, role, &body, fault);

        if (r < 0)
                return r;
        printf("\n%s lists:\n", role);
        json_object_foreach(json_object_get(body, "targets"), path, target) {
                _cleanup_entry_list_ EntryList list = {};
                static const uint8_t unknown[32];

                r = entry_list_add(&list, path,
                                   (uint64_t)json_integer_value(json_object_get(target, "length")),
                                   unknown, json_object_get(target, "custom"), fault);
                if (r < 0)
                        return r;
                show_entry(list.entries[0]);
        }
        if (json_object_size(json_object_get(body, "targets")) == 0)
                puts("  nothing");
        return 0;
}

int verb_show(const Arguments *arguments, Fault *fault) {
        static const MetadataType order[] = { METADATA_ROOT, METADATA_TIMESTAMP, METADATA_SNAPSHOT,
                                              METADATA_TARGETS };
        _cleanup_(work_closep) Work *work = NULL;
        _cleanup_json_ json_t *root = NULL, *targets = NULL;
        const json_t *maker;
        size_t i;
        int r;

        r = open_work(arguments, false, &work, fault);
        if (r == 0)
                r = work_signed_body(work, "root", &root, fault);
        if (r == 0)
                r = work_body(work, "targets", &targets, fault);
        if (r < 0)
                return r;

        printf("catalog \"%s\"\n\n", work->settings.name);
        for (size_t t = 0; t < N_ELEMENTS(order) && r == 0; t++) {
                const char *role = metadata_type_name(order[t]);

                r = show_role(work, role, json_object_get(json_object_get(root, "roles"), role),
                              fault);
        }
        json_array_foreach(json_object_get(json_object_get(targets, "delegations"), "roles"), i,
                           maker)
                if (r == 0)
                        r = show_role(work, json_string_value(json_object_get(maker, "name")),
                                      maker, fault);
        if (r == 0)
                r = work_each_targets_role(work, show_targets, work, fault);
        return r < 0 ? r : EXIT_DONE;
}
