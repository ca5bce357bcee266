/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The drives that are there, and what is known of them. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
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

/* Makers leave the vendor blank or run the name across the border of the two fields: people see both
 * joined, with single blanks. */
void drive_model_text(const Drive *drive, char *ret_text, size_t size) {
        char raw[4 * IDENTITY_LENGTH + 1];
        char *p = ret_text;
        bool blank = true;

        text_from_field(drive->state.record.identity, IDENTITY_LENGTH, raw, sizeof(raw));
        for (const char *q = raw; *q && p < ret_text + size - 1; q++) {
                if (*q == ' ' && blank)
                        continue;
                blank = *q == ' ';
                *p++ = *q;
        }
        *p = '\0';
}

void revision_trim(const char *revision, char ret_text[REVISION_SIZE]) {
        size_t n = strnlen(revision, REVISION_SIZE - 1);

        while (n > 0 && revision[n - 1] == ' ')
                n--;
        memmove(ret_text, revision, n);
        ret_text[n] = '\0';
}

static bool name_matches(const Drive *drive, const char *name) {
        const DriveRecord *r = &drive->state.record;

        if (strncmp(name, "/dev/", 5) == 0)
                name += 5;
        return (drive->state.attached &&
                (strcmp(name, r->node) == 0 || strcmp(name, drive_shown_node(drive)) == 0)) ||
               (r->serial[0] && strcmp(name, r->serial) == 0) || strcmp(name, drive->state.id) == 0;
}

Drive *drive_lookup(Core *core, const char *name, Fault *fault) {
        char shown[128];
        Drive *found = NULL;

        text_escape_utf8(name, shown, sizeof(shown));
        for (unsigned i = 0; i < core->n_drives; i++) {
                if (!name_matches(&core->drives[i], name))
                        continue;
                if (found) {
                        (void)fault_set(fault, FAULT_AMBIGUOUS_DRIVE, "\"%s\" names several drives",
                                        shown);
                        return NULL;
                }
                found = &core->drives[i];
        }
        if (found)
                return found;
        /* A prefix of the id, at least four digits, so that "1" is not taken for a drive. */
        for (unsigned i = 0; strlen(name) >= 4 && i < core->n_drives; i++) {
                if (strncmp(core->drives[i].state.id, name, strlen(name)) != 0)
                        continue;
                if (found) {
                        (void)fault_set(fault, FAULT_AMBIGUOUS_DRIVE,
                                        "\"%s\" begins the ids of several drives", shown);
                        return NULL;
                }
                found = &core->drives[i];
        }
        if (!found)
                (void)fault_set(fault, FAULT_NO_SUCH_DRIVE, "there is no drive \"%s\"", shown);
        return found;
}

static Drive *drive_add(Core *core) {
        Drive *drives;

        if (core->n_drives == DRIVES_MAX * 4)
                return NULL;
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
        return 0;
}

void scan_begin(Core *core) {
        if (core->scanning) {
                core->scan_again = true;
                return;
        }
        core->scanning = true;
        for (unsigned i = 0; i < core->n_drives; i++)
                core->drives[i].seen = false;
        (void)effect_add(core, EFFECT_SCAN);
}

void core_on_hotplug(Core *core) {
        scan_begin(core);
}

/* The id of a new drive: the beginning of its key, longer than what anybody types and shorter than
 * what nobody reads. Two drives that share serial number and name share the key; the second gets the
 * physical path into it. */
static void make_id(Core *core, const DriveRecord *record, char ret_id[DRIVE_ID_LENGTH + 1]) {
        char key[PROBE_KEY_SIZE], text[PROBE_KEY_SIZE + DEVPATH_SIZE];
        uint8_t digest[SHA256_LENGTH];
        static const char digits[] = "0123456789abcdef";

        if (probe_drive_key(record, key) < 0)
                text_format(key, sizeof(key), "%s", record->node);
        text_format(ret_id, DRIVE_ID_LENGTH + 1, "%s", key);
        for (unsigned salt = 0; drive_find(core, ret_id); salt++) {
                text_format(text, sizeof(text), "%s%s%u", key, record->devpath, salt);
                if (sha256(text, strlen(text), digest) < 0)
                        abort();
                for (size_t i = 0; i < DRIVE_ID_LENGTH; i++)
                        ret_id[i] = digits[(digest[i / 2] >> (i % 2 ? 0 : 4)) & 0x0f];
        }
}

/* Somebody else wrote this drive's firmware: that has to stand in the log, whoever it was. */
static void note_foreign_change(Core *core, Drive *drive, const DriveRecord *now) {
        char from[REVISION_SIZE], to[REVISION_SIZE], text[160], label[NODE_SIZE];
        TrailEntry entry = { .kind = TRAIL_DRIVE_CHANGED, .drive = &drive->state };

        revision_trim(drive->state.record.revision, from);
        revision_trim(now->revision, to);
        entry.from = from;
        entry.to = to;
        trail(core, &entry);
        drive_label(drive, label, sizeof(label));
        text_format(text, sizeof(text), "%s: firmware changed from %s to %s, not by discfwd", label,
                    from, to);
        notify(core, "drive-changed", text, drive, NULL, NULL);
}

