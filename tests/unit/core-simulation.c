/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/core-simulation.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "tests/unit/test.h"

void simulation_require(const Simulation *sim, bool holds, const char *what, const char *file,
                        int line) {
        if (holds)
                return;
        print_error("seed %" PRIu64 ", step %" PRIu64 ": does not hold: %s\n", sim->seed, sim->step,
                    what);
        _fail(file, line);
}

/* xorshift64: the same everywhere, and good enough to choose events. */
unsigned simulation_random(Simulation *sim, unsigned n) {
        sim->random ^= sim->random << 13;
        sim->random ^= sim->random >> 7;
        sim->random ^= sim->random << 17;
        return (unsigned)((sim->random >> 11) % n);
}

void simulation_enter(Simulation *sim) {
        core_set_time(sim->core, sim->now, sim->step);
}

SimJob *simulation_job(Simulation *sim, uint64_t id) {
        SIM_REQUIRE(sim, id > 0 && id < SIM_JOBS_MAX);
        return &sim->jobs[id];
}

static DriveState *drive_on_disk(Simulation *sim, const char *id) {
        for (unsigned i = 0; i < sim->n_drives; i++)
                if (strcmp(sim->drives[i].id, id) == 0)
                        return &sim->drives[i];
        return NULL;
}

static const char *known_id(const Simulation *sim, const DriveRecord *record) {
        char key[PROBE_KEY_SIZE];

        if (probe_drive_key(record, key) < 0)
                return "";
        for (unsigned i = 0; i < sim->n_drives; i++) {
                DriveRecord known = sim->drives[i].record;
                char other[PROBE_KEY_SIZE];

                fault_clear(&known.fault);
                if (probe_drive_key(&known, other) == 0 && strcmp(key, other) == 0)
                        return sim->drives[i].id;
        }
        return "";
}

static void store_drive(Simulation *sim, const DriveState *drive) {
        DriveState *known = drive_on_disk(sim, drive->id);

        if (!known) {
                SIM_REQUIRE(sim, sim->n_drives < N_ELEMENTS(sim->drives));
                known = &sim->drives[sim->n_drives++];
        }
        *known = *drive;
        fault_clear(&known->record.fault);
}

static void store_job(Simulation *sim, const FlashJob *row) {
        SimJob *job = simulation_job(sim, row->id);

        SIM_REQUIRE(sim, job->known || row->stage == JOB_STAGE_QUEUED);
        SIM_REQUIRE(sim, !job->known || job->stage <= row->stage);
        /* An outcome is for ever. */
        SIM_REQUIRE(sim, job->stage != JOB_STAGE_ENDED || job->outcome == row->outcome);
        job->known = true;
        job->stage = row->stage;
        job->outcome = row->outcome;
        sim->rows[row->id] = *row;
        if (row->id > sim->last_job)
                sim->last_job = row->id;
}

static void store_trail(Simulation *sim, const Effect *e) {
        switch (e->trail.kind) {
        case TRAIL_FLASH_INTENT:
                SIM_REQUIRE(sim, e->trail.by_user && e->trail.caller.admin);
                SIM_REQUIRE(sim, !simulation_job(sim, e->trail.job)->intent);
                SIM_REQUIRE(sim, sim->rows[e->trail.job].caller.uid == e->trail.caller.uid);
                simulation_job(sim, e->trail.job)->intent = true;
                break;
        case TRAIL_FLASH_OUTCOME:
                SIM_REQUIRE(sim, simulation_job(sim, e->trail.job)->stage == JOB_STAGE_ENDED);
                SIM_REQUIRE(sim, simulation_job(sim, e->trail.job)->n_outcomes++ == 0);
                break;
        case TRAIL_HOLD:
        case TRAIL_UNHOLD: SIM_REQUIRE(sim, e->trail.by_user && e->trail.caller.admin); break;
        case TRAIL_ROLLBACK_EXPIRED:
                SIM_REQUIRE(sim, e->trail.by_user && e->trail.caller.root && e->trail.reason[0]);
                break;
        case TRAIL_RESOLVE: SIM_REQUIRE(sim, !e->trail.by_user || e->trail.caller.admin); break;
        default: break;
        }
}

