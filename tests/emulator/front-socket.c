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
#define NEVER           UINT64_MAX

/* Where a drive meets the world. */
typedef struct Port {
        int listener;        /* -1: unplugged */
        uint64_t back_at;    /* plugs itself in again */
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
        uint8_t answer[EMULATED_ANSWER_HEAD + SCSI_SENSE_LENGTH + SCSI_IN_MAX];
        size_t n_answer;
} Connection;

struct Front {
        Bench *bench;
        char dir[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
        Port ports[BENCH_DRIVES_MAX];
        int control;
        Connection connections[CONNECTIONS_MAX];
};

static int socket_address(const Front *front, const char *name, const char *suffix,
                          struct sockaddr_un *ret_address) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int n = snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s%s", front->dir, name,
                         suffix);

        if (n < 0 || (size_t)n >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        *ret_address = address;
        return 0;
}

static int listen_on(const Front *front, const char *name, const char *suffix, int *ret_fd) {
        _cleanup_close_ int fd = -1;
        struct sockaddr_un address;
        int r;

        r = socket_address(front, name, suffix, &address);
        if (r < 0)
                return r;
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        (void)unlink(address.sun_path);
        if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 16) < 0)
                return -errno;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static void unlisten(const Front *front, const char *name, const char *suffix, int *fd) {
        struct sockaddr_un address;

        closep(fd);
        *fd = -1;
        if (socket_address(front, name, suffix, &address) == 0)
                (void)unlink(address.sun_path);
}

static void drop(Connection *connection) {
        free(connection->in);
        (void)close(connection->fd);
        *connection = (Connection){};
}

void front_unplug(Front *front, size_t place) {
        Port *port = &front->ports[place];

        unlisten(front, front->bench->models[place].name, ".sock", &port->listener);
        port->back_at = port->reset_at = NEVER;
        port->held_until = 0;
        for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
                if (front->connections[i].fd && front->connections[i].place == place)
                        drop(&front->connections[i]);
}

int front_plug(Front *front, size_t place) {
        Port *port = &front->ports[place];

        port->back_at = NEVER;
        if (port->listener >= 0)
                return 0;
        return listen_on(front, front->bench->models[place].name, ".sock", &port->listener);
}

int front_open(Bench *bench, const char *dir, Front **ret_front, Fault *fault) {
        _cleanup_(front_freep) Front *front = calloc(1, sizeof(*front));
        int r = 0;

        if (!front)
                return -ENOMEM;
        front->bench = bench;
        front->control = -1;
        for (size_t i = 0; i < bench->n_places; i++)
                front->ports[i] = (Port){ .listener = -1, .back_at = NEVER, .reset_at = NEVER };
        if ((size_t)snprintf(front->dir, sizeof(front->dir), "%s", dir) >= sizeof(front->dir))
                return fault_set(fault, FAULT_BAD_CONFIG, "%s: too long for a socket", dir);
        for (size_t i = 0; r == 0 && i < bench->n_places; i++)
                r = front_plug(front, i);
        if (r == 0)
                r = listen_on(front, "control", "", &front->control);
        if (r < 0)
                return fault_set(fault, FAULT_BAD_CONFIG, "%s: cannot listen there: %s", dir,
                                 strerror(-r));
        *ret_front = TAKE(front);
        return 0;
}

Front *front_free(Front *front) {
        if (!front)
                return NULL;
        for (size_t i = 0; i < front->bench->n_places; i++)
                if (front->ports[i].listener >= 0)
                        front_unplug(front, i);
        if (front->control >= 0)
                unlisten(front, "control", "", &front->control);
        free(front);
        return NULL;
}

static void on_listener(Front *front, size_t place) {
        int fd = accept4(front->ports[place].listener, NULL, NULL, SOCK_CLOEXEC);
        struct timeval patience = { .tv_sec = 1 };

        if (fd < 0)
                return;
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
        for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
                if (!front->connections[i].fd) {
                        front->connections[i] =
                                (Connection){ .fd = fd, .place = place, .answer_at = NEVER };
                        return;
                }
        (void)close(fd);
}

