/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A drive in its USB case, and the test in the place of the host controller: USB/IP over a pair of
 * sockets, no kernel. Clauses of BOT are those of Bulk-Only Transport 1.0. */
#include <sys/socket.h>

#include "tests/emulator/usb-descriptors.h"
#include "tests/emulator/vhci.h"
#include "tests/unit/usb-host.h"

#define READY      "000000000000"
#define INQUIRY_36 "120000002400"
#define INQUIRY_96 "120000006000"
#define SENSE      "030000001200"
#define CAPACITY   "25000000000000000000"
#define STAGE      "3b060000000000002000"

static void make_cbw(uint8_t cbw[CBW_LENGTH], uint32_t n_data, bool in, const char *cdb) {
        size_t n;

        memset(cbw, 0, CBW_LENGTH);
        memcpy(cbw, "USBC", 4);
        memcpy(cbw + 4, "tag!", 4);
        for (unsigned i = 0; i < 4; i++)
                cbw[8 + i] = (uint8_t)(n_data >> 8 * i);
        cbw[12] = in ? 0x80 : 0;
        assert_true(hex_decode_some(cdb, cbw + 15, 16, &n));
        cbw[14] = (uint8_t)n;
}

static void command(uint32_t n_data, bool in, const char *cdb) {
        uint8_t cbw[CBW_LENGTH];
        End end;

        make_cbw(cbw, n_data, in, cdb);
        end = to_drive(cbw, sizeof(cbw));
        assert_int_equal(end.status, 0);
        assert_int_equal(end.n_data, CBW_LENGTH);
}

static void assert_csw(const End *end, uint8_t status, uint32_t residue) {
        assert_int_equal(end->status, 0);
        assert_int_equal(end->n_data, CSW_LENGTH);
        assert_memory_equal(end->data, "USBStag!", 8);
        assert_int_equal(end->data[8] | end->data[9] << 8 | end->data[10] << 16, residue);
        assert_int_equal(end->data[12], status);
}

static void assert_status(uint8_t status, uint32_t residue) {
        End end = to_host(CSW_LENGTH);

        assert_csw(&end, status, residue);
}

static void test_a_drive_says_that_it_is_bulk_only_storage(void **state) {
        End end = control_in("\x80\x06\x00\x01\x00\x00\x12\x00", 18);

        (void)state;
        assert_int_equal(end.n_data, 18);
        assert_int_equal(end.data[16], 0); /* no serial number: it has none */
        end = control_in("\x80\x06\x00\x02\x00\x00\xff\x00", 255);
        assert_int_equal(end.n_data, 32);
        assert_memory_equal(end.data + 14, "\x08\x02\x50", 3);
        end = control_in("\x80\x06\x02\x03\x09\x04\xff\x00", 255);
        assert_int_equal(end.n_data, 2 + 2 * strlen("DVDRW IDE1004"));
        assert_int_equal(end.data[2], 'D');
        end = control_in("\x80\x06\x03\x03\x09\x04\xff\x00", 255);
        assert_int_equal(end.status, -EPIPE);
        end = control_in("\x80\x06\x00\x01\x00\x00\x40\x00", 8);
        assert_int_equal(end.n_data, 8);
        assert_int_equal(control_in("\xa1\xfe\x00\x00\x00\x00\x01\x00", 1).data[0], 0);
}

static void test_a_serial_number_is_that_of_the_drive(void **state) {
        uint8_t bytes[USB_DESCRIPTOR_MAX];
        DriveModel pioneer = model_of("pioneer-bdr209m");

        (void)state;
        assert_int_equal(usb_descriptor(&pioneer, 0x0100, bytes), 18);
        assert_int_equal(bytes[16], 3);
        assert_true(usb_descriptor(&pioneer, 0x0303, bytes) > 2);
        assert_int_equal(bytes[2], pioneer.serial[0]);
}

static void test_what_the_control_pipe_does_not_know_is_stalled(void **state) {
        (void)state;
        assert_int_equal(control("\x40\x00\x00\x00\x00\x00\x00\x00"), -EPIPE);
        assert_int_equal(control("\x00\x09\x02\x00\x00\x00\x00\x00"), -EPIPE);
        assert_int_equal(control("\x02\x01\x00\x00\x83\x00\x00\x00"), -EPIPE);
        assert_int_equal(control("\x21\xff\x01\x00\x00\x00\x00\x00"), -EPIPE);
        assert_int_equal(control(SET_CONFIGURATION_1), 0);
        assert_int_equal(control_in("\x80\x08\x00\x00\x00\x00\x01\x00", 1).data[0], 1);
}

