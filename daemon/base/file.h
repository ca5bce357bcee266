/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files as a whole, and memory that crosses a privilege border.
 *
 * Across such a border go descriptors, digests and enums, never a path. What is handed over is a
 * memfd whose length is fixed before it is filled and which is sealed before it is read.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/fault.h"

/* Reads at most MAX bytes of a regular file below DIRFD (AT_FDCWD for a path), without following a
 * symlink in its last component. A NUL follows the bytes, uncounted. Returns 0, -EFBIG, -EINVAL if
 * it is no regular file, or errno. */
int file_read(int dirfd, const char *name, size_t max, uint8_t **ret_bytes,
              size_t *ret_n_bytes) _must_check_;

/* Opens NAME, which may be several components below the folder DIRFD, for reading: no links, no "..",
 * no way out of the folder, and no waiting for a pipe. By hand, since the filter that systemd puts in
 * force for RestrictSUIDSGID= refuses openat2(2). Returns a descriptor, -EINVAL for a name that could
 * lead out, -ELOOP or -ENOTDIR for a link, or errno. */
int open_beneath(int dirfd, const char *name) _must_check_;

/* Replaces or makes a file: temporary name in the same folder, fsync, rename, fsync of the folder.
 * After a crash there is the old content or the new. */
int file_write_atomic(int dirfd, const char *name, const void *bytes, size_t n_bytes,
                      mode_t mode) _must_check_;

/* Makes PATH and what leads to it. An existing folder is fine. */
int mkdir_parents(const char *path, mode_t mode) _must_check_;

/* All bytes or an error; -EIO at an early end. */
int read_all(int fd, void *bytes, size_t n_bytes) _must_check_;
int write_all(int fd, const void *bytes, size_t n_bytes) _must_check_;
int pwrite_all(int fd, const void *bytes, size_t n_bytes, off_t offset) _must_check_;

/* A place for LENGTH bytes: cannot grow, so that a peer which writes more meets the end of the file
 * and not our memory. NAME is for /proc only. */
int memfd_new(const char *name, uint64_t length, int *ret_fd) _must_check_;

/* Fixes the content. -EBUSY if somebody still holds a writable mapping: treat that as an attack. */
int memfd_seal(int fd) _must_check_;

/* memfd_new, fill, seal. */
int memfd_from_bytes(const char *name, const void *bytes, size_t n_bytes, int *ret_fd) _must_check_;

/* Checks what a peer handed over: a memfd, fully sealed (WRITE, GROW, SHRINK, SEAL), of at most MAX
 * bytes. Returns 0 or -EBADF. */
int memfd_check_sealed(int fd, uint64_t max, uint64_t *ret_length) _must_check_;

/* A sealed memfd mapped for reading. */
typedef struct Mapping {
        const uint8_t *bytes;
        size_t n_bytes;
} Mapping;
int mapping_open(int fd, uint64_t max, Mapping *ret_mapping) _must_check_;
void mapping_close(Mapping *mapping);
#define _cleanup_mapping_ _cleanup_(mapping_close)
