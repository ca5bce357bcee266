/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Delegations: who may speak for a path (TUF 4.5, 5.6.7), by search and by listing. */
#include "catalog/tuf.h"

#include <errno.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "catalog/key.h"
#include "tests/unit/test.h"
#include "tests/unit/tuf-repository.h"

#define NOW REPOSITORY_NOW

/* The client of a refreshed repository; the requests of the refresh are forgotten. */
static Tuf *refreshed(Repository *repository) {
        TufOptions options = { .start_time = NOW };
        Fault fault = {};
        Tuf *tuf = NULL;

        repository_client(repository, &options, &tuf);
        if (tuf_refresh(tuf, &fault) != 0)
                fail_msg("%s: %s", fault_name(fault.code), fault.text);
        repository_forget_requests(repository);
        return tuf;
}

/* Publishes all ROLES (blank-separated) and what names them. */
static void publish(Repository *repository, const char *roles) {
        _cleanup_free_ char *copy = strdup(roles);

        for (char *role = strtok(copy, " "); role; role = strtok(NULL, " "))
                repository_publish(repository, role);
        repository_publish_all(repository, "targets", "snapshot", "timestamp", NULL);
}

static void assert_asked(Repository *repository, const char *wanted) {
        assert_string_equal(repository_requests(repository), wanted);
        repository_forget_requests(repository);
}

static void assert_found(Tuf *tuf, const char *path, const char *chain) {
        TufTarget target;
        Fault fault = {};
        char roles[512] = "";

        if (tuf_find(tuf, path, &target, &fault) != 0)
                fail_msg("%s: %s: %s", path, fault_name(fault.code), fault.text);
        for (unsigned i = 0; i < target.n_roles; i++) {
                strcat(roles, i > 0 ? " " : "");
                strcat(roles, target.roles[i]);
        }
        assert_string_equal(roles, chain);
        assert_string_equal(target.path, path);
        assert_string_equal(json_string_value(json_object_get(target.custom, "by")),
                            target.roles[target.n_roles - 1]);
}

static void assert_not_found(Tuf *tuf, const char *path) {
        TufTarget target;
        Fault fault = {};

        assert_int_equal(tuf_find(tuf, path, &target, &fault), -ENOENT);
        assert_int_equal(fault.code, FAULT_NONE);
}

static void assert_bad(Tuf *tuf, const char *path, FaultCode code, const char *text) {
        TufTarget target;
        Fault fault = {};

        assert_int_equal(tuf_find(tuf, path, &target, &fault), -EBADE);
        assert_string_equal(fault_name(fault.code), fault_name(code));
        if (text)
                assert_string_equal(fault.text, text);
}

/* The graphs that the conformance suite walks: delegations as "delegator>role", "!" for terminating,
 * "(pattern)" where it is not "*"; and the order in which roles are asked for a path that none has. */
static const struct {
        const char *delegations;
        const char *asked;
} graphs[] = {
        { "targets>A", "A" },
        { "targets>A targets>B", "A B" },
        { "targets>A targets>B B>C", "A B C" },
        { "targets>A targets>B A>C A>D", "A C D B" },
        { "targets>A targets>B A>C C>D", "A C D B" },
        { "targets>A targets>B A>C! A>D", "A C" },
        { "targets>A targets>B A>C! C>D", "A C D" },
        { "targets>A targets>B A>C C>D! C>E A>F", "A C D" },
        { "targets>A(*.py) targets>B A>C", "B" },
        { "targets>A targets>B A>C(*.py) C>D", "A B" },
        { "targets>A targets>B A>C!(*.py) C>D", "A B" },
        { "targets>A targets>B B>C C>D D>B", "A B C D" },
        { "targets>A A>A", "A" },
        { "targets>A targets>B A>B! B>A targets>C", "A B" },
        { "targets>A targets>B B>C A>C", "A C B" },
        { "targets>A targets>B B>C A>C(*.py)", "A B C" },
};

static void build_graph(Repository *repository, const char *delegations, char *ret_roles) {
        _cleanup_free_ char *copy = strdup(delegations);
        _cleanup_json_ json_t *roles = json_object();
        const char *role;
        json_t *value;

        for (char *d = strtok(copy, " "); d; d = strtok(NULL, " ")) {
                char *name = strchr(d, '>'), *pattern = strchr(d, '(');
                bool terminating = strchr(d, '!');

                if (pattern) {
                        *pattern++ = '\0';
                        pattern[strlen(pattern) - 1] = '\0';
                }
                *name++ = '\0';
                name[strcspn(name, "!(")] = '\0';
                (void)repository_delegate(repository, d, name, pattern ? pattern : "*", NULL,
                                          terminating);
                (void)json_object_set_new(roles, name, json_true());
        }
        ret_roles[0] = '\0';
        json_object_foreach(roles, role, value) {
                strcat(ret_roles, role);
                strcat(ret_roles, " ");
        }
}

