/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a flash ended: what the store, the drive and the log have of it. */
#include <string.h>

#include "core/state.h"

bool outcome_needs_attention(Outcome outcome) {
        return outcome >= OUTCOME_UNVERIFIED;
}

/* What the drive is after the flash, as the helper read it. */
static void apply_to_drive(Core *core, Drive *drive, const FlashJob *job, const FlashEnd *end) {
        DriveState *s = &drive->state;

        if (end && end->identity_known) {
                if (memcmp(s->record.identity, end->identity, IDENTITY_LENGTH) != 0)
                        core->index_behind = true;
                memcpy(s->record.identity, end->identity, IDENTITY_LENGTH);
                memcpy(s->record.inquiry + 8, end->identity, IDENTITY_LENGTH);
                memcpy(s->record.revision, end->revision, REVISION_SIZE);
                memcpy(s->record.inquiry + 32, end->revision, 4);
                fault_clear(&s->record.fault);
                if (end->node[0])
                        memcpy(s->record.node, end->node, sizeof(s->record.node));
        }
        /* A drive that was in its recovery state is so still if nothing was written. */
        if (job->outcome == OUTCOME_VERIFIED)
                s->attention = false;
        if (outcome_needs_attention(job->outcome)) {
                s->attention = true;
                s->attention_outcome = job->outcome;
                s->attention_job = job->id;
                s->attention_since = job->ended;
                memcpy(s->attention_from, job->from, REVISION_SIZE);
                memcpy(s->attention_to, job->to, REVISION_SIZE);
        }
        save_drive(core, drive);
}

void outcome_record(Core *core, const FlashJob *job, Drive *drive, const FlashEnd *end) {
        char now[REVISION_TEXT_SIZE] = "";

        if (end && end->identity_known)
                revision_show(end->revision, now);
        save_job(core, job);
        if (drive && (end || job->outcome >= OUTCOME_NO_CHANGE))
                apply_to_drive(core, drive, job, end);
        trail(core, &(TrailEntry){ .kind = TRAIL_FLASH_OUTCOME,
                                   .caller = &job->caller,
                                   .via = job->via,
                                   .drive = drive ? &drive->state : NULL,
                                   .from = job->from,
                                   .to = now[0] ? now : job->to,
                                   .catalog = job->catalog,
                                   .target = job->target,
                                   .sha256 = job->sha256,
                                   .outcome = outcome_name(job->outcome),
                                   .fault = &job->fault,
                                   .sense = end ? end->sense : "",
                                   .job = job->id,
                                   .before = end ? &end->before : NULL,
                                   .after = end ? &end->after : NULL,
                                   .counted_anew = end && end->counted_anew });
        (void)effect_add(core, EFFECT_TRAIL_HEAD);
}
