/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sections 5.4 to 5.6 of the TUF specification: freeze, rollback, mix and match. Numbers in brackets
 * are of the faults that other clients have had. */
#include "catalog/tuf.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "catalog/key.h"
#include "tests/unit/test.h"
#include "tests/unit/tuf-repository.h"

#define NOW REPOSITORY_NOW

static void test_files_are_asked_for_in_order_and_one_by_one(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        repository_expect_good(repository);
        assert_string_equal(repository_requests(repository),
                            "2.root.json timestamp.json 1.snapshot.json 1.targets.json");
        repository_expect_stored(repository, 1, 1, 1, 1);

        repository_forget_requests(repository);
        repository_expect_good(repository);
        assert_string_equal(repository_requests(repository), "2.root.json timestamp.json");
}

static void test_without_consistent_snapshots_only_root_has_a_version_in_its_name(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        (void)json_object_set_new(repository_body(repository, "root"), "consistent_snapshot",
                                  json_false());
        repository_publish(repository, "root");
        repository_publish_next(repository);
        repository_expect_good(repository);
        assert_string_equal(repository_requests(repository),
                            "2.root.json 3.root.json timestamp.json snapshot.json targets.json");
        (void)json_object_del(repository_body(repository, "root"), "consistent_snapshot");
        repository_publish(repository, "root");
        repository_publish_next(repository);
        repository_forget_requests(repository);
        repository_expect_good(repository);
        assert_string_equal(repository_requests(repository),
                            "3.root.json 4.root.json timestamp.json snapshot.json targets.json");
}

static void test_without_a_trusted_root_nothing_is_asked(void **state) {
        static const char *const bad[] = { "", "{}", "null", "no json" };
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
                repository_put_stored(repository, "root", bad[i]);
                repository_expect_fault(repository, FAULT_CATALOG_MALFORMED, NULL);
        }
        repository_clear_signers(repository, "root");
        repository_set_version(repository, "root", 1);
        repository_publish(repository, "root");
        repository_put_stored(repository, "root", repository_served(repository, "1.root.json"));
        repository_expect_fault(
                repository, FAULT_CATALOG_SIGNATURE,
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
                repository_publish_next(repository);
                repository_expect_good(repository);
                assert_int_equal(repository_stored(repository, "snapshot"), scheme + 2);
        }
}

static void test_a_timestamp_does_not_go_back(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        repository_publish(repository, "timestamp");
        repository_expect_good(repository);
        repository_set_version(repository, "timestamp", 1);
        repository_publish(repository, "timestamp");
        repository_expect_fault(repository, FAULT_CATALOG_ROLLED_BACK,
                                "the mirror has timestamp 1, and version 2 was seen before");
        repository_expect_stored(repository, 1, 2, 1, 1);
}

static void test_an_expired_timestamp_still_counts_against_rollback(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        Fault fault = {};

        (void)state;
        repository_set_expiry(repository, "timestamp", NOW + DAY);
        repository_publish_all(repository, "timestamp", "timestamp", NULL);
        repository_expect_good(repository);
        repository_set_expiry(repository, "timestamp", NOW + 10 * DAY);
        repository_set_version(repository, "timestamp", 2);
        repository_publish(repository, "timestamp");
        assert_int_equal(repository_refresh(repository, NOW + 2 * DAY, &fault), -EBADE);
        assert_int_equal(fault.code, FAULT_CATALOG_ROLLED_BACK);
}

static void test_a_changed_timestamp_of_the_same_version_is_not_used(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        repository_expect_good(repository);
        (void)json_object_set_new(repository_body(repository, "timestamp"), "meta",
                                  json_pack("{s:{s:i}}", "snapshot.json", "version", 100));
        repository_set_version(repository, "timestamp", 1);
        repository_publish(repository, "timestamp");
        repository_forget_requests(repository);
        repository_expect_good(repository);
        assert_string_equal(repository_requests(repository), "2.root.json timestamp.json");
}

