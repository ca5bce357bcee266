/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between a virtual host controller and a device: USB/IP, of which Linux's vhci_hcd speaks the part
 * that comes after a device was attached (the kernel's Documentation/usb/usbip_protocol.rst). A
 * header of 48 bytes, big-endian, and data behind it:
 *
 *     to the device      CMD_SUBMIT  a transfer ("URB"); data behind it if they go to the device
 *                        CMD_UNLINK  the host no longer wants the one with that number
 *     to the controller  RET_SUBMIT  it has ended; data behind it if they go to the host
 *                        RET_UNLINK  -ECONNRESET: it is gone, and no RET_SUBMIT comes;
 *                                    0: too late, it had ended before
 *
 * Status is a negative errno with Linux's numbers: -EPIPE is what USB 2.0 calls STALL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USBIP_HEADER 48
/* No host needs more in one transfer: Linux splits what a USB drive gets at 120 KiB. */
#define USBIP_DATA_MAX (1u << 20)

typedef struct UsbipCommand {
        bool unlink;
        uint32_t seqnum;
        uint32_t unlink_seqnum; /* with UNLINK */
        bool to_host;
        uint8_t endpoint; /* 0 to 15 */
        uint32_t n_data;
        uint8_t setup[8]; /* with endpoint 0 */
} UsbipCommand;

/* False if these 48 bytes can be no command for us: then nothing is known about what follows, and
 * the connection is to be closed. Isochronous transfers are among these. */
bool usbip_command_decode(const uint8_t bytes[USBIP_HEADER], UsbipCommand *ret_command);

void usbip_submit_end_encode(uint32_t seqnum, int status, uint32_t n_moved,
                             uint8_t ret_bytes[USBIP_HEADER]);
void usbip_unlink_end_encode(uint32_t seqnum, int status, uint8_t ret_bytes[USBIP_HEADER]);
