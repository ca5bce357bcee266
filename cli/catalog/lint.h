/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is wrong with a catalog although every entry by itself is good: edges that contradict each
 * other. Clients cope with all of it; their users would be told less than they could be.
 */
#pragma once

#include <jansson.h>

#include "catalog/entry.h"
#include "cli/catalog/work.h"

typedef struct EntryList {
        Entry **entries;
        unsigned n_entries;
} EntryList;

/* Parses and appends; faults as of entry_parse(). */
int entry_list_add(EntryList *list, const char *path, uint64_t length, const uint8_t sha256[32],
                   const json_t *custom, Fault *fault) _must_check_;
void entry_list_done(EntryList *list);
#define _cleanup_entry_list_ _cleanup_(entry_list_done)

/* Logs each finding as a warning. Returns how many there are. */
unsigned lint_entries(const EntryList *list);

/* All entries of the work folder, drafts before what is signed. An entry that clients would refuse is
 * a fault. */
int lint_work(const Work *work, Fault *fault) _must_check_;
