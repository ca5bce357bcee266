/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discfw-emulator-attach ADDRESS:PORT N: keeps N drives, which discfw-emulator --front usb --listen
 * serves at PORT and up, plugged into the first N virtual ports of this kernel. A drive that has
 * left the bus is tried again five times a second, for ever; ends at a signal, which unplugs
 * nothing. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/fault.h"
#include "tests/emulator/vhci.h"

enum { AGAIN_MS = 200 };

static bool parse(const char *where, const char *how_many, struct sockaddr_in *ret_address,
                  unsigned *ret_n) {
        struct sockaddr_in address = { .sin_family = AF_INET };
        char host[INET_ADDRSTRLEN];
        unsigned port;
        int n = 0;

        if (sscanf(where, "%15[0-9.]:%5u%n", host, &port, &n) != 2 || where[n] != '\0' ||
            inet_pton(AF_INET, host, &address.sin_addr) != 1)
                return false;
        if (sscanf(how_many, "%2u%n", ret_n, &n) != 1 || how_many[n] != '\0' || *ret_n == 0 ||
            *ret_n > VHCI_PORTS_MAX || port + *ret_n > UINT16_MAX)
                return false;
        address.sin_port = htons((uint16_t)port);
        *ret_address = address;
        return true;
}

/* -ECONNREFUSED: the drive is off the bus. */
static int attach(const struct sockaddr_in *first, unsigned i) {
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_in address = *first;
        int yes = 1;

        address.sin_port = htons((uint16_t)(ntohs(address.sin_port) + i));
        if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
        return vhci_attach(i, fd);
}

int main(int argc, char *argv[]) {
        struct sockaddr_in address;
        VhciPort ports[VHCI_PORTS_MAX];
        unsigned n_drives;
        size_t n_ports;
        int r;

        if (argc != 3 || !parse(argv[1], argv[2], &address, &n_drives)) {
                fputs("usage: discfw-emulator-attach ADDRESS:PORT N\n", stderr);
                return EXIT_USAGE;
        }
        for (;;) {
                r = vhci_ports(ports, &n_ports);
                if (r < 0 || n_ports < n_drives) {
                        fprintf(stderr, "error: not enough virtual USB ports: %s\n",
                                r < 0 ? "modprobe vhci-hcd" : "there are fewer");
                        return EXIT_FAILURE;
                }
                for (unsigned i = 0; i < n_drives; i++) {
                        r = ports[i].is_free ? attach(&address, i) : 0;
                        if (r < 0 && r != -ECONNREFUSED && r != -EBUSY)
                                fprintf(stderr, "warning: drive %u: %s\n", i + 1, strerror(-r));
                }
                (void)poll(NULL, 0, AGAIN_MS);
        }
}
