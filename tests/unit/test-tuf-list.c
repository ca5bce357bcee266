/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listings: all that is said of a drive, as single searches would say it. */
#include "catalog/tuf.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "tests/unit/test.h"
#include "tests/unit/tuf-repository.h"

#define NOW REPOSITORY_NOW

static void assert_asked(Repository *repository, const char *wanted) {
        assert_string_equal(repository_requests(repository), wanted);
        repository_forget_requests(repository);
}

static void assert_not_found(Tuf *tuf, const char *path) {
        TufTarget target;
        Fault fault = {};

        assert_int_equal(tuf_find(tuf, path, &target, &fault), -ENOENT);
        assert_int_equal(fault.code, FAULT_NONE);
}

typedef struct Listed {
        char text[4096];
        unsigned end_after;
} Listed;

static int on_target(void *userdata, const TufTarget *target) {
        Listed *listed = userdata;

        (void)snprintf(listed->text + strlen(listed->text),
                       sizeof(listed->text) - strlen(listed->text), "%s%s=%s",
                       listed->text[0] ? " " : "", target->path,
                       target->roles[target->n_roles - 1]);
        return listed->end_after > 0 && --listed->end_after == 0 ? -ECANCELED : 0;
}

static void assert_listed(Tuf *tuf, const char *prefix, const char *wanted) {
        Listed listed = {};
        Fault fault = {};

        if (tuf_list(tuf, prefix, on_target, &listed, &fault) != 0)
                fail_msg("%s: %s", fault_name(fault.code), fault.text);
        assert_string_equal(listed.text, wanted);
}

static void test_a_listing_loads_only_roles_that_may_hold_such_paths(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        _cleanup_(tuf_freep) Tuf *tuf = NULL;

        (void)state;
        (void)repository_delegate(repository, "targets", "pioneer", "drive/50*/*", NULL, false);
        (void)repository_delegate(repository, "targets", "hitachi", "drive/48*/*", NULL, false);
        (void)repository_delegate(repository, "hitachi", "one", "drive/4841/*", NULL, false);
        (void)repository_delegate(repository, "hitachi", "two", "drive/4842/*", NULL, false);
        repository_add_target(repository, "hitachi", "drive/4841/1.00", "x");
        repository_add_target(repository, "hitachi", "drive/4842/1.00", "x");
        repository_add_target(repository, "hitachi", "drive/48411/1.00", "x");
        repository_add_target(repository, "one", "drive/4841/1.01", "x");
        repository_add_target(repository, "targets", "drive/4841/0.99", "x");
        repository_publish_roles(repository, "pioneer hitachi one two");
        tuf = repository_refreshed(repository);
        assert_listed(tuf, "drive/4841/",
                      "drive/4841/0.99=targets drive/4841/1.00=hitachi drive/4841/1.01=one");
        assert_asked(repository, "1.hitachi.json 1.one.json");
        assert_listed(tuf, "drive/5041/", "");
        assert_asked(repository, "1.pioneer.json");
        assert_listed(tuf, "drive/4942/", "");
        assert_asked(repository, "");
}

static void test_a_listing_honours_order_chains_and_terminating_roles_for_each_path(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        _cleanup_(tuf_freep) Tuf *tuf = NULL;

        (void)state;
        (void)repository_delegate(repository, "targets", "A", "d/*", NULL, false);
        (void)repository_delegate(repository, "A", "T", "d/t*", NULL, true);
        (void)repository_delegate(repository, "T", "below", "d/*", NULL, false);
        (void)repository_delegate(repository, "A", "after", "d/*", NULL, false);
        (void)repository_delegate(repository, "targets", "late", "d/*", NULL, false);
        (void)repository_delegate(repository, "late", "A", "d/*", NULL, false);
        repository_add_target(repository, "T", "d/t1", "x");
        repository_add_target(repository, "T", "d/u1", "not T's to say");
        repository_add_target(repository, "below", "d/t2", "x");
        repository_add_target(repository, "below", "d/u2", "not below's to say");
        repository_add_target(repository, "after", "d/t1", "shadow");
        repository_add_target(repository, "after", "d/t3", "closed");
        repository_add_target(repository, "after", "d/u1", "x");
        repository_add_target(repository, "late", "d/u1", "shadow");
        repository_add_target(repository, "late", "d/u3", "x");
        repository_add_target(repository, "late", "d/t4", "closed");
        repository_publish_roles(repository, "A T below after late");
        tuf = repository_refreshed(repository);
        assert_listed(tuf, "d/", "d/t1=T d/t2=below d/u1=after d/u3=late");
}

