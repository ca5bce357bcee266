/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settling a drive whose flash ended so that a person had to look. The drive is read again, and what
 * it says decides; nothing is ever written again by itself. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/state.h"

static Outcome judge(const Drive *drive) {
        const DriveState *s = &drive->state;

        if (!s->attached || s->record.fault.code != FAULT_NONE)
                return OUTCOME_LOST;
        if (memcmp(s->record.revision, s->attention_to, REVISION_SIZE) == 0)
                return OUTCOME_VERIFIED;
        if (memcmp(s->record.revision, s->attention_from, REVISION_SIZE) == 0)
                return OUTCOME_NO_CHANGE;
        return OUTCOME_UNVERIFIED;
}

/* REQUEST: who wants it; NULL nobody. */
static void settle(Core *core, Drive *drive, Outcome outcome, const Request *request,
                   const char *reason) {
        char label[NODE_SIZE], text[NODE_SIZE + 64];
        char from[REVISION_TEXT_SIZE], now[REVISION_TEXT_SIZE];
        TrailEntry entry = { .kind = TRAIL_RESOLVE,
                             .caller = request ? &request->caller : NULL,
                             .via = request ? request->via : "",
                             .drive = &drive->state,
                             .reason = reason,
                             .outcome = outcome_name(outcome),
                             .job = drive->state.attention_job };

        revision_show(drive->state.attention_from, from);
        revision_show(drive->state.record.revision, now);
        entry.from = from;
        entry.to = now;
        drive_change_begin(drive);
        trail(core, &entry);
        drive->state.attention = false;
        save_drive(core, drive);
        drive_change_end(core, drive);
        drive_label(drive, label, sizeof(label));
        text_format(text, sizeof(text), "%s: settled as %s, runs %s", label, outcome_name(outcome),
                    now);
        notify(core, "drive-changed", text, drive, NULL, NULL);
}

void resolve_by_scan(Core *core, Drive *drive) {
        if (drive->state.attention && drive->state.attention_outcome == OUTCOME_NEEDS_POWER_CYCLE &&
            judge(drive) == OUTCOME_VERIFIED)
                settle(core, drive, OUTCOME_VERIFIED, NULL, "seen after its power cycle");
}

static void resolve_text(const Drive *drive, Outcome outcome, char *ret_text, size_t size) {
        char label[NODE_SIZE], now[REVISION_TEXT_SIZE], from[REVISION_TEXT_SIZE];
        char to[REVISION_TEXT_SIZE];

        drive_label(drive, label, sizeof(label));
        revision_show(drive->state.record.revision, now);
        revision_show(drive->state.attention_from, from);
        revision_show(drive->state.attention_to, to);
        switch (outcome) {
        case OUTCOME_VERIFIED:
                text_format(ret_text, size, "%s runs %s, as was wanted", label, now);
                break;
        case OUTCOME_NO_CHANGE:
                text_format(ret_text, size, "%s runs %s as before; %s was not taken", label, now,
                            to);
                break;
        default:
                text_format(ret_text, size, "%s runs %s, which is neither %s nor %s", label, now,
                            from, to);
        }
}

/* A drive that burns may still tell its old name, so that one proves nothing for as long as the recipe
 * lets it burn and be silent. The helper waits for that itself; nobody did where it died. */
static int64_t busy_until(const Drive *drive) {
        const DriveState *s = &drive->state;

        for (unsigned i = 0; s->attention_outcome == OUTCOME_UNKNOWN && i < drive->n_entries; i++) {
                const Entry *entry = drive->entries[i].entry;

                if (entry && memcmp(entry->version, s->attention_to, 4) == 0)
                        return s->attention_since +
                               (entry->recipe.commit_ms + entry->recipe.settle_ms) / 1000 + 1;
        }
        return 0;
}

/* Comes after a scan that was made for it. */
void resolve_drive(Core *core, const Request *request) {
        char text[160];
        Fault fault = {};
        Outcome outcome;
        Drive *drive;

        drive = drive_lookup(core, request->drive, &fault);
        if (!drive) {
                reply_fault(core, request->client, &fault);
                return;
        }
        if (!drive->state.attention) {
                reply(core, request->client,
                      json_pack("{ss ss so}", "outcome", "verified", "text",
                                "nothing is open for this drive", "drive",
                                view_drive(core, drive, &request->caller)),
                      false);
                return;
        }
        outcome = judge(drive);
        if (outcome == OUTCOME_LOST) {
                (void)fault_set(&fault, FAULT_DRIVE_LOST, "the drive still does not answer%s%s",
                                drive->state.record.fault.text[0] ? ": " : "",
                                drive->state.record.fault.text);
                reply_fault(core, request->client, &fault);
                return;
        }
        if (outcome != OUTCOME_VERIFIED && core->now < busy_until(drive)) {
                clock_format(busy_until(drive), text);
                (void)fault_set(&fault, FAULT_DRIVE_NOT_READY,
                                "the drive tells its old name, and may still be storing the new "
                                "firmware until %s",
                                text);
                reply_fault(core, request->client, &fault);
                return;
        }
        if (outcome == OUTCOME_UNVERIFIED && !request->reason[0]) {
                resolve_text(drive, outcome, text, sizeof(text));
                (void)fault_set(&fault, FAULT_REASON_REQUIRED, "%s; to accept that, say why", text);
                reply_fault(core, request->client, &fault);
                return;
        }
        resolve_text(drive, outcome, text, sizeof(text));
        settle(core, drive, outcome, request, request->reason);
        reply(core, request->client,
              json_pack("{ss so so}", "outcome", outcome_name(outcome), "text",
                        json_string_safe(text), "drive", view_drive(core, drive, &request->caller)),
              false);
}
