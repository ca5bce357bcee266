/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon's decisions over many steps of chance: people who ask and leave, drives that come and go,
 * a helper that says all it may say, a store that fails, a daemon that dies between any two effects.
 * What must hold is held by core-simulation.c; a failure prints its seed and step. Other seeds, or more
 * steps: DISCFW_SEED=n DISCFW_STEPS=n tests/unit/test-core-simulation. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tests/unit/core-simulation.h"
#include "tests/unit/test.h"

#define SEEDS 4
#define STEPS 100000
/* So often all goes well for a while, and then nobody may wait for anything. */
#define CALM_EVERY 2500
#define CALM_STEPS 200

static void random_texts(Simulation *sim, Request *request) {
        static const char *const drives[] = { "sr0", "sr1", "sr2", "sr3", "sr4", "sr0", "sr1",
                                              "sr2", "sr3", "sr4", "A1",  "B2",  "x" };
        static const char *const kinds[] = { "update", "update", "rollback", "reflash" };
        static const char *const versions[] = { "", "", "", "0043", "0050" };

        text_format(request->drive, sizeof(request->drive), "%s",
                    drives[simulation_random(sim, N_ELEMENTS(drives))]);
        text_format(request->kind, sizeof(request->kind), "%s",
                    kinds[simulation_random(sim, N_ELEMENTS(kinds))]);
        text_format(request->version, sizeof(request->version), "%s",
                    versions[simulation_random(sim, N_ELEMENTS(versions))]);
        if (simulation_random(sim, 2))
                text_format(request->reason, sizeof(request->reason), "by chance");
}

/* Whoever orders agrees to whatever the plan is. */
static void agree(Simulation *sim, Request *request) {
        Request plan = *request;

        plan.method = METHOD_PLAN_FLASH;
        plan.client = SIM_PLANNER;
        sim->digest[0] = '\0';
        simulation_request(sim, &plan);
        memcpy(request->digest, sim->digest, sizeof(sim->digest));
}

/* Any, and oftener those that keep the others going. */
static Method a_method(Simulation *sim) {
        static const Method often[] = { METHOD_RESOLVE, METHOD_RESOLVE, METHOD_UNHOLD,
                                        METHOD_UNHOLD,  METHOD_REFRESH, METHOD_REFRESH,
                                        METHOD_RELOAD };

        switch (simulation_random(sim, 4)) {
        case 0: return (Method)simulation_random(sim, _METHOD_MAX);
        case 1: return often[simulation_random(sim, N_ELEMENTS(often))];
        default: return METHOD_FLASH;
        }
}

static void somebody_asks(Simulation *sim) {
        SimClient *client = simulation_client(sim);
        Request *request, copy;

        if (!client)
                return;
        request = &client->request;
        client->waits = true;
        request->client = client->id;
        request->method = a_method(sim);
        request->more = simulation_random(sim, 2);
        switch (simulation_random(sim, 6)) {
        case 0: request->caller = world_user(1000 + simulation_random(sim, 3)); break;
        case 1: request->caller = world_admin(); break;
        default: request->caller = world_root(); break;
        }
        random_texts(sim, request);
        if (request->method == METHOD_FLASH && simulation_random(sim, 10))
                agree(sim, request);
        copy = *request;
        simulation_request(sim, &copy); /* its client may be gone when it returns */
}

static void somebody_leaves(Simulation *sim) {
        SimClient *client = &sim->clients[simulation_random(sim, SIM_CLIENTS_MAX)];

        /* Who was answered goes; who waits, now and then. */
        if (client->id && (!client->waits || client->request.method == METHOD_MONITOR ||
                           simulation_random(sim, 10) == 0))
                simulation_leave(sim, client);
}

static void a_drive_changes(Simulation *sim) {
        WorldDrive *drive = &sim->world->drives[simulation_random(sim, sim->world->n_drives)];

        switch (simulation_random(sim, 8)) {
        case 0: drive->there = false; break;
        case 1: memcpy(drive->record.revision, "0043", REVISION_SIZE); break;
        default: drive->there = true; break;
        }
        core_on_hotplug(sim->core);
        simulation_pump(sim);
}