/* The specification says "no error" for it, which would freeze the client for ever. */
static void test_a_timestamp_that_is_served_beyond_its_time_is_a_freeze(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        Fault fault = {};

        (void)state;
        repository_set_expiry(repository, "timestamp", NOW + DAY);
        repository_publish(repository, "timestamp");
        repository_expect_good(repository);
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
        repository_expect_good(repository);
        repository_set_version(repository, "snapshot", 1);
        repository_publish_all(repository, "snapshot", "timestamp", NULL);
        repository_expect_fault(repository, FAULT_CATALOG_ROLLED_BACK,
                                "timestamp 3 names snapshot 1, and timestamp 2 named 2");
        /* It must not be stored before that is known (CVE-2025-2888). */
        repository_expect_stored(repository, 1, 2, 2, 1);
        repository_set_version(repository, "snapshot", 3);
        repository_publish_next(repository);
        repository_expect_good(repository);
}

static void test_each_role_that_expired_is_refused_and_not_stored(void **state) {
        static const char *const roles[] = { "timestamp", "snapshot", "targets" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(roles); i++) {
                _cleanup_(repository_freep) Repository *repository = repository_new();

                repository_expect_good(repository);
                repository_set_expiry(repository, roles[i], NOW - 1);
                repository_publish_next(repository);
                repository_expect_fault(repository, FAULT_CATALOG_EXPIRED, NULL);
                assert_int_equal(repository_stored(repository, roles[i]), 1);
                /* After each refusal a mended repository works. */
                repository_set_expiry(repository, roles[i], NOW + DAY);
                repository_publish_next(repository);
                repository_expect_good(repository);
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
        repository_publish_next(repository);
        repository_expect_good(repository);
        repository_set_expiry(repository, "timestamp", NOW + 21 * DAY);
        repository_set_expiry(repository, "snapshot", NOW + 21 * DAY);
        repository_set_expiry(repository, "targets", NOW + 21 * DAY);
        repository_publish_next(repository);
        assert_int_equal(repository_refresh(repository, NOW + 18 * DAY, &fault), 0);
        repository_expect_stored(repository, 1, 3, 3, 3);
}

static void test_with_leave_the_last_verified_set_serves_beyond_its_time(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        _cleanup_(tuf_freep) Tuf *tuf = NULL;
        TufOptions options = { .start_time = NOW + 100 * DAY, .allow_expired = true };
        Fault fault = {};

        (void)state;
        repository_set_expiry(repository, "targets", NOW + DAY);
        repository_publish_next(repository);
        repository_expect_good(repository);
        repository_client(repository, &options, &tuf);
        assert_int_equal(tuf_refresh(tuf, &fault), 0);
        assert_int_equal(tuf_role(tuf, "targets")->expires, NOW + DAY);
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
        repository_expect_fault(
                repository, FAULT_CLOCK_BEHIND,
                "timestamp 2 was signed at 2027-01-16T08:00:01Z, and the clock says "
                "2027-01-15T08:00:00Z now");
        repository_expect_stored(repository, 1, 0, 0, 0);
        set_signed(repository, "2027-01-16T08:00:00Z"); /* somebody's clock may be off by hours */
        repository_publish(repository, "timestamp");
        repository_expect_good(repository);
        set_signed(repository, "yesterday");
        repository_publish(repository, "timestamp");
        repository_expect_fault(repository, FAULT_CATALOG_MALFORMED,
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
        repository_expect_good(repository);
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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_files_are_asked_for_in_order_and_one_by_one),
                cmocka_unit_test(
                        test_without_consistent_snapshots_only_root_has_a_version_in_its_name),
                cmocka_unit_test(test_without_a_trusted_root_nothing_is_asked),
                cmocka_unit_test(test_all_kinds_of_keys_are_accepted),
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
        };

        return RUN_TESTS(tests);
}
