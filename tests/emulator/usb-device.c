/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/usb-device.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "tests/emulator/usb-descriptors.h"

#define RECEIVED_MAX (USBIP_HEADER + USBIP_DATA_MAX)

/* bmRequestType and bRequest in one number. */
enum {
        GET_DEVICE_STATUS = 0x8000,
        GET_INTERFACE_STATUS = 0x8100,
        GET_ENDPOINT_STATUS = 0x8200,
        CLEAR_ENDPOINT_FEATURE = 0x0201,
        SET_ENDPOINT_FEATURE = 0x0203,
        GET_DESCRIPTOR = 0x8006,
        GET_CONFIGURATION_VALUE = 0x8008,
        SET_CONFIGURATION = 0x0009,
        GET_INTERFACE = 0x810a,
        SET_INTERFACE = 0x010b,
        GET_MAX_LUN = 0xa1fe,
        BULK_ONLY_RESET = 0x21ff,
};

#define ENDPOINT_HALT 0

int usb_device_init(UsbDevice *device, Bench *bench, size_t place) {
        memset(device, 0, sizeof(*device));
        device->fd = -1;
        device->model = &bench->models[place];
        bulk_init(&device->bulk, bench, place);
        device->received = malloc(RECEIVED_MAX);
        return device->received ? 0 : -ENOMEM;
}

static void queue_take(UsbQueue *queue, size_t i) {
        free(queue->waiting[i].data);
        queue->n_waiting--;
        memmove(queue->waiting + i, queue->waiting + i + 1,
                (queue->n_waiting - i) * sizeof(queue->waiting[0]));
}

static void queue_clear(UsbQueue *queue) {
        while (queue->n_waiting > 0)
                queue_take(queue, queue->n_waiting - 1);
}

void usb_device_detach(UsbDevice *device) {
        closep(&device->fd);
        device->fd = -1;
        queue_clear(&device->out);
        queue_clear(&device->in);
        device->n_received = 0;
        device->configuration = 0;
        bulk_port_reset(&device->bulk);
}

void usb_device_attach(UsbDevice *device, int fd) {
        usb_device_detach(device);
        device->fd = fd;
}

void usb_device_done(UsbDevice *device) {
        usb_device_detach(device);
        bulk_done(&device->bulk);
        free(TAKE(device->received));
}

static int write_bytes_to(int fd, const uint8_t *bytes, size_t n_bytes) {
        while (n_bytes > 0) {
                ssize_t n = send(fd, bytes, n_bytes, MSG_NOSIGNAL);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return -ECONNRESET;
                bytes += n;
                n_bytes -= (size_t)n;
        }
        return 0;
}

/* A transfer has ended. DATA: N_MOVED bytes to the host, or NULL. */
static int end_transfer(const UsbDevice *device, uint32_t seqnum, int status, uint32_t n_moved,
                        const uint8_t *data) {
        uint8_t header[USBIP_HEADER];
        int r;

        usbip_submit_end_encode(seqnum, status, n_moved, header);
        r = write_bytes_to(device->fd, header, sizeof(header));
        return r == 0 && data ? write_bytes_to(device->fd, data, n_moved) : r;
}

static bool is_endpoint(uint16_t windex) {
        return windex == 0x00 || windex == 0x80 || windex == USB_ENDPOINT_IN ||
               windex == USB_ENDPOINT_OUT;
}

/* USB 2.0 9.4.5: two bytes, of which one has a bit to tell. */
static size_t endpoint_status(const UsbDevice *device, uint16_t windex, uint8_t *answer) {
        const Bulk *bulk = &device->bulk;

        answer[0] = (windex == USB_ENDPOINT_IN && bulk->in_halted) ||
                    (windex == USB_ENDPOINT_OUT && bulk->out_halted);
        answer[1] = 0;
        return 2;
}

static bool set_configuration(UsbDevice *device, uint16_t wvalue) {
        if (wvalue > USB_CONFIGURATION)
                return false;
        if (device->configuration != 0)
                bench_bus_reset(device->bulk.bench, device->bulk.place);
        bulk_port_reset(&device->bulk);
        device->configuration = (uint8_t)wvalue;
        return true;
}

