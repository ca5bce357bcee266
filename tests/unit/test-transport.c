/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drive/transport.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "drive/command.h"
#include "drive/transport-sg.h"
#include "drive/transport-socket.h"
#include "tests/unit/fake-drive.h"
#include "tests/unit/test.h"

static char folder[] = "/tmp/discfw-test-transport-XXXXXX";
static char path[128];
static int drive_pid = -1;

static int in_a_folder(void **state) {
        (void)state;
        assert_non_null(mkdtemp(folder));
        (void)snprintf(path, sizeof(path), "%s/btc.sock", folder);
        return 0;
}

static int away_with_it(void **state) {
        (void)state;
        (void)unlink(path);
        (void)rmdir(folder);
        memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
        return 0;
}

static void serve(const Line *script, size_t n_lines) {
        drive_pid = fake_drive_serve(path, script, n_lines);
}

static Transport *opened(TransportMode mode) {
        Transport *transport = NULL;
        Fault fault = {};

        if (transport_open("emulated:btc", folder, mode, &transport, &fault) < 0)
                fail_msg("%s", fault.text);
        return transport;
}

static int execute(Transport *transport, uint8_t opcode, uint32_t timeout_ms,
                   Completion *completion) {
        const Command command = { .cdb = { opcode }, .n_cdb = 6, .timeout_ms = timeout_ms };

        return transport_execute(transport, &command, completion);
}

static void test_commands_and_data_go_both_ways(void **state) {
        static const Line script[] = {
                { .cdb = "12 00 00 00 08 00", .data = "05 80 05 32 1f" },
                { .cdb = "3b 06 00 00 00 00 00 00 03 00", .data = "61 62 63" },
                { .cdb = "00", .sense = "70 00 02 00 00 00 00 0a 00 00 00 00 3a 01" },
        };
        _cleanup_(transport_freep) Transport *drive = NULL;
        uint8_t buffer[8];
        Reply reply;
        size_t n;

        (void)state;
        serve(script, N_ELEMENTS(script));
        drive = opened(TRANSPORT_FLASH);
        assert_int_equal(command_inquiry(drive, buffer, sizeof(buffer), &n, &reply, NULL), 0);
        assert_int_equal(n, 5);
        assert_memory_equal(buffer, "\x05\x80\x05\x32\x1f\0\0\0", 8);
        assert_int_equal(command_write_buffer(drive, 6, 0, 0, "abc", 3, 1000, &reply, NULL), 0);
        assert_int_equal(reply.n_moved, 3);
        assert_int_equal(command_test_unit_ready(drive, &reply, NULL), 0);
        assert_true(sense_is_no_medium(&reply.sense));
        assert_true(fake_drive_end(drive_pid));
}

static void test_all_fields_of_an_answer_arrive(void **state) {
        static const Line script[] = {
                { .cdb = "00",
                  .status = 0x18,
                  .host_status = 0x0107,
                  .driver_status = 0x0208,
                  .lost = 0x01020304,
                  .sense = "72 05 20 00" },
        };
        _cleanup_(transport_freep) Transport *drive = NULL;
        Completion completion;

        (void)state;
        serve(script, 1);
        drive = opened(TRANSPORT_LOOK);
        assert_int_equal(execute(drive, 0, 1000, &completion), 0);
        assert_int_equal(completion.status, 0x18);
        assert_int_equal(completion.host_status, 0x0107);
        assert_int_equal(completion.driver_status, 0x0208);
        assert_int_equal(completion.residual, 0x01020304);
        assert_int_equal(completion.n_sense, 4);
        assert_memory_equal(completion.sense, "\x72\x05\x20\x00", 4);
        assert_true(fake_drive_end(drive_pid));
}

static void test_a_drive_that_hangs_is_given_up_in_time_and_not_asked_again(void **state) {
        static const Line script[] = { { .cdb = "00", .manner = HANGS } };
        _cleanup_(transport_freep) Transport *drive = NULL;
        Completion completion;
        uint64_t start;

        (void)state;
        serve(script, 1);
        drive = opened(TRANSPORT_LOOK);
        start = clock_boottime_ms();
        assert_int_equal(execute(drive, 0, 100, &completion), 0);
        assert_int_equal(completion.host_status, 3);
        assert_true(completion.duration_ms >= 100);
        assert_true(clock_boottime_ms() - start < 5000);
        /* Its late answer would be taken for that of the next command. */
        assert_int_equal(execute(drive, 0, 100, &completion), -ENODEV);
        assert_true(fake_drive_end(drive_pid));
}

static void test_a_drive_that_leaves_is_gone(void **state) {
        static const Line script[] = { { .cdb = "00", .manner = LEAVES } };
        _cleanup_(transport_freep) Transport *drive = NULL, *again = NULL;
        Completion completion;
        Fault fault = {};

        (void)state;
        serve(script, 1);
        drive = opened(TRANSPORT_LOOK);
        assert_int_equal(execute(drive, 0, 1000, &completion), -ENODEV);
        assert_true(fake_drive_end(drive_pid));
        assert_true(transport_open("emulated:btc", folder, TRANSPORT_LOOK, &again, &fault) < 0);
        assert_int_equal(fault.code, FAULT_DRIVE_GONE);
        assert_string_equal(fault.text, "there is no drive at emulated:btc");
}

