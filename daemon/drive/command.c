/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drive/command.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/bytes.h"

/* Opcodes, MMC-6 and SPC-4. */
enum {
        OP_TEST_UNIT_READY = 0x00,
        OP_INQUIRY = 0x12,
        OP_WRITE_BUFFER = 0x3b,
        OP_GET_CONFIGURATION = 0x46,
        OP_GET_EVENT_STATUS = 0x4a,
        OP_MODE_SENSE_10 = 0x5a,
        OP_REPORT_KEY = 0xa4,
};

/* SAM-5 5.3.1 */
enum {
        STATUS_GOOD = 0x00,
        STATUS_CHECK_CONDITION = 0x02,
        STATUS_BUSY = 0x08,
        STATUS_RESERVATION_CONFLICT = 0x18,
        STATUS_TASK_SET_FULL = 0x28,
};

/* Linux, include/scsi/scsi_status.h and sg.h */
enum {
        HOST_OK = 0,
        HOST_NO_CONNECT = 1,
        HOST_BUS_BUSY = 2,
        HOST_TIME_OUT = 3,
        HOST_RESET = 8,
        DRIVER_TIMEOUT = 6,
        DRIVER_SENSE = 8,
};

/* As long as the kernel itself gives a drive: looking must not reset the bus under a busy one. */
#define LOOK_TIMEOUT_MS 30000

#define LIMIT_24_BITS 0x1000000u

static int judge_unsent(int error, const char *name, Reply *reply, Fault *fault) {
        switch (error) {
        case -EPERM:
        case -EACCES:
                return fault_set(fault, FAULT_NOT_PERMITTED,
                                 "the kernel did not let %s through, nothing was sent", name);
        case -ENODEV:
        case -ENXIO:
                /* It may have left while it was working: see TransportOps. */
                reply->sent = true;
                return fault_set(fault, FAULT_DRIVE_GONE, "the drive left at %s", name);
        case -EBUSY:
                return fault_set(fault, FAULT_CLAIMED,
                                 "another program has the drive, %s was not sent", name);
        case -EINVAL:
        case -ENOMEM:
                return fault_set(fault, FAULT_INTERNAL, "cannot send %s: %s", name,
                                 strerror(-error));
        default:
                return fault_set(fault, FAULT_DRIVE_TRANSPORT, "cannot send %s: %s", name,
                                 strerror(-error));
        }
}

static int judge_host(const Completion *c, const char *name, Reply *reply, Fault *fault) {
        switch (c->host_status) {
        case HOST_TIME_OUT:
                reply->silent = true;
                return fault_set(fault, FAULT_DRIVE_SILENT, "no answer to %s within %u s", name,
                                 (c->duration_ms + 500) / 1000);
        case HOST_NO_CONNECT:
                return fault_set(fault, FAULT_DRIVE_GONE,
                                 "the adapter does not reach the drive for %s (host status 01h)",
                                 name);
        case HOST_BUS_BUSY:
                return fault_set(fault, FAULT_DRIVE_NOT_READY,
                                 "the bus was busy at %s (host status 02h)", name);
        case HOST_RESET:
                return fault_set(fault, FAULT_DRIVE_TRANSPORT,
                                 "the bus was reset at %s (host status 08h)", name);
        default:
                return fault_set(fault, FAULT_DRIVE_TRANSPORT,
                                 "the adapter failed at %s (host status %02xh)", name,
                                 c->host_status);
        }
}

static int judge_sense(const Sense *sense, const char *name, Fault *fault) {
        const char *advice = sense_advice(sense);
        char text[SENSE_TEXT_SIZE];

        sense_text(sense, text, sizeof(text));
        return fault_set(fault, sense_fault(sense), "drive answered %s to %s%s%s", text, name,
                         advice ? "; " : "", advice ? advice : "");
}

static int judge_status(const Completion *c, const Reply *reply, const char *name, Fault *fault) {
        switch (c->status) {
        case STATUS_GOOD: return 0;
        case STATUS_CHECK_CONDITION:
                /* A complaint without a reason says nothing about what was done. */
                if (!reply->sense.present)
                        return fault_set(fault, FAULT_DRIVE_TRANSPORT,
                                         "drive complained about %s and gave no sense", name);
                if (reply->sense.key == KEY_RECOVERED && !reply->sense.deferred)
                        return 0;
                return judge_sense(&reply->sense, name, fault);
        case STATUS_BUSY:
        case STATUS_TASK_SET_FULL:
                return fault_set(fault, FAULT_DRIVE_NOT_READY,
                                 "drive is too busy for %s (status %02xh)", name, c->status);
        case STATUS_RESERVATION_CONFLICT:
                return fault_set(fault, FAULT_DRIVE_REFUSED,
                                 "drive is reserved by another computer, %s refused (status 18h)",
                                 name);
        default:
                return fault_set(fault, FAULT_DRIVE_TRANSPORT,
                                 "drive answered %s with status %02xh", name, c->status);
        }
}

