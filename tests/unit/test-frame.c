/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/frame.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/unit/test.h"

static int a_pair(void **state) {
        static int pair[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
        *state = pair;
        return 0;
}

static int no_pair(void **state) {
        int *pair = *state;

        closep(&pair[0]);
        closep(&pair[1]);
        return 0;
}

static unsigned count_descriptors(void) {
        DIR *folder = opendir("/proc/self/fd");
        unsigned n = 0;

        assert_non_null(folder);
        while (readdir(folder))
                n++;
        (void)closedir(folder);
        return n;
}

/* Sends what message_send() would refuse to. */
static void send_raw(int socket, const void *bytes, size_t n_bytes, unsigned n_fds) {
        union {
                struct cmsghdr align;
                char bytes[CMSG_SPACE(sizeof(int) * 32)];
        } control = {};
        struct iovec part = { .iov_base = (void *)bytes, .iov_len = n_bytes };
        struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };

        if (n_fds > 0) {
                struct cmsghdr *c = &control.align;

                header.msg_control = control.bytes;
                header.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
                for (unsigned i = 0; i < n_fds; i++)
                        memcpy(CMSG_DATA(c) + i * sizeof(int), &socket, sizeof(int));
        }
        assert_int_equal(sendmsg(socket, &header, 0), n_bytes);
}

static void test_kind_payload_and_descriptors_arrive(void **state) {
        int *pair = *state, fds[] = { 0, 1 };
        Message message = MESSAGE_NULL;
        int taken;

        assert_int_equal(message_send(pair[0], MESSAGE_FLASH_PLAN, "plan", 4, fds, 2), 0);
        assert_int_equal(message_receive(pair[1], &message), 1);
        assert_int_equal(message.kind, MESSAGE_FLASH_PLAN);
        assert_int_equal(message.n_payload, 4);
        assert_memory_equal(message.payload, "plan", 4);
        assert_int_equal(message.n_fds, 2);
        assert_true(fcntl(message.fds[0], F_GETFD) & FD_CLOEXEC);
        taken = message_take_fd(&message, 1);
        assert_true(taken >= 0);
        assert_int_equal(message_take_fd(&message, 1), -1);
        assert_int_equal(message_take_fd(&message, 2), -1);
        message_done(&message);
        assert_true(fcntl(taken, F_GETFD) >= 0);
        (void)close(taken);
}

static void test_a_message_of_the_largest_size_arrives_and_a_larger_one_is_not_sent(void **state) {
        static uint8_t payload[WIRE_MESSAGE_MAX + 1];
        int *pair = *state, fds[WIRE_FDS_MAX + 1] = {};
        Message message = MESSAGE_NULL;

        assert_int_equal(message_send(pair[0], MESSAGE_FETCH_GET, payload, WIRE_MESSAGE_MAX, fds,
                                      WIRE_FDS_MAX),
                         0);
        assert_int_equal(message_receive(pair[1], &message), 1);
        assert_int_equal(message.n_payload, WIRE_MESSAGE_MAX);
        assert_int_equal(message.n_fds, WIRE_FDS_MAX);
        message_done(&message);
        assert_int_equal(
                message_send(pair[0], MESSAGE_FETCH_GET, payload, sizeof(payload), NULL, 0),
                -EMSGSIZE);
        assert_int_equal(
                message_send(pair[0], MESSAGE_FETCH_GET, payload, 1, fds, WIRE_FDS_MAX + 1),
                -EMSGSIZE);
}

static void test_another_version_is_refused_and_its_descriptors_are_closed(void **state) {
        int *pair = *state;
        Message message = MESSAGE_NULL;
        unsigned before = count_descriptors();

        send_raw(pair[0], (uint8_t[]){ 0, WIRE_VERSION + 1, 2, 1 }, 4, 3);
        assert_int_equal(message_receive(pair[1], &message), -EPROTO);
        assert_int_equal(message.n_fds, 0);
        assert_int_equal(count_descriptors(), before);
}

static void test_a_frame_without_a_whole_head_is_refused(void **state) {
        int *pair = *state;
        Message message = MESSAGE_NULL;

        for (size_t n = 1; n < 4; n++) {
                send_raw(pair[0], (uint8_t[]){ 0, WIRE_VERSION, 2, 1 }, n, 0);
                assert_int_equal(message_receive(pair[1], &message), -EPROTO);
        }
        send_raw(pair[0], (uint8_t[]){ 0, WIRE_VERSION, 2, 1 }, 4, 0);
        assert_int_equal(message_receive(pair[1], &message), 1);
        assert_int_equal(message.n_payload, 0);
}

