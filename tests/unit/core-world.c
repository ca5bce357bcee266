/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/core-world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/text.h"
#include "catalog/entry.h"
#include "tests/unit/test.h"

#define START 1800000000 /* 2027-01-15 */

const char world_model[] = "BTC     DVDRW IDE1004   ";

static const char *const stages[] = { "queued", "fetching", "checking", "committed", "ended" };
static const char *const trails[] = { "drive-seen",      "drive-changed",   "flash-intent",
                                      "flash-outcome",   "refreshed",       "failed",
                                      "catalog-added",   "catalog-removed", "hold",
                                      "unhold",          "resolve",         "refused",
                                      "rollback-expired" };

static void line(World *world, const char *format, ...) _printf_(2, 3);

static void line(World *world, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        world->n_log += (size_t)vsnprintf(world->log + world->n_log,
                                          sizeof(world->log) - world->n_log, format, ap);
        va_end(ap);
        assert_true(world->n_log < sizeof(world->log) - 1);
        world->log[world->n_log++] = '\n';
        world->log[world->n_log] = '\0';
}

static void enter(World *world) {
        core_set_time(world->core, world->now, (uint64_t)world->now * 1000);
}

static const char *known_id(const WorldKey *keys, unsigned n_keys, const char *key) {
        for (unsigned i = 0; i < n_keys; i++)
                if (strcmp(keys[i].key, key) == 0)
                        return keys[i].id;
        return "";
}

/* As the store does it: whoever has a key keeps it. */
static void remember_key(World *world, const DriveState *drive) {
        DriveRecord good = drive->record;
        WorldKey *k = &world->new_keys[world->n_new_keys];

        fault_clear(&good.fault);
        if (probe_drive_key(&good, k->key) < 0 || known_id(world->keys, world->n_keys, k->key)[0] ||
            known_id(world->new_keys, world->n_new_keys, k->key)[0])
                return;
        memcpy(k->id, drive->id, sizeof(k->id));
        assert_true(++world->n_new_keys + world->n_keys < N_ELEMENTS(world->keys));
}

static void save(World *world, const Effect *e) {
        switch (e->kind) {
        case EFFECT_SAVE_DRIVE:
                line(world, "save-drive %.4s%s%s%s", e->drive.record.revision,
                     e->drive.held ? " held" : "", e->drive.attention ? " attention " : "",
                     e->drive.attention ? outcome_name(e->drive.attention_outcome) : "");
                world->drive = e->drive;
                remember_key(world, &e->drive);
                break;
        case EFFECT_FORGET_ATTACHED: line(world, "forget-attached"); break;
        case EFFECT_SAVE_JOB:
                line(world, "save-job %u %s %s>%s%s%s", (unsigned)e->job.id, stages[e->job.stage],
                     e->job.from, e->job.to, e->job.stage == JOB_STAGE_ENDED ? " " : "",
                     e->job.stage == JOB_STAGE_ENDED ? outcome_name(e->job.outcome) : "");
                world->job = e->job;
                break;
        case EFFECT_SAVE_CATALOG:
                line(world, "save-catalog %s version %u", e->catalog->config.name,
                     (unsigned)e->catalog->version);
                world->catalog = *e->catalog;
                break;
        case EFFECT_DELETE_CATALOG: line(world, "delete-catalog %s", e->catalog_name); break;
        case EFFECT_TRAIL:
                world->before = e->trail.before;
                world->after = e->trail.after;
                memcpy(world->trail_detail, e->trail.detail, sizeof(world->trail_detail));
                line(world, "trail %s%s%s%s%s%s%s", trails[e->trail.kind],
                     e->trail.from[0] || e->trail.to[0] ? " " : "", e->trail.from,
                     e->trail.from[0] ? ">" : "", e->trail.to, e->trail.outcome[0] ? " " : "",
                     e->trail.outcome);
                break;
        case EFFECT_TRAIL_HEAD: line(world, "head"); break;
        default: fail();
        }
}