static bool feature(UsbDevice *device, uint16_t wvalue, uint16_t windex, bool set) {
        Bulk *bulk = &device->bulk;

        if (wvalue != ENDPOINT_HALT || !is_endpoint(windex))
                return false;
        if (!set)
                bulk_clear_halt(bulk, windex == USB_ENDPOINT_IN);
        else if (windex == USB_ENDPOINT_IN)
                bulk->in_halted = true;
        else if (windex == USB_ENDPOINT_OUT)
                bulk->out_halted = true;
        return true;
}

/* A request on the control pipe. False: STALL (USB 2.0 9.2.7). */
static bool control(UsbDevice *device, const uint8_t setup[8], uint8_t *answer, size_t *n_answer) {
        uint16_t wvalue = (uint16_t)(setup[3] << 8 | setup[2]);
        uint16_t windex = (uint16_t)(setup[5] << 8 | setup[4]);

        *n_answer = 0;
        switch (get_be16(setup)) {
        case GET_DEVICE_STATUS:
                answer[0] = 1; /* powered by itself */
                answer[1] = 0;
                *n_answer = 2;
                return true;
        case GET_INTERFACE_STATUS:
                memset(answer, 0, 2);
                *n_answer = 2;
                return windex == 0;
        case GET_ENDPOINT_STATUS:
                *n_answer = endpoint_status(device, windex, answer);
                return is_endpoint(windex);
        case CLEAR_ENDPOINT_FEATURE: return feature(device, wvalue, windex, false);
        case SET_ENDPOINT_FEATURE: return feature(device, wvalue, windex, true);
        case GET_DESCRIPTOR:
                *n_answer = usb_descriptor(device->model, wvalue, answer);
                return *n_answer > 0;
        case GET_CONFIGURATION_VALUE:
                answer[0] = device->configuration;
                *n_answer = 1;
                return true;
        case SET_CONFIGURATION: return set_configuration(device, wvalue);
        case GET_INTERFACE:
                answer[0] = 0;
                *n_answer = 1;
                return windex == 0;
        case SET_INTERFACE: return wvalue == 0 && windex == 0;
        case GET_MAX_LUN:
                answer[0] = 0;
                *n_answer = 1;
                return wvalue == 0 && windex == 0;
        case BULK_ONLY_RESET:
                if (wvalue != 0 || windex != 0)
                        return false;
                bulk_only_reset(&device->bulk);
                return true;
        default: return false;
        }
}

static int serve_control(UsbDevice *device, const UsbipCommand *command) {
        uint16_t wlength = (uint16_t)(command->setup[7] << 8 | command->setup[6]);
        uint8_t answer[USB_DESCRIPTOR_MAX];
        size_t n;

        if (!control(device, command->setup, answer, &n))
                return end_transfer(device, command->seqnum, -EPIPE, 0, NULL);
        if (!command->to_host)
                return end_transfer(device, command->seqnum, 0, command->n_data, NULL);
        n = n < wlength ? n : wlength;
        n = n < command->n_data ? n : command->n_data;
        return end_transfer(device, command->seqnum, 0, (uint32_t)n, answer);
}

static int pump_out(UsbDevice *device, uint64_t now, bool *moved) {
        UsbQueue *queue = &device->out;
        BulkEnd end;
        int r;

        while (queue->n_waiting > 0) {
                const UsbTransfer *first = &queue->waiting[0];

                if (!bulk_out(&device->bulk, first->data, first->n_data, now, &end))
                        return 0;
                r = end_transfer(device, first->seqnum, end.status, end.n_moved, NULL);
                if (r < 0)
                        return r;
                queue_take(queue, 0);
                *moved = true;
        }
        return 0;
}

