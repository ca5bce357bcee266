/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "db/catalogs.h"

#include <errno.h>

#include "db/entries.h"
#include "db/metadata.h"
#include "tests/unit/store-folder.h"

#define HEX24 "202020202020202044564452572049444531303034202020"
#define OTHER "504c4558544f52204456445220202050582d373136412020"

typedef struct Found {
        unsigned n;
        CatalogRow last;
} Found;

static int take_catalog(const CatalogRow *row, void *userdata) {
        Found *found = userdata;

        found->n++;
        found->last = *row;
        return 0;
}

static void make_catalog(Store *store, const char *name, unsigned n_mirrors) {
        CatalogRow row = { .last_try = 5,
                           .last_ok = 4,
                           .timestamp_version = 3,
                           .signed_at = 2,
                           .expires = 9,
                           .n_mirrors = n_mirrors };
        Fault fault = {};

        strcpy(row.name, name);
        (void)fault_set(&row.fault, FAULT_CATALOG_FROZEN, "frozen for %d days", 3);
        for (unsigned i = 0; i < n_mirrors; i++) {
                (void)snprintf(row.mirrors[i].url, sizeof(row.mirrors[i].url),
                               "https://%u.example/", i);
                row.mirrors[i].version = 10 + i;
                row.mirrors[i].behind = i == 1;
        }
        begin(store);
        assert_done(catalog_save(store, &row, &fault), &fault);
        commit(store);
}

static void test_a_catalog_comes_back_with_its_mirrors_in_order(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        Found found = {};

        make_catalog(store, "main", 3);
        make_catalog(store, "main", 2);
        assert_int_equal(catalogs_load(store, take_catalog, &found, NULL), 0);
        assert_int_equal(found.n, 1);
        assert_string_equal(found.last.name, "main");
        assert_int_equal(found.last.fault.code, FAULT_CATALOG_FROZEN);
        assert_string_equal(found.last.fault.text, "frozen for 3 days");
        assert_int_equal(found.last.timestamp_version, 3);
        assert_int_equal(found.last.n_mirrors, 2);
        assert_string_equal(found.last.mirrors[0].url, "https://0.example/");
        assert_string_equal(found.last.mirrors[1].url, "https://1.example/");
        assert_true(found.last.mirrors[1].behind);
        assert_int_equal(found.last.mirrors[1].version, 11);
}

static void test_metadata_of_every_length_comes_back(void **state) {
        static const size_t lengths[] = { 1, 65535, 65536, 65537, 3 * 65536, METADATA_MAX };
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        _cleanup_free_ uint8_t *bytes = malloc(METADATA_MAX);

        assert_non_null(bytes);
        for (size_t i = 0; i < METADATA_MAX; i++)
                bytes[i] = (uint8_t)(i * 7 + i / 65536);
        for (size_t i = 0; i < N_ELEMENTS(lengths); i++) {
                _cleanup_free_ uint8_t *again = NULL;
                Fault fault = {};
                uint64_t version;
                size_t n;

                begin(store);
                assert_done(
                        metadata_save(store, "main", "targets", i + 1, bytes, lengths[i], &fault),
                        &fault);
                commit(store);
                assert_int_equal(
                        metadata_load(store, "main", "targets", &again, &n, &version, &fault), 1);
                assert_int_equal(n, lengths[i]);
                assert_int_equal(version, i + 1);
                assert_memory_equal(again, bytes, n);
        }
}

static void test_metadata_that_is_missing_is_an_answer(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        uint8_t *bytes;
        size_t n;

        assert_int_equal(metadata_load(store, "main", "root", &bytes, &n, NULL, NULL), 0);
}

static void test_a_trusted_version_never_goes_down(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        Fault fault = {};

        begin(store);
        assert_int_equal(metadata_save(store, "main", "timestamp", 7, "x", 1, NULL), 0);
        assert_int_equal(metadata_save(store, "main", "timestamp", 7, "y", 1, NULL), 0);
        assert_int_equal(metadata_save(store, "main", "timestamp", 6, "z", 1, &fault), -ESTALE);
        commit(store);
        assert_int_equal(fault.code, FAULT_CATALOG_ROLLED_BACK);
        assert_string_equal(fault.text,
                            "cannot store timestamp of catalog main: version is 6, trusted is 7");
}

static void test_metadata_out_of_bounds_is_refused(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        char role[METADATA_ROLE_MAX + 2];

        memset(role, 'r', sizeof(role) - 1);
        role[sizeof(role) - 1] = '\0';
        begin(store);
        assert_int_equal(metadata_save(store, "main", "x", 1, "", 0, NULL), -EINVAL);
        assert_int_equal(metadata_save(store, "main", "x", UINT64_MAX, "x", 1, NULL), -EINVAL);
        assert_int_equal(metadata_save(store, "main", role, 1, "x", 1, NULL), -EMSGSIZE);
}

