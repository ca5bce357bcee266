/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sections 5.1 to 5.6 of the TUF specification. Names in brackets are of the faults that other
 * clients have had. */
#include "catalog/tuf.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "catalog/key.h"
#include "tests/unit/test.h"
#include "tests/unit/tuf-repository.h"

#define NOW REPOSITORY_NOW

static void assert_refreshed(Repository *repository) {
        Fault fault = {};

        if (repository_refresh(repository, NOW, &fault) != 0)
                fail_msg("%s: %s", fault_name(fault.code), fault.text);
}

static void assert_refused(Repository *repository, FaultCode code, const char *text) {
        Fault fault = {};

        assert_int_equal(repository_refresh(repository, NOW, &fault), -EBADE);
        assert_string_equal(fault_name(fault.code), fault_name(code));
        if (text)
                assert_string_equal(fault.text, text);
}

static void assert_stored(Repository *repository, int root, int timestamp, int snapshot,
                          int targets) {
        assert_int_equal(repository_stored(repository, "root"), root);
        assert_int_equal(repository_stored(repository, "timestamp"), timestamp);
        assert_int_equal(repository_stored(repository, "snapshot"), snapshot);
        assert_int_equal(repository_stored(repository, "targets"), targets);
}

/* A new version of everything but root. */
static void publish_next(Repository *repository) {
        repository_publish_all(repository, "targets", "snapshot", "timestamp", NULL);
}

static void test_files_are_asked_for_in_order_and_one_by_one(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        assert_refreshed(repository);
        assert_string_equal(repository_requests(repository),
                            "2.root.json timestamp.json 1.snapshot.json 1.targets.json");
        assert_stored(repository, 1, 1, 1, 1);

        repository_forget_requests(repository);
        assert_refreshed(repository);
        assert_string_equal(repository_requests(repository), "2.root.json timestamp.json");
}

static void test_without_consistent_snapshots_only_root_has_a_version_in_its_name(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        (void)json_object_set_new(repository_body(repository, "root"), "consistent_snapshot",
                                  json_false());
        repository_publish(repository, "root");
        publish_next(repository);
        assert_refreshed(repository);
        assert_string_equal(repository_requests(repository),
                            "2.root.json 3.root.json timestamp.json snapshot.json targets.json");
        (void)json_object_del(repository_body(repository, "root"), "consistent_snapshot");
        repository_publish(repository, "root");
        publish_next(repository);
        repository_forget_requests(repository);
        assert_refreshed(repository);
        assert_string_equal(repository_requests(repository),
                            "3.root.json 4.root.json timestamp.json snapshot.json targets.json");
}

static void test_without_a_trusted_root_nothing_is_asked(void **state) {
        static const char *const bad[] = { "", "{}", "null", "no json" };
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
                repository_put_stored(repository, "root", bad[i]);
                assert_refused(repository, FAULT_CATALOG_MALFORMED, NULL);
        }
        repository_clear_signers(repository, "root");
        repository_set_version(repository, "root", 1);
        repository_publish(repository, "root");
        repository_put_stored(repository, "root", repository_served(repository, "1.root.json"));
        assert_refused(repository, FAULT_CATALOG_SIGNATURE,
                       "the trusted root is damaged: root 1 is signed by 0 of the keys that it "
                       "itself names for it, and needs 1");
        assert_string_equal(repository_requests(repository), "");
}

static void test_all_kinds_of_keys_are_accepted(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        for (int scheme = 0; scheme < _KEY_SCHEME_MAX; scheme++) {
                EVP_PKEY *pair = repository_new_key(repository, scheme);

                repository_distrust_all(repository, "root", "snapshot");
                repository_clear_signers(repository, "snapshot");
                repository_trust(repository, "root", "snapshot", pair);
                repository_add_signer(repository, "snapshot", pair, NULL);
                repository_publish(repository, "root");
                publish_next(repository);
                assert_refreshed(repository);
                assert_int_equal(repository_stored(repository, "snapshot"), scheme + 2);
        }
}

/* Root. */

static void test_a_chain_of_roots_is_followed_and_each_is_stored(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        for (unsigned i = 0; i < 3; i++)
                repository_publish(repository, "root");
        assert_refreshed(repository);
        assert_int_equal(repository_stored(repository, "root"), 4);
}

