/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Families against a drive that follows a script: which bytes leave, in which order. */
#include "flash/send.h"

#include <string.h>

#include "base/bytes.h"
#include "catalog/layout.h"
#include "tests/unit/fake-drive.h"
#include "tests/unit/test.h"

#define BTC_MODEL      "        DVDRW IDE1004   "
#define BTC_LENGTH     0x100000
#define PLEXTOR_MODEL  "PLEXTOR CD-R   PX-W4824A"
#define PLEXTOR_LENGTH 524288
#define PLEXTOR_SUM    0x79ffe

static uint8_t image[BTC_LENGTH];

static Entry entry_of(const char *family, const char *model, uint32_t piece) {
        Entry entry = { .version = "0051",
                        .recipe = { .piece = piece, .command_ms = 60000, .commit_ms = 600000 } };

        strcpy(entry.family, family);
        memcpy(entry.model, model, ENTRY_MODEL_LENGTH);
        memcpy(entry.model_after, model, ENTRY_MODEL_LENGTH);
        return entry;
}

static void fill(size_t n) {
        for (size_t i = 0; i < n; i++)
                image[i] = (uint8_t)(i * 7 + i / 251);
}

static void make_btc_image(void) {
        fill(BTC_LENGTH);
        memcpy(image + 0x40bc, BTC_MODEL, 24);
        memcpy(image + 0x40d4, "0051", 4);
}

static void make_plextor_image(void) {
        fill(PLEXTOR_LENGTH);
        memcpy(image, PLEXTOR_MODEL, 24);
        put_be16(image + PLEXTOR_SUM, layout_sum(image, PLEXTOR_SUM, 0x8000));
}

static Course plan_course(const Entry *entry, size_t n_image) {
        Course course;
        Fault fault = {};

        if (course_plan(entry, image, n_image, &course, &fault) < 0)
                fail_msg("%s", fault.text);
        return course;
}

static FaultCode refused(const Entry *entry, size_t n_image) {
        Course course;
        Fault fault = {};

        assert_true(course_plan(entry, image, n_image, &course, &fault) < 0);
        return fault.code;
}

/* Every byte of the image goes out once, in order, SHIFT further on than in the file. */
static void assert_covers_image(const Course *course, uint32_t n_pieces, uint32_t shift) {
        uint32_t next = 0;

        for (uint32_t i = 0; i < n_pieces; i++) {
                Piece piece;

                course_piece(course, i, &piece);
                assert_int_equal(piece.offset, shift + next);
                assert_ptr_equal(piece.data, course->image + next);
                assert_true(piece.n_data > 0 && piece.n_data <= course->piece);
                next += piece.n_data;
        }
        assert_int_equal(next, course->n_image);
}

static void test_btc_sends_256_pieces_then_the_header_then_burns(void **state) {
        const Entry entry = entry_of("btc", BTC_MODEL, 0x1000);
        Course course;
        Piece piece;

        (void)state;
        make_btc_image();
        course = plan_course(&entry, BTC_LENGTH);
        assert_int_equal(course.n_pieces, 258);
        assert_covers_image(&course, 256, 0x20);
        for (uint32_t i = 0; i < 256; i++) {
                course_piece(&course, i, &piece);
                assert_int_equal(piece.mode, 0x06);
                assert_int_equal(piece.n_data, 0x1000);
        }
        course_piece(&course, 256, &piece);
        assert_int_equal(piece.mode, 0x06);
        assert_int_equal(piece.offset, 0);
        assert_int_equal(piece.n_data, 0x20);
        for (unsigned i = 0; i < 0x1e; i++)
                assert_int_equal(piece.data[i], 0);
        assert_int_equal(get_be16(piece.data + 0x1e), layout_sum(image, BTC_LENGTH, 0));
        course_piece(&course, 257, &piece);
        assert_int_equal(piece.mode, 0x07);
        assert_int_equal(piece.offset, 0);
        assert_int_equal(piece.n_data, 0);
}

static void test_btc_commands_are_those_of_the_reference(void **state) {
        const Entry entry = entry_of("btc", BTC_MODEL, 0x1000);
        static const Line script[] = {
                { .cdb = "3b 06 00 00 00 20 00 10 00 00", .times = 1 },
                { .cdb = "3b 06 00 0f f0 20 00 10 00 00", .times = 1 },
                { .cdb = "3b 06 00 00 00 00 00 00 20 00", .times = 1 },
                { .cdb = "3b 07 00 00 00 00 00 00 00 00", .times = 1 },
        };
        static const uint32_t pieces[] = { 0, 255, 256, 257 };
        Transport *drive = fake_drive_new(script, N_ELEMENTS(script));
        Course course;
        Reply reply;
        Fault fault = {};

        (void)state;
        make_btc_image();
        course = plan_course(&entry, BTC_LENGTH);
        for (size_t i = 0; i < N_ELEMENTS(pieces); i++)
                assert_int_equal(
                        send_piece(drive, &course, pieces[i], &entry.recipe, &reply, &fault), 0);
        assert_int_equal(fake_drive_count(drive), 4);
        transport_free(drive);
}

static void test_an_image_for_another_drive_is_a_hard_stop(void **state) {
        Entry entry = entry_of("btc", BTC_MODEL, 0x1000);

        (void)state;
        make_btc_image();
        image[0x40bc + 20] ^= 1;
        assert_int_equal(refused(&entry, BTC_LENGTH), FAULT_IMAGE_IDENTITY);
        make_btc_image();
        image[0x40d4] = '1';
        assert_int_equal(refused(&entry, BTC_LENGTH), FAULT_IMAGE_IDENTITY);
        make_btc_image();
        assert_int_equal(refused(&entry, BTC_LENGTH - 1), FAULT_IMAGE_MISMATCH);
}

