/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/front-socket.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "drive/transport-socket.h"
#include "tests/emulator/control.h"
#include "tests/emulator/kernel-filter.h"

#define CONNECTIONS_MAX 128
#define ANSWER_MAX      (EMULATED_ANSWER_HEAD + SCSI_SENSE_LENGTH + SCSI_IN_MAX)

_Static_assert(BENCH_DRIVES_MAX + CONNECTIONS_MAX <= FRONT_FDS_MAX, "all are watched");

/* Where a drive meets the world. */
typedef struct Port {
        int listener;        /* -1: unplugged */
        uint64_t held_until; /* a command keeps the bus */
        uint64_t reset_at;   /* a host has waited in vain and resets the bus */
} Port;

/* Zeroed when free: fd 0 is standard input and never ours. */
typedef struct Connection {
        int fd;
        size_t place;
        bool exclusive;
        uint8_t *in;
        size_t n_in;
        size_t size;
        uint64_t answer_at; /* NEVER: no answer is waiting */
        uint8_t *answer;
        size_t n_answer;
} Connection;

typedef struct SocketFront {
        Front front;
        const char *dir;
        Port ports[BENCH_DRIVES_MAX];
        Connection connections[CONNECTIONS_MAX];
} SocketFront;

static const char *name_of(const SocketFront *front, size_t place) {
        return front->front.bench->models[place].name;
}

static void drop(Connection *connection) {
        free(connection->in);
        free(connection->answer);
        (void)close(connection->fd);
        *connection = (Connection){};
}

static void unplug(Front *base, size_t place) {
        SocketFront *front = (SocketFront *)base;
        Port *port = &front->ports[place];

        socket_unlisten(front->dir, name_of(front, place), ".sock", &port->listener);
        port->reset_at = NEVER;
        port->held_until = 0;
        for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
                if (front->connections[i].fd && front->connections[i].place == place)
                        drop(&front->connections[i]);
}

static int plug(Front *base, size_t place) {
        SocketFront *front = (SocketFront *)base;
        Port *port = &front->ports[place];

        if (port->listener >= 0)
                return 0;
        return socket_listen(front->dir, name_of(front, place), ".sock", &port->listener);
}

static Front *free_front(Front *base) {
        SocketFront *front = (SocketFront *)base;

        for (size_t i = 0; i < base->bench->n_places; i++)
                if (front->ports[i].listener >= 0)
                        unplug(base, i);
        free(front);
        return NULL;
}

static int open_front(Bench *bench, const FrontOptions *options, Front **ret_front, Fault *fault) {
        _cleanup_(front_freep) Front *base = NULL;
        SocketFront *front = calloc(1, sizeof(*front));
        int r = 0;

        if (!front)
                return -ENOMEM;
        base = &front->front;
        front_init(base, &front_socket, bench);
        front->dir = options->dir;
        for (size_t i = 0; i < bench->n_places; i++)
                front->ports[i] = (Port){ .listener = -1, .reset_at = NEVER };
        for (size_t i = 0; r == 0 && i < bench->n_places; i++)
                r = plug(base, i);
        if (r < 0)
                return fault_set(fault, FAULT_BAD_CONFIG, "%s: cannot listen there: %s",
                                 options->dir, strerror(-r));
        *ret_front = TAKE(base);
        return 0;
}

static void on_listener(SocketFront *front, size_t place) {
        int fd = accept4(front->ports[place].listener, NULL, NULL, SOCK_CLOEXEC);
        struct timeval patience = { .tv_sec = 1 };
        uint8_t *answer;

        if (fd < 0)
                return;
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
        answer = malloc(ANSWER_MAX);
        for (unsigned i = 0; answer && i < CONNECTIONS_MAX; i++)
                if (!front->connections[i].fd) {
                        front->connections[i] = (Connection){
                                .fd = fd, .place = place, .answer_at = NEVER, .answer = answer
                        };
                        return;
                }
        free(answer);
        (void)close(fd);
}

/* A request as it stands at the head of a connection's buffer. */
typedef struct Head {
        uint8_t n_cdb;
        uint8_t direction;
        uint16_t flags;
        uint32_t timeout_ms;
        uint32_t n_data;
        size_t n_whole;
} Head;

