/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/catalog/lint.h"

#include <errno.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "catalog/graph.h"

void entry_list_done(EntryList *list) {
        for (unsigned i = 0; i < list->n_entries; i++)
                entry_free(list->entries[i]);
        free(list->entries);
}

int entry_list_add(EntryList *list, const char *path, uint64_t length, const uint8_t sha256[32],
                   const json_t *custom, Fault *fault) {
        const json_t *json = json_object_get(custom, "discfw");
        _cleanup_free_ char *text = NULL;
        Entry **entries;
        int r;

        if (!json)
                return fault_set(fault, FAULT_CATALOG_MALFORMED,
                                 "entry %s: custom.discfw is missing", path);
        text = json_text(json);
        entries = reallocarray(list->entries, list->n_entries + 1, sizeof(*entries));
        if (!text || !entries) {
                list->entries = entries ? entries : list->entries;
                return -ENOMEM;
        }

        list->entries = entries;
        r = entry_parse(path, length, sha256, text, strlen(text), &entries[list->n_entries], fault);
        if (r == 0)
                list->n_entries++;
        return r;
}

/* The entries that one and the same drive may get: of one model, with the masks of LIKE or none. */
typedef struct Group {
        const Entry *entries[ENTRIES_MAX];
        unsigned n_entries;
        char model[TEXT_MODEL_SIZE];
        unsigned n_findings;
} Group;

static bool same_masks(const Entry *a, const Entry *b) {
        if (a->n_masks != b->n_masks)
                return false;
        for (unsigned i = 0; i < a->n_masks; i++)
                if (a->masks[i].offset != b->masks[i].offset ||
                    a->masks[i].n_bytes != b->masks[i].n_bytes ||
                    memcmp(a->masks[i].mask, b->masks[i].mask, a->masks[i].n_bytes) != 0 ||
                    memcmp(a->masks[i].value, b->masks[i].value, a->masks[i].n_bytes) != 0)
                        return false;

        return true;
}

static bool same_group(const Entry *a, const Entry *b) {
        return memcmp(a->model, b->model, ENTRY_MODEL_LENGTH) == 0 && same_masks(a, b);
}

static void finding(Group *group, const char *format, ...) _printf_(2, 3);
static void finding(Group *group, const char *format, ...) {
        char text[512];
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        log_warning("\"%s\": %s", group->model, text);
        group->n_findings++;
}

static void lint_heads(Group *group, const char *from) {
        Way way;

        for (unsigned i = 0; i < group->n_entries; i++) {
                if (group->entries[i]->withdrawn ||
                    !entry_edge(group->entries[i], from, KINDS_FORWARD))
                        continue;
                if (graph_newest(group->entries, group->n_entries, from, &way) && way.n_steps == 0)
                        finding(group,
                                "forward edges from %s lead round in a circle, or to no end within "
                                "%d steps: nothing is offered there",
                                from, PATH_STEPS_MAX);
                return;
        }
}

static void lint_edges(Group *group, const Entry *entry) {
        Way back;

        for (unsigned i = 0; i < entry->n_edges; i++) {
                const Edge *edge = &entry->edges[i];

                if (!(KINDS_FORWARD & KIND_BIT(edge->kind)))
                        continue;
                for (unsigned k = 0; k < edge->n_from; k++) {
                        lint_heads(group, edge->from[k]);
                        if (edge->irreversible &&
                            graph_way(group->entries, group->n_entries, entry->version,
                                      edge->from[k], KINDS_BACK, &back))
                                finding(group,
                                        "%s says that there is no way back to %s, yet downgrades "
                                        "lead there",
                                        entry->version, edge->from[k]);
                }
        }
}

static void lint_twins(Group *group, const Entry *a, const Entry *b) {
        if (strcmp(a->version, b->version) != 0 || a->withdrawn || b->withdrawn ||
            memcmp(a->sha256, b->sha256, sizeof(a->sha256)) == 0)
                return;

        for (unsigned i = 0; i < a->n_edges; i++)
                for (unsigned k = 0; k < a->edges[i].n_from; k++)
                        if (entry_edge(b, a->edges[i].from[k], KIND_BIT(a->edges[i].kind))) {
                                finding(group,
                                        "%s and %s are different images, and both lead from %s to "
                                        "%s",
                                        strrchr(a->path, '/') + 1, strrchr(b->path, '/') + 1,
                                        a->edges[i].from[k], a->version);
                                return;
                        }
}

static unsigned lint_group(const EntryList *list, const Entry *like) {
        Group group = {};

        text_from_model(like->model, group.model);
        for (unsigned i = 0; i < list->n_entries; i++) {
                const Entry *entry = list->entries[i];

                if (!same_group(entry, like) &&
                    (entry->n_masks > 0 ||
                     memcmp(entry->model, like->model, ENTRY_MODEL_LENGTH) != 0))
                        continue;
                if (group.n_entries == ENTRIES_MAX) {
                        finding(&group, "there are more than %d entries, clients read no more",
                                ENTRIES_MAX);
                        return group.n_findings;
                }
                group.entries[group.n_entries++] = entry;
        }

        for (unsigned i = 0; i < group.n_entries; i++) {
                lint_edges(&group, group.entries[i]);
                for (unsigned k = 0; k < i; k++)
                        lint_twins(&group, group.entries[k], group.entries[i]);
        }

        return group.n_findings;
}

unsigned lint_entries(const EntryList *list) {
        unsigned n_findings = 0;

        for (unsigned i = 0; i < list->n_entries; i++) {
                bool first = true;

                for (unsigned k = 0; k < i && first; k++)
                        first = !same_group(list->entries[k], list->entries[i]);
                if (first)
                        n_findings += lint_group(list, list->entries[i]);
        }

        return n_findings;
}

typedef struct Collecting {
        const Work *work;
        EntryList list;
} Collecting;

static int collect(void *userdata, const char *role, Fault *fault) {
        Collecting *collecting = userdata;
        _cleanup_json_ json_t *body = NULL;
        const char *path;
        json_t *target;
        int r = work_body(collecting->work, role, &body, fault);

        if (r < 0)
                return r;
        json_object_foreach(json_object_get(body, "targets"), path, target) {
                const char *hash = json_string_value(
                        json_object_get(json_object_get(target, "hashes"), "sha256"));
                uint8_t digest[32];

                if (!hash || !hex_decode(hash, digest, sizeof(digest)))
                        return fault_set(fault, FAULT_CATALOG_MALFORMED, "target %s has no SHA-256",
                                         path);
                r = entry_list_add(&collecting->list, path,
                                   (uint64_t)json_integer_value(json_object_get(target, "length")),
                                   digest, json_object_get(target, "custom"), fault);
                if (r < 0)
                        return r;
        }

        return 0;
}

int lint_work(const Work *work, Fault *fault) {
        Collecting collecting = { .work = work };
        int r = work_each_targets_role(work, collect, &collecting, fault);

        if (r == 0)
                (void)lint_entries(&collecting.list);
        entry_list_done(&collecting.list);
        return r;
}
