/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One file by HTTP, the plain way: GET, one connection a file, no redirects, no retries, no proxy, the
 * address as it was given, identity encoding. What is longer than was asked for is cut off while it
 * comes in.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/fault.h"

typedef struct Http Http;
int http_new(Http **ret_http) _must_check_;
Http *http_free(Http *http);
DEFINE_CLEANUP(Http *, http_free)

/* BASE with or without its last slash, then FILE. Returns 0; -ENOENT for status 403 and 404; or a
 * fault. */
int http_get(Http *http, const char *base, const char *file, size_t max, uint8_t **ret_bytes,
             size_t *ret_n_bytes, Fault *fault) _must_check_;

/* Escapes what may not stand in an address, but no slash. Malloc'd; NULL on lack of memory. */
char *http_escape_path(const char *path);