/* False if this can be no request. With fewer bytes than a head, N_WHOLE is that of a head. */
static bool read_head(const Connection *connection, Head *ret_head) {
        Reader reader = reader_of(connection->in, connection->n_in);
        uint32_t magic;

        *ret_head = (Head){ .n_whole = EMULATED_REQUEST_HEAD };
        if (connection->n_in < EMULATED_REQUEST_HEAD)
                return true;
        magic = read_be32(&reader);
        ret_head->n_cdb = read_u8(&reader);
        ret_head->direction = read_u8(&reader);
        ret_head->flags = read_be16(&reader);
        ret_head->timeout_ms = read_be32(&reader);
        ret_head->n_data = read_be32(&reader);
        ret_head->n_whole += ret_head->n_cdb;
        if (ret_head->direction == SCSI_TO_DRIVE)
                ret_head->n_whole += ret_head->n_data;
        return magic == EMULATED_REQUEST_MAGIC && ret_head->n_cdb > 0 &&
               ret_head->n_cdb <= SCSI_CDB_MAX && ret_head->direction <= SCSI_TO_DRIVE &&
               ret_head->n_data <= EMULATED_DATA_MAX;
}

static void encode_answer(Connection *connection, const ScsiReply *reply) {
        bool has_sense = reply->status == SCSI_CHECK_CONDITION;
        Writer writer = writer_of(connection->answer, ANSWER_MAX);
        uint8_t sense[SCSI_SENSE_LENGTH];

        sense_encode(reply->sense, sense);
        write_be32(&writer, EMULATED_ANSWER_MAGIC);
        write_u8(&writer, reply->status);
        write_be16(&writer, reply->host_status);
        write_be16(&writer, reply->driver_status);
        write_be32(&writer, reply->residual);
        write_u8(&writer, has_sense ? SCSI_SENSE_LENGTH : 0);
        write_be32(&writer, reply->n_in);
        if (has_sense)
                write_bytes(&writer, sense, sizeof(sense));
        write_bytes(&writer, reply->in, reply->n_in);
        assert(!writer.failed);
        connection->n_answer = writer.n_used;
}

static void send_answer(Connection *connection) {
        connection->answer_at = NEVER;
        if (send(connection->fd, connection->answer, connection->n_answer, MSG_NOSIGNAL) !=
            (ssize_t)connection->n_answer)
                drop(connection);
}

/* What the kernel would say before it sends anything. */
static void send_refusal(Connection *connection, uint16_t host_status) {
        ScsiReply reply = { .host_status = host_status };

        encode_answer(connection, &reply);
        send_answer(connection);
}

static bool hung_up(const Connection *connection) {
        struct pollfd fd = { .fd = connection->fd, .events = POLLRDHUP };

        return poll(&fd, 1, 0) > 0 && fd.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

/* May this connection use its drive, or does somebody else stand in the way? */
static bool in_use(const SocketFront *front, const Connection *connection, bool exclusive) {
        if (connection->exclusive)
                return false; /* whoever came later is kept out, and does not keep out */
        for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
                const Connection *other = &front->connections[i];

                if (other->fd && other != connection && other->place == connection->place &&
                    (exclusive || other->exclusive) && !hung_up(other))
                        return true;
        }
        return false;
}

static void deliver(SocketFront *front, Connection *connection, const Head *head,
                    const ScsiReply *reply, uint64_t now) {
        Port *port = &front->ports[connection->place];
        size_t place = connection->place;

        if (reply->fate == SCSI_VANISHED) {
                front_vanish(&front->front, place, now + reply->delay_ms);
                return;
        }
        port->held_until = now + reply->delay_ms;
        if (reply->fate == SCSI_SILENT || reply->delay_ms > head->timeout_ms) {
                port->reset_at = now + head->timeout_ms;
                return;
        }
        encode_answer(connection, reply);
        connection->answer_at = now + reply->delay_ms;
        if (reply->delay_ms == 0)
                send_answer(connection);
}

static void execute(SocketFront *front, Connection *connection, const Head *head, uint64_t now) {
        const uint8_t *cdb = connection->in + EMULATED_REQUEST_HEAD;
        static ScsiReply reply;
        ScsiRequest request = {
                .n_cdb = head->n_cdb,
                .flow = (ScsiFlow)head->direction,
                .out = cdb + head->n_cdb,
                .n_data = head->direction == SCSI_NO_DATA ? 0 : head->n_data,
        };

        memcpy(request.cdb, cdb, head->n_cdb);
        if (in_use(front, connection, head->flags & EMULATED_FLAG_EXCLUSIVE)) {
                bench_note(front->front.bench, connection->place, &request, "EBUSY");
                send_refusal(connection, EMULATED_EBUSY);
                return;
        }
        connection->exclusive = connection->exclusive || head->flags & EMULATED_FLAG_EXCLUSIVE;
        if (head->flags & EMULATED_FLAG_LOOK && !kernel_lets_look(request.cdb[0])) {
                bench_note(front->front.bench, connection->place, &request, "EPERM");
                send_refusal(connection, EMULATED_EPERM);
                return;
        }
        bench_execute(front->front.bench, connection->place, &request, now, &reply);
        deliver(front, connection, head, &reply, now);
}

