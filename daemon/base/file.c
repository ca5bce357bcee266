/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

int read_all(int fd, void *bytes, size_t n_bytes) {
        uint8_t *p = bytes;

        while (n_bytes > 0) {
                ssize_t n = read(fd, p, n_bytes);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : -EIO;
                p += n;
                n_bytes -= (size_t)n;
        }
        return 0;
}

int write_all(int fd, const void *bytes, size_t n_bytes) {
        const uint8_t *p = bytes;

        while (n_bytes > 0) {
                ssize_t n = write(fd, p, n_bytes);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                p += n;
                n_bytes -= (size_t)n;
        }
        return 0;
}

int pwrite_all(int fd, const void *bytes, size_t n_bytes, off_t offset) {
        const uint8_t *p = bytes;

        while (n_bytes > 0) {
                ssize_t n = pwrite(fd, p, n_bytes, offset);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                p += n;
                offset += n;
                n_bytes -= (size_t)n;
        }
        return 0;
}

int file_read(int dirfd, const char *name, size_t max, uint8_t **ret_bytes, size_t *ret_n_bytes) {
        _cleanup_free_ uint8_t *bytes = NULL;
        _cleanup_close_ int fd = -1;
        struct stat st;
        int r;

        /* Nonblocking: a planted fifo must not hold us up. */
        fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EINVAL;
        if (st.st_size < 0 || (uint64_t)st.st_size > max)
                return -EFBIG;
        bytes = malloc((size_t)st.st_size + 1);
        if (!bytes)
                return -ENOMEM;
        r = read_all(fd, bytes, (size_t)st.st_size);
        if (r < 0)
                return r;
        bytes[st.st_size] = '\0';
        *ret_n_bytes = (size_t)st.st_size;
        *ret_bytes = TAKE(bytes);
        return 0;
}

int open_beneath(int dirfd, const char *name) {
        _cleanup_close_ int folder = -1;
        char part[NAME_MAX + 1];

        for (;;) {
                size_t n = strcspn(name, "/");
                bool last = name[n] == '\0';
                int fd;

                if (n == 0 || n > NAME_MAX)
                        return n == 0 ? -EINVAL : -ENAMETOOLONG;
                memcpy(part, name, n);
                part[n] = '\0';
                if (strcmp(part, ".") == 0 || strcmp(part, "..") == 0)
                        return -EINVAL;
                fd = openat(folder >= 0 ? folder : dirfd, part,
                            O_NOFOLLOW | O_CLOEXEC |
                                    (last ? O_RDONLY | O_NONBLOCK : O_PATH | O_DIRECTORY));
                if (fd < 0)
                        return -errno;
                if (last)
                        return fd;
                closep(&folder);
                folder = fd;
                name += n + 1;
        }
}

int file_write_atomic(int dirfd, const char *name, const void *bytes, size_t n_bytes, mode_t mode) {
        _cleanup_close_ int fd = -1, folder = -1;
        char temporary[NAME_MAX + 16], path[PATH_MAX];
        const char *slash = strrchr(name, '/');
        int n_folder = slash ? (int)(slash - name) : 0;
        int r;

        if (slash == name)
                n_folder = 1;
        r = snprintf(path, sizeof(path), "%.*s", n_folder ? n_folder : 1, n_folder ? name : ".");
        if (r < 0 || (size_t)r >= sizeof(path))
                return -ENAMETOOLONG;
        folder = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0)
                return -errno;
        if (slash)
                name = slash + 1;
        r = snprintf(temporary, sizeof(temporary), ".%s.new", name);
        if (r < 0 || (size_t)r >= sizeof(temporary))
                return -ENAMETOOLONG;

        /* What a crash left behind is ours: the folder is. */
        (void)unlinkat(folder, temporary, 0);
        fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd < 0)
                return -errno;
        r = write_all(fd, bytes, n_bytes);
        if (r == 0 && fsync(fd) < 0)
                r = -errno;
        if (r == 0 && renameat(folder, temporary, folder, name) < 0)
                r = -errno;
        if (r < 0) {
                (void)unlinkat(folder, temporary, 0);
                return r;
        }
        return fsync(folder) < 0 ? -errno : 0;
}

int mkdir_parents(const char *path, mode_t mode) {
        char text[PATH_MAX];
        size_t n = strlen(path);

        if (n == 0 || n >= sizeof(text))
                return -ENAMETOOLONG;
        memcpy(text, path, n + 1);
        for (char *p = text + 1; *p; p++) {
                if (*p != '/')
                        continue;
                *p = '\0';
                if (mkdir(text, 0755) < 0 && errno != EEXIST)
                        return -errno;
                *p = '/';
        }
        return mkdir(text, mode) < 0 && errno != EEXIST ? -errno : 0;
}

int memfd_new(const char *name, uint64_t length, int *ret_fd) {
        _cleanup_close_ int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

        if (fd < 0)
                return -errno;
        if (length > INT64_MAX || ftruncate(fd, (off_t)length) < 0)
                return -errno;
        if (fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) < 0)
                return -errno;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int memfd_seal(int fd) {
        return fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0
                       ? -errno
                       : 0;
}

int memfd_from_bytes(const char *name, const void *bytes, size_t n_bytes, int *ret_fd) {
        _cleanup_close_ int fd = -1;
        int r;

        r = memfd_new(name, n_bytes, &fd);
        if (r < 0)
                return r;
        r = pwrite_all(fd, bytes, n_bytes, 0);
        if (r < 0)
                return r;
        r = memfd_seal(fd);
        if (r < 0)
                return r;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int memfd_check_sealed(int fd, uint64_t max, uint64_t *ret_length) {
        const int wanted = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
        int seals = fcntl(fd, F_GET_SEALS);
        struct stat st;

        if (seals < 0 || (seals & wanted) != wanted || fstat(fd, &st) < 0 || st.st_size < 0 ||
            (uint64_t)st.st_size > max)
                return -EBADF;
        *ret_length = (uint64_t)st.st_size;
        return 0;
}

int mapping_open(int fd, uint64_t max, Mapping *ret_mapping) {
        uint64_t length;
        void *p;
        int r;

        r = memfd_check_sealed(fd, max, &length);
        if (r < 0)
                return r;
        if (length == 0) {
                *ret_mapping = (Mapping){};
                return 0;
        }
        p = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED)
                return -errno;
        *ret_mapping = (Mapping){ .bytes = p, .n_bytes = length };
        return 0;
}

void mapping_close(Mapping *mapping) {
        if (mapping->bytes)
                (void)munmap((void *)mapping->bytes, mapping->n_bytes);
        *mapping = (Mapping){};
}
