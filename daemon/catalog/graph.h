/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ways between the firmware of one drive, as its catalogs declare them.
 *
 * Nodes are revisions, edges are declared; nothing else leads anywhere. Withdrawn entries are no way
 * to anything. "Newest" is the head of the graph: where upgrade and step edges lead and none leads
 * on, never the greatest string.
 *
 * ENTRIES are those for the model that the drive shows now, at most ENTRIES_MAX, and such whose masks
 * fit. An entry that changes the model ends every way: what leads on from there lies under the new
 * name. Revisions are of ENTRY_REVISION_SIZE, as revision_from_text() makes them.
 */
#pragma once

#include "catalog/entry.h"

#define KIND_BIT(kind) (1u << (kind))
#define KINDS_FORWARD  (KIND_BIT(EDGE_UPGRADE) | KIND_BIT(EDGE_STEP))
#define KINDS_BACK     (KIND_BIT(EDGE_DOWNGRADE))

typedef struct Step {
        const Entry *entry; /* borrowed */
        const Edge *edge;   /* borrowed: of that entry */
        char from[ENTRY_REVISION_SIZE];
} Step;

typedef struct Way {
        Step steps[PATH_STEPS_MAX];
        unsigned n_steps;
} Way;

/* The shortest way from FROM to TO over edges of KINDS; among equally short ones stable channels
 * first, then the order of the entries. False if there is none of at most PATH_STEPS_MAX steps. A way
 * never passes a revision twice, so cycles in a catalog cost nothing. From a revision to itself it is
 * empty; if KINDS has reflash, it is the one step of a declared reflash or there is none. */
bool graph_way(const Entry *const *entries, unsigned n_entries, const char *from, const char *to,
               unsigned kinds, Way *ret_way);

/* The head for a drive at FROM: where KINDS_FORWARD leads and no forward edge leads on. RET_WAY is
 * empty (and the answer true) if FROM itself is known and nothing leads on from it. False if no entry
 * knows FROM, neither as a start nor as a result. Among several heads: the way that ends in an
 * upgrade, then channel stable, then the later release date. A cycle of forward edges contradicts
 * itself and has no head: what leads only there is offered nothing. */
bool graph_newest(const Entry *const *entries, unsigned n_entries, const char *from, Way *ret_way);

/* All revisions other than FROM that KINDS lead to from there in at most PATH_STEPS_MAX steps, in
 * order of distance; each once. Returns how many, at most MAX. */
unsigned graph_reachable(const Entry *const *entries, unsigned n_entries, const char *from,
                         unsigned kinds, char ret_revisions[][ENTRY_REVISION_SIZE], unsigned max);

/* Is there a signed way back, over downgrades, from the end of WAY to its start? */
bool graph_way_back(const Entry *const *entries, unsigned n_entries, const Way *way, Way *ret_back);