static void store_catalog(Simulation *sim, const CatalogState *catalog) {
        for (unsigned i = 0; i < sim->n_catalogs; i++)
                if (strcmp(sim->catalogs[i].config.name, catalog->config.name) == 0) {
                        /* Trusted versions never go down; one that was added anew has none. */
                        SIM_REQUIRE(sim, catalog->version == 0 ||
                                                 sim->catalogs[i].version <= catalog->version);
                        sim->catalogs[i] = *catalog;
                        return;
                }
        SIM_REQUIRE(sim, sim->n_catalogs < N_ELEMENTS(sim->catalogs));
        sim->catalogs[sim->n_catalogs++] = *catalog;
}

static void store_delete(Simulation *sim, const char *name) {
        for (unsigned i = 0; i < sim->n_catalogs; i++)
                if (strcmp(sim->catalogs[i].config.name, name) == 0)
                        sim->catalogs[i--] = sim->catalogs[--sim->n_catalogs];
}

static void store(Simulation *sim, const Effect *e) {
        switch (e->kind) {
        case EFFECT_SAVE_DRIVE: store_drive(sim, &e->drive); break;
        case EFFECT_SAVE_JOB: store_job(sim, &e->job); break;
        case EFFECT_SAVE_CATALOG: store_catalog(sim, e->catalog); break;
        case EFFECT_DELETE_CATALOG: store_delete(sim, e->catalog_name); break;
        case EFFECT_TRAIL: store_trail(sim, e); break;
        case EFFECT_FORGET_ATTACHED: {
                DriveState *drive = drive_on_disk(sim, e->drive_id);

                if (drive)
                        drive->attached = false;
                break;
        }
        default: break;
        }
}

static void drop_batch(Simulation *sim) {
        for (unsigned i = 0; i < sim->n_batch; i++)
                effect_done(&sim->batch[i]);
        sim->n_batch = 0;
}

static bool commit(Simulation *sim) {
        bool fails = sim->store_fails;

        sim->store_fails = false;
        for (unsigned i = 0; !fails && i < sim->n_batch; i++)
                store(sim, &sim->batch[i]);
        drop_batch(sim);
        sim->n_failures += fails;
        return !fails;
}

/* What a client is told is on disk. */
static void check_promise(Simulation *sim, const Request *request, const json_t *answer) {
        const json_t *drive = json_object_get(answer, "drive");
        const DriveState *known = NULL;

        if (drive)
                known = drive_on_disk(sim, json_string_value(json_object_get(drive, "id")));
        if (request->method == METHOD_HOLD || request->method == METHOD_UNHOLD)
                SIM_REQUIRE(sim, known && known->held == (request->method == METHOD_HOLD));
        if (request->method == METHOD_RESOLVE)
                SIM_REQUIRE(sim, !known || !known->attention);
        if (request->method == METHOD_FLASH) {
                int64_t id = 0;

                SIM_REQUIRE(sim, json_get_int(answer, "job", 1, SIM_JOBS_MAX - 1, &id));
                SIM_REQUIRE(sim, sim->jobs[id].known);
                if (json_object_get(answer, "outcome"))
                        SIM_REQUIRE(sim, sim->jobs[id].stage == JOB_STAGE_ENDED &&
                                                 sim->jobs[id].outcome == OUTCOME_VERIFIED);
        }
}

static SimClient *waiting(Simulation *sim, uint64_t id) {
        for (unsigned i = 0; i < SIM_CLIENTS_MAX; i++)
                if (sim->clients[i].id == id && sim->clients[i].waits)
                        return &sim->clients[i];
        simulation_require(sim, false, "nobody is told what he did not ask", __FILE__, __LINE__);
        return NULL;
}

static void take_plan(Simulation *sim, const json_t *answer) {
        const char *digest;

        if (json_get_string(json_object_get(answer, "plan"), "digest", &digest))
                text_format(sim->digest, sizeof(sim->digest), "%s", digest);
}

