/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drive/command.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/fake-drive.h"
#include "tests/unit/test.h"

#define ATTENTION_RESET    "70 00 06 00 00 00 00 0a 00 00 00 00 29 00 00 00 00 00"
#define ATTENTION_FIRMWARE "70 00 06 00 00 00 00 0a 00 00 00 00 3f 01 00 00 00 00"
#define INVALID_OPCODE     "70 00 05 00 00 00 00 0a 00 00 00 00 20 00 00 00 00 00"
#define BECOMING_READY     "70 00 02 00 00 00 00 0a 00 00 00 00 04 01 00 00 00 00"
#define NO_DISC            "70 00 02 00 00 00 00 0a 00 00 00 00 3a 01 00 00 00 00"
#define RECOVERED          "70 00 01 00 00 00 00 0a 00 00 00 00 18 00 00 00 00 00"

/* Sends one INQUIRY to a drive that answers as LINE, and expects it to fail with CODE and TEXT. */
static void fails(Line line, FaultCode code, const char *text) {
        _cleanup_(transport_freep) Transport *drive = NULL;
        uint8_t buffer[36];
        Fault fault = {};
        size_t n = 99;

        line.cdb = "12";
        drive = fake_drive_new(&line, 1);
        assert_int_equal(command_inquiry(drive, buffer, sizeof(buffer), &n, NULL, &fault), -EBADE);
        assert_string_equal(fault.text, text);
        assert_int_equal(fault.code, code);
        assert_int_equal(n, 99);
}

static void test_each_way_to_fail_is_told_apart(void **state) {
        (void)state;
        fails((Line){ .sense = INVALID_OPCODE }, FAULT_DRIVE_REFUSED,
              "drive answered 5/20/00 invalid opcode to INQUIRY; nothing was written: this "
              "firmware does not know the command, which another step or another tool may need to "
              "mend");
        fails((Line){ .sense = BECOMING_READY }, FAULT_DRIVE_NOT_READY,
              "drive answered 2/04/01 becoming ready to INQUIRY; wait a minute");
        fails((Line){ .status = 0x02 }, FAULT_DRIVE_TRANSPORT,
              "drive complained about INQUIRY and gave no sense");
        fails((Line){ .status = 0x08 }, FAULT_DRIVE_NOT_READY,
              "drive is too busy for INQUIRY (status 08h)");
        fails((Line){ .status = 0x18 }, FAULT_DRIVE_REFUSED,
              "drive is reserved by another computer, INQUIRY refused (status 18h)");
        fails((Line){ .status = 0x40 }, FAULT_DRIVE_TRANSPORT,
              "drive answered INQUIRY with status 40h");
        fails((Line){ .host_status = 1 }, FAULT_DRIVE_GONE,
              "the adapter does not reach the drive for INQUIRY (host status 01h)");
        fails((Line){ .host_status = 3 }, FAULT_DRIVE_SILENT, "no answer to INQUIRY within 0 s");
        fails((Line){ .host_status = 7 }, FAULT_DRIVE_TRANSPORT,
              "the adapter failed at INQUIRY (host status 07h)");
        fails((Line){ .host_status = 8 }, FAULT_DRIVE_TRANSPORT,
              "the bus was reset at INQUIRY (host status 08h)");
        fails((Line){ .driver_status = 6 }, FAULT_DRIVE_SILENT, "no answer to INQUIRY within 0 s");
        fails((Line){ .driver_status = 4 }, FAULT_DRIVE_TRANSPORT,
              "the kernel's driver failed at INQUIRY (driver status 04h)");
        fails((Line){ .error = -EPERM }, FAULT_NOT_PERMITTED,
              "the kernel did not let INQUIRY through, nothing was sent");
        fails((Line){ .error = -ENODEV }, FAULT_DRIVE_GONE, "the drive left at INQUIRY");
        fails((Line){ .error = -EBUSY }, FAULT_CLAIMED,
              "another program has the drive, INQUIRY was not sent");
        fails((Line){ .error = -EIO }, FAULT_DRIVE_TRANSPORT,
              "cannot send INQUIRY: Input/output error");
        fails((Line){ .data = "00", .lost = 9999 }, FAULT_DRIVE_MALFORMED,
              "10034 of 36 bytes of INQUIRY are said to be left over");
}

static void test_sense_beside_a_failing_adapter_is_not_believed(void **state) {
        const Line line = { .cdb = "00", .host_status = 3, .sense = NO_DISC };
        _cleanup_(transport_freep) Transport *drive = fake_drive_new(&line, 1);
        Fault fault = {};
        Reply reply;

        (void)state;
        assert_int_equal(command_test_unit_ready(drive, &reply, &fault), -EBADE);
        assert_int_equal(fault.code, FAULT_DRIVE_SILENT);
        assert_true(reply.sent && reply.silent && !reply.sense.present);
}

