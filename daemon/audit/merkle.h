/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Merkle tree hashes, RFC 6962 section 2.1: a leaf is SHA-256(00h, data), a node SHA-256(01h, left,
 * right), the empty tree SHA-256 of nothing; a tree of n leaves is split at the largest power of two
 * below n.
 *
 * A growing tree needs only the roots of the complete subtrees on its right edge, one for each bit
 * that is set in its size: that is the frontier.
 */
#pragma once

#include <stdint.h>

#include "base/digest.h"

#define MERKLE_LEVELS 63

typedef struct Merkle {
        uint64_t size;
        uint8_t frontier[MERKLE_LEVELS]
                        [SHA256_LENGTH]; /* [level] holds where that bit of size is set */
} Merkle;

int merkle_leaf(const void *bytes, size_t n_bytes, uint8_t ret_hash[SHA256_LENGTH]) _must_check_;
int merkle_node(const uint8_t left[SHA256_LENGTH], const uint8_t right[SHA256_LENGTH],
                uint8_t ret_hash[SHA256_LENGTH]) _must_check_;

/* A subtree that became complete: LEVEL 0 is a leaf, INDEX counts within the level. */
typedef int (*MerkleFunction)(unsigned level, uint64_t index, const uint8_t hash[SHA256_LENGTH],
                              void *userdata);

/* Appends a leaf hash; FUNCTION (may be NULL) hears of each subtree that is complete by it, the leaf
 * included, and may stop with non-zero, which is returned: the tree is then as before. */
int merkle_append(Merkle *merkle, const uint8_t leaf[SHA256_LENGTH], MerkleFunction function,
                  void *userdata) _must_check_;
int merkle_root(const Merkle *merkle, uint8_t ret_root[SHA256_LENGTH]) _must_check_;