static void test_no_more_than_256_roots_are_followed_in_one_go(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        for (unsigned i = 0; i < ROOT_ROTATIONS_MAX + 3; i++)
                repository_publish(repository, "root");
        assert_refreshed(repository);
        assert_int_equal(repository_stored(repository, "root"), ROOT_ROTATIONS_MAX + 1);
        assert_refreshed(repository);
        assert_int_equal(repository_stored(repository, "root"), ROOT_ROTATIONS_MAX + 4);
}

static void test_an_expired_root_on_the_way_does_not_matter(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        repository_set_expiry(repository, "root", NOW - DAY);
        repository_publish(repository, "root");
        assert_refused(repository, FAULT_CATALOG_EXPIRED,
                       "root 2 expired at 2027-01-14T08:00:00Z, and it is 2027-01-15T08:00:00Z "
                       "now");
        /* It is stored all the same (5.3.10). */
        assert_stored(repository, 2, 0, 0, 0);
        repository_set_expiry(repository, "root", NOW + DAY);
        repository_publish(repository, "root");
        assert_refreshed(repository);
        assert_int_equal(repository_stored(repository, "root"), 3);
}

static void test_what_expires_now_is_expired(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        repository_set_expiry(repository, "root", NOW);
        repository_publish(repository, "root");
        assert_refused(repository, FAULT_CATALOG_EXPIRED, NULL);
        repository_set_expiry(repository, "root", NOW + 1);
        repository_publish(repository, "root");
        assert_refreshed(repository);
}

static void test_a_new_root_needs_the_old_keys_and_its_own(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        EVP_PKEY *new = repository_new_key(repository, KEY_ED25519);

        (void)state;
        repository_distrust_all(repository, "root", "root");
        repository_trust(repository, "root", "root", new);
        /* Only the old key has signed (CVE-2020-15163). */
        repository_publish(repository, "root");
        assert_refused(
                repository, FAULT_CATALOG_SIGNATURE,
                "root 2 is signed by 0 of the keys that it itself names for it, and needs 1");
        assert_stored(repository, 1, 0, 0, 0);
        /* Only the new one. */
        repository_clear_signers(repository, "root");
        repository_add_signer(repository, "root", new, NULL);
        repository_set_version(repository, "root", 2);
        repository_publish(repository, "root");
        assert_refused(repository, FAULT_CATALOG_SIGNATURE,
                       "root 2 is signed by 0 of the keys that root 1 names for it, and needs 1");
        assert_stored(repository, 1, 0, 0, 0);
}

static void test_a_root_must_have_the_next_version(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        /* The root that we have, served again under the next name (CVE-2025-2885). */
        repository_serve(repository, "2.root.json", repository_served(repository, "1.root.json"),
                         strlen(repository_served(repository, "1.root.json")));
        assert_refused(repository, FAULT_CATALOG_ROLLED_BACK, "2.root.json holds version 1");
        repository_set_version(repository, "root", 3);
        repository_publish(repository, "root");
        repository_serve(repository, "2.root.json", repository_served(repository, "3.root.json"),
                         strlen(repository_served(repository, "3.root.json")));
        assert_refused(repository, FAULT_CATALOG_MISMATCH, "2.root.json holds version 3");
        assert_stored(repository, 1, 0, 0, 0);
}

