/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "catalog/key.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/json.h"
#include "tests/unit/test.h"

static const char message[] = "what is signed";

static EVP_PKEY *pairs[_KEY_SCHEME_MAX];

static int make_pairs(void **state) {
        (void)state;
        for (KeyScheme s = 0; s < _KEY_SCHEME_MAX; s++)
                assert_int_equal(key_generate(s, &pairs[s]), 0);
        return 0;
}

static int free_pairs(void **state) {
        (void)state;
        for (KeyScheme s = 0; s < _KEY_SCHEME_MAX; s++)
                EVP_PKEY_free(pairs[s]);
        return 0;
}

static json_t *object_of(EVP_PKEY *pair) {
        char keyid[KEYID_SIZE];
        json_t *object;

        assert_int_equal(key_object(pair, &object, keyid), 0);
        return object;
}

static void set_public(json_t *object, const char *text) {
        assert_int_equal(
                json_object_set_new(json_object_get(object, "keyval"), "public", json_string(text)),
                0);
}

static void assert_unusable(const json_t *object) {
        Key *key = NULL;

        assert_int_equal(key_new(object, &key), -ENOTSUP);
        assert_null(key);
}

static void test_each_kind_of_key_verifies_what_it_signed_and_nothing_else(void **state) {
        (void)state;
        for (KeyScheme s = 0; s < _KEY_SCHEME_MAX; s++) {
                _cleanup_json_ json_t *object = object_of(pairs[s]);
                _cleanup_(key_freep) Key *key = NULL;
                _cleanup_free_ char *signature = NULL;

                assert_true(key_is_well_formed(object));
                assert_int_equal(key_new(object, &key), 0);
                assert_int_equal(key_sign(pairs[s], message, sizeof(message), &signature), 0);
                assert_true(key_verify(key, message, sizeof(message), signature));
                assert_false(key_verify(key, message, sizeof(message) - 1, signature));
                signature[10] = signature[10] == '0' ? '1' : '0';
                assert_false(key_verify(key, message, sizeof(message), signature));
        }
}

static void test_what_is_no_signature_is_a_bad_one(void **state) {
        static const char *const bad[] = { "", "0", "zz", "00", "  ", "0x00" };
        char *huge;

        (void)state;
        huge = calloc(1, 100001);
        assert_non_null(huge);
        memset(huge, '0', 100000);
        for (KeyScheme s = 0; s < _KEY_SCHEME_MAX; s++) {
                _cleanup_json_ json_t *object = object_of(pairs[s]);
                _cleanup_(key_freep) Key *key = NULL;

                assert_int_equal(key_new(object, &key), 0);
                for (size_t i = 0; i < N_ELEMENTS(bad); i++)
                        assert_false(key_verify(key, message, sizeof(message), bad[i]));
                assert_false(key_verify(key, message, sizeof(message), huge));
        }
        free(huge);
}

/* CVE-2015-9258: the file must not choose how it is verified. */
static void test_type_and_scheme_must_fit_each_other_and_the_key(void **state) {
        static const char *const types[] = { "ed25519", "ecdsa", "ecdsa-sha2-nistp256",
                                             "rsa",     "dsa",   "" };
        static const char *const names[] = { "ed25519",
                                             "ecdsa-sha2-nistp256",
                                             "rsassa-pss-sha256",
                                             "rsa-pkcs1v15-sha256",
                                             "none",
                                             "" };
        unsigned n_usable = 0;

        (void)state;
        for (KeyScheme s = 0; s < _KEY_SCHEME_MAX; s++)
                for (size_t t = 0; t < N_ELEMENTS(types); t++)
                        for (size_t n = 0; n < N_ELEMENTS(names); n++) {
                                _cleanup_json_ json_t *object = object_of(pairs[s]);
                                _cleanup_(key_freep) Key *key = NULL;

                                (void)json_object_set_new(object, "keytype", json_string(types[t]));
                                (void)json_object_set_new(object, "scheme", json_string(names[n]));
                                n_usable += key_new(object, &key) == 0;
                        }
        assert_int_equal(n_usable, 4); /* the three, and the old name of ecdsa */
}

static void test_a_key_of_the_wrong_length_or_curve_is_unusable(void **state) {
        _cleanup_json_ json_t *ed25519 = object_of(pairs[KEY_ED25519]);
        _cleanup_json_ json_t *ecdsa = object_of(pairs[KEY_ECDSA_P256]);
        _cleanup_json_ json_t *rsa = object_of(pairs[KEY_RSA_PSS]);
        EVP_PKEY *p384 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
        EVP_PKEY *rsa1024 = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
        EVP_PKEY *others[] = { p384, rsa1024 };
        json_t *objects[] = { ecdsa, rsa };
        char hex[67] = "", keyid[KEYID_SIZE];

        (void)state;
        memset(hex, 'a', 62);
        set_public(ed25519, hex); /* 31 bytes */
        assert_unusable(ed25519);
        memset(hex, 'a', 66);
        set_public(ed25519, hex); /* 33 bytes */
        assert_unusable(ed25519);
        set_public(ed25519, "");
        assert_unusable(ed25519);

        for (size_t i = 0; i < N_ELEMENTS(others); i++) {
                BIO *bio = BIO_new(BIO_s_mem());
                json_t *none = NULL;

                assert_int_equal(PEM_write_bio_PUBKEY(bio, others[i]), 1);
                assert_int_equal(BIO_write(bio, "", 1), 1);
                {
                        char *text;

                        assert_true(BIO_get_mem_data(bio, &text) > 0);
                        set_public(objects[i], text);
                }
                assert_unusable(objects[i]);
                assert_int_equal(key_object(others[i], &none, keyid), -ENOTSUP);
                assert_int_equal(BIO_free(bio), 1);
                EVP_PKEY_free(others[i]);
        }
        set_public(rsa, "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n");
        assert_unusable(rsa);
        set_public(rsa, "");
        assert_unusable(rsa);
}

