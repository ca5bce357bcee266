/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which roots a client follows, and which signatures count (TUF 5.2, 5.3). */
#include "catalog/tuf.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "catalog/key.h"
#include "tests/unit/test.h"
#include "tests/unit/tuf-repository.h"

#define NOW REPOSITORY_NOW

static void test_a_chain_of_roots_is_followed_and_each_is_stored(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        for (unsigned i = 0; i < 3; i++)
                repository_publish(repository, "root");
        repository_expect_good(repository);
        assert_int_equal(repository_stored(repository, "root"), 4);
}

static void test_no_more_than_256_roots_are_followed_in_one_go(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        for (unsigned i = 0; i < ROOT_ROTATIONS_MAX + 3; i++)
                repository_publish(repository, "root");
        repository_expect_good(repository);
        assert_int_equal(repository_stored(repository, "root"), ROOT_ROTATIONS_MAX + 1);
        repository_expect_good(repository);
        assert_int_equal(repository_stored(repository, "root"), ROOT_ROTATIONS_MAX + 4);
}

static void test_an_expired_root_on_the_way_does_not_matter(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        repository_set_expiry(repository, "root", NOW - DAY);
        repository_publish(repository, "root");
        repository_expect_fault(
                repository, FAULT_CATALOG_EXPIRED,
                "root 2 expired at 2027-01-14T08:00:00Z, and it is 2027-01-15T08:00:00Z "
                "now");
        /* It is stored all the same (5.3.10). */
        repository_expect_stored(repository, 2, 0, 0, 0);
        repository_set_expiry(repository, "root", NOW + DAY);
        repository_publish(repository, "root");
        repository_expect_good(repository);
        assert_int_equal(repository_stored(repository, "root"), 3);
}

static void test_what_expires_now_is_expired(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        repository_set_expiry(repository, "root", NOW);
        repository_publish(repository, "root");
        repository_expect_fault(repository, FAULT_CATALOG_EXPIRED, NULL);
        repository_set_expiry(repository, "root", NOW + 1);
        repository_publish(repository, "root");
        repository_expect_good(repository);
}

static void test_a_new_root_needs_the_old_keys_and_its_own(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        EVP_PKEY *new = repository_new_key(repository, KEY_ED25519);

        (void)state;
        repository_distrust_all(repository, "root", "root");
        repository_trust(repository, "root", "root", new);
        /* Only the old key has signed (CVE-2020-15163). */
        repository_publish(repository, "root");
        repository_expect_fault(
                repository, FAULT_CATALOG_SIGNATURE,
                "root 2 is signed by 0 of the keys that it itself names for it, and needs 1");
        repository_expect_stored(repository, 1, 0, 0, 0);
        /* Only the new one. */
        repository_clear_signers(repository, "root");
        repository_add_signer(repository, "root", new, NULL);
        repository_set_version(repository, "root", 2);
        repository_publish(repository, "root");
        repository_expect_fault(
                repository, FAULT_CATALOG_SIGNATURE,
                "root 2 is signed by 0 of the keys that root 1 names for it, and needs 1");
        repository_expect_stored(repository, 1, 0, 0, 0);
}

static void test_a_root_must_have_the_next_version(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        /* The root that we have, served again under the next name (CVE-2025-2885). */
        repository_serve(repository, "2.root.json", repository_served(repository, "1.root.json"),
                         strlen(repository_served(repository, "1.root.json")));
        repository_expect_fault(repository, FAULT_CATALOG_ROLLED_BACK,
                                "2.root.json holds version 1");
        repository_set_version(repository, "root", 3);
        repository_publish(repository, "root");
        repository_serve(repository, "2.root.json", repository_served(repository, "3.root.json"),
                         strlen(repository_served(repository, "3.root.json")));
        repository_expect_fault(repository, FAULT_CATALOG_MISMATCH, "2.root.json holds version 3");
        repository_expect_stored(repository, 1, 0, 0, 0);
}

static void test_the_last_version_of_all_has_no_next_one(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        repository_set_version(repository, "root", INT64_MAX);
        repository_publish(repository, "root");
        repository_put_stored(repository, "root",
                              repository_served(repository, "9223372036854775807.root.json"));
        repository_expect_good(repository);
        assert_string_equal(repository_requests(repository),
                            "timestamp.json 1.snapshot.json 1.targets.json");
}

static int broken_fetch(void *userdata, const char *name, size_t max, uint8_t **ret_bytes,
                        size_t *ret_n_bytes, Fault *fault) {
        (void)userdata, (void)max, (void)ret_bytes, (void)ret_n_bytes;
        return fault_set(fault, FAULT_MIRROR_REFUSED, "%s: status 500", name);
}

static void test_a_mirror_that_fails_is_not_taken_for_one_without_a_newer_root(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        _cleanup_(tuf_freep) Tuf *tuf = NULL;
        TufOptions options = { .start_time = NOW };
        Fault fault = {};
        int64_t version, signed_at;
        TufIo io;

        (void)state;
        repository_io(repository, &io);
        io.fetch = broken_fetch;
        assert_int_equal(tuf_new(&io, &options, &tuf), 0);
        assert_int_equal(tuf_refresh(tuf, &fault), -EBADE);
        assert_int_equal(fault.code, FAULT_MIRROR_REFUSED);
        assert_string_equal(fault.text, "2.root.json: status 500");
        assert_false(tuf_seen_timestamp(tuf, &version, &signed_at));
}

