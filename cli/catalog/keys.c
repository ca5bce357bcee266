/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/catalog/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/ui.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"

#define PASSPHRASE_MIN 8
#define PASSPHRASE_MAX 1024
#define PEM_MAX        65536

/* scrypt (RFC 7914) with 16 MiB of memory: what OpenSSL reads back without being told a limit. */
#define SCRYPT_N 16384
#define SCRYPT_R 8
#define SCRYPT_P 1

static const char *arg_passphrase_file;
static char arg_passphrase[PASSPHRASE_MAX + 1];

static inline void pair_freep(EVP_PKEY **pair) {
        EVP_PKEY_free(*pair);
}
static inline void bio_freep(BIO **bio) {
        (void)BIO_free(*bio);
}

void passphrase_from(const char *path) {
        arg_passphrase_file = path;
}

void passphrase_forget(void) {
        OPENSSL_cleanse(arg_passphrase, sizeof(arg_passphrase));
}

static int passphrase_read(Fault *fault) {
        _cleanup_free_ uint8_t *bytes = NULL;
        size_t n_bytes, n;
        int r;

        r = file_read(AT_FDCWD, arg_passphrase_file, PASSPHRASE_MAX, &bytes, &n_bytes);
        if (r < 0)
                return cannot(fault, "read the passphrase from", arg_passphrase_file, r);

        n = strcspn((const char *)bytes, "\r\n");
        memcpy(arg_passphrase, bytes, n);
        arg_passphrase[n] = '\0';
        OPENSSL_cleanse(bytes, n_bytes);
        if (n < PASSPHRASE_MIN) {
                passphrase_forget();
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "the first line of %s is no passphrase of at least %d bytes",
                                 arg_passphrase_file, PASSPHRASE_MIN);
        }
        return 0;
}

static int passphrase_ask(const char *prompt, bool twice, Fault *fault) {
        int r;

        r = EVP_read_pw_string_min(arg_passphrase, twice ? PASSPHRASE_MIN : 0, PASSPHRASE_MAX,
                                   prompt, twice);
        ERR_clear_error();
        if (r != 0) {
                passphrase_forget();
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "no passphrase was given; name a file with --passphrase-file, or "
                                 "in DISCFW_CATALOG_PASSPHRASE_FILE");
        }
        return 0;
}

/* One passphrase is asked for once. */
static int passphrase_get(const char *prompt, bool twice, Fault *fault) {
        if (*arg_passphrase)
                return 0;
        return arg_passphrase_file ? passphrase_read(fault) : passphrase_ask(prompt, twice, fault);
}

int passphrase_choose(Fault *fault) {
        return passphrase_get("passphrase for the new keys: ", true, fault);
}

static int encrypt(EVP_PKEY *pair, char **ret_pem) {
        _cleanup_(bio_freep) BIO *bio = BIO_new(BIO_s_mem());
        X509_ALGOR *algorithm = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, 0, NULL, SCRYPT_N,
                                                      SCRYPT_R, SCRYPT_P);
        PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(pair);
        X509_SIG *sealed = NULL;
        char *memory, *pem = NULL;
        long n_memory;

        if (bio && algorithm && plain)
                sealed = PKCS8_set0_pbe(arg_passphrase, (int)strlen(arg_passphrase), plain,
                                        algorithm);
        if (sealed)
                algorithm = NULL; /* it belongs to the sealed key now */
        if (sealed && PEM_write_bio_PKCS8(bio, sealed) == 1) {
                n_memory = BIO_get_mem_data(bio, &memory);
                pem = strndup(memory, (size_t)n_memory);
        }

        X509_SIG_free(sealed);
        PKCS8_PRIV_KEY_INFO_free(plain);
        X509_ALGOR_free(algorithm);
        ERR_clear_error();
        if (!pem)
                return -EIO;
        *ret_pem = pem;
        return 0;
}

static int key_path(const Work *work, const char *role, const char *keyid, char **ret_path) {
        return asprintf(ret_path, "%s/%s-%.16s.pem", work->keys, role, keyid) < 0 ? -ENOMEM : 0;
}

int keys_make(const Work *work, const char *role, KeyScheme scheme, json_t **ret_object,
              char ret_keyid[KEYID_SIZE], Fault *fault) {
        _cleanup_(pair_freep) EVP_PKEY *pair = NULL;
        _cleanup_free_ char *pem = NULL, *path = NULL;
        json_t *object;
        int r;

        r = passphrase_choose(fault);
        if (r < 0)
                return r;

        if ((r = key_generate(scheme, &pair)) < 0 || (r = encrypt(pair, &pem)) < 0)
                return r;
        r = key_object(pair, &object, ret_keyid);
        if (r < 0)
                return r;

        r = key_path(work, role, ret_keyid, &path);
        if (r >= 0)
                r = file_write_atomic(AT_FDCWD, path, pem, strlen(pem), 0600);
        if (r < 0) {
                json_decref(object);
                return path ? cannot(fault, "write", path, r) : r;
        }

        *ret_object = object;
        return 0;
}