static void test_the_last_version_of_all_has_no_next_one(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        repository_set_version(repository, "root", INT64_MAX);
        repository_publish(repository, "root");
        repository_put_stored(repository, "root",
                              repository_served(repository, "9223372036854775807.root.json"));
        assert_refreshed(repository);
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

/* Thresholds and keys. */

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
        assert_refused(repository, FAULT_CATALOG_SIGNATURE,
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
                publish_next(repository);
                assert_refused(repository, FAULT_CATALOG_SIGNATURE, NULL);
                assert_int_equal(repository_stored(repository, roles[i]), 0);
                repository_add_signer(repository, roles[i], second, NULL);
                publish_next(repository);
                assert_refreshed(repository);
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
        assert_refused(repository, FAULT_CATALOG_SIGNATURE, NULL);
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
                        publish_next(repository);
                assert_refused(repository, FAULT_CATALOG_MALFORMED, NULL);
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
        assert_refreshed(repository);
        repository_set_threshold(repository, "root", "timestamp", json_integer(2));
        repository_publish_all(repository, "root", "timestamp", NULL);
        assert_refused(repository, FAULT_CATALOG_SIGNATURE, NULL);
}

/* Timestamp. */

static void test_a_timestamp_does_not_go_back(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        repository_publish(repository, "timestamp");
        assert_refreshed(repository);
        repository_set_version(repository, "timestamp", 1);
        repository_publish(repository, "timestamp");
        assert_refused(repository, FAULT_CATALOG_ROLLED_BACK,
                       "the mirror has timestamp 1, and version 2 was seen before");
        assert_stored(repository, 1, 2, 1, 1);
}

static void test_an_expired_timestamp_still_counts_against_rollback(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        Fault fault = {};

        (void)state;
        repository_set_expiry(repository, "timestamp", NOW + DAY);
        repository_publish_all(repository, "timestamp", "timestamp", NULL);
        assert_refreshed(repository);
        repository_set_expiry(repository, "timestamp", NOW + 10 * DAY);
        repository_set_version(repository, "timestamp", 2);
        repository_publish(repository, "timestamp");
        assert_int_equal(repository_refresh(repository, NOW + 2 * DAY, &fault), -EBADE);
        assert_int_equal(fault.code, FAULT_CATALOG_ROLLED_BACK);
}

static void test_a_changed_timestamp_of_the_same_version_is_not_used(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        assert_refreshed(repository);
        (void)json_object_set_new(repository_body(repository, "timestamp"), "meta",
                                  json_pack("{s:{s:i}}", "snapshot.json", "version", 100));
        repository_set_version(repository, "timestamp", 1);
        repository_publish(repository, "timestamp");
        repository_forget_requests(repository);
        assert_refreshed(repository);
        assert_string_equal(repository_requests(repository), "2.root.json timestamp.json");
}

/* The specification says "no error" for it, which would freeze the client for ever. */
static void test_a_timestamp_that_is_served_beyond_its_time_is_a_freeze(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        Fault fault = {};

        (void)state;
        repository_set_expiry(repository, "timestamp", NOW + DAY);
        repository_publish(repository, "timestamp");
        assert_refreshed(repository);
        repository_forget_requests(repository);
        assert_int_equal(repository_refresh(repository, NOW + 2 * DAY, &fault), -EBADE);
        assert_int_equal(fault.code, FAULT_CATALOG_FROZEN);
        assert_string_equal(fault.text, "the mirror has nothing newer: timestamp 2 expired at "
                                        "2027-01-16T08:00:00Z, and it is 2027-01-17T08:00:00Z now");
        assert_string_equal(repository_requests(repository), "2.root.json timestamp.json");
}

static void test_the_snapshot_that_a_timestamp_names_does_not_go_back(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        repository_publish_all(repository, "snapshot", "timestamp", NULL);
        assert_refreshed(repository);
        repository_set_version(repository, "snapshot", 1);
        repository_publish_all(repository, "snapshot", "timestamp", NULL);
        assert_refused(repository, FAULT_CATALOG_ROLLED_BACK,
                       "timestamp 3 names snapshot 1, and timestamp 2 named 2");
        /* It must not be stored before that is known (CVE-2025-2888). */
        assert_stored(repository, 1, 2, 2, 1);
        repository_set_version(repository, "snapshot", 3);
        publish_next(repository);
        assert_refreshed(repository);
}

static void test_each_role_that_expired_is_refused_and_not_stored(void **state) {
        static const char *const roles[] = { "timestamp", "snapshot", "targets" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(roles); i++) {
                _cleanup_(repository_freep) Repository *repository = repository_new();

                assert_refreshed(repository);
                repository_set_expiry(repository, roles[i], NOW - 1);
                publish_next(repository);
                assert_refused(repository, FAULT_CATALOG_EXPIRED, NULL);
                assert_int_equal(repository_stored(repository, roles[i]), 1);
                /* After each refusal a mended repository works. */
                repository_set_expiry(repository, roles[i], NOW + DAY);
                publish_next(repository);
                assert_refreshed(repository);
                assert_int_equal(repository_stored(repository, roles[i]), 3);
        }
}

static void test_stored_files_that_expired_are_fetched_anew(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        Fault fault = {};

        (void)state;
        repository_set_expiry(repository, "timestamp", NOW + 7 * DAY);
        repository_set_expiry(repository, "snapshot", NOW + 7 * DAY);
        repository_set_expiry(repository, "targets", NOW + 7 * DAY);
        publish_next(repository);
        assert_refreshed(repository);
        repository_set_expiry(repository, "timestamp", NOW + 21 * DAY);
        repository_set_expiry(repository, "snapshot", NOW + 21 * DAY);
        repository_set_expiry(repository, "targets", NOW + 21 * DAY);
        publish_next(repository);
        assert_int_equal(repository_refresh(repository, NOW + 18 * DAY, &fault), 0);
        assert_stored(repository, 1, 3, 3, 3);
}

static void test_with_leave_the_last_verified_set_serves_beyond_its_time(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        _cleanup_(tuf_freep) Tuf *tuf = NULL;
        TufOptions options = { .start_time = NOW + 100 * DAY, .allow_expired = true };
        const char *role;
        Fault fault = {};

        (void)state;
        repository_set_expiry(repository, "targets", NOW + DAY);
        publish_next(repository);
        assert_refreshed(repository);
        repository_client(repository, &options, &tuf);
        assert_int_equal(tuf_refresh(tuf, &fault), 0);
        assert_int_equal(tuf_expires(tuf, &role), NOW + DAY);
        assert_string_equal(role, "targets");
}

static void test_a_clock_below_its_floor_decides_nothing(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        _cleanup_(tuf_freep) Tuf *tuf = NULL;
        TufOptions options = { .start_time = 0, .clock_floor = NOW };
        Fault fault = {};

        (void)state;
        repository_client(repository, &options, &tuf);
        assert_int_equal(tuf_refresh(tuf, &fault), -EBADE);
        assert_int_equal(fault.code, FAULT_CLOCK_BEHIND);
        assert_string_equal(fault.text, "the clock says 1970-01-01T00:00:00Z, and it must be later "
                                        "than 2027-01-15T08:00:00Z");
        assert_string_equal(repository_requests(repository), "");
}

static void set_signed(Repository *repository, const char *date) {
        (void)json_object_set_new(repository_body(repository, "timestamp"), "x-discfw-signed",
                                  json_string(date));
}

static void test_a_timestamp_from_the_future_shows_that_the_clock_is_behind(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        set_signed(repository, "2027-01-16T08:00:01Z");
        repository_publish(repository, "timestamp");
        assert_refused(repository, FAULT_CLOCK_BEHIND,
                       "timestamp 2 was signed at 2027-01-16T08:00:01Z, and the clock says "
                       "2027-01-15T08:00:00Z now");
        assert_stored(repository, 1, 0, 0, 0);
        set_signed(repository, "2027-01-16T08:00:00Z"); /* somebody's clock may be off by hours */
        repository_publish(repository, "timestamp");
        assert_refreshed(repository);
        set_signed(repository, "yesterday");
        repository_publish(repository, "timestamp");
        assert_refused(repository, FAULT_CATALOG_MALFORMED,
                       "cannot read timestamp 4: its date of signing is not one");
}

static void test_what_a_mirror_said_is_known_after_it_was_refused(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        _cleanup_(tuf_freep) Tuf *tuf = NULL;
        TufOptions options = { .start_time = NOW };
        int64_t version, signed_at;
        Fault fault = {};

        (void)state;
        set_signed(repository, "2027-01-14T00:00:00Z");
        repository_publish_all(repository, "timestamp", "timestamp", NULL);
        assert_refreshed(repository);
        set_signed(repository, "2026-12-09T00:00:00Z");
        repository_set_version(repository, "timestamp", 2);
        repository_publish(repository, "timestamp");
        repository_client(repository, &options, &tuf);
        assert_int_equal(tuf_refresh(tuf, &fault), -EBADE);
        assert_int_equal(fault.code, FAULT_CATALOG_ROLLED_BACK);
        assert_true(tuf_seen_timestamp(tuf, &version, &signed_at));
        assert_int_equal(version, 2);
        assert_int_equal(signed_at, 1796774400);

        /* But not what somebody else says in its place. */
        repository_clear_signers(repository, "timestamp");
        repository_publish(repository, "timestamp");
        tuf = tuf_free(tuf);
        fault_clear(&fault);
        repository_client(repository, &options, &tuf);
        assert_int_equal(tuf_refresh(tuf, &fault), -EBADE);
        assert_false(tuf_seen_timestamp(tuf, &version, &signed_at));
}

/* Snapshot and targets: mix and match. */

static void test_a_file_that_others_name_must_be_there(void **state) {
        static const char *const files[] = { "timestamp.json", "2.snapshot.json",
                                             "2.targets.json" };
        static const char *const texts[] = {
                "the mirror has no timestamp.json",
                "the mirror has no 2.snapshot.json, which timestamp 2 names",
                "the mirror has no 2.targets.json, which snapshot 2 names",
        };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(files); i++) {
                _cleanup_(repository_freep) Repository *repository = repository_new();

                assert_refreshed(repository);
                publish_next(repository);
                repository_unserve(repository, files[i]);
                assert_refused(repository, FAULT_CATALOG_INCOMPLETE, texts[i]);
                assert_stored(repository, 1, i > 0 ? 2 : 1, i > 1 ? 2 : 1, 1);
        }
}

