/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The drives that are there, and what is known of them. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/text.h"
#include "core/state.h"

#define EMULATED_PREFIX "emulated:"

Drive *drive_find(Core *core, const char *id) {
        for (unsigned i = 0; i < core->n_drives; i++)
                if (strcmp(core->drives[i].state.id, id) == 0)
                        return &core->drives[i];
        return NULL;
}

const char *drive_shown_node(const Drive *drive) {
        const DriveRecord *r = &drive->state.record;

        if (r->block[0])
                return r->block;
        if (strncmp(r->node, EMULATED_PREFIX, strlen(EMULATED_PREFIX)) == 0)
                return r->node + strlen(EMULATED_PREFIX);
        return r->node;
}

void drive_label(const Drive *drive, char *ret_text, size_t size) {
        text_format(ret_text, size, "%s",
                    drive->state.attached ? drive_shown_node(drive) : drive->state.id);
}

void revision_trim(const char *revision, char ret_text[REVISION_SIZE]) {
        size_t n = strnlen(revision, REVISION_SIZE - 1);

        while (n > 0 && revision[n - 1] == ' ')
                n--;
        memmove(ret_text, revision, n);
        ret_text[n] = '\0';
}

void revision_show(const char *revision, char ret_text[REVISION_TEXT_SIZE]) {
        text_from_field(revision, strnlen(revision, REVISION_SIZE - 1), ret_text,
                        REVISION_TEXT_SIZE);
}

static bool is_at(const Drive *drive, const char *name) {
        if (strncmp(name, "/dev/", 5) == 0)
                name += 5;
        return strcmp(name, drive->state.record.node) == 0 ||
               strcmp(name, drive_shown_node(drive)) == 0;
}

static bool is_called(const Drive *drive, const char *name) {
        const DriveState *s = &drive->state;

        return (s->attached && is_at(drive, name)) ||
               (s->record.serial[0] && strcmp(name, s->record.serial) == 0) ||
               strcmp(name, s->id) == 0;
}

/* One that left: it is listed by its last node if it needs attention, and may be settled by it. */
static bool was_at(const Drive *drive, const char *name) {
        return !drive->state.attached && is_at(drive, name);
}

/* At least four digits, so that "1" is not taken for a drive. */
static bool id_begins(const Drive *drive, const char *name) {
        size_t l = strlen(name);

        return l >= 4 && strncmp(drive->state.id, name, l) == 0;
}

Drive *drive_lookup(Core *core, const char *name, Fault *fault) {
        static bool (*const tests[])(const Drive *, const char *) = { is_called, was_at,
                                                                      id_begins };
        char shown[128];
        Drive *found = NULL;

        text_escape_utf8(name, shown, sizeof(shown));
        for (size_t t = 0; !found && t < N_ELEMENTS(tests); t++)
                for (unsigned i = 0; i < core->n_drives; i++) {
                        if (!tests[t](&core->drives[i], name))
                                continue;
                        if (found) {
                                (void)fault_set(fault, FAULT_AMBIGUOUS_DRIVE,
                                                "\"%s\" names several drives", shown);
                                return NULL;
                        }
                        found = &core->drives[i];
                }
        if (!found)
                (void)fault_set(fault, FAULT_NO_SUCH_DRIVE, "there is no drive \"%s\"", shown);
        return found;
}

static void entries_free(Drive *drive) {
        for (unsigned i = 0; i < drive->n_entries; i++)
                (void)entry_free(drive->entries[i].entry);
        free(drive->entries);
        drive->entries = NULL;
        drive->n_entries = 0;
}

/* A drive that left long ago makes room: the store still knows it. */
static Drive *oldest_absent(Core *core) {
        Drive *oldest = NULL;

        for (unsigned i = 0; i < core->n_drives; i++) {
                Drive *drive = &core->drives[i];
                const DriveState *s = &drive->state;

                if (!s->attached && !s->attention && !s->held && !drive->seen && !drive->unsure &&
                    !job_is_for(core, s->id) && (!oldest || s->last_seen < oldest->state.last_seen))
                        oldest = drive;
        }
        return oldest;
}

