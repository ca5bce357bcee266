/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "catalog/bundle.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/test.h"
#include "tests/unit/tuf-repository.h"

static const BundleFile two[] = {
        { "timestamp.json", (const uint8_t *)"one", 3 },
        { "1.snapshot.json", (const uint8_t *)"", 0 },
};

static void test_what_was_packed_is_read_back(void **state) {
        _cleanup_(bundle_freep) Bundle *bundle = NULL;
        _cleanup_free_ uint8_t *bytes = NULL;
        const BundleFile *file;
        size_t n_bytes;

        (void)state;
        assert_int_equal(bundle_pack(two, 2, &bytes, &n_bytes), 0);
        assert_int_equal(bundle_open(bytes, n_bytes, &bundle), 0);
        file = bundle_find(bundle, "timestamp.json");
        assert_non_null(file);
        assert_int_equal(file->n_bytes, 3);
        assert_memory_equal(file->bytes, "one", 3);
        file = bundle_find(bundle, "1.snapshot.json");
        assert_non_null(file);
        assert_int_equal(file->n_bytes, 0);
        assert_null(bundle_find(bundle, "root"));
}

static void test_names_that_are_none_and_too_much_are_not_packed(void **state) {
        BundleFile files[BUNDLE_FILES_MAX + 1];
        char longest[TUF_FILE_NAME_SIZE + 1] = "";
        uint8_t *bytes = NULL;
        size_t n_bytes;

        (void)state;
        memset(longest, 'a', TUF_FILE_NAME_SIZE);
        files[0] = files[1] = two[0];
        assert_int_equal(bundle_pack(files, 2, &bytes, &n_bytes), -EINVAL);
        files[1].name = "";
        assert_int_equal(bundle_pack(files, 2, &bytes, &n_bytes), -EINVAL);
        files[1].name = longest;
        assert_int_equal(bundle_pack(files, 2, &bytes, &n_bytes), -EINVAL);
        files[1] = (BundleFile){ "x", (const uint8_t *)"", BUNDLE_MAX };
        assert_int_equal(bundle_pack(files, 2, &bytes, &n_bytes), -E2BIG);
        assert_int_equal(bundle_pack(files, BUNDLE_FILES_MAX + 1, &bytes, &n_bytes), -E2BIG);
        assert_null(bytes);
}

static void test_every_cut_and_every_addition_is_refused(void **state) {
        _cleanup_free_ uint8_t *bytes = NULL, *longer = NULL;
        Bundle *bundle = NULL;
        size_t n_bytes;

        (void)state;
        assert_int_equal(bundle_pack(two, 2, &bytes, &n_bytes), 0);
        for (size_t n = 0; n < n_bytes; n++)
                assert_int_equal(bundle_open(bytes, n, &bundle), -EBADMSG);
        longer = calloc(1, n_bytes + 1);
        memcpy(longer, bytes, n_bytes);
        assert_int_equal(bundle_open(longer, n_bytes + 1, &bundle), -EBADMSG);
        longer[0] = 'X';
        assert_int_equal(bundle_open(longer, n_bytes, &bundle), -EBADMSG);
        longer[0] = 'D';
        longer[4] = 0x80; /* more files than there can be */
        assert_int_equal(bundle_open(longer, n_bytes, &bundle), -EBADMSG);
        assert_null(bundle);
}

static void test_a_name_that_is_there_twice_is_refused(void **state) {
        const BundleFile files[] = { { "a", (const uint8_t *)"1", 1 },
                                     { "b", (const uint8_t *)"2", 1 } };
        _cleanup_free_ uint8_t *bytes = NULL;
        Bundle *bundle = NULL;
        size_t n_bytes;

        (void)state;
        assert_int_equal(bundle_pack(files, 2, &bytes, &n_bytes), 0);
        *(uint8_t *)memchr(bytes + 8, 'b', n_bytes - 8) = 'a';
        assert_int_equal(bundle_open(bytes, n_bytes, &bundle), -EBADMSG);
}