static void test_a_file_must_have_the_version_that_others_name(void **state) {
        static const char *const roles[] = { "snapshot", "targets" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(roles); i++)
                for (int other = 1; other <= 3; other += 2) {
                        _cleanup_(repository_freep) Repository *repository = repository_new();
                        char file[64];
                        const char *bytes;

                        publish_next(repository);
                        publish_next(repository);
                        (void)snprintf(file, sizeof(file), "%d.%s.json", other, roles[i]);
                        bytes = repository_served(repository, file);
                        repository_set_version(repository, roles[i], 2);
                        repository_publish_all(repository, roles[i], "snapshot", "timestamp", NULL);
                        (void)snprintf(file, sizeof(file), "%d.%s.json", i == 0 ? 3 : 2, roles[i]);
                        repository_serve(repository, file, bytes, strlen(bytes));
                        if (i == 0 && other == 3)
                                continue; /* that is the one */
                        assert_refused(repository, FAULT_CATALOG_MISMATCH, NULL);
                }
}

static void test_a_snapshot_loses_no_role_and_turns_none_back(void **state) {
        for (unsigned hashes = 0; hashes < 2; hashes++) {
                _cleanup_(repository_freep) Repository *repository = repository_new();
                json_t *meta = json_object_get(repository_body(repository, "snapshot"), "meta");

                (void)state;
                if (hashes)
                        repository_use_hashes(repository);
                repository_delegate(repository, "targets", "maker", "*", NULL, false);
                repository_publish(repository, "maker");
                repository_publish(repository, "maker");
                publish_next(repository);
                assert_refreshed(repository);
                /* Delegated roles count too (CVE-2025-2887). */
                (void)json_object_set_new(meta, "maker.json", json_pack("{s:i}", "version", 1));
                publish_next(repository);
                assert_refused(repository, FAULT_CATALOG_ROLLED_BACK, NULL);
                (void)json_object_del(meta, "maker.json");
                publish_next(repository);
                assert_refused(repository, FAULT_CATALOG_ROLLED_BACK,
                               "snapshot 4 no longer lists maker.json, which snapshot 2 did");
                (void)json_object_set_new(meta, "maker.json", json_pack("{s:i}", "version", 3));
                repository_set_version(repository, "targets", 1);
                publish_next(repository);
                assert_refused(
                        repository, FAULT_CATALOG_ROLLED_BACK,
                        "snapshot 5 lists version 1 of targets.json, and snapshot 2 listed 2");
                assert_stored(repository, 1, 5, 2, 2);
                repository_set_version(repository, "targets", 5);
                publish_next(repository);
                assert_refreshed(repository);
        }
}