/* C is reached first by a way that is not for the path, and then by one that is. */
static void test_a_listing_sees_a_role_on_every_way_that_leads_to_it(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        _cleanup_(tuf_freep) Tuf *tuf = NULL;

        (void)state;
        (void)repository_delegate(repository, "targets", "A", "d/a*", NULL, false);
        (void)repository_delegate(repository, "targets", "B", "d/b*", NULL, false);
        (void)repository_delegate(repository, "A", "C", "d/*", NULL, false);
        (void)repository_delegate(repository, "B", "C", "d/*", NULL, false);
        repository_add_target(repository, "C", "d/a", "x");
        repository_add_target(repository, "C", "d/b", "x");
        repository_add_target(repository, "C", "d/c", "x");
        repository_publish_roles(repository, "A B C");
        tuf = repository_refreshed(repository);
        assert_listed(tuf, "d/", "d/a=C d/b=C");
        assert_asked(repository, "1.A.json 1.C.json 1.B.json");
}

/* Whatever the graph: listed is what is found, by the same role. */
static void test_a_listing_says_of_each_path_what_a_search_says(void **state) {
        static const char *const roles[] = { "A", "B", "C", "D", "E" };
        static const char *const patterns[] = { "d/*", "d/x*", "d/?y", "*/xy", "d/[x]*" };
        static const char *const paths[] = { "d/xy", "d/x", "d/y", "d/zy", "e/xy" };
        unsigned seed = 1;

        (void)state;
        for (unsigned round = 0; round < 60; round++) {
                _cleanup_(repository_freep) Repository *repository = repository_new();
                _cleanup_(tuf_freep) Tuf *tuf = NULL;
                Listed listed = {};
                char wanted[4096] = "";
                Fault fault = {};

                for (size_t from = 0; from <= N_ELEMENTS(roles); from++)
                        for (size_t to = 0; to < N_ELEMENTS(roles); to++) {
                                const char *delegator = from == 0 ? "targets" : roles[from - 1];

                                seed = seed * 1103515245 + 12345;
                                /* Every role is known before it delegates. */
                                if (from > 0 && (seed >> 16) % 3 > 0)
                                        continue;
                                (void)repository_delegate(
                                        repository, delegator, roles[to],
                                        patterns[(seed >> 20) % N_ELEMENTS(patterns)], NULL,
                                        (seed >> 24) % 4 == 0);
                        }
                for (size_t r = 0; r < N_ELEMENTS(roles); r++)
                        for (size_t p = 0; p < N_ELEMENTS(paths); p++) {
                                seed = seed * 1103515245 + 12345;
                                if ((seed >> 16) % 3 == 0)
                                        repository_add_target(repository, roles[r], paths[p], "x");
                        }
                repository_publish_roles(repository, "A B C D E");
                tuf = repository_refreshed(repository);
                if (tuf_list(tuf, "d/", on_target, &listed, &fault) != 0) {
                        assert_int_equal(fault.code, FAULT_LIMIT);
                        continue;
                }
                for (size_t p = 0; p < N_ELEMENTS(paths); p++) {
                        TufTarget target;
                        char item[64];

                        if (tuf_find(tuf, paths[p], &target, &fault) != 0)
                                continue;
                        if (strncmp(paths[p], "d/", 2) != 0)
                                continue;
                        (void)snprintf(item, sizeof(item), "%s=%s", target.path,
                                       target.roles[target.n_roles - 1]);
                        if (!strstr(listed.text, item))
                                fail_msg("round %u: \"%s\" is not in \"%s\"", round, item,
                                         listed.text);
                        strcat(wanted, item);
                        strcat(wanted, " ");
                }
                /* And nothing else. */
                assert_int_equal(strlen(wanted), listed.text[0] ? strlen(listed.text) + 1 : 0);
        }
}

