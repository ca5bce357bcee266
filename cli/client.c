/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"

struct Client {
        int fd;
        char *peer;
        json_t *error;
        size_t n_used; /* bytes of the buffer that were read, and not yet taken */
        uint8_t buffer[VARLINK_MESSAGE_MAX];
};

int client_new(int fd, const char *peer, Client **ret_client) {
        _cleanup_(client_freep) Client *client = NULL;

        client = calloc(1, sizeof(*client));
        if (!client) {
                (void)close(fd);
                return -ENOMEM;
        }
        client->fd = fd;
        client->peer = strdup(peer);
        if (!client->peer)
                return -ENOMEM;

        *ret_client = TAKE(client);
        return 0;
}

Client *client_free(Client *client) {
        if (!client)
                return NULL;
        (void)close(client->fd);
        free(client->peer);
        json_decref(client->error);
        free(client);
        return NULL;
}

const json_t *client_error(const Client *client) {
        return client->error;
}

static int send_request(Client *client, const char *method, json_t *parameters, bool more,
                        Fault *fault) {
        _cleanup_json_ json_t *request = NULL;
        _cleanup_free_ char *text = NULL;
        size_t n_bytes, n_sent = 0;

        json_decref(client->error);
        client->error = NULL;
        if (!parameters)
                return fault_set(fault, FAULT_BAD_REQUEST, "an argument is not valid UTF-8");

        request = json_pack("{s:o, s:o}", "method", json_sprintf("org.discfw.%s", method),
                            "parameters", parameters);
        if (request && more)
                (void)json_object_set_new(request, "more", json_true());
        text = request ? json_text(request) : NULL;
        if (!text)
                return fault_set(fault, FAULT_INTERNAL, "out of memory");
        n_bytes = strlen(text) + 1; /* the NUL ends the message */
        if (n_bytes > VARLINK_MESSAGE_MAX)
                return fault_set(fault, FAULT_LIMIT, "a request may have %u bytes, this has %zu",
                                 VARLINK_MESSAGE_MAX, n_bytes);

        while (n_sent < n_bytes) {
                ssize_t n = send(client->fd, text + n_sent, n_bytes - n_sent, MSG_NOSIGNAL);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return fault_set(fault, FAULT_DAEMON_UNREACHABLE, "cannot ask %s: %s",
                                         client->peer, strerror(errno));
                n_sent += (size_t)n;
        }
        return 0;
}

/* Waits for bytes, or until TIMEOUT_MS (-1: for ever). Returns 1, 0 if the time is over, -EINTR. */
static int wait_for_bytes(const Client *client, int interrupt_fd, int timeout_ms, Fault *fault) {
        struct pollfd fds[] = {
                { .fd = client->fd, .events = POLLIN },
                { .fd = interrupt_fd, .events = POLLIN },
        };
        int r;

        do
                r = poll(fds, N_ELEMENTS(fds), timeout_ms);
        while (r < 0 && errno == EINTR);
        if (r < 0)
                return fault_set(fault, FAULT_INTERNAL, "cannot wait for %s: %s", client->peer,
                                 strerror(errno));
        if (r > 0 && fds[1].revents)
                return -EINTR;
        return r > 0;
}

/* One read; at the end of the stream, a fault. */
static int read_some(Client *client, Fault *fault) {
        ssize_t n;

        if (client->n_used == sizeof(client->buffer))
                return fault_set(fault, FAULT_PROTOCOL, "an answer of %s has more than %u bytes",
                                 client->peer, VARLINK_MESSAGE_MAX);
        do
                n = read(client->fd, client->buffer + client->n_used,
                         sizeof(client->buffer) - client->n_used);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return fault_set(fault, FAULT_DAEMON_UNREACHABLE, "cannot hear %s: %s",
                                 client->peer, strerror(errno));
        if (n == 0)
                return fault_set(fault, FAULT_DAEMON_UNREACHABLE,
                                 "%s ended the connection before it answered", client->peer);
        client->n_used += (size_t)n;
        return 0;
}

/* Takes the first message of the buffer. Returns 1, 0 if none is whole, or a fault. */
static int take_message(Client *client, json_t **ret_message, Fault *fault) {
        _cleanup_json_ json_t *message = NULL;
        const uint8_t *end = memchr(client->buffer, 0, client->n_used);
        char problem[128];
        size_t n;
        int r;

        if (!end)
                return 0;
        n = (size_t)(end - client->buffer);
        r = json_parse(client->buffer, n, &message, problem, sizeof(problem));
        if (r == -ENOMEM)
                return fault_set(fault, FAULT_INTERNAL, "out of memory");
        if (r < 0)
                return fault_set(fault, FAULT_PROTOCOL, "cannot understand %s: %s", client->peer,
                                 problem);
        if (!json_is_object(message))
                return fault_set(fault, FAULT_PROTOCOL, "cannot understand %s: not an object",
                                 client->peer);

        client->n_used -= n + 1;
        memmove(client->buffer, end + 1, client->n_used);
        *ret_message = TAKE(message);
        return 1;
}

