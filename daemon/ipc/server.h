/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The socket that everybody may talk to: connections, their limits, and who is at the other end.
 *
 * Who somebody is, is decided once, by what the kernel attested when the connection was accepted
 * (SO_PEERCRED, SO_PEERGROUPS), and never by anything that is said. Connections are capped in all and
 * per uid; messages in length; whoever is slow to finish a message or to read its answers is dropped.
 * Calls on one connection are answered in their order, one at a time. Who sends no more (half-closes)
 * still gets the answers to what was sent.
 */
#pragma once

#include <systemd/sd-event.h>

#include "core/core.h"

typedef struct Server Server;

typedef struct ServerPolicy {
        bool standalone; /* only this uid may change things, and root */
        uid_t owner;
        const char
                *admin_group; /* whose members may change things too, where there is such a group;
                                  * looked up for each connection that is not root's */
} ServerPolicy;

typedef struct ServerHandlers {
        void (*on_request)(const Request *request, void *userdata);
        void (*on_gone)(uint64_t client, void *userdata);
        void *userdata;
} ServerHandlers;

/* Takes over LISTENER. */
int server_new(sd_event *event, int listener, const ServerPolicy *policy,
               const ServerHandlers *handlers, Server **ret_server);
Server *server_free(Server *server);
DEFINE_CLEANUP(Server *, server_free)

/* PARAMETERS is borrowed; MORE are further ones of this error, or NULL. To a client that left, has its
 * answer already, or did not want one, they do nothing. */
void server_reply(Server *server, uint64_t client, json_t *parameters, bool continues);
void server_error(Server *server, uint64_t client, const Fault *fault, json_t *more);

unsigned server_n_clients(const Server *server);
