/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection to a helper: it exists as long as the helper has work, and the helper with it. */
#pragma once

#include <systemd/sd-event.h>

#include "wire/order.h"

typedef struct Link Link;

/* A message came: its descriptors may be taken. Returning negative ends the link with a fault. */
typedef int (*LinkMessage)(Link *link, Message *message, void *userdata, Fault *fault);
/* It is over: the helper ended, said what may not be said, or was silent for too long. Called once,
 * and never for a link that its owner freed. The owner frees it. */
typedef void (*LinkGone)(Link *link, const Fault *fault, void *userdata);

/* Connects to RUN/NAME.sock. TIMEOUT_S is how long the helper may be silent; 0 for ever. */
int link_open(sd_event *event, const char *run, const char *name, unsigned timeout_s,
              LinkMessage on_message, LinkGone on_gone, void *userdata, Link **ret_link,
              Fault *fault);
Link *link_free(Link *link);
DEFINE_CLEANUP(Link *, link_free)

/* Blocking: helpers read at once, and messages are few. PAYLOAD of length 0 with a NULL pointer is a
 * message without one. A length of 0 with a pointer is an encoder that failed: refused. */
int link_send(Link *link, uint16_t kind, const void *payload, size_t n_payload, const int *fds,
              unsigned n_fds, Fault *fault);
