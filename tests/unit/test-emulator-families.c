/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/emulator.h"

#define PIECE 0x1000u

static DriveModel model;
static Drive drive;

static void power_on(const char *name) {
        drive_done(&drive);
        model = model_of(name);
        assert_int_equal(drive_init(&drive, &model, 1.0), 0);
        drive.n_attentions = 0;
}

static int put_away(void **state) {
        (void)state;
        drive_done(&drive);
        drive = (Drive){};
        return 0;
}

/* BTC */

static uint8_t *btc_image(const char *revision, const char *hardware) {
        uint32_t n;

        return image_of(FAMILY_BTC, "", "DVDRW IDE1004", revision, hardware, FLAW_NONE, &n);
}

static void send_pieces(const uint8_t *image, uint32_t n_pieces) {
        for (uint32_t i = 0; i < n_pieces; i++)
                assert_good(write_buffer(&drive, 0, 6, 0x20 + i * PIECE, image + i * PIECE, PIECE));
}

static const ScsiReply *send_header(uint16_t sum) {
        uint8_t header[32] = {};

        put_be16(header + 30, sum);
        return write_buffer(&drive, 0, 6, 0, header, sizeof(header));
}

static const ScsiReply *btc_burn(uint64_t now) {
        return say(&drive, now, "3b070000000000000000", SCSI_NO_DATA, NULL, 0);
}

static void btc_flash(const uint8_t *image) {
        send_pieces(image, 256);
        assert_good(send_header(image_sum(image, BTC_SIZE, 0)));
        assert_good(btc_burn(0));
}

static void test_a_btc_drive_burns_for_50_seconds_and_is_new(void **state) {
        _cleanup_free_ uint8_t *image = btc_image("0045", "DVDRW IDE1004");

        (void)state;
        power_on("btc-ide1004");
        btc_flash(image);
        assert_refused(ready_at(&drive, 1), 2, 0x04, 0x01);
        assert_revision(&drive, 100, "0043");
        assert_refused(ready_at(&drive, 49999), 2, 0x04, 0x01);
        assert_refused(ready_at(&drive, 50000), 6, 0x3f, 0x01);
        assert_refused(ready_at(&drive, 50000), 6, 0x3f, 0x03);
        assert_refused(ready_at(&drive, 50001), 2, 0x3a, 0x01);
        assert_revision(&drive, 50002, "0045");
}

static void test_a_burn_before_all_pieces_is_refused(void **state) {
        _cleanup_free_ uint8_t *image = btc_image("0045", NULL);

        (void)state;
        power_on("btc-ide1004");
        assert_refused(btc_burn(0), 5, 0x2c, 0x00);
        send_pieces(image, 255);
        assert_refused(send_header(image_sum(image, BTC_SIZE, 0)), 5, 0x24, 0x00);
        assert_refused(btc_burn(0), 5, 0x2c, 0x00);
        assert_revision(&drive, 100000, "0043");
}

static void test_a_burn_before_the_header_is_refused(void **state) {
        _cleanup_free_ uint8_t *image = btc_image("0045", NULL);

        (void)state;
        power_on("btc-ide1004");
        send_pieces(image, 256);
        assert_refused(btc_burn(0), 5, 0x2c, 0x00);
        assert_int_equal(drive.condition, CONDITION_NORMAL);
}

static void test_a_header_does_not_count_for_the_next_image(void **state) {
        _cleanup_free_ uint8_t *image = btc_image("0045", NULL);

        (void)state;
        power_on("btc-ide1004");
        send_pieces(image, 256);
        assert_good(send_header(image_sum(image, BTC_SIZE, 0)));
        send_pieces(image, 1);
        assert_refused(btc_burn(0), 5, 0x2c, 0x00);
}

static void test_a_burn_with_another_sum_is_refused(void **state) {
        _cleanup_free_ uint8_t *image = btc_image("0045", NULL);

        (void)state;
        power_on("btc-ide1004");
        send_pieces(image, 256);
        assert_good(send_header((uint16_t)(image_sum(image, BTC_SIZE, 0) + 1)));
        assert_refused(btc_burn(0), 5, 0x26, 0x00);
        assert_revision(&drive, 100000, "0043");
}

