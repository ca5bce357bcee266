/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which addresses are fetched at all.
 *
 * Only http and https, with a host and without credentials: an address is shown to people and
 * stored, and a password does not belong there. The parser is libcurl's own, so that what was
 * checked and what is connected to cannot differ. Redirects are checked again, by the options in
 * job.c.
 */
#pragma once

#include "base/fault.h"

#define SCHEME_SIZE 8

/* Returns 0 and the scheme in lower case, or FAULT_URL_FORBIDDEN. */
int url_check(const char *url, char ret_scheme[SCHEME_SIZE], Fault *fault) _must_check_;

/* A proxy, which may have credentials since it comes from root's configuration; its text is never
 * in a fault. Returns 0, or FAULT_URL_FORBIDDEN. */
int proxy_check(const char *proxy, Fault *fault) _must_check_;