/* Takes a request from the buffer if a whole one is there and the drive is free for it. */
static void serve(SocketFront *front, Connection *connection, uint64_t now) {
        Head head;

        while (connection->fd && connection->answer_at == NEVER &&
               now >= front->ports[connection->place].held_until) {
                if (!read_head(connection, &head)) {
                        drop(connection);
                        return;
                }
                if (connection->n_in < head.n_whole)
                        return;
                execute(front, connection, &head, now);
                if (!connection->fd)
                        return;
                connection->n_in -= head.n_whole;
                memmove(connection->in, connection->in + head.n_whole, connection->n_in);
        }
}

static void on_bytes(Connection *connection) {
        size_t want;
        Head head;
        ssize_t n;

        if (!read_head(connection, &head)) {
                drop(connection);
                return;
        }
        want = head.n_whole > connection->n_in ? head.n_whole : connection->n_in + 1;
        if (want > connection->size) {
                uint8_t *grown = realloc(connection->in, want);

                if (!grown) {
                        drop(connection);
                        return;
                }
                connection->in = grown;
                connection->size = want;
        }
        n = recv(connection->fd, connection->in + connection->n_in, want - connection->n_in,
                 MSG_DONTWAIT);
        if (n > 0)
                connection->n_in += (size_t)n;
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
                drop(connection);
}

static uint64_t earlier(uint64_t a, uint64_t b) {
        return a < b ? a : b;
}

static uint64_t next_time(const SocketFront *front, uint64_t now) {
        uint64_t next = NEVER;

        for (size_t i = 0; i < front->front.bench->n_places; i++) {
                const Port *port = &front->ports[i];

                next = earlier(next, port->reset_at);
                if (port->held_until > now)
                        next = earlier(next, port->held_until);
        }
        for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
                if (front->connections[i].fd)
                        next = earlier(next, front->connections[i].answer_at);
        return next;
}

static uint64_t on_time(Front *base, uint64_t now) {
        SocketFront *front = (SocketFront *)base;

        for (size_t i = 0; i < base->bench->n_places; i++)
                if (now >= front->ports[i].reset_at) {
                        bench_bus_reset(base->bench, i);
                        front->ports[i].reset_at = NEVER;
                }
        for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
                Connection *connection = &front->connections[i];

                if (connection->fd && now >= connection->answer_at)
                        send_answer(connection);
                if (connection->fd)
                        serve(front, connection, now);
        }
        return next_time(front, now);
}

/* poll() passes over negative descriptors, so that places in the list are fixed. */
static size_t watch(Front *base, struct pollfd *fds) {
        const SocketFront *front = (const SocketFront *)base;
        size_t n = 0;

        for (size_t i = 0; i < base->bench->n_places; i++)
                fds[n++] = (struct pollfd){ .fd = front->ports[i].listener, .events = POLLIN };
        for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
                const Connection *connection = &front->connections[i];

                fds[n++] = (struct pollfd){
                        .fd = connection->fd ? connection->fd : -1,
                        .events = connection->answer_at == NEVER ? POLLIN : 0,
                };
        }
        return n;
}

static void on_events(Front *base, const struct pollfd *fds, uint64_t now) {
        SocketFront *front = (SocketFront *)base;
        const struct pollfd *fd = fds + base->bench->n_places;

        /* Connections first: their places shift when a drive is unplugged or accepts. */
        for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
                Connection *connection = &front->connections[i];

                if (connection->fd != fd[i].fd || fd[i].revents == 0)
                        continue;
                if (fd[i].revents & POLLIN)
                        on_bytes(connection);
                else
                        drop(connection);
                if (connection->fd)
                        serve(front, connection, now);
        }
        for (size_t i = 0; i < base->bench->n_places; i++)
                if (fds[i].revents && front->ports[i].listener == fds[i].fd)
                        on_listener(front, i);
}

const FrontKind front_socket = {
        .name = "socket",
        .open = open_front,
        .free = free_front,
        .plug = plug,
        .unplug = unplug,
        .watch = watch,
        .on_events = on_events,
        .on_time = on_time,
};