static void test_bulk_pipes_are_there_once_it_is_configured(void **state) {
        uint8_t cbw[CBW_LENGTH];

        (void)state;
        make_cbw(cbw, 0, false, READY);
        assert_int_equal(to_drive(cbw, sizeof(cbw)).status, -EPROTO);
        assert_int_equal(control(SET_CONFIGURATION_1), 0);
        command(0, false, READY);
        assert_status(1, 0);
}

static void test_a_command_is_wrapped_and_its_status_too(void **state) {
        End end;

        (void)state;
        command(36, true, INQUIRY_36);
        end = to_host(36);
        assert_int_equal(end.n_data, 36);
        assert_memory_equal(end.data + 16, "DVDRW IDE1004", 13);
        assert_status(0, 0);
}

static void test_data_come_in_as_many_transfers_as_the_host_likes(void **state) {
        End end;

        (void)state;
        command(36, true, INQUIRY_36);
        assert_int_equal(to_host(8).n_data, 8);
        end = to_host(28);
        assert_memory_equal(end.data + 8, "DVDRW IDE1004", 13);
        assert_status(0, 0);
}

/* BOT 6.7.2, case 5: a short packet, and a STALL before the status. */
static void test_less_than_the_host_expects_ends_in_a_stall_and_a_residue(void **state) {
        End end;

        (void)state;
        command(96, true, INQUIRY_96);
        end = to_host(96);
        assert_int_equal(end.status, 0);
        assert_int_equal(end.n_data, 36);
        assert_int_equal(to_host(CSW_LENGTH).status, -EPIPE);
        assert_int_equal(to_host(CSW_LENGTH).status, -EPIPE);
        assert_int_equal(control_in("\x82\x00\x00\x00\x81\x00\x02\x00", 2).data[0], 1);
        assert_int_equal(control(CLEAR_HALT_IN), 0);
        assert_int_equal(control_in("\x82\x00\x00\x00\x81\x00\x02\x00", 2).data[0], 0);
        assert_status(0, 60);
}

/* Case 4, which every refusal is. */
static void test_a_refused_command_stalls_and_keeps_its_sense(void **state) {
        End end;

        (void)state;
        command(8, true, CAPACITY);
        end = to_host(8);
        assert_int_equal(end.status, -EPIPE);
        assert_int_equal(end.n_data, 0);
        assert_int_equal(control(CLEAR_HALT_IN), 0);
        assert_status(1, 8);
        command(18, true, SENSE);
        end = to_host(18);
        assert_int_equal(end.data[2], 2);
        assert_int_equal(end.data[12], 0x3a);
        assert_status(0, 0);
        command(18, true, SENSE); /* taken: now there is nothing to say */
        assert_int_equal(to_host(18).data[2], 0);
        assert_status(0, 0);
}

static void test_sense_is_kept_for_the_next_command_only(void **state) {
        (void)state;
        command(0, false, "a70000000000000000000000");
        assert_status(1, 0);
        command(36, true, INQUIRY_36);
        (void)to_host(36);
        assert_status(0, 0);
        command(18, true, SENSE);
        assert_int_equal(to_host(18).data[12], 0);
        assert_status(0, 0);
}

static void test_fetching_sense_counts_for_no_plan(void **state) {
        (void)state;
        plan_fault("* command 2 sense 5/24/00");
        command(0, false, READY);
        assert_status(1, 0);
        command(18, true, SENSE);
        assert_int_equal(to_host(18).data[12], 0x3a);
        assert_status(0, 0);
        command(0, false, READY);
        assert_status(1, 0);
        command(18, true, SENSE);
        assert_int_equal(to_host(18).data[12], 0x24);
        assert_status(0, 0);
}

/* Cases 2, 3 and 10: the host will reset, and does not look at what else there is. */
static void test_a_drive_that_wants_otherwise_than_the_host_is_a_phase_error(void **state) {
        uint8_t data[32] = {};

        (void)state;
        command(0, false, INQUIRY_36);
        assert_status(2, 0);
        command(0, false, STAGE);
        assert_int_equal(to_host(CSW_LENGTH).data[12], 2);
        command(32, false, INQUIRY_36);
        (void)to_drive(data, sizeof(data));
        assert_int_equal(to_host(CSW_LENGTH).data[12], 2);
}

/* Case 7 */
static void test_more_than_the_host_has_room_for_is_a_phase_error(void **state) {
        (void)state;
        command(8, true, INQUIRY_36);
        assert_int_equal(to_host(8).n_data, 8);
        assert_int_equal(to_host(CSW_LENGTH).data[12], 2);
}

