/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/present.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/reply.h"

static void cell_drive(const json_t *drive, char ret_text[CELL_SIZE]) {
        text_format(ret_text, CELL_SIZE, "%s", reply_drive_name(drive));
}

static void cell_state(const json_t *drive, char ret_text[CELL_SIZE]) {
        const char *text = reply_text(drive, "state_text");

        text_format(ret_text, CELL_SIZE, "%s", text[0] ? text : reply_shown(drive, "state"));
}

static void cell_steps(const json_t *drive, char ret_text[CELL_SIZE]) {
        const json_t *step;
        size_t i;

        json_array_foreach(reply_array(drive, "steps"), i, step) {
                size_t used = strlen(ret_text);

                text_format(ret_text + used, CELL_SIZE - used, "%s%s", i ? "," : "",
                            json_is_string(step) ? json_string_value(step) : "?");
        }
}

static void cell_attached(const json_t *drive, char ret_text[CELL_SIZE]) {
        text_format(ret_text, CELL_SIZE, "%s", reply_bool(drive, "attached") ? "yes" : "no");
}

static void cell_held(const json_t *drive, char ret_text[CELL_SIZE]) {
        text_format(ret_text, CELL_SIZE, "%s", reply_bool(drive, "held") ? "yes" : "no");
}

Tone present_tone(const char *state) {
        static const struct {
                const char *state;
                Tone tone;
        } tones[] = {
                { "current", TONE_GOOD },  { "fresh", TONE_GOOD },     { "ok", TONE_GOOD },
                { "verified", TONE_GOOD }, { "update", TONE_NEWS },    { "flashing", TONE_NEWS },
                { "stale", TONE_NEWS },    { "expired", TONE_NEWS },   { "note", TONE_NEWS },
                { "unknown", TONE_PLAIN }, { "held", TONE_PLAIN },     { "absent", TONE_FAINT },
                { "attention", TONE_BAD }, { "unreadable", TONE_BAD }, { "failed", TONE_BAD },
                { "problem", TONE_BAD },   { "no", TONE_BAD },
        };

        for (size_t i = 0; i < N_ELEMENTS(tones); i++)
                if (strcmp(tones[i].state, state) == 0)
                        return tones[i].tone;
        return TONE_PLAIN;
}

static Tone tone_state(const json_t *drive) {
        return present_tone(reply_text(drive, "state"));
}

const Column drive_columns[] = {
        { "DRIVE", NULL, cell_drive, .usual = true },
        { "MODEL", "model", .cut = true, .usual = true },
        { "FIRMWARE", "revision", .usual = true },
        { "NEWEST", "newest", .usual = true },
        { "STATE", NULL, cell_state, tone_state, .cut = true, .usual = true },
        { "NODE", "node" },
        { "SERIAL", "serial" },
        { "ID", "id" },
        { "CLASS", "class" },
        { "ATTACHMENT", "attachment" },
        { "ATTACHED", NULL, cell_attached },
        { "HELD", NULL, cell_held },
        { "STEPS", NULL, cell_steps },
        {},
};

/* A mirror by its host; folders and what we cannot read, whole. */
static void mirror_name(const char *url, char *ret_text, size_t size) {
        const char *host = strstr(url, "://");

        if (host)
                text_format(ret_text, size, "%.*s", (int)strcspn(host + 3, "/"), host + 3);
        else
                text_format(ret_text, size, "%s", url);
}

static void catalog_age(const json_t *catalog, int64_t now, char *ret_text, size_t size) {
        char ago[REPLY_TIME_SIZE], span[32] = "", until[96] = "";
        int64_t expires;

        reply_ago(catalog, "signed", now, ago);
        if (clock_parse(reply_text(catalog, "expires"), &expires)) {
                clock_format_span(expires > now ? expires - now : now - expires, span,
                                  sizeof(span));
                text_format(until, sizeof(until),
                            expires > now ? ", valid %s more" : ", expired %s ago", span);
        }
        if (reply_text(catalog, "signed")[0])
                text_format(ret_text, size, "signed %s%s", ago, until);
        else
                text_format(ret_text, size, "%s%s", reply_shown(catalog, "state"), until);
}

void present_catalog(const Screen *screen, const json_t *catalog, int64_t now) {
        const char *said = reply_text(catalog, "text"), *state = reply_text(catalog, "state");
        const json_t *mirror;
        char line[2048], age[160], label[64];
        size_t i;

        catalog_age(catalog, now, age, sizeof(age));
        text_format(line, sizeof(line), "catalog \"%s\": %s", reply_shown(catalog, "name"),
                    said[0] ? said : age);
        json_array_foreach(reply_array(catalog, "mirrors"), i, mirror) {
                const char *mirror_state = reply_text(mirror, "state");
                size_t used = strlen(line);
                char name[128];

                if (strcmp(mirror_state, "ok") == 0 || strcmp(mirror_state, "untried") == 0)
                        continue;
                mirror_name(reply_text(mirror, "url"), name, sizeof(name));
                text_format(line + used, sizeof(line) - used, "; mirror %s: %s", name,
                            reply_text(mirror, "text")[0] ? reply_text(mirror, "text")
                                                          : mirror_state);
        }
        text_format(label, sizeof(label), "%s: ", state[0] ? state : "unknown");
        screen_fill_toned(screen, present_tone(state), strcmp(state, "fresh") == 0 ? "" : label, 0,
                          line);
}

