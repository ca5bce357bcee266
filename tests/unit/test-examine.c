/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drive/examine.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/fake-drive.h"
#include "tests/unit/test.h"

#define NOW 1795374073 /* 2026-11-22 */

#define INVALID_OPCODE "70 00 05 00 00 00 00 0a 00 00 00 00 20 00 00 00 00 00"
#define INVALID_FIELD  "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 00 00 00"

/* "        DVDRW IDE1004   0043", 36 bytes in all */
#define BTC "05 80 05 32 1f 00 00 00 2020202020202020 44564452572049444531303034202020 30303433"
/* "HL-DT-STDVDRAM GH24NS50 XP01", and its field, 56 bytes in all; the version is given */
#define LG(version)                                                                                \
        "05 80" version "32 33 00 00 00 484c2d44542d5354 44564452414d20474832344e53353020"         \
        "58503031 4e3030303930304b4c5a4c345447353632352020"

#define FEATURES "00 00 00 14 00 00 00 1b 00 00 03 04 00 1b 01 00 01 04 03 04 01 00 00 00"
#define MODE                                                                                       \
        "00 20 00 00 00 00 00 00 2a 18 3f 37 f1 73 29 23 22 40 01 00 08 00 22 40 00 10 15 88 15 "  \
        "88 00 00 00 00"
#define REGION "00 06 00 00 65 fd 01 00"

static DriveRecord examined(const Line *script, size_t n_lines, Attachment attachment) {
        _cleanup_(transport_freep) Transport *drive = fake_drive_new(script, n_lines);
        DriveRecord record = { .node = "sg1", .attachment = attachment };
        Fault fault = {};

        if (drive_examine(drive, NOW, &record, &fault) < 0)
                fail_msg("%s", fault.text);
        assert_int_equal(fault.code, FAULT_NONE);
        return record;
}

/* The fake fails on any other command: this is the whole list. */
static void test_a_scan_sends_four_commands_and_no_other(void **state) {
        static const Line script[] = {
                { .cdb = "12 00 00 00 24 00", .data = BTC, .times = 1 },
                { .cdb = "46 00 00 00 00 00 00", .data = FEATURES, .times = 1 },
                { .cdb = "5a 00 2a 00", .data = MODE, .times = 1 },
                { .cdb = "a4 00 00 00 00 00 00 00 00 08 08 00", .data = REGION, .times = 1 },
        };
        const DriveRecord record = examined(script, N_ELEMENTS(script), ATTACHED_USB);

        (void)state;
        assert_int_equal(record.n_inquiry, 36);
        assert_memory_equal(record.identity, "        DVDRW IDE1004   ", IDENTITY_LENGTH);
        assert_string_equal(record.revision, "0043");
        assert_int_equal(record.class, CLASS_DVD_WRITER);
        assert_int_equal(record.profile, 0x1b);
        assert_true(record.upgradable);
        assert_int_equal(record.buffer_kib, 2048);
        assert_true(record.region.known);
        assert_int_equal(record.region.user_changes, 5);
        assert_int_equal(record.serial_source, SERIAL_NONE);
        assert_string_equal(record.node, "sg1");
}

static void test_the_rest_of_inquiry_is_asked_for_when_the_drive_has_one(void **state) {
        static const Line script[] = {
                { .cdb = "12 00 00 00 24 00", .data = LG("00"), .times = 1 },
                { .cdb = "12 00 00 00 38 00", .data = LG("00"), .times = 1 },
                { .cdb = "46", .data = FEATURES },
                { .cdb = "5a", .data = MODE },
                { .cdb = "a4", .data = REGION },
        };
        const DriveRecord record = examined(script, N_ELEMENTS(script), ATTACHED_ATA);

        (void)state;
        assert_int_equal(record.n_inquiry, 56);
        assert_string_equal(record.serial, "KLZL4TG5625");
        assert_int_equal(record.serial_source, SERIAL_FIELD);
}

static void test_a_bridge_that_fails_at_the_longer_inquiry_costs_only_the_rest(void **state) {
        static const Line script[] = {
                { .cdb = "12 00 00 00 24 00", .data = LG("00") },
                { .cdb = "12 00 00 00 38 00", .host_status = 7 },
                { .cdb = "46", .data = FEATURES },
                { .cdb = "5a", .data = MODE },
                { .cdb = "a4", .data = REGION },
        };
        const DriveRecord record = examined(script, N_ELEMENTS(script), ATTACHED_USB);

        (void)state;
        assert_int_equal(record.n_inquiry, 36);
        assert_int_equal(record.serial_source, SERIAL_NONE);
}

static void test_another_drive_in_the_second_answer_is_not_mixed_in(void **state) {
        static const Line script[] = {
                { .cdb = "12 00 00 00 24 00", .data = LG("00") },
                { .cdb = "12 00 00 00 38 00",
                  .data = BTC "4e3030303930304b4c5a4c345447353632352020" },
                { .cdb = "46", .data = FEATURES },
                { .cdb = "5a", .data = MODE },
                { .cdb = "a4", .data = REGION },
        };
        const DriveRecord record = examined(script, N_ELEMENTS(script), ATTACHED_USB);

        (void)state;
        assert_string_equal(record.revision, "XP01");
        assert_int_equal(record.n_inquiry, 36);
}

static void test_the_oldest_drive_is_known_by_inquiry_and_mode_page(void **state) {
        static const Line script[] = {
                { .cdb = "12", .data = BTC },
                { .cdb = "46", .sense = INVALID_OPCODE },
                { .cdb = "5a",
                  .data = "00 14 00 00 00 00 00 00 2a 0c 00 00 71 63 29 03 02 c2 00 02 00 00" },
        };
        const DriveRecord record = examined(script, N_ELEMENTS(script), ATTACHED_ATA);

        (void)state;
        assert_int_equal(record.class, CLASS_CD_ROM);
        assert_int_equal(record.max_read_kbs, 706);
        assert_false(record.region.known);
}

