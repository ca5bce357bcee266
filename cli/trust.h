/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whom this machine trusts: CONFIG/catalogs.d/NAME/{root.json,catalog.conf}.
 *
 * Written by the person and never by the daemon: a daemon that was taken over could add a root of its
 * own. What is written appears whole or not at all. Whether root.json is signed as it must be, the
 * daemon's verifier says when it reads it; here only what is plainly something else is refused.
 */
#pragma once

#include "base/digest.h"
#include "base/fault.h"

/* What of a root a person can compare with what its maintainer said. */
typedef struct TrustRoot {
        char sha256[2 * SHA256_LENGTH + 1];
        char expires[32];
        int64_t version;
        int64_t threshold; /* of the root role; 0 if that is not readable */
        size_t n_keys;
} TrustRoot;

/* Names of catalogs: letters, digits, "-" and "_", beginning with a letter or digit, at most
 * CATALOG_NAME_MAX. */
bool trust_name_valid(const char *name);

/* inih(3) reads lines of 200 bytes, and cuts longer ones without a word. */
#define TRUST_URL_MAX 190

/* http:// or https:// with a host, or an absolute folder; printable, no blanks, at most
 * TRUST_URL_MAX. */
bool trust_url_valid(const char *url);

/* FAULT_BAD_REQUEST for what is not valid or exists already, FAULT_CATALOG_MALFORMED for a file that
 * is no root, FAULT_NOT_PERMITTED. */
int trust_add(const char *config, const char *name, const char *root_file, char *const urls[],
              int n_urls, TrustRoot *ret_root, Fault *fault) _must_check_;

/* FAULT_NO_SUCH_CATALOG, FAULT_NOT_PERMITTED. */
int trust_remove(const char *config, const char *name, Fault *fault) _must_check_;
