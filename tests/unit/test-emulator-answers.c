/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/emulator.h"

static DriveModel model;
static Drive drive;

/* Powered on a while ago: nothing is left to report. */
static Drive *quiet(const char *name) {
        drive_done(&drive);
        model = model_of(name);
        assert_int_equal(drive_init(&drive, &model, 1.0), 0);
        drive.n_attentions = 0;
        return &drive;
}

static int put_away(void **state) {
        (void)state;
        drive_done(&drive);
        return 0;
}

static void test_a_btc_drive_has_no_vendor_and_36_bytes_to_say(void **state) {
        const ScsiReply *reply = ask(quiet("btc-ide1004"), "120000006000");

        (void)state;
        assert_good(reply);
        assert_int_equal(reply->n_in, 36);
        assert_int_equal(reply->residual, 4096 - 36);
        assert_int_equal(reply->in[0], 0x05);
        assert_int_equal(reply->in[4], 31);
        assert_memory_equal(reply->in + 8, "        DVDRW IDE1004   0043", 28);
}

static void test_inquiry_gives_no_more_than_was_asked(void **state) {
        const ScsiReply *reply = ask(quiet("plextor-px716a"), "120000000500");

        (void)state;
        assert_good(reply);
        assert_int_equal(reply->n_in, 5);
        reply = say(&drive, 0, "120000006000", SCSI_TO_HOST, NULL, 36);
        assert_int_equal(reply->n_in, 36);
        assert_int_equal(reply->residual, 0);
}

static void test_an_old_drive_knows_one_byte_of_allocation_length(void **state) {
        (void)state;
        assert_int_equal(ask(quiet("btc-ide1004"), "120000010500")->n_in, 5);
        assert_int_equal(ask(quiet("plextor-px716a"), "120000010500")->n_in, 96);
}

static void test_vital_product_data_is_refused_or_overlooked(void **state) {
        const ScsiReply *reply;

        (void)state;
        assert_refused(ask(quiet("plextor-px716a"), "120180006000"), 5, 0x24, 0x00);
        reply = ask(quiet("btc-ide1004"), "120180006000");
        assert_good(reply);
        assert_int_equal(reply->in[1], 0x80);
        assert_memory_equal(reply->in + 16, "DVDRW IDE1004", 13);
}

static void test_what_a_drive_does_not_know_is_an_invalid_opcode(void **state) {
        (void)state;
        assert_refused(tell(quiet("plextor-px716a"), "a10000000000000000000000"), 5, 0x20, 0x00);
        assert_refused(ask(&drive, "1a002a006000"), 5, 0x20, 0x00);
        assert_refused(ask(quiet("btc-ide1004"), "f1000000000000000100"), 5, 0x20, 0x00);
}

static void test_a_cdb_that_is_too_short_never_reaches_the_drive(void **state) {
        const ScsiReply *reply = ask(quiet("plextor-px716a"), "460000000000");

        (void)state;
        assert_int_equal(reply->host_status, HOST_ERROR);
        assert_int_equal(reply->n_in, 0);
}

static void test_a_drive_reports_power_on_once_but_not_to_inquiry(void **state) {
        (void)state;
        model = model_of("lg-gh24");
        drive_done(&drive);
        assert_int_equal(drive_init(&drive, &model, 1.0), 0);
        assert_good(ask(&drive, "120000006000"));
        assert_good(ask(&drive, "46000000000000100000"));
        assert_good(ask(&drive, "4a010000100000000800"));
        assert_refused(tell(&drive, "000000000000"), 6, 0x29, 0x00);
        assert_refused(tell(&drive, "000000000000"), 2, 0x3a, 0x01);
}

static void test_request_sense_takes_a_unit_attention_along(void **state) {
        const ScsiReply *reply;

        (void)state;
        quiet("lg-gh24");
        drive_bus_reset(&drive);
        reply = ask(&drive, "030000001200");
        assert_good(reply);
        assert_int_equal(reply->n_in, 18);
        assert_int_equal(reply->in[0], 0x70);
        assert_int_equal(reply->in[2], 6);
        assert_int_equal(reply->in[7], 10);
        assert_int_equal(reply->in[12], 0x29);
        reply = ask(&drive, "030000001200");
        assert_int_equal(reply->in[2], 0);
}

static void test_an_absent_feature_is_an_answer_of_eight_bytes(void **state) {
        const ScsiReply *reply = ask(quiet("btc-ide1004"), "46020108000000100000");

        (void)state;
        assert_good(reply);
        assert_int_equal(reply->n_in, 8);
        assert_int_equal(get_be32(reply->in), 4);
}

