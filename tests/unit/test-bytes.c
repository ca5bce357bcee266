/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/bytes.h"

#include <string.h>

#include "base/hex.h"
#include "tests/unit/test.h"

static void test_what_is_written_reads_back(void **state) {
        uint8_t buffer[64];
        char text[16];
        Writer w = writer_of(buffer, sizeof(buffer));
        Reader r;

        (void)state;
        write_u8(&w, 0x12);
        write_be16(&w, 0x3456);
        write_be32(&w, 0xdef01234);
        write_be64(&w, 0x56789abcdef01234);
        write_string(&w, "drive");
        assert_false(w.failed);

        r = reader_of(buffer, w.n_used);
        assert_int_equal(read_u8(&r), 0x12);
        assert_int_equal(read_be16(&r), 0x3456);
        assert_int_equal(read_be32(&r), 0xdef01234);
        assert_true(read_be64(&r) == 0x56789abcdef01234);
        read_string(&r, text, sizeof(text));
        assert_string_equal(text, "drive");
        assert_true(reader_done(&r));
}

static void test_a_reader_stays_failed_after_the_end(void **state) {
        const uint8_t two[] = { 1, 2 };
        Reader r = reader_of(two, sizeof(two));

        (void)state;
        assert_int_equal(read_be32(&r), 0);
        assert_int_equal(read_u8(&r), 0);
        assert_false(reader_done(&r));
}

static void test_a_string_longer_than_its_place_is_refused(void **state) {
        const uint8_t bytes[] = { 0, 4, 'a', 'b', 'c', 'd' };
        Reader r = reader_of(bytes, sizeof(bytes));
        char small[4] = "old";

        (void)state;
        read_string(&r, small, sizeof(small));
        assert_string_equal(small, "");
        assert_true(r.failed);
}

static void test_a_string_with_a_nul_is_refused(void **state) {
        const uint8_t bytes[] = { 0, 3, 'a', 0, 'c' };
        Reader r = reader_of(bytes, sizeof(bytes));
        char text[8];

        (void)state;
        read_string(&r, text, sizeof(text));
        assert_true(r.failed);
}

static void test_a_writer_does_not_write_past_its_buffer(void **state) {
        uint8_t buffer[4] = { 0, 0, 0, 0xaa };
        Writer w = writer_of(buffer, 3);

        (void)state;
        write_be32(&w, 0xffffffff);
        assert_true(w.failed);
        assert_int_equal(buffer[3], 0xaa);
        write_u8(&w, 1);
        assert_int_equal(w.n_used, 0);
}

static void test_hex_is_strict(void **state) {
        uint8_t b[2] = { 9, 9 };
        char text[5];

        (void)state;
        assert_false(hex_decode("0g00", b, 2));
        assert_false(hex_decode("000", b, 2));
        assert_false(hex_decode("000000", b, 2));
        assert_int_equal(b[0], 9);
        assert_true(hex_decode("aBcD", b, 2));
        hex_encode(b, 2, text);
        assert_string_equal(text, "abcd");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_written_reads_back),
                cmocka_unit_test(test_a_reader_stays_failed_after_the_end),
                cmocka_unit_test(test_a_string_longer_than_its_place_is_refused),
                cmocka_unit_test(test_a_string_with_a_nul_is_refused),
                cmocka_unit_test(test_a_writer_does_not_write_past_its_buffer),
                cmocka_unit_test(test_hex_is_strict),
        };

        return RUN_TESTS(tests);
}