static void test_a_header_that_is_more_than_a_sum_is_refused(void **state) {
        _cleanup_free_ uint8_t *image = btc_image("0045", NULL);
        uint8_t header[32] = { 1 };

        (void)state;
        power_on("btc-ide1004");
        send_pieces(image, 256);
        assert_refused(write_buffer(&drive, 0, 6, 0, header, 32), 5, 0x26, 0x00);
}

static void test_a_gap_between_pieces_is_refused(void **state) {
        _cleanup_free_ uint8_t *image = btc_image("0045", NULL);

        (void)state;
        power_on("btc-ide1004");
        assert_refused(write_buffer(&drive, 0, 6, 0x1020, image, PIECE), 5, 0x24, 0x00);
        send_pieces(image, 2);
        assert_refused(write_buffer(&drive, 0, 6, 0x3020, image, PIECE), 5, 0x24, 0x00);
        assert_refused(write_buffer(&drive, 0, 6, 0x1020, image, PIECE), 5, 0x24, 0x00);
        assert_good(write_buffer(&drive, 0, 6, 0x2020, image, PIECE));
}

static void test_a_piece_of_another_length_is_refused(void **state) {
        _cleanup_free_ uint8_t *image = btc_image("0045", NULL);

        (void)state;
        power_on("btc-ide1004");
        assert_refused(write_buffer(&drive, 0, 6, 0x20, image, 0x800), 5, 0x1a, 0x00);
        assert_refused(write_buffer(&drive, 0, 6, 0x20, image, 0x2000), 5, 0x1a, 0x00);
}

static void test_one_piece_too_many_is_refused(void **state) {
        _cleanup_free_ uint8_t *image = btc_image("0045", NULL);

        (void)state;
        power_on("btc-ide1004");
        send_pieces(image, 256);
        assert_refused(write_buffer(&drive, 0, 6, 0x20 + 256 * PIECE, image, PIECE), 5, 0x24, 0x00);
}

static void test_other_modes_and_buffers_are_refused(void **state) {
        uint8_t bytes[PIECE] = {};

        (void)state;
        power_on("btc-ide1004");
        assert_refused(write_buffer(&drive, 0, 4, 0x20, bytes, PIECE), 5, 0x24, 0x00);
        assert_refused(write_buffer(&drive, 0, 5, 0x20, bytes, PIECE), 5, 0x24, 0x00);
        assert_refused(say(&drive, 0, "3b060100002000100000", SCSI_TO_DRIVE, bytes, PIECE), 5, 0x24,
                       0x00);
}

static void test_less_data_than_announced_never_reaches_the_drive(void **state) {
        uint8_t bytes[PIECE] = {};

        (void)state;
        power_on("btc-ide1004");
        assert_int_equal(
                say(&drive, 0, "3b060000002000100000", SCSI_TO_DRIVE, bytes, 0x800)->host_status,
                HOST_ERROR);
        assert_int_equal(drive.staging.n_bytes, 0);
}

static void test_a_reset_loses_what_was_staged(void **state) {
        _cleanup_free_ uint8_t *image = btc_image("0045", NULL);

        (void)state;
        power_on("btc-ide1004");
        send_pieces(image, 256);
        assert_good(send_header(image_sum(image, BTC_SIZE, 0)));
        drive_bus_reset(&drive);
        assert_refused(btc_burn(0), 6, 0x29, 0x00);
        assert_refused(btc_burn(0), 5, 0x2c, 0x00);
}

static void test_a_flash_may_begin_anew_from_the_first_piece(void **state) {
        _cleanup_free_ uint8_t *image = btc_image("0045", "DVDRW IDE1004");

        (void)state;
        power_on("btc-ide1004");
        send_pieces(image, 17);
        btc_flash(image);
        (void)ready_at(&drive, 50000);
        assert_revision(&drive, 50000, "0045");
}

