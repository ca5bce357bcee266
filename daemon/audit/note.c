/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/note.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"

#define ALGORITHM_ED25519 1
#define SIGNATURE_LENGTH  64
#define ID_LENGTH         4
#define DASH              "\xe2\x80\x94 " /* em dash and blank begin a signature line */

DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free)

/* ------------------------------------------------------------------ base64 */

#define BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)

static void encode64(const uint8_t *bytes, size_t n_bytes, char *ret_text) {
        (void)EVP_EncodeBlock((unsigned char *)ret_text, bytes, (int)n_bytes);
}

/* Exactly N_BYTES in the one form that encode64() writes; the library is more lenient. */
static bool decode64(const char *text, size_t n_text, uint8_t *ret_bytes, size_t n_bytes) {
        uint8_t bytes[BASE64_SIZE(ID_LENGTH + SIGNATURE_LENGTH)];
        char again[BASE64_SIZE(ID_LENGTH + SIGNATURE_LENGTH)];

        if (n_bytes > ID_LENGTH + SIGNATURE_LENGTH || n_text != BASE64_SIZE(n_bytes) - 1 ||
            EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)n_text) < (int)n_bytes)
                return false;
        encode64(bytes, n_bytes, again);
        if (memcmp(again, text, n_text) != 0)
                return false;
        memcpy(ret_bytes, bytes, n_bytes);
        return true;
}

/* ------------------------------------------------------------------ keys */

static bool is_name(const char *name, size_t n) {
        if (n < 1 || n > NOTE_NAME_MAX)
                return false;
        for (size_t i = 0; i < n; i++)
                if (name[i] <= 0x20 || name[i] > 0x7e || name[i] == '+')
                        return false;
        return true;
}

static int key_id(const char *name, const uint8_t public[ED25519_LENGTH],
                  uint8_t ret_id[ID_LENGTH]) {
        uint8_t bytes[NOTE_NAME_MAX + 2 + ED25519_LENGTH], hash[SHA256_LENGTH];
        size_t n = strlen(name);
        int r;

        memcpy(bytes, name, n);
        bytes[n++] = '\n';
        bytes[n++] = ALGORITHM_ED25519;
        memcpy(bytes + n, public, ED25519_LENGTH);
        r = sha256(bytes, n + ED25519_LENGTH, hash);
        if (r == 0)
                memcpy(ret_id, hash, ID_LENGTH);
        return r;
}

static int public_of(const uint8_t seed[ED25519_LENGTH], uint8_t ret_public[ED25519_LENGTH]) {
        _cleanup_(EVP_PKEY_freep) EVP_PKEY *key = NULL;
        size_t n = ED25519_LENGTH;

        key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, ED25519_LENGTH);
        if (!key || EVP_PKEY_get_raw_public_key(key, ret_public, &n) != 1 || n != ED25519_LENGTH)
                return -EIO;
        return 0;
}

int note_signer_make(NoteSigner *ret_signer) {
        static const char prefix[] = "discfwd-audit/";
        uint8_t hash[SHA256_LENGTH];
        NoteSigner signer = {};
        int r;

        if (RAND_priv_bytes(signer.seed, sizeof(signer.seed)) != 1)
                return -EIO;
        r = public_of(signer.seed, signer.key.public);
        if (r == 0)
                r = sha256(signer.key.public, sizeof(signer.key.public), hash);
        if (r < 0)
                return r;
        memcpy(signer.key.name, prefix, sizeof(prefix));
        hex_encode(hash, 8, signer.key.name + sizeof(prefix) - 1);
        r = key_id(signer.key.name, signer.key.public, signer.key.id);
        if (r == 0)
                *ret_signer = signer;
        return r;
}