static void test_one_feature_is_one_feature(void **state) {
        const ScsiReply *reply = ask(quiet("pioneer-bdr209m"), "46020108000000100000");

        (void)state;
        assert_int_equal(reply->n_in, 8 + 4 + 12);
        assert_int_equal(get_be32(reply->in), 4 + 4 + 12);
        assert_int_equal(get_be16(reply->in + 8), 0x0108);
        assert_memory_equal(reply->in + 12, "NGDL007865WL", 12);
        reply = ask(&drive, "4602010c000000100000");
        assert_int_equal(reply->in[11], 16);
        assert_memory_equal(reply->in + 12, "20150210000000", 14);
}

/* Walks the descriptors as MMC-6 has them; returns how many there are. */
static unsigned walk(const ScsiReply *reply, bool current_only) {
        uint32_t total = get_be32(reply->in) + 4, at = 8;
        unsigned n = 0;
        int last = -1;

        assert_int_equal(reply->n_in, total);
        while (at < total) {
                assert_true(get_be16(reply->in + at) > last);
                assert_int_equal(reply->in[at + 3] % 4, 0);
                if (current_only)
                        assert_true(reply->in[at + 2] & 0x01);
                last = get_be16(reply->in + at);
                at += 4u + reply->in[at + 3];
                n++;
        }
        assert_int_equal(at, total);
        return n;
}

static void test_features_come_in_order_and_current_ones_are_fewer(void **state) {
        static const char *const names[] = { "btc-ide1004", "plextor-w5224a", "pioneer-bdr209m" };

        (void)state;
        for (unsigned i = 0; i < N_ELEMENTS(names); i++) {
                unsigned n_all, n_current;

                quiet(names[i]);
                n_all = walk(ask(&drive, "46000000000000100000"), false);
                n_current = walk(ask(&drive, "46010000000000100000"), true);
                assert_true(n_current > 3 && n_current < n_all);
        }
        assert_refused(ask(&drive, "46030000000000100000"), 5, 0x24, 0x00);
}

static void test_a_serial_may_be_there_and_blank(void **state) {
        const ScsiReply *reply = ask(quiet("liteon-52327s"), "46020108000000100000");

        (void)state;
        assert_int_equal(reply->n_in, 8 + 4 + 8);
        assert_memory_equal(reply->in + 12, "        ", 8);
}

static void test_the_tray_shows_in_events_readiness_and_medium(void **state) {
        const ScsiReply *reply;

        (void)state;
        quiet("lg-gh24");
        assert_int_equal(drive_set_disc(&drive, DISC_DATA, NULL, 0), 0);
        assert_refused(ready_at(&drive, 100), 2, 0x04, 0x01);
        assert_refused(ready_at(&drive, 3000), 6, 0x28, 0x00);
        assert_good(ready_at(&drive, 3000));
        reply = ask(&drive, "4a010000100000000800");
        assert_int_equal(reply->in[4], 2);
        assert_int_equal(reply->in[5], 0x02);
        assert_int_equal(ask(&drive, "4a010000100000000800")->in[4], 0);
        assert_int_equal(get_be32(ask(&drive, "25000000000000000000")->in + 4), 2048);
        assert_int_equal(ask(&drive, "51000000000000002200")->in[2], 0x0e);

        assert_good(tell(&drive, "1b0000000200"));
        assert_refused(tell(&drive, "000000000000"), 2, 0x3a, 0x02);
        reply = ask(&drive, "4a010000100000000800");
        assert_int_equal(reply->in[4], 3);
        assert_int_equal(reply->in[5], 0x01);
        assert_refused(ask(&drive, "25000000000000000000"), 2, 0x3a, 0x02);
}

static void test_an_event_class_that_is_not_there_is_said_so(void **state) {
        const ScsiReply *reply = ask(quiet("lg-gh24"), "4a010000080000000800");

        (void)state;
        assert_int_equal(reply->n_in, 4);
        assert_int_equal(reply->in[2], 0x80);
        assert_refused(ask(&drive, "4a000000100000000800"), 5, 0x24, 0x00);
}

static void test_a_locked_tray_does_not_open(void **state) {
        (void)state;
        quiet("lg-gh24");
        assert_good(tell(&drive, "1e0000000100"));
        assert_int_equal(ask(&drive, "5a002a00000000004000")->in[8 + 6] & 0x02, 0x02);
        assert_refused(tell(&drive, "1b0000000200"), 5, 0x53, 0x02);
        assert_false(drive.tray_open);
        assert_refused(tell(&drive, "1e0000000000"), 6, 0x5a, 0x01);
        assert_good(tell(&drive, "1e0000000000"));
        assert_good(tell(&drive, "1b0000000200"));
        assert_true(drive.tray_open);
}