static void take_reply(Simulation *sim, const Effect *e) {
        const Fault *fault = &e->reply.fault;
        SimClient *client;

        if (e->reply.client == SIM_PLANNER) {
                take_plan(sim, e->reply.parameters);
                return;
        }
        client = waiting(sim, e->reply.client);
        if (e->reply.continues) {
                SIM_REQUIRE(sim, client->request.more && e->reply.parameters);
                return;
        }
        client->waits = false;
        if (method_changes(client->request.method) && !client->request.caller.admin)
                SIM_REQUIRE(sim, fault->code == FAULT_NOT_PERMITTED);
        if (e->reply.fault.code == FAULT_NONE)
                check_promise(sim, &client->request, e->reply.parameters);
        else
                SIM_REQUIRE(sim, fault->code != FAULT_NONE && fault_code_valid(fault->code) &&
                                         fault->code != FAULT_INTERNAL && fault->text[0]);
}

static void take_go(Simulation *sim, uint64_t id) {
        SimJob *job = simulation_job(sim, id);

        SIM_REQUIRE(sim, sim->helper && sim->ready && sim->plan.job == id);
        SIM_REQUIRE(sim, job->stage == JOB_STAGE_COMMITTED && job->intent);
        SIM_REQUIRE(sim, sim->writing == 0 && !job->went);
        SIM_REQUIRE(sim, !sim->scanning);
        job->went = job->journal = true;
        sim->writing = id;
        sim->n_flashes++;
        core_on_flash_went(sim->core);
}

static void take_ack(Simulation *sim, uint64_t id) {
        SimJob *job = simulation_job(sim, id);

        /* What the journal has may go only if the store has it. */
        SIM_REQUIRE(sim, !job->known || (job->stage == JOB_STAGE_ENDED && job->n_outcomes == 1));
        SIM_REQUIRE(sim, sim->writing != id);
        job->journal = false;
        if (sim->helper && sim->plan.job == id)
                sim->helper = false;
}

static void deliver_entries(Simulation *sim, const uint8_t *model) {
        EntryInput inputs[WORLD_ENTRIES_MAX];
        unsigned n = 0;

        for (unsigned i = 0; i < sim->world->n_entries; i++) {
                const WorldEntry *e = &sim->world->entries[i];
                bool there = false;

                for (unsigned k = 0; k < sim->n_catalogs; k++)
                        there |= strcmp(sim->catalogs[k].config.name, e->catalog) == 0;
                if (there && memcmp(e->model, model, IDENTITY_LENGTH) == 0)
                        inputs[n++] = (EntryInput){ .catalog = e->catalog,
                                                    .path = e->path,
                                                    .length = 4096,
                                                    .sha256 = e->sha256,
                                                    .json = e->json,
                                                    .ignored = "" };
        }
        core_on_entries(sim->core, model, inputs, n);
}

static void reload(Simulation *sim, const Request *request) {
        Request list = *request;

        /* One of them, or all, may be gone. */
        core_set_catalogs(sim->core, sim->world->configs,
                          simulation_random(sim, 3) ? 2 : simulation_random(sim, 2));
        list.method = METHOD_LIST_CATALOGS;
        core_on_request(sim->core, &list);
}

