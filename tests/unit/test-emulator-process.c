/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The emulator as others meet it: a process, its sockets, and hands at its control socket. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "drive/transport-socket.h"
#include "tests/unit/test.h"

#define PATIENCE_MS 5000

static char folder[] = "/tmp/discfw-test-emulator-XXXXXX";
static pid_t emulator;

/* Only what this test makes. */
static void run(const char *format, ...) _printf_(1, 2);
static void run(const char *format, ...) {
        char command[1024];
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(command, sizeof(command), format, ap);
        va_end(ap);
        assert_int_equal(system(command), 0);
}

static const char *built(void) {
        return getenv("DISCFW_BUILDDIR") ? getenv("DISCFW_BUILDDIR") : ".";
}

static void exec_emulator(int ready_fd) {
        char program[4096], models[4096], ready[16];

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)snprintf(program, sizeof(program), "%s/discfw-emulator", built());
        (void)snprintf(models, sizeof(models), "%s/tests/emulator/models",
                       getenv("DISCFW_SRCDIR") ? getenv("DISCFW_SRCDIR") : ".");
        (void)snprintf(ready, sizeof(ready), "%d", ready_fd);
        if (chdir(folder) < 0 || !freopen("/dev/null", "w", stdout))
                _exit(126);
        execl(program, program, "--models", models, "--dir", folder, "--state", "state",
              "--time-scale", "0.01", "--ready-fd", ready, NULL);
        _exit(127);
}

static void start(void) {
        char line[6];
        int ends[2];

        assert_int_equal(pipe(ends), 0);
        emulator = fork();
        if (emulator == 0)
                exec_emulator(ends[1]);
        (void)close(ends[1]);
        assert_int_equal(read_all(ends[0], line, sizeof(line)), 0);
        (void)close(ends[0]);
}

static int stop(void) {
        int status;

        assert_int_equal(kill(emulator, SIGTERM), 0);
        assert_int_equal(waitpid(emulator, &status, 0), emulator);
        return status;
}

static int in_a_folder(void **state) {
        (void)state;
        strcpy(folder + sizeof(folder) - 7, "XXXXXX");
        assert_non_null(mkdtemp(folder));
        start();
        return 0;
}

static int away_with_it(void **state) {
        (void)state;
        assert_int_equal(stop(), 0);
        run("rm -r '%s'", folder);
        return 0;
}

static int try_connect(const char *name) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s.sock", folder, name);
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
                (void)close(fd);
                return -errno;
        }
        return fd;
}

static int connect_to(const char *name) {
        int fd = try_connect(name);

        assert_true(fd >= 0);
        return fd;
}

typedef struct Answer {
        uint8_t status;
        uint16_t host_status;
        uint8_t sense[18];
        uint32_t n_in;
        uint8_t in[4096];
} Answer;

static void send_command(int fd, uint16_t flags, uint32_t timeout, const char *cdb, uint8_t n_cdb,
                         uint32_t n_in) {
        uint8_t bytes[EMULATED_REQUEST_HEAD + CDB_LENGTH_MAX];
        Writer writer = writer_of(bytes, sizeof(bytes));

        write_be32(&writer, EMULATED_REQUEST_MAGIC);
        write_u8(&writer, n_cdb);
        write_u8(&writer, n_in ? DIRECTION_IN : DIRECTION_NONE);
        write_be16(&writer, flags);
        write_be32(&writer, timeout);
        write_be32(&writer, n_in);
        write_bytes(&writer, cdb, n_cdb);
        assert_int_equal(write_all(fd, bytes, writer.n_used), 0);
}

static void receive_answer(int fd, Answer *answer) {
        uint8_t head[EMULATED_ANSWER_HEAD] = {};
        Reader reader = reader_of(head, sizeof(head));
        uint8_t n_sense;

        assert_int_equal(read_all(fd, head, sizeof(head)), 0);
        assert_int_equal(read_be32(&reader), EMULATED_ANSWER_MAGIC);
        answer->status = read_u8(&reader);
        answer->host_status = read_be16(&reader);
        (void)read_be16(&reader);
        (void)read_be32(&reader);
        n_sense = read_u8(&reader);
        answer->n_in = read_be32(&reader);
        assert_true(n_sense == 0 || n_sense == sizeof(answer->sense));
        assert_int_equal(read_all(fd, answer->sense, n_sense), 0);
        assert_int_equal(read_all(fd, answer->in, answer->n_in), 0);
}

#define READY       "\x00\x00\x00\x00\x00\x00"
#define INQUIRY_36  "\x12\x00\x00\x00\x24\x00"
#define BURN        "\x3b\x07\x00\x00\x00\x00\x00\x00\x00\x00"
#define MODE_SELECT "\x55\x10\x00\x00\x00\x00\x00\x00\x00\x00"
#define BLANK       "\xa1\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
#define READ_EEPROM "\xf1\x01\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00"
#define START_STOP  "\x1b\x00\x00\x00\x02\x00"

