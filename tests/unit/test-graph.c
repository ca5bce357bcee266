/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "catalog/graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/test.h"

#define CATALOG_MAX 64

typedef struct Catalog {
        Entry *entries[CATALOG_MAX];
        unsigned n_entries;
} Catalog;

#define ENTRIES(catalog) (const Entry *const *)(catalog)->entries, (catalog)->n_entries

static Entry *add(Catalog *catalog, const char *version) {
        Entry *entry = calloc(1, sizeof(*entry));

        assert_non_null(entry);
        assert_true(revision_from_text(version, entry->version));
        memcpy(entry->channel, "stable", 7);
        entry->edges = calloc(4, sizeof(*entry->edges));
        assert_non_null(entry->edges);
        catalog->entries[catalog->n_entries++] = entry;
        return entry;
}

/* An edge from one revision, or from several with blanks between. */
static Entry *edge(Entry *entry, EdgeKind kind, const char *from) {
        Edge *e = &entry->edges[entry->n_edges++];
        char text[64], *rest = text, *word;

        (void)snprintf(text, sizeof(text), "%s", from);
        e->kind = kind;
        e->from = calloc(8, sizeof(*e->from));
        assert_non_null(e->from);
        while ((word = strsep(&rest, " ")))
                assert_true(revision_from_text(word, e->from[e->n_from++]));
        return entry;
}

static Entry *withdraw(Entry *entry) {
        entry->withdrawn = strdup("bricks drives");
        return entry;
}

static void catalog_done(Catalog *catalog) {
        for (unsigned i = 0; i < catalog->n_entries; i++)
                entry_free(catalog->entries[i]);
}
#define _cleanup_catalog_ _cleanup_(catalog_done)

/* "0043 0045 0050", or "none". */
static const char *show(bool found, const Way *way) {
        static char text[128];
        size_t n = 0;

        if (!found)
                return "none";
        if (way->n_steps == 0)
                return "here";
        for (unsigned i = 0; i < way->n_steps; i++)
                n += (size_t)snprintf(text + n, sizeof(text) - n, "%s ", way->steps[i].from);
        (void)snprintf(text + n, sizeof(text) - n, "%s",
                       way->steps[way->n_steps - 1].entry->version);
        return text;
}

static const char *newest(const Catalog *catalog, const char *from) {
        Way way;

        return show(graph_newest(ENTRIES(catalog), from, &way), &way);
}

static const char *way_to(const Catalog *catalog, const char *from, const char *to,
                          unsigned kinds) {
        Way way;

        return show(graph_way(ENTRIES(catalog), from, to, kinds, &way), &way);
}

/* The BTC DVDRW IDE1004: 0043 may not go straight to 0051; 0151 and 0450 are other hardware. */
static void make_btc(Catalog *catalog) {
        edge(add(catalog, "0450"), EDGE_UPGRADE, "0350");
        edge(edge(add(catalog, "0051"), EDGE_UPGRADE, "0050"), EDGE_REFLASH, "0051");
        edge(edge(add(catalog, "0050"), EDGE_STEP, "0045"), EDGE_DOWNGRADE, "0051");
        edge(edge(add(catalog, "0045"), EDGE_STEP, "0043 0042"), EDGE_DOWNGRADE, "0050");
        edge(add(catalog, "0043"), EDGE_DOWNGRADE, "0045");
        edge(add(catalog, "0151"), EDGE_UPGRADE, "0140");
}

static void test_a_drive_goes_forward_over_declared_steps(void **state) {
        _cleanup_catalog_ Catalog btc = {};
        Way way;

        (void)state;
        make_btc(&btc);
        assert_string_equal(newest(&btc, "0043"), "0043 0045 0050 0051");
        assert_string_equal(newest(&btc, "0042"), "0042 0045 0050 0051");
        assert_string_equal(newest(&btc, "0050"), "0050 0051");
        assert_string_equal(way_to(&btc, "0043", "0045", KINDS_FORWARD), "0043 0045");

        assert_true(graph_newest(ENTRIES(&btc), "0043", &way));
        assert_string_equal(way.steps[1].entry->version, "0050");
        assert_int_equal(way.steps[1].edge->kind, EDGE_STEP);
        assert_string_equal(way.steps[1].edge->from[0], "0045");
}