static void carry_out(Simulation *sim, const Effect *e) {
        simulation_enter(sim);
        switch (e->kind) {
        case EFFECT_REPLY: take_reply(sim, e); break;
        case EFFECT_QUERY: waiting(sim, e->query.request.client)->waits = false; break;
        case EFFECT_SCAN:
                SIM_REQUIRE(sim, !sim->scanning && !sim->helper);
                sim->scanning = true;
                break;
        case EFFECT_LOAD_ENTRIES: deliver_entries(sim, e->model); break;
        case EFFECT_ASK_MIRROR:
                SIM_REQUIRE(sim, !sim->asking);
                sim->asking = true;
                memcpy(sim->ask_catalog, e->mirror.catalog, sizeof(sim->ask_catalog));
                sim->ask_mirror = e->mirror.mirror;
                break;
        case EFFECT_FETCH_IMAGE:
                SIM_REQUIRE(sim, !sim->fetching && e->image.url[0]);
                sim->fetching = true;
                memcpy(sim->fetch_sha256, e->image.sha256, 32);
                break;
        case EFFECT_FLASH_PLAN:
                SIM_REQUIRE(sim, !sim->helper && sim->writing == 0 && !sim->scanning);
                sim->helper = true;
                sim->ready = false;
                sim->plan = e->flash.plan;
                break;
        case EFFECT_FLASH_GO: take_go(sim, e->flash_job); break;
        case EFFECT_FLASH_ACK: take_ack(sim, e->flash_job); break;
        case EFFECT_FLASH_CLOSE:
                SIM_REQUIRE(sim, sim->writing == 0);
                sim->helper = false;
                break;
        case EFFECT_FLASH_REPORT:
                SIM_REQUIRE(sim, !sim->reporting);
                sim->reporting = true;
                break;
        case EFFECT_RELOAD: reload(sim, &e->query.request); break;
        default: break;
        }
}

void simulation_pump(Simulation *sim) {
        const Fault fault = { .code = FAULT_STORE, .text = "the store failed" };
        unsigned n_effects = 0;
        bool more = true;
        Effect effect;

        while (more) {
                bool committed = sim->n_batch > 0;

                more = core_next_effect(sim->core, &effect);
                SIM_REQUIRE(sim, !more || n_effects++ < 2000);
                if (more && sim->dies_in > 0 && --sim->dies_in == 0) {
                        effect_done(&effect);
                        simulation_restart(sim);
                        continue;
                }
                if (more && effect.kind <= _EFFECT_STORE_LAST) {
                        SIM_REQUIRE(sim, sim->n_batch < N_ELEMENTS(sim->batch));
                        sim->batch[sim->n_batch++] = effect;
                        continue;
                }
                if (sim->n_batch > 0) {
                        simulation_enter(sim);
                        if (!commit(sim)) {
                                core_on_store_failed(sim->core, more ? &effect : NULL, &fault);
                                more = true;
                                continue;
                        }
                        core_on_stored(sim->core);
                }
                if (more) {
                        carry_out(sim, &effect);
                        effect_done(&effect);
                } else
                        more = committed;
        }
}

/* What the store has, as the daemon loads it. */
static void load(Simulation *sim) {
        const Settings settings = { .reason = REASON_ROLLBACK };

        sim->core = core_new(&settings);
        assert_non_null(sim->core);
        simulation_enter(sim);
        for (unsigned i = 0; i < sim->n_drives; i++)
                assert_int_equal(core_load_drive(sim->core, &sim->drives[i]), 0);
        for (unsigned i = 0; i < sim->n_catalogs; i++)
                core_load_catalog(sim->core, &sim->catalogs[i]);
        core_load_next_job(sim->core, sim->last_job + 1);
        for (uint64_t id = 1; id <= sim->last_job; id++)
                if (sim->jobs[id].known && sim->jobs[id].stage != JOB_STAGE_ENDED)
                        assert_int_equal(core_load_job(sim->core, &sim->rows[id]), 0);
        core_set_catalogs(sim->core, sim->world->configs, sim->world->n_configs);
        core_start(sim->core);
}

void simulation_restart(Simulation *sim) {
        drop_batch(sim);
        sim->core = core_free(sim->core);
        sim->n_deaths++;
        sim->dies_in = 0;
        sim->scanning = sim->asking = sim->fetching = sim->reporting = false;
        sim->helper = false; /* one that writes goes on, see sim->writing */
        memset(sim->clients, 0, sizeof(sim->clients));
        load(sim);
}