static void test_a_bad_role_on_the_way_ends_the_listing(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        _cleanup_(tuf_freep) Tuf *tuf = NULL;
        Listed listed = {};
        Fault fault = {};

        (void)state;
        (void)repository_delegate(repository, "targets", "bad", "d/*", NULL, false);
        (void)repository_delegate(repository, "targets", "good", "d/*", NULL, false);
        repository_add_target(repository, "good", "d/x", "x");
        repository_clear_signers(repository, "bad");
        repository_publish_roles(repository, "bad good");
        tuf = repository_refreshed(repository);
        assert_int_equal(tuf_list(tuf, "d/", on_target, &listed, &fault), -EBADE);
        assert_int_equal(fault.code, FAULT_CATALOG_SIGNATURE);
        assert_string_equal(listed.text, "");
        /* It does not spoil what it is not for. */
        assert_listed(tuf, "e/", "");
}

static void test_a_listing_ends_after_32_roles(void **state) {
        for (unsigned deep = 0; deep < 2; deep++) {
                _cleanup_(repository_freep) Repository *repository = repository_new();
                _cleanup_(tuf_freep) Tuf *tuf = NULL;
                char last[16] = "targets", name[16], roles[1024] = "";
                Listed listed = {};
                Fault fault = {};

                (void)state;
                for (unsigned i = 1; i <= DELEGATIONS_MAX + 1; i++) {
                        (void)snprintf(name, sizeof(name), "role%u", i);
                        (void)repository_delegate(repository, deep ? last : "targets", name,
                                                  i > DELEGATIONS_MAX ? "far/*" : "*/*", NULL,
                                                  false);
                        repository_add_target(repository, name, i % 2 ? "near/x" : "far/x", "x");
                        strcat(roles, name);
                        strcat(roles, " ");
                        strcpy(last, name);
                }
                repository_publish_roles(repository, roles);
                tuf = repository_refreshed(repository);
                assert_listed(tuf, "near/", "near/x=role1");
                assert_int_equal(tuf_list(tuf, "far/", on_target, &listed, &fault), -EBADE);
                assert_int_equal(fault.code, FAULT_LIMIT);
        }
}

static void test_a_listing_ends_when_its_caller_has_enough(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        _cleanup_(tuf_freep) Tuf *tuf = NULL;
        Listed listed = { .end_after = 2 };
        Fault fault = {};

        (void)state;
        repository_add_target(repository, "targets", "a", "x");
        repository_add_target(repository, "targets", "b", "x");
        repository_add_target(repository, "targets", "c", "x");
        repository_publish_roles(repository, "");
        tuf = repository_refreshed(repository);
        assert_int_equal(tuf_list(tuf, "", on_target, &listed, &fault), -ECANCELED);
        assert_string_equal(listed.text, "a=targets b=targets");
}

static void test_a_circle_of_terminating_roles_is_listed_and_ends(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        _cleanup_(tuf_freep) Tuf *tuf = NULL;

        (void)state;
        (void)repository_delegate(repository, "targets", "A", "d/*", NULL, false);
        (void)repository_delegate(repository, "A", "B", "d/*", NULL, false);
        (void)repository_delegate(repository, "B", "A", "d/*", NULL, true);
        (void)repository_delegate(repository, "B", "C", "d/*", NULL, false);
        repository_add_target(repository, "B", "d/b", "x");
        repository_add_target(repository, "C", "d/c", "x");
        repository_publish_roles(repository, "A B C");
        tuf = repository_refreshed(repository);
        assert_listed(tuf, "d/", "d/b=B");
        assert_not_found(tuf, "d/c");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_listing_loads_only_roles_that_may_hold_such_paths),
                cmocka_unit_test(
                        test_a_listing_honours_order_chains_and_terminating_roles_for_each_path),
                cmocka_unit_test(test_a_listing_sees_a_role_on_every_way_that_leads_to_it),
                cmocka_unit_test(test_a_listing_says_of_each_path_what_a_search_says),
                cmocka_unit_test(test_a_bad_role_on_the_way_ends_the_listing),
                cmocka_unit_test(test_a_listing_ends_after_32_roles),
                cmocka_unit_test(test_a_listing_ends_when_its_caller_has_enough),
                cmocka_unit_test(test_a_circle_of_terminating_roles_is_listed_and_ends),
        };

        return RUN_TESTS(tests);
}
