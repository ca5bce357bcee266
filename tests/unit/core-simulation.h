/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine around the core that checks, at every effect, what may never be otherwise: a store that
 * commits, fails, or dies with the daemon; a flash helper with a journal that outlives both; clients
 * that each wait for one answer. What happens next a test decides, from a seed.
 *
 * Properties 3, 4, 6, 7 and 12 of ARCHITECTURE.md are held by simulation_pump().
 */
#pragma once

#include "tests/unit/core-world.h"

#define SIM_CLIENTS_MAX 24
#define SIM_JOBS_MAX    40000
#define SIM_PLANNER     UINT64_MAX /* a client who asks for plans; what it is told is in DIGEST */

typedef struct SimClient {
        uint64_t id; /* 0: a free place */
        bool waits;
        Request request;
} SimClient;

/* What the store, the log and the helper's journal have of one job. */
typedef struct SimJob {
        bool known;
        JobStage stage;
        Outcome outcome;
        bool intent;
        unsigned n_outcomes; /* rows in the log */
        bool went;           /* GO was heard */
        bool journal;        /* not acknowledged yet: */
        bool over;           /* the flash as such */
        Outcome real;
        char revision[REVISION_SIZE];
} SimJob;

typedef struct Simulation {
        uint64_t seed, random, step;
        Core *core;
        World *world; /* drives and entries; its own core is not used */
        int64_t now;

        /* on disk */
        DriveState drives[256];
        unsigned n_drives;
        CatalogState catalogs[4];
        unsigned n_catalogs;
        SimJob jobs[SIM_JOBS_MAX];
        FlashJob rows[SIM_JOBS_MAX];
        uint64_t last_job;

        Effect batch[256];
        unsigned n_batch;
        bool store_fails; /* at the next commit */
        unsigned dies_in; /* the daemon, at the N-th effect from now; 0 it does not */

        bool scanning;
        bool asking;
        char ask_catalog[CATALOG_NAME_MAX + 1];
        unsigned ask_mirror;
        bool fetching;
        uint8_t fetch_sha256[32];
        bool reporting;
        bool helper; /* connected: */
        bool ready;
        FlashPlan plan;
        uint64_t writing; /* the job whose drive is being written, connected or not; 0 none */

        char digest[65];
        SimClient clients[SIM_CLIENTS_MAX];
        uint64_t last_client, version; /* of catalogs; discfw-verify lets none go down */
        uint64_t n_flashes, n_deaths, n_failures;
} Simulation;

Simulation *simulation_new(uint64_t seed);
Simulation *simulation_free(Simulation *sim);
DEFINE_CLEANUP(Simulation *, simulation_free)

/* 0 to N - 1. */
unsigned simulation_random(Simulation *sim, unsigned n);
/* Carries out what the core wants, and checks it. */
void simulation_pump(Simulation *sim);
/* The daemon is killed and started again, with what is on disk. */
void simulation_restart(Simulation *sim);

SimClient *simulation_client(Simulation *sim);
void simulation_request(Simulation *sim, const Request *request);
void simulation_leave(Simulation *sim, SimClient *client);

/* Before each call of the core: what time it is. */
void simulation_enter(Simulation *sim);
SimJob *simulation_job(Simulation *sim, uint64_t id);

/* What is outstanding is answered: well, or as RANDOM has it. */
void simulation_answer_scan(Simulation *sim, bool well);
void simulation_answer_mirror(Simulation *sim, bool well);
void simulation_answer_image(Simulation *sim, bool well);
void simulation_answer_report(Simulation *sim);
void simulation_helper(Simulation *sim, bool well);

/* Prints seed and step, and fails, unless HOLDS. */
#define SIM_REQUIRE(sim, holds) simulation_require((sim), (holds), #holds, __FILE__, __LINE__)
void simulation_require(const Simulation *sim, bool holds, const char *what, const char *file,
                        int line);
