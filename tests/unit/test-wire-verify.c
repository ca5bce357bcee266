/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/verify.h"

#include <string.h>

#include "tests/unit/test.h"

static const VerifyBegin a_begin = { .catalog = "lab",
                                     .start_time = 1800000000,
                                     .clock_floor = 1700000000,
                                     .n_models = 2,
                                     .models = { "HITACHI DVD-ROM GD-2000",
                                                 "PIONEER BD-RW   BDR-209" } };
static const VerifyStored a_stored = { .role = "maker%2Fx" };
static const VerifyNeed a_need = { .name = "2.root.json", .length_max = 512000 };
static const VerifyFile a_file = { .status = FILE_FAILED,
                                   .fault = { FAULT_FETCH_TOO_SLOW, "too slow" } };
static const VerifyTrust a_trust = { .role = "root", .version = 2 };
static const VerifyEntry an_entry = { .model = "HITACHI DVD-ROM GD-2000",
                                      .path = "drive/48/1.00",
                                      .length = 1048576,
                                      .sha256 = { 1, 2, 3 },
                                      .json = "{}" };
static const VerifyEnd an_end = { .fault = { FAULT_CATALOG_EXPIRED, "expired" },
                                  .root_version = 1,
                                  .timestamp_version = 2,
                                  .snapshot_version = 3,
                                  .targets_version = 4,
                                  .signed_at = 5,
                                  .expires = 6,
                                  .seen_version = 7,
                                  .seen_signed_at = 8,
                                  .roles = "root targets" };

/* One row for each message: how to write it, how to read it, what to write. */
typedef size_t (*Encode)(const void *what, void *buffer, size_t size);
typedef bool (*Decode)(const void *bytes, size_t n_bytes, void *ret_what);
#define ROW(name, what)                                                                            \
        { (Encode) verify_##name##_encode, (Decode)verify_##name##_decode, &(what), sizeof(what) }
static const struct {
        Encode encode;
        Decode decode;
        const void *what;
        size_t size;
} rows[] = { ROW(begin, a_begin), ROW(stored, a_stored), ROW(need, a_need), ROW(file, a_file),
             ROW(trust, a_trust), ROW(entry, an_entry),  ROW(end, an_end) };

static uint8_t bytes[WIRE_MESSAGE_MAX];
static union {
        VerifyBegin begin;
        VerifyFile file;
        VerifyNeed need;
        VerifyEntry entry;
        VerifyEnd end;
} out;

static void test_each_message_comes_out_as_it_went_in(void **state) {
        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
                size_t n = rows[i].encode(rows[i].what, bytes, sizeof(bytes));

                memset(&out, 0, sizeof(out));
                assert_true(n > 0);
                assert_true(rows[i].decode(bytes, n, &out));
                assert_memory_equal(&out, rows[i].what, rows[i].size);
        }
}

static void test_every_cut_and_every_addition_is_refused(void **state) {
        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
                size_t n = rows[i].encode(rows[i].what, bytes, sizeof(bytes));

                memset(&out, 0x55, sizeof(out));
                for (size_t cut = 0; cut < n; cut++)
                        assert_false(rows[i].decode(bytes, cut, &out));
                bytes[n] = 0;
                assert_false(rows[i].decode(bytes, n + 1, &out));
                assert_int_equal(((uint8_t *)&out)[0], 0x55);
                for (size_t size = 0; size < n; size++)
                        assert_int_equal(rows[i].encode(rows[i].what, bytes, size), 0);
        }
}

static void test_the_largest_entry_fits_into_a_message(void **state) {
        static VerifyEntry largest;

        (void)state;
        memset(largest.path, 'p', sizeof(largest.path) - 1);
        memset(largest.json, 'j', sizeof(largest.json) - 1);
        memset(largest.ignored.text, 't', sizeof(largest.ignored.text) - 1);
        largest.ignored.code = FAULT_LIMIT;
        assert_true(verify_entry_encode(&largest, bytes, sizeof(bytes)) > 0);
}

/* It goes behind the address of a mirror, and a verifier may have been taken over. */
static void test_a_name_that_leads_elsewhere_is_not_fetched(void **state) {
        static const char *const bad[] = { "",    ".",   "..",       "../x", "a/b",   "x?y",
                                           "x#y", "a b", "\xc3\xbc", "x\ny", "@host", ".hidden" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
                VerifyNeed need = { .length_max = 1 };
                size_t n;

                strcpy(need.name, bad[i]);
                n = verify_need_encode(&need, bytes, sizeof(bytes));
                assert_true(n > 0);
                assert_false(verify_need_decode(bytes, n, &out.need));
        }
}

static void test_only_a_file_that_failed_has_a_fault(void **state) {
        VerifyFile file = { .status = FILE_FAILED };
        size_t n;

        (void)state;
        n = verify_file_encode(&file, bytes, sizeof(bytes));
        assert_false(verify_file_decode(bytes, n, &out.file));
        file = (VerifyFile){ .status = FILE_FOUND, .fault = a_file.fault };
        n = verify_file_encode(&file, bytes, sizeof(bytes));
        assert_false(verify_file_decode(bytes, n, &out.file));
        bytes[0] = FILE_FAILED + 1;
        assert_false(verify_file_decode(bytes, n, &out.file));
}

static void test_more_models_than_there_can_be_drives_are_refused(void **state) {
        VerifyBegin begin = a_begin;
        size_t n;

        (void)state;
        begin.n_models = DRIVES_MAX;
        n = verify_begin_encode(&begin, bytes, sizeof(bytes));
        assert_true(verify_begin_decode(bytes, n, &out.begin));
        begin.n_models = DRIVES_MAX + 1;
        assert_int_equal(verify_begin_encode(&begin, bytes, sizeof(bytes)), 0);
        n = verify_begin_encode(&a_begin, bytes, sizeof(bytes));
        bytes[n - 2 * IDENTITY_LENGTH - 1] = DRIVES_MAX + 1;
        assert_false(verify_begin_decode(bytes, n, &out.begin));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_message_comes_out_as_it_went_in),
                cmocka_unit_test(test_every_cut_and_every_addition_is_refused),
                cmocka_unit_test(test_the_largest_entry_fits_into_a_message),
                cmocka_unit_test(test_a_name_that_leads_elsewhere_is_not_fetched),
                cmocka_unit_test(test_only_a_file_that_failed_has_a_fault),
                cmocka_unit_test(test_more_models_than_there_can_be_drives_are_refused),
        };

        return RUN_TESTS(tests);
}
