/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signed notes (C2SP signed-note) that are checkpoints of a log (C2SP tlog-checkpoint), with one
 * Ed25519 key. Others' tools can read them.
 *
 *     NAME                      origin, which is the name of the key
 *     17                        size
 *     BASE64                    root hash
 *
 *     — NAME BASE64             4 bytes of key id, 64 of signature over the lines above
 *
 * A verifier key is "NAME+ID+BASE64", a signer key "PRIVATE+KEY+NAME+ID+BASE64"; the base64 holds
 * the algorithm (1) and 32 bytes, the id is SHA-256(NAME, LF, 1, public key), first 4 bytes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "audit/export.h"
#include "base/digest.h"

#define NOTE_NAME_MAX  64
#define ED25519_LENGTH 32

typedef struct NoteKey {
        char name[NOTE_NAME_MAX + 1];
        uint8_t id[4];
        uint8_t public[ED25519_LENGTH];
} NoteKey;

typedef struct NoteSigner {
        NoteKey key;
        uint8_t seed[ED25519_LENGTH];
} NoteSigner;

typedef struct Checkpoint {
        char origin[NOTE_NAME_MAX + 1];
        uint64_t size;
        uint8_t root[SHA256_LENGTH];
} Checkpoint;

/* A new key, named "discfwd-audit/" and 16 hex digits of the public key's hash. */
int note_signer_make(NoteSigner *ret_signer) _must_check_;
/* Checks that id and public key belong to the seed. */
bool note_signer_parse(const char *text, NoteSigner *ret_signer);
void note_signer_format(const NoteSigner *signer, char ret_text[AUDIT_KEY_MAX + 1]);

bool note_key_parse(const char *text, NoteKey *ret_key);
void note_key_format(const NoteKey *key, char ret_text[AUDIT_KEY_MAX + 1]);

int note_sign(const NoteSigner *signer, uint64_t size, const uint8_t root[SHA256_LENGTH],
              char ret_note[AUDIT_NOTE_MAX + 1]) _must_check_;

/* Reads without believing. Strict: exactly the form above. */
bool note_parse(const char *note, Checkpoint *ret_checkpoint, uint8_t ret_key_id[4]);
/* 1 if KEY signed it, 0 if not, negative errno. */
int note_verify(const char *note, const NoteKey *key, Checkpoint *ret_checkpoint) _must_check_;