static void test_code_for_other_hardware_is_taken_and_ruins_the_drive(void **state) {
        _cleanup_free_ uint8_t *image = NULL;
        uint32_t n;

        (void)state;
        /* Name and all are those of the other variant; the sum is right, as it was in the thread. */
        image = image_of(FAMILY_BTC, "", "DVDRW IDE 16X", "A187", NULL, FLAW_NONE, &n);
        power_on("emprex-1016-a");
        btc_flash(image);
        assert_refused(ready_at(&drive, 49999), 2, 0x04, 0x01);
        assert_silent(ready_at(&drive, 50000));
        assert_silent(say(&drive, 60000, "120000002400", SCSI_TO_HOST, NULL, 36));
        drive_power_cycle(&drive, 70000);
        assert_silent(say(&drive, 70000, "120000002400", SCSI_TO_HOST, NULL, 36));
        assert_int_equal(drive.condition, CONDITION_BRICKED);
}

static void test_another_models_firmware_ruins_the_drive(void **state) {
        _cleanup_free_ uint8_t *image = NULL;
        uint32_t n;

        (void)state;
        image = image_of(FAMILY_BTC, "", "DVDRW IDE1008", "0055", NULL, FLAW_NONE, &n);
        power_on("btc-ide1004");
        btc_flash(image);
        assert_silent(ready_at(&drive, 50000));
}

static void test_a_name_that_lies_does_not_save_the_drive(void **state) {
        _cleanup_free_ uint8_t *image = NULL;
        uint32_t n;

        (void)state;
        image = image_of(FAMILY_BTC, "", "DVDRW IDE 16X", "A091", "IDE 16X B", FLAW_NONE, &n);
        power_on("emprex-1016-a");
        btc_flash(image);
        assert_silent(ready_at(&drive, 50000));
}

static void test_a_power_cut_in_the_burn_ruins_the_drive(void **state) {
        _cleanup_free_ uint8_t *image = btc_image("0045", "DVDRW IDE1004");

        (void)state;
        power_on("btc-ide1004");
        btc_flash(image);
        drive_power_cycle(&drive, 20000);
        assert_silent(ready_at(&drive, 90000));
}

static void test_a_power_cut_before_the_burn_is_harmless(void **state) {
        _cleanup_free_ uint8_t *image = btc_image("0045", NULL);

        (void)state;
        power_on("btc-ide1004");
        send_pieces(image, 256);
        drive_power_cycle(&drive, 0);
        assert_refused(ready_at(&drive, 0), 6, 0x29, 0x00);
        assert_refused(btc_burn(0), 5, 0x2c, 0x00);
        assert_revision(&drive, 0, "0043");
}

static void test_a_reset_in_the_burn_does_not_stop_it(void **state) {
        _cleanup_free_ uint8_t *image = btc_image("0045", "DVDRW IDE1004");

        (void)state;
        power_on("btc-ide1004");
        btc_flash(image);
        drive_bus_reset(&drive);
        (void)ready_at(&drive, 50000);
        assert_revision(&drive, 50000, "0045");
}

/* Plextor */

static uint8_t *plextor_image(const char *product, const char *revision, ImageFlaw flaw,
                              uint32_t *ret_n) {
        return image_of(FAMILY_PLEXTOR, "PLEXTOR", product, revision, NULL, flaw, ret_n);
}

/* All blocks of at most BLOCK bytes, the last of which commits; returns its answer. */
static const ScsiReply *plextor_flash(const uint8_t *image, uint32_t n_image, uint32_t block) {
        uint32_t at = 0;

        for (; at + block < n_image; at += block)
                assert_good(write_buffer(&drive, 0, 4, at, image + at, block));
        return write_buffer(&drive, 0, 5, at, image + at, n_image - at);
}

static void test_a_plextor_takes_blocks_of_any_size(void **state) {
        static const uint32_t blocks[] = { 0x1000, 0x4000, 0x3001 };
        _cleanup_free_ uint8_t *image = NULL;
        uint32_t n;

        (void)state;
        image = plextor_image("DVDR   PX-716A", "1.09", FLAW_NONE, &n);
        for (unsigned i = 0; i < N_ELEMENTS(blocks); i++) {
                const ScsiReply *reply;

                power_on("plextor-px716a");
                reply = plextor_flash(image, n, blocks[i]);
                assert_good(reply);
                assert_int_equal(reply->delay_ms, 12000);
                assert_refused(ready_at(&drive, 11999), 2, 0x04, 0x01);
                assert_refused(ready_at(&drive, 12000), 6, 0x3f, 0x01);
                assert_refused(ready_at(&drive, 12000), 6, 0x3f, 0x03);
                assert_revision(&drive, 12000, "1.09");
        }
}