static Drive *drive_add(Core *core) {
        Drive *drives, *oldest;

        if (core->n_drives == DRIVES_MAX * 4) {
                oldest = oldest_absent(core);
                if (!oldest)
                        return NULL;
                entries_free(oldest);
                *oldest = (Drive){};
                return oldest;
        }
        drives = realloc(core->drives, (core->n_drives + 1) * sizeof(*drives));
        if (!drives)
                return NULL;
        core->drives = drives;
        drives[core->n_drives] = (Drive){};
        return &drives[core->n_drives++];
}

int core_load_drive(Core *core, const DriveState *state) {
        Drive *drive = drive_add(core);

        if (!drive)
                return -ENOMEM;
        drive->state = *state;
        /* Answers come from the store until the drives were looked at, and say how old they are. */
        if (state->attached && state->last_seen > core->last_scan)
                core->last_scan = state->last_seen;
        drive->recorded = true;
        return 0;
}

void drive_change_begin(Drive *drive) {
        if (drive->unsure)
                return; /* what is on disk is older still */
        drive->unsure = true;
        drive->unsure_until = UINT64_MAX;
        drive->before = drive->state;
        drive->before_recorded = drive->recorded;
}

void drive_change_end(const Core *core, Drive *drive) {
        drive->unsure_until = effects_mark(core);
}

void inventory_stored(Core *core) {
        for (unsigned i = 0; i < core->n_drives; i++)
                if (core->drives[i].unsure && core->drives[i].unsure_until <= core->n_taken)
                        core->drives[i].unsure = false;
}

/* Where the drive is, and whether it answers, was seen and stays. */
void inventory_undo(Core *core) {
        for (unsigned i = 0; i < core->n_drives; i++) {
                Drive *drive = &core->drives[i];
                DriveState *s = &drive->state;

                if (!drive->unsure)
                        continue;
                drive->unsure = false;
                drive->recorded = drive->before_recorded;
                if (drive->recorded)
                        memcpy(s->record.revision, drive->before.record.revision, REVISION_SIZE);
                s->held = drive->before.held;
                memcpy(s->held_reason, drive->before.held_reason, sizeof(s->held_reason));
                s->attention = drive->before.attention;
                s->attention_outcome = drive->before.attention_outcome;
                s->attention_job = drive->before.attention_job;
                s->attention_since = drive->before.attention_since;
        }
}

/* The helper has its drive open alone, and a command that another drive on the same bus does not
 * answer in time ends in a reset that hits both. */
bool scan_forbidden(const Core *core) {
        const Running *running = &core->running;

        return running->active && (running->job.stage == JOB_STAGE_CHECKING ||
                                   running->job.stage == JOB_STAGE_COMMITTED);
}

void core_on_scan_anew(Core *core) {
        for (unsigned i = 0; i < core->n_drives; i++)
                core->drives[i].seen = false;
}

void scan_begin(Core *core) {
        if (core->scanning || scan_forbidden(core)) {
                core->scan_again = true;
                return;
        }
        core->scanning = true;
        core->scan_again = false;
        for (unsigned i = 0; i < core->n_waiters; i++)
                core->waiters[i].next_scan = false;
        core_on_scan_anew(core);
        (void)effect_add(core, EFFECT_SCAN);
}

void core_on_hotplug(Core *core) {
        scan_begin(core);
}

/* The id of a new drive: the beginning of its key, longer than what anybody types and shorter than
 * what nobody reads. Two drives that share serial number and name share the key; the second gets the
 * physical path into it. One that cannot be read has its place and nothing else. */
static void make_id(Core *core, const DriveRecord *record, char ret_id[DRIVE_ID_LENGTH + 1]) {
        char key[PROBE_KEY_SIZE], text[PROBE_KEY_SIZE + DEVPATH_SIZE + NODE_SIZE + 16];
        uint8_t digest[SHA256_LENGTH];
        bool has_key = probe_drive_key(record, key) == 0;

        for (unsigned salt = 0; salt == 0 || drive_find(core, ret_id); salt++) {
                if (has_key && salt == 0) {
                        text_format(ret_id, DRIVE_ID_LENGTH + 1, "%s", key);
                        continue;
                }
                text_format(text, sizeof(text), "%s %s %s %u", has_key ? key : "", record->devpath,
                            has_key ? "" : record->node, salt);
                if (sha256(text, strlen(text), digest) < 0)
                        abort();
                hex_encode(digest, DRIVE_ID_LENGTH / 2, ret_id);
        }
}

