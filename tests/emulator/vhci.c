/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/vhci.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

/* The first controller's folder speaks for all. */
#define VHCI "/sys/devices/platform/vhci_hcd.0"

enum { PORT_FREE = 4 /* VDEV_ST_NULL */, SPEED_HIGH = 3, CONTROLLERS_MAX = 16 };

bool vhci_parse_port(const char *line, VhciPort *ret_port) {
        unsigned number, status;
        char hub[3];

        if (sscanf(line, "%2s %u %u", hub, &number, &status) != 3 || strcmp(hub, "hs") != 0)
                return false;
        *ret_port = (VhciPort){ .number = number, .is_free = status == PORT_FREE };
        return true;
}

static int open_status(unsigned controller, FILE **ret_file) {
        char path[sizeof(VHCI) + 16];

        if (controller == 0)
                (void)snprintf(path, sizeof(path), VHCI "/status");
        else
                (void)snprintf(path, sizeof(path), VHCI "/status.%u", controller);
        *ret_file = fopen(path, "re");
        return *ret_file ? 0 : -errno;
}

int vhci_ports(VhciPort ports[VHCI_PORTS_MAX], size_t *ret_n_ports) {
        size_t n = 0;

        for (unsigned i = 0; i < CONTROLLERS_MAX; i++) {
                _cleanup_fclose_ FILE *file = NULL;
                char line[128];

                if (open_status(i, &file) < 0)
                        break;
                while (n < VHCI_PORTS_MAX && fgets(line, sizeof(line), file))
                        if (vhci_parse_port(line, &ports[n]))
                                n++;
        }
        if (n == 0)
                return -ENODEV;
        *ret_n_ports = n;
        return 0;
}

int vhci_attach(size_t i, int fd) {
        VhciPort ports[VHCI_PORTS_MAX];
        _cleanup_close_ int attach = -1;
        char line[64];
        size_t n;
        int r;

        r = vhci_ports(ports, &n);
        if (r < 0)
                return r;
        if (i >= n)
                return -ENXIO;
        if (!ports[i].is_free)
                return -EBUSY;
        attach = open(VHCI "/attach", O_WRONLY | O_CLOEXEC);
        if (attach < 0)
                return -errno;
        /* Which device that is to the one who exports it: any number. */
        (void)snprintf(line, sizeof(line), "%u %d %u %d\n", ports[i].number, fd,
                       1u << 16 | (2 + ports[i].number), SPEED_HIGH);
        return write_all(attach, line, strlen(line));
}