static void test_an_error_beside_a_good_status_is_an_error(void **state) {
        const Line line = { .cdb = "3b",
                            .beside_good = true,
                            .driver_status = 8,
                            .data = "ff",
                            .sense = INVALID_OPCODE };
        _cleanup_(transport_freep) Transport *drive = fake_drive_new(&line, 1);
        Fault fault = {};

        (void)state;
        assert_int_equal(command_write_buffer(drive, 6, 0, 0, "\xff", 1, 1000, NULL, &fault),
                         -EBADE);
        assert_int_equal(fault.code, FAULT_DRIVE_REFUSED);
}

static void test_a_recovered_error_is_success_and_is_handed_out(void **state) {
        const Line line = { .cdb = "3b", .data = "01 02", .sense = RECOVERED };
        _cleanup_(transport_freep) Transport *drive = fake_drive_new(&line, 1);
        Reply reply;

        (void)state;
        assert_int_equal(command_write_buffer(drive, 4, 0, 0, "\1\2", 2, 300000, &reply, NULL), 0);
        assert_true(sense_is(&reply.sense, KEY_RECOVERED, 0x18, 0x00));
        assert_int_equal(reply.n_moved, 2);
}

static void test_bytes_that_a_bridge_swallows_are_a_failure(void **state) {
        const Line line = { .cdb = "3b 06 00 00 10 00 00 00 04", .data = "01 02 03 04", .lost = 2 };
        _cleanup_(transport_freep) Transport *drive = fake_drive_new(&line, 1);
        Fault fault = {};
        Reply reply;

        (void)state;
        assert_int_equal(
                command_write_buffer(drive, 6, 0, 0x1000, "\1\2\3\4", 4, 300000, &reply, &fault),
                -EBADE);
        assert_int_equal(fault.code, FAULT_DRIVE_TRANSPORT);
        assert_string_equal(fault.text, "2 of 4 bytes of WRITE BUFFER did not reach the drive; "
                                        "a bridge or the cable swallowed them");
        assert_int_equal(reply.n_moved, 2);
}

static void test_looking_goes_past_three_unit_attentions(void **state) {
        const Line lines[] = {
                { .cdb = "12", .sense = ATTENTION_RESET, .times = 2 },
                { .cdb = "12", .sense = ATTENTION_FIRMWARE, .times = 1 },
                { .cdb = "12 00 00 00 05 00", .data = "05 80 05 32 1f" },
        };
        _cleanup_(transport_freep) Transport *drive = fake_drive_new(lines, N_ELEMENTS(lines));
        uint8_t buffer[5];
        Fault fault = {};
        Reply reply;
        size_t n;

        (void)state;
        assert_int_equal(command_inquiry(drive, buffer, sizeof(buffer), &n, &reply, &fault), 0);
        assert_int_equal(fault.code, FAULT_NONE);
        assert_int_equal(n, 5);
        assert_int_equal(fake_drive_count(drive), 1 + ATTENTIONS_MAX);
        assert_false(reply.sense.present);
}

static void test_the_fourth_unit_attention_is_a_failure(void **state) {
        const Line line = { .cdb = "46", .sense = ATTENTION_RESET };
        _cleanup_(transport_freep) Transport *drive = fake_drive_new(&line, 1);
        uint8_t buffer[8];
        Fault fault = {};
        Reply reply;
        size_t n;

        (void)state;
        assert_int_equal(
                command_get_configuration(drive, buffer, sizeof(buffer), &n, &reply, &fault),
                -EBADE);
        assert_int_equal(fake_drive_count(drive), 1 + ATTENTIONS_MAX);
        assert_true(sense_is(&reply.sense, KEY_UNIT_ATTENTION, 0x29, 0x00));
}

static void test_what_changes_a_drive_is_sent_once_whatever_comes_back(void **state) {
        const Line lines[] = {
                { .cdb = "3b", .sense = ATTENTION_RESET },
                { .cdb = "ff", .sense = ATTENTION_RESET },
        };
        const Command vendor = { .cdb = { 0xff }, .n_cdb = 12, .timeout_ms = 1000 };
        _cleanup_(transport_freep) Transport *drive = fake_drive_new(lines, N_ELEMENTS(lines));
        Reply reply;

        (void)state;
        assert_true(command_write_buffer(drive, 5, 0, 0, NULL, 0, 600000, &reply, NULL) < 0);
        assert_int_equal(sense_class(&reply.sense, STAGE_SEND), SENSE_UNKNOWN);
        assert_int_equal(fake_drive_count(drive), 1);
        assert_true(command_execute(drive, &vendor, "vendor command FFh", NULL, NULL) < 0);
        assert_int_equal(fake_drive_count(drive), 2);
}

