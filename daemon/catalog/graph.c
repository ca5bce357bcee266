/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "catalog/graph.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"

#define NODES_MAX (ENTRIES_MAX + 1)
#define FAR       UINT8_MAX

/* A drive that is at a revision. After an entry that changes the drive's name nothing of these
 * entries leads on, whatever revision it then shows: entries for the new name lie elsewhere. */
typedef struct Node {
        uint32_t revision;
        bool renamed;
} Node;

/* The edges of some kinds, ready to be walked. Nodes are FROM and what entries lead to. */
typedef struct Graph {
        const Entry *const *entries;
        unsigned n_entries;
        unsigned kinds;
        Node nodes[NODES_MAX];
        unsigned n_nodes;
        uint16_t node_of[ENTRIES_MAX];                        /* where an entry leads to */
        uint64_t sources[ENTRIES_MAX][(NODES_MAX + 63) / 64]; /* nodes that it leads away from */
} Graph;

/* How far a node is from the wanted one, over the shortest way that has the fewest steps by entries
 * which are not stable. */
typedef struct Distance {
        uint8_t steps; /* FAR: no way */
        uint8_t unstable;
} Distance;

static uint32_t number_of(const char *revision) {
        return get_be32((const uint8_t *)revision);
}

static int compare_nodes(const void *pa, const void *pb) {
        const Node *a = pa, *b = pb;

        if (a->revision != b->revision)
                return a->revision < b->revision ? -1 : 1;
        return (int)a->renamed - (int)b->renamed;
}

static bool is_renaming(const Entry *entry) {
        return memcmp(entry->model, entry->model_after, ENTRY_MODEL_LENGTH) != 0;
}

static bool is_stable(const Entry *entry) {
        return strcmp(entry->channel, "stable") == 0;
}

/* NODES_MAX: there is none. */
static unsigned find_node(const Graph *graph, const char *revision, bool renamed) {
        const Node wanted = { number_of(revision), renamed };
        const Node *found =
                bsearch(&wanted, graph->nodes, graph->n_nodes, sizeof(Node), compare_nodes);

        return found ? (unsigned)(found - graph->nodes) : NODES_MAX;
}

static bool has_source(const Graph *graph, unsigned entry, unsigned node) {
        return graph->sources[entry][node / 64] >> (node % 64) & 1;
}

static void add_nodes(Graph *graph, const char *from) {
        unsigned n = 0;

        graph->nodes[n++] = (Node){ number_of(from), false };
        for (unsigned i = 0; i < graph->n_entries; i++)
                graph->nodes[n++] = (Node){ number_of(graph->entries[i]->version),
                                            is_renaming(graph->entries[i]) };

        qsort(graph->nodes, n, sizeof(Node), compare_nodes);
        for (unsigned i = 0; i < n; i++)
                if (i == 0 || compare_nodes(&graph->nodes[i], &graph->nodes[i - 1]) != 0)
                        graph->nodes[graph->n_nodes++] = graph->nodes[i];
}

static void add_sources(Graph *graph, unsigned i) {
        const Entry *entry = graph->entries[i];

        for (const Edge *edge = entry->edges; edge < entry->edges + entry->n_edges; edge++) {
                if (!(graph->kinds & KIND_BIT(edge->kind)))
                        continue;
                for (unsigned k = 0; k < edge->n_from; k++) {
                        unsigned node = find_node(graph, edge->from[k], false);

                        if (node < NODES_MAX)
                                graph->sources[i][node / 64] |= UINT64_C(1) << (node % 64);
                }
        }
}

static void graph_init(Graph *graph, const Entry *const *entries, unsigned n_entries,
                       const char *from, unsigned kinds) {
        assert(n_entries <= ENTRIES_MAX);
        assert(strlen(from) == ENTRY_REVISION_SIZE - 1);

        *graph = (Graph){ .entries = entries, .n_entries = n_entries, .kinds = kinds };
        add_nodes(graph, from);
        for (unsigned i = 0; i < n_entries; i++) {
                graph->node_of[i] =
                        (uint16_t)find_node(graph, entries[i]->version, is_renaming(entries[i]));
                if (!entries[i]->withdrawn)
                        add_sources(graph, i);
        }
}

