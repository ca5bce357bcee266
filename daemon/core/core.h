/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the daemon decides. Pure: events come in as calls of core_on_...(), effects come out of
 * core_next_effect(), and nothing else happens. There is no loop, no store, no socket and no clock in
 * here, so a whole daemon can be run through a million steps from a seed.
 *
 * Whoever carries effects out does so in their order and keeps one promise: effects on the store that
 * come before another kind of effect are on disk before that one is begun, and core_on_stored() says
 * so. If the store fails they are undone, the one that waited for them is not begun, and
 * core_on_store_failed() is called. So "intent, then GO" is written down here simply as two effects in
 * this order.
 *
 * Start reading at core/job.c for the course of a flash, at core/plan.c for what is allowed.
 */
#pragma once

#include "core/effect.h"
#include "wire/verify.h"

typedef struct Core Core;

Core *core_new(const Settings *settings);
Core *core_free(Core *core);
DEFINE_CLEANUP(Core *, core_free)

/* Before each call below: what time it is. */
void core_set_time(Core *core, int64_t now, uint64_t boottime_ms);

/* Effects in their order; true and RET_EFFECT, which effect_done() frees, or false. */
bool core_next_effect(Core *core, Effect *ret_effect);

/* At start, before anything else: what the store has. */
int core_load_drive(Core *core, const DriveState *drive);
int core_load_job(Core *core, const FlashJob *job); /* open ones */
void core_load_catalog(Core *core, const CatalogState *catalog);
int core_load_image(Core *core, const uint8_t sha256[32]);
void core_load_next_job(Core *core, uint64_t id);
void core_load_clock_floor(Core *core, int64_t floor);

/* Configured catalogs, at start and after a reload; those that are gone are deleted. */
void core_set_catalogs(Core *core, const CatalogConfig *configs, unsigned n_configs);
/* All is loaded: asks for the drives, and for the outcomes that nobody took. */
void core_start(Core *core);

/* This method is for root and group discfw only. */
bool method_changes(Method method);

void core_on_request(Core *core, const Request *request);
void core_on_client_gone(Core *core, uint64_t client);
/* KNOWN_ID: the drive that the store knows under this key, or "". */
void core_on_scan_drive(Core *core, const DriveRecord *record, const char *known_id);
/* The scan that goes on begins from the start: one that was seen in it is going to be seen again, and
 * is then not another one with the same serial number. */
void core_on_scan_anew(Core *core);
void core_on_scan_end(Core *core, const Fault *fault);
void core_on_hotplug(Core *core);
/* A node went, as the kernel says: whose it was is known without a scan. One that restarts in the
 * middle of its flash has not left. */
void core_on_unplugged(Core *core, const char *node);

typedef struct EntryInput {
        const char *catalog;
        const char *path;
        uint64_t length;
        const uint8_t *sha256;
        const char *json;
        const char *ignored; /* text, or "" */
} EntryInput;
void core_on_entries(Core *core, const uint8_t model[IDENTITY_LENGTH], const EntryInput *entries,
                     unsigned n_entries);
void core_on_mirror_done(Core *core, const char *catalog, unsigned mirror, const VerifyEnd *end,
                         unsigned n_entries, unsigned n_ignored);
void core_on_image_progress(Core *core, uint64_t n_done, uint64_t n_total);
void core_on_image_done(Core *core, const uint8_t sha256[32], const Fault *fault);
void core_on_flash_ready(Core *core, const FlashReady *ready);
/* EFFECT_FLASH_GO was carried out. */
void core_on_flash_went(Core *core);
void core_on_flash_phase(Core *core, const FlashPhaseNote *note);
void core_on_flash_end(Core *core, const FlashEnd *end);
/* The connection ended without END. */
void core_on_flash_gone(Core *core, const Fault *fault);
void core_on_reports_done(Core *core);

/* The effects on the store that were taken so far are on disk. */
void core_on_stored(Core *core);
/* They are not, and were undone. NEXT is the effect that waited for them, taken over, or NULL. Whoever
 * was to be told that something is done is told FAULT; what had to be recorded first does not happen;
 * an outcome that could not be recorded is kept and tried again. */
void core_on_store_failed(Core *core, Effect *next, const Fault *fault);

/* An order is under way, from its acceptance to its last outcome. */
bool core_flashing(const Core *core);
/* Nothing is under way, nobody waits or listens, and every effect was taken: what the core knows, the
 * store knows, so the process may end and be started again. */
bool core_idle(const Core *core);