static Answer converse(int fd, uint16_t flags, const char *cdb, uint8_t n_cdb, uint32_t n_in) {
        Answer answer;

        send_command(fd, flags, PATIENCE_MS, cdb, n_cdb, n_in);
        receive_answer(fd, &answer);
        return answer;
}

static void test_every_drive_answers_on_its_socket(void **state) {
        static const char *const names[] = { "btc-ide1004", "emprex-1016-a", "emprex-1016-b",
                                             "plextor-px716a", "pioneer-bdr209m" };

        (void)state;
        for (unsigned i = 0; i < N_ELEMENTS(names); i++) {
                _cleanup_close_ int fd = connect_to(names[i]);
                Answer answer = converse(fd, EMULATED_FLAG_LOOK, INQUIRY_36, 6, 36);

                assert_int_equal(answer.status, 0);
                assert_int_equal(answer.n_in, 36);
                answer = converse(fd, EMULATED_FLAG_LOOK, READY, 6, 0);
                assert_int_equal(answer.sense[12], 0x29);
                answer = converse(fd, EMULATED_FLAG_LOOK, READY, 6, 0);
                assert_int_equal(answer.sense[12], 0x3a);
        }
}

static void test_who_only_looks_may_not_write(void **state) {
        _cleanup_close_ int fd = connect_to("plextor-px716a");

        (void)state;
        (void)converse(fd, EMULATED_FLAG_LOOK, READY, 6, 0);
        assert_int_equal(converse(fd, EMULATED_FLAG_LOOK, BURN, 10, 0).host_status, EMULATED_EPERM);
        assert_int_equal(converse(fd, EMULATED_FLAG_LOOK, MODE_SELECT, 10, 0).host_status,
                         EMULATED_EPERM);
        assert_int_equal(converse(fd, EMULATED_FLAG_LOOK, BLANK, 12, 0).host_status,
                         EMULATED_EPERM);
        assert_int_equal(converse(fd, EMULATED_FLAG_LOOK, READ_EEPROM, 12, 256).host_status,
                         EMULATED_EPERM);
        assert_int_equal(converse(fd, EMULATED_FLAG_LOOK, START_STOP, 6, 0).host_status, 0);
        assert_int_equal(converse(fd, 0, READ_EEPROM, 12, 256).n_in, 256);
}

static void test_exclusive_use_keeps_all_others_out(void **state) {
        int first = connect_to("btc-ide1004"), second;

        (void)state;
        assert_int_equal(converse(first, EMULATED_FLAG_EXCLUSIVE, INQUIRY_36, 6, 36).host_status,
                         0);
        second = connect_to("btc-ide1004");
        assert_int_equal(converse(second, EMULATED_FLAG_EXCLUSIVE, INQUIRY_36, 6, 36).host_status,
                         EMULATED_EBUSY);
        assert_int_equal(converse(second, EMULATED_FLAG_LOOK, INQUIRY_36, 6, 36).host_status,
                         EMULATED_EBUSY);
        /* Those who try in vain do not disturb the one who has it. */
        assert_int_equal(converse(first, EMULATED_FLAG_EXCLUSIVE, INQUIRY_36, 6, 36).host_status,
                         0);
        (void)close(first);
        assert_int_equal(converse(second, EMULATED_FLAG_EXCLUSIVE, INQUIRY_36, 6, 36).host_status,
                         0);
        (void)close(second);
}

static void test_exclusive_use_is_refused_while_others_look(void **state) {
        int looker = connect_to("btc-ide1004"), flasher = connect_to("btc-ide1004");

        (void)state;
        (void)converse(looker, EMULATED_FLAG_LOOK, INQUIRY_36, 6, 36);
        assert_int_equal(converse(flasher, EMULATED_FLAG_EXCLUSIVE, INQUIRY_36, 6, 36).host_status,
                         EMULATED_EBUSY);
        (void)close(looker);
        assert_int_equal(converse(flasher, EMULATED_FLAG_EXCLUSIVE, INQUIRY_36, 6, 36).host_status,
                         0);
        (void)close(flasher);
}

static void test_nonsense_closes_the_connection_and_nothing_else(void **state) {
        static const char nonsense[][EMULATED_REQUEST_HEAD] = {
                "GET / HTTP/1.1\r\n",
                "ODD1\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", /* no CDB */
                "ODD1\x11\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", /* 17 bytes of it */
                "ODD1\x06\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00", /* no direction */
                "ODD1\x06\x02\x00\x00\x00\x00\x00\x00\x7f\xff\xff", /* 2 GiB */
        };

        (void)state;
        for (unsigned i = 0; i < N_ELEMENTS(nonsense); i++) {
                _cleanup_close_ int fd = connect_to("btc-ide1004");
                char byte;

                assert_int_equal(write_all(fd, nonsense[i], EMULATED_REQUEST_HEAD), 0);
                assert_true(read(fd, &byte, 1) <= 0);
        }
        test_every_drive_answers_on_its_socket(state);
}