static void show_reply(World *world, const Effect *e) {
        _cleanup_free_ char *text = NULL;

        if (e->reply.fault.code != FAULT_NONE) {
                assert_false(e->reply.continues);
                if (e->reply.parameters) { /* further ones, of the error */
                        json_decref(world->reply);
                        world->reply = json_incref(e->reply.parameters);
                }
                line(world, "reply %u %s", (unsigned)e->reply.client,
                     fault_name(e->reply.fault.code));
                world->fault = e->reply.fault;
                return;
        }
        json_decref(world->reply);
        world->reply = json_incref(e->reply.parameters);
        if (e->reply.continues && world->quiet)
                return;
        text = json_text(e->reply.parameters);
        assert_non_null(text);
        line(world, "reply %u%s %.24s", (unsigned)e->reply.client,
             e->reply.continues ? " more" : "", text);
}

static void deliver_entries(World *world, const uint8_t model[IDENTITY_LENGTH]) {
        EntryInput inputs[WORLD_ENTRIES_MAX];
        unsigned n = 0;

        for (unsigned i = 0; i < world->n_entries; i++) {
                const WorldEntry *e = &world->entries[i];

                if (memcmp(e->model, model, IDENTITY_LENGTH) == 0)
                        inputs[n++] = (EntryInput){ .catalog = e->catalog,
                                                    .path = e->path,
                                                    .length = 4096,
                                                    .sha256 = e->sha256,
                                                    .json = e->json,
                                                    .ignored = e->ignored };
        }
        enter(world);
        core_on_entries(world->core, model, inputs, n);
}

static void carry_out(World *world, const Effect *e) {
        switch (e->kind) {
        case EFFECT_REPLY: show_reply(world, e); break;
        case EFFECT_QUERY:
                line(world, "query %u method %d", (unsigned)e->query.request.client,
                     (int)e->query.request.method);
                json_decref(world->reply);
                world->reply = json_incref(e->query.parameters);
                break;
        case EFFECT_SCAN: line(world, "scan"); break;
        case EFFECT_LOAD_ENTRIES: deliver_entries(world, e->model); break;
        case EFFECT_ASK_MIRROR:
                line(world, "ask %s %u", e->mirror.catalog, e->mirror.mirror);
                world->n_models = (uint8_t)e->mirror.n_models;
                break;
        case EFFECT_FETCH_IMAGE:
                line(world, "fetch %s from %s", strrchr(e->image.target, '/') + 1, e->image.url);
                break;
        case EFFECT_FLASH_PLAN:
                world->plan = e->flash.plan;
                line(world, "plan %u %s>%s", (unsigned)e->flash.plan.job, e->flash.plan.revision,
                     e->flash.plan.to);
                break;
        case EFFECT_FLASH_GO:
                line(world, "go %u", (unsigned)e->flash_job);
                enter(world);
                core_on_flash_went(world->core);
                break;
        case EFFECT_FLASH_ACK: line(world, "ack %u", (unsigned)e->flash_job); break;
        case EFFECT_FLASH_CLOSE: line(world, "close"); break;
        case EFFECT_FLASH_REPORT: line(world, "report"); break;
        case EFFECT_RELOAD: line(world, "reload"); break;
        case EFFECT_LOG:
                if (!world->quiet)
                        line(world, "log %s", fault_name(e->log.fault.code));
                break;
        default: fail();
        }
}

/* True if the transaction is on disk now. */
static bool commit(World *world) {
        world->in_transaction = false;
        if (world->fail_store > 0 && --world->fail_store == 0) {
                world->n_new_keys = 0;
                line(world, "-- store failed");
                return false;
        }
        memcpy(world->keys + world->n_keys, world->new_keys,
               world->n_new_keys * sizeof(*world->keys));
        world->n_keys += world->n_new_keys;
        world->n_new_keys = 0;
        line(world, "-- on disk");
        return true;
}

void world_pump(World *world) {
        Fault fault = { .code = FAULT_STORE, .text = "disk on fire" };
        Effect effect;
        bool more;

        do {
                more = core_next_effect(world->core, &effect);
                if (more && effect.kind <= _EFFECT_STORE_LAST) {
                        world->in_transaction = true;
                        save(world, &effect);
                        effect_done(&effect);
                        continue;
                }
                if (world->in_transaction) {
                        enter(world);
                        if (!commit(world)) {
                                core_on_store_failed(world->core, more ? &effect : NULL, &fault);
                                more = true;
                                continue;
                        }
                        core_on_stored(world->core);
                        if (!more) {
                                more = true;
                                continue;
                        }
                }
                if (more) {
                        carry_out(world, &effect);
                        effect_done(&effect);
                }
        } while (more);
}

void world_expect(World *world, const char *lines) {
        assert_string_equal(world->log, lines);
        world_forget(world);
}