/* Cases 8 and 13 */
static void test_less_than_the_drive_wants_is_a_phase_error(void **state) {
        uint8_t data[16] = {};

        (void)state;
        command(16, false, STAGE);
        (void)to_drive(data, sizeof(data));
        assert_int_equal(to_host(CSW_LENGTH).data[12], 2);
        command(32, true, STAGE);
        assert_int_equal(to_host(32).status, -EPIPE);
        assert_int_equal(control(CLEAR_HALT_IN), 0);
        assert_int_equal(to_host(CSW_LENGTH).data[12], 2);
}

/* Case 11, as a write of odd length is on a bus of whole packets. */
static void test_more_than_the_drive_wants_is_taken_and_counted(void **state) {
        uint8_t data[512] = {};

        (void)state;
        command(512, false, "3b060000000000000000");
        (void)to_drive(data, 512);
        assert_status(1, 512);
}

static void test_data_to_the_drive_may_come_in_pieces(void **state) {
        uint8_t piece[0x1000] = { 1 };

        (void)state;
        command(0x1000, false, "3b060000002000100000");
        assert_int_equal(to_drive(piece, 512).n_data, 512);
        assert_int_equal(to_drive(piece, 0x1000 - 512).status, 0);
        assert_status(0, 0);
        assert_int_equal(bench.places[place].drive.staging.n_bytes, 0x1000);
        command(32, false, STAGE); /* a header before the last piece */
        (void)to_drive(piece, 32);
        assert_status(1, 0);
}

static void assert_nothing_helps_but_reset_recovery(void) {
        assert_int_equal(to_host(CSW_LENGTH).status, -EPIPE);
        assert_int_equal(control(CLEAR_HALT_IN), 0);
        assert_int_equal(control(CLEAR_HALT_OUT), 0);
        assert_int_equal(to_host(CSW_LENGTH).status, -EPIPE);
        assert_int_equal(to_drive("x", 1).status, -EPIPE);
        assert_int_equal(control(BULK_ONLY_RESET), 0);
        assert_int_equal(to_host(CSW_LENGTH).status, -EPIPE); /* BOT 3.1: halts are kept */
        assert_int_equal(control(CLEAR_HALT_IN), 0);
        assert_int_equal(control(CLEAR_HALT_OUT), 0);
        command(36, true, INQUIRY_36);
        assert_int_equal(to_host(36).n_data, 36);
        assert_status(0, 0);
}

/* BOT 6.6.1 */
static void test_a_bad_cbw_stalls_both_pipes_until_reset_recovery(void **state) {
        uint8_t cbw[CBW_LENGTH + 1];
        struct {
                unsigned at;
                uint8_t value;
                uint32_t length;
        } bad[] = {
                { 0, 'X', CBW_LENGTH },   { 0, 'U', CBW_LENGTH - 1 }, { 0, 'U', CBW_LENGTH + 1 },
                { 13, 1, CBW_LENGTH },    { 14, 0, CBW_LENGTH },      { 14, 17, CBW_LENGTH },
                { 12, 0x81, CBW_LENGTH }, { 11, 0x7f, CBW_LENGTH },
        };

        (void)state;
        for (unsigned i = 0; i < N_ELEMENTS(bad); i++) {
                make_cbw(cbw, 32, false, READY);
                cbw[bad[i].at] = bad[i].value;
                (void)to_drive(cbw, bad[i].length);
                assert_nothing_helps_but_reset_recovery();
        }
}

static void test_more_data_than_announced_are_no_valid_cbw(void **state) {
        uint8_t data[64] = {};

        (void)state;
        command(32, false, STAGE);
        (void)to_drive(data, sizeof(data));
        assert_nothing_helps_but_reset_recovery();
}

static void test_a_status_does_not_fit_into_less_than_13_bytes(void **state) {
        (void)state;
        command(0, false, READY);
        assert_int_equal(to_host(12).status, -EOVERFLOW);
        assert_status(1, 0);
}

static int unlinked(uint32_t number) {
        uint8_t header[USBIP_HEADER] = {};

        put_be32(header, 2);
        put_be32(header + 4, ++seqnum);
        put_be32(header + 20, number);
        assert_int_equal(write_all(host, header, sizeof(header)), 0);
        assert_int_equal(usb_device_receive(&device, now), 0);
        assert_int_equal(read_all(host, header, sizeof(header)), 0);
        assert_int_equal(get_be32(header), 4);
        assert_int_equal(get_be32(header + 4), seqnum);
        return (int)get_be32(header + 20);
}