static void test_lengths_and_hashes_that_are_named_must_fit(void **state) {
        static const char *const roles[] = { "snapshot", "targets" };
        static const char *const namers[] = { "timestamp", "snapshot" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(roles); i++) {
                _cleanup_(repository_freep) Repository *repository = repository_new();
                json_t *meta, *entry;
                char file[64];

                (void)snprintf(file, sizeof(file), "%s.json", roles[i]);
                repository_use_hashes(repository);
                publish_next(repository);
                assert_refreshed(repository);

                for (unsigned wrong = 0; wrong < 4; wrong++) {
                        repository_publish(repository, "targets");
                        if (i == 0)
                                repository_publish(repository, "snapshot");
                        meta = json_object_get(repository_body(repository, namers[i]), "meta");
                        entry = json_object_get(meta, file);
                        if (wrong == 0)
                                (void)json_object_set_new(
                                        json_object_get(entry, "hashes"), "sha256",
                                        json_string(
                                                "00000000000000000000000000000000000000000000000"
                                                "00000000000000000"));
                        if (wrong == 1)
                                (void)json_object_set_new(
                                        entry, "length",
                                        json_integer(json_integer_value(
                                                             json_object_get(entry, "length")) -
                                                     1));
                        if (wrong == 2)
                                (void)json_object_set_new(entry, "hashes",
                                                          json_pack("{s:s}", "md99", "00"));
                        if (wrong == 3)
                                (void)json_object_set_new(
                                        entry, "length",
                                        json_integer(json_integer_value(
                                                             json_object_get(entry, "length")) +
                                                     1));
                        if (i == 1)
                                repository_publish(repository, "snapshot");
                        repository_publish(repository, "timestamp");
                        assert_refused(repository,
                                       wrong == 1 ? FAULT_FETCH_TOO_LARGE : FAULT_CATALOG_MISMATCH,
                                       NULL);
                        assert_int_equal(repository_stored(repository, roles[i]), 2);
                }
                publish_next(repository);
                assert_refreshed(repository);
        }
}

