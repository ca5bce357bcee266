/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A web server that misbehaves by script: the path says how. It listens on loopback, in a process of
 * its own that ends with the test, and tells the test each request that it heard.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

typedef struct Naughty {
        pid_t pid;
        uint16_t port;
        int heard; /* a datagram for each request: "CONNECTION " and its head */
} Naughty;

int naughty_start(Naughty *ret_naughty);
void naughty_stop(Naughty *naughty);
/* The next request that was heard, or "" if there is none yet. */
void naughty_heard(Naughty *naughty, char *ret_request, size_t size);

/* What "/body" and its relatives serve: N bytes that tell where they are. */
#define BODY_LENGTH 300000u
void naughty_body(char *ret_bytes, size_t offset, size_t n);