static void test_a_greater_number_without_an_edge_is_not_newer(void **state) {
        _cleanup_catalog_ Catalog btc = {};

        (void)state;
        make_btc(&btc);
        assert_string_equal(newest(&btc, "0051"), "here");
        assert_string_equal(newest(&btc, "0350"), "0350 0450");
        assert_string_equal(way_to(&btc, "0043", "0450", KINDS_FORWARD), "none");
        assert_string_equal(way_to(&btc, "0051", "0151", ~0u), "none");
}

static void test_an_unknown_revision_has_no_newest(void **state) {
        _cleanup_catalog_ Catalog btc = {};

        (void)state;
        make_btc(&btc);
        assert_string_equal(newest(&btc, "0037"), "none");
        assert_string_equal(newest(&btc, "    "), "none");
        assert_false(graph_newest(NULL, 0, "0043", &(Way){}));
}

static void test_a_plextor_goes_from_1_59_to_1_11(void **state) {
        _cleanup_catalog_ Catalog px = {};

        (void)state;
        edge(add(&px, "1.59"), EDGE_DOWNGRADE, "1.11");
        edge(add(&px, "1.11"), EDGE_UPGRADE, "1.04 1.09 1.58 1.59 1.5A");
        assert_string_equal(newest(&px, "1.59"), "1.59 1.11");
        assert_string_equal(newest(&px, "1.09"), "1.09 1.11");
        assert_string_equal(newest(&px, "1.11"), "here");
}

static void test_a_way_back_uses_downgrades_only(void **state) {
        _cleanup_catalog_ Catalog btc = {};
        Way way, back;

        (void)state;
        make_btc(&btc);
        assert_true(graph_newest(ENTRIES(&btc), "0043", &way));
        assert_string_equal(show(graph_way_back(ENTRIES(&btc), &way, &back), &back),
                            "0051 0050 0045 0043");
        assert_true(graph_newest(ENTRIES(&btc), "0042", &way));
        assert_false(graph_way_back(ENTRIES(&btc), &way, &back));
        assert_true(graph_newest(ENTRIES(&btc), "0051", &way));
        assert_false(graph_way_back(ENTRIES(&btc), &way, &back));
}

static void test_a_cycle_ends_and_has_no_head(void **state) {
        _cleanup_catalog_ Catalog c = {};

        (void)state;
        edge(add(&c, "0002"), EDGE_UPGRADE, "0001 0003");
        edge(add(&c, "0003"), EDGE_UPGRADE, "0002");
        assert_string_equal(newest(&c, "0001"), "here");
        assert_string_equal(newest(&c, "0002"), "here");
        assert_string_equal(way_to(&c, "0001", "0003", KINDS_FORWARD), "0001 0002 0003");

        edge(add(&c, "0009"), EDGE_UPGRADE, "0003");
        assert_string_equal(newest(&c, "0001"), "0001 0002 0003 0009");
}

static void test_of_twins_the_stable_one_then_the_first_is_taken(void **state) {
        _cleanup_catalog_ Catalog c = {};
        const Entry *testing = edge(add(&c, "0002"), EDGE_UPGRADE, "0001");
        const Entry *stable = edge(add(&c, "0002"), EDGE_UPGRADE, "0001");
        Way way;

        (void)state;
        edge(add(&c, "0002"), EDGE_UPGRADE, "0001");
        assert_true(graph_newest(ENTRIES(&c), "0001", &way));
        assert_ptr_equal(way.steps[0].entry, testing);

        memcpy(c.entries[0]->channel, "testing", 8);
        assert_true(graph_newest(ENTRIES(&c), "0001", &way));
        assert_int_equal(way.n_steps, 1);
        assert_ptr_equal(way.steps[0].entry, stable);
}

static void test_a_stable_way_is_preferred_over_its_whole_length(void **state) {
        _cleanup_catalog_ Catalog c = {};

        (void)state;
        memcpy(edge(add(&c, "000A"), EDGE_STEP, "0001")->channel, "testing", 8);
        edge(add(&c, "000B"), EDGE_STEP, "0001");
        edge(add(&c, "0003"), EDGE_UPGRADE, "000A 000B");
        assert_string_equal(newest(&c, "0001"), "0001 000B 0003");

        /* But the shorter way wins, whatever its channel. */
        memcpy(edge(add(&c, "0003"), EDGE_UPGRADE, "0001")->channel, "testing", 8);
        assert_string_equal(newest(&c, "0001"), "0001 0003");
}