/* One line, then the answer. Who dawdles is cut off: the drives are not to wait for him. */
static void on_control(Front *front) {
        _cleanup_close_ int fd = accept4(front->control, NULL, NULL, SOCK_CLOEXEC);
        struct timeval patience = { .tv_sec = 1 };
        char line[CONTROL_LINE_MAX];
        _cleanup_free_ char *text = NULL;
        size_t n_text;
        ssize_t n;
        FILE *answer;

        if (fd < 0)
                return;
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
        n = recv(fd, line, sizeof(line) - 1, 0);
        if (n <= 0)
                return;
        line[n] = '\0';
        answer = open_memstream(&text, &n_text);
        if (!answer)
                return;
        control_execute(front->bench, front, line, clock_boottime_ms(), answer);
        (void)fclose(answer);
        (void)send(fd, text, n_text, MSG_NOSIGNAL);
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
        Writer writer = writer_of(connection->answer, sizeof(connection->answer));
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
static bool in_use(const Front *front, const Connection *connection, bool exclusive) {
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

static void deliver(Front *front, Connection *connection, const Head *head, const ScsiReply *reply,
                    uint64_t now) {
        Port *port = &front->ports[connection->place];
        size_t place = connection->place;

        if (reply->fate == SCSI_VANISHED) {
                front_unplug(front, place);
                port->back_at = now + reply->delay_ms;
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

static void execute(Front *front, Connection *connection, const Head *head, uint64_t now) {
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
                bench_note(front->bench, connection->place, &request, "EBUSY");
                send_refusal(connection, EMULATED_EBUSY);
                return;
        }
        connection->exclusive = connection->exclusive || head->flags & EMULATED_FLAG_EXCLUSIVE;
        if (head->flags & EMULATED_FLAG_LOOK && !kernel_lets_look(request.cdb[0])) {
                bench_note(front->bench, connection->place, &request, "EPERM");
                send_refusal(connection, EMULATED_EPERM);
                return;
        }
        bench_execute(front->bench, connection->place, &request, now, &reply);
        deliver(front, connection, head, &reply, now);
}

/* Takes a request from the buffer if a whole one is there and the drive is free for it. */
static void serve(Front *front, Connection *connection, uint64_t now) {
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

/* What was to happen by NOW. */
static void on_time(Front *front, uint64_t now) {
        for (size_t i = 0; i < front->bench->n_places; i++) {
                Port *port = &front->ports[i];

                if (now >= port->reset_at) {
                        bench_bus_reset(front->bench, i);
                        port->reset_at = NEVER;
                }
                if (now >= port->back_at) {
                        bench_bus_reset(front->bench, i);
                        if (front_plug(front, i) < 0)
                                port->back_at = now + 1000;
                }
        }
        for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
                Connection *connection = &front->connections[i];

                if (connection->fd && now >= connection->answer_at)
                        send_answer(connection);
                if (connection->fd)
                        serve(front, connection, now);
        }
}

static uint64_t earlier(uint64_t a, uint64_t b) {
        return a < b ? a : b;
}

/* When on_time() is wanted next. */
static uint64_t next_time(const Front *front, uint64_t now) {
        uint64_t next = bench_tick(front->bench, now);

        for (size_t i = 0; i < front->bench->n_places; i++) {
                const Port *port = &front->ports[i];

                next = earlier(next, earlier(port->reset_at, port->back_at));
                if (port->held_until > now)
                        next = earlier(next, port->held_until);
        }
        for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
                if (front->connections[i].fd)
                        next = earlier(next, front->connections[i].answer_at);
        return next;
}

static int patience(uint64_t next, uint64_t now) {
        if (next == NEVER)
                return -1;
        if (next <= now)
                return 0;
        return next - now > 60 * 1000 ? 60 * 1000 : (int)(next - now);
}

typedef struct Watch {
        struct pollfd fds[2 + BENCH_DRIVES_MAX + CONNECTIONS_MAX];
        nfds_t n;
} Watch;

static void watch(Watch *watch_list, int fd, short events) {
        /* poll() passes over negative descriptors, so that places in the list are fixed. */
        watch_list->fds[watch_list->n++] = (struct pollfd){ .fd = fd, .events = events };
}

static void watch_all(const Front *front, int stop_fd, Watch *list) {
        list->n = 0;
        watch(list, stop_fd, POLLIN);
        watch(list, front->control, POLLIN);
        for (size_t i = 0; i < front->bench->n_places; i++)
                watch(list, front->ports[i].listener, POLLIN);
        for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
                const Connection *connection = &front->connections[i];

                watch(list, connection->fd ? connection->fd : -1,
                      connection->answer_at == NEVER ? POLLIN : 0);
        }
}

static void on_events(Front *front, const Watch *list) {
        const struct pollfd *fd = list->fds + 2;

        /* Connections first: their places shift when a drive is unplugged or accepts. */
        fd += front->bench->n_places;
        for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
                Connection *connection = &front->connections[i];

                if (connection->fd != fd[i].fd || fd[i].revents == 0)
                        continue;
                if (fd[i].revents & POLLIN)
                        on_bytes(connection);
                else
                        drop(connection);
                if (connection->fd)
                        serve(front, connection, clock_boottime_ms());
        }
        for (size_t i = 0; i < front->bench->n_places; i++)
                if (list->fds[2 + i].revents && front->ports[i].listener == list->fds[2 + i].fd)
                        on_listener(front, i);
        if (list->fds[1].revents)
                on_control(front);
}

int front_run(Front *front, int stop_fd) {
        for (;;) {
                uint64_t now = clock_boottime_ms();
                Watch list;

                on_time(front, now);
                watch_all(front, stop_fd, &list);
                if (poll(list.fds, list.n, patience(next_time(front, now), now)) < 0 &&
                    errno != EINTR)
                        return -errno;
                if (list.fds[0].revents)
                        return 0;
                on_events(front, &list);
        }
}