static void test_a_reset_unlocks_the_tray(void **state) {
        (void)state;
        quiet("lg-gh24");
        assert_good(tell(&drive, "1e0000000100"));
        drive_bus_reset(&drive);
        assert_refused(tell(&drive, "1b0000000200"), 6, 0x29, 0x00);
        assert_good(tell(&drive, "1b0000000200"));
}

static void test_mode_page_2a_says_what_the_drive_can(void **state) {
        const ScsiReply *reply = ask(quiet("plextor-w5224a"), "5a002a00000000004000");

        (void)state;
        assert_good(reply);
        assert_int_equal(reply->n_in, 34);
        assert_int_equal(get_be16(reply->in), 32);
        assert_int_equal(reply->in[8], 0x2a);
        assert_int_equal(reply->in[10], 0x07);
        assert_int_equal(get_be16(reply->in + 8 + 12), 8192);
        assert_refused(ask(&drive, "5a000500000000004000"), 5, 0x24, 0x00);
        assert_refused(ask(&drive, "5a00ea00000000004000"), 5, 0x39, 0x00);
        assert_int_equal(ask(&drive, "5a006a00000000004000")->in[10], 0);
}

static void test_the_region_is_that_of_the_model(void **state) {
        const ScsiReply *reply = ask(quiet("btc-ide1004"), "a40000000000000000080800");

        (void)state;
        assert_good(reply);
        assert_int_equal(reply->n_in, 8);
        assert_int_equal(reply->in[4], 1 << 6 | 4 << 3 | 4);
        assert_int_equal(reply->in[5], 0xfd);
        assert_int_equal(reply->in[6], 1);
        assert_refused(ask(&drive, "a40000000000000000080100"), 5, 0x24, 0x00);
        assert_refused(ask(quiet("plextor-w5224a"), "a40000000000000000080800"), 5, 0x20, 0x00);
}

static void test_read_buffer_gives_its_descriptor_and_nothing_else(void **state) {
        const ScsiReply *reply = ask(quiet("plextor-px716a"), "3c030000000000000400");

        (void)state;
        assert_int_equal(reply->n_in, 4);
        assert_int_equal(get_be24(reply->in + 1), 8388608);
        assert_refused(ask(&drive, "3c020000000000100000"), 5, 0x24, 0x00);
        assert_refused(ask(quiet("btc-ide1004"), "3c030000000000000400"), 5, 0x24, 0x00);
}

static void test_a_drive_of_no_family_takes_no_firmware(void **state) {
        uint8_t bytes[16] = {};

        (void)state;
        quiet("pioneer-bdr209m");
        assert_refused(write_buffer(&drive, 0, 6, 0, bytes, 16), 5, 0x24, 0x00);
        quiet("lg-gh24");
        assert_refused(write_buffer(&drive, 0, 6, 0, bytes, 16), 5, 0x20, 0x00);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_btc_drive_has_no_vendor_and_36_bytes_to_say),
                cmocka_unit_test(test_inquiry_gives_no_more_than_was_asked),
                cmocka_unit_test(test_an_old_drive_knows_one_byte_of_allocation_length),
                cmocka_unit_test(test_vital_product_data_is_refused_or_overlooked),
                cmocka_unit_test(test_what_a_drive_does_not_know_is_an_invalid_opcode),
                cmocka_unit_test(test_a_cdb_that_is_too_short_never_reaches_the_drive),
                cmocka_unit_test(test_a_drive_reports_power_on_once_but_not_to_inquiry),
                cmocka_unit_test(test_request_sense_takes_a_unit_attention_along),
                cmocka_unit_test(test_an_absent_feature_is_an_answer_of_eight_bytes),
                cmocka_unit_test(test_one_feature_is_one_feature),
                cmocka_unit_test(test_features_come_in_order_and_current_ones_are_fewer),
                cmocka_unit_test(test_a_serial_may_be_there_and_blank),
                cmocka_unit_test(test_the_tray_shows_in_events_readiness_and_medium),
                cmocka_unit_test(test_an_event_class_that_is_not_there_is_said_so),
                cmocka_unit_test(test_a_locked_tray_does_not_open),
                cmocka_unit_test(test_a_reset_unlocks_the_tray),
                cmocka_unit_test(test_mode_page_2a_says_what_the_drive_can),
                cmocka_unit_test(test_the_region_is_that_of_the_model),
                cmocka_unit_test(test_read_buffer_gives_its_descriptor_and_nothing_else),
                cmocka_unit_test_teardown(test_a_drive_of_no_family_takes_no_firmware, put_away),
        };

        return RUN_TESTS(tests);
}
