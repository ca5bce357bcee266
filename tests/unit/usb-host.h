/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A test in the place of a host controller: USB/IP with a drive in its USB case over a pair of
 * sockets, no kernel. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/emulator/usb-device.h"
#include "tests/unit/emulator.h"

static char plan[] = "/tmp/discfw-test-usb-XXXXXX";
static Bench bench;
static UsbDevice device;
static size_t place;
static int host;
static uint32_t seqnum;
static uint64_t now;

static inline void plug_in(const char *name) {
        const char *source = getenv("DISCFW_SRCDIR");
        char models[4096];
        BenchOptions options = { .models = models, .time_scale = 1.0 };
        Fault fault = {};
        int ends[2];

        (void)snprintf(models, sizeof(models), "%s/tests/emulator/models", source ? source : ".");
        if (bench_open(&options, &bench, &fault) < 0)
                fail_msg("%s", fault.text);
        assert_int_equal(bench_find(&bench, name, &place), 0);
        bench.places[place].drive.n_attentions = 0;
        assert_int_equal(usb_device_init(&device, &bench, place), 0);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        usb_device_attach(&device, ends[0]);
        host = ends[1];
        now = 1000;
}

static inline int in_its_case(void **state) {
        (void)state;
        plug_in("btc-ide1004");
        return 0;
}

static inline int out_of_it(void **state) {
        (void)state;
        usb_device_done(&device);
        bench_close(&bench);
        return close(host);
}

static inline void plan_fault(const char *line) {
        char name[sizeof(plan)];
        Fault fault = {};
        int fd;

        memcpy(name, plan, sizeof(plan));
        fd = mkstemp(name);
        assert_true(fd >= 0);
        assert_int_equal(write_all(fd, line, strlen(line)), 0);
        (void)close(fd);
        if (bench_faults(&bench, name, &fault) < 0)
                fail_msg("%s", fault.text);
        assert_int_equal(unlink(name), 0);
}

/* One transfer, as the host asks for it. */
static inline uint32_t submit(bool to_host, uint8_t endpoint, const char setup[8], const void *data,
                              uint32_t n_data) {
        uint8_t header[USBIP_HEADER] = {};

        put_be32(header, 1);
        put_be32(header + 4, ++seqnum);
        put_be32(header + 8, 0x10002);
        put_be32(header + 12, to_host);
        put_be32(header + 16, endpoint);
        put_be32(header + 24, n_data);
        if (setup)
                memcpy(header + 40, setup, 8);
        assert_int_equal(write_all(host, header, sizeof(header)), 0);
        if (!to_host && n_data > 0)
                assert_int_equal(write_all(host, data, n_data), 0);
        assert_int_equal(usb_device_receive(&device, now), 0);
        return seqnum;
}

static inline bool nothing_comes(void) {
        struct pollfd fd = { .fd = host, .events = POLLIN };

        return poll(&fd, 1, 0) == 0;
}

typedef struct End {
        int status;
        uint32_t n_data;
        uint8_t data[4096];
} End;

static inline End ended(uint32_t number, bool to_host) {
        uint8_t header[USBIP_HEADER] = {};
        End end;

        assert_false(nothing_comes());
        assert_int_equal(read_all(host, header, sizeof(header)), 0);
        assert_int_equal(get_be32(header), 3);
        assert_int_equal(get_be32(header + 4), number);
        end.status = (int)get_be32(header + 20);
        end.n_data = get_be32(header + 24);
        assert_true(end.n_data <= sizeof(end.data));
        if (to_host)
                assert_int_equal(read_all(host, end.data, end.n_data), 0);
        return end;
}

static inline End control_in(const char setup[8], uint32_t room) {
        return ended(submit(true, 0, setup, NULL, room), true);
}

static inline int control(const char setup[8]) {
        return ended(submit(false, 0, setup, NULL, 0), false).status;
}

#define SET_CONFIGURATION_1 "\x00\x09\x01\x00\x00\x00\x00\x00"
#define BULK_ONLY_RESET     "\x21\xff\x00\x00\x00\x00\x00\x00"
#define CLEAR_HALT_IN       "\x02\x01\x00\x00\x81\x00\x00\x00"
#define CLEAR_HALT_OUT      "\x02\x01\x00\x00\x02\x00\x00\x00"

static inline int configured(void **state) {
        (void)in_its_case(state);
        return control(SET_CONFIGURATION_1);
}

static inline End to_drive(const void *data, uint32_t n_data) {
        return ended(submit(false, 2, NULL, data, n_data), false);
}

static inline End to_host(uint32_t room) {
        return ended(submit(true, 1, NULL, NULL, room), true);
}