static void test_withdrawn_entries_are_no_way_to_anything(void **state) {
        _cleanup_catalog_ Catalog c = {};

        (void)state;
        withdraw(edge(add(&c, "0003"), EDGE_UPGRADE, "0002"));
        edge(add(&c, "0002"), EDGE_UPGRADE, "0001");
        assert_string_equal(newest(&c, "0001"), "0001 0002");
        assert_string_equal(newest(&c, "0002"), "here");
        assert_string_equal(newest(&c, "0003"), "here");
        assert_string_equal(way_to(&c, "0001", "0003", ~0u), "none");

        withdraw(c.entries[1]);
        assert_string_equal(newest(&c, "0001"), "here");
}

static void test_among_several_heads_upgrade_then_stable_then_date_decides(void **state) {
        _cleanup_catalog_ Catalog c = {};
        Entry *step = edge(add(&c, "0002"), EDGE_STEP, "0001");
        Entry *testing = edge(add(&c, "0003"), EDGE_UPGRADE, "0001");
        Entry *older = edge(add(&c, "0004"), EDGE_UPGRADE, "0001");
        Entry *newer = edge(add(&c, "0005"), EDGE_UPGRADE, "0001");

        (void)state;
        memcpy(step->release_date, "2009-01-01", 11);
        memcpy(testing->release_date, "2008-01-01", 11);
        memcpy(testing->channel, "testing", 8);
        memcpy(older->release_date, "2005-12-31", 11);
        memcpy(newer->release_date, "2006-01-01", 11);
        assert_string_equal(newest(&c, "0001"), "0001 0005");
        withdraw(newer);
        assert_string_equal(newest(&c, "0001"), "0001 0004");
        withdraw(older);
        assert_string_equal(newest(&c, "0001"), "0001 0003");
        withdraw(testing);
        assert_string_equal(newest(&c, "0001"), "0001 0002");
}

static void test_a_reflash_is_one_step_and_only_where_declared(void **state) {
        _cleanup_catalog_ Catalog btc = {};
        Way way;

        (void)state;
        make_btc(&btc);
        assert_string_equal(way_to(&btc, "0051", "0051", KIND_BIT(EDGE_REFLASH)), "0051 0051");
        assert_string_equal(way_to(&btc, "0050", "0050", KIND_BIT(EDGE_REFLASH)), "none");
        assert_true(graph_way(ENTRIES(&btc), "0050", "0050", KINDS_FORWARD, &way));
        assert_int_equal(way.n_steps, 0);
}

static void test_a_new_name_ends_the_way(void **state) {
        _cleanup_catalog_ Catalog c = {};
        Way way, back;

        (void)state;
        memset(edge(add(&c, "0002"), EDGE_UPGRADE, "0001")->model_after, 'x', ENTRY_MODEL_LENGTH);
        edge(add(&c, "0003"), EDGE_UPGRADE, "0002");
        edge(add(&c, "0001"), EDGE_DOWNGRADE, "0002");

        /* 0003 is for a 0002 of the old name, which this is not any more. */
        assert_string_equal(newest(&c, "0001"), "0001 0002");
        assert_string_equal(way_to(&c, "0001", "0003", KINDS_FORWARD), "none");
        assert_string_equal(newest(&c, "0002"), "0002 0003");
        assert_true(graph_newest(ENTRIES(&c), "0001", &way));
        assert_false(graph_way_back(ENTRIES(&c), &way, &back));
}

static void test_ways_are_of_bounded_length(void **state) {
        _cleanup_catalog_ Catalog c = {};
        char revisions[CATALOG_MAX][ENTRY_REVISION_SIZE];

        (void)state;
        for (unsigned i = 1; i <= PATH_STEPS_MAX + 1; i++) {
                char from[12], to[12];

                (void)snprintf(from, sizeof(from), "%04u", i - 1);
                (void)snprintf(to, sizeof(to), "%04u", i);
                edge(add(&c, to), EDGE_STEP, from);
        }
        assert_string_equal(newest(&c, "0001"), "0001 0002 0003 0004 0005 0006 0007 0008 0009");
        assert_string_equal(way_to(&c, "0000", "0009", KINDS_FORWARD), "none");
        assert_int_equal(
                graph_reachable(ENTRIES(&c), "0000", KINDS_FORWARD, revisions, CATALOG_MAX),
                PATH_STEPS_MAX);
        assert_int_equal(graph_reachable(ENTRIES(&c), "0000", KINDS_FORWARD, revisions, 3), 3);
        assert_string_equal(revisions[2], "0003");
}

