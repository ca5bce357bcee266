/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/server.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/text.h"
#include "ipc/varlink.h"

#define CLIENTS_MAX         64
#define CLIENTS_ROOT_MAX    8 /* beyond those, so that others can never keep root out */
#define CLIENTS_PER_UID_MAX 16
#define QUEUE_MAX           (512u * 1024)
#define MESSAGE_TIMEOUT_US  (10u * 1000 * 1000)

typedef struct Client {
        Server *server;
        uint64_t id;
        int fd;
        Caller caller;
        sd_event_source *io;
        sd_event_source *timer; /* runs while a message is half there, or an answer half read */
        char *in;
        size_t n_in;
        char *out;
        size_t n_out;
        bool busy; /* a call is being answered */
        bool oneway;
        bool ended; /* nothing more will come from there */
        bool dead;  /* freed when its own callback is over */
        struct Client *next;
} Client;

struct Server {
        sd_event *event;
        sd_event_source *io;
        int listener;
        ServerPolicy policy;
        ServerHandlers handlers;
        Client *clients;
        unsigned n_clients;
        uint64_t next_id;
};

static void client_free(Client *client) {
        Server *server = client->server;

        for (Client **p = &server->clients; *p; p = &(*p)->next)
                if (*p == client) {
                        *p = client->next;
                        server->n_clients--;
                        break;
                }
        server->handlers.on_gone(client->id, server->handlers.userdata);
        sd_event_source_unref(client->io);
        sd_event_source_unref(client->timer);
        closep(&client->fd);
        free(client->in);
        free(client->out);
        free(client);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        Client *client = userdata;

        (void)source;
        (void)usec;
        log_info("client of uid %u is too slow and was dropped", client->caller.uid);
        client_free(client);
        return 0;
}

/* The clock runs while something is half done, and not while a client only listens. */
static int set_timer(Client *client, bool on) {
        int r;

        if (!on) {
                client->timer = sd_event_source_unref(client->timer);
                return 0;
        }
        if (client->timer)
                return 0;
        r = sd_event_add_time_relative(client->server->event, &client->timer, CLOCK_BOOTTIME,
                                       MESSAGE_TIMEOUT_US, 0, on_timer, client);
        if (r >= 0)
                (void)sd_event_source_set_description(client->timer, "client-timeout");
        return r;
}

static void update_events(Client *client) {
        uint32_t events = 0;

        /* EPOLLHUP, that nobody reads our answers either, is always told. */
        if (!client->busy && !client->ended && client->n_in < VARLINK_MESSAGE_MAX)
                events |= EPOLLIN;
        if (client->n_out > 0)
                events |= EPOLLOUT;
        (void)sd_event_source_set_io_events(client->io, events);
        if (set_timer(client, client->n_out > 0 || (client->n_in > 0 && !client->busy)) < 0)
                client->dead = true;
}

static void flush(Client *client) {
        ssize_t n;

        while (client->n_out > 0) {
                n = send(client->fd, client->out, client->n_out, MSG_DONTWAIT | MSG_NOSIGNAL);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0) {
                        client->dead = client->dead || (errno != EAGAIN);
                        return;
                }
                client->n_out -= (size_t)n;
                memmove(client->out, client->out + n, client->n_out);
                client->timer = sd_event_source_unref(client->timer);
        }
}

/* Queues TEXT with its NUL. Whoever lets its queue run full does not read. */
static void send_text(Client *client, const char *text) {
        size_t n = text ? strlen(text) + 1 : 0;
        char *out;

        if (n == 0 || client->n_out + n > QUEUE_MAX ||
            !(out = realloc(client->out, client->n_out + n))) {
                client->dead = true;
                return;
        }
        client->out = out;
        memcpy(out + client->n_out, text, n);
        client->n_out += n;
        flush(client);
}

