/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "tests/emulator/interpreter.h"
#include "tests/emulator/state.h"

static int open_place(Bench *bench, size_t i, const BenchOptions *options, Fault *fault) {
        Place *place = &bench->places[i];
        int r;

        r = drive_init(&place->drive, &bench->models[i], options->time_scale);
        if (r < 0)
                return fault_set(fault, FAULT_BAD_CONFIG, "%s: %s: %s", bench->models[i].name,
                                 bench->models[i].disc_image, strerror(-r));
        if (bench->state_fd >= 0) {
                r = state_load(bench->state_fd, &place->drive, fault);
                if (r < 0)
                        return r;
        }
        drive_power_cycle(&place->drive, 0);
        if (!options->transcripts)
                return 0;
        return transcript_open(options->transcripts, bench->models[i].name, &place->transcript,
                               fault);
}

static int open_state(const char *folder, int *ret_fd, Fault *fault) {
        int r = mkdir_parents(folder, 0755);
        int fd = r < 0 ? -1 : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return fault_set(fault, FAULT_BAD_CONFIG, "%s: %s", folder,
                                 strerror(r < 0 ? -r : errno));
        *ret_fd = fd;
        return 0;
}

static int open_bench(const BenchOptions *options, Bench *bench, Fault *fault) {
        int r;

        r = models_read(options->models, &bench->models, &bench->n_places, fault);
        if (r < 0)
                return r;
        if (bench->n_places > BENCH_DRIVES_MAX)
                return fault_set(fault, FAULT_LIMIT, "%s: more than %d drives", options->models,
                                 BENCH_DRIVES_MAX);
        bench->places = calloc(bench->n_places, sizeof(*bench->places));
        if (!bench->places)
                return -ENOMEM;
        if (options->state) {
                r = open_state(options->state, &bench->state_fd, fault);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < bench->n_places; i++) {
                r = open_place(bench, i, options, fault);
                if (r < 0)
                        return r;
        }
        return options->faults ? bench_faults(bench, options->faults, fault) : 0;
}

int bench_open(const BenchOptions *options, Bench *ret_bench, Fault *fault) {
        Bench bench = { .state_fd = -1 };
        int r;

        r = open_bench(options, &bench, fault);
        if (r < 0) {
                bench_close(&bench);
                return r;
        }
        *ret_bench = bench;
        return 0;
}

void bench_close(Bench *bench) {
        for (size_t i = 0; bench->places && i < bench->n_places; i++) {
                drive_done(&bench->places[i].drive);
                transcript_close(&bench->places[i].transcript);
        }
        free(bench->places);
        free(bench->models);
        fault_plan_clear(&bench->plan);
        closep(&bench->state_fd);
        *bench = (Bench){ .state_fd = -1 };
}

int bench_find(const Bench *bench, const char *name, size_t *ret_place) {
        for (size_t i = 0; i < bench->n_places; i++)
                if (strcmp(bench->models[i].name, name) == 0) {
                        *ret_place = i;
                        return 0;
                }
        return -ENOENT;
}

/* A drive whose state cannot be written would be healed by the next start: better none at all. */
static void keep(Bench *bench, size_t i) {
        Drive *drive = &bench->places[i].drive;
        int r;

        if (!drive->dirty || bench->state_fd < 0)
                return;
        r = state_save(bench->state_fd, drive);
        if (r < 0) {
                log_error("cannot keep the state of %s: %s", drive->model->name, strerror(-r));
                abort();
        }
        drive->dirty = false;
}

/* What a fault makes of a command, in its place or after it. */
static void strike(Drive *drive, const PlannedFault *planned, uint64_t now, ScsiReply *reply) {
        switch (planned->action) {
        case DO_SENSE: reply_refuse(reply, planned->sense); break;
        case DO_STATUS: reply->status = (uint8_t)planned->number; break;
        case DO_HOST: reply->host_status = (uint16_t)planned->number; break;
        case DO_DRIVER: reply->driver_status = (uint16_t)planned->number; break;
        case DO_HANG: reply->fate = SCSI_SILENT; break;
        case DO_VANISH:
                reply->fate = SCSI_VANISHED;
                reply->delay_ms = drive_scaled(drive, planned->number);
                break;
        case DO_RESET:
                drive_bus_reset(drive);
                drive->n_attentions = 0; /* this very command reports it */
                reply_refuse(reply, (Sense){ 6, 0x29, 0x00 });
                break;
        case DO_POWER_CUT:
                drive_power_cycle(drive, now);
                reply->fate = SCSI_SILENT;
                break;
        case DO_RESIDUAL: reply->residual += planned->number; break;
        case DO_STALL: reply->delay_ms += drive_scaled(drive, planned->number); break;
        case DO_BURN_END: break;
        }
}

static bool in_place_of_command(const PlannedFault *planned) {
        return planned && !planned->after && planned->action < DO_RESIDUAL;
}

void bench_execute(Bench *bench, size_t i, const ScsiRequest *request, uint64_t now,
                   ScsiReply *reply) {
        Place *place = &bench->places[i];
        Drive *drive = &place->drive;
        const PlannedFault *planned = fault_plan_next(&bench->plan, i, drive, request);

        if (in_place_of_command(planned)) {
                memset(reply, 0, offsetof(ScsiReply, in));
                drive_tick(drive, now);
        } else {
                if (planned && planned->action == DO_BURN_END)
                        drive->next_burn_end = planned->burn_end;
                interpret(drive, request, now, reply);
                drive->next_burn_end = BURN_RUNS;
        }
        if (planned)
                strike(drive, planned, now, reply);
        keep(bench, i);
        transcript_command(&place->transcript, request, reply, planned ? planned->text : NULL);
}

void bench_note(Bench *bench, size_t i, const ScsiRequest *request, const char *why) {
        transcript_refused(&bench->places[i].transcript, request, why);
}

uint64_t bench_tick(Bench *bench, uint64_t now) {
        uint64_t next = UINT64_MAX;

        for (size_t i = 0; i < bench->n_places; i++) {
                Drive *drive = &bench->places[i].drive;

                drive_tick(drive, now);
                keep(bench, i);
                if (drive_next_tick(drive) < next)
                        next = drive_next_tick(drive);
        }
        return next;
}

void bench_power_cycle(Bench *bench, size_t i, uint64_t now) {
        drive_power_cycle(&bench->places[i].drive, now);
        keep(bench, i);
}

void bench_bus_reset(Bench *bench, size_t i) {
        drive_bus_reset(&bench->places[i].drive);
}

bool bench_tray(Bench *bench, size_t i, bool open, uint64_t now) {
        bool done = drive_set_tray(&bench->places[i].drive, open, now);

        keep(bench, i);
        return done;
}

int bench_disc(Bench *bench, size_t i, DiscKind kind, const char *image, uint64_t now) {
        int r = drive_set_disc(&bench->places[i].drive, kind, image, now);

        keep(bench, i);
        return r;
}

int bench_faults(Bench *bench, const char *file, Fault *fault) {
        FaultPlan plan;
        int r;

        r = fault_plan_read(file, bench->n_places, &plan, fault);
        if (r < 0)
                return r;
        fault_plan_clear(&bench->plan);
        bench->plan = plan;
        return 0;
}
