/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which way a drive may go, and what stands against it. The closed list of refusals before a flash
 * begins here; what only the drive itself can tell (disc, tray, claims) the flash helper adds. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/hex.h"
#include "base/text.h"
#include "catalog/layout.h"
#include "core/state.h"

bool image_in_store(const Core *core, const uint8_t digest[32]) {
        for (unsigned i = 0; i < core->n_images; i++)
                if (memcmp(core->images[i], digest, 32) == 0)
                        return true;
        return false;
}

CatalogState *catalog_find(Core *core, const char *name) {
        for (unsigned i = 0; i < core->n_catalogs; i++)
                if (strcmp(core->catalogs[i].config.name, name) == 0)
                        return &core->catalogs[i];
        return NULL;
}

bool catalog_fresh(const Core *core, const CatalogState *catalog) {
        return catalog->last_ok > 0 && catalog->expires > core->now &&
               catalog->config.broken.code == FAULT_NONE;
}

unsigned entries_of(const Drive *drive, const char *catalog, const Entry **ret_entries) {
        const DriveRecord *r = &drive->state.record;
        unsigned n = 0;

        for (unsigned i = 0; i < drive->n_entries && n < ENTRIES_MAX; i++) {
                const KnownEntry *known = &drive->entries[i];

                if (known->entry && strcmp(known->catalog, catalog) == 0 &&
                    entry_masks_match(known->entry, r->inquiry, r->n_inquiry))
                        ret_entries[n++] = known->entry;
        }
        return n;
}

bool plan_newest(Core *core, const Drive *drive, bool stale_too, Way *ret_way,
                 char ret_catalog[CATALOG_NAME_MAX + 1]) {
        const Entry *entries[ENTRIES_MAX];
        bool known = false;
        Way way;

        for (unsigned i = 0; i < core->n_catalogs; i++) {
                const CatalogState *catalog = &core->catalogs[i];
                unsigned n = entries_of(drive, catalog->config.name, entries);

                if ((!stale_too && !catalog_fresh(core, catalog)) ||
                    !graph_newest(entries, n, drive->state.record.revision, &way))
                        continue;
                /* The first catalog that leads somewhere counts; one that only knows where the drive
                 * is already serves if none does. */
                if (!known || way.n_steps > 0) {
                        *ret_way = way;
                        memcpy(ret_catalog, catalog->config.name, CATALOG_NAME_MAX + 1);
                }
                known = true;
                if (way.n_steps > 0)
                        break;
        }
        return known;
}

static bool fits(const Drive *drive, const Entry *entry) {
        return entry_masks_match(entry, drive->state.record.inquiry, drive->state.record.n_inquiry);
}

/* Adds to TEXT the revisions that ENTRY is for, each once. */
static void list_froms(const Entry *entry, char *text, size_t size) {
        for (unsigned e = 0; e < entry->n_edges; e++)
                for (unsigned f = 0; f < entry->edges[e].n_from; f++) {
                        char from[REVISION_SIZE];
                        size_t n = strlen(text);

                        revision_trim(entry->edges[e].from[f], from);
                        if (!strstr(text, from))
                                text_format(text + n, size - n, "%s%s", n ? ", " : "", from);
                }
}

/* Why no way leads to QUESTION->to: the most telling of the entries that would. */
static int explain_no_way(const PlanQuestion *question, Fault *fault) {
        const FaultCode code = question->rollback ? FAULT_NO_WAY_BACK : FAULT_NO_EDGE;
        const Drive *drive = question->drive;
        char to[REVISION_SIZE], now[REVISION_TEXT_SIZE], froms[128] = "", label[NODE_SIZE];
        const KnownEntry *nearest = NULL;
        const Edge *edge;

        revision_trim(question->to, to);
        revision_show(drive->state.record.revision, now);
        drive_label(drive, label, sizeof(label));
        for (unsigned i = 0; i < drive->n_entries; i++) {
                const KnownEntry *known = &drive->entries[i];

                if (!known->entry || memcmp(known->entry->version, question->to, 4) != 0)
                        continue;
                if (known->entry->withdrawn)
                        return fault_set(fault, FAULT_WITHDRAWN, "%s was withdrawn: %s", to,
                                         known->entry->withdrawn);
                if (!nearest || fits(drive, known->entry))
                        nearest = known;
                if (fits(drive, known->entry))
                        list_froms(known->entry, froms, sizeof(froms));
        }
        if (!nearest)
                return fault_set(fault, FAULT_NO_SUCH_VERSION,
                                 "no catalog has %s for the drive of %s", to, label);
        if (!fits(drive, nearest->entry))
                return fault_set(
                        fault, FAULT_NO_EDGE,
                        "%s is for another hardware of the same name (INQUIRY bytes differ)", to);
        edge = entry_edge(nearest->entry, drive->state.record.revision, ~0u);
        if (edge)
                return fault_set(fault, code, "from %s to %s catalog \"%s\" has a %s only", now, to,
                                 nearest->catalog, edge_kind_name(edge->kind));
        if (!froms[0])
                return fault_set(fault, code, "no catalog says how a drive comes to %s", to);
        return fault_set(fault, code, "%s is for drives that run %s; %s runs %s", to, froms, label,
                         now);
}