/* The naive search, to compare with: tries every way, and keeps the best by the words of graph.h. */
typedef struct Naive {
        const Catalog *catalog;
        const char *to;
        unsigned kinds;
        unsigned ways[PATH_STEPS_MAX]; /* under way: entries */
        unsigned best[PATH_STEPS_MAX];
        unsigned n_best, unstable_best;
        bool found;
} Naive;

static unsigned n_unstable(const Naive *naive, const unsigned *way, unsigned n) {
        unsigned count = 0;

        for (unsigned i = 0; i < n; i++)
                count += strcmp(naive->catalog->entries[way[i]]->channel, "stable") != 0;
        return count;
}

/* Entries are tried in their order, so of two equal ways the first found is the one wanted. */
static void try_all(Naive *naive, const char *at, unsigned n) {
        if (strcmp(at, naive->to) == 0) {
                unsigned unstable = n_unstable(naive, naive->ways, n);

                if (!naive->found || n < naive->n_best ||
                    (n == naive->n_best && unstable < naive->unstable_best)) {
                        memcpy(naive->best, naive->ways, sizeof(naive->best));
                        naive->n_best = n;
                        naive->unstable_best = unstable;
                        naive->found = true;
                }
                return;
        }
        if (n == (naive->found ? naive->n_best : PATH_STEPS_MAX))
                return;

        for (unsigned i = 0; i < naive->catalog->n_entries; i++) {
                const Entry *entry = naive->catalog->entries[i];

                if (entry->withdrawn || !entry_edge(entry, at, naive->kinds))
                        continue;
                naive->ways[n] = i;
                try_all(naive, entry->version, n + 1);
        }
}

static bool naive_way(const Catalog *catalog, const char *from, const char *to, unsigned kinds,
                      Naive *ret_naive) {
        *ret_naive = (Naive){ .catalog = catalog, .to = to, .kinds = kinds };
        try_all(ret_naive, from, 0);
        return ret_naive->found;
}

static bool naive_leads_on(const Catalog *catalog, const char *at) {
        for (unsigned i = 0; i < catalog->n_entries; i++)
                if (!catalog->entries[i]->withdrawn &&
                    entry_edge(catalog->entries[i], at, KINDS_FORWARD))
                        return true;
        return false;
}

static uint32_t seed;

static unsigned chance(unsigned n) {
        seed = seed * 1664525u + 1013904223u;
        return (seed >> 16) % n;
}

static const char *const names[] = { "000A", "000B", "000C", "000D", "000E", "000F" };

static void make_random(Catalog *catalog) {
        static const char *const days[] = { "", "2004-05-01", "2005-01-01" };
        unsigned n = 1 + chance(7);

        for (unsigned i = 0; i < n; i++) {
                Entry *entry = add(catalog, names[chance(N_ELEMENTS(names))]);
                unsigned n_edges = chance(4);

                (void)snprintf(entry->release_date, sizeof(entry->release_date), "%s",
                               days[chance(3)]);
                if (chance(4) == 0)
                        memcpy(entry->channel, "testing", 8);
                if (chance(8) == 0)
                        withdraw(entry);
                for (unsigned k = 0; k < n_edges; k++) {
                        const char *from = names[chance(N_ELEMENTS(names))];

                        if (strcmp(from, entry->version) != 0 && !entry_edge(entry, from, ~0u))
                                edge(entry, (EdgeKind)chance(3), from);
                }
        }
}

static void compare_ways(const Catalog *catalog, const char *from, const char *to, unsigned kinds) {
        Naive naive;
        Way way;
        bool found = graph_way(ENTRIES(catalog), from, to, kinds, &way);

        assert_int_equal(found, naive_way(catalog, from, to, kinds, &naive));
        if (!found)
                return;
        assert_int_equal(way.n_steps, naive.n_best);
        for (unsigned i = 0; i < way.n_steps; i++) {
                const Step *step = &way.steps[i];

                assert_ptr_equal(step->entry, catalog->entries[naive.best[i]]);
                assert_ptr_equal(step->edge, entry_edge(step->entry, step->from, kinds));
                assert_string_equal(step->from, i ? way.steps[i - 1].entry->version : from);
        }
}

static void compare_reachable(const Catalog *catalog, const char *from, unsigned kinds) {
        char revisions[CATALOG_MAX][ENTRY_REVISION_SIZE];
        unsigned n = graph_reachable(ENTRIES(catalog), from, kinds, revisions, CATALOG_MAX);
        unsigned n_naive = 0, last = 0;
        Naive naive;

        for (unsigned i = 0; i < N_ELEMENTS(names); i++)
                n_naive += strcmp(names[i], from) != 0 &&
                           naive_way(catalog, from, names[i], kinds, &naive);
        assert_int_equal(n, n_naive);
        for (unsigned i = 0; i < n; i++) {
                assert_true(naive_way(catalog, from, revisions[i], kinds, &naive));
                assert_true(naive.n_best >= last);
                last = naive.n_best;
        }
}