/* The standard errors of org.varlink.service mean that daemon and client differ in version. */
static int foreign_error(const Client *client, const char *name, const json_t *parameters,
                         Fault *fault) {
        static const char standard[] = "org.varlink.service.";
        const char *what = "";

        if (strncmp(name, standard, sizeof(standard) - 1) != 0)
                return fault_set(fault, FAULT_PROTOCOL, "%s refused with the unknown error %s",
                                 client->peer, name);
        name += sizeof(standard) - 1;
        if (strcmp(name, "InvalidParameter") == 0) {
                (void)json_get_string(parameters, "parameter", &what);
                return fault_set(fault, FAULT_BAD_REQUEST, "%s does not accept this \"%s\"",
                                 client->peer, what);
        }
        if (!json_get_string(parameters, "method", &what))
                (void)json_get_string(parameters, "interface", &what);
        return fault_set(fault, FAULT_PROTOCOL,
                         "%s is of another version than this discfw: %s \"%s\"", client->peer, name,
                         what);
}

static int take_error(Client *client, const json_t *message, const char *name, Fault *fault) {
        const json_t *parameters = json_object_get(message, "parameters");
        FaultCode code = FAULT_NONE;
        const char *text = "";

        client->error = json_pack("{s:s, s:O?}", "error", name, "parameters", parameters);
        if (client->error && !parameters)
                (void)json_object_set_new(client->error, "parameters", json_object());

        if (strncmp(name, "org.discfw.", strlen("org.discfw.")) == 0)
                code = fault_from_name(name);
        if (code == FAULT_NONE)
                return foreign_error(client, name, parameters, fault);
        if (!json_get_string(parameters, "text", &text) || !text[0])
                text = fault_name(code);
        return fault_set(fault, code, "%s", text);
}

/* What of a message is the reply, or the fault that it is. */
static int take_reply(Client *client, const json_t *message, json_t **ret_reply,
                      bool *ret_continues, Fault *fault) {
        const char *error;
        json_t *reply = json_object_get(message, "parameters");

        if (json_get_string(message, "error", &error))
                return take_error(client, message, error, fault);
        if (json_object_get(message, "error"))
                return fault_set(fault, FAULT_PROTOCOL,
                                 "cannot understand %s: the name of an error is no string",
                                 client->peer);
        if (reply && !json_is_object(reply))
                return fault_set(fault, FAULT_PROTOCOL,
                                 "cannot understand %s: parameters are no object", client->peer);

        *ret_continues = json_is_true(json_object_get(message, "continues"));
        *ret_reply = reply ? json_incref(reply) : json_object();
        return 0;
}

/* The next reply. VIEW is NULL for a plain call, which may take CLIENT_WAIT_SECONDS. */
static int receive(Client *client, const ClientView *view, json_t **ret_reply, bool *ret_continues,
                   Fault *fault) {
        uint64_t since = clock_boottime_ms();

        for (;;) {
                _cleanup_json_ json_t *message = NULL;
                int r;

                r = take_message(client, &message, fault);
                if (r < 0)
                        return r;
                if (r > 0)
                        return take_reply(client, message, ret_reply, ret_continues, fault);

                r = wait_for_bytes(client, view ? view->interrupt_fd : -1, 1000, fault);
                if (r < 0)
                        return r;
                if (r > 0)
                        r = read_some(client, fault);
                else if (view && view->on_tick)
                        view->on_tick(view->userdata);
                else if (!view && clock_boottime_ms() - since >= CLIENT_WAIT_SECONDS * 1000u)
                        return fault_set(fault, FAULT_DAEMON_UNREACHABLE,
                                         "%s gave no answer for %d s", client->peer,
                                         CLIENT_WAIT_SECONDS);
                if (r < 0)
                        return r;
        }
}

int client_call(Client *client, const char *method, json_t *parameters, json_t **ret_reply,
                Fault *fault) {
        bool continues;
        int r;

        r = send_request(client, method, parameters, false, fault);
        if (r < 0)
                return r;
        return receive(client, NULL, ret_reply, &continues, fault);
}

int client_watch(Client *client, const char *method, json_t *parameters, const ClientView *view,
                 Fault *fault) {
        bool continues = true;
        int r;

        r = send_request(client, method, parameters, true, fault);
        while (r >= 0 && continues) {
                _cleanup_json_ json_t *reply = NULL;

                r = receive(client, view, &reply, &continues, fault);
                if (r >= 0)
                        r = view->on_reply(reply, continues, view->userdata, fault);
        }
        return r < 0 ? r : 0;
}
