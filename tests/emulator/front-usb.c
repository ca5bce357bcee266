/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/front-usb.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/log.h"
#include "tests/emulator/usb-device.h"
#include "tests/emulator/vhci.h"

_Static_assert(2 * BENCH_DRIVES_MAX <= FRONT_FDS_MAX, "all are watched");

/* Off and on again takes a drive this long. */
#define POWER_UP_MS 500

typedef struct UsbFront {
        Front front;
        bool listens;
        struct sockaddr_in address; /* of the first drive */
        int *listeners;             /* -1: unplugged, or in this kernel */
        UsbDevice *devices;
        size_t n_devices;
} UsbFront;

static int listen_at(const UsbFront *front, size_t place, int *ret_fd) {
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct sockaddr_in address = front->address;
        int yes = 1;

        address.sin_port = htons((uint16_t)(ntohs(address.sin_port) + place));
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
            bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 4) < 0)
                return -errno;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int plug_in_here(UsbDevice *device, size_t place) {
        int ends[2], r;

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
                return -errno;
        r = vhci_attach(place, ends[1]);
        (void)close(ends[1]);
        if (r < 0)
                (void)close(ends[0]);
        else
                usb_device_attach(device, ends[0]);
        return r;
}

static int plug(Front *base, size_t place) {
        UsbFront *front = (UsbFront *)base;

        if (front->listeners[place] >= 0 || front->devices[place].fd >= 0)
                return 0;
        if (front->listens)
                return listen_at(front, place, &front->listeners[place]);
        return plug_in_here(&front->devices[place], place);
}

static void unplug(Front *base, size_t place) {
        UsbFront *front = (UsbFront *)base;

        closep(&front->listeners[place]);
        front->listeners[place] = -1;
        usb_device_detach(&front->devices[place]);
}

/* Power of its own or not, the case's bridge starts anew, and the host sees it leave and come. */
static void power_lost(Front *base, size_t place, uint64_t now) {
        front_vanish(base, place, now + POWER_UP_MS);
}

static Front *free_front(Front *base) {
        UsbFront *front = (UsbFront *)base;

        for (size_t i = 0; i < front->n_devices; i++) {
                closep(&front->listeners[i]);
                usb_device_done(&front->devices[i]);
        }
        free(front->listeners);
        free(front->devices);
        free(front);
        return NULL;
}

static int parse_address(const char *text, size_t n_drives, struct sockaddr_in *ret_address) {
        struct sockaddr_in address = { .sin_family = AF_INET };
        const char *colon = strrchr(text, ':');
        char host[INET_ADDRSTRLEN];
        unsigned port;
        int n = 0;

        if (!colon || (size_t)(colon - text) >= sizeof(host) ||
            sscanf(colon, ":%5u%n", &port, &n) != 1 || colon[n] != '\0' || port == 0 ||
            port + n_drives > UINT16_MAX)
                return -EINVAL;
        memcpy(host, text, (size_t)(colon - text));
        host[colon - text] = '\0';
        if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
                return -EINVAL;
        address.sin_port = htons((uint16_t)port);
        *ret_address = address;
        return 0;
}

static int open_devices(UsbFront *front, Bench *bench) {
        front->listeners = calloc(bench->n_places, sizeof(*front->listeners));
        front->devices = calloc(bench->n_places, sizeof(*front->devices));
        if (!front->listeners || !front->devices)
                return -ENOMEM;
        for (size_t i = 0; i < bench->n_places; i++) {
                front->listeners[i] = -1;
                if (usb_device_init(&front->devices[i], bench, i) < 0)
                        return -ENOMEM;
                front->n_devices++;
        }
        return 0;
}

static int plug_all(UsbFront *front, Fault *fault) {
        for (size_t i = 0; i < front->n_devices; i++) {
                int r = plug(&front->front, i);

                if (r == -ENODEV)
                        return fault_set(fault, FAULT_BAD_CONFIG,
                                         "this kernel has no virtual USB ports: modprobe vhci-hcd");
                if (r < 0)
                        return fault_set(fault, FAULT_BAD_CONFIG, "drive %zu: no port for it: %s",
                                         i + 1, strerror(-r));
        }
        return 0;
}

static int open_front(Bench *bench, const FrontOptions *options, Front **ret_front, Fault *fault) {
        _cleanup_(front_freep) Front *base = NULL;
        UsbFront *front = calloc(1, sizeof(*front));
        int r;

        if (!front)
                return -ENOMEM;
        base = &front->front;
        front_init(base, &front_usb, bench);
        front->listens = options->listen != NULL;
        if (front->listens && parse_address(options->listen, bench->n_places, &front->address) < 0)
                return fault_set(fault, FAULT_BAD_CONFIG, "%s: not ADDRESS:PORT of IPv4",
                                 options->listen);
        r = open_devices(front, bench);
        if (r == 0)
                r = plug_all(front, fault);
        if (r < 0)
                return r;
        *ret_front = TAKE(base);
        return 0;
}

static size_t watch(Front *base, struct pollfd *fds) {
        const UsbFront *front = (const UsbFront *)base;

        for (size_t i = 0; i < front->n_devices; i++) {
                fds[2 * i] = (struct pollfd){ .fd = front->listeners[i], .events = POLLIN };
                fds[2 * i + 1] = (struct pollfd){ .fd = front->devices[i].fd, .events = POLLIN };
        }
        return 2 * front->n_devices;
}

/* The host has gone, or pulled the plug: what was half done is lost, as at any reset. */
static void host_gone(UsbFront *front, size_t place) {
        usb_device_detach(&front->devices[place]);
        bench_bus_reset(front->front.bench, place);
}

static void on_listener(UsbFront *front, size_t place) {
        int fd = accept4(front->listeners[place], NULL, NULL, SOCK_CLOEXEC);
        struct timeval patience = { .tv_sec = 2 };
        int yes = 1;

        if (fd < 0)
                return;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
        if (front->devices[place].fd >= 0)
                host_gone(front, place);
        usb_device_attach(&front->devices[place], fd);
}

/* What a command has brought about besides its answer. */
static void settle(UsbFront *front, size_t place, int r, uint64_t now) {
        const Bulk *bulk = &front->devices[place].bulk;

        if (bulk->vanished)
                front_vanish(&front->front, place, now + bulk->back_ms);
        else if (r < 0)
                host_gone(front, place);
}

static void on_events(Front *base, const struct pollfd *fds, uint64_t now) {
        UsbFront *front = (UsbFront *)base;

        for (size_t i = 0; i < front->n_devices; i++) {
                if (fds[2 * i + 1].revents)
                        settle(front, i, usb_device_receive(&front->devices[i], now), now);
                if (fds[2 * i].revents && front->listeners[i] >= 0)
                        on_listener(front, i);
        }
}

static uint64_t on_time(Front *base, uint64_t now) {
        UsbFront *front = (UsbFront *)base;
        uint64_t next = NEVER;

        for (size_t i = 0; i < front->n_devices; i++) {
                UsbDevice *device = &front->devices[i];
                uint64_t wanted;

                if (device->fd < 0)
                        continue;
                settle(front, i, usb_device_on_time(device, now), now);
                wanted = usb_device_next(device, now);
                if (wanted < next)
                        next = wanted;
        }
        return next;
}

const FrontKind front_usb = {
        .name = "usb",
        .open = open_front,
        .free = free_front,
        .plug = plug,
        .unplug = unplug,
        .power_lost = power_lost,
        .watch = watch,
        .on_events = on_events,
        .on_time = on_time,
};