static void test_a_flipped_bit_in_metadata_is_found(void **state) {
        Store *store = open_store(*state, NULL);
        uint8_t *bytes = NULL;
        Fault fault = {};
        size_t n;

        begin(store);
        assert_int_equal(metadata_save(store, "main", "root", 1, "trusted", 7, NULL), 0);
        commit(store);
        store_close(store);
        run_sql(*state, "state.db", "UPDATE metadata_chunk SET bytes = CAST('trustee' AS BLOB)");
        store = open_store(*state, NULL);
        assert_int_equal(metadata_load(store, "main", "root", &bytes, &n, NULL, &fault), -EBADMSG);
        assert_null(bytes);
        assert_string_equal(fault.text, "stored root of catalog main is damaged");
        store_close(store);
        run_sql(*state, "state.db", "DELETE FROM metadata_chunk");
        store = open_store(*state, NULL);
        assert_int_equal(metadata_load(store, "main", "root", &bytes, &n, NULL, NULL), -EBADMSG);
        store_close(store);
}

static int count_role(const MetadataInfo *info, void *userdata) {
        strcat(userdata, info->role);
        strcat(userdata, " ");
        return 0;
}

static int count_entry(const EntryRow *row, void *userdata) {
        strcat(userdata, row->path);
        strcat(userdata, " ");
        return 0;
}

static EntryRow an_entry(const char *catalog, const char *hex24, const char *path) {
        return (EntryRow){ .catalog = catalog,
                           .hex24 = hex24,
                           .path = path,
                           .length = 5,
                           .sha256 = { 1, 2 },
                           .json = "{}",
                           .ignored_code = "",
                           .ignored_text = "" };
}

static void add(Store *store, const char *catalog, const char *hex24, const char *path) {
        EntryRow row = an_entry(catalog, hex24, path);
        Fault fault = {};

        assert_done(entry_add(store, &row, &fault), &fault);
}

static void test_entries_are_found_by_drive_and_replaced_by_catalog(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        EntryRow twice = an_entry("main", HEX24, "b");
        char found[64] = "";

        begin(store);
        add(store, "main", HEX24, "b");
        add(store, "main", HEX24, "a");
        add(store, "lab", HEX24, "c");
        add(store, "main", OTHER, "d");
        assert_int_equal(entry_add(store, &twice, NULL), -EEXIST);
        commit(store);
        assert_int_equal(entries_load(store, HEX24, count_entry, found, NULL), 0);
        assert_string_equal(found, "c a b ");
        found[0] = '\0';
        assert_int_equal(entries_load(store, NULL, count_entry, found, NULL), 0);
        assert_string_equal(found, "c a b d ");

        begin(store);
        assert_int_equal(entries_clear(store, "main", NULL), 0);
        add(store, "main", HEX24, "e");
        commit(store);
        found[0] = '\0';
        assert_int_equal(entries_load(store, NULL, count_entry, found, NULL), 0);
        assert_string_equal(found, "c e ");
}

static void test_an_entry_that_is_too_long_is_refused(void **state) {
        static char json[ENTRY_JSON_MAX + 2];
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        EntryRow row = an_entry("main", HEX24, "a");
        Fault fault = {};

        memset(json, 'x', sizeof(json) - 1);
        row.json = json;
        begin(store);
        assert_int_equal(entry_add(store, &row, &fault), -EMSGSIZE);
        assert_int_equal(fault.code, FAULT_LIMIT);
        json[ENTRY_JSON_MAX] = '\0';
        assert_int_equal(entry_add(store, &row, NULL), 0);
        row = an_entry("main", "not hex", "a");
        assert_int_equal(entry_add(store, &row, NULL), -EINVAL);
}

static void test_a_removed_catalog_leaves_nothing_and_others_alone(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        char entries[64] = "", roles[64] = "", gone[64] = "";
        Found found = {};

        make_catalog(store, "main", 2);
        make_catalog(store, "lab", 1);
        begin(store);
        add(store, "main", HEX24, "a");
        add(store, "lab", HEX24, "b");
        assert_int_equal(metadata_save(store, "main", "root", 1, "x", 1, NULL), 0);
        assert_int_equal(metadata_save(store, "lab", "root", 1, "x", 1, NULL), 0);
        assert_int_equal(metadata_save(store, "lab", "1.root", 1, "x", 1, NULL), 0);
        assert_int_equal(catalog_delete(store, "main", NULL), 0);
        commit(store);
        assert_int_equal(catalogs_load(store, take_catalog, &found, NULL), 0);
        assert_int_equal(found.n, 1);
        assert_string_equal(found.last.name, "lab");
        assert_int_equal(entries_load(store, NULL, count_entry, entries, NULL), 0);
        assert_string_equal(entries, "b ");
        assert_int_equal(metadata_list(store, "lab", count_role, roles, NULL), 0);
        assert_string_equal(roles, "1.root root ");
        assert_int_equal(metadata_list(store, "main", count_role, gone, NULL), 0);
        assert_string_equal(gone, "");
        assert_int_equal(store_check(store, NULL), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                test_in_folder(test_a_catalog_comes_back_with_its_mirrors_in_order),
                test_in_folder(test_metadata_of_every_length_comes_back),
                test_in_folder(test_metadata_that_is_missing_is_an_answer),
                test_in_folder(test_a_trusted_version_never_goes_down),
                test_in_folder(test_metadata_out_of_bounds_is_refused),
                test_in_folder(test_a_flipped_bit_in_metadata_is_found),
                test_in_folder(test_entries_are_found_by_drive_and_replaced_by_catalog),
                test_in_folder(test_an_entry_that_is_too_long_is_refused),
                test_in_folder(test_a_removed_catalog_leaves_nothing_and_others_alone),
        };

        return RUN_TESTS(tests);
}