static int pump_in(UsbDevice *device, uint64_t now, bool *moved) {
        static uint8_t data[USBIP_DATA_MAX];
        UsbQueue *queue = &device->in;
        BulkEnd end;
        int r;

        while (queue->n_waiting > 0) {
                const UsbTransfer *first = &queue->waiting[0];

                if (!bulk_in(&device->bulk, data, first->n_data, now, &end))
                        return 0;
                r = end_transfer(device, first->seqnum, end.status, end.n_moved, data);
                if (r < 0)
                        return r;
                queue_take(queue, 0);
                *moved = true;
        }
        return 0;
}

/* Each pipe may make room for the other. */
int usb_device_on_time(UsbDevice *device, uint64_t now) {
        bool moved = true;
        int r;

        while (moved) {
                moved = false;
                r = pump_out(device, now, &moved);
                if (r == 0)
                        r = pump_in(device, now, &moved);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* -EPROTO is what a controller says where no such endpoint answers. */
static int submit(UsbDevice *device, const UsbipCommand *command, const uint8_t *data) {
        UsbQueue *queue = command->to_host ? &device->in : &device->out;
        uint8_t endpoint = command->to_host ? USB_ENDPOINT_IN & 0x0f : USB_ENDPOINT_OUT;
        UsbTransfer transfer = { .seqnum = command->seqnum, .n_data = command->n_data };

        if (command->endpoint == 0)
                return serve_control(device, command);
        if (command->endpoint != endpoint || device->configuration == 0)
                return end_transfer(device, command->seqnum, -EPROTO, 0, NULL);
        if (queue->n_waiting == USB_QUEUE_MAX)
                return -ECONNRESET;
        if (!command->to_host) {
                transfer.data = malloc(command->n_data + 1);
                if (!transfer.data)
                        return -ECONNRESET;
                memcpy(transfer.data, data, command->n_data);
        }
        queue->waiting[queue->n_waiting++] = transfer;
        return 0;
}

static bool forget(UsbQueue *queue, uint32_t seqnum) {
        for (size_t i = 0; i < queue->n_waiting; i++)
                if (queue->waiting[i].seqnum == seqnum) {
                        queue_take(queue, i);
                        return true;
                }
        return false;
}

static int unlink_transfer(UsbDevice *device, const UsbipCommand *command) {
        uint32_t seqnum = command->unlink_seqnum;
        bool found = forget(&device->in, seqnum) || forget(&device->out, seqnum);
        uint8_t header[USBIP_HEADER];

        usbip_unlink_end_encode(command->seqnum, found ? -ECONNRESET : 0, header);
        return write_bytes_to(device->fd, header, sizeof(header));
}

/* Serves the commands that have come whole; the rest of one stays. */
static int serve(UsbDevice *device, uint64_t now) {
        size_t n_done = 0;
        int r = 0;

        while (r == 0 && device->n_received - n_done >= USBIP_HEADER) {
                const uint8_t *bytes = device->received + n_done;
                UsbipCommand command;
                size_t n_whole = USBIP_HEADER;

                if (!usbip_command_decode(bytes, &command))
                        return -ECONNRESET;
                if (!command.unlink && !command.to_host)
                        n_whole += command.n_data;
                if (device->n_received - n_done < n_whole)
                        break;
                r = command.unlink ? unlink_transfer(device, &command)
                                   : submit(device, &command, bytes + USBIP_HEADER);
                if (r == 0)
                        r = usb_device_on_time(device, now);
                n_done += n_whole;
        }
        device->n_received -= n_done;
        memmove(device->received, device->received + n_done, device->n_received);
        return r;
}

int usb_device_receive(UsbDevice *device, uint64_t now) {
        ssize_t n = recv(device->fd, device->received + device->n_received,
                         RECEIVED_MAX - device->n_received, MSG_DONTWAIT);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n <= 0)
                return -ECONNRESET;
        device->n_received += (size_t)n;
        return serve(device, now);
}

uint64_t usb_device_next(const UsbDevice *device, uint64_t now) {
        return device->in.n_waiting > 0 ? bulk_next(&device->bulk, now) : UINT64_MAX;
}