/* Distances to the nodes A and B (NODES_MAX for none), backwards from there, a step at a time. */
static void measure(const Graph *graph, unsigned a, unsigned b, Distance distances[NODES_MAX]) {
        for (unsigned n = 0; n < graph->n_nodes; n++)
                distances[n] = (Distance){ n == a || n == b ? 0 : FAR, 0 };

        for (uint8_t steps = 1; steps <= PATH_STEPS_MAX; steps++)
                for (unsigned i = 0; i < graph->n_entries; i++) {
                        const Distance *after = &distances[graph->node_of[i]];
                        uint8_t unstable;

                        if (after->steps != steps - 1)
                                continue;

                        unstable = (uint8_t)(after->unstable + !is_stable(graph->entries[i]));
                        for (unsigned n = 0; n < graph->n_nodes; n++) {
                                Distance *d = &distances[n];

                                if (has_source(graph, i, n) && d->steps >= steps &&
                                    (d->steps > steps || d->unstable > unstable))
                                        *d = (Distance){ steps, unstable };
                        }
                }
}

/* The first entry, in their order, by which the best way from NODE goes on. */
static unsigned next_entry(const Graph *graph, const Distance distances[], unsigned node) {
        for (unsigned i = 0; i < graph->n_entries; i++) {
                const Distance *after = &distances[graph->node_of[i]];

                if (has_source(graph, i, node) && after->steps + 1 == distances[node].steps &&
                    after->unstable + !is_stable(graph->entries[i]) == distances[node].unstable)
                        return i;
        }

        assert(false);
        return 0;
}

/* To the nearer of two nodes. */
static bool find_way(const Graph *graph, const char *from, unsigned a, unsigned b, Way *ret_way) {
        Distance distances[NODES_MAX];
        unsigned node = find_node(graph, from, false);
        Way way = {};

        measure(graph, a, b, distances);
        if (distances[node].steps == FAR)
                return false;

        while (distances[node].steps > 0) {
                unsigned i = next_entry(graph, distances, node);
                const Entry *entry = graph->entries[i];
                Step *step = &way.steps[way.n_steps];

                memcpy(step->from, way.n_steps ? way.steps[way.n_steps - 1].entry->version : from,
                       ENTRY_REVISION_SIZE);
                step->entry = entry;
                step->edge = entry_edge(entry, step->from, graph->kinds);
                way.n_steps++;
                node = graph->node_of[i];
        }

        *ret_way = way;
        return true;
}

/* The same revision again is one step, where a reflash is declared. */
static bool find_reflash(const Entry *const *entries, unsigned n_entries, const char *revision,
                         Way *ret_way) {
        const Entry *found = NULL;
        Way way = { .n_steps = 1 };

        for (unsigned i = 0; i < n_entries; i++)
                if (!entries[i]->withdrawn &&
                    entry_edge(entries[i], revision, KIND_BIT(EDGE_REFLASH)) &&
                    (!found || (is_stable(entries[i]) && !is_stable(found))))
                        found = entries[i];
        if (!found)
                return false;

        way.steps[0].entry = found;
        way.steps[0].edge = entry_edge(found, revision, KIND_BIT(EDGE_REFLASH));
        memcpy(way.steps[0].from, revision, ENTRY_REVISION_SIZE);
        *ret_way = way;
        return true;
}

bool graph_way(const Entry *const *entries, unsigned n_entries, const char *from, const char *to,
               unsigned kinds, Way *ret_way) {
        Graph graph;

        assert(strlen(to) == ENTRY_REVISION_SIZE - 1);
        if (strcmp(from, to) == 0 && (kinds & KIND_BIT(EDGE_REFLASH)))
                return find_reflash(entries, n_entries, from, ret_way);

        graph_init(&graph, entries, n_entries, from, kinds);
        return find_way(&graph, from, find_node(&graph, to, false), find_node(&graph, to, true),
                        ret_way);
}

