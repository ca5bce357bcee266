/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Drives on USB that are served over TCP: cables, power and restarts as a host at the other end sees
 * them. Time is an argument; no kernel's USB is needed. */
#include "tests/emulator/front-usb.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/emulator/usb-bulk.h"
#include "tests/emulator/usb-wire.h"
#include "tests/unit/emulator.h"

static Bench bench;
static Front *front;
static size_t place;
static uint16_t first_port;
static uint64_t now;

static int open_somewhere(void) {
        char listen[32];
        FrontOptions options = { .dir = ".", .listen = listen };
        Fault fault = {};

        for (unsigned i = 0; i < 50; i++) {
                first_port = (uint16_t)(20000 + ((unsigned)getpid() * 97 + i * 500) % 30000);
                (void)snprintf(listen, sizeof(listen), "127.0.0.1:%u", first_port);
                if (front_usb.open(&bench, &options, &front, &fault) == 0)
                        return 0;
        }
        fail_msg("%s", fault.text);
        return -1;
}

static int switched_on(void **state) {
        const char *source = getenv("DISCFW_SRCDIR");
        char models[4096];
        BenchOptions options = { .models = models, .time_scale = 1.0 };
        Fault fault = {};

        (void)state;
        (void)snprintf(models, sizeof(models), "%s/tests/emulator/models", source ? source : ".");
        if (bench_open(&options, &bench, &fault) < 0)
                fail_msg("%s", fault.text);
        assert_int_equal(bench_find(&bench, "btc-ide1004", &place), 0);
        now = 1000;
        return open_somewhere();
}

static int switched_off(void **state) {
        (void)state;
        front = front_free(front);
        bench_close(&bench);
        return 0;
}

/* Lets the front do what there is to do. */
static void turn(void) {
        struct pollfd fds[FRONT_FDS_MAX];
        size_t n;

        for (unsigned i = 0; i < 100; i++) {
                (void)front_on_time(front, now);
                n = front_usb.watch(front, fds);
                if (poll(fds, n, 20) <= 0)
                        return;
                front_usb.on_events(front, fds, now);
        }
}

static int plug_in(size_t which) {
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                       .sin_port = htons((uint16_t)(first_port + which)) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
        if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
                (void)close(fd);
                return -errno;
        }
        turn();
        return fd;
}

/* A transfer and its end; what came, if it goes to the host. */
static uint32_t transfer(int fd, bool to_host, uint8_t endpoint, const char *setup, void *data,
                         uint32_t n_data) {
        uint8_t header[USBIP_HEADER] = { [3] = 1, [7] = 1, [15] = to_host, [19] = endpoint };
        struct pollfd answer = { .fd = fd, .events = POLLIN };
        uint32_t n;

        put_be32(header + 24, n_data);
        if (setup)
                memcpy(header + 40, setup, 8);
        assert_int_equal(write_all(fd, header, sizeof(header)), 0);
        if (!to_host)
                assert_int_equal(write_all(fd, data, n_data), 0);
        for (unsigned i = 0; i < 200 && poll(&answer, 1, 0) == 0; i++)
                turn();
        assert_int_equal(read_all(fd, header, sizeof(header)), 0);
        assert_int_equal(get_be32(header + 20), 0);
        n = get_be32(header + 24);
        if (to_host)
                assert_int_equal(read_all(fd, data, n), 0);
        return n;
}

static void configure(int fd) {
        (void)transfer(fd, false, 0, "\x00\x09\x01\x00\x00\x00\x00\x00", NULL, 0);
}

static void assert_inquiry(int fd, const char *revision) {
        uint8_t cbw[CBW_LENGTH] = "USBCtag!\x24\x00\x00\x00\x80\x00\x06\x12\x00\x00\x00\x24";
        uint8_t data[64];

        (void)transfer(fd, false, 2, NULL, cbw, sizeof(cbw));
        assert_int_equal(transfer(fd, true, 1, NULL, data, 36), 36);
        assert_memory_equal(data + 32, revision, 4);
        assert_int_equal(transfer(fd, true, 1, NULL, data, CSW_LENGTH), CSW_LENGTH);
        assert_int_equal(data[12], 0);
}

static void assert_gone(int fd) {
        char byte;

        turn();
        assert_true(read(fd, &byte, 1) <= 0);
        (void)close(fd);
        assert_int_equal(plug_in(place), -ECONNREFUSED);
}

static Drive *drive(void) {
        return &bench.places[place].drive;
}

static void test_each_drive_has_the_port_of_its_place(void **state) {
        (void)state;
        for (size_t i = 0; i < bench.n_places; i++) {
                int fd = plug_in(i);

                assert_true(fd >= 0);
                configure(fd);
                assert_inquiry(fd, bench.models[i].firmware.revision);
                (void)close(fd);
        }
}