static void test_a_key_counts_once_under_several_keyids(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        EVP_PKEY *pair = repository_new_key(repository, KEY_ED25519);
        _cleanup_json_ json_t *object = NULL;
        char keyid[KEYID_SIZE], other[KEYID_SIZE];

        (void)state;
        assert_int_equal(key_object(pair, &object, keyid), 0);
        repository_distrust_all(repository, "root", "timestamp");
        repository_clear_signers(repository, "timestamp");
        repository_trust_object(repository, "root", "timestamp", object, keyid);
        (void)json_object_set_new(object, "x-again", json_true());
        assert_int_equal(key_id(object, other), 0);
        repository_trust_object(repository, "root", "timestamp", object, other);
        repository_set_threshold(repository, "root", "timestamp", json_integer(2));
        repository_add_signer(repository, "timestamp", pair, keyid);
        repository_add_signer(repository, "timestamp", pair, other);
        repository_publish_all(repository, "root", "timestamp", NULL);
        repository_expect_fault(
                repository, FAULT_CATALOG_SIGNATURE,
                "timestamp 2 is signed by 1 of the keys that root 2 names for it, and "
                "needs 2");
}

static void test_each_role_needs_its_threshold_of_signatures(void **state) {
        static const char *const roles[] = { "timestamp", "snapshot", "targets" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(roles); i++) {
                _cleanup_(repository_freep) Repository *repository = repository_new();
                EVP_PKEY *stranger = repository_new_key(repository, KEY_ED25519);
                EVP_PKEY *second = repository_new_key(repository, KEY_ED25519);

                repository_trust(repository, "root", roles[i], second);
                repository_set_threshold(repository, "root", roles[i], json_integer(2));
                repository_publish(repository, "root");
                /* One good signature, one of a key that is not the role's, and two that are none. */
                repository_add_signer(repository, roles[i], stranger, NULL);
                repository_add_junk(repository, roles[i], "junk");
                repository_publish_next(repository);
                repository_expect_fault(repository, FAULT_CATALOG_SIGNATURE, NULL);
                assert_int_equal(repository_stored(repository, roles[i]), 0);
                repository_add_signer(repository, roles[i], second, NULL);
                repository_publish_next(repository);
                repository_expect_good(repository);
                assert_int_equal(repository_stored(repository, roles[i]), 3);
        }
}

static void test_a_signature_of_another_key_under_a_good_keyid_does_not_count(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        _cleanup_json_ json_t *object = NULL;
        EVP_PKEY *pair = repository_new_key(repository, KEY_ED25519);
        EVP_PKEY *stranger = repository_new_key(repository, KEY_ED25519);
        char keyid[KEYID_SIZE];

        (void)state;
        assert_int_equal(key_object(pair, &object, keyid), 0);
        repository_distrust_all(repository, "root", "timestamp");
        repository_clear_signers(repository, "timestamp");
        repository_trust(repository, "root", "timestamp", pair);
        repository_add_signer(repository, "timestamp", stranger, keyid);
        repository_publish_all(repository, "root", "timestamp", NULL);
        repository_expect_fault(repository, FAULT_CATALOG_SIGNATURE, NULL);
}

static void test_two_signatures_of_one_key_are_refused(void **state) {
        static const char *const roles[] = { "root", "timestamp", "snapshot", "targets" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(roles); i++) {
                _cleanup_(repository_freep) Repository *repository = repository_new();
                EVP_PKEY *pair = repository_new_key(repository, KEY_ED25519);

                repository_add_signer(repository, roles[i], pair, NULL);
                repository_add_signer(repository, roles[i], pair, NULL);
                if (i == 0)
                        repository_publish(repository, "root");
                else
                        repository_publish_next(repository);
                repository_expect_fault(repository, FAULT_CATALOG_MALFORMED, NULL);
        }
}

static void test_a_key_of_an_unknown_kind_spoils_nothing(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        _cleanup_json_ json_t *object = NULL;
        char keyid[KEYID_SIZE];

        (void)state;
        object = json_pack("{s:s, s:s, s:{s:s}}", "keytype", "sphincs", "scheme", "future",
                           "keyval", "identity", "somebody");
        assert_int_equal(key_id(object, keyid), 0);
        repository_trust_object(repository, "root", "timestamp", object, keyid);
        repository_add_junk(repository, "timestamp", keyid);
        repository_publish_all(repository, "root", "timestamp", NULL);
        repository_expect_good(repository);
        repository_set_threshold(repository, "root", "timestamp", json_integer(2));
        repository_publish_all(repository, "root", "timestamp", NULL);
        repository_expect_fault(repository, FAULT_CATALOG_SIGNATURE, NULL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_chain_of_roots_is_followed_and_each_is_stored),
                cmocka_unit_test(test_no_more_than_256_roots_are_followed_in_one_go),
                cmocka_unit_test(test_an_expired_root_on_the_way_does_not_matter),
                cmocka_unit_test(test_what_expires_now_is_expired),
                cmocka_unit_test(test_a_new_root_needs_the_old_keys_and_its_own),
                cmocka_unit_test(test_a_root_must_have_the_next_version),
                cmocka_unit_test(test_the_last_version_of_all_has_no_next_one),
                cmocka_unit_test(
                        test_a_mirror_that_fails_is_not_taken_for_one_without_a_newer_root),
                cmocka_unit_test(test_a_key_counts_once_under_several_keyids),
                cmocka_unit_test(test_each_role_needs_its_threshold_of_signatures),
                cmocka_unit_test(test_a_signature_of_another_key_under_a_good_keyid_does_not_count),
                cmocka_unit_test(test_two_signatures_of_one_key_are_refused),
                cmocka_unit_test(test_a_key_of_an_unknown_kind_spoils_nothing),
        };

        return RUN_TESTS(tests);
}
