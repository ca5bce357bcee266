/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The flash helper of the simulation: it says all that it may say, and dies when it likes. */
#include <string.h>

#include "tests/unit/core-simulation.h"

static WorldDrive *drive_of_plan(Simulation *sim) {
        for (unsigned i = 0; i < sim->world->n_drives; i++)
                if (strcmp(sim->world->drives[i].record.devpath, sim->plan.devpath) == 0)
                        return &sim->world->drives[i];
        return &sim->world->drives[0];
}

static FlashEnd end_of(Simulation *sim, uint64_t id) {
        const SimJob *job = simulation_job(sim, id);
        FlashEnd end = { .job = id, .outcome = job->real };

        if (job->revision[0]) {
                end.identity_known = true;
                memcpy(end.identity, world_model, IDENTITY_LENGTH);
                memcpy(end.revision, job->revision, REVISION_SIZE);
        }
        if (job->real != OUTCOME_VERIFIED)
                (void)fault_set(&end.fault, outcome_fault(job->real), "so it ended");
        return end;
}

/* The flash itself ends: well, or with any outcome; its journal has it. */
static void flash_ends(Simulation *sim, bool well) {
        SimJob *job = simulation_job(sim, sim->writing);
        WorldDrive *drive = drive_of_plan(sim);

        job->real = well || simulation_random(sim, 2)
                            ? OUTCOME_VERIFIED
                            : (Outcome)simulation_random(sim, _OUTCOME_MAX);
        switch (job->real) {
        case OUTCOME_VERIFIED: memcpy(job->revision, sim->plan.to, REVISION_SIZE); break;
        case OUTCOME_RECOVERY_MODE: memcpy(job->revision, "BOOT", REVISION_SIZE); break;
        case OUTCOME_LOST:
        case OUTCOME_UNKNOWN: break;
        default: memcpy(job->revision, drive->record.revision, REVISION_SIZE); break;
        }
        if (job->revision[0])
                memcpy(drive->record.revision, job->revision, REVISION_SIZE);
        job->over = true;
        sim->writing = 0;
}

void simulation_answer_report(Simulation *sim) {
        if (sim->writing)
                flash_ends(sim, false); /* it waits for the journal's lock */
        for (uint64_t id = 1; id <= sim->last_job && sim->reporting; id++) {
                FlashEnd end;

                if (!sim->jobs[id].journal)
                        continue;
                end = end_of(sim, id);
                simulation_enter(sim);
                core_on_flash_end(sim->core, &end);
                simulation_pump(sim);
        }
        if (!sim->reporting)
                return;
        sim->reporting = false;
        simulation_enter(sim);
        core_on_reports_done(sim->core);
        simulation_pump(sim);
}

static void helper_gone(Simulation *sim) {
        const Fault fault = { .code = FAULT_HELPER_DIED, .text = "it is gone" };

        sim->helper = false;
        simulation_enter(sim);
        core_on_flash_gone(sim->core, &fault);
        simulation_pump(sim);
}

static void helper_says_end(Simulation *sim, const FlashEnd *end) {
        simulation_enter(sim);
        core_on_flash_end(sim->core, end);
        simulation_pump(sim);
        /* Without an ACK it goes at last; the journal stays. */
        if (sim->helper && sim->plan.job == end->job)
                helper_gone(sim);
}

static void helper_before_go(Simulation *sim, bool well) {
        const FlashReady ready = { .job = sim->plan.job };
        FlashEnd end = { .job = sim->plan.job, .outcome = OUTCOME_REFUSED };
        unsigned what = well ? 0 : simulation_random(sim, 6);

        simulation_enter(sim);
        if (what == 5) {
                helper_gone(sim);
        } else if (what == 4) {
                (void)fault_set(&end.fault, FAULT_TRAY_OPEN, "the tray is open");
                helper_says_end(sim, &end);
        } else {
                sim->ready = true;
                core_on_flash_ready(sim->core, &ready);
                simulation_pump(sim);
        }
}

/* The helper's next word, if it has one. */
void simulation_helper(Simulation *sim, bool well) {
        const FlashPhaseNote note = { .job = sim->plan.job,
                                      .phase = PHASE_WRITING,
                                      .n_done = simulation_random(sim, 100),
                                      .n_total = 100 };
        FlashEnd end;

        if (!sim->helper) {
                if (sim->writing && simulation_random(sim, 4) == 0)
                        flash_ends(sim, well);
                return;
        }
        if (sim->writing != sim->plan.job) {
                helper_before_go(sim, well);
                return;
        }
        if (!well && simulation_random(sim, 3)) {
                simulation_enter(sim);
                core_on_flash_phase(sim->core, &note);
                simulation_pump(sim);
                return;
        }
        if (!well && simulation_random(sim, 6) == 0) {
                flash_ends(sim, false);
                helper_gone(sim);
                return;
        }
        flash_ends(sim, well);
        end = end_of(sim, sim->plan.job);
        helper_says_end(sim, &end);
}
