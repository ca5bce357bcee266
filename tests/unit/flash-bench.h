/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The real discfw-flash and a real emulated drive, with the test in the daemon's place.
 *
 * Each test has a folder of its own with an emulator, a catalog signed by throw-away keys whose
 * first root is pinned, and one image. The test may change what is to be signed before it calls
 * bench_publish(), plan faults of the drive, and then has the conversation of wire/flash.h. Whatever
 * of the bench itself fails ends the test.
 */
#pragma once

#include <jansson.h>
#include <sys/types.h>

#include "tests/unit/tuf-repository.h"
#include "wire/flash.h"

#define PATIENCE_MS 60000

typedef struct Bench {
        char folder[64];
        const char *drive; /* model */
        pid_t emulator;
        Repository *repository;
        json_t *entry; /* custom.discfw, as it will be signed */
        uint8_t *image;
        uint32_t n_image;
        char target[TARGET_PATH_MAX + 1];
        FlashPlan plan; /* the good one; job 7 */
} Bench;

/* For cmocka: an IDE1004 at 0043, and an upgrade to 0051 in 258 pieces. State is a Bench. */
int bench_make(void **state);
/* The same with a PX-716A at 1.04, to 1.07. */
int bench_make_plextor(void **state);
int bench_remove(void **state);
#define test_on_bench(test) cmocka_unit_test_setup_teardown(test, bench_make, bench_remove)

/* Signs what is there, as the next version. */
void bench_publish(Bench *bench);
/* All metadata in one sealed memfd; the image in another. */
int bench_bundle(Bench *bench);
int bench_image(const Bench *bench);

/* Lines of a plan of faults, tests/emulator/faults.h; what it said before is forgotten. */
void bench_faults(Bench *bench, const char *lines);
/* One line to the emulator's hands, tests/emulator/control.h. */
void bench_control(Bench *bench, const char *line);
/* Commands that the drive was sent so far whose CDB begins with HEX: "3b" is WRITE BUFFER. */
unsigned bench_count(const Bench *bench, const char *hex);
/* Journals that are there. */
unsigned bench_journals(const Bench *bench);

typedef struct Helper {
        pid_t pid;
        int socket;
        int n_notes[_PHASE_MAX];
} Helper;

Helper helper_start(const Bench *bench);
/* Sends; takes over what is in FDS. False if the helper is gone. */
bool helper_tell(Helper *helper, uint16_t kind, const void *payload, size_t n_payload, int fd0,
                 int fd1);
void helper_plan(Helper *helper, Bench *bench);
void helper_plan_with(Helper *helper, const FlashPlan *plan, int image, int bundle);
void helper_go(Helper *helper, const Bench *bench);
void helper_ack(Helper *helper, uint64_t job);
void helper_report(Helper *helper);

/* The next message that is no note; its kind, or 0 at the end of the connection. */
uint16_t helper_hear(Helper *helper, FlashEnd *ret_end);
/* Waits until a note of PHASE comes. */
void helper_hear_phase(Helper *helper, FlashPhase phase);
/* Hangs up, if that has not happened yet, and waits for its end: its exit status, or minus the
 * signal. */
int helper_wait(Helper *helper);
void helper_hang_up(Helper *helper);
void helper_kill(Helper *helper);

/* All of it: plan, READY, order, END, ACK. Only the plan where it is refused. */
FlashEnd bench_flash(Bench *bench);
/* What a REPORT hands over: the number of outcomes, the last of them. */
unsigned bench_report(const Bench *bench, FlashEnd *ret_end);
