/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Delegations: who may speak for a path (TUF 4.5, 5.6.7). */
#include "catalog/tuf.h"

#include <errno.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "catalog/key.h"
#include "tests/unit/test.h"
#include "tests/unit/tuf-repository.h"

#define NOW REPOSITORY_NOW

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
                repository_publish_roles(repository, roles);
                tuf = repository_refreshed(repository);
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
                repository_publish_roles(repository, roles);
                tuf = repository_refreshed(repository);
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
        repository_publish_roles(repository, "A B C D");

        tuf = repository_refreshed(repository);
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
                repository_publish_roles(repository, "A B C");
                if (stored_before) {
                        tuf = repository_refreshed(repository);
                        assert_found(tuf, "a/x", "targets A C");
                        tuf = tuf_free(tuf);
                }
                tuf = repository_refreshed(repository);
                assert_found(tuf, "a/x", "targets A C");
                assert_bad(tuf, "b/x", FAULT_CATALOG_SIGNATURE,
                           "C 1 is signed by 0 of the keys that B 1 names for it, and needs 1");
                assert_found(tuf, "a/x", "targets A C");

                /* Signed by both it is good for both. */
                tuf = tuf_free(tuf);
                repository_add_signer(repository, "C", of_b, NULL);
                repository_publish_roles(repository, "C");
                tuf = repository_refreshed(repository);
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
                repository_publish_roles(repository, "bad good");
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

                tuf = repository_refreshed(repository);
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
        repository_publish_roles(repository, "maker");
        tuf = repository_refreshed(repository);
        assert_found(tuf, "path", "targets maker");
        tuf = tuf_free(tuf);

        repository_client(repository, &later, &tuf);
        assert_int_equal(tuf_refresh(tuf, &fault), 0);
        assert_bad(tuf, "path", FAULT_CATALOG_EXPIRED, NULL);
        tuf = tuf_free(tuf);

        repository_set_expiry(repository, "maker", NOW + 21 * DAY);
        repository_publish_roles(repository, "maker");
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
                repository_publish_roles(repository, roles);
                tuf = repository_refreshed(repository);
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
        repository_publish_roles(repository, "hit all");
        tuf = repository_refreshed(repository);
        assert_found(tuf, "some/path", "targets hit");
        assert_not_found(tuf, "other/path");
        assert_found(tuf, "any/path", "targets all");
}

static void test_the_hash_stands_in_front_of_the_last_part_of_a_target(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        _cleanup_(tuf_freep) Tuf *tuf = NULL;
        _cleanup_free_ char *file = NULL, *plain = NULL;
        TufTarget target;
        Fault fault = {};

        (void)state;
        repository_add_target(repository, "targets", "a/b/c.bin", "abc");
        repository_publish_roles(repository, "");
        tuf = repository_refreshed(repository);
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
        repository_publish_roles(repository, "");
        tuf = repository_refreshed(repository);
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
                cmocka_unit_test(test_the_hash_stands_in_front_of_the_last_part_of_a_target),
        };

        return RUN_TESTS(tests);
}
