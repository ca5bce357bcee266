/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drive/transport-socket.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"

/* Linux' DID_ numbers, include/scsi/scsi_status.h. */
#define HOST_TIME_OUT 3
#define HOST_ERROR    7

typedef struct SocketTransport {
        Transport transport;
        int fd;
        TransportMode mode;
        bool broken; /* answers could not be told apart any more */
} SocketTransport;

static SocketTransport *socket_of(const Transport *transport) {
        return (SocketTransport *)transport;
}

/* Waits until FD is fit for EVENT. Returns 0, -ETIMEDOUT, or errno. */
static int wait_until(int fd, short event, uint64_t deadline) {
        struct pollfd p = { .fd = fd, .events = event };

        for (;;) {
                uint64_t now = clock_boottime_ms();
                uint64_t left = deadline > now ? deadline - now : 0;
                int r;

                r = poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left);
                if (r > 0)
                        return 0;
                if (r == 0)
                        return -ETIMEDOUT;
                if (errno != EINTR)
                        return -errno;
        }
}

static int send_bytes(int fd, const void *bytes, size_t n_bytes, uint64_t deadline) {
        const uint8_t *p = bytes;

        while (n_bytes > 0) {
                ssize_t n = send(fd, p, n_bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
                int r;

                if (n > 0) {
                        p += n;
                        n_bytes -= (size_t)n;
                        continue;
                }
                if (n < 0 && errno != EAGAIN && errno != EINTR)
                        return -errno;
                r = wait_until(fd, POLLOUT, deadline);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int receive_bytes(int fd, void *bytes, size_t n_bytes, uint64_t deadline) {
        uint8_t *p = bytes;

        while (n_bytes > 0) {
                ssize_t n = recv(fd, p, n_bytes, MSG_DONTWAIT);
                int r;

                if (n > 0) {
                        p += n;
                        n_bytes -= (size_t)n;
                        continue;
                }
                if (n == 0)
                        return -ENODEV;
                if (errno != EAGAIN && errno != EINTR)
                        return -errno;
                r = wait_until(fd, POLLIN, deadline);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int send_request(const SocketTransport *s, const Command *command, uint64_t deadline) {
        uint8_t head[EMULATED_REQUEST_HEAD + CDB_LENGTH_MAX];
        Writer w = writer_of(head, sizeof(head));
        int r;

        write_be32(&w, EMULATED_REQUEST_MAGIC);
        write_u8(&w, command->n_cdb);
        write_u8(&w, (uint8_t)command->direction);
        write_be16(&w, s->mode == TRANSPORT_LOOK ? EMULATED_FLAG_LOOK : EMULATED_FLAG_EXCLUSIVE);
        write_be32(&w, command->timeout_ms);
        write_be32(&w, command->n_data);
        write_bytes(&w, command->cdb, command->n_cdb);

        r = send_bytes(s->fd, head, w.n_used, deadline);
        if (r < 0 || command->direction != DIRECTION_OUT)
                return r;
        return send_bytes(s->fd, command->data, command->n_data, deadline);
}

/* -EPROTO for an answer that no drive would give. */
static int receive_answer(const SocketTransport *s, const Command *command, uint64_t deadline,
                          Completion *completion) {
        uint8_t head[EMULATED_ANSWER_HEAD];
        Reader reader = reader_of(head, sizeof(head));
        uint32_t magic, n_data;
        int r;

        r = receive_bytes(s->fd, head, sizeof(head), deadline);
        if (r < 0)
                return r;
        magic = read_be32(&reader);
        completion->status = read_u8(&reader);
        completion->host_status = read_be16(&reader);
        completion->driver_status = read_be16(&reader);
        completion->residual = read_be32(&reader);
        completion->n_sense = read_u8(&reader);
        n_data = read_be32(&reader);
        if (magic != EMULATED_ANSWER_MAGIC || completion->n_sense > SENSE_LENGTH_MAX ||
            n_data > (command->direction == DIRECTION_IN ? command->n_data : 0))
                return -EPROTO;

        r = receive_bytes(s->fd, completion->sense, completion->n_sense, deadline);
        if (r < 0)
                return r;
        return receive_bytes(s->fd, command->data, n_data, deadline);
}

static int socket_execute(Transport *transport, const Command *command,
                          Completion *ret_completion) {
        SocketTransport *s = socket_of(transport);
        const uint64_t start = clock_boottime_ms(), deadline = start + command->timeout_ms;
        Completion completion = {};
        int r;

        if (s->broken)
                return -ENODEV;
        if (command->n_data > EMULATED_DATA_MAX)
                return -EIO;

        r = send_request(s, command, deadline);
        if (r >= 0)
                r = receive_answer(s, command, deadline, &completion);
        if (r < 0)
                s->broken = true;
        if (r == -EPIPE || r == -ECONNRESET)
                return -ENODEV;
        if (r == -ETIMEDOUT)
                completion = (Completion){ .host_status = HOST_TIME_OUT };
        else if (r == -EPROTO)
                completion = (Completion){ .host_status = HOST_ERROR };
        else if (r < 0)
                return r;
        if (completion.host_status == EMULATED_EPERM)
                return -EPERM;
        if (completion.host_status == EMULATED_EBUSY)
                return -EBUSY;

        completion.duration_ms = (uint32_t)(clock_boottime_ms() - start);
        *ret_completion = completion;
        return 0;
}

static uint32_t socket_transfer_max(const Transport *transport) {
        (void)transport;
        return EMULATED_DATA_MAX;
}

static void socket_free(Transport *transport) {
        closep(&socket_of(transport)->fd);
        free(transport);
}

static const TransportOps socket_ops = {
        .execute = socket_execute,
        .transfer_max = socket_transfer_max,
        .free = socket_free,
};

int transport_socket_open(const char *path, TransportMode mode, Transport **ret_transport) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_close_ int fd = -1;
        SocketTransport *s;

        if (strlen(path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        strcpy(address.sun_path, path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        /* On a Unix socket only a full queue makes this wait: somebody else is served. */
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                return errno == EAGAIN ? -EBUSY : -errno;

        s = malloc(sizeof(*s));
        if (!s)
                return -ENOMEM;
        *s = (SocketTransport){
                .transport.ops = &socket_ops,
                .fd = TAKE_FD(fd),
                .mode = mode,
        };
        *ret_transport = &s->transport;
        return 0;
}
