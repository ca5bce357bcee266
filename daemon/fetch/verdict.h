/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a transfer failed, in our words: libcurl has a hundred reasons, the daemon acts on ten. */
#pragma once

#include <curl/curl.h>

#include "wire/fetch.h"

/* What is known of a transfer besides libcurl's code. */
typedef struct Ending {
        CURLcode code;
        const char *detail;   /* libcurl's own text, or "" */
        uint16_t http_status; /* of the last answer; 0 if there was none */
        bool connected;
        bool deadline;    /* the whole time was used up */
        uint64_t n_bytes; /* good bytes, from 0 on */
        uint64_t n_total; /* 0 unknown */
} Ending;

/* Sets FAULT unless the body came as a whole; returns whether it did. */
bool verdict(const Ending *ending, const FetchGet *get, Fault *fault);