static int judge(const Command *command, const Completion *c, const char *name, Reply *reply,
                 Fault *fault) {
        int r;

        if (c->host_status != HOST_OK)
                return judge_host(c, name, reply, fault);
        if (c->driver_status == DRIVER_TIMEOUT) {
                reply->silent = true;
                return fault_set(fault, FAULT_DRIVE_SILENT, "no answer to %s within %u s", name,
                                 (c->duration_ms + 500) / 1000);
        }
        if (c->driver_status != 0 && c->driver_status != DRIVER_SENSE)
                return fault_set(fault, FAULT_DRIVE_TRANSPORT,
                                 "the kernel's driver failed at %s (driver status %02xh)", name,
                                 c->driver_status);
        r = judge_status(c, reply, name, fault);
        if (r < 0)
                return r;
        /* Sense beside GOOD is a remark, unless its key says that it is none. */
        if (reply->sense.present && reply->sense.key > KEY_RECOVERED)
                return judge_sense(&reply->sense, name, fault);
        if (c->residual > command->n_data)
                return fault_set(fault, FAULT_DRIVE_MALFORMED,
                                 "%u of %u bytes of %s are said to be left over", c->residual,
                                 command->n_data, name);
        if (command->direction == DIRECTION_OUT && c->residual > 0)
                return fault_set(fault, FAULT_DRIVE_TRANSPORT,
                                 "%u of %u bytes of %s did not reach the drive; a bridge or the "
                                 "cable swallowed them",
                                 c->residual, command->n_data, name);
        return 0;
}

int command_execute(Transport *transport, const Command *command, const char *name, Reply *reply,
                    Fault *fault) {
        Completion completion = {};
        Reply unwanted;
        int r;

        if (!reply)
                reply = &unwanted;
        *reply = (Reply){};
        if (command->direction == DIRECTION_IN)
                memset(command->data, 0, command->n_data);

        r = transport_execute(transport, command, &completion);
        if (r < 0)
                return judge_unsent(r, name, reply, fault);

        reply->sent = true;
        reply->status = completion.status;
        reply->host_status = completion.host_status;
        reply->duration_ms = completion.duration_ms;
        if (completion.residual <= command->n_data)
                reply->n_moved = command->n_data - completion.residual;
        /* What lies in the buffer when the adapter failed may be another command's. */
        if (completion.host_status == HOST_OK &&
            (completion.driver_status == 0 || completion.driver_status == DRIVER_SENSE))
                (void)sense_decode(completion.sense, completion.n_sense, &reply->sense);
        return judge(command, &completion, name, reply, fault);
}

/* For commands that change nothing: past unit attentions and deferred errors, each of which the
 * drive reports once and instead of carrying out the command (SPC-4 5.14.1, SAM-5 5.14). */
static int look(Transport *transport, const Command *command, const char *name, Reply *reply,
                Fault *fault) {
        Reply unwanted;
        int r;

        if (!reply)
                reply = &unwanted;
        for (unsigned n = 0;; n++) {
                r = command_execute(transport, command, name, reply, fault);
                if (r == 0 || !reply->sense.present || n == ATTENTIONS_MAX ||
                    (reply->sense.key != KEY_UNIT_ATTENTION && !reply->sense.deferred))
                        return r;
                if (fault)
                        fault_clear(fault);
        }
}

/* For those that bring bytes. */
static int look_for(Transport *transport, Command *command, const char *name, void *buffer,
                    size_t size, size_t *ret_n_bytes, Reply *reply, Fault *fault) {
        Reply own;
        int r;

        if (!reply)
                reply = &own;
        command->direction = DIRECTION_IN;
        command->data = buffer;
        command->n_data = (uint32_t)size;
        command->timeout_ms = LOOK_TIMEOUT_MS;
        r = look(transport, command, name, reply, fault);
        if (r < 0)
                return r;
        *ret_n_bytes = reply->n_moved;
        return 0;
}