static void handle_message(Client *client, const char *bytes, size_t n_bytes) {
        Server *server = client->server;
        Call call;

        switch (call_parse(bytes, n_bytes, &call)) {
        case CALL_BROKEN: client->dead = true; return;
        case CALL_ANSWERED: {
                _cleanup_free_ char *text = json_text(call.reply);

                json_decref(call.reply);
                if (!call.oneway)
                        send_text(client, text);
                return;
        }
        case CALL_REQUEST:
                call.request.client = client->id;
                call.request.caller = client->caller;
                if (!call.request.via[0])
                        text_format(call.request.via, sizeof(call.request.via), "local");
                client->oneway = call.oneway;
                client->busy = true;
                server->handlers.on_request(&call.request, server->handlers.userdata);
                return;
        }
}

/* Takes whole messages out of the buffer as long as no call is under way. */
static void work(Client *client) {
        while (!client->dead && !client->busy) {
                char *end = client->n_in > 0 ? memchr(client->in, '\0', client->n_in) : NULL;
                _cleanup_free_ char *message = NULL;
                size_t n;

                if (!end) {
                        if (client->n_in >= VARLINK_MESSAGE_MAX)
                                client->dead = true;
                        return;
                }
                n = (size_t)(end - client->in);
                message = malloc(n + 1);
                if (!message) {
                        client->dead = true;
                        return;
                }
                memcpy(message, client->in, n + 1);
                client->n_in -= n + 1;
                memmove(client->in, end + 1, client->n_in);
                client->timer = sd_event_source_unref(client->timer);
                handle_message(client, message, n);
        }
}

static void receive(Client *client) {
        ssize_t n = recv(client->fd, client->in + client->n_in, VARLINK_MESSAGE_MAX - client->n_in,
                         MSG_DONTWAIT);

        if (n > 0)
                client->n_in += (size_t)n;
        else if (n == 0)
                client->ended = true;
        else if (errno != EAGAIN && errno != EINTR)
                client->dead = true;
}

static int on_client(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        Client *client = userdata;

        (void)source;
        (void)fd;
        if (events & EPOLLIN)
                receive(client); /* also what was sent before hanging up */
        else if (events & (EPOLLHUP | EPOLLERR))
                client->dead = true;
        if (!client->dead && (events & EPOLLOUT))
                flush(client);
        if (!client->dead)
                work(client);
        if (client->ended && !client->busy && client->n_out == 0)
                client->dead = true; /* all that was asked is answered; half a message is none */
        if (!client->dead)
                update_events(client);
        if (client->dead)
                client_free(client);
        return 0;
}

static bool in_group(int fd, gid_t main_group, const char *name) {
        gid_t groups[256];
        socklen_t n = sizeof(groups);
        char buffer[4096];
        struct group group, *found = NULL;

        if (getgrnam_r(name, &group, buffer, sizeof(buffer), &found) != 0 || !found)
                return false;
        if (main_group == group.gr_gid)
                return true;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n) < 0)
                return false;
        for (size_t i = 0; i < n / sizeof(gid_t); i++)
                if (groups[i] == group.gr_gid)
                        return true;
        return false;
}

static int identify(const ServerPolicy *policy, int fd, Caller *ret_caller) {
        struct ucred cred;
        socklen_t n = sizeof(cred);
        char buffer[4096];
        struct passwd pw, *found = NULL;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) < 0 || n != sizeof(cred))
                return -EPERM;
        *ret_caller = (Caller){ .uid = cred.uid };
        ret_caller->root = cred.uid == 0 || (policy->standalone && cred.uid == policy->owner);
        ret_caller->admin = ret_caller->root ||
                            (!policy->standalone && in_group(fd, cred.gid, policy->admin_group));
        if (getpwuid_r(cred.uid, &pw, buffer, sizeof(buffer), &found) == 0 && found)
                text_escape_utf8(pw.pw_name, ret_caller->user, sizeof(ret_caller->user));
        else
                text_format(ret_caller->user, sizeof(ret_caller->user), "%u", cred.uid);
        return 0;
}

