/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "tests/unit/test.h"

static int in_a_folder(void **state) {
        static char folder[] = "/tmp/discfw-test-file-XXXXXX";

        strcpy(folder, "/tmp/discfw-test-file-XXXXXX");
        assert_non_null(mkdtemp(folder));
        *state = folder;
        return 0;
}

static int away_with_it(void **state) {
        int fd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        (void)unlinkat(fd, "file", 0);
        (void)unlinkat(fd, "link", 0);
        (void)close(fd);
        return rmdir(*state);
}

static void test_a_file_reads_back_and_is_replaced(void **state) {
        _cleanup_close_ int fd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_free_ uint8_t *bytes = NULL;
        size_t n;

        assert_int_equal(file_write_atomic(fd, "file", "old", 3, 0600), 0);
        assert_int_equal(file_write_atomic(fd, "file", "newer", 5, 0600), 0);
        assert_int_equal(file_read(fd, "file", 5, &bytes, &n), 0);
        assert_int_equal(n, 5);
        assert_memory_equal(bytes, "newer", 6);
        free(TAKE(bytes));
        assert_int_equal(file_read(fd, "file", 4, &bytes, &n), -EFBIG);
        assert_int_equal(file_read(fd, "none", 4, &bytes, &n), -ENOENT);
}

static void test_a_planted_link_is_not_followed(void **state) {
        _cleanup_close_ int fd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        uint8_t *bytes;
        size_t n;

        assert_int_equal(symlinkat("/etc/passwd", fd, "link"), 0);
        assert_int_equal(file_read(fd, "link", 100000, &bytes, &n), -ELOOP);
}

static void test_a_name_from_outside_does_not_lead_out_of_its_folder(void **state) {
        static const char *const refused[] = { "",        "/etc/passwd", "..",      "a/../file",
                                               "a//file", "a/",          "./a/file" };
        _cleanup_close_ int fd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int file = -1;
        char name[600];

        assert_int_equal(mkdirat(fd, "a", 0700), 0);
        assert_int_equal(file_write_atomic(fd, "file", "one", 3, 0600), 0);
        assert_int_equal(renameat(fd, "file", fd, "a/file"), 0);
        assert_int_equal(symlinkat("a", fd, "link"), 0);
        assert_int_equal(symlinkat("file", fd, "a/link"), 0);

        file = open_beneath(fd, "a/file");
        assert_true(file >= 0);
        for (size_t i = 0; i < N_ELEMENTS(refused); i++)
                assert_int_equal(open_beneath(fd, refused[i]), -EINVAL);
        assert_int_equal(open_beneath(fd, "link/file"), -ENOTDIR);
        assert_int_equal(open_beneath(fd, "a/link"), -ELOOP);
        assert_int_equal(open_beneath(fd, "a/file/x"), -ENOTDIR);
        assert_int_equal(open_beneath(fd, "a/none"), -ENOENT);
        memset(name, 'x', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        assert_int_equal(open_beneath(fd, name), -ENAMETOOLONG);

        (void)unlinkat(fd, "a/file", 0);
        (void)unlinkat(fd, "a/link", 0);
        (void)unlinkat(fd, "a", AT_REMOVEDIR);
}

static void test_a_memfd_cannot_grow_nor_change_once_sealed(void **state) {
        _cleanup_close_ int fd = -1;
        _cleanup_mapping_ Mapping mapping = {};
        uint64_t length;

        (void)state;
        assert_int_equal(memfd_new("test", 4, &fd), 0);
        assert_int_equal(pwrite(fd, "abcdef", 6, 0), -1);
        assert_int_equal(pwrite(fd, "abcd", 4, 0), 4);
        assert_int_equal(memfd_check_sealed(fd, 4, &length), -EBADF);
        assert_int_equal(memfd_seal(fd), 0);
        assert_int_equal(pwrite(fd, "x", 1, 0), -1);
        assert_int_equal(memfd_check_sealed(fd, 3, &length), -EBADF);
        assert_int_equal(mapping_open(fd, 4, &mapping), 0);
        assert_memory_equal(mapping.bytes, "abcd", 4);
}

static void test_a_memfd_that_is_still_mapped_writable_is_not_sealed(void **state) {
        _cleanup_close_ int fd = -1;
        void *p;

        (void)state;
        assert_int_equal(memfd_new("test", 4096, &fd), 0);
        p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        assert_ptr_not_equal(p, MAP_FAILED);
        assert_int_equal(memfd_seal(fd), -EBUSY);
        (void)munmap(p, 4096);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_a_file_reads_back_and_is_replaced, in_a_folder,
                                                away_with_it),
                cmocka_unit_test_setup_teardown(test_a_planted_link_is_not_followed, in_a_folder,
                                                away_with_it),
                cmocka_unit_test_setup_teardown(
                        test_a_name_from_outside_does_not_lead_out_of_its_folder, in_a_folder,
                        away_with_it),
                cmocka_unit_test(test_a_memfd_cannot_grow_nor_change_once_sealed),
                cmocka_unit_test(test_a_memfd_that_is_still_mapped_writable_is_not_sealed),
        };

        return RUN_TESTS(tests);
}
