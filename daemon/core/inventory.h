/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The drives of the machine, and what catalogs say of each. */
#pragma once

#include "catalog/graph.h"
#include "core/core.h"

/* An entry of one catalog for the model of one drive. */
typedef struct KnownEntry {
        Entry *entry; /* NULL: ignored, and why */
        char catalog[CATALOG_NAME_MAX + 1];
        char path[TARGET_PATH_MAX + 1];
        char ignored[FAULT_TEXT_MAX];
} KnownEntry;

typedef struct Drive {
        DriveState state;
        KnownEntry *entries;
        unsigned n_entries;
        char announced[REVISION_SIZE]; /* the newer version that was told of already */
        bool seen;                     /* in the scan that is going on */
        bool recorded;                 /* the log has it: not new any more */
        /* What is undone if the store fails: a change that has to stand in the log. */
        bool unsure;
        uint64_t unsure_until; /* effects_mark() */
        DriveState before;
        bool before_recorded;
} Drive;

Drive *drive_find(Core *core, const char *id);
/* What a person has at hand: node, block name, with or without /dev/, serial, prefix of the id. */
Drive *drive_lookup(Core *core, const char *name, Fault *fault);
const char *drive_shown_node(const Drive *drive);
void drive_label(const Drive *drive, char *ret_text, size_t size); /* "sr0", "btc-1004" */
/* Asks for a scan; while one is under way, for another one after it; while a flash is, after that. */
void scan_begin(Core *core);
/* No drive is spoken to now but by the flash helper. */
bool scan_forbidden(const Core *core);
void revision_trim(const char *revision, char ret_text[REVISION_SIZE]);
void revision_show(const char *revision, char ret_text[REVISION_TEXT_SIZE]);
/* Before a change of STATE that only holds if it is recorded, and after its effects were added. */
void drive_change_begin(Drive *drive);
void drive_change_end(const Core *core, Drive *drive);
void inventory_stored(Core *core);
void inventory_undo(Core *core);
void inventory_free(Core *core);

/* resolve.c */
void resolve_drive(Core *core, const Request *request);
/* A scan showed a drive that waits for its power cycle: perhaps it is well now. */
void resolve_by_scan(Core *core, Drive *drive);
