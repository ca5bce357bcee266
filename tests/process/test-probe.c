/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discfw-probe as a process, with drives that follow a script. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "tests/unit/fake-drive.h"
#include "tests/unit/test.h"
#include "wire/probe.h"

#define BTC            "05 80 05 32 1f 00 00 00 2020202020202020 44564452572049444531303034202020 30303433"
#define INVALID_OPCODE "70 00 05 00 00 00 00 0a 00 00 00 00 20 00 00 00 00 00"

static const Line answers[] = {
        { .cdb = "12 00", .data = BTC },
        { .cdb = "12 01", .sense = "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 00 00 00" },
        { .cdb = "46",
          .data = "00 00 00 24 00 00 00 1b 00 00 03 04 00 1b 01 00 01 08 03 0c 4b 38 4c 30 31 32 "
                  "33 34 35 36 20 20 01 04 03 04 00 00 00 00" },
        { .cdb = "5a", .sense = INVALID_OPCODE },
        { .cdb = "a4", .data = "00 06 00 00 65 fd 01 00" },
};
static const Line leaves[] = { { .cdb = "12", .manner = LEAVES } };

static char folder[] = "/tmp/discfw-test-probe-XXXXXX";
static int probe_pid = -1, connection = -1;
static Message message = MESSAGE_NULL;

