/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where bytes come from: discfw-fetch for addresses, and folders of this machine. */
#pragma once

#include "run/daemon.h"
#include "wire/fetch.h"

/* A connection to discfw-fetch, for one request after another. */
typedef struct Fetcher Fetcher;
typedef void (*FetcherDone)(const FetchDone *done, void *userdata);
typedef void (*FetcherProgress)(const FetchProgress *progress, void *userdata);

int fetcher_new(Daemon *daemon, FetcherDone on_done, FetcherProgress on_progress, void *userdata,
                Fetcher **ret_fetcher, Fault *fault);
Fetcher *fetcher_free(Fetcher *fetcher);

/* GET is completed with id, proxy and limits of speed. ON_DONE is called once for each request, also
 * when the helper dies; it may free the fetcher. FD stays the caller's. */
int fetcher_get(Fetcher *fetcher, FetchGet *get, int fd, Fault *fault);

/* A file below FOLDER as a sealed memfd; -ENOENT, without a fault, if there is none. */
int folder_read(const char *folder, const char *name, uint64_t max, int *ret_fd, Fault *fault);
