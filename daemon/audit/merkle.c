/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/merkle.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

int merkle_leaf(const void *bytes, size_t n_bytes, uint8_t ret_hash[SHA256_LENGTH]) {
        static const uint8_t prefix = 0x00;
        _cleanup_(digest_freep) Digest *digest = NULL;
        int r;

        r = digest_begin(&digest);
        if (r == 0)
                r = digest_update(digest, &prefix, 1);
        if (r == 0)
                r = digest_update(digest, bytes, n_bytes);
        return r < 0 ? r : digest_end(TAKE(digest), ret_hash);
}

int merkle_node(const uint8_t left[SHA256_LENGTH], const uint8_t right[SHA256_LENGTH],
                uint8_t ret_hash[SHA256_LENGTH]) {
        uint8_t bytes[1 + 2 * SHA256_LENGTH] = { 0x01 };

        memcpy(bytes + 1, left, SHA256_LENGTH);
        memcpy(bytes + 1 + SHA256_LENGTH, right, SHA256_LENGTH);
        return sha256(bytes, sizeof(bytes), ret_hash);
}

int merkle_append(Merkle *merkle, const uint8_t leaf[SHA256_LENGTH], MerkleFunction function,
                  void *userdata) {
        uint8_t hash[SHA256_LENGTH];
        unsigned level = 0;
        int r;

        assert(merkle->size < UINT64_C(1) << (MERKLE_LEVELS - 1));
        memcpy(hash, leaf, sizeof(hash));
        /* Like adding one in binary: each carry joins two complete subtrees. */
        for (;;) {
                r = function ? function(level, merkle->size >> level, hash, userdata) : 0;
                if (r != 0)
                        return r;
                if ((merkle->size >> level & 1) == 0)
                        break;
                r = merkle_node(merkle->frontier[level], hash, hash);
                if (r < 0)
                        return r;
                level++;
        }
        memcpy(merkle->frontier[level], hash, sizeof(hash));
        merkle->size++;
        return 0;
}

int merkle_root(const Merkle *merkle, uint8_t ret_root[SHA256_LENGTH]) {
        uint8_t root[SHA256_LENGTH];
        bool begun = false;

        if (merkle->size == 0)
                return sha256("", 0, ret_root);
        for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
                int r;

                if ((merkle->size >> level & 1) == 0)
                        continue;
                if (!begun) {
                        memcpy(root, merkle->frontier[level], sizeof(root));
                        begun = true;
                        continue;
                }
                r = merkle_node(merkle->frontier[level], root, root);
                if (r < 0)
                        return r;
        }
        memcpy(ret_root, root, sizeof(root));
        return 0;
}
