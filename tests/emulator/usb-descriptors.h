/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a drive in a USB case says of itself (USB 2.0 9.6): high speed, one configuration with one
 * interface of Mass Storage, SFF-8020i/MMC command set, Bulk-Only Transport; endpoints 81h and 02h.
 *
 * The case is an ordinary bridge to ATAPI, hence one idVendor and idProduct for all drives. Texts
 * come from the drive's name; there is a serial number only if the drive has one. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tests/emulator/drive-model.h"

#define USB_ENDPOINT_IN    0x81
#define USB_ENDPOINT_OUT   0x02
#define USB_DESCRIPTOR_MAX 256
#define USB_CONFIGURATION  1

/* WVALUE as in GET DESCRIPTOR: type and index. 0 if there is no such descriptor. */
size_t usb_descriptor(const DriveModel *model, uint16_t wvalue,
                      uint8_t ret_bytes[USB_DESCRIPTOR_MAX]);
