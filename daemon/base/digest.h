/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SHA-256 and SHA-512 (FIPS 180-4) by OpenSSL. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

#define SHA256_LENGTH 32
#define SHA512_LENGTH 64

/* Returns 0, -ENOMEM, or -EIO if the library refuses. */
int sha256(const void *bytes, size_t n_bytes, uint8_t ret_digest[SHA256_LENGTH]) _must_check_;
int sha512(const void *bytes, size_t n_bytes, uint8_t ret_digest[SHA512_LENGTH]) _must_check_;

/* In pieces. digest_end() frees, whatever happens. */
typedef struct Digest Digest;
int digest_begin(Digest **ret_digest) _must_check_; /* SHA-256 */
int digest_update(Digest *digest, const void *bytes, size_t n_bytes) _must_check_;
int digest_end(Digest *digest, uint8_t ret_digest[SHA256_LENGTH]) _must_check_;
Digest *digest_free(Digest *digest);
DEFINE_CLEANUP(Digest *, digest_free)