/* An entry knows REVISION as a start, in an edge of any kind, or as a result. */
static bool is_known(const Entry *const *entries, unsigned n_entries, const char *revision) {
        for (unsigned i = 0; i < n_entries; i++)
                if ((strcmp(entries[i]->version, revision) == 0 && !is_renaming(entries[i])) ||
                    entry_edge(entries[i], revision, ~0u))
                        return true;

        return false;
}

static bool leads_on(const Graph *graph, unsigned node) {
        for (unsigned i = 0; i < graph->n_entries; i++)
                if (has_source(graph, i, node))
                        return true;

        return false;
}

/* Both have steps. */
static bool is_better_head(const Way *a, const Way *b) {
        const Step *x = &a->steps[a->n_steps - 1], *y = &b->steps[b->n_steps - 1];
        int dates = strcmp(x->entry->release_date, y->entry->release_date);

        if ((x->edge->kind == EDGE_UPGRADE) != (y->edge->kind == EDGE_UPGRADE))
                return x->edge->kind == EDGE_UPGRADE;
        if (is_stable(x->entry) != is_stable(y->entry))
                return is_stable(x->entry);
        return dates > 0;
}

bool graph_newest(const Entry *const *entries, unsigned n_entries, const char *from, Way *ret_way) {
        uint64_t seen[(NODES_MAX + 63) / 64] = {};
        Graph graph;
        Way best = {};

        if (!is_known(entries, n_entries, from))
                return false;

        graph_init(&graph, entries, n_entries, from, KINDS_FORWARD);
        for (unsigned i = 0; i < n_entries; i++) {
                unsigned node = graph.node_of[i];
                Way way;

                if (seen[node / 64] >> (node % 64) & 1)
                        continue;
                seen[node / 64] |= UINT64_C(1) << (node % 64);

                if (leads_on(&graph, node) || !find_way(&graph, from, node, NODES_MAX, &way) ||
                    way.n_steps == 0)
                        continue;
                if (best.n_steps == 0 || is_better_head(&way, &best))
                        best = way;
        }

        *ret_way = best;
        return true;
}

unsigned graph_reachable(const Entry *const *entries, unsigned n_entries, const char *from,
                         unsigned kinds, char ret_revisions[][ENTRY_REVISION_SIZE], unsigned max) {
        uint8_t steps[NODES_MAX];
        unsigned n_found = 0;
        Graph graph;

        graph_init(&graph, entries, n_entries, from, kinds);
        memset(steps, FAR, sizeof(steps));
        steps[find_node(&graph, from, false)] = 0;

        for (uint8_t step = 1; step <= PATH_STEPS_MAX; step++)
                for (unsigned i = 0; i < n_entries; i++) {
                        const char *version = entries[i]->version;
                        bool reached = false, known = strcmp(version, from) == 0;

                        if (steps[graph.node_of[i]] != FAR)
                                continue;
                        for (unsigned n = 0; !reached && n < graph.n_nodes; n++)
                                reached = steps[n] == step - 1 && has_source(&graph, i, n);
                        if (!reached)
                                continue;

                        steps[graph.node_of[i]] = step;
                        for (unsigned k = 0; !known && k < n_found; k++)
                                known = strcmp(ret_revisions[k], version) == 0;
                        if (!known && n_found < max)
                                memcpy(ret_revisions[n_found++], version, ENTRY_REVISION_SIZE);
                }

        return n_found;
}

bool graph_way_back(const Entry *const *entries, unsigned n_entries, const Way *way,
                    Way *ret_back) {
        const Entry *last;

        if (way->n_steps == 0)
                return false;

        last = way->steps[way->n_steps - 1].entry;
        if (is_renaming(last))
                return false;

        return graph_way(entries, n_entries, last->version, way->steps[0].from, KINDS_BACK,
                         ret_back);
}