static unsigned clients_of(const Server *server, uint32_t uid) {
        unsigned n = 0;

        for (const Client *c = server->clients; c; c = c->next)
                n += c->caller.uid == uid;
        return n;
}

static int accept_client(Server *server, int fd) {
        Client *client = calloc(1, sizeof(*client));
        int r = -ENOMEM;

        if (!client) {
                closep(&fd);
                return r;
        }
        client->server = server;
        client->fd = fd;
        client->id = ++server->next_id;
        client->in = malloc(VARLINK_MESSAGE_MAX);
        client->next = server->clients;
        server->clients = client;
        server->n_clients++;
        if (client->in)
                r = identify(&server->policy, fd, &client->caller);
        if (r >= 0 && !client->caller.root &&
            (server->n_clients > CLIENTS_MAX ||
             clients_of(server, client->caller.uid) > CLIENTS_PER_UID_MAX))
                r = -EUSERS;
        if (r >= 0)
                r = sd_event_add_io(server->event, &client->io, fd, EPOLLIN, on_client, client);
        if (r < 0) {
                client_free(client);
                return r;
        }
        (void)sd_event_source_set_description(client->io, "client");
        return 0;
}

static int on_listener(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        Server *server = userdata;
        int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        (void)source;
        (void)events;
        if (client < 0)
                return 0;
        if (server->n_clients >= CLIENTS_MAX + CLIENTS_ROOT_MAX) {
                closep(&client);
                return 0;
        }
        (void)accept_client(server, client);
        return 0;
}

int server_new(sd_event *event, int listener, const ServerPolicy *policy,
               const ServerHandlers *handlers, Server **ret_server) {
        _cleanup_(server_freep) Server *server = calloc(1, sizeof(*server));
        int r;

        if (!server) {
                closep(&listener);
                return -ENOMEM;
        }
        server->event = sd_event_ref(event);
        server->listener = listener;
        server->policy = *policy;
        server->handlers = *handlers;
        r = sd_event_add_io(event, &server->io, listener, EPOLLIN, on_listener, server);
        if (r < 0)
                return r;
        (void)sd_event_source_set_description(server->io, "listener");
        *ret_server = TAKE(server);
        return 0;
}

Server *server_free(Server *server) {
        if (!server)
                return NULL;
        while (server->clients)
                client_free(server->clients);
        sd_event_source_unref(server->io);
        sd_event_unref(server->event);
        closep(&server->listener);
        free(server);
        return NULL;
}

static Client *find(Server *server, uint64_t id) {
        for (Client *c = server->clients; c; c = c->next)
                if (c->id == id)
                        return c;
        return NULL;
}

/* Runs inside other callbacks: a client that dies here is freed by its own next event, which its
 * shut-down socket makes sure of. */
static void answer(Client *client, char *text, bool last) {
        if (!client->oneway)
                send_text(client, text);
        free(text);
        if (last)
                client->busy = client->oneway = false;
        if (client->dead) {
                (void)shutdown(client->fd, SHUT_RDWR);
                return;
        }
        update_events(client);
        /* What was sent behind this call waits in our buffer, where epoll does not see it; nor does it
         * see that an end was waiting for this answer. */
        if (last && (client->n_in > 0 || client->ended))
                (void)sd_event_source_set_io_events(client->io, EPOLLOUT);
}

void server_reply(Server *server, uint64_t id, json_t *parameters, bool continues) {
        Client *client = find(server, id);

        if (client && client->busy)
                answer(client, reply_text(parameters, continues), !continues);
}

void server_error(Server *server, uint64_t id, const Fault *fault, json_t *more) {
        Client *client = find(server, id);

        if (client && client->busy)
                answer(client, error_text(fault, more), true);
}

unsigned server_n_clients(const Server *server) {
        return server->n_clients;
}
