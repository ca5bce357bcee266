/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discfwd asks discfw-fetch for URLs. One connection serves a whole refresh or download, so that the
 * library's connections to a mirror are used again; one request at a time.
 *
 *     discfwd                              discfw-fetch
 *        | GET  url, at most N bytes, memfd    |
 *        |------------------------------------>|
 *        |<---------- PROGRESS, now and then --|
 *        |<---------- DONE --------------------|
 *
 * The memfd is made by the daemon with the length that was signed (or the role's limit) and cannot
 * grow: a server that sends more meets the end of the file. The fetcher writes from OFFSET on and
 * does not know what it carries.
 */
#pragma once

#include "wire/frame.h"

#define ETAG_SIZE         128
#define FETCH_SECONDS_MAX 86400u /* no wait is longer than a day */

typedef struct FetchGet {
        uint32_t id;
        char url[URL_MAX];    /* http or https, checked again by the fetcher */
        char proxy[URL_MAX];  /* "" for none; the environment is never asked */
        uint64_t length_max;  /* length of the memfd */
        uint64_t offset;      /* resume here: bytes before are good */
        char etag[ETAG_SIZE]; /* strong validator of what is there, or "" */
        uint32_t low_speed;   /* bytes a second that must be reached ... */
        uint32_t low_speed_s; /* ... on average over so many seconds; 0 for either: not asked */
        uint32_t deadline_s;  /* for the whole request; above 0 */
} FetchGet;

typedef struct FetchProgress {
        uint32_t id;
        uint64_t n_bytes; /* good bytes in the memfd, from 0 on */
        uint64_t n_total; /* 0 unknown */
} FetchProgress;

typedef struct FetchDone {
        uint32_t id;
        uint16_t http_status; /* 0 if there was none */
        uint64_t offset;      /* where writing began: 0 if the server did not resume */
        uint64_t n_bytes;     /* good bytes in the memfd, from 0 on, also after a failure */
        char etag[ETAG_SIZE]; /* strong ones only */
        Fault fault;          /* FAULT_NONE: the whole body is there */
} FetchDone;

/* Encoders return the bytes used, or 0 if they did not fit. Decoders refuse what is cut, too long or
 * contradicts itself, and then leave the result alone. */
size_t fetch_get_encode(const FetchGet *get, void *buffer, size_t size);
bool fetch_get_decode(const void *bytes, size_t n_bytes, FetchGet *ret_get);
size_t fetch_progress_encode(const FetchProgress *progress, void *buffer, size_t size);
bool fetch_progress_decode(const void *bytes, size_t n_bytes, FetchProgress *ret_progress);
size_t fetch_done_encode(const FetchDone *done, void *buffer, size_t size);
bool fetch_done_decode(const void *bytes, size_t n_bytes, FetchDone *ret_done);
