/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ports of this kernel's virtual host controllers (vhci_hcd, drivers/usb/usbip): a connected
 * stream socket that is written to a port becomes the device that is plugged in there, until the
 * other end closes it. Ports are high-speed ones, numbered through all controllers. Needs root. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define VHCI_PORTS_MAX 64

typedef struct VhciPort {
        unsigned number;
        bool is_free;
} VhciPort;

/* "hs  0003 004 000 00000000 000000 0-0": hub, port, status. False for other lines, and for ports
 * of another speed. */
bool vhci_parse_port(const char *line, VhciPort *ret_port);

/* All ports as they are now, by number. -ENODEV: the module is not loaded. */
int vhci_ports(VhciPort ports[VHCI_PORTS_MAX], size_t *ret_n_ports);

/* Plugs FD into the I-th port. -EBUSY if something is there, -ENXIO if there is no such port. FD
 * can be closed afterwards. */
int vhci_attach(size_t i, int fd);
