/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that others name, what is stored, and how one gets out of what went wrong. */
#include "catalog/tuf.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "catalog/key.h"
#include "tests/unit/test.h"
#include "tests/unit/tuf-repository.h"

#define NOW REPOSITORY_NOW

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

                repository_expect_good(repository);
                repository_publish_next(repository);
                repository_unserve(repository, files[i]);
                repository_expect_fault(repository, FAULT_CATALOG_INCOMPLETE, texts[i]);
                repository_expect_stored(repository, 1, i > 0 ? 2 : 1, i > 1 ? 2 : 1, 1);
        }
}

static void test_a_file_must_have_the_version_that_others_name(void **state) {
        static const char *const roles[] = { "snapshot", "targets" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(roles); i++)
                for (int other = 2; other <= 4; other += 2) { /* in the place of version 3 */
                        _cleanup_(repository_freep) Repository *repository = repository_new();
                        char file[64], named[64], text[128];

                        repository_publish_next(repository);
                        repository_publish_next(repository);
                        repository_publish(repository, roles[i]);
                        (void)snprintf(file, sizeof(file), "%d.%s.json", other, roles[i]);
                        (void)snprintf(named, sizeof(named), "3.%s.json", roles[i]);
                        repository_serve(repository, named, repository_served(repository, file),
                                         strlen(repository_served(repository, file)));
                        (void)snprintf(text, sizeof(text),
                                       "the mirror has %s %d, and %s 3 names version 3", roles[i],
                                       other, i == 0 ? "timestamp" : "snapshot");
                        repository_expect_fault(repository, FAULT_CATALOG_MISMATCH, text);
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
                repository_publish_next(repository);
                repository_expect_good(repository);
                /* Delegated roles count too (CVE-2025-2887). */
                (void)json_object_set_new(meta, "maker.json", json_pack("{s:i}", "version", 1));
                repository_publish_next(repository);
                repository_expect_fault(repository, FAULT_CATALOG_ROLLED_BACK, NULL);
                (void)json_object_del(meta, "maker.json");
                repository_publish_next(repository);
                repository_expect_fault(
                        repository, FAULT_CATALOG_ROLLED_BACK,
                        "snapshot 4 no longer lists maker.json, which snapshot 2 did");
                (void)json_object_set_new(meta, "maker.json", json_pack("{s:i}", "version", 3));
                repository_set_version(repository, "targets", 1);
                repository_publish_next(repository);
                repository_expect_fault(
                        repository, FAULT_CATALOG_ROLLED_BACK,
                        "snapshot 5 lists version 1 of targets.json, and snapshot 2 listed 2");
                repository_expect_stored(repository, 1, 5, 2, 2);
                repository_set_version(repository, "targets", 5);
                repository_publish_next(repository);
                repository_expect_good(repository);
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
                repository_publish_next(repository);
                repository_expect_good(repository);

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
                        repository_expect_fault(
                                repository,
                                wrong == 1 ? FAULT_FETCH_TOO_LARGE : FAULT_CATALOG_MISMATCH, NULL);
                        assert_int_equal(repository_stored(repository, roles[i]), 2);
                }
                repository_publish_next(repository);
                repository_expect_good(repository);
        }
}

static void test_a_stored_file_with_another_hash_is_fetched_anew(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        repository_expect_good(repository);
        /* Version 1 of snapshot and targets once more, in other bytes. */
        repository_use_hashes(repository);
        repository_add_junk(repository, "targets", "junk");
        repository_set_version(repository, "targets", 1);
        repository_set_version(repository, "snapshot", 1);
        repository_publish_next(repository);
        repository_forget_requests(repository);
        repository_expect_good(repository);
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
                        repository_expect_fault(repository, FAULT_FETCH_TOO_LARGE, NULL);
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
                        repository_expect_good(repository);
                        assert_int_equal(repository_stored(repository, roles[i]), versions[v]);

                        repository_set_version(repository, roles[i], 2);
                        if (i == 0)
                                repository_publish(repository, "timestamp");
                        else
                                repository_publish_next(repository);
                        repository_expect_fault(repository, FAULT_CATALOG_ROLLED_BACK, NULL);

                        /* Targets recover by a new key of snapshot, snapshot by its own, even
                         * though the timestamp that named it is still well signed. */
                        repository_rotate(repository, i == 0 ? "timestamp" : "snapshot");
                        repository_set_version(repository, roles[i], 2);
                        repository_publish(repository, "root");
                        repository_publish_next(repository);
                        repository_expect_good(repository);
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
                repository_expect_good(repository);
                repository_rotate(repository, "snapshot");
                repository_set_version(repository, "snapshot", 2);
                repository_publish(repository, "root");
                repository_publish_next(repository);
                repository_fail_store(repository, crash);
                assert_int_not_equal(repository_refresh(repository, NOW, &fault), 0);
                assert_int_equal(fault.code, FAULT_STORE);
                repository_expect_good(repository);
                repository_expect_stored(repository, 2, 3, 2, 2);
        }
}