static int explain_no_update(Core *core, const PlanQuestion *question, Fault *fault) {
        char now[REVISION_TEXT_SIZE], label[NODE_SIZE], catalog[CATALOG_NAME_MAX + 1];
        Way way;

        revision_show(question->drive->state.record.revision, now);
        drive_label(question->drive, label, sizeof(label));
        if (core->n_catalogs == 0)
                return fault_set(fault, FAULT_NO_CATALOG, "no catalog is configured");
        if (question->rollback)
                return fault_set(fault, FAULT_NO_WAY_BACK,
                                 "no catalog has a signed way back from %s for %s", now, label);
        if (question->reflash)
                return fault_set(fault, FAULT_NO_EDGE,
                                 "no catalog allows %s to be written again on %s", now, label);
        if (plan_newest(core, question->drive, true, &way, catalog))
                return fault_set(fault, FAULT_NO_UPDATE,
                                 "%s runs %s, the newest that catalog \"%s\" knows", label, now,
                                 catalog);
        return fault_set(fault, FAULT_NO_UPDATE,
                         question->drive->n_entries > 0
                                 ? "%s runs %s, which no entry for this model starts from"
                                 : "no catalog knows the drive of %s, which runs %s",
                         label, now);
}

static unsigned kinds_of(const PlanQuestion *question) {
        if (question->rollback)
                return KINDS_BACK;
        if (question->reflash)
                return KIND_BIT(EDGE_REFLASH);
        return KINDS_FORWARD | KIND_BIT(EDGE_RECOVERY);
}

/* A reflash is one edge from a revision to itself, which no search for a way finds. */
static bool reflash_way(const Entry *const *entries, unsigned n, const char *revision,
                        Way *ret_way) {
        for (unsigned i = 0; i < n; i++) {
                const Edge *edge =
                        memcmp(entries[i]->version, revision, 4) == 0
                                ? entry_edge(entries[i], revision, KIND_BIT(EDGE_REFLASH))
                                : NULL;

                if (!edge || entries[i]->withdrawn)
                        continue;
                *ret_way = (Way){ .n_steps = 1 };
                ret_way->steps[0].entry = entries[i];
                ret_way->steps[0].edge = edge;
                memcpy(ret_way->steps[0].from, revision, REVISION_SIZE);
                return true;
        }
        return false;
}

/* The way in one catalog; false if it has none. */
static bool way_in(const PlanQuestion *question, const CatalogState *catalog,
                   PlanAnswer *ret_answer) {
        const char *from = question->drive->state.record.revision;
        char nearest[1][ENTRY_REVISION_SIZE];
        const Entry *entries[ENTRIES_MAX];
        unsigned n = entries_of(question->drive, catalog->config.name, entries);
        Way *way = &ret_answer->way;
        bool found;

        if (question->reflash)
                found = reflash_way(entries, n, from, way);
        else if (question->to[0])
                found = graph_way(entries, n, from, question->to, kinds_of(question), way);
        else if (question->rollback)
                found = graph_reachable(entries, n, from, KINDS_BACK, nearest, 1) == 1 &&
                        graph_way(entries, n, from, nearest[0], KINDS_BACK, way);
        else {
                found = graph_newest(entries, n, from, way) && way->n_steps > 0;
                /* Out of a recovery state no forward edge leads, but a recovery edge does. */
                if (!found && question->drive->state.attention)
                        found = graph_reachable(entries, n, from, kinds_of(question), nearest, 1) ==
                                        1 &&
                                graph_way(entries, n, from, nearest[0], kinds_of(question), way);
        }
        if (!found || way->n_steps == 0)
                return false;
        memcpy(ret_answer->catalog, catalog->config.name, CATALOG_NAME_MAX + 1);
        /* The way back from a rollback is forward again. */
        ret_answer->has_back =
                question->rollback
                        ? graph_way(entries, n, way->steps[way->n_steps - 1].entry->version, from,
                                    KINDS_FORWARD, &ret_answer->back)
                        : graph_way_back(entries, n, way, &ret_answer->back);
        return true;
}

