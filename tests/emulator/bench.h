/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bench with drives on it: what every front end serves, whatever carries the commands.
 *
 * One command goes this way: count it, ask the fault plan, interpret it, write down what outlives
 * the process, write the transcript. State is on disk before the answer leaves.
 */
#pragma once

#include "base/fault.h"
#include "tests/emulator/drive.h"
#include "tests/emulator/faults.h"
#include "tests/emulator/transcript.h"

#define BENCH_DRIVES_MAX 64

typedef struct Place {
        Drive drive;
        Transcript transcript;
} Place;

typedef struct Bench {
        DriveModel *models;
        Place *places;
        size_t n_places;
        int state_fd; /* folder, -1: nothing is kept */
        FaultPlan plan;
} Bench;

typedef struct BenchOptions {
        const char *models;      /* folder */
        const char *state;       /* folder or NULL */
        const char *transcripts; /* folder or NULL */
        const char *faults;      /* file or NULL */
        double time_scale;
} BenchOptions;

/* Sets up all drives of a folder, each in its kept state, and switches them on. */
int bench_open(const BenchOptions *options, Bench *ret_bench, Fault *fault) _must_check_;
void bench_close(Bench *bench);

/* -ENOENT if there is no such drive. */
int bench_find(const Bench *bench, const char *name, size_t *ret_place);

/* Lets a drive answer a command. REPLY is always filled. */
void bench_execute(Bench *bench, size_t place, const ScsiRequest *request, uint64_t now,
                   ScsiReply *reply);

/* A command that the host's kernel did not let through: goes into the transcript, is not counted. */
void bench_note(Bench *bench, size_t place, const ScsiRequest *request, const char *why);

/* Time passes for all drives; returns when this is wanted next, UINT64_MAX for never. */
uint64_t bench_tick(Bench *bench, uint64_t now);

/* Hands, for a person's: each keeps the state. */
void bench_power_cycle(Bench *bench, size_t place, uint64_t now);
void bench_bus_reset(Bench *bench, size_t place);
bool bench_tray(Bench *bench, size_t place, bool open, uint64_t now);
int bench_disc(Bench *bench, size_t place, DiscKind kind, const char *image, uint64_t now);
int bench_faults(Bench *bench, const char *file, Fault *fault);