/* How good a head is, the greater the better, in the order of graph.h: kind, channel, date. */
static unsigned rank(const Entry *entry, const Edge *last) {
        unsigned date = *entry->release_date ? (unsigned)(entry->release_date[3] - '0') : 0;

        return (last->kind == EDGE_UPGRADE) * 100 + (strcmp(entry->channel, "stable") == 0) * 10 +
               date;
}

static unsigned naive_rank(const Naive *naive, const char *from) {
        Entry *const *entries = naive->catalog->entries;
        const Entry *last = entries[naive->best[naive->n_best - 1]];
        const char *before =
                naive->n_best > 1 ? entries[naive->best[naive->n_best - 2]]->version : from;

        return rank(last, entry_edge(last, before, KINDS_FORWARD));
}

static bool naive_knows(const Catalog *catalog, const char *revision) {
        for (unsigned i = 0; i < catalog->n_entries; i++)
                if (strcmp(catalog->entries[i]->version, revision) == 0 ||
                    entry_edge(catalog->entries[i], revision, ~0u))
                        return true;
        return false;
}

static void compare_newest(const Catalog *catalog, const char *from) {
        unsigned best = 0;
        Naive naive;
        Way way;

        if (!graph_newest(ENTRIES(catalog), from, &way)) {
                assert_false(naive_knows(catalog, from));
                return;
        }
        assert_true(naive_knows(catalog, from));

        for (unsigned i = 0; i < N_ELEMENTS(names); i++)
                if (strcmp(names[i], from) != 0 && !naive_leads_on(catalog, names[i]) &&
                    naive_way(catalog, from, names[i], KINDS_FORWARD, &naive) &&
                    naive_rank(&naive, from) + 1 > best)
                        best = naive_rank(&naive, from) + 1;

        assert_int_equal(way.n_steps > 0, best > 0);
        if (way.n_steps > 0) {
                const Step *last = &way.steps[way.n_steps - 1];

                assert_false(naive_leads_on(catalog, last->entry->version));
                assert_int_equal(rank(last->entry, last->edge) + 1, best);
                compare_ways(catalog, from, last->entry->version, KINDS_FORWARD);
        }
}

static void test_random_graphs_agree_with_a_naive_search(void **state) {
        static const unsigned kinds[] = { KINDS_FORWARD, KINDS_BACK, KINDS_FORWARD | KINDS_BACK };

        (void)state;
        for (unsigned round = 0; round < 400; round++) {
                _cleanup_catalog_ Catalog catalog = {};

                seed = round;
                make_random(&catalog);
                for (unsigned i = 0; i < N_ELEMENTS(names); i++) {
                        compare_newest(&catalog, names[i]);
                        for (unsigned k = 0; k < N_ELEMENTS(kinds); k++) {
                                compare_reachable(&catalog, names[i], kinds[k]);
                                for (unsigned j = 0; j < N_ELEMENTS(names); j++)
                                        compare_ways(&catalog, names[i], names[j], kinds[k]);
                        }
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_drive_goes_forward_over_declared_steps),
                cmocka_unit_test(test_a_greater_number_without_an_edge_is_not_newer),
                cmocka_unit_test(test_an_unknown_revision_has_no_newest),
                cmocka_unit_test(test_a_plextor_goes_from_1_59_to_1_11),
                cmocka_unit_test(test_a_way_back_uses_downgrades_only),
                cmocka_unit_test(test_a_cycle_ends_and_has_no_head),
                cmocka_unit_test(test_of_twins_the_stable_one_then_the_first_is_taken),
                cmocka_unit_test(test_a_stable_way_is_preferred_over_its_whole_length),
                cmocka_unit_test(test_withdrawn_entries_are_no_way_to_anything),
                cmocka_unit_test(test_among_several_heads_upgrade_then_stable_then_date_decides),
                cmocka_unit_test(test_a_reflash_is_one_step_and_only_where_declared),
                cmocka_unit_test(test_a_new_name_ends_the_way),
                cmocka_unit_test(test_ways_are_of_bounded_length),
                cmocka_unit_test(test_random_graphs_agree_with_a_naive_search),
        };

        return RUN_TESTS(tests);
}