/* Somebody else wrote this drive's firmware: that has to stand in the log, whoever it was. */
static void note_foreign_change(Core *core, Drive *drive, const DriveRecord *now) {
        char from[REVISION_TEXT_SIZE], to[REVISION_TEXT_SIZE], text[160], label[NODE_SIZE];
        TrailEntry entry = { .kind = TRAIL_DRIVE_CHANGED, .drive = &drive->state };

        revision_show(drive->state.record.revision, from);
        revision_show(now->revision, to);
        entry.from = from;
        entry.to = to;
        trail(core, &entry);
        drive_label(drive, label, sizeof(label));
        text_format(text, sizeof(text), "%s: firmware changed from %s to %s, not by discfwd", label,
                    from, to);
        notify(core, "drive-changed", text, drive, NULL, NULL);
}

/* A record whose drive could not be read keeps what was known, and says why it is not readable. */
static void take_record(Drive *drive, const DriveRecord *record) {
        DriveRecord *r = &drive->state.record;

        if (record->fault.code == FAULT_NONE) {
                *r = *record;
                return;
        }
        memcpy(r->node, record->node, sizeof(r->node));
        memcpy(r->block, record->block, sizeof(r->block));
        memcpy(r->devpath, record->devpath, sizeof(r->devpath));
        r->attachment = record->attachment;
        r->fault = record->fault;
}

/* A flash that gave the drive another name, and was not seen to end: its new name stands in the entry
 * that was written. */
static bool renamed_to(const Drive *drive, const uint8_t identity[IDENTITY_LENGTH]) {
        for (unsigned i = 0; drive->state.attention && i < drive->n_entries; i++) {
                const Entry *entry = drive->entries[i].entry;

                if (entry && memcmp(entry->version, drive->state.attention_to, 4) == 0 &&
                    memcmp(entry->model_after, identity, IDENTITY_LENGTH) == 0)
                        return true;
        }
        return false;
}

/* How likely RECORD is of this drive; 0: it is not. Serial number and name tell; those who share both
 * are told apart by their place. What cannot be read is what was last at its place. */
static unsigned likeness(const Drive *drive, const DriveRecord *record, const char *known_id) {
        const DriveRecord *r = &drive->state.record;
        bool here = record->devpath[0] && strcmp(r->devpath, record->devpath) == 0;
        bool same_serial = strcmp(r->serial, record->serial) == 0;

        if (record->fault.code != FAULT_NONE)
                return here ? 1 + drive->state.attached : 0;
        if (known_id[0] && strcmp(drive->state.id, known_id) == 0)
                return here ? 5 : 4;
        if (r->n_inquiry == 0)
                return here ? 1 : 0; /* it could not be read yet */
        if (!same_serial || (!record->serial[0] && !here))
                return 0;
        if (memcmp(r->identity, record->identity, IDENTITY_LENGTH) == 0)
                return here ? 5 : 3;
        return renamed_to(drive, record->identity) ? 2 : 0;
}

static Drive *recognise(Core *core, const DriveRecord *record, const char *known_id) {
        unsigned best = 0;
        Drive *found = NULL;

        for (unsigned i = 0; i < core->n_drives; i++) {
                Drive *drive = &core->drives[i];
                unsigned like = drive->seen ? 0 : likeness(drive, record, known_id);

                if (like > best ||
                    (like > 0 && like == best && drive->state.last_seen > found->state.last_seen)) {
                        best = like;
                        found = drive;
                }
        }
        return found;
}

static Drive *add_new(Core *core, const DriveRecord *record) {
        char id[DRIVE_ID_LENGTH + 1];
        Drive *drive;

        make_id(core, record, id);
        drive = drive_add(core);
        if (!drive)
                return NULL; /* more drives than a machine can have */
        memcpy(drive->state.id, id, sizeof(id));
        drive->state.first_seen = core->now;
        drive->state.record = *record;
        core->index_behind = true;
        return drive;
}