static void test_a_request_may_come_byte_by_byte(void **state) {
        _cleanup_close_ int fd = connect_to("btc-ide1004");
        static const char request[] =
                "ODD1\x06\x01\x00\x01\x00\x00\x10\x00\x00\x00\x00\x24" INQUIRY_36;
        Answer answer;

        (void)state;
        for (unsigned i = 0; i < EMULATED_REQUEST_HEAD + 6; i++)
                assert_int_equal(write_all(fd, request + i, 1), 0);
        receive_answer(fd, &answer);
        assert_int_equal(answer.n_in, 36);
}

static void plan_faults(const char *line) {
        run("echo '%s' >'%s/plan' && '%s/discfw-emulator-ctl' '%s' faults '%s/plan'", line, folder,
            built(), folder, folder);
}

static void test_a_drive_that_hangs_is_reset_by_the_host(void **state) {
        _cleanup_close_ int fd = connect_to("btc-ide1004");
        struct pollfd answer = { .fd = fd, .events = POLLIN };
        Answer next;

        (void)state;
        (void)converse(fd, 0, READY, 6, 0);
        plan_faults("btc-ide1004 command 1 hang");
        send_command(fd, 0, 100, READY, 6, 0);
        assert_int_equal(poll(&answer, 1, 300), 0);
        next = converse(fd, 0, READY, 6, 0);
        assert_int_equal(next.sense[2], 6);
        assert_int_equal(next.sense[12], 0x29);
}

static void test_a_drive_that_vanishes_comes_back(void **state) {
        _cleanup_close_ int fd = connect_to("btc-ide1004"), again = -1;
        char byte;

        (void)state;
        plan_faults("btc-ide1004 command 1 vanish 20");
        send_command(fd, 0, PATIENCE_MS, READY, 6, 0);
        assert_int_equal(read(fd, &byte, 1), 0);
        assert_true(try_connect("btc-ide1004") < 0);
        for (unsigned i = 0; i < 100 && again < 0; i++) {
                (void)poll(NULL, 0, 20);
                again = try_connect("btc-ide1004");
        }
        assert_true(again >= 0);
        assert_int_equal(converse(again, 0, READY, 6, 0).sense[12], 0x29);
}

static void hand(const char *words) {
        run("'%s/discfw-emulator-ctl' '%s' %s", built(), folder, words);
}

static void test_hands_open_trays_and_pull_cables(void **state) {
        int fd = connect_to("btc-ide1004");

        (void)state;
        (void)converse(fd, 0, READY, 6, 0);
        hand("tray btc-ide1004 open");
        assert_int_equal(converse(fd, 0, READY, 6, 0).sense[13], 0x02);
        hand("power-cycle btc-ide1004");
        assert_int_equal(converse(fd, 0, READY, 6, 0).sense[12], 0x29);
        hand("unplug btc-ide1004");
        (void)close(fd);
        assert_true(try_connect("btc-ide1004") < 0);
        hand("plug btc-ide1004");
        fd = connect_to("btc-ide1004");
        (void)close(fd);
        hand("list | grep -q '^btc-ide1004 normal .* \"0043\" pata '");
        hand("tray btc-ide1004 ajar 2>/dev/null; test $? -eq 1");
        hand("tray nobody open 2>/dev/null; test $? -eq 1");
}

static void test_it_ends_at_sigterm_and_takes_its_sockets_along(void **state) {
        (void)state;
        hand("tray btc-ide1004 open");
        assert_int_equal(stop(), 0);
        run("test -z \"$(find '%s' -type s)\"", folder);
        start();
        _cleanup_close_ int fd = connect_to("btc-ide1004");
        (void)converse(fd, 0, READY, 6, 0);
        assert_int_equal(converse(fd, 0, READY, 6, 0).sense[13], 0x02);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, in_a_folder, away_with_it)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_every_drive_answers_on_its_socket),
                TEST(test_who_only_looks_may_not_write),
                TEST(test_exclusive_use_keeps_all_others_out),
                TEST(test_exclusive_use_is_refused_while_others_look),
                TEST(test_nonsense_closes_the_connection_and_nothing_else),
                TEST(test_a_request_may_come_byte_by_byte),
                TEST(test_a_drive_that_hangs_is_reset_by_the_host),
                TEST(test_a_drive_that_vanishes_comes_back),
                TEST(test_hands_open_trays_and_pull_cables),
                TEST(test_it_ends_at_sigterm_and_takes_its_sockets_along),
        };

        return RUN_TESTS(tests);
}
