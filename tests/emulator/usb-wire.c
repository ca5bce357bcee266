/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/usb-wire.h"

#include <string.h>

#include "base/bytes.h"

enum { CMD_SUBMIT = 1, CMD_UNLINK = 2, RET_SUBMIT = 3, RET_UNLINK = 4 };
enum { TO_DEVICE = 0, TO_HOST = 1 };
#define NO_PACKETS UINT32_MAX

bool usbip_command_decode(const uint8_t bytes[USBIP_HEADER], UsbipCommand *ret_command) {
        Reader reader = reader_of(bytes, USBIP_HEADER);
        uint32_t code = read_be32(&reader), direction, endpoint, n_packets;
        UsbipCommand command = { .unlink = code == CMD_UNLINK };

        command.seqnum = read_be32(&reader);
        (void)read_be32(&reader); /* which device: there is one on a connection */
        direction = read_be32(&reader);
        endpoint = read_be32(&reader);
        if (code == CMD_UNLINK) {
                command.unlink_seqnum = read_be32(&reader);
                *ret_command = command;
                return true;
        }
        (void)read_be32(&reader); /* flags: what they ask for, the controller sees to */
        command.n_data = read_be32(&reader);
        (void)read_be32(&reader);
        n_packets = read_be32(&reader);
        (void)read_be32(&reader);
        read_bytes(&reader, command.setup, sizeof(command.setup));
        command.to_host = direction == TO_HOST;
        command.endpoint = (uint8_t)endpoint;
        if (code != CMD_SUBMIT || direction > TO_HOST || endpoint > 15 ||
            command.n_data > USBIP_DATA_MAX || (n_packets != 0 && n_packets != NO_PACKETS))
                return false;
        *ret_command = command;
        return true;
}

static Writer answer(uint32_t code, uint32_t seqnum, int status, uint8_t bytes[USBIP_HEADER]) {
        Writer writer = writer_of(bytes, USBIP_HEADER);

        memset(bytes, 0, USBIP_HEADER);
        write_be32(&writer, code);
        write_be32(&writer, seqnum);
        write_be32(&writer, 0);
        write_be32(&writer, 0);
        write_be32(&writer, 0);
        write_be32(&writer, (uint32_t)status);
        return writer;
}

void usbip_submit_end_encode(uint32_t seqnum, int status, uint32_t n_moved,
                             uint8_t ret_bytes[USBIP_HEADER]) {
        Writer writer = answer(RET_SUBMIT, seqnum, status, ret_bytes);

        write_be32(&writer, n_moved);
}

void usbip_unlink_end_encode(uint32_t seqnum, int status, uint8_t ret_bytes[USBIP_HEADER]) {
        (void)answer(RET_UNLINK, seqnum, status, ret_bytes);
}
