/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which way a drive may go, and what stands against it. */
#pragma once

#include "core/inventory.h"

typedef struct PlanQuestion {
        Drive *drive;
        bool rollback;
        bool reflash;
        char to[REVISION_SIZE]; /* "" for the newest or the nearest */
        const Caller *caller;   /* NULL: leave out what depends on who asks */
        const char *reason;
} PlanQuestion;

typedef struct PlanAnswer {
        Way way;
        char catalog[CATALOG_NAME_MAX + 1];
        bool allow_expired;
        bool needs_reason;
        char digest[65];
        bool has_back;
        Way back;
} PlanAnswer;

/* The usable entries of one catalog for a drive. Returns how many; at most ENTRIES_MAX. */
unsigned entries_of(const Drive *drive, const char *catalog, const Entry **ret_entries);
CatalogState *catalog_find(Core *core, const char *name);
bool catalog_fresh(const Core *core, const CatalogState *catalog);
/* Which way, and whether it may be gone; the fault says why not. */
int plan_make(Core *core, const PlanQuestion *question, PlanAnswer *ret_answer, Fault *fault);
/* The newest for a drive over all its catalogs that are fresh (or any, with STALE_TOO): true if some
 * catalog knows the drive's revision. RET_WAY is empty if it is current. */
bool plan_newest(Core *core, const Drive *drive, bool stale_too, Way *ret_way,
                 char ret_catalog[CATALOG_NAME_MAX + 1]);
bool image_in_store(const Core *core, const uint8_t sha256[32]);
void image_forget(Core *core, const uint8_t sha256[32]);