/* As systemd does it for Accept=yes: the connection is descriptor 3. */
static void start_probe(void) {
        const char *build = getenv("DISCFW_BUILDDIR");
        char path[512], pid[32];
        int pair[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
        (void)snprintf(path, sizeof(path), "%s/discfw-probe", build ? build : ".");
        probe_pid = fork();
        assert_true(probe_pid >= 0);
        if (probe_pid == 0) {
                (void)snprintf(pid, sizeof(pid), "%d", getpid());
                (void)setenv("LISTEN_PID", pid, 1);
                (void)setenv("LISTEN_FDS", "1", 1);
                (void)setenv("DISCFW_LOG", "error", 1);
                (void)dup2(pair[1], 3);
                if (pair[1] == 3)
                        (void)fcntl(3, F_SETFD, 0);
                (void)execl(path, path, "--emulated", folder, (char *)NULL);
                _exit(127);
        }
        (void)close(pair[1]);
        connection = pair[0];
}

static int exit_status(void) {
        int status = -1;

        assert_int_equal(waitpid(probe_pid, &status, 0), probe_pid);
        probe_pid = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int set_up(void **state) {
        (void)state;
        assert_non_null(mkdtemp(folder));
        return 0;
}

static int tear_down(void **state) {
        static const char *const names[] = { "a.sock",   "b.sock",    "c.sock",
                                             "btc.sock", "gone.sock", "lost.sock" };
        char path[128];

        (void)state;
        closep(&connection);
        connection = -1;
        if (probe_pid > 0) {
                (void)kill(probe_pid, SIGKILL);
                (void)exit_status();
        }
        for (size_t i = 0; i < N_ELEMENTS(names); i++) {
                (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
                (void)unlink(path);
        }
        (void)rmdir(folder);
        memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
        return 0;
}

static int serve(const char *name, const Line *script, size_t n_lines) {
        char path[128];

        (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
        return fake_drive_serve(path, script, n_lines);
}

static void ask_late(const char *node, const char *late) {
        uint8_t payload[256];
        ProbeScan scan = { .n_late = late ? 1 : 0 };
        size_t n;

        (void)snprintf(scan.node, sizeof(scan.node), "%s", node);
        (void)snprintf(scan.late[0], sizeof(scan.late[0]), "%s", late ? late : "");
        n = probe_scan_encode(&scan, payload, sizeof(payload));
        assert_int_equal(message_send(connection, MESSAGE_PROBE_SCAN, payload, n, NULL, 0), 0);
}

static void ask(const char *node) {
        ask_late(node, NULL);
}

static uint16_t hear(void) {
        struct pollfd p = { .fd = connection, .events = POLLIN };

        assert_int_equal(poll(&p, 1, 20000), 1);
        return message_receive(connection, &message) == 1 ? message.kind : 0;
}

static DriveRecord hear_drive(void) {
        DriveRecord record;

        assert_int_equal(hear(), MESSAGE_PROBE_DRIVE);
        assert_true(probe_drive_decode(message.payload, message.n_payload, &record));
        return record;
}

static ProbeEnd hear_end(void) {
        ProbeEnd end;

        assert_int_equal(hear(), MESSAGE_PROBE_END);
        assert_true(probe_end_decode(message.payload, message.n_payload, &end));
        return end;
}

static void test_who_was_silent_comes_last(void **state) {
        const int a = serve("a.sock", answers, N_ELEMENTS(answers));
        const int b = serve("b.sock", answers, N_ELEMENTS(answers));
        const int c = serve("c.sock", answers, N_ELEMENTS(answers));

        (void)state;
        start_probe();
        ask_late("", "emulated:a");
        assert_string_equal(hear_drive().node, "emulated:b");
        assert_string_equal(hear_drive().node, "emulated:c");
        assert_string_equal(hear_drive().node, "emulated:a");
        assert_int_equal(hear_end().n_drives, 3);
        assert_true(fake_drive_end(a));
        assert_true(fake_drive_end(b));
        assert_true(fake_drive_end(c));
}

static void test_all_drives_are_told_and_one_that_fails_stops_none(void **state) {
        const int btc = serve("btc.sock", answers, N_ELEMENTS(answers));
        const int gone = serve("gone.sock", leaves, N_ELEMENTS(leaves));
        const int lost = serve("lost.sock", answers, N_ELEMENTS(answers));
        DriveRecord record;

        (void)state;
        assert_true(fake_drive_end(lost)); /* a socket that nobody serves any more */
        start_probe();
        for (int scan = 0; scan < 2; scan++) {
                ask("");
                record = hear_drive();
                assert_string_equal(record.node, "emulated:btc");
                assert_int_equal(record.fault.code, FAULT_NONE);
                assert_memory_equal(record.identity, "        DVDRW IDE1004   ", IDENTITY_LENGTH);
                assert_string_equal(record.revision, "0043");
                assert_string_equal(record.serial, "K8L0123456");
                assert_int_equal(record.attachment, ATTACHED_EMULATED);
                assert_int_equal(record.class, CLASS_DVD_WRITER);
                assert_int_equal(record.region.user_changes, 5);

                record = hear_drive();
                assert_string_equal(record.node, "emulated:gone");
                assert_int_equal(record.fault.code, FAULT_DRIVE_GONE);
                assert_string_equal(record.fault.text, "the drive left at INQUIRY");
                assert_int_equal(record.n_inquiry, 0);

                record = hear_drive();
                assert_string_equal(record.node, "emulated:lost");
                assert_int_equal(record.fault.code, FAULT_DRIVE_GONE);
                assert_int_equal(hear_end().n_drives, 3);
        }
        closep(&connection);
        connection = -1;
        assert_int_equal(exit_status(), 0);
        assert_true(fake_drive_end(btc));
        assert_true(fake_drive_end(gone));
}

static void test_one_drive_can_be_asked_for(void **state) {
        const int btc = serve("btc.sock", answers, N_ELEMENTS(answers));

        (void)state;
        start_probe();
        ask("emulated:btc");
        assert_string_equal(hear_drive().revision, "0043");
        assert_int_equal(hear_end().n_drives, 1);
        ask("sg9999");
        assert_int_equal(hear_end().fault.code, FAULT_NO_SUCH_DRIVE);
        ask("emulated:../btc");
        assert_int_equal(hear_drive().fault.code, FAULT_NO_SUCH_DRIVE);
        assert_int_equal(hear_end().n_drives, 1);
        assert_true(fake_drive_end(btc));
}

static void test_a_message_that_is_no_scan_ends_the_connection(void **state) {
        (void)state;
        start_probe();
        assert_int_equal(message_send(connection, MESSAGE_FLASH_GO, "", 0, NULL, 0), 0);
        assert_int_equal(hear(), 0);
        assert_int_equal(exit_status(), 1);
}

static void test_a_scan_with_bytes_too_many_or_a_descriptor_ends_the_connection(void **state) {
        (void)state;
        start_probe();
        assert_int_equal(message_send(connection, MESSAGE_PROBE_SCAN, "\0\0x", 3, NULL, 0), 0);
        assert_int_equal(hear(), 0);
        assert_int_equal(exit_status(), 1);
        closep(&connection);
        start_probe();
        assert_int_equal(
                message_send(connection, MESSAGE_PROBE_SCAN, "\0\0", 2, &(int){ STDERR_FILENO }, 1),
                0);
        assert_int_equal(hear(), 0);
        assert_int_equal(exit_status(), 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_who_was_silent_comes_last, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        test_all_drives_are_told_and_one_that_fails_stops_none, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_one_drive_can_be_asked_for, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_message_that_is_no_scan_ends_the_connection,
                                                set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        test_a_scan_with_bytes_too_many_or_a_descriptor_ends_the_connection, set_up,
                        tear_down),
        };

        return RUN_TESTS(tests);
}
