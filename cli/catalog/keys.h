/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private keys: encrypted PKCS#8 in PEM, each in a file that only its owner can read.
 *
 * A file is found by the keyid that the metadata names, ROLE-KEYID.pem, so no record of which key
 * belongs to what can fall out of step with the metadata: a key that was made for a rotation which
 * was cut off is a file that nobody asks for.
 *
 * Passphrases come from a file or a terminal, never from the command line, where every user of the
 * machine can read them.
 */
#pragma once

#include <jansson.h>
#include <openssl/types.h>

#include "catalog/key.h"
#include "cli/catalog/work.h"

/* Where passphrases are to be read; NULL to ask on the terminal. */
void passphrase_from(const char *path);
/* Asks for one for new keys, twice on a terminal: before anything else is done, so that a slip of the
 * finger leaves nothing behind. keys_make() does it by itself otherwise. */
int passphrase_choose(Fault *fault) _must_check_;
/* Overwrites what was read. */
void passphrase_forget(void);

/* A new key for ROLE, written to its file. RET_OBJECT is the public key object. */
int keys_make(const Work *work, const char *role, KeyScheme scheme, json_t **ret_object,
              char ret_keyid[KEYID_SIZE], Fault *fault) _must_check_;

/* The private key of KEYID. -ENOENT without a fault if there is no such file: somebody else may hold
 * it. Free with EVP_PKEY_free(). */
int keys_open(const Work *work, const char *role, const char *keyid, EVP_PKEY **ret_pair,
              Fault *fault) _must_check_;

bool keys_scheme_from_name(const char *name, KeyScheme *ret_scheme); /* "ed25519", ... */