static int no_password(char *buffer, int size, int writing, void *userdata) {
        (void)buffer;
        (void)size;
        (void)writing;
        (void)userdata;
        return -1;
}

/* NULL if the passphrase is another one. */
static EVP_PKEY *decrypt(const uint8_t *pem, size_t n_pem) {
        _cleanup_(bio_freep) BIO *bio = BIO_new_mem_buf(pem, (int)n_pem);
        PKCS8_PRIV_KEY_INFO *plain = NULL;
        EVP_PKEY *pair = NULL;
        X509_SIG *sealed;

        sealed = bio ? PEM_read_bio_PKCS8(bio, NULL, no_password, NULL) : NULL;
        if (sealed)
                plain = PKCS8_decrypt(sealed, arg_passphrase, (int)strlen(arg_passphrase));
        if (plain)
                pair = EVP_PKCS82PKEY(plain);

        PKCS8_PRIV_KEY_INFO_free(plain);
        X509_SIG_free(sealed);
        ERR_clear_error();
        return pair;
}

/* A key file that others can read is as good as lost. */
static int check_mode(const char *path, Fault *fault) {
        struct stat st;

        if (stat(path, &st) < 0)
                return -errno;
        if (st.st_mode & (S_IRWXG | S_IRWXO))
                return fault_set(fault, FAULT_BAD_CONFIG,
                                 "others may read %s; run \"chmod 600 %s\", and consider the key "
                                 "known to them: see \"discfw-catalog rotate-key --help\"",
                                 path, path);
        return 0;
}

/* The file must hold the very key that it is named for. */
static int check_keyid(EVP_PKEY *pair, const char *keyid, const char *path, Fault *fault) {
        char found[KEYID_SIZE];
        json_t *object;
        int r = key_object(pair, &object, found);

        if (r < 0)
                return r;
        json_decref(object);
        if (strcmp(found, keyid) != 0)
                return fault_set(fault, FAULT_BAD_CONFIG,
                                 "%s holds the key %.16s, not the one that it is named for", path,
                                 found);
        return 0;
}

int keys_open(const Work *work, const char *role, const char *keyid, EVP_PKEY **ret_pair,
              Fault *fault) {
        _cleanup_(pair_freep) EVP_PKEY *pair = NULL;
        _cleanup_free_ char *path = NULL;
        _cleanup_free_ uint8_t *pem = NULL;
        bool known = *arg_passphrase;
        char prompt[160];
        size_t n_pem;
        int r;

        r = key_path(work, role, keyid, &path);
        if (r < 0)
                return r;
        r = file_read(AT_FDCWD, path, PEM_MAX, &pem, &n_pem);
        if (r == -ENOENT)
                return r;
        if (r < 0)
                return cannot(fault, "read", path, r);
        r = check_mode(path, fault);
        if (r < 0)
                return r;

        text_format(prompt, sizeof(prompt), "passphrase for %s-%.16s: ", role, keyid);
        r = passphrase_get(prompt, false, fault);
        if (r < 0)
                return r;
        pair = decrypt(pem, n_pem);
        if (!pair && known && !arg_passphrase_file) {
                /* What was typed for the key before may not be this one's. */
                r = passphrase_ask(prompt, false, fault);
                if (r < 0)
                        return r;
                pair = decrypt(pem, n_pem);
        }
        if (!pair)
                return fault_set(fault, FAULT_NOT_PERMITTED,
                                 "cannot open %s: the passphrase is another one, or the file is "
                                 "damaged",
                                 path);
        r = check_keyid(pair, keyid, path, fault);
        if (r < 0)
                return r;

        *ret_pair = TAKE(pair);
        return 0;
}

bool keys_scheme_from_name(const char *name, KeyScheme *ret_scheme) {
        static const char *const names[_KEY_SCHEME_MAX] = {
                [KEY_ED25519] = "ed25519",
                [KEY_ECDSA_P256] = "ecdsa",
                [KEY_RSA_PSS] = "rsa",
        };

        for (KeyScheme s = 0; s < _KEY_SCHEME_MAX; s++)
                if (strcmp(names[s], name) == 0) {
                        *ret_scheme = s;
                        return true;
                }

        return false;
}
