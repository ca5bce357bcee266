/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What clients see: states of the core as parameters of schema/varlink/org.discfw.varlink. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/text.h"
#include "core/state.h"

json_t *view_time(int64_t time) {
        char text[CLOCK_TEXT_SIZE];

        if (time <= 0)
                return json_null();
        clock_format(time, text);
        return json_string(text);
}

static json_t *optional(const char *text) {
        return text && text[0] ? json_string_safe(text) : json_null();
}

/* The first of these that holds. */
static const char *drive_state_name(Core *core, const Drive *drive, bool known, const Way *way,
                                    char *ret_text, size_t size) {
        const DriveState *s = &drive->state;
        char catalog[CATALOG_NAME_MAX + 1];
        Way stale;

        ret_text[0] = '\0';
        if (core->running.active && strcmp(core->running.job.drive, s->id) == 0) {
                text_format(ret_text, size, "a flash is under way: do not switch it off");
                return "flashing";
        }
        if (s->attention) {
                text_format(ret_text, size, "flash ended as \"%s\": %s",
                            outcome_name(s->attention_outcome),
                            fault_mend(outcome_fault(s->attention_outcome)));
                return "attention";
        }
        if (!s->attached)
                return "absent";
        if (s->record.fault.code != FAULT_NONE) {
                text_format(ret_text, size, "%s", s->record.fault.text);
                return "unreadable";
        }
        if (s->held) {
                text_format(ret_text, size, "held%s%s", s->held_reason[0] ? ": " : "",
                            s->held_reason);
                return "held";
        }
        if (known && way->n_steps > 0) {
                text_format(ret_text, size, "update available");
                for (unsigned i = 0; way->n_steps > 1 && i < way->n_steps; i++) {
                        char to[REVISION_SIZE];
                        size_t n = strlen(ret_text);

                        revision_trim(way->steps[i].entry->version, to);
                        if (i == 0)
                                text_format(ret_text + n, size - n, " (%u steps: %s", way->n_steps,
                                            to);
                        else
                                text_format(ret_text + n, size - n, ", %s%s", to,
                                            i + 1 == way->n_steps ? ")" : "");
                }
                return "update";
        }
        if (known)
                return "current";
        if (plan_newest(core, drive, true, &stale, catalog)) {
                text_format(ret_text, size, "catalog \"%s\" has expired", catalog);
                return "stale";
        }
        text_format(ret_text, size,
                    core->n_catalogs == 0  ? "no catalog is configured"
                    : drive->n_entries > 0 ? "no catalog knows this firmware"
                                           : "no catalog knows this drive");
        return "unknown";
}

json_t *view_drive(Core *core, const Drive *drive, const Caller *caller) {
        const DriveRecord *r = &drive->state.record;
        char model[TEXT_MODEL_SIZE], revision[REVISION_SIZE], newest[REVISION_SIZE] = "";
        char catalog[CATALOG_NAME_MAX + 1], text[FAULT_TEXT_MAX], escaped[4 * REVISION_SIZE];
        _cleanup_json_ json_t *steps = json_array();
        const char *state;
        Way way = {};
        bool known;

        text_from_model(r->identity, model);
        revision_trim(r->revision, revision);
        text_from_field(revision, strlen(revision), escaped, sizeof(escaped));
        known = plan_newest(core, drive, false, &way, catalog);
        if (known)
                revision_trim(way.n_steps > 0 ? way.steps[way.n_steps - 1].entry->version
                                              : r->revision,
                              newest);
        for (unsigned i = 0; i < way.n_steps; i++) {
                char to[REVISION_SIZE];

                revision_trim(way.steps[i].entry->version, to);
                (void)json_array_append_new(steps, json_string_safe(to));
        }
        state = drive_state_name(core, drive, known, &way, text, sizeof(text));
        return json_pack("{ss ss ss ss ss so sO ss so ss ss so sb sb}", "id", drive->state.id,
                         "node", r->node, "block", r->block, "model", model, "revision", escaped,
                         "newest", optional(newest), "steps", steps, "state", state, "state_text",
                         json_string_safe(text), "class", drive_class_name(r->class), "attachment",
                         attachment_name(r->attachment), "serial",
                         caller && caller->admin ? optional(r->serial) : json_null(), "attached",
                         drive->state.attached, "held", drive->state.held);
}

static int by_node(const void *a, const void *b) {
        const Drive *x = *(const Drive *const *)a, *y = *(const Drive *const *)b;

        if (x->state.attached != y->state.attached)
                return y->state.attached - x->state.attached;
        return strverscmp(drive_shown_node(x), drive_shown_node(y));
}