Simulation *simulation_new(uint64_t seed) {
        static const char *const serials[] = { "A1", "B2", "B2", "", "" };
        Simulation *sim = calloc(1, sizeof(*sim));
        char node[8], path[16];

        assert_non_null(sim);
        sim->seed = seed;
        sim->random = seed * 0x9e3779b97f4a7c15u + 1;
        sim->world = world_new_bare(NULL);
        sim->now = sim->world->now;
        for (unsigned i = 0; i < N_ELEMENTS(serials); i++) {
                text_format(node, sizeof(node), "sr%u", i);
                text_format(path, sizeof(path), "/pci/%u", i);
                (void)world_add_drive(sim->world, node, "0043", serials[i], path);
        }
        world_add_catalog(sim->world, "main", 2);
        world_add_catalog(sim->world, "lab", 1);
        world_add_entry(sim->world, "main", "0045", "{'kind':'step','from':['0043']}", "");
        world_add_entry(sim->world, "main", "0050",
                        "{'kind':'upgrade','from':['0045']},{'kind':'recovery','from':['BOOT']},"
                        "{'kind':'reflash','from':['0050']}",
                        "");
        world_add_entry(sim->world, "lab", "0043", "{'kind':'downgrade','from':['0050','0045']}",
                        "");
        load(sim);
        simulation_pump(sim);
        return sim;
}

Simulation *simulation_free(Simulation *sim) {
        if (!sim)
                return NULL;
        drop_batch(sim);
        (void)core_free(sim->core);
        (void)world_free(sim->world);
        free(sim);
        return NULL;
}

/* Somebody new, or NULL if the house is full. */
SimClient *simulation_client(Simulation *sim) {
        for (unsigned i = 0; i < SIM_CLIENTS_MAX; i++)
                if (sim->clients[i].id == 0) {
                        sim->clients[i] = (SimClient){ .id = ++sim->last_client };
                        return &sim->clients[i];
                }
        return NULL;
}

void simulation_request(Simulation *sim, const Request *request) {
        simulation_enter(sim);
        core_on_request(sim->core, request);
        simulation_pump(sim);
}

void simulation_leave(Simulation *sim, SimClient *client) {
        uint64_t id = client->id;

        *client = (SimClient){};
        simulation_enter(sim);
        core_on_client_gone(sim->core, id);
        simulation_pump(sim);
}

void simulation_answer_scan(Simulation *sim, bool well) {
        Fault fault = {};

        for (unsigned i = 0; i < sim->world->n_drives && sim->scanning; i++) {
                const WorldDrive *drive = &sim->world->drives[i];
                DriveRecord record = drive->record;

                if (!drive->there)
                        continue;
                if (!well && simulation_random(sim, 8) == 0)
                        (void)fault_set(&record.fault, FAULT_DRIVE_SILENT, "no answer");
                simulation_enter(sim);
                core_on_scan_drive(sim->core, &record, known_id(sim, &record));
                simulation_pump(sim);
        }
        if (!sim->scanning)
                return; /* the daemon died meanwhile */
        sim->scanning = false;
        if (!well && simulation_random(sim, 6) == 0)
                (void)fault_set(&fault, FAULT_HELPER_DIED, "the probe died");
        simulation_enter(sim);
        core_on_scan_end(sim->core, &fault);
        simulation_pump(sim);
}

void simulation_answer_mirror(Simulation *sim, bool well) {
        VerifyEnd *end = calloc(1, sizeof(*end));

        assert_non_null(end);
        end->root_version = 1;
        end->timestamp_version = end->seen_version = ++sim->version;
        end->signed_at = end->seen_signed_at = sim->world->now + (int64_t)sim->version;
        end->expires = sim->now + 50000;
        if (!well && simulation_random(sim, 3) == 0)
                (void)fault_set(&end->fault, FAULT_MIRROR_UNREACHABLE, "no route");
        sim->asking = false;
        simulation_enter(sim);
        core_on_mirror_done(sim->core, sim->ask_catalog, sim->ask_mirror, end, 3, 0);
        free(end);
        simulation_pump(sim);
}

void simulation_answer_image(Simulation *sim, bool well) {
        Fault fault = {};

        sim->fetching = false;
        if (!well && simulation_random(sim, 2))
                (void)fault_set(&fault, FAULT_FETCH_INCOMPLETE, "cut off");
        simulation_enter(sim);
        core_on_image_done(sim->core, sim->fetch_sha256, &fault);
        simulation_pump(sim);
}