static void test_the_host_may_take_back_what_still_waits(void **state) {
        uint32_t waiting;

        (void)state;
        waiting = submit(true, 1, NULL, NULL, CSW_LENGTH);
        assert_true(nothing_comes());
        assert_int_equal(unlinked(waiting), -ECONNRESET);
        assert_int_equal(unlinked(waiting), 0);
        command(0, false, READY);
        assert_status(1, 0);
}

static void test_a_command_before_the_status_was_fetched_has_to_wait(void **state) {
        uint8_t cbw[CBW_LENGTH];
        uint32_t waiting;
        End end;

        (void)state;
        command(0, false, READY);
        make_cbw(cbw, 36, true, INQUIRY_36);
        waiting = submit(false, 2, NULL, cbw, sizeof(cbw));
        assert_true(nothing_comes());
        end = ended(submit(true, 1, NULL, NULL, CSW_LENGTH), true);
        assert_csw(&end, 1, 0);
        assert_int_equal(ended(waiting, false).status, 0);
        assert_int_equal(to_host(36).n_data, 36);
        assert_status(0, 0);
}

/* What Linux does when SG_IO's time is over: unlink, port reset, of which SET CONFIGURATION is what
 * comes over the wire. */
static void test_a_silent_drive_is_heard_again_after_a_port_reset(void **state) {
        uint32_t waiting;
        End end;

        (void)state;
        plan_fault("* command 1 hang");
        command(0, false, READY);
        waiting = submit(true, 1, NULL, NULL, CSW_LENGTH);
        now += 3600 * 1000;
        assert_int_equal(usb_device_on_time(&device, now), 0);
        assert_true(usb_device_next(&device, now) == UINT64_MAX);
        assert_true(nothing_comes());
        assert_int_equal(unlinked(waiting), -ECONNRESET);
        assert_int_equal(control(SET_CONFIGURATION_1), 0);
        command(0, false, READY);
        assert_status(1, 0);
        command(18, true, SENSE);
        end = to_host(18);
        assert_int_equal(end.data[2], 6);
        assert_int_equal(end.data[12], 0x29);
}

static void test_the_first_configuration_is_no_reset(void **state) {
        (void)state;
        assert_int_equal(bench.places[place].drive.n_attentions, 0);
        assert_int_equal(control(SET_CONFIGURATION_1), 0);
        assert_int_equal(bench.places[place].drive.n_attentions, 1);
}

static void test_a_slow_command_holds_its_answer_back(void **state) {
        uint32_t waiting;
        End end;

        (void)state;
        plan_fault("* command 1 stall 3");
        command(36, true, INQUIRY_36);
        waiting = submit(true, 1, NULL, NULL, 36);
        assert_true(nothing_comes());
        assert_true(usb_device_next(&device, now) == now + 3000);
        now += 3000;
        assert_int_equal(usb_device_on_time(&device, now), 0);
        end = ended(waiting, true);
        assert_int_equal(end.n_data, 36);
        assert_status(0, 0);
}

static void test_a_drive_that_vanishes_says_nothing_more(void **state) {
        (void)state;
        plan_fault("* command 1 vanish 7");
        command(0, false, READY);
        (void)submit(true, 1, NULL, NULL, CSW_LENGTH);
        assert_true(nothing_comes());
        assert_true(device.bulk.vanished);
        assert_int_equal(device.bulk.back_ms, 7000);
}

static void test_a_host_that_speaks_no_usbip_is_done_with(void **state) {
        static const struct {
                unsigned at;
                uint32_t value;
        } bad[] = { { 0, 5 },  { 12, 2 },          { 16, 16 },
                    { 32, 1 }, { 24, 0x7fffffff }, { 24, USBIP_DATA_MAX + 1 } };

        (void)state;
        for (unsigned i = 0; i < N_ELEMENTS(bad); i++) {
                uint8_t header[USBIP_HEADER] = { [3] = 1 };

                put_be32(header + bad[i].at, bad[i].value);
                assert_int_equal(write_all(host, header, sizeof(header)), 0);
                assert_int_equal(usb_device_receive(&device, now), -ECONNRESET);
                assert_int_equal(out_of_it(state), 0);
                assert_int_equal(configured(state), 0);
        }
        assert_int_equal(shutdown(host, SHUT_RDWR), 0);
        assert_int_equal(usb_device_receive(&device, now), -ECONNRESET);
}