bool world_did(const World *world, const char *text) {
        size_t n = strlen(text);

        for (const char *p = world->log; *p; p = strchr(p, '\n') + 1)
                if (strncmp(p, text, n) == 0)
                        return true;
        return false;
}

void world_forget(World *world) {
        world->n_log = 0;
        world->log[0] = '\0';
}

World *world_new_bare(const Settings *settings) {
        World *world = calloc(1, sizeof(*world));
        const Settings none = {};

        assert_non_null(world);
        world->now = START;
        world->quiet = true;
        world->core = core_new(settings ? settings : &none);
        assert_non_null(world->core);
        enter(world);
        return world;
}

World *world_new(void) {
        World *world = world_new_bare(NULL);

        world_add_catalog(world, "main", 2);
        core_start(world->core);
        world_pump(world);
        world_scan(world);
        world_ask(world, 1, METHOD_REFRESH, "");
        world_mirror(world, "main", 0, FAULT_NONE, 5, world->now + 86400);
        world_mirror(world, "main", 1, FAULT_NONE, 5, world->now + 86400);
        world_forget(world);
        return world;
}

World *world_free(World *world) {
        if (!world)
                return NULL;
        (void)core_free(world->core);
        json_decref(world->reply);
        free(world);
        return NULL;
}

unsigned world_add_drive(World *world, const char *node, const char *revision, const char *serial,
                         const char *devpath) {
        WorldDrive *drive = &world->drives[world->n_drives];
        DriveRecord *r = &drive->record;

        assert_true(world->n_drives < WORLD_DRIVES_MAX);
        drive->there = true;
        text_format(r->node, sizeof(r->node), "sg%s", node + 2);
        text_format(r->block, sizeof(r->block), "%s", node);
        text_format(r->devpath, sizeof(r->devpath), "%s", devpath);
        text_format(r->serial, sizeof(r->serial), "%s", serial);
        text_format(r->revision, sizeof(r->revision), "%-4s", revision);
        r->attachment = ATTACHED_ATA;
        r->class = CLASS_DVD_WRITER;
        r->serial_source = serial[0] ? SERIAL_FEATURE : SERIAL_NONE;
        r->n_inquiry = 96;
        memcpy(r->identity, world_model, IDENTITY_LENGTH);
        memcpy(r->inquiry + 8, r->identity, IDENTITY_LENGTH);
        memcpy(r->inquiry + 32, r->revision, 4);
        r->counters.done = r->counters.errors = r->counters.timeouts = -1;
        return world->n_drives++;
}

DriveRecord *world_record(World *world, unsigned drive) {
        return &world->drives[drive].record;
}

const char *world_id(World *world, unsigned drive) {
        char key[PROBE_KEY_SIZE];

        assert_int_equal(probe_drive_key(&world->drives[drive].record, key), 0);
        return known_id(world->keys, world->n_keys, key);
}

static void show(World *world, const DriveRecord *record) {
        char key[PROBE_KEY_SIZE];

        if (probe_drive_key(record, key) < 0)
                key[0] = '\0';
        enter(world);
        core_on_scan_drive(world->core, record, known_id(world->keys, world->n_keys, key));
        world_pump(world);
}

void world_scan(World *world) {
        const Fault none = {};

        for (unsigned i = 0; i < world->n_drives; i++)
                if (world->drives[i].there)
                        show(world, &world->drives[i].record);
        enter(world);
        core_on_scan_end(world->core, &none);
        world_pump(world);
}

void world_scan_failed(World *world, FaultCode code) {
        const Fault fault = { .code = code, .text = "the probe died" };

        enter(world);
        core_on_scan_end(world->core, &fault);
        world_pump(world);
}

void world_rescan(World *world) {
        enter(world);
        core_on_hotplug(world->core);
        world_pump(world);
        world_scan(world);
}

void world_rescan_with_first(World *world, unsigned i) {
        enter(world);
        core_on_hotplug(world->core);
        world_pump(world);
        show(world, &world->drives[i].record);
        core_on_scan_anew(world->core);
        world_scan(world);
}

void world_unplugged(World *world, const char *node) {
        enter(world);
        core_on_unplugged(world->core, node);
        world_pump(world);
}

static void copy_quoted(char *to, size_t size, size_t *n, const char *from) {
        for (; *from; from++) {
                assert_true(*n < size - 1);
                to[(*n)++] = (char)(*from == '\'' ? '"' : *from);
        }
        to[*n] = '\0';
}