/* "NAME+ID+BASE64", the base64 of the algorithm and 32 bytes. */
static bool parse_key(const char *text, char ret_name[NOTE_NAME_MAX + 1], uint8_t ret_id[ID_LENGTH],
                      uint8_t ret_bytes[ED25519_LENGTH]) {
        const char *plus = strchr(text, '+');
        uint8_t bytes[1 + ED25519_LENGTH];
        char id[2 * ID_LENGTH + 1];

        if (!plus || !is_name(text, (size_t)(plus - text)))
                return false;
        if (strnlen(plus, 2 * ID_LENGTH + 2) < 2 * ID_LENGTH + 2 || plus[2 * ID_LENGTH + 1] != '+')
                return false;
        memcpy(id, plus + 1, 2 * ID_LENGTH);
        id[2 * ID_LENGTH] = '\0';
        if (!hex_decode(id, ret_id, ID_LENGTH) ||
            !decode64(plus + 2 * ID_LENGTH + 2, strlen(plus + 2 * ID_LENGTH + 2), bytes,
                      sizeof(bytes)) ||
            bytes[0] != ALGORITHM_ED25519)
                return false;
        memcpy(ret_name, text, (size_t)(plus - text));
        ret_name[plus - text] = '\0';
        memcpy(ret_bytes, bytes + 1, ED25519_LENGTH);
        return true;
}

static void format_key(const char *name, const uint8_t id[ID_LENGTH],
                       const uint8_t bytes[ED25519_LENGTH], char *ret_text, size_t size) {
        uint8_t tagged[1 + ED25519_LENGTH] = { ALGORITHM_ED25519 };
        char hex[2 * ID_LENGTH + 1], base64[BASE64_SIZE(sizeof(tagged))];

        memcpy(tagged + 1, bytes, ED25519_LENGTH);
        hex_encode(id, ID_LENGTH, hex);
        encode64(tagged, sizeof(tagged), base64);
        (void)snprintf(ret_text, size, "%s+%s+%s", name, hex, base64);
}

static const char private_prefix[] = "PRIVATE+KEY+";

bool note_signer_parse(const char *text, NoteSigner *ret_signer) {
        NoteSigner signer = {};
        uint8_t id[ID_LENGTH];

        if (strncmp(text, private_prefix, strlen(private_prefix)) != 0 ||
            !parse_key(text + strlen(private_prefix), signer.key.name, signer.key.id,
                       signer.seed) ||
            public_of(signer.seed, signer.key.public) < 0 ||
            key_id(signer.key.name, signer.key.public, id) < 0 ||
            memcmp(id, signer.key.id, sizeof(id)) != 0)
                return false;
        *ret_signer = signer;
        return true;
}

void note_signer_format(const NoteSigner *signer, char ret_text[AUDIT_KEY_MAX + 1]) {
        memcpy(ret_text, private_prefix, sizeof(private_prefix));
        format_key(signer->key.name, signer->key.id, signer->seed,
                   ret_text + strlen(private_prefix), AUDIT_KEY_MAX + 1 - strlen(private_prefix));
}

bool note_key_parse(const char *text, NoteKey *ret_key) {
        NoteKey key = {};
        uint8_t id[ID_LENGTH];

        if (!parse_key(text, key.name, key.id, key.public) ||
            key_id(key.name, key.public, id) < 0 || memcmp(id, key.id, sizeof(id)) != 0)
                return false;
        *ret_key = key;
        return true;
}

void note_key_format(const NoteKey *key, char ret_text[AUDIT_KEY_MAX + 1]) {
        format_key(key->name, key->id, key->public, ret_text, AUDIT_KEY_MAX + 1);
}

/* ------------------------------------------------------------------ notes */

static int sign(const uint8_t seed[ED25519_LENGTH], const char *text, size_t n_text,
                uint8_t ret_signature[SIGNATURE_LENGTH]) {
        _cleanup_(EVP_PKEY_freep) EVP_PKEY *key = NULL;
        _cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
        size_t n = SIGNATURE_LENGTH;

        key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, ED25519_LENGTH);
        if (!key || !context || EVP_DigestSignInit(context, NULL, NULL, NULL, key) != 1 ||
            EVP_DigestSign(context, ret_signature, &n, (const uint8_t *)text, n_text) != 1 ||
            n != SIGNATURE_LENGTH)
                return -EIO;
        return 0;
}

static int check(const uint8_t public[ED25519_LENGTH], const char *text, size_t n_text,
                 const uint8_t signature[SIGNATURE_LENGTH]) {
        _cleanup_(EVP_PKEY_freep) EVP_PKEY *key = NULL;
        _cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();

        key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public, ED25519_LENGTH);
        if (!key || !context || EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) != 1)
                return -EIO;
        return EVP_DigestVerify(context, signature, SIGNATURE_LENGTH, (const uint8_t *)text,
                                n_text) == 1;
}