static void test_what_the_entry_declares_of_the_image_is_checked_too(void **state) {
        Entry entry = entry_of("btc", BTC_MODEL, 0x1000);

        (void)state;
        make_btc_image();
        entry.n_checks = 1;
        entry.checks[0] = (ImageCheck){ .offset = 0x100,
                                        .n_bytes = 1,
                                        .bytes = { (uint8_t)(image[0x100] + 1) } };
        assert_int_equal(refused(&entry, BTC_LENGTH), FAULT_IMAGE_IDENTITY);
}

static void test_plextor_sends_all_in_mode_4_but_the_last_piece(void **state) {
        const Entry entry = entry_of("plextor", PLEXTOR_MODEL, 0x4000);
        Course course;
        Piece piece;

        (void)state;
        make_plextor_image();
        course = plan_course(&entry, PLEXTOR_LENGTH);
        assert_int_equal(course.n_pieces, 32);
        assert_covers_image(&course, 32, 0);
        for (uint32_t i = 0; i < 32; i++) {
                course_piece(&course, i, &piece);
                assert_int_equal(piece.mode, i < 31 ? 0x04 : 0x05);
        }
}

static void test_the_last_piece_of_a_plextor_may_be_short(void **state) {
        const Entry entry = entry_of("plextor", PLEXTOR_MODEL, 0xfc00);
        Course course;
        Piece piece;

        (void)state;
        make_plextor_image();
        course = plan_course(&entry, PLEXTOR_LENGTH);
        assert_int_equal(course.n_pieces, 9);
        assert_covers_image(&course, 9, 0);
        course_piece(&course, 8, &piece);
        assert_int_equal(piece.mode, 0x05);
        assert_int_equal(piece.n_data, PLEXTOR_LENGTH - 8 * 0xfc00);
}

static void test_a_plextor_image_with_a_wrong_sum_is_refused(void **state) {
        const Entry entry = entry_of("plextor", PLEXTOR_MODEL, 0x1000);

        (void)state;
        make_plextor_image();
        image[1000] ^= 1;
        assert_int_equal(refused(&entry, PLEXTOR_LENGTH), FAULT_IMAGE_SUM);
}

static void test_a_piece_that_was_refused_is_not_sent_again(void **state) {
        const Entry entry = entry_of("plextor", PLEXTOR_MODEL, 0x10000);
        static const Line script[] = {
                { .cdb = "3b 04 00 00 00 00 01 00 00 00",
                  .sense = "70 00 05 00 00 00 00 0a "
                           "00 00 00 00 20 00",
                  .times = 1 },
        };
        Transport *drive = fake_drive_new(script, N_ELEMENTS(script));
        Fault fault = {};
        Course course;
        Reply reply;

        (void)state;
        make_plextor_image();
        course = plan_course(&entry, PLEXTOR_LENGTH);
        assert_true(send_piece(drive, &course, 0, &entry.recipe, &reply, &fault) < 0);
        assert_int_equal(fault.code, FAULT_DRIVE_REFUSED);
        assert_int_equal(fake_drive_count(drive), 1); /* never once more */
        transport_free(drive);
}

static void test_an_unknown_family_or_model_is_refused(void **state) {
        Entry unknown = entry_of("liteon", BTC_MODEL, 0x1000);
        Entry model = entry_of("plextor", "PLEXTOR CD-R   PX-W9999A", 0x1000);

        (void)state;
        make_btc_image();
        assert_int_equal(refused(&unknown, BTC_LENGTH), FAULT_UNKNOWN_FAMILY);
        assert_int_equal(refused(&model, PLEXTOR_LENGTH), FAULT_UNKNOWN_FAMILY);
}

static void test_whatever_the_size_of_pieces_all_bytes_go_out_once(void **state) {
        (void)state;
        make_plextor_image();
        for (uint32_t piece = 16; piece <= 65536; piece = piece * 3 / 2 + 1) {
                const Entry entry = entry_of("plextor", PLEXTOR_MODEL, piece);
                Course course = plan_course(&entry, PLEXTOR_LENGTH);

                assert_covers_image(&course, course.n_pieces, 0);
        }
        make_btc_image();
        for (uint32_t piece = 16; piece <= 65536; piece = piece * 3 / 2 + 1) {
                const Entry entry = entry_of("btc", BTC_MODEL, piece);
                Course course = plan_course(&entry, BTC_LENGTH);

                assert_covers_image(&course, course.n_pieces - 2, 0x20);
        }
}

static void test_every_family_has_a_layout_and_a_name(void **state) {
        const Family *family;

        (void)state;
        for (unsigned i = 0; (family = family_nth(i)); i++)
                assert_true(layout_family_known(family->name));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_btc_sends_256_pieces_then_the_header_then_burns),
                cmocka_unit_test(test_btc_commands_are_those_of_the_reference),
                cmocka_unit_test(test_an_image_for_another_drive_is_a_hard_stop),
                cmocka_unit_test(test_what_the_entry_declares_of_the_image_is_checked_too),
                cmocka_unit_test(test_plextor_sends_all_in_mode_4_but_the_last_piece),
                cmocka_unit_test(test_the_last_piece_of_a_plextor_may_be_short),
                cmocka_unit_test(test_a_plextor_image_with_a_wrong_sum_is_refused),
                cmocka_unit_test(test_a_piece_that_was_refused_is_not_sent_again),
                cmocka_unit_test(test_an_unknown_family_or_model_is_refused),
                cmocka_unit_test(test_whatever_the_size_of_pieces_all_bytes_go_out_once),
                cmocka_unit_test(test_every_family_has_a_layout_and_a_name),
        };

        return RUN_TESTS(tests);
}