static void test_nobody_is_asked_for_the_password_of_a_key(void **state) {
        _cleanup_json_ json_t *rsa = object_of(pairs[KEY_RSA_PSS]);

        (void)state;
        set_public(rsa, "-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\n"
                        "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
                        "AAAAAAAAAAAAAAAAAAAAAA==\n-----END PUBLIC KEY-----\n");
        assert_unusable(rsa);
}

static void test_the_keyid_covers_members_that_we_do_not_know(void **state) {
        _cleanup_json_ json_t *object = object_of(pairs[KEY_ED25519]);
        char before[KEYID_SIZE], after[KEYID_SIZE];

        (void)state;
        assert_int_equal(key_id(object, before), 0);
        (void)json_object_set_new(object, "x-owner", json_string("somebody"));
        assert_int_equal(key_id(object, after), 0);
        assert_string_not_equal(before, after);
        (void)json_object_set_new(object, "x-owner", json_real(1.5));
        assert_int_equal(key_id(object, after), -EBADMSG);
}

/* The public key of RFC 8032 7.1 test 1; hashed with sha256sum(1). */
static void test_the_keyid_is_the_hash_of_the_canonical_object(void **state) {
        _cleanup_json_ json_t *object = NULL;
        char keyid[KEYID_SIZE];

        (void)state;
        object = json_pack("{s:s, s:{s:s}, s:s}", "scheme", "ed25519", "keyval", "public",
                           "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                           "keytype", "ed25519");
        assert_int_equal(key_id(object, keyid), 0);
        assert_string_equal(keyid,
                            "74c181c7ad8a0855d4b55e44d2ba87aabdddb196832571f15f92fece332e4916");
}

/* go-tuf #733: one key under two names is one key. */
static void test_a_key_equals_itself_however_it_is_written(void **state) {
        (void)state;
        for (KeyScheme s = 0; s < _KEY_SCHEME_MAX; s++) {
                _cleanup_json_ json_t *object = object_of(pairs[s]);
                _cleanup_json_ json_t *other = object_of(pairs[(s + 1) % _KEY_SCHEME_MAX]);
                _cleanup_(key_freep) Key *a = NULL, *b = NULL, *c = NULL;
                char text[4096];

                assert_int_equal(key_new(object, &a), 0);
                assert_int_equal(key_new(other, &c), 0);
                (void)json_object_set_new(object, "x-other", json_true());
                (void)snprintf(text, sizeof(text), "%s%s", s == KEY_ED25519 ? "" : "a comment\n",
                               json_string_value(json_object_get(json_object_get(object, "keyval"),
                                                                 "public")));
                set_public(object, text);
                assert_int_equal(key_new(object, &b), 0);
                assert_true(key_equal(a, b));
                assert_false(key_equal(a, c));
        }
}

static void test_the_point_of_a_curve_may_be_compressed_and_is_the_same(void **state) {
        _cleanup_json_ json_t *object = object_of(pairs[KEY_ECDSA_P256]);
        _cleanup_(key_freep) Key *a = NULL, *b = NULL;
        EVP_PKEY *copy = EVP_PKEY_dup(pairs[KEY_ECDSA_P256]);
        BIO *bio = BIO_new(BIO_s_mem());
        char *text;

        (void)state;
        assert_int_equal(key_new(object, &a), 0);
        assert_int_equal(EVP_PKEY_set_utf8_string_param(copy, "point-format", "compressed"), 1);
        assert_int_equal(PEM_write_bio_PUBKEY(bio, copy), 1);
        assert_int_equal(BIO_write(bio, "", 1), 1);
        assert_true(BIO_get_mem_data(bio, &text) > 0);
        set_public(object, text);
        assert_int_equal(key_new(object, &b), 0);
        assert_true(key_equal(a, b));
        assert_int_equal(BIO_free(bio), 1);
        EVP_PKEY_free(copy);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_kind_of_key_verifies_what_it_signed_and_nothing_else),
                cmocka_unit_test(test_what_is_no_signature_is_a_bad_one),
                cmocka_unit_test(test_type_and_scheme_must_fit_each_other_and_the_key),
                cmocka_unit_test(test_a_key_of_the_wrong_length_or_curve_is_unusable),
                cmocka_unit_test(test_nobody_is_asked_for_the_password_of_a_key),
                cmocka_unit_test(test_the_keyid_covers_members_that_we_do_not_know),
                cmocka_unit_test(test_the_keyid_is_the_hash_of_the_canonical_object),
                cmocka_unit_test(test_a_key_equals_itself_however_it_is_written),
                cmocka_unit_test(test_the_point_of_a_curve_may_be_compressed_and_is_the_same),
        };

        return cmocka_run_group_tests(tests, make_pairs, free_pairs) == 0 ? 0 : 1;
}
