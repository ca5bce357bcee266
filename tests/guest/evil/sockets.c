/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Networks, and other programs' sockets. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/guest/evil/evil.h"

#define PORT      80 /* where the suite's web server listens, on all its addresses */
#define ANSWER_MS 3000

static int make_socket(int family, int type, int protocol) {
        return outcome(socket(family, type | SOCK_CLOEXEC, protocol));
}

/* What the control group's filter drops is never answered: wait for a while. */
static int connect_soon(int fd, const void *address, socklen_t n_address) {
        struct pollfd waiting = { .fd = fd, .events = POLLOUT };
        socklen_t n = sizeof(int);
        int error;

        if (fd < 0)
                return -errno;
        if (connect(fd, address, n_address) == 0)
                return 0;
        if (errno != EINPROGRESS)
                return -errno;
        if (poll(&waiting, 1, ANSWER_MS) == 0)
                return -ETIMEDOUT;
        return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0 ? -errno : -error;
}

static struct sockaddr_in ip(const char *text) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(PORT) };

        inet_pton(AF_INET, text, &address.sin_addr);
        return address;
}

static int connect_tcp(const char *text) {
        struct sockaddr_in address = ip(text);

        return connect_soon(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
                            &address, sizeof(address));
}

static int connect_tcp6(const char *text) {
        struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };

        inet_pton(AF_INET6, text, &address.sin6_addr);
        return connect_soon(socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
                            &address, sizeof(address));
}

static int send_udp(const char *text) {
        struct sockaddr_in address = ip(text);
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return -errno;
        return outcome(sendto(fd, "!", 1, 0, (struct sockaddr *)&address, sizeof(address)));
}

static int listen_tcp(const char *text) {
        struct sockaddr_in address = ip(text);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return -errno;
        address.sin_port = htons(8081);
        if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        return outcome(listen(fd, 1));
}

static int use_raw(const char *what) {
        (void)what;
        return make_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static int use_packet(const char *what) {
        (void)what;
        return make_socket(AF_PACKET, SOCK_DGRAM, 0);
}

static int use_bluetooth(const char *what) {
        (void)what;
        return make_socket(AF_BLUETOOTH, SOCK_RAW, 0);
}

static int use_vsock(const char *what) {
        (void)what;
        return make_socket(AF_VSOCK, SOCK_STREAM, 0);
}

static int use_crypto(const char *what) {
        (void)what;
        return make_socket(AF_ALG, SOCK_SEQPACKET, 0);
}

static int use_route(const char *what) {
        (void)what;
        return make_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

/* What udev tells everybody, group 2. */
static int hear_uevents(const char *what) {
        struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 2 };
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);

        (void)what;
        if (fd < 0)
                return -errno;
        return outcome(bind(fd, (struct sockaddr *)&address, sizeof(address)));
}

/* A name that begins with @ is in no folder. */
static int connect_unix(const char *path) {
        static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM };
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        socklen_t n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
        int fd;

        strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
        if (path[0] == '@')
                address.sun_path[0] = 0;
        for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
                fd = socket(AF_UNIX, types[i] | SOCK_CLOEXEC, 0);
                if (fd < 0)
                        return -errno;
                if (connect(fd, (struct sockaddr *)&address, n) == 0)
                        return 0;
                if (errno != EPROTOTYPE)
                        return -errno;
                close(fd);
        }
        return -EPROTOTYPE;
}

const Action actions_of_sockets[] = {
        { "connect to a mirror", connect_tcp, "192.0.2.1", ROLE_FETCH | ROLE_ROOT },
        { "connect to this machine", connect_tcp, "127.0.0.1", ROLE_ROOT },
        { "connect to this machine by IPv6", connect_tcp6, "::1", ROLE_ROOT },
        { "connect to this machine by another loopback address", connect_tcp, "127.1.2.3",
          ROLE_ROOT },
        { "connect to a cloud's metadata", connect_tcp, "169.254.169.254", ROLE_ROOT },
        { "ask a name server", send_udp, "192.0.2.1", ROLE_FETCH | ROLE_ROOT },
        { "send to a multicast group", send_udp, "224.0.0.251", ROLE_ROOT },
        { "serve at a port", listen_tcp, "0.0.0.0", ROLE_ROOT },
        { "send raw packets", use_raw, NULL, ROLE_ROOT },
        { "listen to packets", use_packet, NULL, ROLE_ROOT },
        { "use Bluetooth", use_bluetooth, NULL, 0 }, /* the guest has no module for it */
        { "use sockets of virtual machines", use_vsock, NULL, 0 }, /* nor for this */
        { "use the kernel's cryptography", use_crypto, NULL, 0 },  /* nor for this */
        /* getaddrinfo(3) asks there; the daemon has netlink for uevents, and the kernel knows no
         * narrower right. */
        { "ask for routes", use_route, NULL, ROLE_DAEMON | ROLE_FETCH | ROLE_ROOT },
        { "hear of devices", hear_uevents, NULL, ROLE_DAEMON | ROLE_FETCH | ROLE_ROOT },
        { "write to the journal", connect_unix, "/run/systemd/journal/socket", ROLE_ALL },
        { "connect to discfwd", connect_unix, "/run/discfwd/discfwd.sock",
          ROLE_DAEMON | ROLE_ROOT },
        { "connect to the flash helper", connect_unix, "/run/discfwd/flash.sock",
          ROLE_DAEMON | ROLE_ROOT },
        { "connect to the probe", connect_unix, "/run/discfwd/probe.sock",
          ROLE_DAEMON | ROLE_ROOT },
        { "connect to the fetcher", connect_unix, "/run/discfwd/fetch.sock",
          ROLE_DAEMON | ROLE_ROOT },
        { "connect to the system bus", connect_unix, "/run/dbus/system_bus_socket",
          ROLE_DAEMON | ROLE_ROOT },
        { "start a unit by the system bus", bus_start_unit, "discfw-evil-none.service", ROLE_ROOT },
        { "talk to systemd by its private socket", connect_unix, "/run/systemd/private",
          ROLE_ROOT },
        { "talk to udev", connect_unix, "/run/udev/control", ROLE_ROOT },
        /* The network namespace is the border of these, and the two have the machine's. */
        { "connect to a socket without a file", connect_unix, "@discfw-evil",
          ROLE_DAEMON | ROLE_FETCH | ROLE_ROOT },
        {},
};