int command_test_unit_ready(Transport *transport, Reply *reply, Fault *fault) {
        const Command command = {
                .cdb = { OP_TEST_UNIT_READY },
                .n_cdb = 6,
                .timeout_ms = LOOK_TIMEOUT_MS,
        };
        Reply own;
        int r;

        if (!reply)
                reply = &own;
        r = command_execute(transport, &command, "TEST UNIT READY", reply, fault);
        if (r < 0 && reply->sense.present) {
                if (fault)
                        fault_clear(fault);
                return 0;
        }
        return r;
}

int command_inquiry(Transport *transport, void *buffer, size_t size, size_t *ret_n_bytes,
                    Reply *reply, Fault *fault) {
        Command command = { .cdb = { OP_INQUIRY }, .n_cdb = 6 };

        assert(size <= UINT16_MAX);
        put_be16(command.cdb + 3, (uint16_t)size);
        return look_for(transport, &command, "INQUIRY", buffer, size, ret_n_bytes, reply, fault);
}

int command_inquiry_page(Transport *transport, uint8_t page, void *buffer, size_t size,
                         size_t *ret_n_bytes, Reply *reply, Fault *fault) {
        Command command = { .cdb = { OP_INQUIRY, 0x01, page }, .n_cdb = 6 };

        assert(size <= UINT16_MAX);
        put_be16(command.cdb + 3, (uint16_t)size);
        return look_for(transport, &command, "INQUIRY for a page", buffer, size, ret_n_bytes, reply,
                        fault);
}

int command_get_configuration(Transport *transport, void *buffer, size_t size, size_t *ret_n_bytes,
                              Reply *reply, Fault *fault) {
        Command command = { .cdb = { OP_GET_CONFIGURATION }, .n_cdb = 10 };

        assert(size <= UINT16_MAX);
        put_be16(command.cdb + 7, (uint16_t)size);
        return look_for(transport, &command, "GET CONFIGURATION", buffer, size, ret_n_bytes, reply,
                        fault);
}

int command_mode_sense(Transport *transport, uint8_t page, void *buffer, size_t size,
                       size_t *ret_n_bytes, Reply *reply, Fault *fault) {
        Command command = { .cdb = { OP_MODE_SENSE_10, 0, page }, .n_cdb = 10 };

        assert(size <= UINT16_MAX && page <= 0x3f);
        put_be16(command.cdb + 7, (uint16_t)size);
        return look_for(transport, &command, "MODE SENSE", buffer, size, ret_n_bytes, reply, fault);
}

int command_report_key_region(Transport *transport, void *buffer, size_t size, size_t *ret_n_bytes,
                              Reply *reply, Fault *fault) {
        Command command = { .cdb = { OP_REPORT_KEY, [10] = 0x08 }, .n_cdb = 12 };

        assert(size >= 8 && size <= UINT16_MAX);
        put_be16(command.cdb + 8, (uint16_t)size);
        return look_for(transport, &command, "REPORT KEY", buffer, size, ret_n_bytes, reply, fault);
}

int command_get_event_status(Transport *transport, uint8_t classes, void *buffer, size_t size,
                             size_t *ret_n_bytes, Reply *reply, Fault *fault) {
        Command command = { .cdb = { OP_GET_EVENT_STATUS, 0x01, [4] = classes }, .n_cdb = 10 };

        assert(size <= UINT16_MAX);
        put_be16(command.cdb + 7, (uint16_t)size);
        return look_for(transport, &command, "GET EVENT STATUS NOTIFICATION", buffer, size,
                        ret_n_bytes, reply, fault);
}

int command_write_buffer(Transport *transport, uint8_t mode, uint8_t id, uint32_t offset,
                         const void *data, size_t n_data, uint32_t timeout_ms, Reply *reply,
                         Fault *fault) {
        Command command = {
                .cdb = { OP_WRITE_BUFFER, mode, id },
                .n_cdb = 10,
                .direction = n_data > 0 ? DIRECTION_OUT : DIRECTION_NONE,
                .data = (void *)data,
                .n_data = (uint32_t)n_data,
                .timeout_ms = timeout_ms,
        };

        assert(mode <= 0x1f && offset < LIMIT_24_BITS && n_data < LIMIT_24_BITS);
        put_be24(command.cdb + 3, offset);
        put_be24(command.cdb + 6, (uint32_t)n_data);
        return command_execute(transport, &command, "WRITE BUFFER", reply, fault);
}