static void test_unit_ready_hands_out_any_sense_as_its_answer(void **state) {
        const Line lines[] = {
                { .cdb = "00 00 00 00 00 00", .sense = ATTENTION_FIRMWARE, .times = 1 },
                { .cdb = "00 00 00 00 00 00", .sense = NO_DISC, .times = 1 },
                { .cdb = "00 00 00 00 00 00", .times = 1 },
        };
        _cleanup_(transport_freep) Transport *drive = fake_drive_new(lines, N_ELEMENTS(lines));
        Fault fault = {};
        Reply reply;

        (void)state;
        assert_int_equal(command_test_unit_ready(drive, &reply, &fault), 0);
        assert_true(sense_is(&reply.sense, 6, 0x3f, 0x01));
        assert_int_equal(command_test_unit_ready(drive, &reply, &fault), 0);
        assert_true(sense_is_no_medium(&reply.sense));
        assert_int_equal(command_test_unit_ready(drive, &reply, &fault), 0);
        assert_false(reply.sense.present);
        assert_int_equal(fault.code, FAULT_NONE);
}

static void test_after_the_kernels_no_nothing_was_sent_but_a_drive_that_left_may_know(
        void **state) {
        const Line lines[] = {
                { .cdb = "3b", .error = -EPERM, .times = 1 },
                { .cdb = "3b", .error = -ENODEV, .times = 1 },
        };
        _cleanup_(transport_freep) Transport *drive = fake_drive_new(lines, N_ELEMENTS(lines));
        Reply reply;

        (void)state;
        assert_true(command_write_buffer(drive, 6, 0, 0, "x", 1, 300000, &reply, NULL) < 0);
        assert_false(reply.sent);
        assert_true(command_write_buffer(drive, 6, 0, 0, "x", 1, 300000, &reply, NULL) < 0);
        assert_true(reply.sent);
}

/* Each as the standards lay them out, byte for byte. */
static void test_commands_are_laid_out_as_the_standards_say(void **state) {
        const Line lines[] = {
                { .cdb = "12 00 00 00 60 00" },
                { .cdb = "12 01 80 00 fc 00" },
                { .cdb = "46 00 00 00 00 00 00 08 00 00" },
                { .cdb = "5a 00 2a 00 00 00 00 00 80 00" },
                { .cdb = "a4 00 00 00 00 00 00 00 00 08 08 00" },
                { .cdb = "4a 01 00 00 10 00 00 00 08 00" },
                { .cdb = "3b 07 f0 12 34 56 00 00 02 00", .data = "aa 55" },
                { .cdb = "3b 07 00 00 00 00 00 00 00 00" },
        };
        _cleanup_(transport_freep) Transport *drive = fake_drive_new(lines, N_ELEMENTS(lines));
        static uint8_t b[2048];
        size_t n;

        (void)state;
        assert_int_equal(command_inquiry(drive, b, 96, &n, NULL, NULL), 0);
        assert_int_equal(command_inquiry_page(drive, 0x80, b, 252, &n, NULL, NULL), 0);
        assert_int_equal(command_get_configuration(drive, b, 2048, &n, NULL, NULL), 0);
        assert_int_equal(command_mode_sense(drive, 0x2a, b, 128, &n, NULL, NULL), 0);
        assert_int_equal(command_report_key_region(drive, b, 8, &n, NULL, NULL), 0);
        assert_int_equal(command_get_event_status(drive, 0x10, b, 8, &n, NULL, NULL), 0);
        assert_int_equal(
                command_write_buffer(drive, 7, 0xf0, 0x123456, "\xaa\x55", 2, 1, NULL, NULL), 0);
        assert_int_equal(command_write_buffer(drive, 7, 0, 0, NULL, 0, 1, NULL, NULL), 0);
        assert_int_equal(fake_drive_count(drive), N_ELEMENTS(lines));
}

static void test_what_a_drive_does_not_send_is_zero_and_not_left_over(void **state) {
        const Line line = { .cdb = "12", .data = "05 80" };
        _cleanup_(transport_freep) Transport *drive = fake_drive_new(&line, 1);
        uint8_t buffer[6] = { 9, 9, 9, 9, 9, 9 };
        size_t n;

        (void)state;
        assert_int_equal(command_inquiry(drive, buffer, sizeof(buffer), &n, NULL, NULL), 0);
        assert_int_equal(n, 2);
        assert_memory_equal(buffer, "\x05\x80\0\0\0\0", 6);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_way_to_fail_is_told_apart),
                cmocka_unit_test(test_sense_beside_a_failing_adapter_is_not_believed),
                cmocka_unit_test(test_an_error_beside_a_good_status_is_an_error),
                cmocka_unit_test(test_a_recovered_error_is_success_and_is_handed_out),
                cmocka_unit_test(test_bytes_that_a_bridge_swallows_are_a_failure),
                cmocka_unit_test(test_looking_goes_past_three_unit_attentions),
                cmocka_unit_test(test_the_fourth_unit_attention_is_a_failure),
                cmocka_unit_test(test_what_changes_a_drive_is_sent_once_whatever_comes_back),
                cmocka_unit_test(test_unit_ready_hands_out_any_sense_as_its_answer),
                cmocka_unit_test(
                        test_after_the_kernels_no_nothing_was_sent_but_a_drive_that_left_may_know),
                cmocka_unit_test(test_commands_are_laid_out_as_the_standards_say),
                cmocka_unit_test(test_what_a_drive_does_not_send_is_zero_and_not_left_over),
        };

        return RUN_TESTS(tests);
}
