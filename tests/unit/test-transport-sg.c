/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a command is handed to sg once, and its answer taken. In the kernel's place is the other end of a
 * pair of sockets that keep the bounds of what is written: a header comes out of it, and answers are
 * put into it, before or while the transport waits. */
#include "drive/transport-sg.h"

#include <errno.h>
#include <limits.h>
#include <scsi/sg.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "drive/command.h"
#include "tests/unit/test.h"

#define IN_TIME_MS 5000

static int kernel = -1;
static volatile sig_atomic_t n_signals;

static Transport *opened(void) {
        Transport *drive = NULL;
        int ends[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
        assert_int_equal(transport_sg_over(ends[0], TRANSPORT_FLASH, 4096, &drive), 0);
        kernel = ends[1];
        return drive;
}

static void gone(void) {
        closep(&kernel);
        kernel = -1;
}

static void answer(const sg_io_hdr_t *header) {
        assert_int_equal(write(kernel, header, sizeof(*header)), sizeof(*header));
}

/* What was handed over; false if nothing was. */
static bool handed_over(sg_io_hdr_t *ret_header) {
        ssize_t n = recv(kernel, ret_header, sizeof(*ret_header), MSG_DONTWAIT);

        assert_true(n == sizeof(*ret_header) || (n < 0 && errno == EAGAIN));
        return n > 0;
}

static char piece[] = "abcd";

static int execute(Transport *drive, Completion *completion) {
        const Command command = { .cdb = { 0x3b, 6 },
                                  .n_cdb = 10,
                                  .direction = DIRECTION_OUT,
                                  .data = piece,
                                  .n_data = 4,
                                  .timeout_ms = IN_TIME_MS };

        return transport_execute(drive, &command, completion);
}

static void test_a_command_is_written_once_and_its_answer_read(void **state) {
        _cleanup_(transport_freep) Transport *drive = opened();
        Completion completion;
        sg_io_hdr_t header;

        (void)state;
        for (int i = 1; i <= 3; i++) {
                answer(&(sg_io_hdr_t){ .pack_id = i,
                                       .status = 0x02,
                                       .host_status = 0x0107,
                                       .driver_status = 0x0208,
                                       .resid = 3,
                                       .sb_len_wr = 18,
                                       .duration = 70 });
                assert_int_equal(execute(drive, &completion), 0);
                assert_int_equal(completion.status, 0x02);
                assert_int_equal(completion.host_status, 0x0107);
                assert_int_equal(completion.driver_status, 0x0208);
                assert_int_equal(completion.residual, 3);
                assert_int_equal(completion.n_sense, 18);
                assert_int_equal(completion.duration_ms, 70);

                assert_true(handed_over(&header));
                assert_int_equal(header.interface_id, 'S');
                assert_int_equal(header.pack_id, i);
                assert_int_equal(header.cmd_len, 10);
                assert_int_equal(header.dxfer_direction, SG_DXFER_TO_DEV);
                assert_int_equal(header.dxfer_len, 4);
                assert_memory_equal(header.dxferp, piece, 4);
                assert_int_equal(header.timeout, IN_TIME_MS);
                assert_false(handed_over(&header));
        }
        gone();
}

/* The transport has written, and so waits in read(), or is about to. */
static bool waits(void) {
        uint8_t byte;

        return recv(kernel, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* Without SA_RESTART, so that read() ends with EINTR; the answer comes with the third. */
static void interrupt(int signal) {
        const sg_io_hdr_t header = { .pack_id = 1 };

        (void)signal;
        if (waits() && ++n_signals == 3)
                (void)!write(kernel, &header, sizeof(header));
}

static void leave(int signal) {
        (void)signal;
        if (waits())
                gone();
}

static void every_10_ms(void (*handler)(int)) {
        const struct itimerval often = { .it_interval.tv_usec = 10000, .it_value.tv_usec = 10000 };
        const struct sigaction action = { .sa_handler = handler };

        n_signals = 0;
        assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
        assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
}

static void no_more(void) {
        assert_int_equal(setitimer(ITIMER_REAL, &(struct itimerval){}, NULL), 0);
}

static void test_waiting_that_is_interrupted_sends_nothing_again(void **state) {
        _cleanup_(transport_freep) Transport *drive = opened();
        Completion completion;
        sg_io_hdr_t header;

        (void)state;
        every_10_ms(interrupt);
        assert_int_equal(execute(drive, &completion), 0);
        no_more();
        assert_true(n_signals >= 3);
        assert_int_equal(completion.host_status, 0);
        assert_true(handed_over(&header));
        assert_false(handed_over(&header));
        gone();
}

static void test_what_could_not_be_written_was_not_sent(void **state) {
        _cleanup_(transport_freep) Transport *drive = opened();
        Completion completion;

        (void)state;
        gone();
        assert_int_equal(execute(drive, &completion), -EPIPE);
}

/* Whatever errno read() gives: here it is ECONNRESET. */
static void test_a_lost_answer_is_not_taken_for_a_command_that_was_not_sent(void **state) {
        _cleanup_(transport_freep) Transport *drive = opened();
        Completion completion = {};
        Fault fault = {};
        Reply reply;

        (void)state;
        every_10_ms(leave);
        assert_true(command_write_buffer(drive, 6, 0, 0, piece, 4, 1000, &reply, &fault) < 0);
        no_more();
        assert_true(reply.sent);
        assert_int_equal(fault.code, FAULT_DRIVE_TRANSPORT);
        assert_int_equal(execute(drive, &completion), -ENODEV);
}

static void test_the_answer_of_another_command_is_refused(void **state) {
        _cleanup_(transport_freep) Transport *drive = opened();
        Completion completion;
        sg_io_hdr_t header;

        (void)state;
        answer(&(sg_io_hdr_t){ .pack_id = 2 });
        assert_int_equal(execute(drive, &completion), 0);
        assert_int_equal(completion.host_status, 7);
        assert_true(handed_over(&header));
        /* Its own may come yet. */
        answer(&(sg_io_hdr_t){ .pack_id = 1 });
        assert_int_equal(execute(drive, &completion), -ENODEV);
        assert_false(handed_over(&header));
        gone();
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_command_is_written_once_and_its_answer_read),
                cmocka_unit_test(test_waiting_that_is_interrupted_sends_nothing_again),
                cmocka_unit_test(test_what_could_not_be_written_was_not_sent),
                cmocka_unit_test(test_a_lost_answer_is_not_taken_for_a_command_that_was_not_sent),
                cmocka_unit_test(test_the_answer_of_another_command_is_refused),
        };

        (void)signal(SIGPIPE, SIG_IGN);
        return RUN_TESTS(tests);
}
