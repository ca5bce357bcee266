/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/merkle.h"

#include <errno.h>
#include <string.h>

#include "base/hex.h"
#include "tests/unit/test.h"

static void assert_hash(const uint8_t hash[SHA256_LENGTH], const char *wanted) {
        char hex[2 * SHA256_LENGTH + 1];

        hex_encode(hash, SHA256_LENGTH, hex);
        assert_string_equal(hex, wanted);
}

/* The leaves and roots that certificate-transparency's own tests use for RFC 6962. */
static const struct {
        const char *bytes;
        size_t n_bytes;
        const char *root; /* of the tree that ends with this leaf */
} known[] = {
        { "", 0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
        { "\x00", 1, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
        { "\x10", 1, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
        { "\x20\x21", 2, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" },
        { "\x30\x31", 2, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4" },
        { "\x40\x41\x42\x43", 4,
          "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef" },
        { "\x50\x51\x52\x53\x54\x55\x56\x57", 8,
          "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" },
        { "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16,
          "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" },
};

static void test_the_roots_are_those_of_rfc_6962(void **state) {
        uint8_t leaf[SHA256_LENGTH], root[SHA256_LENGTH];
        Merkle tree = {};

        (void)state;
        assert_int_equal(merkle_root(&tree, root), 0);
        assert_hash(root, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        for (size_t i = 0; i < N_ELEMENTS(known); i++) {
                assert_int_equal(merkle_leaf(known[i].bytes, known[i].n_bytes, leaf), 0);
                assert_int_equal(merkle_append(&tree, leaf, NULL, NULL), 0);
                assert_int_equal(merkle_root(&tree, root), 0);
                assert_hash(root, known[i].root);
        }
        assert_int_equal(tree.size, 8);
}

static void test_a_leaf_is_never_a_node(void **state) {
        uint8_t a[SHA256_LENGTH], b[SHA256_LENGTH], both[2 * SHA256_LENGTH];
        uint8_t node[SHA256_LENGTH], leaf[SHA256_LENGTH];

        (void)state;
        assert_int_equal(merkle_leaf("L123456", 7, a), 0);
        assert_hash(a, "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
        assert_int_equal(merkle_leaf("N456", 4, b), 0);
        memcpy(both, a, sizeof(a));
        memcpy(both + sizeof(a), b, sizeof(b));
        assert_int_equal(merkle_node(a, b, node), 0);
        assert_int_equal(merkle_leaf(both, sizeof(both), leaf), 0);
        assert_memory_not_equal(node, leaf, sizeof(node));
}

/* The definition, word by word: MTH(D[n]) = H(01h, MTH(D[0:k]), MTH(D[k:n])), k the largest power of
 * two below n. */
static void by_definition(uint8_t (*leaves)[SHA256_LENGTH], size_t n, uint8_t ret[SHA256_LENGTH]) {
        uint8_t left[SHA256_LENGTH], right[SHA256_LENGTH];
        size_t k = 1;

        if (n == 1) {
                memcpy(ret, leaves[0], SHA256_LENGTH);
                return;
        }
        while (k * 2 < n)
                k *= 2;
        by_definition(leaves, k, left);
        by_definition(leaves + k, n - k, right);
        assert_int_equal(merkle_node(left, right, ret), 0);
}

typedef struct Heard {
        uint8_t (*leaves)[SHA256_LENGTH];
        unsigned n;
} Heard;

static int check_subtree(unsigned level, uint64_t index, const uint8_t hash[SHA256_LENGTH],
                         void *userdata) {
        Heard *heard = userdata;
        uint8_t wanted[SHA256_LENGTH];

        by_definition(heard->leaves + (index << level), (size_t)1 << level, wanted);
        assert_memory_equal(hash, wanted, sizeof(wanted));
        heard->n++;
        return 0;
}

static void test_growing_gives_what_the_definition_gives(void **state) {
        enum { N = 300 };
        static uint8_t leaves[N][SHA256_LENGTH];
        uint8_t root[SHA256_LENGTH], wanted[SHA256_LENGTH];
        Heard heard = { .leaves = leaves };
        Merkle tree = {};

        (void)state;
        for (unsigned i = 0; i < N; i++) {
                assert_int_equal(merkle_leaf(&i, sizeof(i), leaves[i]), 0);
                assert_int_equal(merkle_append(&tree, leaves[i], check_subtree, &heard), 0);
                assert_int_equal(merkle_root(&tree, root), 0);
                by_definition(leaves, i + 1, wanted);
                assert_memory_equal(root, wanted, sizeof(root));
        }
        /* Every complete subtree once: 300 + 150 + 75 + 37 + 18 + 9 + 4 + 2 + 1. */
        assert_int_equal(heard.n, 596);
}

static int refuse(unsigned level, uint64_t index, const uint8_t hash[SHA256_LENGTH],
                  void *userdata) {
        (void)index;
        (void)hash;
        (void)userdata;
        return level == 1 ? -ENOSPC : 0;
}

static void test_a_tree_whose_node_could_not_be_kept_is_as_before(void **state) {
        uint8_t leaf[SHA256_LENGTH] = { 1 };
        Merkle tree = {}, before;

        (void)state;
        assert_int_equal(merkle_append(&tree, leaf, refuse, NULL), 0);
        before = tree;
        assert_int_equal(merkle_append(&tree, leaf, refuse, NULL), -ENOSPC);
        assert_memory_equal(&tree, &before, sizeof(tree));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_roots_are_those_of_rfc_6962),
                cmocka_unit_test(test_a_leaf_is_never_a_node),
                cmocka_unit_test(test_growing_gives_what_the_definition_gives),
                cmocka_unit_test(test_a_tree_whose_node_could_not_be_kept_is_as_before),
        };

        return RUN_TESTS(tests);
}