int note_sign(const NoteSigner *signer, uint64_t size, const uint8_t root[SHA256_LENGTH],
              char ret_note[AUDIT_NOTE_MAX + 1]) {
        uint8_t signature[ID_LENGTH + SIGNATURE_LENGTH];
        char root64[BASE64_SIZE(SHA256_LENGTH)], signature64[BASE64_SIZE(sizeof(signature))];
        char text[NOTE_NAME_MAX + 96];
        int n, r;

        encode64(root, SHA256_LENGTH, root64);
        n = snprintf(text, sizeof(text), "%s\n%" PRIu64 "\n%s\n", signer->key.name, size, root64);
        memcpy(signature, signer->key.id, ID_LENGTH);
        r = sign(signer->seed, text, (size_t)n, signature + ID_LENGTH);
        if (r < 0)
                return r;
        encode64(signature, sizeof(signature), signature64);
        (void)snprintf(ret_note, AUDIT_NOTE_MAX + 1, "%s\n" DASH "%s %s\n", text, signer->key.name,
                       signature64);
        return 0;
}

typedef struct Parts {
        Checkpoint checkpoint;
        size_t n_signed; /* bytes that the signature is over */
        uint8_t signature[ID_LENGTH + SIGNATURE_LENGTH];
} Parts;

/* The next line without its end, or false. */
static bool next_line(const char **text, const char **ret_line, size_t *ret_n) {
        const char *end = strchr(*text, '\n');

        if (!end)
                return false;
        *ret_line = *text;
        *ret_n = (size_t)(end - *text);
        *text = end + 1;
        return true;
}

/* Decimal, no sign, no leading zero. */
static bool parse_size(const char *text, size_t n, uint64_t *ret_size) {
        uint64_t size = 0;

        if (n < 1 || n > 18 || (text[0] == '0' && n > 1))
                return false;
        for (size_t i = 0; i < n; i++) {
                if (text[i] < '0' || text[i] > '9')
                        return false;
                size = size * 10 + (uint64_t)(text[i] - '0');
        }
        *ret_size = size;
        return true;
}

static bool parse(const char *note, Parts *ret_parts) {
        const char *rest = note, *line;
        Parts parts = {};
        size_t n, n_name;

        if (strnlen(note, AUDIT_NOTE_MAX + 1) > AUDIT_NOTE_MAX)
                return false;
        if (!next_line(&rest, &line, &n) || !is_name(line, n))
                return false;
        memcpy(parts.checkpoint.origin, line, n);
        n_name = n;
        if (!next_line(&rest, &line, &n) || !parse_size(line, n, &parts.checkpoint.size))
                return false;
        if (!next_line(&rest, &line, &n) ||
            !decode64(line, n, parts.checkpoint.root, SHA256_LENGTH))
                return false;
        parts.n_signed = (size_t)(rest - note);
        if (!next_line(&rest, &line, &n) || n != 0)
                return false;
        if (!next_line(&rest, &line, &n) || *rest != '\0' || n < strlen(DASH) + n_name + 1 ||
            memcmp(line, DASH, strlen(DASH)) != 0 ||
            memcmp(line + strlen(DASH), parts.checkpoint.origin, n_name) != 0 ||
            line[strlen(DASH) + n_name] != ' ')
                return false;
        line += strlen(DASH) + n_name + 1;
        n -= strlen(DASH) + n_name + 1;
        if (!decode64(line, n, parts.signature, sizeof(parts.signature)))
                return false;
        *ret_parts = parts;
        return true;
}

bool note_parse(const char *note, Checkpoint *ret_checkpoint, uint8_t ret_key_id[4]) {
        Parts parts;

        if (!parse(note, &parts))
                return false;
        *ret_checkpoint = parts.checkpoint;
        if (ret_key_id)
                memcpy(ret_key_id, parts.signature, ID_LENGTH);
        return true;
}

int note_verify(const char *note, const NoteKey *key, Checkpoint *ret_checkpoint) {
        Parts parts;
        int r;

        if (!parse(note, &parts) || strcmp(parts.checkpoint.origin, key->name) != 0 ||
            memcmp(parts.signature, key->id, ID_LENGTH) != 0)
                return 0;
        r = check(key->public, note, parts.n_signed, parts.signature + ID_LENGTH);
        if (r > 0)
                *ret_checkpoint = parts.checkpoint;
        return r;
}
