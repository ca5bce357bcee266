/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys and signatures (TUF 4.2.1, 4.2.2): ed25519, ecdsa-sha2-nistp256 and rsassa-pss-sha256.
 *
 * A key object names its type and its scheme, and both must fit what the key really is; a signature
 * never chooses how it is verified. The keyid is the SHA-256 of the canonical key object as it was
 * received, unknown members included, and is compared, not believed (4.3).
 */
#pragma once

#include <jansson.h>
#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

#define KEYID_SIZE 65 /* SHA-256 in lower-case hex, and a NUL */

typedef enum KeyScheme {
        KEY_ED25519,    /* "ed25519": public part 32 bytes in hex */
        KEY_ECDSA_P256, /* "ecdsa" (alias "ecdsa-sha2-nistp256"): PEM; signatures in DER */
        KEY_RSA_PSS,    /* "rsa": PEM, 2048 to 8192 bits; MGF1 with SHA-256 */
        _KEY_SCHEME_MAX,
} KeyScheme;

/* The keyid of OBJECT. Returns 0, -EBADMSG if it has no canonical form, -ENOMEM or -EIO. */
int key_id(const json_t *object, char ret_keyid[KEYID_SIZE]) _must_check_;

/* Whether OBJECT has the form of a key at all: an object with the strings keytype and scheme and the
 * object keyval. What is well formed may still be of a kind that we do not know. */
bool key_is_well_formed(const json_t *object);

/* A public key, checked: type, scheme, curve and length fit. Returns 0; -ENOTSUP if the key is of a
 * kind that we do not know or not what its scheme says (such a key never verifies anything, but
 * does not spoil a file that others have signed); -ENOMEM. */
typedef struct Key Key;
int key_new(const json_t *object, Key **ret_key) _must_check_;
Key *key_free(Key *key);
DEFINE_CLEANUP(Key *, key_free)

/* SIGNATURE is hex. Anything but a good signature of these very bytes is false. */
bool key_verify(const Key *key, const void *bytes, size_t n_bytes, const char *signature);

/* The same public key, whatever its keyids and however its PEM was written. */
bool key_equal(const Key *a, const Key *b);

/* The signing side, for makers of catalogs and for tests. */

/* A new private key; RSA gets 3072 bits. Free with EVP_PKEY_free(). */
int key_generate(KeyScheme scheme, EVP_PKEY **ret_pair) _must_check_;

/* The key object of a pair's (or public key's) public part, and its keyid. -ENOTSUP if it is of
 * another kind than the three above. */
int key_object(EVP_PKEY *pair, json_t **ret_object, char ret_keyid[KEYID_SIZE]) _must_check_;

/* Signs with the one scheme that belongs to the pair. RET_SIGNATURE is hex, malloc'd. */
int key_sign(EVP_PKEY *pair, const void *bytes, size_t n_bytes, char **ret_signature) _must_check_;
