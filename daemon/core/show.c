/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One drive whole, and the whole of the machine. */
#include <string.h>

#include "base/hex.h"
#include "base/text.h"
#include "core/state.h"

static json_t *view_region(const Region *region) {
        static const char *const states[] = { "none", "set", "last chance", "permanent" };
        char regions[16] = "";

        if (!region->known)
                return json_null();
        for (unsigned i = 0; i < 8; i++)
                if (!(region->mask & 1u << i)) {
                        size_t n = strlen(regions);

                        text_format(regions + n, sizeof(regions) - n, "%u", i + 1);
                }
        return json_pack("{ss ss ss si si}", "scheme", region->scheme == 0 ? "RPC-1" : "RPC-2",
                         "state", states[region->state & 3], "regions", regions, "user_changes",
                         (int)region->user_changes, "vendor_resets", (int)region->vendor_resets);
}

static json_t *view_counters(const Counters *counters) {
        if (counters->done < 0)
                return json_null();
        return json_pack("{sI sI sI}", "done", (json_int_t)counters->done, "errors",
                         (json_int_t)counters->errors, "timeouts", (json_int_t)counters->timeouts);
}

/* How a version lies to the one that the drive has. */
static const char *relation_of(const Drive *drive, const Entry **entries, unsigned n_entries,
                               const Entry *entry) {
        const char *now = drive->state.record.revision;
        Way way;

        if (entry->withdrawn)
                return "withdrawn";
        if (memcmp(entry->version, now, 4) == 0)
                return "current";
        if (graph_way(entries, n_entries, now, entry->version, KINDS_FORWARD, &way))
                return "newer";
        if (graph_way(entries, n_entries, now, entry->version, KINDS_BACK, &way) ||
            graph_way(entries, n_entries, entry->version, now, KINDS_FORWARD, &way))
                return "older";
        return "other";
}

static json_t *view_versions(Core *core, const Drive *drive) {
        const Entry *entries[ENTRIES_MAX];
        json_t *array = json_array();

        for (unsigned i = 0; i < drive->n_entries; i++) {
                const KnownEntry *known = &drive->entries[i];
                char version[REVISION_SIZE];
                unsigned n;

                if (!known->entry)
                        continue;
                n = entries_of(drive, known->catalog, entries);
                revision_trim(known->entry->version, version);
                (void)json_array_append_new(
                        array,
                        json_pack("{so ss ss ss ss sb ss* ss*}", "version",
                                  json_string_safe(version), "relation",
                                  relation_of(drive, entries, n, known->entry), "catalog",
                                  known->catalog, "release_date", known->entry->release_date,
                                  "evidence", evidence_name(known->entry->evidence), "in_store",
                                  image_in_store(core, known->entry->sha256), "withdrawn",
                                  known->entry->withdrawn, "notes", known->entry->notes));
        }
        return array;
}

static json_t *view_ways(Core *core, Drive *drive, bool rollback) {
        PlanQuestion question = { .drive = drive, .rollback = rollback };
        json_t *array = json_array();
        PlanAnswer answer;
        Fault fault = {};

        if (plan_make(core, &question, &answer, &fault) == 0)
                for (unsigned i = 0; i < answer.way.n_steps; i++)
                        (void)json_array_append_new(array,
                                                    view_step(core, drive, &answer.way.steps[i]));
        return array;
}

json_t *view_show(Core *core, Drive *drive, const Caller *caller) {
        const DriveState *s = &drive->state;
        char vendor[33], product[65], hex24[2 * IDENTITY_LENGTH + 1], text[FAULT_TEXT_MAX] = "";

        text_from_field(s->record.identity, 8, vendor, sizeof(vendor));
        text_from_field(s->record.identity + 8, 16, product, sizeof(product));
        hex_encode(s->record.identity, IDENTITY_LENGTH, hex24);
        if (s->attention)
                text_format(text, sizeof(text), "job %lu ended as \"%s\"",
                            (unsigned long)s->attention_job, outcome_name(s->attention_outcome));
        return json_pack("{so ss ss ss so ss* si si si sb so so so so ss* ss* so so so}", "drive",
                         view_drive(core, drive, caller), "vendor", vendor, "product", product,
                         "model_hex", hex24, "devpath", json_string_safe(s->record.devpath),
                         "firmware_date",
                         s->record.firmware_date[0] ? s->record.firmware_date : NULL, "buffer_kib",
                         (int)s->record.buffer_kib, "max_read_kbs", (int)s->record.max_read_kbs,
                         "max_write_kbs", (int)s->record.max_write_kbs, "upgradable_feature",
                         s->record.upgradable, "region", view_region(&s->record.region), "counters",
                         view_counters(&s->record.counters), "first_seen", view_time(s->first_seen),
                         "last_seen", view_time(s->last_seen), "held_reason",
                         s->held ? s->held_reason : NULL, "attention", text[0] ? text : NULL,
                         "versions", view_versions(core, drive), "forward",
                         view_ways(core, drive, false), "back", view_ways(core, drive, true));
}

json_t *view_status(Core *core, const Caller *caller) {
        json_t *attention = json_array(), *job = json_null();
        char text[FAULT_TEXT_MAX + NODE_SIZE], label[NODE_SIZE];

        for (unsigned i = 0; i < core->n_drives; i++) {
                const DriveState *s = &core->drives[i].state;

                if (!s->attention)
                        continue;
                drive_label(&core->drives[i], label, sizeof(label));
                text_format(text, sizeof(text), "%s: %s; %s", label,
                            outcome_name(s->attention_outcome),
                            fault_mend(outcome_fault(s->attention_outcome)));
                (void)json_array_append_new(attention, json_string_safe(text));
        }
        if (core->running.active) {
                const FlashJob *j = &core->running.job;

                json_decref(job);
                job = json_pack("{so ss ss so}", "progress", job_progress_json(core), "kind",
                                j->rollback ? "rollback" : "update", "user", j->caller.user,
                                "started", view_time(j->created));
        }
        return json_pack("{so so so so sI}", "drives", view_drives(core, false, caller), "catalogs",
                         view_catalogs(core), "job", job, "attention", attention, "age_seconds",
                         (json_int_t)(core->last_scan ? core->now - core->last_scan : -1));
}