static void test_roles_are_asked_depth_first_in_the_order_of_their_delegations(void **state) {
        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(graphs); i++) {
                _cleanup_(repository_freep) Repository *repository = repository_new();
                _cleanup_(tuf_freep) Tuf *tuf = NULL;
                char roles[256], wanted[256] = "";

                build_graph(repository, graphs[i].delegations, roles);
                publish(repository, roles);
                tuf = refreshed(repository);
                assert_not_found(tuf, "missing");
                for (const char *p = graphs[i].asked; *p; p += strcspn(p, " "), p += *p == ' ')
                        (void)snprintf(wanted + strlen(wanted), sizeof(wanted) - strlen(wanted),
                                       "%s1.%.*s.json", wanted[0] ? " " : "", (int)strcspn(p, " "),
                                       p);
                assert_asked(repository, wanted);
                /* All of it is known now. */
                assert_not_found(tuf, "missing");
                assert_asked(repository, "");
        }
}

/* CVE-2024-47534: with a map for delegations this goes wrong now and then. */
static void test_of_many_roles_that_list_a_path_the_first_is_believed(void **state) {
        (void)state;
        for (unsigned first = 0; first < 20; first++) {
                _cleanup_(repository_freep) Repository *repository = repository_new();
                _cleanup_(tuf_freep) Tuf *tuf = NULL;
                char roles[256] = "", chain[64] = "";

                for (unsigned i = 0; i < 20; i++) {
                        char name[16];

                        (void)snprintf(name, sizeof(name), "role%u", (i * 7 + first) % 20);
                        (void)repository_delegate(repository, "targets", name, "*", NULL, false);
                        if (i >= first) {
                                repository_add_target(repository, name, "path", name);
                                if (!chain[0])
                                        (void)snprintf(chain, sizeof(chain), "targets %s", name);
                        }
                        strcat(roles, name);
                        strcat(roles, " ");
                }
                publish(repository, roles);
                tuf = refreshed(repository);
                assert_found(tuf, "path", chain);
        }
}

static void test_a_target_must_match_the_patterns_of_the_whole_chain(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        _cleanup_(tuf_freep) Tuf *tuf = NULL;

        (void)state;
        (void)repository_delegate(repository, "targets", "A", "*.doc", "*.md", false);
        (void)repository_delegate(repository, "targets", "B", "releases/*/*", NULL, false);
        (void)repository_delegate(repository, "B", "C", "releases/x/*", NULL, false);
        (void)repository_delegate(repository, "B", "D", "releases/y/*.zip", NULL, false);
        repository_add_target(repository, "targets", "targetfile", "t");
        repository_add_target(repository, "A", "README.md", "a");
        repository_add_target(repository, "C", "releases/x/x_v1", "c");
        repository_add_target(repository, "D", "releases/y/y_v1.zip", "d");
        repository_add_target(repository, "D", "releases/z/z_v1.zip", "d");
        publish(repository, "A B C D");

        tuf = refreshed(repository);
        assert_found(tuf, "targetfile", "targets");
        assert_asked(repository, "");
        assert_found(tuf, "README.md", "targets A");
        assert_asked(repository, "1.A.json");
        assert_not_found(tuf, "releases/z/z_v1.zip");
        assert_asked(repository, "1.B.json");
        assert_found(tuf, "releases/x/x_v1", "targets B C");
        assert_asked(repository, "1.C.json");
        assert_found(tuf, "releases/y/y_v1.zip", "targets B D");
        assert_asked(repository, "1.D.json");
        assert_int_equal(repository_stored(repository, "D"), 1);
}