static bool may_be_expired(const Way *way) {
        for (unsigned i = 0; i < way->n_steps; i++)
                if (way->steps[i].edge->kind != EDGE_DOWNGRADE &&
                    way->steps[i].edge->kind != EDGE_RECOVERY)
                        return false;
        return true;
}

/* Expired metadata stops updates; from the last verified set root may go back, and must say why. */
static int check_freshness(const Core *core, const PlanQuestion *question,
                           const CatalogState *catalog, PlanAnswer *answer, Fault *fault) {
        char date[CLOCK_TEXT_SIZE];

        if (core->now < core->clock_floor) {
                clock_format(core->clock_floor, date);
                return fault_set(
                        fault, FAULT_CLOCK_NOT_TRUSTWORTHY,
                        "the clock of this machine is before %s, when a catalog was signed", date);
        }
        if (catalog->config.broken.code != FAULT_NONE) {
                *fault = catalog->config.broken;
                return -EBADE;
        }
        if (catalog_fresh(core, catalog))
                return 0;
        clock_format(catalog->expires, date);
        if (may_be_expired(&answer->way)) {
                answer->needs_reason = true;
                answer->allow_expired = true;
                if (!question->caller || (question->caller->root && question->reason[0]))
                        return 0;
                return fault_set(fault, FAULT_CATALOG_EXPIRED,
                                 "catalog \"%s\" is valid until %s only; a way back from it needs "
                                 "root and a reason",
                                 catalog->config.name, date);
        }
        return fault_set(fault, FAULT_CATALOG_EXPIRED, "catalog \"%s\" was valid until %s",
                         catalog->config.name, date);
}

static int check_steps(const Drive *drive, const Way *way, Fault *fault) {
        for (unsigned i = 0; i < way->n_steps; i++) {
                const Entry *entry = way->steps[i].entry;
                Attachment attachment = drive->state.record.attachment;

                if (!layout_family_known(entry->family))
                        return fault_set(fault, FAULT_UNKNOWN_FAMILY,
                                         "nothing here knows how to flash drives of family \"%s\"",
                                         entry->family);
                if (!(entry->recipe.transports & 1u << attachment))
                        return fault_set(fault, FAULT_TRANSPORT_NOT_ALLOWED,
                                         "the entry does not say that %s works over %s",
                                         entry->path, attachment_name(attachment));
        }
        return 0;
}

static int check_drive(const PlanQuestion *question, Fault *fault) {
        const DriveState *s = &question->drive->state;
        char label[NODE_SIZE];

        drive_label(question->drive, label, sizeof(label));
        if (!s->attached)
                return fault_set(fault, FAULT_DRIVE_GONE, "%s is not attached", label);
        if (s->record.fault.code != FAULT_NONE) {
                *fault = s->record.fault;
                return fault_prefix(fault, "%s cannot be read", label);
        }
        if (s->held)
                return fault_set(fault, FAULT_HELD, "%s is held%s%s", label,
                                 s->held_reason[0] ? ": " : "", s->held_reason);
        if (s->attention && s->attention_outcome != OUTCOME_RECOVERY_MODE)
                return fault_set(fault, FAULT_UNKNOWN_OPEN,
                                 "the flash of %s (job %lu) ended as \"%s\" and is not resolved",
                                 label, (unsigned long)s->attention_job,
                                 outcome_name(s->attention_outcome));
        return 0;
}

static int digest_text(Digest *digest, const char *text) {
        return digest_update(digest, text ? text : "", text ? strlen(text) + 1 : 1);
}