static bool ours_to_change(const Core *core, const Drive *drive) {
        return core->running.active && strcmp(core->running.job.drive, drive->state.id) == 0;
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

/* The drive that was last at the place of RECORD; only one of the same name and serial number, unless
 * the record has none to compare. */
static Drive *find_by_place(Core *core, const DriveRecord *record) {
        for (unsigned i = 0; i < core->n_drives; i++) {
                const DriveRecord *known = &core->drives[i].state.record;

                if (core->drives[i].seen || !record->devpath[0] ||
                    strcmp(known->devpath, record->devpath) != 0)
                        continue;
                if (record->fault.code != FAULT_NONE ||
                    (memcmp(known->identity, record->identity, IDENTITY_LENGTH) == 0 &&
                     strcmp(known->serial, record->serial) == 0))
                        return &core->drives[i];
        }
        return NULL;
}

/* Two drives may share name and serial number, and so the key that the store knows one of them by:
 * which is which, only their places tell. */
static Drive *find_known(Core *core, const DriveRecord *record, const char *known_id) {
        Drive *drive = find_by_place(core, record);

        if (!drive && record->fault.code == FAULT_NONE && known_id[0])
                drive = drive_find(core, known_id);
        return drive && !drive->seen ? drive : NULL;
}

void core_on_scan_drive(Core *core, const DriveRecord *record, const char *known_id) {
        bool readable = record->fault.code == FAULT_NONE;
        Drive *drive = find_known(core, record, known_id);
        bool is_new = !drive, was_attached;

        if (drive && !readable && ours_to_change(core, drive)) {
                drive->seen = true; /* its flash helper has it, and will say what became of it */
                return;
        }
        if (is_new) {
                char id[DRIVE_ID_LENGTH + 1];

                make_id(core, record, id);
                drive = drive_add(core);
                if (!drive)
                        return; /* more drives than a machine can have */
                memcpy(drive->state.id, id, sizeof(id));
                drive->state.first_seen = core->now;
                drive->state.record = *record;
        }
        drive->seen = true;
        was_attached = drive->state.attached;
        drive->state.attached = true;
        drive->state.last_seen = core->now;

        if (!is_new && readable && drive->state.record.n_inquiry > 0 &&
            memcmp(drive->state.record.revision, record->revision, REVISION_SIZE) != 0 &&
            !drive->state.attention && !ours_to_change(core, drive))
                note_foreign_change(core, drive, record);
        take_record(drive, record);
        if (readable)
                resolve_by_scan(core, drive);
        save_drive(core, drive);
        if (is_new)
                trail(core, &(TrailEntry){ .kind = TRAIL_DRIVE_SEEN,
                                           .drive = &drive->state,
                                           .to = drive->state.record.revision });
        if (!was_attached) {
                char text[NODE_SIZE + 32];

                text_format(text, sizeof(text), "%s: plugged in", drive_shown_node(drive));
                notify(core, "drive-added", text, drive, NULL, NULL);
                if (readable)
                        memcpy(effect_add(core, EFFECT_LOAD_ENTRIES)->model, record->identity,
                               IDENTITY_LENGTH);
        }
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

static void answer_waiters(Core *core, const Fault *fault) {
        Waiter waiters[WAITERS_MAX];
        unsigned n = core->n_waiters;

        memcpy(waiters, core->waiters, n * sizeof(*waiters));
        core->n_waiters = 0;
        for (unsigned i = 0; i < n; i++) {
                if (fault->code != FAULT_NONE)
                        reply_fault(core, waiters[i].client, fault);
                else if (waiters[i].request.method == METHOD_RESOLVE)
                        resolve_drive(core, &waiters[i].request);
                else if (waiters[i].request.method != METHOD_SCAN)
                        core_on_request(core, &waiters[i].request);
                else
                        reply(core, waiters[i].client,
                              json_pack("{so}", "drives",
                                        view_drives(core, false, &waiters[i].request.caller)),
                              false);
        }
}

/* A drive that was first seen after the last refresh is not in the index of that catalog yet. */
static bool index_is_behind(const Core *core) {
        for (unsigned i = 0; i < core->n_drives; i++)
                for (unsigned k = 0; k < core->n_catalogs; k++)
                        if (core->drives[i].state.attached && core->catalogs[k].last_ok > 0 &&
                            core->drives[i].state.first_seen > core->catalogs[k].last_ok)
                                return true;
        return false;
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
        if (core->scan_again) {
                core->scan_again = false;
                scan_begin(core);
                return;
        }
        answer_waiters(core, fault);
        if (fault->code == FAULT_NONE && index_is_behind(core) && !core->refresh.active)
                (void)refresh_start(core, "", 0, false, NULL);
}

static void entries_free(Drive *drive) {
        for (unsigned i = 0; i < drive->n_entries; i++)
                (void)entry_free(drive->entries[i].entry);
        free(drive->entries);
        drive->entries = NULL;
        drive->n_entries = 0;
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

void core_on_entries(Core *core, const uint8_t model[IDENTITY_LENGTH], const EntryInput *entries,
                     unsigned n_entries) {
        for (unsigned i = 0; i < core->n_drives; i++) {
                Drive *drive = &core->drives[i];

                /* The way of a running order points into the entries that it was made from. */
                if (memcmp(drive->state.record.identity, model, IDENTITY_LENGTH) != 0 ||
                    ours_to_change(core, drive))
                        continue;
                if (entries_set(drive, entries, n_entries) == 0)
                        announce_update(core, drive);
        }
}

void announce_update(Core *core, Drive *drive) {
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

void inventory_free(Core *core) {
        for (unsigned i = 0; i < core->n_drives; i++)
                entries_free(&core->drives[i]);
        free(core->drives);
}
