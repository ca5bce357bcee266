/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A drive in a USB case: descriptors, requests on the control pipe (USB 2.0, chapter 9; BOT 3), and
 * the queues of its two bulk pipes, for a host controller at the other end of a stream socket
 * (usb-wire.h).
 *
 * Of a port's reset nothing is said on that wire. What a device gets to know of it is the
 * SET CONFIGURATION that follows, which undoes halts and half a command in any case (USB 2.0
 * 9.1.1.5): where there was a configuration already, the drive is told of a reset as well.
 *
 * Two drives of one model without a serial have equal descriptors: only the port tells them apart.
 */
#pragma once

#include "tests/emulator/usb-bulk.h"
#include "tests/emulator/usb-wire.h"

#define USB_QUEUE_MAX 128

typedef struct UsbTransfer {
        uint32_t seqnum;
        uint32_t n_data;
        uint8_t *data; /* to the device */
} UsbTransfer;

typedef struct UsbQueue {
        UsbTransfer waiting[USB_QUEUE_MAX];
        size_t n_waiting;
} UsbQueue;

typedef struct UsbDevice {
        Bulk bulk;
        const DriveModel *model;
        int fd; /* -1: not attached */
        uint8_t configuration;
        UsbQueue out, in;
        uint8_t *received;
        size_t n_received;
} UsbDevice;

/* -ENOMEM */
int usb_device_init(UsbDevice *device, Bench *bench, size_t place) _must_check_;
void usb_device_done(UsbDevice *device);

/* Takes FD, a connected stream socket. */
void usb_device_attach(UsbDevice *device, int fd);
/* The other end sees the device go. */
void usb_device_detach(UsbDevice *device);

/* Reads what has come and answers what can be answered. -ECONNRESET when the host has gone, or
 * speaks no USB/IP: then the device is to be detached. */
int usb_device_receive(UsbDevice *device, uint64_t now) _must_check_;
/* Answers what was waiting for a time that has come. */
int usb_device_on_time(UsbDevice *device, uint64_t now) _must_check_;
/* When that is wanted next; UINT64_MAX for never. */
uint64_t usb_device_next(const UsbDevice *device, uint64_t now);