static void test_a_stored_file_with_another_hash_is_fetched_anew(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        assert_refreshed(repository);
        /* Version 1 of snapshot and targets once more, in other bytes. */
        repository_use_hashes(repository);
        repository_add_junk(repository, "targets", "junk");
        repository_set_version(repository, "targets", 1);
        repository_set_version(repository, "snapshot", 1);
        publish_next(repository);
        repository_forget_requests(repository);
        assert_refreshed(repository);
        assert_string_equal(repository_requests(repository),
                            "2.root.json timestamp.json 1.snapshot.json 1.targets.json");
}

static void test_a_file_may_not_be_longer_than_its_role_allows(void **state) {
        static const struct {
                const char *role;
                size_t max;
        } limits[] = { { "root", METADATA_ROOT_MAX },
                       { "timestamp", METADATA_TIMESTAMP_MAX },
                       { "snapshot", METADATA_SNAPSHOT_MAX },
                       { "targets", METADATA_TARGETS_MAX } };
        char *text;

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(limits); i++)
                for (unsigned declared = 0; declared < 2; declared++) {
                        _cleanup_(repository_freep) Repository *repository = repository_new();

                        text = malloc(limits[i].max + 2);
                        assert_non_null(text);
                        memset(text, 'x', limits[i].max + 1);
                        text[limits[i].max + 1] = '\0';
                        (void)json_object_set_new(repository_body(repository, limits[i].role),
                                                  "padding", json_string(text));
                        free(text);
                        if (declared)
                                repository_use_hashes(repository);
                        repository_publish(repository, limits[i].role);
                        repository_publish_all(repository, "snapshot", "timestamp", NULL);
                        assert_refused(repository, FAULT_FETCH_TOO_LARGE, NULL);
                }
}

static int generous_fetch(void *userdata, const char *name, size_t max, uint8_t **ret_bytes,
                          size_t *ret_n_bytes, Fault *fault) {
        (void)userdata, (void)name, (void)fault;
        *ret_bytes = calloc(1, max + 1);
        *ret_n_bytes = max + 1;
        return *ret_bytes ? 0 : -ENOMEM;
}

static void test_a_fetcher_that_gives_more_than_was_asked_for_is_refused(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        _cleanup_(tuf_freep) Tuf *tuf = NULL;
        TufOptions options = { .start_time = NOW };
        Fault fault = {};
        TufIo io;

        (void)state;
        repository_io(repository, &io);
        io.fetch = generous_fetch;
        assert_int_equal(tuf_new(&io, &options, &tuf), 0);
        assert_int_equal(tuf_refresh(tuf, &fault), -EBADE);
        assert_int_equal(fault.code, FAULT_FETCH_TOO_LARGE);
}

/* Recovery after somebody had the keys and drove versions up (Cure53 TUF-01-002, NCC 2015). */