static void answer_something(Simulation *sim, bool well) {
        switch (simulation_random(sim, 5)) {
        case 0:
                if (sim->scanning)
                        simulation_answer_scan(sim, well);
                break;
        case 1:
                if (sim->asking)
                        simulation_answer_mirror(sim, well);
                break;
        case 2:
                if (sim->fetching)
                        simulation_answer_image(sim, well);
                break;
        case 3:
                if (sim->reporting)
                        simulation_answer_report(sim);
                break;
        default: simulation_helper(sim, well); break;
        }
}

static void something_happens(Simulation *sim) {
        unsigned what = simulation_random(sim, 1000);

        if (what < 150)
                somebody_asks(sim);
        else if (what < 350)
                somebody_leaves(sim);
        else if (what < 370)
                a_drive_changes(sim);
        else if (what < 390)
                sim->now += (int64_t)simulation_random(sim, 5000);
        else if (what < 392)
                sim->now -= (int64_t)simulation_random(sim, 20000);
        else if (what < 402)
                sim->store_fails = true;
        else if (what < 406)
                sim->dies_in = 1 + simulation_random(sim, 12);
        else
                answer_something(sim, false);
}

/* Nothing fails and nobody asks: what was begun comes to its end. */
static void calm(Simulation *sim) {
        sim->store_fails = false;
        sim->dies_in = 0;
        /* The first request after a store that failed is what tries again. */
        simulation_request(sim, &(Request){ .client = 0, .method = METHOD_GET_STATUS });
        for (unsigned i = 0; i < CALM_STEPS || sim->scanning || sim->asking || sim->helper; i++) {
                SIM_REQUIRE(sim, i < 50 * CALM_STEPS);
                sim->step++;
                answer_something(sim, true);
        }
        for (unsigned i = 0; i < SIM_CLIENTS_MAX; i++)
                SIM_REQUIRE(sim, !sim->clients[i].waits ||
                                         sim->clients[i].request.method == METHOD_MONITOR);
        SIM_REQUIRE(sim, !core_flashing(sim->core));
        for (uint64_t id = 1; id <= sim->last_job; id++) {
                const SimJob *job = &sim->jobs[id];

                /* One that was never begun may have to wait for the next start to be closed. */
                SIM_REQUIRE(sim, !job->known || job->stage != JOB_STAGE_COMMITTED);
                SIM_REQUIRE(sim, !job->known || job->n_outcomes == (job->stage == JOB_STAGE_ENDED));
                SIM_REQUIRE(sim, !job->went || job->intent);
        }
}

static void test_what_must_hold_holds_whatever_happens(void **state) {
        const char *seed = getenv("DISCFW_SEED"), *steps = getenv("DISCFW_STEPS");
        uint64_t first = seed ? strtoull(seed, NULL, 10) : 1;
        uint64_t n_steps = steps ? strtoull(steps, NULL, 10) : STEPS;

        (void)state;
        for (uint64_t i = first; i < first + (seed ? 1 : SEEDS); i++) {
                _cleanup_(simulation_freep) Simulation *sim = simulation_new(i);
                uint64_t next_calm = CALM_EVERY;

                while (sim->step++ < n_steps) {
                        something_happens(sim);
                        if (sim->step < next_calm)
                                continue;
                        next_calm = sim->step + CALM_EVERY;
                        calm(sim);
                }
                simulation_restart(sim);
                simulation_pump(sim);
                calm(sim);
                for (uint64_t id = 1; id <= sim->last_job; id++)
                        SIM_REQUIRE(sim, !sim->jobs[id].known || sim->jobs[id].n_outcomes == 1);
                print_message("# seed %lu: %lu flashes, %lu jobs, %lu deaths, %lu failing stores\n",
                              (unsigned long)i, (unsigned long)sim->n_flashes,
                              (unsigned long)sim->last_job, (unsigned long)sim->n_deaths,
                              (unsigned long)sim->n_failures);
                /* Or it would prove nothing. */
                assert_true(sim->n_flashes > n_steps / 1000);
                assert_true(sim->n_deaths > 10 && sim->n_failures > 10);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_must_hold_holds_whatever_happens),
        };

        return RUN_TESTS(tests);
}