static void test_answers_that_make_no_sense_are_an_adapters_failure(void **state) {
        static const Line script[] = {
                { .cdb = "01", .manner = BABBLES },
                { .cdb = "02", .manner = OVERFLOWS },
        };
        Completion completion;

        (void)state;
        serve(script, N_ELEMENTS(script));
        for (uint8_t opcode = 1; opcode <= 2; opcode++) {
                _cleanup_(transport_freep) Transport *drive = opened(TRANSPORT_LOOK);

                assert_int_equal(execute(drive, opcode, 1000, &completion), 0);
                assert_int_equal(completion.host_status, 7);
                assert_int_equal(execute(drive, opcode, 1000, &completion), -ENODEV);
        }
        assert_true(fake_drive_end(drive_pid));
}

static void test_the_emulators_refusals_are_the_kernels(void **state) {
        static const Line script[] = {
                { .cdb = "3b", .host_status = EMULATED_EPERM },
                { .cdb = "00", .host_status = EMULATED_EBUSY },
        };
        _cleanup_(transport_freep) Transport *drive = NULL;
        Fault fault = {};
        Reply reply;

        (void)state;
        serve(script, N_ELEMENTS(script));
        drive = opened(TRANSPORT_LOOK);
        assert_true(command_write_buffer(drive, 6, 0, 0, "x", 1, 1000, &reply, &fault) < 0);
        assert_int_equal(fault.code, FAULT_NOT_PERMITTED);
        assert_false(reply.sent);
        fault_clear(&fault);
        assert_true(command_test_unit_ready(drive, &reply, &fault) < 0);
        assert_int_equal(fault.code, FAULT_CLAIMED);
        assert_true(fake_drive_end(drive_pid));
}

static void test_a_transfer_above_the_limit_is_not_sent(void **state) {
        _cleanup_free_ uint8_t *much = calloc(1, EMULATED_DATA_MAX + 1);
        _cleanup_(transport_freep) Transport *drive = NULL;
        Completion completion;
        Command command = { .cdb = { 0x12 },
                            .n_cdb = 6,
                            .direction = DIRECTION_IN,
                            .data = much,
                            .n_data = EMULATED_DATA_MAX + 1,
                            .timeout_ms = 1000 };

        (void)state;
        serve(NULL, 0);
        drive = opened(TRANSPORT_LOOK);
        assert_int_equal(transport_transfer_max(drive), EMULATED_DATA_MAX);
        assert_int_equal(transport_execute(drive, &command, &completion), -EIO);
        assert_true(fake_drive_end(drive_pid));
}

static void test_only_names_of_drives_are_opened(void **state) {
        static const char *const names[] = { "",
                                             "sr0",
                                             "sg",
                                             "sg1/../sda",
                                             "sg01",
                                             "sg-1",
                                             "sg1 ",
                                             "/dev/sg1",
                                             "sg99999999999",
                                             "emulated:",
                                             "emulated:../x",
                                             "emulated:.hidden",
                                             "emulated:a/b",
                                             "EMULATED:btc",
                                             "sg1\n" };
        Transport *transport = NULL;

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(names); i++) {
                Fault fault = {};

                assert_true(transport_open(names[i], folder, TRANSPORT_LOOK, &transport, &fault) <
                            0);
                assert_int_equal(fault.code, FAULT_NO_SUCH_DRIVE);
                assert_null(transport);
        }
        assert_true(transport_sg_valid("sg0") && transport_sg_valid("sg10"));
}

static void test_without_a_folder_no_drive_is_emulated(void **state) {
        Transport *transport = NULL;
        Fault fault = {};

        (void)state;
        assert_true(transport_open("emulated:btc", NULL, TRANSPORT_LOOK, &transport, &fault) < 0);
        assert_int_equal(fault.code, FAULT_NO_SUCH_DRIVE);
}

static void test_a_node_that_is_not_there_is_a_drive_that_left(void **state) {
        Transport *transport = NULL;
        Fault fault = {};

        (void)state;
        assert_true(transport_open("sg99999", NULL, TRANSPORT_LOOK, &transport, &fault) < 0);
        assert_int_equal(fault.code, FAULT_DRIVE_GONE);
        assert_string_equal(fault.text, "there is no drive at sg99999");
}

static void test_freeing_nothing_is_allowed(void **state) {
        (void)state;
        assert_null(transport_free(NULL));
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, in_a_folder, away_with_it)

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_A_FOLDER(test_commands_and_data_go_both_ways),
                IN_A_FOLDER(test_all_fields_of_an_answer_arrive),
                IN_A_FOLDER(test_a_drive_that_hangs_is_given_up_in_time_and_not_asked_again),
                IN_A_FOLDER(test_a_drive_that_leaves_is_gone),
                IN_A_FOLDER(test_answers_that_make_no_sense_are_an_adapters_failure),
                IN_A_FOLDER(test_the_emulators_refusals_are_the_kernels),
                IN_A_FOLDER(test_a_transfer_above_the_limit_is_not_sent),
                IN_A_FOLDER(test_only_names_of_drives_are_opened),
                cmocka_unit_test(test_without_a_folder_no_drive_is_emulated),
                cmocka_unit_test(test_a_node_that_is_not_there_is_a_drive_that_left),
                cmocka_unit_test(test_freeing_nothing_is_allowed),
        };

        return RUN_TESTS(tests);
}