json_t *view_drives(Core *core, bool all, const Caller *caller) {
        const Drive *drives[DRIVES_MAX * 4];
        json_t *array = json_array();
        unsigned n = 0;

        for (unsigned i = 0; i < core->n_drives && n < N_ELEMENTS(drives); i++)
                if (all || core->drives[i].state.attached || core->drives[i].state.attention)
                        drives[n++] = &core->drives[i];
        qsort(drives, n, sizeof(*drives), by_node);
        for (unsigned i = 0; i < n; i++)
                (void)json_array_append_new(array, view_drive(core, drives[i], caller));
        return array;
}

/* A mirror in words: behind and frozen are what fooled people most. */
static const char *mirror_state(const Core *core, const CatalogState *catalog, const MirrorState *m,
                                char *ret_text, size_t size) {
        char span[32];

        (void)core;
        ret_text[0] = '\0';
        if (!m->tried)
                return "untried";
        if (m->version > 0 && m->version < catalog->version) {
                if (m->signed_at > 0 && catalog->signed_at > m->signed_at) {
                        clock_format_span(catalog->signed_at - m->signed_at, span, sizeof(span));
                        text_format(ret_text, size, "%s behind, skipped", span);
                } else
                        text_format(ret_text, size, "%" PRIu64 " versions behind, skipped",
                                    catalog->version - m->version);
                return "behind";
        }
        if (m->fault.code == FAULT_CATALOG_FROZEN || m->fault.code == FAULT_CATALOG_EXPIRED) {
                text_format(ret_text, size, "frozen, skipped: %s", m->fault.text);
                return "frozen";
        }
        if (m->fault.code != FAULT_NONE) {
                text_format(ret_text, size, "%s", m->fault.text);
                return "failed";
        }
        return "ok";
}

static const char *catalog_state(const Core *core, const CatalogState *catalog, char *ret_text,
                                 size_t size) {
        char ago[32], left[32];

        if (catalog->config.broken.code != FAULT_NONE) {
                text_format(ret_text, size, "%s", catalog->config.broken.text);
                return "failed";
        }
        if (catalog->last_ok == 0) {
                text_format(ret_text, size, "%s",
                            catalog->fault.code ? catalog->fault.text : "never refreshed");
                return catalog->fault.code ? "failed" : "never";
        }
        clock_format_span(core->now - (catalog->signed_at ? catalog->signed_at : catalog->last_ok),
                          ago, sizeof(ago));
        if (!catalog_fresh(core, catalog)) {
                clock_format_span(core->now - catalog->expires, left, sizeof(left));
                text_format(ret_text, size, "expired %s ago", left);
                return "expired";
        }
        clock_format_span(catalog->expires - core->now, left, sizeof(left));
        text_format(ret_text, size, "%s %s ago, valid %s more%s%s",
                    catalog->signed_at ? "signed" : "fetched", ago, left,
                    catalog->fault.code ? "; last refresh failed: " : "", catalog->fault.text);
        return "fresh";
}

json_t *view_catalog(Core *core, const CatalogState *catalog) {
        json_t *mirrors = json_array();
        char text[FAULT_TEXT_MAX + 128];
        const char *state;

        for (unsigned i = 0; i < catalog->config.n_mirrors; i++) {
                const MirrorState *m = &catalog->mirrors[i];

                state = mirror_state(core, catalog, m, text, sizeof(text));
                (void)json_array_append_new(
                        mirrors,
                        json_pack("{so ss so sI so}", "url",
                                  json_string_safe(catalog->config.mirrors[i]), "state", state,
                                  "text", json_string_safe(text), "version", (json_int_t)m->version,
                                  "signed", view_time(m->signed_at)));
        }
        state = catalog_state(core, catalog, text, sizeof(text));
        return json_pack(
                "{ss ss so so so so sI sI ss si si so}", "name", catalog->config.name, "state",
                state, "text", json_string_safe(text), "signed", view_time(catalog->signed_at),
                "expires", view_time(catalog->expires), "refreshed", view_time(catalog->last_ok),
                "version", (json_int_t)catalog->version, "root_version",
                (json_int_t)(catalog->root_version ? catalog->root_version
                                                   : catalog->config.root_version),
                "root_sha256", catalog->config.root_sha256, "entries", (int)catalog->n_entries,
                "ignored", (int)catalog->n_ignored, "mirrors", mirrors);
}

