/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon's side of a real discfw-fetch, started as systemd would, in an environment that means
 * it harm. */
#pragma once

#include <sys/types.h>

#include "wire/fetch.h"

typedef struct Client {
        pid_t pid;
        int connection;
        int memfd; /* of the last request */
        unsigned n_progress;
        uint64_t n_total; /* as progress said it */
} Client;

/* HOME is where its hostile ~/.netrc and ~/.curlrc lie. PREPARE, if not NULL, runs in the new
 * process before it becomes discfw-fetch. */
void client_start(Client *ret_client, const char *home, void (*prepare)(void));
/* Hangs up. Returns the exit status, or -1 if it did not end within two seconds, or by a signal. */
int client_stop(Client *client);
/* -1 while it runs on after MS. */
int client_wait(Client *client, unsigned ms);

/* Hands GET over with a place of its length_max, which begins with the string FILL. */
void client_ask(Client *client, const FetchGet *get, const char *fill);
/* Waits for DONE, at most 20 s; fails the test on anything else. */
void client_hear(Client *client, FetchDone *ret_done);
void client_fetch(Client *client, const FetchGet *get, FetchDone *ret_done);
/* Fails the test unless N bytes at OFFSET of the place are BYTES. */
void client_expect(Client *client, uint64_t offset, const char *bytes, size_t n);