static void test_a_driven_up_version_is_left_behind_by_new_keys(void **state) {
        static const int64_t versions[] = { 100, INT32_MAX, INT32_MAX + 1LL, INT64_MAX };
        static const char *const roles[] = { "timestamp", "snapshot", "targets" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(roles); i++)
                for (size_t v = 0; v < N_ELEMENTS(versions); v++) {
                        _cleanup_(repository_freep) Repository *repository = repository_new();

                        repository_set_version(repository, roles[i], versions[v]);
                        repository_publish(repository, roles[i]);
                        if (i == 2)
                                repository_publish(repository, "snapshot");
                        if (i > 0)
                                repository_publish(repository, "timestamp");
                        assert_refreshed(repository);
                        assert_int_equal(repository_stored(repository, roles[i]), versions[v]);

                        repository_set_version(repository, roles[i], 2);
                        if (i == 0)
                                repository_publish(repository, "timestamp");
                        else
                                publish_next(repository);
                        assert_refused(repository, FAULT_CATALOG_ROLLED_BACK, NULL);

                        /* Targets recover by a new key of snapshot, snapshot by its own, even
                         * though the timestamp that named it is still well signed. */
                        repository_rotate(repository, i == 0 ? "timestamp" : "snapshot");
                        repository_set_version(repository, roles[i], 2);
                        repository_publish(repository, "root");
                        publish_next(repository);
                        assert_refreshed(repository);
                        assert_int_equal(repository_stored(repository, roles[i]), 2);
                }
}

/* What is forgotten is forgotten before the root that says so is stored, so that no crash keeps it. */
static void test_recovery_survives_a_crash_at_each_write(void **state) {
        (void)state;
        for (unsigned crash = 1; crash <= 6; crash++) {
                _cleanup_(repository_freep) Repository *repository = repository_new();
                Fault fault = {};

                repository_set_version(repository, "snapshot", INT64_MAX);
                repository_publish_all(repository, "snapshot", "timestamp", NULL);
                assert_refreshed(repository);
                repository_rotate(repository, "snapshot");
                repository_set_version(repository, "snapshot", 2);
                repository_publish(repository, "root");
                publish_next(repository);
                repository_fail_store(repository, crash);
                assert_int_not_equal(repository_refresh(repository, NOW, &fault), 0);
                assert_int_equal(fault.code, FAULT_STORE);
                assert_refreshed(repository);
                assert_stored(repository, 2, 3, 2, 2);
        }
}

static void test_a_key_that_only_came_in_addition_forgets_nothing(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        repository_publish_all(repository, "timestamp", "timestamp", NULL);
        assert_refreshed(repository);
        repository_trust(repository, "root", "timestamp",
                         repository_new_key(repository, KEY_ED25519));
        repository_publish(repository, "root");
        repository_set_version(repository, "timestamp", 2);
        repository_publish(repository, "timestamp");
        assert_refused(repository, FAULT_CATALOG_ROLLED_BACK, NULL);
        assert_stored(repository, 2, 3, 1, 1);
}

static void test_stored_files_that_are_damaged_cost_a_download_and_no_more(void **state) {
        static const char *const roles[] = { "timestamp", "snapshot", "targets" };
        static const char *const texts[] = { "", "no json", "{\"signed\":{},\"signatures\":[]}" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(roles); i++)
                for (size_t t = 0; t < N_ELEMENTS(texts); t++) {
                        _cleanup_(repository_freep) Repository *repository = repository_new();

                        assert_refreshed(repository);
                        repository_put_stored(repository, roles[i], texts[t]);
                        assert_refreshed(repository);
                        assert_stored(repository, 1, 1, 1, 1);
                }
}

static int broken_load(void *userdata, const char *role, uint8_t **ret_bytes, size_t *ret_n_bytes) {
        (void)userdata, (void)role, (void)ret_bytes, (void)ret_n_bytes;
        return -EIO;
}

static void test_a_store_that_cannot_be_read_is_not_taken_for_an_empty_one(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        _cleanup_(tuf_freep) Tuf *tuf = NULL;
        TufOptions options = { .start_time = NOW };
        Fault fault = {};
        TufIo io;

        (void)state;
        repository_io(repository, &io);
        io.load = broken_load;
        assert_int_equal(tuf_new(&io, &options, &tuf), 0);
        assert_int_equal(tuf_refresh(tuf, &fault), -EIO);
        assert_int_equal(fault.code, FAULT_STORE);
        assert_string_equal(repository_requests(repository), "");
}

/* Each file cut at each length: never accepted, and what is stored stays. */
static void test_a_file_that_was_cut_is_refused_wherever_it_was_cut(void **state) {
        static const char *const files[] = { "2.root.json", "timestamp.json", "2.snapshot.json",
                                             "2.targets.json" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(files); i++) {
                _cleanup_(repository_freep) Repository *repository = repository_new();
                _cleanup_free_ char *whole = NULL;

                assert_refreshed(repository);
                repository_publish(repository, "root");
                publish_next(repository);
                whole = strdup(repository_served(repository, files[i]));
                for (size_t n = 0; n < strlen(whole); n += n < 64 ? 1 : 37) {
                        Fault fault = {};

                        repository_serve(repository, files[i], whole, n);
                        assert_int_equal(repository_refresh(repository, NOW, &fault), -EBADE);
                        assert_int_equal(fault.code, FAULT_CATALOG_MALFORMED);
                        assert_int_equal(repository_stored(repository, "targets"), 1);
                }
                repository_serve(repository, files[i], whole, strlen(whole));
                assert_refreshed(repository);
        }
}