static void test_a_drive_that_answers_inquiry_alone_is_listed(void **state) {
        static const Line script[] = {
                { .cdb = "12", .data = BTC },
                { .cdb = "46", .host_status = 7 },
                { .cdb = "5a", .status = 0x08 },
                { .cdb = "a4", .sense = INVALID_OPCODE },
        };
        const DriveRecord record = examined(script, N_ELEMENTS(script), ATTACHED_ATA);

        (void)state;
        assert_string_equal(record.revision, "0043");
        assert_int_equal(record.class, CLASS_UNKNOWN);
        assert_false(record.region.known);
}

static void test_a_drive_that_refuses_the_question_has_no_region_scheme(void **state) {
        static const Line script[] = {
                { .cdb = "12", .data = BTC },
                { .cdb = "46", .data = FEATURES },
                { .cdb = "5a", .data = MODE },
                { .cdb = "a4", .sense = INVALID_FIELD },
        };
        const DriveRecord record = examined(script, N_ELEMENTS(script), ATTACHED_ATA);

        (void)state;
        assert_true(record.region.known);
        assert_int_equal(record.region.scheme, 0);
}

static void test_a_drive_that_hangs_is_asked_no_more(void **state) {
        static const Line script[] = {
                { .cdb = "12", .data = BTC },
                { .cdb = "46", .host_status = 3 },
        };
        _cleanup_(transport_freep) Transport *drive = fake_drive_new(script, N_ELEMENTS(script));
        DriveRecord record = {};
        Fault fault = {};

        (void)state;
        assert_true(drive_examine(drive, NOW, &record, &fault) < 0);
        assert_int_equal(fault.code, FAULT_DRIVE_SILENT);
        assert_string_equal(fault.text, "no answer to GET CONFIGURATION within 0 s");
        assert_int_equal(fake_drive_count(drive), 2);
}

static void test_a_drive_that_leaves_halfway_is_no_drive(void **state) {
        static const Line script[] = {
                { .cdb = "12", .data = BTC },
                { .cdb = "46", .data = FEATURES },
                { .cdb = "5a", .data = MODE },
                { .cdb = "a4", .error = -ENODEV },
        };
        _cleanup_(transport_freep) Transport *drive = fake_drive_new(script, N_ELEMENTS(script));
        DriveRecord record = {};
        Fault fault = {};

        (void)state;
        assert_true(drive_examine(drive, NOW, &record, &fault) < 0);
        assert_int_equal(fault.code, FAULT_DRIVE_GONE);
}

static void test_pages_are_asked_for_where_the_kernel_asks_too(void **state) {
        static const Line script[] = {
                { .cdb = "12 00", .data = LG("05") },
                { .cdb = "46", .data = FEATURES },
                { .cdb = "5a", .data = MODE },
                { .cdb = "a4", .data = REGION },
                { .cdb = "12 01 00 00 fc 00", .data = "05 00 00 02 00 80", .times = 1 },
                { .cdb = "12 01 80 00 fc 00", .data = "05 80 00 08 4b 38 4c 30 31 32 33 34" },
        };
        const DriveRecord record = examined(script, N_ELEMENTS(script), ATTACHED_ATA);

        (void)state;
        assert_string_equal(record.serial, "K8L01234");
        assert_int_equal(record.serial_source, SERIAL_VPD);
}

static void test_a_drive_without_pages_is_asked_for_one_only(void **state) {
        static const Line script[] = {
                { .cdb = "12 00", .data = LG("05") },
                { .cdb = "46", .data = FEATURES },
                { .cdb = "5a", .data = MODE },
                { .cdb = "a4", .data = REGION },
                /* As some do: standard data, as if nothing had been asked. */
                { .cdb = "12 01 00", .data = LG("05"), .times = 1 },
        };
        const DriveRecord record = examined(script, N_ELEMENTS(script), ATTACHED_ATA);

        (void)state;
        assert_int_equal(record.serial_source, SERIAL_FIELD);
}

static void test_behind_usb_no_page_is_asked_for(void **state) {
        static const Line script[] = {
                { .cdb = "12 00", .data = LG("05") },
                { .cdb = "46", .data = FEATURES },
                { .cdb = "5a", .data = MODE },
                { .cdb = "a4", .data = REGION },
        };

        (void)state;
        (void)examined(script, N_ELEMENTS(script), ATTACHED_USB);
        (void)examined(script, N_ELEMENTS(script), ATTACHED_FIREWIRE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_scan_sends_four_commands_and_no_other),
                cmocka_unit_test(test_the_rest_of_inquiry_is_asked_for_when_the_drive_has_one),
                cmocka_unit_test(
                        test_a_bridge_that_fails_at_the_longer_inquiry_costs_only_the_rest),
                cmocka_unit_test(test_another_drive_in_the_second_answer_is_not_mixed_in),
                cmocka_unit_test(test_the_oldest_drive_is_known_by_inquiry_and_mode_page),
                cmocka_unit_test(test_a_drive_that_answers_inquiry_alone_is_listed),
                cmocka_unit_test(test_a_drive_that_refuses_the_question_has_no_region_scheme),
                cmocka_unit_test(test_a_drive_that_hangs_is_asked_no_more),
                cmocka_unit_test(test_a_drive_that_leaves_halfway_is_no_drive),
                cmocka_unit_test(test_pages_are_asked_for_where_the_kernel_asks_too),
                cmocka_unit_test(test_a_drive_without_pages_is_asked_for_one_only),
                cmocka_unit_test(test_behind_usb_no_page_is_asked_for),
        };

        return RUN_TESTS(tests);
}