/* python-tuf #2977, go-tuf #759, TOB-SIGSTORE-14: C is good for A, and that says nothing for B. */
static void test_what_one_delegator_accepts_is_verified_again_for_another(void **state) {
        for (unsigned stored_before = 0; stored_before < 2; stored_before++) {
                _cleanup_(repository_freep) Repository *repository = repository_new();
                _cleanup_(tuf_freep) Tuf *tuf = NULL;
                EVP_PKEY *of_a = repository_new_key(repository, KEY_ED25519);
                EVP_PKEY *of_b = repository_new_key(repository, KEY_ED25519);

                (void)state;
                (void)repository_delegate(repository, "targets", "A", "a/*", NULL, false);
                (void)repository_delegate(repository, "targets", "B", "b/*", NULL, false);
                (void)repository_delegate(repository, "A", "C", "a/*", NULL, false);
                (void)repository_delegate(repository, "B", "C", "b/*", NULL, false);
                repository_distrust_all(repository, "A", "C");
                repository_distrust_all(repository, "B", "C");
                repository_trust(repository, "A", "C", of_a);
                repository_trust(repository, "B", "C", of_b);
                repository_clear_signers(repository, "C");
                repository_add_signer(repository, "C", of_a, NULL);
                repository_add_target(repository, "C", "a/x", "x");
                repository_add_target(repository, "C", "b/x", "x");
                publish(repository, "A B C");
                if (stored_before) {
                        tuf = refreshed(repository);
                        assert_found(tuf, "a/x", "targets A C");
                        tuf = tuf_free(tuf);
                }
                tuf = refreshed(repository);
                assert_found(tuf, "a/x", "targets A C");
                assert_bad(tuf, "b/x", FAULT_CATALOG_SIGNATURE,
                           "C 1 is signed by 0 of the keys that B 1 names for it, and needs 1");
                assert_found(tuf, "a/x", "targets A C");

                /* Signed by both it is good for both. */
                tuf = tuf_free(tuf);
                repository_add_signer(repository, "C", of_b, NULL);
                publish(repository, "C");
                tuf = refreshed(repository);
                assert_found(tuf, "a/x", "targets A C");
                assert_found(tuf, "b/x", "targets B C");
                assert_int_equal(repository_stored(repository, "C"), 2);
        }
}

/* The whole matrix of a top-level role holds for a delegated one (CVE-2026-6966, CVE-2026-6967). */
static void test_a_bad_delegated_role_ends_the_search(void **state) {
        static const FaultCode wanted[] = { FAULT_CATALOG_EXPIRED,    FAULT_CATALOG_SIGNATURE,
                                            FAULT_CATALOG_MISMATCH,   FAULT_CATALOG_MISMATCH,
                                            FAULT_CATALOG_INCOMPLETE, FAULT_CATALOG_INCOMPLETE,
                                            FAULT_CATALOG_MALFORMED,  FAULT_CATALOG_MALFORMED,
                                            FAULT_FETCH_TOO_LARGE,    FAULT_CATALOG_SIGNATURE };

        (void)state;
        for (unsigned wrong = 0; wrong < N_ELEMENTS(wanted); wrong++) {
                _cleanup_(repository_freep) Repository *repository = repository_new();
                _cleanup_(tuf_freep) Tuf *tuf = NULL;
                EVP_PKEY *pair = repository_new_key(repository, KEY_ED25519);
                json_t *meta, *entry;

                (void)repository_delegate(repository, "targets", "bad", "*", NULL, false);
                (void)repository_delegate(repository, "targets", "good", "*", NULL, false);
                repository_add_target(repository, "bad", "path", "bad");
                repository_add_target(repository, "good", "path", "good");
                repository_use_hashes(repository);
                if (wrong == 0)
                        repository_set_expiry(repository, "bad", NOW);
                if (wrong == 1)
                        repository_clear_signers(repository, "bad");
                if (wrong == 7) {
                        repository_add_signer(repository, "bad", pair, NULL);
                        repository_add_signer(repository, "bad", pair, NULL);
                }
                if (wrong == 9)
                        repository_set_threshold(repository, "targets", "bad", json_integer(2));
                publish(repository, "bad good");
                meta = json_object_get(repository_body(repository, "snapshot"), "meta");
                entry = json_object_get(meta, "bad.json");
                if (wrong == 2) {
                        (void)json_object_set_new(entry, "version", json_integer(2));
                        repository_serve(repository, "2.bad.json",
                                         repository_served(repository, "1.bad.json"),
                                         strlen(repository_served(repository, "1.bad.json")));
                }
                if (wrong == 3)
                        (void)json_object_set_new(json_object_get(entry, "hashes"), "sha512",
                                                  json_string("00000000000000000000000000000000"
                                                              "00000000000000000000000000000000"
                                                              "00000000000000000000000000000000"
                                                              "00000000000000000000000000000000"));
                if (wrong == 4)
                        repository_unserve(repository, "1.bad.json");
                if (wrong == 5)
                        (void)json_object_del(meta, "bad.json");
                if (wrong == 6) {
                        repository_serve(repository, "1.bad.json", "{}", 2);
                        (void)json_object_del(entry, "hashes");
                        (void)json_object_del(entry, "length");
                }
                if (wrong == 8)
                        (void)json_object_set_new(entry, "length", json_integer(10));
                repository_publish_all(repository, "snapshot", "timestamp", NULL);

                tuf = refreshed(repository);
                assert_bad(tuf, "path", wanted[wrong], NULL);
                assert_int_equal(repository_stored(repository, "bad"), 0);
                assert_int_equal(repository_stored(repository, "good"), 0);
        }
}