/* As a plan for a flash holds it: all that the client asked the mirror for. */
static void pack_what_was_asked(Repository *repository, uint8_t **ret_bytes, size_t *ret_n_bytes) {
        _cleanup_free_ char *requests = strdup(repository_requests(repository));
        BundleFile files[16];
        size_t n = 0;

        for (char *name = strtok(requests, " "); name; name = strtok(NULL, " ")) {
                const char *text;

                if (strcmp(name, "3.root.json") == 0)
                        continue; /* there was none */
                text = repository_served(repository, name);
                files[n++] = (BundleFile){ name, (const uint8_t *)text, strlen(text) };
        }
        assert_int_equal(bundle_pack(files, n, ret_bytes, ret_n_bytes), 0);
}

static int on_target(void *userdata, const TufTarget *target) {
        unsigned *n = userdata;

        assert_string_equal(target->path, "drive/41/1.00");
        assert_string_equal(target->roles[1], "maker");
        (*n)++;
        return 0;
}

static void test_a_bundle_is_verified_again_from_the_pinned_root_offline(void **state) {
        _cleanup_(repository_freep) Repository *repository = repository_new();
        _cleanup_(bundle_freep) Bundle *bundle = NULL;
        _cleanup_(tuf_freep) Tuf *online = NULL, *offline = NULL, *forged = NULL;
        _cleanup_free_ uint8_t *bytes = NULL;
        TufOptions options = { .start_time = REPOSITORY_NOW };
        BundleIo bundle_io;
        Fault fault = {};
        unsigned n = 0;
        size_t n_bytes;
        uint8_t *p;
        TufIo io;

        (void)state;
        (void)repository_delegate(repository, "targets", "maker", "drive/41/*", NULL, false);
        repository_add_target(repository, "maker", "drive/41/1.00", "x");
        repository_publish_all(repository, "root", "maker", "targets", "snapshot", "timestamp",
                               NULL);
        repository_client(repository, &options, &online);
        assert_int_equal(tuf_refresh(online, &fault), 0);
        assert_int_equal(tuf_list(online, "drive/41/", on_target, &n, &fault), 0);
        pack_what_was_asked(repository, &bytes, &n_bytes);

        assert_int_equal(bundle_open(bytes, n_bytes, &bundle), 0);
        bundle_io = (BundleIo){
                .bundle = bundle,
                .root = (const uint8_t *)repository_served(repository, "1.root.json"),
                .n_root = strlen(repository_served(repository, "1.root.json")),
        };
        tuf_io_from_bundle(&bundle_io, &io);
        assert_int_equal(tuf_new(&io, &options, &offline), 0);
        assert_int_equal(tuf_refresh(offline, &fault), 0);
        assert_int_equal(tuf_list(offline, "drive/41/", on_target, &n, &fault), 0);
        assert_int_equal(n, 2);
        assert_int_equal(tuf_role(offline, "root")->version, 2);

        /* A daemon that was taken over changes a byte of what the maker said. */
        p = memmem(bytes, n_bytes, "drive/41/1.00", 13);
        assert_non_null(p);
        p[12] = '1';
        assert_int_equal(tuf_new(&io, &options, &forged), 0);
        assert_int_equal(tuf_refresh(forged, &fault), 0);
        assert_int_equal(tuf_list(forged, "drive/41/", on_target, &n, &fault), -EBADE);
        assert_int_equal(fault.code, FAULT_CATALOG_SIGNATURE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_was_packed_is_read_back),
                cmocka_unit_test(test_names_that_are_none_and_too_much_are_not_packed),
                cmocka_unit_test(test_every_cut_and_every_addition_is_refused),
                cmocka_unit_test(test_a_name_that_is_there_twice_is_refused),
                cmocka_unit_test(test_a_bundle_is_verified_again_from_the_pinned_root_offline),
        };

        return RUN_TESTS(tests);
}
