/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The conversation with the daemon, which may die, hang, or turn evil at any word of it.
 *
 * Nothing here waits without a limit, and nothing that is said after the order can hold up a flash:
 * notes are dropped where there is no room for them.
 */
#pragma once

#include "wire/flash.h"
#include "wire/order.h"

typedef struct Link {
        int socket; /* non-blocking; borrowed */
        Order order;
} Link;

/* The next message, in its order. Returns 1; 0 if the daemon closed the connection; -ETIMEDOUT; or
 * FAULT_PROTOCOL for what may not be said. */
int link_receive(Link *link, int timeout_ms, Message *message, Fault *fault) _must_check_;

/* READY, which must arrive. */
int link_ready(Link *link, const FlashReady *ready) _must_check_;

/* A note of progress, if there is room. */
void link_note(Link *link, uint64_t job, FlashPhase phase, uint32_t n_done, uint32_t n_total);

/* NONE: no journal is left to report. */
void link_none(Link *link);

/* Hands over how a flash ended, and waits at most a minute for the daemon to say that it is in its
 * store. False if it did not. */
bool link_end(Link *link, const FlashEnd *end);