static void test_a_frame_that_is_too_long_is_refused(void **state) {
        static uint8_t bytes[4 + WIRE_MESSAGE_MAX + 1] = { 0, WIRE_VERSION, 2, 1 };
        int *pair = *state;
        Message message = MESSAGE_NULL;
        unsigned before = count_descriptors();

        send_raw(pair[0], bytes, sizeof(bytes), 1);
        assert_int_equal(message_receive(pair[1], &message), -EPROTO);
        assert_int_equal(count_descriptors(), before);
}

/* One more fits into the padding of the control buffer on some machines, and is then ours. */
static void test_too_many_descriptors_are_refused_and_none_leaks(void **state) {
        int *pair = *state;
        Message message = MESSAGE_NULL;
        unsigned before = count_descriptors();

        for (unsigned n = WIRE_FDS_MAX + 1; n < 20; n++) {
                send_raw(pair[0], (uint8_t[]){ 0, WIRE_VERSION, 2, 1 }, 4, n);
                assert_int_equal(message_receive(pair[1], &message), -EPROTO);
                assert_int_equal(message.n_fds, 0);
                assert_int_equal(count_descriptors(), before);
        }
}

static void test_the_end_of_the_connection_is_no_error(void **state) {
        int *pair = *state;
        Message message = MESSAGE_NULL;

        assert_int_equal(fcntl(pair[0], F_SETFL, O_NONBLOCK), 0);
        assert_int_equal(message_receive(pair[0], &message), -EAGAIN);
        (void)close(TAKE_FD(pair[1]));
        assert_int_equal(message_receive(pair[0], &message), 0);
        assert_int_equal(message_send(pair[0], MESSAGE_FETCH_DONE, NULL, 0, NULL, 0), -EPIPE);
}

static void test_a_fault_crosses_the_wire(void **state) {
        Fault fault = {}, out = {};
        uint8_t bytes[600];
        Writer writer = writer_of(bytes, sizeof(bytes));
        Reader reader;

        (void)state;
        fault_set(&fault, FAULT_NOT_FOUND, "no %s", "file");
        write_fault(&writer, &fault);
        reader = reader_of(bytes, writer.n_used);
        read_fault(&reader, &out);
        assert_true(reader_done(&reader));
        assert_int_equal(out.code, FAULT_NOT_FOUND);
        assert_string_equal(out.text, "no file");
}

static void test_a_fault_with_an_unknown_code_fails_the_reader(void **state) {
        static const uint8_t bytes[] = { 0xff, 0xfe, 0, 1, 'x' };
        Reader reader = reader_of(bytes, sizeof(bytes));
        Fault out = {};

        (void)state;
        read_fault(&reader, &out);
        assert_true(reader.failed);
        assert_int_equal(out.code, FAULT_NONE);
}

static void test_what_was_unexpected_is_named(void **state) {
        Message message = { .kind = MESSAGE_FETCH_DONE, .n_payload = 3 };
        Fault fault = {};

        (void)state;
        assert_int_equal(message_unexpected(&message, "a request", &fault), -EBADE);
        assert_int_equal(fault.code, FAULT_PROTOCOL);
        assert_string_equal(fault.text, "message 203 of 3 bytes came, wanted a request");
}

#define WITH_PAIR(test) cmocka_unit_test_setup_teardown(test, a_pair, no_pair)

int main(void) {
        const struct CMUnitTest tests[] = {
                WITH_PAIR(test_kind_payload_and_descriptors_arrive),
                WITH_PAIR(test_a_message_of_the_largest_size_arrives_and_a_larger_one_is_not_sent),
                WITH_PAIR(test_another_version_is_refused_and_its_descriptors_are_closed),
                WITH_PAIR(test_a_frame_without_a_whole_head_is_refused),
                WITH_PAIR(test_a_frame_that_is_too_long_is_refused),
                WITH_PAIR(test_too_many_descriptors_are_refused_and_none_leaks),
                WITH_PAIR(test_the_end_of_the_connection_is_no_error),
                cmocka_unit_test(test_a_fault_crosses_the_wire),
                cmocka_unit_test(test_a_fault_with_an_unknown_code_fails_the_reader),
                cmocka_unit_test(test_what_was_unexpected_is_named),
        };

        return RUN_TESTS(tests);
}
