/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "catalog/key.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/digest.h"
#include "base/hex.h"
#include "base/json.h"
#include "catalog/canonical.h"

#define ED25519_LENGTH       32
#define RSA_BITS_MIN         2048
#define RSA_BITS_MAX         8192 /* the cost of a verification is bounded */
#define SIGNATURE_LENGTH_MAX (RSA_BITS_MAX / 8)
#define PEM_LENGTH_MAX       4096

struct Key {
        KeyScheme scheme;
        EVP_PKEY *public;
};

/* What a key object may say, and what the key must then be. */
static const struct {
        const char *type;
        const char *alias; /* of type, in old files */
        const char *scheme;
        const char *algorithm; /* OpenSSL's name */
} schemes[_KEY_SCHEME_MAX] = {
        [KEY_ED25519] = { "ed25519", NULL, "ed25519", "ED25519" },
        [KEY_ECDSA_P256] = { "ecdsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", "EC" },
        [KEY_RSA_PSS] = { "rsa", NULL, "rsassa-pss-sha256", "RSA" },
};

static void md_context_freep(EVP_MD_CTX **context) {
        EVP_MD_CTX_free(*context);
}

static void bio_freep(BIO **bio) {
        (void)BIO_free(*bio);
}

int key_id(const json_t *object, char ret_keyid[KEYID_SIZE]) {
        _cleanup_free_ uint8_t *canonical = NULL;
        uint8_t digest[SHA256_LENGTH];
        size_t n_canonical;
        int r;

        r = canonical_encode(object, &canonical, &n_canonical);
        if (r < 0)
                return r;
        r = sha256(canonical, n_canonical, digest);
        if (r < 0)
                return r;
        hex_encode(digest, sizeof(digest), ret_keyid);
        return 0;
}

bool key_is_well_formed(const json_t *object) {
        const char *type, *scheme;
        json_t *value;

        return json_is_object(object) && json_get_string(object, "keytype", &type) &&
               json_get_string(object, "scheme", &scheme) &&
               json_get_object(object, "keyval", &value);
}

static bool scheme_of(const json_t *object, KeyScheme *ret_scheme) {
        const char *type, *scheme;

        if (!json_get_string(object, "keytype", &type) ||
            !json_get_string(object, "scheme", &scheme))
                return false;
        for (KeyScheme s = 0; s < _KEY_SCHEME_MAX; s++)
                if (strcmp(schemes[s].scheme, scheme) == 0) {
                        *ret_scheme = s;
                        return strcmp(schemes[s].type, type) == 0 ||
                               (schemes[s].alias && strcmp(schemes[s].alias, type) == 0);
                }
        return false;
}

/* A PEM file may ask for a password; nobody is to be asked. */
static int no_password(char *buffer, int size, int writing, void *userdata) {
        (void)buffer, (void)size, (void)writing, (void)userdata;
        return -1;
}

static EVP_PKEY *read_public(KeyScheme scheme, const char *text) {
        _cleanup_(bio_freep) BIO *bio = NULL;
        uint8_t raw[ED25519_LENGTH];
        size_t n = strlen(text);

        if (scheme == KEY_ED25519)
                return hex_decode(text, raw, sizeof(raw))
                               ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw,
                                                             sizeof(raw))
                               : NULL;
        if (n > PEM_LENGTH_MAX)
                return NULL;
        bio = BIO_new_mem_buf(text, (int)n);
        return bio ? PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL) : NULL;
}

static bool is_what_it_says(KeyScheme scheme, const EVP_PKEY *public) {
        char curve[64];
        size_t n;
        int bits;

        if (!EVP_PKEY_is_a(public, schemes[scheme].algorithm))
                return false;
        if (scheme == KEY_ECDSA_P256)
                return EVP_PKEY_get_group_name(public, curve, sizeof(curve), &n) == 1 &&
                       strcmp(curve, "prime256v1") == 0;
        if (scheme == KEY_RSA_PSS) {
                bits = EVP_PKEY_get_bits(public);
                return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX;
        }
        return true;
}

int key_new(const json_t *object, Key **ret_key) {
        _cleanup_(key_freep) Key *key = NULL;
        json_t *value;
        const char *text;

        key = calloc(1, sizeof(*key));
        if (!key)
                return -ENOMEM;
        if (!scheme_of(object, &key->scheme) || !json_get_object(object, "keyval", &value) ||
            !json_get_string(value, "public", &text))
                return -ENOTSUP;
        key->public = read_public(key->scheme, text);
        ERR_clear_error();
        if (!key->public || !is_what_it_says(key->scheme, key->public))
                return -ENOTSUP;
        *ret_key = TAKE(key);
        return 0;
}

Key *key_free(Key *key) {
        if (!key)
                return NULL;
        EVP_PKEY_free(key->public);
        free(key);
        return NULL;
}

/* RFC 8017 PSS with SHA-256 in both places; the others have no parameters. */
static bool set_padding(KeyScheme scheme, EVP_PKEY_CTX *context, int salt_length) {
        return scheme != KEY_RSA_PSS ||
               (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
                EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) > 0 &&
                EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt_length) > 0);
}

