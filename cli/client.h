/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One conversation with a daemon: Varlink over a stream (varlink.org: JSON objects, each ended by
 * a NUL).
 *
 * The daemon may be of another version, may be somebody else, and what it says came from drives,
 * mirrors and other users: messages are bounded by VARLINK_MESSAGE_MAX, must be strict JSON objects
 * (base/json.h), and nothing in them is fit for a terminal before reply_clean() of cli/reply.h.
 *
 * Errors "org.discfw.NAME" become the fault of that name, with the daemon's own words; names that we
 * do not know become FAULT_PROTOCOL. client_error() keeps the daemon's error as it came.
 */
#pragma once

#include <jansson.h>

#include "base/fault.h"

/* What is not a stream must answer within this; a scan of a tower with slow drives takes minutes. */
#define CLIENT_WAIT_SECONDS 300

typedef struct Client Client;

/* FD is a connected stream and belongs to the client from now on; PEER names it in faults. */
int client_new(int fd, const char *peer, Client **ret_client) _must_check_;
Client *client_free(Client *client);
DEFINE_CLEANUP(Client *, client_free)

/* Calls METHOD ("GetStatus") of org.discfw. PARAMETERS is taken over, also on failure; NULL means
 * that they could not be built, which is a fault: arguments that are not UTF-8 cannot be said in
 * JSON. RET_REPLY are the reply's parameters, always an object. */
int client_call(Client *client, const char *method, json_t *parameters, json_t **ret_reply,
                Fault *fault) _must_check_;

/* How a stream is looked at. */
typedef struct ClientView {
        /* Every reply; CONTINUES is false for the last one. The reply is only lent. A negative result
         * ends the view, and is the result of client_watch(); the fault is then the callback's. */
        int (*on_reply)(json_t *reply, bool continues, void *userdata, Fault *fault);
        void (*on_tick)(void *userdata); /* every second of silence; may be NULL */
        int interrupt_fd; /* when it becomes readable, the view ends with -EINTR; -1 for none */
        void *userdata;
} ClientView;

/* Calls METHOD with "more". Returns after the last reply 0, or -EINTR with no fault set. */
int client_watch(Client *client, const char *method, json_t *parameters, const ClientView *view,
                 Fault *fault) _must_check_;

/* The last error as the daemon said it, {"error":..., "parameters":{...}}, or NULL if the last fault
 * was found on this side. Borrowed. */
const json_t *client_error(const Client *client);