static void test_a_host_cannot_pile_up_transfers(void **state) {
        uint8_t header[USBIP_HEADER] = { [3] = 1, [15] = 1, [19] = 1, [27] = 13 };

        (void)state;
        for (unsigned i = 0; i < USB_QUEUE_MAX; i++)
                (void)submit(true, 1, NULL, NULL, CSW_LENGTH);
        assert_int_equal(write_all(host, header, sizeof(header)), 0);
        assert_int_equal(usb_device_receive(&device, now), -ECONNRESET);
}

static void test_a_transfer_may_come_byte_by_byte(void **state) {
        uint8_t bytes[USBIP_HEADER + CBW_LENGTH] = {
                [3] = 1, [7] = 77, [19] = 2, [27] = CBW_LENGTH
        };

        (void)state;
        make_cbw(bytes + USBIP_HEADER, 0, false, READY);
        for (unsigned i = 0; i < sizeof(bytes); i++) {
                assert_true(nothing_comes());
                assert_int_equal(write_all(host, bytes + i, 1), 0);
                assert_int_equal(usb_device_receive(&device, now), 0);
        }
        assert_int_equal(ended(77, false).n_data, CBW_LENGTH);
}

static void test_ports_are_read_as_the_kernel_lists_them(void **state) {
        VhciPort port;

        (void)state;
        assert_true(vhci_parse_port("hs  0003 004 000 00000000 000000 0-0\n", &port));
        assert_int_equal(port.number, 3);
        assert_true(port.is_free);
        assert_true(vhci_parse_port("hs  0010 006 003 00010002 000005 1-1\n", &port));
        assert_int_equal(port.number, 10);
        assert_false(port.is_free);
        assert_false(vhci_parse_port("ss  0008 004 000 00000000 000000 0-0\n", &port));
        assert_false(vhci_parse_port("hub port sta spd dev      sockfd local_busid\n", &port));
        assert_false(vhci_parse_port("", &port));
}

#define FRESH(name)      cmocka_unit_test_setup_teardown(name, in_its_case, out_of_it)
#define CONFIGURED(name) cmocka_unit_test_setup_teardown(name, configured, out_of_it)

int main(void) {
        const struct CMUnitTest tests[] = {
                FRESH(test_a_drive_says_that_it_is_bulk_only_storage),
                cmocka_unit_test(test_a_serial_number_is_that_of_the_drive),
                FRESH(test_what_the_control_pipe_does_not_know_is_stalled),
                FRESH(test_bulk_pipes_are_there_once_it_is_configured),
                CONFIGURED(test_a_command_is_wrapped_and_its_status_too),
                CONFIGURED(test_data_come_in_as_many_transfers_as_the_host_likes),
                CONFIGURED(test_less_than_the_host_expects_ends_in_a_stall_and_a_residue),
                CONFIGURED(test_a_refused_command_stalls_and_keeps_its_sense),
                CONFIGURED(test_sense_is_kept_for_the_next_command_only),
                CONFIGURED(test_fetching_sense_counts_for_no_plan),
                CONFIGURED(test_a_drive_that_wants_otherwise_than_the_host_is_a_phase_error),
                CONFIGURED(test_more_than_the_host_has_room_for_is_a_phase_error),
                CONFIGURED(test_less_than_the_drive_wants_is_a_phase_error),
                CONFIGURED(test_more_than_the_drive_wants_is_taken_and_counted),
                CONFIGURED(test_data_to_the_drive_may_come_in_pieces),
                CONFIGURED(test_a_bad_cbw_stalls_both_pipes_until_reset_recovery),
                CONFIGURED(test_more_data_than_announced_are_no_valid_cbw),
                CONFIGURED(test_a_status_does_not_fit_into_less_than_13_bytes),
                CONFIGURED(test_the_host_may_take_back_what_still_waits),
                CONFIGURED(test_a_command_before_the_status_was_fetched_has_to_wait),
                CONFIGURED(test_a_silent_drive_is_heard_again_after_a_port_reset),
                CONFIGURED(test_the_first_configuration_is_no_reset),
                CONFIGURED(test_a_slow_command_holds_its_answer_back),
                CONFIGURED(test_a_drive_that_vanishes_says_nothing_more),
                CONFIGURED(test_a_host_that_speaks_no_usbip_is_done_with),
                CONFIGURED(test_a_host_cannot_pile_up_transfers),
                CONFIGURED(test_a_transfer_may_come_byte_by_byte),
                cmocka_unit_test(test_ports_are_read_as_the_kernel_lists_them),
        };

        return RUN_TESTS(tests);
}
