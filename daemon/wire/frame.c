/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/frame.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

void message_done(Message *message) {
        for (unsigned i = 0; i < WIRE_FDS_MAX; i++) {
                closep(&message->fds[i]);
                message->fds[i] = -1;
        }
        message->n_fds = 0;
}

int message_take_fd(Message *message, unsigned i) {
        return i < message->n_fds ? TAKE_FD(message->fds[i]) : -1;
}

int message_send(int socket, uint16_t kind, const void *payload, size_t n_payload, const int *fds,
                 unsigned n_fds) {
        uint8_t head[4];
        struct iovec parts[] = { { .iov_base = head, .iov_len = sizeof(head) },
                                 { .iov_base = (void *)payload, .iov_len = n_payload } };
        union {
                struct cmsghdr align;
                char bytes[CMSG_SPACE(sizeof(int) * WIRE_FDS_MAX)];
        } control = {};
        struct msghdr header = { .msg_iov = parts, .msg_iovlen = 2 };
        ssize_t n;

        if (n_payload > WIRE_MESSAGE_MAX || n_fds > WIRE_FDS_MAX)
                return -EMSGSIZE;
        put_be16(head, WIRE_VERSION);
        put_be16(head + 2, kind);
        if (n_fds > 0) {
                struct cmsghdr *c;

                header.msg_control = control.bytes;
                header.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
                c = CMSG_FIRSTHDR(&header);
                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
                memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
        }
        do
                n = sendmsg(socket, &header, MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : 0;
}

/* Takes over all descriptors that came, also those that should not have. */
static bool take_descriptors(struct msghdr *header, Message *message) {
        bool ok = !(header->msg_flags & MSG_CTRUNC);

        for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
                size_t n;

                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                for (size_t i = 0; i < n; i++) {
                        int fd;

                        memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
                        if (message->n_fds < WIRE_FDS_MAX)
                                message->fds[message->n_fds++] = fd;
                        else {
                                closep(&fd);
                                ok = false;
                        }
                }
        }
        return ok;
}

int message_receive(int socket, Message *message) {
        uint8_t head[4];
        struct iovec parts[] = { { .iov_base = head, .iov_len = sizeof(head) },
                                 { .iov_base = message->payload,
                                   .iov_len = sizeof(message->payload) } };
        union {
                struct cmsghdr align;
                char bytes[CMSG_SPACE(sizeof(int) * WIRE_FDS_MAX)];
        } control;
        struct msghdr header = { .msg_iov = parts,
                                 .msg_iovlen = 2,
                                 .msg_control = control.bytes,
                                 .msg_controllen = sizeof(control.bytes) };
        ssize_t n;
        bool ok;

        do
                n = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return errno == ECONNRESET ? 0 : -errno;
        if (n == 0)
                return 0;
        ok = take_descriptors(&header, message);
        if (!ok || (header.msg_flags & MSG_TRUNC) || n < (ssize_t)sizeof(head) ||
            get_be16(head) != WIRE_VERSION) {
                message_done(message);
                return -EPROTO;
        }
        message->kind = get_be16(head + 2);
        message->n_payload = (size_t)n - sizeof(head);
        return 1;
}

int message_unexpected(const Message *message, const char *wanted, Fault *fault) {
        return fault_set(fault, FAULT_PROTOCOL, "message %03x of %zu bytes came, wanted %s",
                         message->kind, message->n_payload, wanted);
}

void write_fault(Writer *writer, const Fault *fault) {
        write_be16(writer, (uint16_t)fault->code);
        write_string(writer, fault->text);
}

void read_fault(Reader *reader, Fault *ret_fault) {
        uint16_t code = read_be16(reader);

        *ret_fault = (Fault){};
        read_string(reader, ret_fault->text, sizeof(ret_fault->text));
        if (code != FAULT_NONE && !fault_code_valid(code))
                reader->failed = true;
        if (!reader->failed)
                ret_fault->code = (FaultCode)code;
}