static const EVP_MD *digest_of(KeyScheme scheme) {
        return scheme == KEY_ED25519 ? NULL : EVP_sha256();
}

bool key_verify(const Key *key, const void *bytes, size_t n_bytes, const char *signature) {
        _cleanup_(md_context_freep) EVP_MD_CTX *context = NULL;
        uint8_t raw[SIGNATURE_LENGTH_MAX];
        EVP_PKEY_CTX *parameters; /* belongs to the context */
        size_t n_raw;
        bool good;

        if (!hex_decode_some(signature, raw, sizeof(raw), &n_raw) || n_raw == 0)
                return false;
        context = EVP_MD_CTX_new();
        good = context &&
               EVP_DigestVerifyInit(context, &parameters, digest_of(key->scheme), NULL,
                                    key->public) == 1 &&
               set_padding(key->scheme, parameters, RSA_PSS_SALTLEN_AUTO) &&
               EVP_DigestVerify(context, raw, n_raw, bytes, n_bytes) == 1;
        ERR_clear_error();
        return good;
}

bool key_equal(const Key *a, const Key *b) {
        return EVP_PKEY_eq(a->public, b->public) == 1;
}

static bool scheme_of_pair(const EVP_PKEY *pair, KeyScheme *ret_scheme) {
        for (KeyScheme s = 0; s < _KEY_SCHEME_MAX; s++)
                if (is_what_it_says(s, pair)) {
                        *ret_scheme = s;
                        return true;
                }
        return false;
}

int key_generate(KeyScheme scheme, EVP_PKEY **ret_pair) {
        EVP_PKEY *pair = NULL;

        switch (scheme) {
        case KEY_ED25519: pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"); break;
        case KEY_ECDSA_P256: pair = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"); break;
        case KEY_RSA_PSS: pair = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)3072); break;
        case _KEY_SCHEME_MAX: break;
        }
        ERR_clear_error();
        if (!pair)
                return -EIO;
        *ret_pair = pair;
        return 0;
}

static int public_text(KeyScheme scheme, EVP_PKEY *pair, char **ret_text) {
        _cleanup_(bio_freep) BIO *bio = NULL;
        uint8_t raw[ED25519_LENGTH];
        size_t n = sizeof(raw);
        char *memory, *text;
        long n_memory;

        if (scheme == KEY_ED25519) {
                if (EVP_PKEY_get_raw_public_key(pair, raw, &n) != 1)
                        return -EIO;
                text = malloc(2 * sizeof(raw) + 1);
                if (!text)
                        return -ENOMEM;
                hex_encode(raw, sizeof(raw), text);
        } else {
                bio = BIO_new(BIO_s_mem());
                if (!bio)
                        return -ENOMEM;
                if (PEM_write_bio_PUBKEY(bio, pair) != 1)
                        return -EIO;
                n_memory = BIO_get_mem_data(bio, &memory);
                text = strndup(memory, (size_t)n_memory);
                if (!text)
                        return -ENOMEM;
        }
        *ret_text = text;
        return 0;
}

int key_object(EVP_PKEY *pair, json_t **ret_object, char ret_keyid[KEYID_SIZE]) {
        _cleanup_free_ char *text = NULL;
        _cleanup_json_ json_t *object = NULL;
        KeyScheme scheme;
        int r;

        if (!scheme_of_pair(pair, &scheme))
                return -ENOTSUP;
        r = public_text(scheme, pair, &text);
        if (r < 0)
                return r;
        object = json_pack("{s:s, s:s, s:{s:s}}", "keytype", schemes[scheme].type, "scheme",
                           schemes[scheme].scheme, "keyval", "public", text);
        if (!object)
                return -ENOMEM;
        r = key_id(object, ret_keyid);
        if (r < 0)
                return r;
        *ret_object = TAKE(object);
        return 0;
}

int key_sign(EVP_PKEY *pair, const void *bytes, size_t n_bytes, char **ret_signature) {
        _cleanup_(md_context_freep) EVP_MD_CTX *context = NULL;
        uint8_t raw[SIGNATURE_LENGTH_MAX];
        EVP_PKEY_CTX *parameters; /* belongs to the context */
        size_t n_raw = sizeof(raw);
        KeyScheme scheme;
        char *text;
        bool good;

        if (!scheme_of_pair(pair, &scheme))
                return -ENOTSUP;
        context = EVP_MD_CTX_new();
        good = context &&
               EVP_DigestSignInit(context, &parameters, digest_of(scheme), NULL, pair) == 1 &&
               set_padding(scheme, parameters, RSA_PSS_SALTLEN_DIGEST) &&
               EVP_DigestSign(context, raw, &n_raw, bytes, n_bytes) == 1;
        ERR_clear_error();
        if (!good)
                return -EIO;
        text = malloc(2 * n_raw + 1);
        if (!text)
                return -ENOMEM;
        hex_encode(raw, n_raw, text);
        *ret_signature = text;
        return 0;
}