void world_add_entry(World *world, const char *catalog, const char *version, const char *edges,
                     const char *extra) {
        WorldEntry *entry = &world->entries[world->n_entries++];
        char hex[2 * IDENTITY_LENGTH + 1], head[512];
        size_t n = 0;

        assert_true(world->n_entries <= WORLD_ENTRIES_MAX);
        memcpy(entry->model, world_model, IDENTITY_LENGTH + 1);
        hex_encode(entry->model, IDENTITY_LENGTH, hex);
        text_format(entry->catalog, sizeof(entry->catalog), "%s", catalog);
        text_format(entry->path, sizeof(entry->path), "drive/%s/%s.bin", hex, version);
        text_format(head, sizeof(head),
                    "{'schema':1,%s'model':'%s','version':'%s','recipe':{'piece':4096,"
                    "'command_ms':10000,'commit_ms':20000,'settle_ms':5000,'ready_ms':30000,"
                    "'transports':['ata']},'release_date':'2004-02-29','channel':'stable',"
                    "'evidence':'simulated','urgency':'low','edges':[",
                    strstr(extra, "'family'") ? "" : "'family':'btc',", hex, version);
        copy_quoted(entry->json, sizeof(entry->json), &n, head);
        copy_quoted(entry->json, sizeof(entry->json), &n, edges);
        copy_quoted(entry->json, sizeof(entry->json), &n, "]");
        copy_quoted(entry->json, sizeof(entry->json), &n, extra);
        copy_quoted(entry->json, sizeof(entry->json), &n, "}");
        assert_int_equal(sha256(entry->json, n, entry->sha256), 0);
}

void world_load_entries(World *world) {
        for (unsigned i = 0; i < world->n_drives; i++)
                deliver_entries(world, world->drives[i].record.identity);
        world_pump(world);
}

const uint8_t *world_sha256(World *world, const char *version) {
        char name[16];

        text_format(name, sizeof(name), "/%s.bin", version);
        for (unsigned i = 0; i < world->n_entries; i++)
                if (strstr(world->entries[i].path, name))
                        return world->entries[i].sha256;
        fail();
        return NULL;
}

void world_have_image(World *world, const char *version) {
        assert_int_equal(core_load_image(world->core, world_sha256(world, version)), 0);
}

void world_add_catalog(World *world, const char *name, unsigned n_mirrors) {
        CatalogConfig *config = &world->configs[world->n_configs++];

        text_format(config->name, sizeof(config->name), "%s", name);
        config->n_mirrors = n_mirrors;
        for (unsigned i = 0; i < n_mirrors; i++)
                text_format(config->mirrors[i], URL_MAX, "http://%s%u.example/", name, i);
        config->root_version = 1;
        enter(world);
        core_set_catalogs(world->core, world->configs, world->n_configs);
        world_pump(world);
}

void world_mirror(World *world, const char *catalog, unsigned mirror, FaultCode code,
                  uint64_t version, int64_t expires) {
        VerifyEnd *end = calloc(1, sizeof(*end));

        assert_non_null(end);
        end->root_version = 1;
        end->timestamp_version = end->seen_version = version;
        end->signed_at = end->seen_signed_at = (int64_t)(START - 100000 + (int64_t)version * 3600);
        end->expires = expires;
        if (code != FAULT_NONE)
                (void)fault_set(&end->fault, code, "mirror %u says so", mirror);
        enter(world);
        core_on_mirror_done(world->core, catalog, mirror, end, world->n_entries, 0);
        free(end);
        world_pump(world);
}

Caller world_root(void) {
        return (Caller){ .user = "root", .root = true, .admin = true };
}

Caller world_admin(void) {
        return (Caller){ .uid = 1000, .user = "ada", .admin = true };
}

Caller world_user(uint32_t uid) {
        return (Caller){ .uid = uid, .user = "eve" };
}

void world_request(World *world, const Request *request) {
        enter(world);
        core_on_request(world->core, request);
        world_pump(world);
}

void world_ask(World *world, uint64_t client, Method method, const char *drive) {
        Request request = { .client = client, .method = method, .caller = world_root() };

        text_format(request.drive, sizeof(request.drive), "%s", drive);
        world_request(world, &request);
}