/* A step, with what a person was warned of. */
static int digest_step(Digest *digest, const Step *step) {
        const Entry *entry = step->entry;
        const uint8_t kinds[] = { (uint8_t)step->edge->kind, entry->power_cycle,
                                  (uint8_t)entry->n_hazards };
        int r;

        r = digest_update(digest, step->from, REVISION_SIZE);
        if (r == 0)
                r = digest_update(digest, entry->version, ENTRY_REVISION_SIZE);
        if (r == 0)
                r = digest_update(digest, entry->sha256, 32);
        if (r == 0)
                r = digest_text(digest, entry->path);
        if (r == 0)
                r = digest_update(digest, kinds, sizeof(kinds));
        if (r == 0)
                r = digest_text(digest, step->edge->irreversible);
        if (r == 0)
                r = digest_text(digest, step->edge->loses);
        for (unsigned i = 0; r == 0 && i < entry->n_hazards; i++)
                r = digest_text(digest, entry->hazards[i]);
        return r;
}

/* Binds what a person agreed to: drive, start, whose word it is, and every step of the way. */
static int make_digest(const Drive *drive, PlanAnswer *answer) {
        _cleanup_(digest_freep) Digest *digest = NULL;
        uint8_t sum[SHA256_LENGTH];
        int r;

        r = digest_begin(&digest);
        if (r < 0)
                return r;
        r = digest_text(digest, drive->state.id);
        if (r == 0)
                r = digest_text(digest, answer->catalog);
        for (unsigned i = 0; r == 0 && i < answer->way.n_steps; i++)
                r = digest_step(digest, &answer->way.steps[i]);
        if (r < 0)
                return r;
        r = digest_end(TAKE(digest), sum);
        if (r < 0)
                return r;
        hex_encode(sum, sizeof(sum), answer->digest);
        return 0;
}

/* What the drive runs already, or what cannot be meant. */
static int check_target(const PlanQuestion *question, Fault *fault) {
        const char *revision = question->drive->state.record.revision;
        bool same = memcmp(question->to, revision, 4) == 0;
        char now[REVISION_TEXT_SIZE];

        revision_show(revision, now);
        if (question->to[0] && same && !question->reflash)
                return fault_set(fault, FAULT_ALREADY_THERE, "the drive runs %s already", now);
        if (question->to[0] && !same && question->reflash)
                return fault_set(fault, FAULT_NO_EDGE,
                                 "the drive runs %s, and a reflash writes that again", now);
        return 0;
}

/* The way that would be gone. A fresh catalog is preferred; without one that knows the drive, an expired
 * one is what the refusal is about. */
static bool find_way(Core *core, const PlanQuestion *question, PlanAnswer *ret_answer) {
        bool newest = !question->to[0] && !question->rollback && !question->reflash &&
                      !question->drive->state.attention;
        char catalog[CATALOG_NAME_MAX + 1];
        Way way;

        for (unsigned stale = 0; stale < 2; stale++) {
                for (unsigned i = 0; i < core->n_catalogs; i++)
                        if (catalog_fresh(core, &core->catalogs[i]) == !stale &&
                            way_in(question, &core->catalogs[i], ret_answer))
                                return true;
                if (newest && plan_newest(core, question->drive, false, &way, catalog))
                        return false;
        }
        return false;
}

int plan_make(Core *core, const PlanQuestion *question, PlanAnswer *ret_answer, Fault *fault) {
        PlanAnswer answer = {};
        int r;

        r = check_drive(question, fault);
        if (r == 0)
                r = check_target(question, fault);
        if (r < 0)
                return r;
        if (!find_way(core, question, &answer))
                return question->to[0] && core->n_catalogs > 0
                               ? explain_no_way(question, fault)
                               : explain_no_update(core, question, fault);
        answer.needs_reason = core->settings.reason == REASON_ALWAYS ||
                              (core->settings.reason == REASON_ROLLBACK && question->rollback);
        r = check_freshness(core, question, catalog_find(core, answer.catalog), &answer, fault);
        if (r < 0)
                return r;
        r = check_steps(question->drive, &answer.way, fault);
        if (r < 0)
                return r;
        if (make_digest(question->drive, &answer) < 0)
                return fault_set(fault, FAULT_INTERNAL, "cannot hash the plan");
        *ret_answer = answer;
        return 0;
}