static void test_an_old_plextor_sums_from_8000h(void **state) {
        _cleanup_free_ uint8_t *image = NULL;
        uint32_t n;

        (void)state;
        image = plextor_image("CD-R   PX-W5224A", "1.04", FLAW_NONE, &n);
        assert_int_equal(n, 524288);
        power_on("plextor-w5224a");
        assert_good(plextor_flash(image, n, 0x4000));
        assert_revision(&drive, 8000, "1.04");
        power_on("plextor-w5224a");
        put_be16(image + 0x79ffe, (uint16_t)(get_be16(image + 0x79ffe) - 0x8000));
        assert_refused(plextor_flash(image, n, 0x4000), 4, 0x40, 0xf6);
}

static void test_a_plextor_keeps_its_firmware_when_the_image_is_wrong(void **state) {
        static const ImageFlaw flaws[] = { FLAW_SUM, FLAW_IDENTITY, FLAW_SIZE };

        (void)state;
        for (unsigned i = 0; i < N_ELEMENTS(flaws); i++) {
                _cleanup_free_ uint8_t *image = NULL;
                uint32_t n;

                image = plextor_image("DVDR   PX-716A", "1.09", flaws[i], &n);
                power_on("plextor-px716a");
                assert_refused(plextor_flash(image, n, 0x1000), 4, 0x40, 0xf6);
                assert_revision(&drive, 100000, "1.04");
                assert_int_equal(drive.condition, CONDITION_NORMAL);
        }
}

static void test_an_image_that_lacks_its_end_is_refused_though_the_sum_is_right(void **state) {
        _cleanup_free_ uint8_t *image = NULL;
        uint32_t n;

        (void)state;
        /* The 712 has its sum well before the end. */
        image = plextor_image("DVDR   PX-712A", "1.09", FLAW_SIZE, &n);
        power_on("twin-1");
        assert_refused(plextor_flash(image, n, 0x1000), 4, 0x40, 0xf6);
        assert_revision(&drive, 100000, "1.07");
}

static void test_a_plextor_refuses_another_models_image(void **state) {
        _cleanup_free_ uint8_t *image = NULL;
        uint32_t n;

        (void)state;
        image = plextor_image("DVDR   PX-714A", "1.09", FLAW_NONE, &n);
        power_on("plextor-px716a");
        assert_refused(plextor_flash(image, n, 0x1000), 4, 0x40, 0xf6);
}

static void test_a_plextor_refuses_gaps_overlaps_and_excess(void **state) {
        static uint8_t block[0x4000];

        (void)state;
        power_on("plextor-px716a");
        assert_refused(write_buffer(&drive, 0, 4, 0x1000, block, 0x1000), 5, 0x24, 0x00);
        assert_good(write_buffer(&drive, 0, 4, 0, block, 0x1000));
        assert_refused(write_buffer(&drive, 0, 4, 0x2000, block, 0x1000), 5, 0x24, 0x00);
        assert_refused(write_buffer(&drive, 0, 4, 0x800, block, 0x1000), 5, 0x24, 0x00);
        for (uint32_t at = 0x1000; at + 0x1000 <= 983040; at += 0x1000)
                assert_good(write_buffer(&drive, 0, 4, at, block, 0x1000));
        assert_refused(write_buffer(&drive, 0, 4, 983040, block, 0x1000), 5, 0x24, 0x00);
        assert_refused(write_buffer(&drive, 0, 6, 0, block, 0x1000), 5, 0x24, 0x00);
}

static void test_later_hardware_is_locked_against_early_firmware(void **state) {
        _cleanup_free_ uint8_t *early = NULL, *late = NULL;
        uint32_t n;

        (void)state;
        early = plextor_image("DVDR   PX-716A", "1.02", FLAW_NONE, &n);
        late = plextor_image("DVDR   PX-716A", "1.05", FLAW_NONE, &n);
        power_on("plextor-px716a");
        assert_good(plextor_flash(early, n, 0x4000)); /* TLA 0304 */
        power_on("plextor-px716a");
        strcpy(model.family.tla, "0305");
        assert_refused(plextor_flash(early, n, 0x4000), 4, 0x40, 0xf6);
        assert_good(plextor_flash(late, n, 0x4000));
}