Request world_plan(World *world, uint64_t client, const char *drive, const char *kind,
                   const char *to) {
        Request request = { .client = client,
                            .method = METHOD_PLAN_FLASH,
                            .caller = world_root(),
                            .reason = "a test",
                            .via = "local" };
        const char *digest;

        text_format(request.drive, sizeof(request.drive), "%s", drive);
        text_format(request.kind, sizeof(request.kind), "%s", kind);
        text_format(request.version, sizeof(request.version), "%s", to);
        fault_clear(&world->fault);
        world_request(world, &request);
        request.method = METHOD_FLASH;
        if (world->fault.code == FAULT_NONE) {
                digest = json_string_value(
                        json_object_get(json_object_get(world->reply, "plan"), "digest"));
                assert_non_null(digest);
                text_format(request.digest, sizeof(request.digest), "%s", digest);
        }
        return request;
}

void world_flash(World *world, uint64_t client, const char *drive, const char *kind,
                 const char *to) {
        Request request = world_plan(world, client, drive, kind, to);

        assert_int_equal(world->fault.code, FAULT_NONE);
        world_forget(world);
        request.more = true;
        world_request(world, &request);
}

void world_ready(World *world, uint64_t job) {
        const FlashReady ready = { .job = job, .expected_ms = 1000, .before = { 17, 2, 0 } };

        enter(world);
        core_on_flash_ready(world->core, &ready);
        world_pump(world);
}

void world_end(World *world, uint64_t job, Outcome outcome, const char *revision) {
        FlashEnd end = {
                .job = job, .outcome = outcome, .before = { 20, 2, 0 }, .after = { 99, 3, 1 }
        };

        if (revision) {
                end.identity_known = true;
                memcpy(end.identity, world_model, IDENTITY_LENGTH);
                text_format(end.revision, sizeof(end.revision), "%-4s", revision);
        }
        if (outcome != OUTCOME_VERIFIED)
                (void)fault_set(&end.fault,
                                outcome == OUTCOME_REFUSED ? FAULT_CLAIMED : outcome_fault(outcome),
                                "the helper says so");
        /* What the helper read the probe will read too. */
        for (unsigned i = 0; revision && i < world->n_drives; i++)
                if (strcmp(world->drives[i].record.node, world->plan.node) == 0)
                        memcpy(world->drives[i].record.revision, end.revision, REVISION_SIZE);
        enter(world);
        core_on_flash_end(world->core, &end);
        world_pump(world);
}

void world_helper_gone(World *world) {
        Fault fault = { .code = FAULT_HELPER_DIED, .text = "it is gone" };

        enter(world);
        core_on_flash_gone(world->core, &fault);
        world_pump(world);
}

World *world_one_step(void) {
        World *world = world_new();

        (void)world_add_drive(world, "sr0", "0043", "BTC123", "/pci/ata1");
        world_add_entry(world, "main", "0050",
                        "{'kind':'upgrade','from':['0043']},{'kind':'reflash','from':['0050']}",
                        "");
        world_add_entry(world, "main", "0043", "{'kind':'downgrade','from':['0050']}", "");
        world_rescan(world);
        world_ask(world, 1, METHOD_REFRESH, "");
        world_mirror(world, "main", 0, FAULT_NONE, 5, world->now + 86400);
        world_mirror(world, "main", 1, FAULT_NONE, 5, world->now + 86400);
        world_have_image(world, "0050");
        world_forget(world);
        return world;
}

World *world_two_steps(void) {
        World *world = world_new();

        (void)world_add_drive(world, "sr0", "0043", "BTC123", "/pci/ata1");
        world_add_entry(world, "main", "0045", "{'kind':'step','from':['0043']}", "");
        world_add_entry(world, "main", "0051", "{'kind':'upgrade','from':['0045']}", "");
        world_rescan(world);
        world_mirror(world, "main", 0, FAULT_NONE, 5, world->now + 86400);
        world_mirror(world, "main", 1, FAULT_NONE, 5, world->now + 86400);
        world_have_image(world, "0045");
        world_have_image(world, "0051");
        world_forget(world);
        return world;
}

void world_reports_done(World *world) {
        enter(world);
        core_on_reports_done(world->core);
        world_pump(world);
}

void world_go(World *world) {
        world_flash(world, 7, "sr0", "update", "");
        world_reports_done(world);
        world_ready(world, 1);
        assert_true(world_did(world, "go 1"));
        world_forget(world);
}