static void drive_came(Core *core, const Drive *drive) {
        char label[NODE_SIZE], model[TEXT_MODEL_SIZE], revision[REVISION_TEXT_SIZE];
        const DriveRecord *r = &drive->state.record;
        char text[FAULT_TEXT_MAX + NODE_SIZE + 32];

        drive_label(drive, label, sizeof(label));
        text_from_model(r->identity, model);
        revision_show(r->revision, revision);
        if (r->fault.code != FAULT_NONE)
                text_format(text, sizeof(text), "%s: plugged in, cannot be read: %s", label,
                            r->fault.text);
        else
                text_format(text, sizeof(text), "%s: plugged in, %s with firmware %s", label, model,
                            revision);
        notify(core, "drive-added", text, drive, NULL, NULL);
}

/* For the first time; FROM is empty, since nobody knows. */
static void note_first_sight(Core *core, const Drive *drive) {
        const DriveRecord *r = &drive->state.record;
        TrailEntry entry = { .kind = TRAIL_DRIVE_SEEN, .drive = &drive->state };
        char to[REVISION_TEXT_SIZE];

        revision_show(r->revision, to);
        entry.to = to;
        text_format(entry.detail, sizeof(entry.detail), "%s, attached by %s",
                    drive_class_name(r->class), attachment_name(r->attachment));
        trail(core, &entry);
}

void core_on_scan_drive(Core *core, const DriveRecord *record, const char *known_id) {
        bool readable = record->fault.code == FAULT_NONE, was_attached, other_model;
        Drive *drive = recognise(core, record, known_id);

        if (!drive)
                drive = add_new(core, record);
        if (!drive)
                return;
        drive_change_begin(drive);
        drive->seen = true;
        was_attached = drive->state.attached;
        drive->state.attached = true;
        drive->state.last_seen = core->now;
        other_model = memcmp(drive->state.record.identity, record->identity, IDENTITY_LENGTH) != 0;

        if (drive->recorded && readable && drive->state.record.n_inquiry > 0 &&
            memcmp(drive->state.record.revision, record->revision, REVISION_SIZE) != 0 &&
            !drive->state.attention && !job_is_for(core, drive->state.id))
                note_foreign_change(core, drive, record);
        take_record(drive, record);
        if (readable)
                resolve_by_scan(core, drive);
        save_drive(core, drive);
        if (!drive->recorded) {
                note_first_sight(core, drive);
                drive->recorded = true;
        }
        drive_change_end(core, drive);
        if (!was_attached)
                drive_came(core, drive);
        if (readable && (!was_attached || other_model))
                memcpy(effect_add(core, EFFECT_LOAD_ENTRIES)->model, record->identity,
                       IDENTITY_LENGTH);
}

static void drive_left(Core *core, Drive *drive) {
        char text[NODE_SIZE + 32];
        Effect *e;

        text_format(text, sizeof(text), "%s: unplugged", drive_shown_node(drive));
        drive->state.attached = false;
        notify(core, "drive-removed", text, drive, NULL, NULL);
        e = effect_add(core, EFFECT_FORGET_ATTACHED);
        text_format(e->drive_id, sizeof(e->drive_id), "%s", drive->state.id);
}

void core_on_unplugged(Core *core, const char *node) {
        for (unsigned i = 0; i < core->n_drives; i++) {
                Drive *drive = &core->drives[i];

                if (drive->state.attached && strcmp(drive->state.record.node, node) == 0 &&
                    !job_is_for(core, drive->state.id))
                        drive_left(core, drive);
        }
}