static void test_a_stored_delegated_role_that_expired_is_not_used(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        _cleanup_(tuf_freep) Tuf *tuf = NULL;
        TufOptions later = { .start_time = NOW + 18 * DAY };
        Fault fault = {};

        (void)state;
        (void)repository_delegate(repository, "targets", "maker", "*", NULL, false);
        repository_add_target(repository, "maker", "path", "x");
        repository_set_expiry(repository, "maker", NOW + 7 * DAY);
        publish(repository, "maker");
        tuf = refreshed(repository);
        assert_found(tuf, "path", "targets maker");
        tuf = tuf_free(tuf);

        repository_client(repository, &later, &tuf);
        assert_int_equal(tuf_refresh(tuf, &fault), 0);
        assert_bad(tuf, "path", FAULT_CATALOG_EXPIRED, NULL);
        tuf = tuf_free(tuf);

        repository_set_expiry(repository, "maker", NOW + 21 * DAY);
        publish(repository, "maker");
        repository_client(repository, &later, &tuf);
        assert_int_equal(tuf_refresh(tuf, &fault), 0);
        assert_found(tuf, "path", "targets maker");
        assert_int_equal(repository_stored(repository, "maker"), 2);
}

static void test_the_search_ends_after_32_roles(void **state) {
        for (unsigned deep = 0; deep < 2; deep++) {
                _cleanup_(repository_freep) Repository *repository = repository_new();
                _cleanup_(tuf_freep) Tuf *tuf = NULL;
                char last[16] = "targets", name[16], roles[1024] = "";

                (void)state;
                for (unsigned i = 1; i <= DELEGATIONS_MAX + 1; i++) {
                        (void)snprintf(name, sizeof(name), "role%u", i);
                        (void)repository_delegate(repository, deep ? last : "targets", name, "*",
                                                  NULL, false);
                        strcat(roles, name);
                        strcat(roles, " ");
                        strcpy(last, name);
                }
                repository_add_target(repository, "role32", "in-reach", "x");
                repository_add_target(repository, "role33", "too-far", "x");
                publish(repository, roles);
                tuf = refreshed(repository);
                assert_bad(
                        tuf, "too-far", FAULT_LIMIT,
                        deep ? "more than 32 roles must be asked, the last of them by role32 1"
                             : "more than 32 roles must be asked, the last of them by targets 2");
                {
                        TufTarget target;
                        Fault fault = {};

                        assert_int_equal(tuf_find(tuf, "in-reach", &target, &fault), 0);
                        assert_int_equal(target.n_roles, deep ? DELEGATIONS_MAX + 1 : 2);
                }
        }
}

static void test_hash_prefixes_are_of_the_path_in_hex(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        _cleanup_(tuf_freep) Tuf *tuf = NULL;
        uint8_t digest[SHA256_LENGTH];
        char hex[2 * SHA256_LENGTH + 1];
        json_t *delegation;

        (void)state;
        assert_int_equal(sha256("some/path", 9, digest), 0);
        hex_encode(digest, sizeof(digest), hex);
        for (int n = 0; n <= 5; n += 5) { /* also in the middle of a byte, and no digit at all */
                _cleanup_free_ char *prefix = strndup(hex, (size_t)n);

                delegation = repository_delegate(repository, "targets", n ? "hit" : "all", "x",
                                                 NULL, false);
                (void)json_object_del(delegation, "paths");
                if (n)
                        prefix[0] = prefix[0] >= 'a' ? (char)(prefix[0] - 32) : prefix[0];
                (void)json_object_set_new(delegation, "path_hash_prefixes",
                                          json_pack("[s, s]", "ffffffff", prefix));
        }
        repository_add_target(repository, "hit", "some/path", "x");
        repository_add_target(repository, "hit", "other/path", "x");
        repository_add_target(repository, "all", "any/path", "x");
        publish(repository, "hit all");
        tuf = refreshed(repository);
        assert_found(tuf, "some/path", "targets hit");
        assert_not_found(tuf, "other/path");
        assert_found(tuf, "any/path", "targets all");
}

