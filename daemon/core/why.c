/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a version is or is not offered, check by check. An answer is never empty: people were told
 * "It's only for (1) DVDRW IDE1004" by programs that showed them nothing else. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "catalog/layout.h"
#include "core/state.h"

static void check(json_t *checks, const char *verdict, const char *name, const char *format, ...)
        _printf_(4, 5);

static void check(json_t *checks, const char *verdict, const char *name, const char *format, ...) {
        char text[FAULT_TEXT_MAX];
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        (void)json_array_append_new(checks, json_pack("{ss ss so}", "verdict", verdict, "name",
                                                      name, "text", json_string_safe(text)));
}

static void check_model(Core *core, const Drive *drive, json_t *checks) {
        char model[4 * IDENTITY_LENGTH + 1];
        uint8_t raw[IDENTITY_LENGTH];
        unsigned n = 0;

        memcpy(raw, drive->state.record.identity, sizeof(raw));
        for (size_t i = 0; i < sizeof(raw); i++)
                if (raw[i] < 0x20 || raw[i] > 0x7e)
                        raw[i] = '?';
        text_format(model, sizeof(model), "%.24s", (const char *)raw);
        for (unsigned i = 0; i < drive->n_entries; i++)
                n += drive->entries[i].entry != NULL;
        if (core->n_catalogs == 0)
                check(checks, "no", "model", "no catalog is configured");
        else if (n == 0)
                check(checks, "no", "model", "\"%s\": no catalog has an entry for it", model);
        else
                check(checks, "ok", "model", "\"%s\", %u entr%s", model, n, n == 1 ? "y" : "ies");
        for (unsigned i = 0; i < drive->n_entries; i++)
                if (!drive->entries[i].entry)
                        check(checks, "unknown", "entry", "%s is ignored: %s",
                              drive->entries[i].path, drive->entries[i].ignored);
}

static void check_catalog(Core *core, const char *name, json_t *checks) {
        const CatalogState *catalog = catalog_find(core, name);
        char date[CLOCK_TEXT_SIZE], ago[32];

        if (!catalog)
                return;
        clock_format(catalog->expires, date);
        if (!catalog_fresh(core, catalog)) {
                check(checks, "no", "catalog", "%s, expired at %s", name, date);
                return;
        }
        clock_format_span(core->now - (catalog->signed_at ? catalog->signed_at : catalog->last_ok),
                          ago, sizeof(ago));
        check(checks, "ok", "catalog", "%s, version %" PRIu64 ", %s %s ago, valid until %s", name,
              catalog->version, catalog->signed_at ? "signed" : "fetched", ago, date);
}

static void list_from(const Entry *entry, char *ret_text, size_t size) {
        ret_text[0] = '\0';
        for (unsigned e = 0; e < entry->n_edges; e++)
                for (unsigned f = 0; f < entry->edges[e].n_from; f++) {
                        size_t n = strlen(ret_text);
                        char from[REVISION_SIZE];

                        revision_trim(entry->edges[e].from[f], from);
                        text_format(ret_text + n, size - n, "%s%s", n ? ", " : "", from);
                }
}

static void check_edge(const Drive *drive, const KnownEntry *known, json_t *checks) {
        const Entry *entries[ENTRIES_MAX];
        unsigned n = entries_of(drive, known->catalog, entries);
        char now[REVISION_SIZE], version[REVISION_SIZE], from[200], label[NODE_SIZE];
        Way way;

        revision_trim(drive->state.record.revision, now);
        revision_trim(known->entry->version, version);
        drive_label(drive, label, sizeof(label));
        list_from(known->entry, from, sizeof(from));
        if (!entry_masks_match(known->entry, drive->state.record.inquiry,
                               drive->state.record.n_inquiry))
                check(checks, "no", "hardware",
                      "%s is for another hardware of the same name: bytes of the INQUIRY data "
                      "differ",
                      version);
        else if (graph_way(entries, n, drive->state.record.revision, known->entry->version,
                           KINDS_FORWARD | KINDS_BACK | KIND_BIT(EDGE_RECOVERY), &way))
                check(checks, "ok", "edge", "%s to %s in %u step%s", now, version, way.n_steps,
                      way.n_steps == 1 ? "" : "s");
        else
                check(checks, "no", "edge", "%s is for drives that run %s; %s runs %s", version,
                      from, label, now);
}

