/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything that would stop an update, with the mend. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/state.h"

static void finding(json_t *findings, const char *level, const char *name, const char *text,
                    const char *mend) {
        (void)json_array_append_new(findings,
                                    json_pack("{ss ss so ss*}", "level", level, "name", name,
                                              "text", json_string_safe(text), "mend", mend));
}

static void examine_catalogs(Core *core, json_t *findings) {
        char text[FAULT_TEXT_MAX + URL_MAX];

        if (core->n_catalogs == 0)
                finding(findings, "problem", "catalogs", "no catalog is configured",
                        "discfw catalog add NAME ROOT.json URL");
        for (unsigned i = 0; i < core->n_catalogs; i++) {
                const CatalogState *catalog = &core->catalogs[i];
                _cleanup_json_ json_t *view = view_catalog(core, catalog);
                const char *state = json_string_value(json_object_get(view, "state"));
                const json_t *mirror;
                size_t k;

                text_format(text, sizeof(text), "catalog \"%s\": %s", catalog->config.name,
                            json_string_value(json_object_get(view, "text")));
                finding(findings, strcmp(state, "fresh") == 0 ? "ok" : "problem", "catalog", text,
                        strcmp(state, "fresh") == 0 ? NULL : "discfw refresh");
                json_array_foreach(json_object_get(view, "mirrors"), k, mirror) {
                        const char *word = json_string_value(json_object_get(mirror, "state"));

                        if (strcmp(word, "ok") == 0 || strcmp(word, "untried") == 0)
                                continue;
                        text_format(text, sizeof(text), "mirror %s: %s",
                                    json_string_value(json_object_get(mirror, "url")),
                                    json_string_value(json_object_get(mirror, "text")));
                        finding(findings, "note", "mirror", text, NULL);
                }
        }
}

static void examine_drives(Core *core, json_t *findings) {
        char text[FAULT_TEXT_MAX + NODE_SIZE], label[NODE_SIZE];
        unsigned n = 0;

        for (unsigned i = 0; i < core->n_drives; i++) {
                Drive *drive = &core->drives[i];
                const DriveState *s = &drive->state;
                PlanQuestion question = { .drive = drive };
                PlanAnswer answer;
                Fault fault = {};

                n += s->attached;
                if (!s->attached && !s->attention)
                        continue;
                drive_label(drive, label, sizeof(label));
                if (plan_make(core, &question, &answer, &fault) == 0) {
                        text_format(text, sizeof(text), "%s: an update can be made", label);
                        finding(findings, "ok", "drive", text, NULL);
                        continue;
                }
                text_format(text, sizeof(text), "%s: %s", label, fault.text);
                finding(findings, fault.code == FAULT_NO_UPDATE ? "ok" : "problem", "drive", text,
                        fault.code == FAULT_NO_UPDATE ? NULL : fault_mend(fault.code));
        }
        if (n == 0)
                finding(findings, "problem", "drives", "no optical drive is attached",
                        "check cable and power, then \"discfw list\"");
}

json_t *doctor_make(Core *core) {
        json_t *findings = json_array();
        char text[128], date[CLOCK_TEXT_SIZE];

        clock_format(core->now < core->clock_floor ? core->clock_floor : core->now, date);
        if (core->now < core->clock_floor) {
                text_format(text, sizeof(text), "the clock is before %s, when a catalog was signed",
                            date);
                finding(findings, "problem", "clock", text, "set the clock of this machine");
        } else {
                text_format(text, sizeof(text), "the clock says %s", date);
                finding(findings, "ok", "clock", text, NULL);
        }
        if (core->settings.without_inhibitor)
                finding(findings, "note", "inhibitor",
                        "standalone: nothing keeps this machine from being switched off during a "
                        "flash",
                        NULL);
        examine_catalogs(core, findings);
        examine_drives(core, findings);
        return findings;
}