static void test_what_replaced_keys_signed_is_forgotten_at_once(void **state) {
        static const char *const roles[] = { "timestamp", "snapshot" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(roles); i++) {
                _cleanup_(repository_freep) Repository *repository = repository_new();

                repository_expect_good(repository);
                repository_rotate(repository, roles[i]);
                repository_publish(repository, "root");
                repository_unserve(repository, "timestamp.json");
                repository_expect_fault(repository, FAULT_CATALOG_INCOMPLETE, NULL);
                repository_expect_stored(repository, 2, 0, 0, 1);
        }
}

static void test_a_lost_timestamp_does_not_let_the_snapshot_go_back(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        repository_publish_all(repository, "snapshot", "timestamp", NULL);
        repository_expect_good(repository);
        repository_put_stored(repository, "timestamp", "");
        repository_set_version(repository, "snapshot", 1);
        repository_publish_all(repository, "snapshot", "timestamp", NULL);
        repository_expect_fault(repository, FAULT_CATALOG_ROLLED_BACK,
                                "timestamp 3 names snapshot 1, and version 2 was seen before");
}

static void test_a_key_that_only_came_in_addition_forgets_nothing(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        (void)state;
        repository_publish_all(repository, "timestamp", "timestamp", NULL);
        repository_expect_good(repository);
        repository_trust(repository, "root", "timestamp",
                         repository_new_key(repository, KEY_ED25519));
        repository_publish(repository, "root");
        repository_set_version(repository, "timestamp", 2);
        repository_publish(repository, "timestamp");
        repository_expect_fault(repository, FAULT_CATALOG_ROLLED_BACK, NULL);
        repository_expect_stored(repository, 2, 3, 1, 1);
}

static void test_stored_files_that_are_damaged_cost_a_download_and_no_more(void **state) {
        static const char *const roles[] = { "timestamp", "snapshot", "targets" };
        static const char *const texts[] = { "", "no json", "{\"signed\":{},\"signatures\":[]}" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(roles); i++)
                for (size_t t = 0; t < N_ELEMENTS(texts); t++) {
                        _cleanup_(repository_freep) Repository *repository = repository_new();

                        repository_expect_good(repository);
                        repository_put_stored(repository, roles[i], texts[t]);
                        repository_expect_good(repository);
                        repository_expect_stored(repository, 1, 1, 1, 1);
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

                repository_expect_good(repository);
                repository_publish(repository, "root");
                repository_publish_next(repository);
                whole = strdup(repository_served(repository, files[i]));
                for (size_t n = 0; n < strlen(whole); n += n < 64 ? 1 : 37) {
                        Fault fault = {};

                        repository_serve(repository, files[i], whole, n);
                        assert_int_equal(repository_refresh(repository, NOW, &fault), -EBADE);
                        assert_int_equal(fault.code, FAULT_CATALOG_MALFORMED);
                        assert_int_equal(repository_stored(repository, "targets"), 1);
                }
                repository_serve(repository, files[i], whole, strlen(whole));
                repository_expect_good(repository);
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
                cmocka_unit_test(test_a_file_that_others_name_must_be_there),
                cmocka_unit_test(test_a_file_must_have_the_version_that_others_name),
                cmocka_unit_test(test_a_snapshot_loses_no_role_and_turns_none_back),
                cmocka_unit_test(test_lengths_and_hashes_that_are_named_must_fit),
                cmocka_unit_test(test_a_stored_file_with_another_hash_is_fetched_anew),
                cmocka_unit_test(test_a_file_may_not_be_longer_than_its_role_allows),
                cmocka_unit_test(test_a_fetcher_that_gives_more_than_was_asked_for_is_refused),
                cmocka_unit_test(test_a_driven_up_version_is_left_behind_by_new_keys),
                cmocka_unit_test(test_recovery_survives_a_crash_at_each_write),
                cmocka_unit_test(test_what_replaced_keys_signed_is_forgotten_at_once),
                cmocka_unit_test(test_a_lost_timestamp_does_not_let_the_snapshot_go_back),
                cmocka_unit_test(test_a_key_that_only_came_in_addition_forgets_nothing),
                cmocka_unit_test(test_stored_files_that_are_damaged_cost_a_download_and_no_more),
                cmocka_unit_test(test_a_store_that_cannot_be_read_is_not_taken_for_an_empty_one),
                cmocka_unit_test(test_a_file_that_was_cut_is_refused_wherever_it_was_cut),
                cmocka_unit_test(test_names_of_files_are_percent_encoded),
        };

        return RUN_TESTS(tests);
}