json_t *view_catalogs(Core *core) {
        json_t *array = json_array();

        for (unsigned i = 0; i < core->n_catalogs; i++)
                (void)json_array_append_new(array, view_catalog(core, &core->catalogs[i]));
        return array;
}

static const char *catalog_of(const Drive *drive, const Entry *entry) {
        for (unsigned i = 0; i < drive->n_entries; i++)
                if (drive->entries[i].entry == entry)
                        return drive->entries[i].catalog;
        return "";
}

json_t *view_step(Core *core, const Drive *drive, const Step *step) {
        const Entry *e = step->entry;
        char from[REVISION_SIZE], to[REVISION_SIZE], hash[65];
        json_t *hazards = json_array();

        revision_trim(step->from, from);
        revision_trim(e->version, to);
        hex_encode(e->sha256, 32, hash);
        for (unsigned i = 0; i < e->n_hazards; i++)
                (void)json_array_append_new(hazards, json_string_safe(e->hazards[i]));
        return json_pack(
                "{ss ss ss ss so ss sI sb ss ss ss so so so so sI sb so}", "from", from, "to", to,
                "kind", edge_kind_name(step->edge->kind), "catalog", catalog_of(drive, e), "target",
                json_string_safe(e->path), "sha256", hash, "length", (json_int_t)e->length,
                "in_store", image_in_store(core, e->sha256), "evidence", evidence_name(e->evidence),
                "release_date", e->release_date, "urgency", urgency_name(e->urgency), "notes",
                optional(e->notes), "irreversible", optional(step->edge->irreversible), "loses",
                optional(step->edge->loses), "hazards", hazards, "expected_seconds",
                (json_int_t)((e->recipe.commit_ms + e->recipe.settle_ms + e->recipe.ready_ms) /
                             1000),
                "power_cycle", e->power_cycle, "withdrawn", optional(e->withdrawn));
}

static json_t *view_way(Core *core, const Drive *drive, const Way *way) {
        json_t *array = json_array();

        for (unsigned i = 0; i < way->n_steps; i++)
                (void)json_array_append_new(array, view_step(core, drive, &way->steps[i]));
        return array;
}

/* Said before going forward, never after. */
static void way_back_text(const PlanAnswer *answer, char *ret_text, size_t size) {
        char to[REVISION_SIZE], from[REVISION_SIZE];

        revision_trim(answer->way.steps[0].from, from);
        revision_trim(answer->way.steps[answer->way.n_steps - 1].entry->version, to);
        for (unsigned i = 0; i < answer->way.n_steps; i++)
                if (answer->way.steps[i].edge->irreversible) {
                        text_format(ret_text, size, "none from %s: %s", to,
                                    answer->way.steps[i].edge->irreversible);
                        return;
                }
        if (answer->has_back)
                text_format(ret_text, size, "from %s back to %s in %u step%s", to, from,
                            answer->back.n_steps, answer->back.n_steps == 1 ? "" : "s");
        else
                text_format(ret_text, size, "none from %s to %s", to, from);
}

json_t *view_plan(Core *core, const PlanQuestion *question, const PlanAnswer *answer) {
        json_t *back = json_array();
        char from[REVISION_SIZE], to[REVISION_SIZE], text[FAULT_TEXT_MAX], fresh[128];
        const CatalogState *catalog = catalog_find(core, answer->catalog);

        revision_trim(answer->way.steps[0].from, from);
        revision_trim(answer->way.steps[answer->way.n_steps - 1].entry->version, to);
        for (unsigned i = 0; answer->has_back && i < answer->back.n_steps; i++) {
                char r[REVISION_SIZE];

                revision_trim(answer->back.steps[i].entry->version, r);
                (void)json_array_append_new(back, json_string_safe(r));
        }
        way_back_text(answer, text, sizeof(text));
        (void)catalog_state(core, catalog, fresh, sizeof(fresh));
        return json_pack("{so ss ss ss so so so ss so sb ss}", "drive",
                         view_drive(core, question->drive, question->caller), "kind",
                         question->rollback  ? "rollback"
                         : question->reflash ? "reflash"
                                             : "update",
                         "from", from, "to", to, "steps",
                         view_way(core, question->drive, &answer->way), "way_back", back,
                         "way_back_text", json_string_safe(text), "catalog", answer->catalog,
                         "catalog_text", json_string_safe(fresh), "needs_reason",
                         answer->needs_reason, "digest", answer->digest);
}