static void test_names_of_files_are_percent_encoded(void **state) {
        static const struct {
                const char *role;
                const char *file;
        } cases[] = { { "../delegatedrole", "1...%2Fdelegatedrole.json" },
                      { "/x", "1.%2Fx.json" },
                      { "?#%", "1.%3F%23%25.json" },
                      { "a b~-_.Z9", "1.a%20b~-_.Z9.json" },
                      { "\xc3\xbc", "1.%C3%BC.json" } };
        char name[TUF_FILE_NAME_SIZE], longest[ROLE_NAME_MAX + 1] = "";

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                assert_int_equal(tuf_file_name(cases[i].role, 1, name), 0);
                assert_string_equal(name, cases[i].file);
        }
        assert_int_equal(tuf_file_name("timestamp", 0, name), 0);
        assert_string_equal(name, "timestamp.json");
        memset(longest, 'a', ROLE_NAME_MAX);
        assert_int_equal(tuf_file_name(longest, INT64_MAX, name), 0);
        memset(longest, '/', ROLE_NAME_MAX);
        assert_int_equal(tuf_file_name(longest, 1, name), -ENAMETOOLONG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_files_are_asked_for_in_order_and_one_by_one),
                cmocka_unit_test(
                        test_without_consistent_snapshots_only_root_has_a_version_in_its_name),
                cmocka_unit_test(test_without_a_trusted_root_nothing_is_asked),
                cmocka_unit_test(test_all_kinds_of_keys_are_accepted),
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
                cmocka_unit_test(test_a_timestamp_does_not_go_back),
                cmocka_unit_test(test_an_expired_timestamp_still_counts_against_rollback),
                cmocka_unit_test(test_a_changed_timestamp_of_the_same_version_is_not_used),
                cmocka_unit_test(test_a_timestamp_that_is_served_beyond_its_time_is_a_freeze),
                cmocka_unit_test(test_the_snapshot_that_a_timestamp_names_does_not_go_back),
                cmocka_unit_test(test_each_role_that_expired_is_refused_and_not_stored),
                cmocka_unit_test(test_stored_files_that_expired_are_fetched_anew),
                cmocka_unit_test(test_with_leave_the_last_verified_set_serves_beyond_its_time),
                cmocka_unit_test(test_a_clock_below_its_floor_decides_nothing),
                cmocka_unit_test(test_a_timestamp_from_the_future_shows_that_the_clock_is_behind),
                cmocka_unit_test(test_what_a_mirror_said_is_known_after_it_was_refused),
                cmocka_unit_test(test_a_file_that_others_name_must_be_there),
                cmocka_unit_test(test_a_file_must_have_the_version_that_others_name),
                cmocka_unit_test(test_a_snapshot_loses_no_role_and_turns_none_back),
                cmocka_unit_test(test_lengths_and_hashes_that_are_named_must_fit),
                cmocka_unit_test(test_a_stored_file_with_another_hash_is_fetched_anew),
                cmocka_unit_test(test_a_file_may_not_be_longer_than_its_role_allows),
                cmocka_unit_test(test_a_fetcher_that_gives_more_than_was_asked_for_is_refused),
                cmocka_unit_test(test_a_driven_up_version_is_left_behind_by_new_keys),
                cmocka_unit_test(test_recovery_survives_a_crash_at_each_write),
                cmocka_unit_test(test_a_key_that_only_came_in_addition_forgets_nothing),
                cmocka_unit_test(test_stored_files_that_are_damaged_cost_a_download_and_no_more),
                cmocka_unit_test(test_a_store_that_cannot_be_read_is_not_taken_for_an_empty_one),
                cmocka_unit_test(test_a_file_that_was_cut_is_refused_wherever_it_was_cut),
                cmocka_unit_test(test_names_of_files_are_percent_encoded),
        };

        return RUN_TESTS(tests);
}