void present_way(const json_t *steps, const char *from, char *ret_text, size_t size) {
        const json_t *step;
        size_t i;

        text_format(ret_text, size, "%s", from);
        json_array_foreach(steps, i, step) {
                size_t used = strlen(ret_text);

                text_format(ret_text + used, size - used, " -> %s", reply_shown(step, "to"));
        }
}

static const char *evidence_text(const char *evidence) {
        if (strcmp(evidence, "simulated") == 0)
                return "tried on emulated drives only";
        if (strcmp(evidence, "reported") == 0)
                return "reported by users, not proven on hardware";
        if (strcmp(evidence, "proven") == 0)
                return "proven on hardware";
        return "nothing is known of how it was tried";
}

/* A way is as well proven as its weakest step. */
static const char *weakest_evidence(const json_t *steps) {
        static const char *const order[] = { "proven", "reported", "simulated" };
        size_t weakest = 0, i;
        const json_t *step;

        json_array_foreach(steps, i, step) {
                size_t rank = 0;

                while (rank < N_ELEMENTS(order) &&
                       strcmp(order[rank], reply_text(step, "evidence")) != 0)
                        rank++;
                if (rank > weakest)
                        weakest = rank;
        }
        return weakest < N_ELEMENTS(order) && json_array_size(steps) ? order[weakest] : "";
}

static void line(const Screen *screen, const char *label, const char *text) {
        if (text[0])
                screen_fill(screen, label, 13, text);
}

static bool contains(const json_t *array, const json_t *value) {
        const json_t *item;
        size_t i;

        json_array_foreach(array, i, item)
                if (json_equal(item, value))
                        return true;
        return false;
}

/* Those of all steps, each once. */
static void present_hazards(const Screen *screen, const json_t *steps) {
        _cleanup_json_ json_t *said = json_array();
        json_t *hazard;
        size_t i, k;
        const json_t *step;

        json_array_foreach(steps, i, step)
                json_array_foreach(reply_array(step, "hazards"), k, hazard) {
                        if (!json_is_string(hazard) || contains(said, hazard))
                                continue;
                        line(screen, "beware", json_string_value(hazard));
                        (void)json_array_append(said, hazard);
                }
}

static void present_step(const Screen *screen, const json_t *step) {
        char text[256];

        text_format(text, sizeof(text), "%s from %s, %" PRId64 " bytes%s, released %s",
                    reply_shown(step, "to"), reply_shown(step, "catalog"),
                    reply_int(step, "length"),
                    reply_bool(step, "in_store") ? "" : " to be downloaded",
                    reply_shown(step, "release_date"));
        line(screen, "firmware", text);
        line(screen, "  notes", reply_text(step, "notes"));
        line(screen, "  one way", reply_text(step, "irreversible"));
        line(screen, "  loses", reply_text(step, "loses"));
        line(screen, "  withdrawn", reply_text(step, "withdrawn"));
        if (reply_bool(step, "power_cycle"))
                line(screen, "  afterwards", "the drive must be switched off and on");
}

static void present_time(const Screen *screen, const json_t *steps) {
        int64_t longest = 0;
        const json_t *step;
        char span[32], text[128];
        size_t i;

        json_array_foreach(steps, i, step)
                if (reply_int(step, "expected_seconds") > longest)
                        longest = reply_int(step, "expected_seconds");
        if (longest <= 0) {
                line(screen, "takes", "do not switch the computer off meanwhile");
                return;
        }
        clock_format_span(longest, span, sizeof(span));
        text_format(text, sizeof(text), "%sabout %s; do not switch the computer off meanwhile",
                    json_array_size(steps) > 1 ? "each step " : "", span);
        line(screen, "takes", text);
}

void present_plan(const Screen *screen, const json_t *plan) {
        const json_t *drive = reply_object(plan, "drive"), *steps = reply_array(plan, "steps"),
                     *step;
        char text[1024], way[512];
        size_t i;

        present_way(steps, reply_shown(plan, "from"), way, sizeof(way));
        text_format(text, sizeof(text), "%s: %s, %s %s, catalog %s (%s)", reply_drive_name(drive),
                    reply_shown(drive, "model"), reply_shown(plan, "kind"), way,
                    reply_shown(plan, "catalog"), evidence_text(weakest_evidence(steps)));
        screen_fill(screen, "", 0, text);
        line(screen, "catalog", reply_text(plan, "catalog_text"));
        json_array_foreach(steps, i, step)
                present_step(screen, step);
        present_hazards(screen, steps);
        line(screen, "way back",
             reply_text(plan, "way_back_text")[0] ? reply_text(plan, "way_back_text")
                                                  : "none is known");
        present_time(screen, steps);
        if (reply_bool(plan, "needs_reason"))
                line(screen, "reason", "must be given, with --reason TEXT");
}
