/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discfwd lets discfw-flash write one image to one drive.
 *
 *     discfwd                                     discfw-flash
 *        | PLAN  drive, target, edge; image, bundle    |
 *        |-------------------------------------------->| claim, identify, verify from the pinned root
 *        |<------------------------------------ READY -| (or END: refused)
 *        | intent into the audit log, on disk          | own journal: INTENT, on disk
 *        | GO    (with the inhibitor's descriptor)     |
 *        |-------------------------------------------->| first command that changes the drive
 *        |<------------------------------------ PHASE -|  ... now and then
 *        |<------------------------------------ END ---| the journal has the outcome already
 *        | ACK   the outcome is in the store           |
 *        |-------------------------------------------->| the journal goes
 *
 * After GO nothing that the daemon says or does not say changes the course: a closed connection is
 * ignored, there is no message to stop. A REPORT connection hands over the outcomes of journals that
 * nobody acknowledged; it waits while their flash is still running.
 *
 *        | REPORT --------------->|
 *        |<---- END, each --------|
 *        | ACK, each ------------>|
 *        |<---- NONE -------------|
 */
#pragma once

#include "wire/frame.h"
#include "wire/probe.h"

/* What is being done; the kinds of an edge (catalog/entry.h) by the same numbers. */
typedef enum FlashKind {
        FLASH_UPGRADE = 0,
        FLASH_STEP = 1,
        FLASH_DOWNGRADE = 2,
        FLASH_RECOVERY = 3,
        FLASH_REFLASH = 4,
        _FLASH_KIND_MAX,
} FlashKind;

/* Always exactly one. The order is part of the wire and of the store. */
typedef enum Outcome {
        OUTCOME_REFUSED = 0,         /* preflight: nothing was sent that changes the drive */
        OUTCOME_FAILED_UNHARMED = 1, /* it stopped before the point of no return */
        OUTCOME_NO_CHANGE = 2,       /* all went well, and the drive has its old firmware */
        OUTCOME_VERIFIED = 3,        /* the drive says that it runs what was wanted */
        OUTCOME_UNVERIFIED = 4,      /* it answers, and says something that nobody expected */
        OUTCOME_NEEDS_POWER_CYCLE = 5,
        OUTCOME_RECOVERY_MODE = 6,
        OUTCOME_LOST = 7,    /* it does not answer any more */
        OUTCOME_UNKNOWN = 8, /* interrupted: nobody watched the end */
        _OUTCOME_MAX,
} Outcome;

typedef enum FlashPhase {
        PHASE_CHECKING = 0,   /* before READY */
        PHASE_WRITING = 1,    /* pieces go into the drive's memory */
        PHASE_COMMITTING = 2, /* the drive erases and writes its flash: do not switch off */
        PHASE_SETTLING = 3,   /* waiting for it to come back */
        PHASE_VERIFYING = 4,
        _PHASE_MAX,
} FlashPhase;

typedef struct FlashPlan {    /* descriptors: image, bundle of metadata; both sealed */
        uint64_t job;         /* the daemon's number, above 0; names the journal */
        char node[NODE_SIZE]; /* a hint where the drive was; its identity decides */
        uint8_t identity[IDENTITY_LENGTH];
        char revision[REVISION_SIZE];       /* must be there now */
        char serial[SERIAL_SIZE];           /* "" if it has none */
        char devpath[DEVPATH_SIZE];         /* decides where there is no serial */
        char catalog[CATALOG_NAME_MAX + 1]; /* which pinned root */
        char target[TARGET_PATH_MAX + 1];
        char to[REVISION_SIZE];
        FlashKind kind;
        bool allow_expired; /* root asked, with a reason; only for the kinds that may */
} FlashPlan;

typedef struct FlashReady {
        uint64_t job;
        uint32_t expected_ms; /* how long it may take at most, by the recipe */
        Counters before;
        Region region_before;
} FlashReady;

typedef struct FlashPhaseNote {
        uint64_t job;
        FlashPhase phase;
        uint32_t n_done; /* pieces, or seconds while settling */
        uint32_t n_total;
} FlashPhaseNote;

typedef struct FlashEnd {
        uint64_t job;
        Outcome outcome;
        Fault fault;         /* set unless OUTCOME_VERIFIED */
        char sense[96];      /* "5/20/00 invalid opcode", or "" */
        bool identity_known; /* the drive was read afterwards: */
        uint8_t identity[IDENTITY_LENGTH];
        char revision[REVISION_SIZE];
        char node[NODE_SIZE];
        uint32_t n_sent; /* commands that change a drive */
        uint32_t duration_ms;
        Counters before, after;
        bool counted_anew; /* it came back as a new device: AFTER began at 0 then */
        Region region_after;
} FlashEnd;

size_t flash_plan_encode(const FlashPlan *plan, void *buffer, size_t size);
bool flash_plan_decode(const void *bytes, size_t n_bytes, FlashPlan *ret_plan);
size_t flash_ready_encode(const FlashReady *ready, void *buffer, size_t size);
bool flash_ready_decode(const void *bytes, size_t n_bytes, FlashReady *ret_ready);
size_t flash_phase_encode(const FlashPhaseNote *note, void *buffer, size_t size);
bool flash_phase_decode(const void *bytes, size_t n_bytes, FlashPhaseNote *ret_note);
size_t flash_end_encode(const FlashEnd *end, void *buffer, size_t size);
bool flash_end_decode(const void *bytes, size_t n_bytes, FlashEnd *ret_end);
/* GO, REPORT and NONE carry nothing but, in GO and ACK, the job. */
size_t flash_job_encode(uint64_t job, void *buffer, size_t size);
bool flash_job_decode(const void *bytes, size_t n_bytes, uint64_t *ret_job);

const char *outcome_name(Outcome outcome); /* "verified", "needs-power-cycle" */
bool outcome_from_name(const char *name, Outcome *ret_outcome);
FaultCode outcome_fault(Outcome outcome);       /* FAULT_NONE for verified */
const char *flash_phase_name(FlashPhase phase); /* "writing" */
const char *flash_kind_name(FlashKind kind);    /* "upgrade" */