static void test_a_drive_that_is_unplugged_is_not_there(void **state) {
        int fd = plug_in(place);

        (void)state;
        front_vanish(front, place, NEVER);
        assert_gone(fd);
        now += 3600 * 1000;
        assert_int_equal(plug_in(place), -ECONNREFUSED);
        assert_int_equal(front_plug(front, place), 0);
        fd = plug_in(place);
        configure(fd);
        assert_inquiry(fd, "0043");
        (void)close(fd);
}

static void test_new_code_leaves_the_bus_and_comes_back(void **state) {
        Firmware next = drive()->firmware;
        int fd = plug_in(place);

        (void)state;
        bench.models[place].family.restart_ms = 2000;
        configure(fd);
        memcpy(next.revision, "0045", 4);
        now += drive_burn(drive(), &next, true, now) - 1;
        turn();
        assert_inquiry(fd, "0043"); /* it burns, and answers who it is */
        now++;
        assert_gone(fd);
        now += 1999;
        assert_int_equal(plug_in(place), -ECONNREFUSED);
        now++;
        turn();
        fd = plug_in(place);
        assert_true(fd >= 0);
        configure(fd);
        assert_inquiry(fd, "0045");
        assert_int_equal(drive()->n_attentions, 1); /* as if switched on: nothing has changed */
        assert_int_equal(drive()->attentions[0].asc, 0x29);
        (void)close(fd);
}

static void test_without_that_line_new_code_stays_on_the_bus(void **state) {
        Firmware next = drive()->firmware;
        int fd = plug_in(place);

        (void)state;
        configure(fd);
        memcpy(next.revision, "0045", 4);
        now += drive_burn(drive(), &next, true, now);
        turn();
        assert_inquiry(fd, "0045");
        (void)close(fd);
}

static void test_power_that_fails_takes_the_drive_off_the_bus(void **state) {
        int fd = plug_in(place);

        (void)state;
        front_power_cycle(front, place, now);
        assert_gone(fd);
        now += 500;
        turn();
        fd = plug_in(place);
        assert_true(fd >= 0);
        (void)close(fd);
}

static void test_what_was_staged_is_lost_with_the_host(void **state) {
        int fd = plug_in(place);

        (void)state;
        assert_true(staging_open(&drive()->staging, drive()->model->family.size));
        drive()->staging.n_bytes = 0x1000;
        configure(fd);
        assert_int_equal(drive()->staging.n_bytes, 0x1000);
        (void)close(fd);
        turn();
        assert_int_equal(drive()->staging.n_bytes, 0);
        assert_int_equal(drive()->condition, CONDITION_NORMAL);
}

static void test_a_burn_goes_on_without_a_host(void **state) {
        Firmware next = drive()->firmware;
        int fd = plug_in(place);

        (void)state;
        memcpy(next.revision, "0045", 4);
        now += drive_burn(drive(), &next, true, now);
        (void)close(fd);
        turn();
        fd = plug_in(place);
        configure(fd);
        assert_inquiry(fd, "0045");
        (void)close(fd);
}

static void test_who_comes_later_has_the_cable(void **state) {
        int first = plug_in(place), second = plug_in(place);
        char byte;

        (void)state;
        assert_int_equal(read(first, &byte, 1), 0);
        (void)close(first);
        configure(second);
        assert_inquiry(second, "0043");
        (void)close(second);
}

static void test_an_address_is_one_of_ipv4_with_room_for_all(void **state) {
        static const char *const wrong[] = { "127.0.0.1",       "localhost:3240", "127.0.0.1:0",
                                             "127.0.0.1:65530", "127.0.0.1:1x",   ":3240" };

        (void)state;
        for (unsigned i = 0; i < N_ELEMENTS(wrong); i++) {
                FrontOptions options = { .dir = ".", .listen = wrong[i] };
                Front *other = NULL;
                Fault fault = {};

                assert_true(front_usb.open(&bench, &options, &other, &fault) < 0);
                assert_int_equal(fault.code, FAULT_BAD_CONFIG);
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, switched_on, switched_off)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_each_drive_has_the_port_of_its_place),
                TEST(test_a_drive_that_is_unplugged_is_not_there),
                TEST(test_new_code_leaves_the_bus_and_comes_back),
                TEST(test_without_that_line_new_code_stays_on_the_bus),
                TEST(test_power_that_fails_takes_the_drive_off_the_bus),
                TEST(test_what_was_staged_is_lost_with_the_host),
                TEST(test_a_burn_goes_on_without_a_host),
                TEST(test_who_comes_later_has_the_cable),
                TEST(test_an_address_is_one_of_ipv4_with_room_for_all),
        };

        return RUN_TESTS(tests);
}