/* Those who came while the scan was under way wait for the next one, since theirs had not begun. */
static void answer_waiters(Core *core, const Fault *fault) {
        Waiter waiters[WAITERS_MAX];
        unsigned n = core->n_waiters;

        memcpy(waiters, core->waiters, n * sizeof(*waiters));
        core->n_waiters = 0;
        for (unsigned i = 0; i < n; i++) {
                if (waiters[i].next_scan)
                        core->waiters[core->n_waiters++] = waiters[i];
                else if (fault->code != FAULT_NONE)
                        reply_fault(core, waiters[i].client, fault);
                else if (waiters[i].request.method == METHOD_RESOLVE)
                        resolve_drive(core, &waiters[i].request);
                else if (waiters[i].request.method != METHOD_SCAN)
                        request_carry_out(core, &waiters[i].request);
                else
                        reply(core, waiters[i].client,
                              json_pack("{so}", "drives",
                                        view_drives(core, false, &waiters[i].request.caller)),
                              false);
        }
}

void core_on_scan_end(Core *core, const Fault *fault) {
        core->scanning = false;
        if (fault->code == FAULT_NONE) {
                core->last_scan = core->now;
                core->scanned = true;
                for (unsigned i = 0; i < core->n_drives; i++)
                        if (core->drives[i].state.attached && !core->drives[i].seen)
                                drive_left(core, &core->drives[i]);
        } else
                log_effect(core, LOG_LEVEL_ERROR, NULL, fault);
        answer_waiters(core, fault);
        /* A flash that waited goes before a scan that nobody waits for. */
        if (core->n_waiters == 0)
                job_scan_over(core);
        if (core->scan_again && !scan_forbidden(core))
                scan_begin(core);
        if (fault->code == FAULT_NONE && !core->scanning)
                refresh_if_behind(core);
}

static int entries_set(Drive *drive, const EntryInput *inputs, unsigned n_inputs) {
        entries_free(drive);
        if (n_inputs == 0)
                return 0;
        drive->entries = calloc(n_inputs, sizeof(*drive->entries));
        if (!drive->entries)
                return -ENOMEM;
        for (unsigned i = 0; i < n_inputs; i++) {
                const EntryInput *in = &inputs[i];
                KnownEntry *known = &drive->entries[drive->n_entries++];
                Fault fault = {};

                text_format(known->catalog, sizeof(known->catalog), "%s", in->catalog);
                text_format(known->path, sizeof(known->path), "%s", in->path);
                text_format(known->ignored, sizeof(known->ignored), "%s", in->ignored);
                if (in->ignored[0])
                        continue;
                if (entry_parse(in->path, in->length, in->sha256, in->json, strlen(in->json),
                                &known->entry, &fault) < 0)
                        text_format(known->ignored, sizeof(known->ignored), "%s", fault.text);
        }
        return 0;
}

/* Looks for a newer firmware and tells of it once. */
static void announce_update(Core *core, Drive *drive) {
        char catalog[CATALOG_NAME_MAX + 1], text[256], label[NODE_SIZE];
        char from[REVISION_SIZE], to[REVISION_SIZE];
        Way way;

        if (!drive->state.attached || !plan_newest(core, drive, false, &way, catalog) ||
            way.n_steps == 0)
                return;
        revision_trim(way.steps[way.n_steps - 1].entry->version, to);
        if (strcmp(drive->announced, to) == 0)
                return; /* nobody is told twice of the same thing */
        memcpy(drive->announced, to, sizeof(to));
        revision_trim(drive->state.record.revision, from);
        drive_label(drive, label, sizeof(label));
        text_format(text, sizeof(text), "%s: firmware %s is newer than %s (catalog %s)", label, to,
                    from, catalog);
        notify(core, "update-available", text, drive, NULL, NULL);
}

void core_on_entries(Core *core, const uint8_t model[IDENTITY_LENGTH], const EntryInput *entries,
                     unsigned n_entries) {
        for (unsigned i = 0; i < core->n_drives; i++) {
                Drive *drive = &core->drives[i];

                /* The way of a running order points into the entries that it was made from. */
                if (memcmp(drive->state.record.identity, model, IDENTITY_LENGTH) != 0 ||
                    job_is_for(core, drive->state.id))
                        continue;
                if (entries_set(drive, entries, n_entries) == 0)
                        announce_update(core, drive);
        }
}

void inventory_free(Core *core) {
        for (unsigned i = 0; i < core->n_drives; i++)
                entries_free(&core->drives[i]);
        free(core->drives);
}