static void test_the_eeprom_tells_the_hardware_level_and_survives(void **state) {
        _cleanup_free_ uint8_t *image = NULL;
        uint8_t before[256];
        uint32_t n;
        const ScsiReply *reply;

        (void)state;
        image = plextor_image("DVDR   PX-716A", "1.09", FLAW_NONE, &n);
        power_on("plextor-px716a");
        reply = ask(&drive, "f10100000000000001000000");
        assert_int_equal(reply->n_in, 256);
        assert_memory_equal(reply->in + 0x29, "0304", 4);
        memcpy(before, reply->in, sizeof(before));
        assert_good(plextor_flash(image, n, 0x4000));
        (void)ready_at(&drive, 12000);
        reply = say(&drive, 12001, "f10100000000000001000000", SCSI_TO_HOST, NULL, 256);
        assert_memory_equal(reply->in, before, sizeof(before));
        assert_refused(ask(&drive, "f10100000000000401000000"), 5, 0x24, 0x00);

        power_on("plextor-w5224a");
        assert_memory_equal(ask(&drive, "f10000000000000001000000")->in + 0x29, "0102", 4);
        power_on("twin-1");
        assert_int_equal(ask(&drive, "f10000000000000002000000")->n_in, 512);
}

static void test_a_plextor_that_loses_power_while_it_burns_is_ruined(void **state) {
        _cleanup_free_ uint8_t *image = NULL;
        uint32_t n;

        (void)state;
        image = plextor_image("DVDR   PX-716A", "1.09", FLAW_NONE, &n);
        power_on("plextor-px716a");
        assert_good(plextor_flash(image, n, 0x4000));
        drive_power_cycle(&drive, 6000);
        assert_silent(ready_at(&drive, 20000));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_btc_drive_burns_for_50_seconds_and_is_new),
                cmocka_unit_test(test_a_burn_before_all_pieces_is_refused),
                cmocka_unit_test(test_a_burn_before_the_header_is_refused),
                cmocka_unit_test(test_a_header_does_not_count_for_the_next_image),
                cmocka_unit_test(test_a_burn_with_another_sum_is_refused),
                cmocka_unit_test(test_a_header_that_is_more_than_a_sum_is_refused),
                cmocka_unit_test(test_a_gap_between_pieces_is_refused),
                cmocka_unit_test(test_a_piece_of_another_length_is_refused),
                cmocka_unit_test(test_one_piece_too_many_is_refused),
                cmocka_unit_test(test_other_modes_and_buffers_are_refused),
                cmocka_unit_test(test_less_data_than_announced_never_reaches_the_drive),
                cmocka_unit_test(test_a_reset_loses_what_was_staged),
                cmocka_unit_test(test_a_flash_may_begin_anew_from_the_first_piece),
                cmocka_unit_test(test_code_for_other_hardware_is_taken_and_ruins_the_drive),
                cmocka_unit_test(test_another_models_firmware_ruins_the_drive),
                cmocka_unit_test(test_a_name_that_lies_does_not_save_the_drive),
                cmocka_unit_test(test_a_power_cut_in_the_burn_ruins_the_drive),
                cmocka_unit_test(test_a_power_cut_before_the_burn_is_harmless),
                cmocka_unit_test(test_a_reset_in_the_burn_does_not_stop_it),
                cmocka_unit_test(test_a_plextor_takes_blocks_of_any_size),
                cmocka_unit_test(test_an_old_plextor_sums_from_8000h),
                cmocka_unit_test(test_a_plextor_keeps_its_firmware_when_the_image_is_wrong),
                cmocka_unit_test(
                        test_an_image_that_lacks_its_end_is_refused_though_the_sum_is_right),
                cmocka_unit_test(test_a_plextor_refuses_another_models_image),
                cmocka_unit_test(test_a_plextor_refuses_gaps_overlaps_and_excess),
                cmocka_unit_test(test_later_hardware_is_locked_against_early_firmware),
                cmocka_unit_test(test_the_eeprom_tells_the_hardware_level_and_survives),
                cmocka_unit_test_teardown(test_a_plextor_that_loses_power_while_it_burns_is_ruined,
                                          put_away),
        };

        return RUN_TESTS(tests);
}