static void check_entry(Core *core, const Drive *drive, const KnownEntry *known, json_t *checks) {
        const Entry *entry = known->entry;
        Attachment attachment = drive->state.record.attachment;

        check_catalog(core, known->catalog, checks);
        if (entry->withdrawn)
                check(checks, "no", "withdrawn", "%s", entry->withdrawn);
        check_edge(drive, known, checks);
        check(checks, layout_family_known(entry->family) ? "ok" : "no", "family", "%s%s",
              entry->family,
              layout_family_known(entry->family) ? "" : ": nothing here knows how to flash it");
        check(checks, entry->recipe.transports & 1u << attachment ? "ok" : "no", "transport", "%s",
              attachment_name(attachment));
        check(checks, image_in_store(core, entry->sha256) ? "ok" : "unknown", "image",
              image_in_store(core, entry->sha256) ? "in the store, verified" : "not fetched yet");
        check(checks, "unknown", "evidence", "%s%s", evidence_name(entry->evidence),
              entry->evidence == EVIDENCE_PROVEN ? "" : ", not proven on hardware");
        for (unsigned i = 0; i < entry->n_hazards; i++)
                check(checks, "unknown", "hazard", "%s", entry->hazards[i]);
}

static void check_drive_state(const Drive *drive, json_t *checks) {
        const DriveState *s = &drive->state;

        if (!s->attached)
                check(checks, "no", "drive", "not attached");
        else if (s->record.fault.code != FAULT_NONE)
                check(checks, "no", "drive", "%s", s->record.fault.text);
        if (s->held)
                check(checks, "no", "hold", "held%s%s", s->held_reason[0] ? ": " : "",
                      s->held_reason);
        if (s->attention)
                check(checks, "no", "attention", "an earlier flash ended as \"%s\"",
                      outcome_name(s->attention_outcome));
}

/* What can be had instead, in the order of distance. */
static json_t *nearest_ways(Core *core, const Drive *drive) {
        char reachable[PATH_STEPS_MAX][ENTRY_REVISION_SIZE], text[200], now[REVISION_SIZE];
        const Entry *entries[ENTRIES_MAX];
        json_t *array = json_array();

        revision_trim(drive->state.record.revision, now);
        for (unsigned i = 0; i < core->n_catalogs; i++) {
                const char *name = core->catalogs[i].config.name;
                unsigned n = entries_of(drive, name, entries);
                unsigned n_found =
                        graph_reachable(entries, n, drive->state.record.revision,
                                        KINDS_FORWARD | KINDS_BACK, reachable, PATH_STEPS_MAX);

                for (unsigned k = 0; k < n_found; k++) {
                        Way way;

                        if (!graph_way(entries, n, drive->state.record.revision, reachable[k],
                                       KINDS_FORWARD | KINDS_BACK, &way))
                                continue;
                        text_format(text, sizeof(text), "%s", now);
                        for (unsigned s = 0; s < way.n_steps; s++) {
                                char to[REVISION_SIZE];
                                size_t used = strlen(text);

                                revision_trim(way.steps[s].entry->version, to);
                                text_format(text + used, sizeof(text) - used, " -> %s", to);
                        }
                        (void)json_array_append_new(array, json_string_safe(text));
                }
        }
        return array;
}

json_t *why_make(Core *core, Drive *drive, const char *version, const Caller *caller,
                 Fault *fault) {
        PlanQuestion question = { .drive = drive, .caller = caller, .reason = "" };
        _cleanup_json_ json_t *checks = json_array();
        char catalog[CATALOG_NAME_MAX + 1], wanted[REVISION_SIZE] = "", shown[REVISION_SIZE];
        const KnownEntry *known = NULL;
        Fault refusal = {};
        PlanAnswer answer;
        bool offered;
        Way way;

        if (version[0] && !revision_from_text(version, wanted)) {
                (void)fault_set(fault, FAULT_BAD_REQUEST, "a version has at most 4 characters");
                return NULL;
        }
        if (!version[0] && plan_newest(core, drive, true, &way, catalog))
                memcpy(wanted,
                       way.n_steps > 0 ? way.steps[way.n_steps - 1].entry->version
                                       : drive->state.record.revision,
                       REVISION_SIZE);
        memcpy(question.to, wanted, REVISION_SIZE);
        check_drive_state(drive, checks);
        check_model(core, drive, checks);
        /* Of several entries with this version, the one that fits best is the one to explain. */
        for (unsigned i = 0; i < drive->n_entries; i++)
                if (drive->entries[i].entry &&
                    memcmp(drive->entries[i].entry->version, wanted, 4) == 0 &&
                    (!known ||
                     entry_edge(drive->entries[i].entry, drive->state.record.revision, ~0u)))
                        known = &drive->entries[i];
        revision_trim(wanted, shown);
        if (known)
                check_entry(core, drive, known, checks);
        else if (drive->n_entries > 0)
                check(checks, "no", "version", "no entry leads to %s", shown[0] ? shown : "it");
        offered = plan_make(core, &question, &answer, &refusal) == 0;
        if (!offered)
                check(checks, refusal.code == FAULT_ALREADY_THERE ? "ok" : "no", "offer", "%s",
                      refusal.text);
        return json_pack("{so so sb sO so}", "drive", view_drive(core, drive, caller), "version",
                         json_string_safe(shown), "offered", offered, "checks", checks, "nearest",
                         nearest_ways(core, drive));
}
