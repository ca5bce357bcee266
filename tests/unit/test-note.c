/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/note.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "tests/unit/test.h"

/* Key and note of the signed-note documentation (golang.org/x/mod/sumdb/note). */
static const char go_signer[] =
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
static const char go_key[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

static const uint8_t a_root[SHA256_LENGTH] = { 0xde, 0xad };

static void test_a_key_of_others_is_understood(void **state) {
        char text[AUDIT_KEY_MAX + 1];
        NoteSigner signer;
        NoteKey key;

        (void)state;
        assert_true(note_signer_parse(go_signer, &signer));
        assert_true(note_key_parse(go_key, &key));
        assert_memory_equal(signer.key.public, key.public, sizeof(key.public));
        note_key_format(&signer.key, text);
        assert_string_equal(text, go_key);
        note_signer_format(&signer, text);
        assert_string_equal(text, go_signer);
}

static void test_a_checkpoint_has_the_form_that_others_read(void **state) {
        char note[AUDIT_NOTE_MAX + 1];
        Checkpoint checkpoint;
        NoteSigner signer;
        uint8_t id[4];

        (void)state;
        assert_true(note_signer_parse(go_signer, &signer));
        assert_int_equal(note_sign(&signer, 17, a_root, note), 0);
        assert_memory_equal(note,
                            "PeterNeumann\n17\n3q0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n"
                            "\xe2\x80\x94 PeterNeumann x08go",
                            84);
        assert_int_equal(note[strlen(note) - 1], '\n');
        assert_int_equal(note_verify(note, &signer.key, &checkpoint), 1);
        assert_int_equal(checkpoint.size, 17);
        assert_memory_equal(checkpoint.root, a_root, SHA256_LENGTH);
        assert_true(note_parse(note, &checkpoint, id));
        assert_memory_equal(id, "\xc7\x4f\x20\xa3", 4);
}

static void test_a_new_key_is_its_own(void **state) {
        char text[AUDIT_KEY_MAX + 1], note[AUDIT_NOTE_MAX + 1];
        NoteSigner one, two, again;
        Checkpoint checkpoint;
        NoteKey key;

        (void)state;
        assert_int_equal(note_signer_make(&one), 0);
        assert_int_equal(note_signer_make(&two), 0);
        assert_memory_not_equal(one.seed, two.seed, sizeof(one.seed));
        note_signer_format(&one, text);
        assert_true(note_signer_parse(text, &again));
        assert_memory_equal(&again, &one, sizeof(one));
        note_key_format(&one.key, text);
        assert_true(note_key_parse(text, &key));
        assert_int_equal(note_sign(&one, 1, a_root, note), 0);
        assert_int_equal(note_verify(note, &key, &checkpoint), 1);
        assert_int_equal(note_verify(note, &two.key, &checkpoint), 0);
        /* Another key under the same name and id does not help. */
        memcpy(two.key.name, one.key.name, sizeof(one.key.name));
        memcpy(two.key.id, one.key.id, sizeof(one.key.id));
        assert_int_equal(note_verify(note, &two.key, &checkpoint), 0);
}

static void test_no_changed_byte_of_a_note_verifies(void **state) {
        char note[AUDIT_NOTE_MAX + 1];
        Checkpoint checkpoint;
        NoteSigner signer;
        size_t n;

        (void)state;
        assert_true(note_signer_parse(go_signer, &signer));
        assert_int_equal(note_sign(&signer, 1234, a_root, note), 0);
        n = strlen(note);
        for (size_t i = 0; i < n; i++)
                for (unsigned bit = 0; bit < 8; bit++) {
                        note[i] ^= (char)(1u << bit);
                        assert_int_equal(note_verify(note, &signer.key, &checkpoint), 0);
                        note[i] ^= (char)(1u << bit);
                }
        for (size_t i = 0; i < n; i++) {
                char cut[AUDIT_NOTE_MAX + 1];

                memcpy(cut, note, n + 1);
                cut[i] = '\0';
                assert_int_equal(note_verify(cut, &signer.key, &checkpoint), 0);
        }
        strcat(note, "x");
        assert_int_equal(note_verify(note, &signer.key, &checkpoint), 0);
}

static void test_sizes_have_one_form(void **state) {
        static const char after[] =
                "\n3q0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\xe2\x80\x94 n ";
        static const struct {
                const char *size;
                bool good;
        } cases[] = {
                { "0", true },   { "7", true },   { "999999999999999999", true },
                { "00", false }, { "07", false }, { "1000000000000000000", false },
                { "-1", false }, { "+1", false }, { " 1", false },
                { "", false },   { "1x", false },
        };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                Checkpoint checkpoint;
                char note[512];

                /* 68 bytes of zeros are 91 letters and one sign. */
                (void)snprintf(note, sizeof(note), "n\n%s%s%091d=\n", cases[i].size, after, 0);
                for (char *p = strstr(note, " n ") + 3; *p == '0'; p++)
                        *p = 'A';
                assert_int_equal(note_parse(note, &checkpoint, NULL), cases[i].good);
        }
}

static void test_keys_that_are_none_are_refused(void **state) {
        static const char *const bad[] = {
                "",
                "PeterNeumann",
                "PeterNeumann+c74f20a3",
                "PeterNeumann+c74f20a3+",
                "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                "PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
                "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n",
                "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        };
        NoteSigner signer;
        NoteKey key;

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(bad); i++)
                assert_false(note_key_parse(bad[i], &key));
        assert_false(note_signer_parse(go_key, &signer));
        assert_false(note_key_parse(go_signer, &key));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_key_of_others_is_understood),
                cmocka_unit_test(test_a_checkpoint_has_the_form_that_others_read),
                cmocka_unit_test(test_a_new_key_is_its_own),
                cmocka_unit_test(test_no_changed_byte_of_a_note_verifies),
                cmocka_unit_test(test_sizes_have_one_form),
                cmocka_unit_test(test_keys_that_are_none_are_refused),
        };

        return RUN_TESTS(tests);
}
