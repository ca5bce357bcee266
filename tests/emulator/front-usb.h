/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The front of USB: each drive in a case of its own, plugged into a virtual port of this kernel
 * (vhci.h), or, with --listen ADDRESS:PORT, served over TCP for discfw-emulator-attach in another
 * kernel: then the drives, power and all, outlive that one. The drive in place k of the sorted
 * models is always at the k-th port, or at PORT+k.
 *
 * A drive off the bus is a closed connection, and with --listen a port on which nobody listens.
 * One connection a drive: who comes later has the cable now. There is no proof of who connects, so
 * listen on loopback only.
 */
#pragma once

#include "tests/emulator/front.h"

extern const FrontKind front_usb;