/* Listing. */

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
        publish(repository, "pioneer hitachi one two");
        tuf = refreshed(repository);
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
        publish(repository, "A T below after late");
        tuf = refreshed(repository);
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
        publish(repository, "A B C");
        tuf = refreshed(repository);
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
                publish(repository, "A B C D E");
                tuf = refreshed(repository);
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
        publish(repository, "bad good");
        tuf = refreshed(repository);
        assert_int_equal(tuf_list(tuf, "d/", on_target, &listed, &fault), -EBADE);
        assert_int_equal(fault.code, FAULT_CATALOG_SIGNATURE);
        assert_string_equal(listed.text, "");
        /* It does not spoil what it is not for. */
        assert_listed(tuf, "e/", "");
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
        publish(repository, "");
        tuf = refreshed(repository);
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
        publish(repository, "A B C");
        tuf = refreshed(repository);
        assert_listed(tuf, "d/", "d/b=B");
        assert_not_found(tuf, "d/c");
}

/* Where a target lies. */

static void test_the_hash_stands_in_front_of_the_last_part_of_a_target(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        _cleanup_(tuf_freep) Tuf *tuf = NULL;
        _cleanup_free_ char *file = NULL, *plain = NULL;
        TufTarget target;
        Fault fault = {};

        (void)state;
        repository_add_target(repository, "targets", "a/b/c.bin", "abc");
        publish(repository, "");
        tuf = refreshed(repository);
        assert_int_equal(tuf_find(tuf, "a/b/c.bin", &target, &fault), 0);
        assert_int_equal(target.meta.length, 3);
        assert_int_equal(file_meta_check(&target.meta, "", "abc", 3, &fault), 0);
        assert_int_equal(file_meta_check(&target.meta, "c.bin", "abd", 3, &fault), -EBADE);
        assert_string_equal(fault.text, "c.bin has another SHA-256 than is signed for");
        assert_int_equal(tuf_target_file(tuf, &target, &file), 0);
        assert_string_equal(file,
                            "a/b/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015"
                            "ad.c.bin");
        tuf = tuf_free(tuf);

        (void)json_object_set_new(repository_body(repository, "root"), "consistent_snapshot",
                                  json_false());
        repository_publish(repository, "root");
        publish(repository, "");
        tuf = refreshed(repository);
        assert_int_equal(tuf_target_file(tuf, &target, &plain), 0);
        assert_string_equal(plain, "a/b/c.bin");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(
                        test_roles_are_asked_depth_first_in_the_order_of_their_delegations),
                cmocka_unit_test(test_of_many_roles_that_list_a_path_the_first_is_believed),
                cmocka_unit_test(test_a_target_must_match_the_patterns_of_the_whole_chain),
                cmocka_unit_test(test_what_one_delegator_accepts_is_verified_again_for_another),
                cmocka_unit_test(test_a_bad_delegated_role_ends_the_search),
                cmocka_unit_test(test_a_stored_delegated_role_that_expired_is_not_used),
                cmocka_unit_test(test_the_search_ends_after_32_roles),
                cmocka_unit_test(test_hash_prefixes_are_of_the_path_in_hex),
                cmocka_unit_test(test_a_listing_loads_only_roles_that_may_hold_such_paths),
                cmocka_unit_test(
                        test_a_listing_honours_order_chains_and_terminating_roles_for_each_path),
                cmocka_unit_test(test_a_listing_sees_a_role_on_every_way_that_leads_to_it),
                cmocka_unit_test(test_a_listing_says_of_each_path_what_a_search_says),
                cmocka_unit_test(test_a_bad_role_on_the_way_ends_the_listing),
                cmocka_unit_test(test_a_listing_ends_when_its_caller_has_enough),
                cmocka_unit_test(test_a_circle_of_terminating_roles_is_listed_and_ends),
                cmocka_unit_test(test_the_hash_stands_in_front_of_the_last_part_of_a_target),
        };

        return RUN_TESTS(tests);
}
