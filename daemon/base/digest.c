/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/digest.h"

#include <errno.h>
#include <openssl/evp.h>

static int whole(const EVP_MD *md, const void *bytes, size_t n_bytes, uint8_t *ret_digest) {
        return EVP_Digest(bytes, n_bytes, ret_digest, NULL, md, NULL) == 1 ? 0 : -EIO;
}

int sha256(const void *bytes, size_t n_bytes, uint8_t ret_digest[SHA256_LENGTH]) {
        return whole(EVP_sha256(), bytes, n_bytes, ret_digest);
}

int sha512(const void *bytes, size_t n_bytes, uint8_t ret_digest[SHA512_LENGTH]) {
        return whole(EVP_sha512(), bytes, n_bytes, ret_digest);
}

/* The library's own object, so that nothing has to be wrapped. */
static EVP_MD_CTX *context(Digest *digest) {
        return (EVP_MD_CTX *)digest;
}

int digest_begin(Digest **ret_digest) {
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();

        if (!ctx)
                return -ENOMEM;
        if (EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1) {
                EVP_MD_CTX_free(ctx);
                return -EIO;
        }
        *ret_digest = (Digest *)ctx;
        return 0;
}

int digest_update(Digest *digest, const void *bytes, size_t n_bytes) {
        return EVP_DigestUpdate(context(digest), bytes, n_bytes) == 1 ? 0 : -EIO;
}

int digest_end(Digest *digest, uint8_t ret_digest[SHA256_LENGTH]) {
        int r = EVP_DigestFinal_ex(context(digest), ret_digest, NULL) == 1 ? 0 : -EIO;

        (void)digest_free(digest);
        return r;
}

Digest *digest_free(Digest *digest) {
        EVP_MD_CTX_free(context(digest));
        return NULL;
}
