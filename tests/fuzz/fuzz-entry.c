/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries: signed, but perhaps by a maker who wishes us ill. What is accepted can be used without
 * further checks. */
#include <string.h>

#include "catalog/graph.h"
#include "tests/fuzz/fuzz.h"

/* The model is in the corpus, too. */
#define MODEL "202020202020202044564452572049444531303034202020"
#define PATH  "drive/" MODEL "/fuzz.bin"

#define LENGTH 0x100000

static void check_edges(const Entry *entry) {
        const Entry *const entries[] = { entry };
        Way way, back;

        for (unsigned i = 0; i < entry->n_edges; i++) {
                const Edge *edge = &entry->edges[i];

                REQUIRE(edge->kind < _EDGE_KIND_MAX && edge->n_from > 0);
                for (unsigned k = 0; k < edge->n_from; k++) {
                        REQUIRE(strlen(edge->from[k]) == ENTRY_REVISION_SIZE - 1);
                        REQUIRE(entry_edge(entry, edge->from[k], KIND_BIT(edge->kind)) == edge);
                        REQUIRE(graph_newest(entries, 1, edge->from[k], &way));
                        REQUIRE(way.n_steps <= 1);
                        REQUIRE(!graph_way_back(entries, 1, &way, &back));
                }
        }
}

static void check_places(const Entry *entry) {
        static const uint8_t inquiry[96], image[LENGTH];

        (void)entry_masks_match(entry, inquiry, sizeof(inquiry));
        for (unsigned i = 0; i < entry->n_masks; i++)
                REQUIRE(entry->masks[i].offset >= 36 &&
                        entry->masks[i].offset + entry->masks[i].n_bytes <= 96);
        (void)entry_check_image(entry, image, sizeof(image), NULL);
        (void)entry_check_image(entry, image, 0, NULL);
        for (unsigned i = 0; i < entry->n_checks; i++)
                REQUIRE(entry->checks[i].n_bytes > 0 &&
                        entry->checks[i].offset + entry->checks[i].n_bytes <= LENGTH);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
        static const uint8_t sha256[32];
        _cleanup_(entry_freep) Entry *entry = NULL;
        Fault fault = {};

        if (entry_parse(PATH, LENGTH, sha256, (const char *)bytes, n_bytes, &entry, &fault) < 0) {
                REQUIRE(!entry && fault.code == FAULT_CATALOG_MALFORMED);
                return 0;
        }

        REQUIRE(strlen(entry->version) == ENTRY_REVISION_SIZE - 1);
        REQUIRE(entry->recipe.piece >= 16 && entry->recipe.piece <= 65536);
        REQUIRE(entry->recipe.settle_ms <= 600000 && entry->recipe.transports != 0);
        check_edges(entry);
        check_places(entry);
        return 0;
}
