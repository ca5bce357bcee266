/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A folder of one's own for each test: cmocka setup and teardown. State is a TestFolder. */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

typedef struct TestFolder {
        char path[64];
        int fd;
} TestFolder;

static int folder_make(void **state) {
        TestFolder *folder = calloc(1, sizeof(*folder));

        if (!folder)
                return -1;
        (void)snprintf(folder->path, sizeof(folder->path), "/tmp/discfw-test-XXXXXX");
        if (!mkdtemp(folder->path))
                return -1;
        folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        *state = folder;
        return folder->fd < 0 ? -1 : 0;
}

static int folder_unlink_one(const char *path, const struct stat *st _unused_, int type _unused_,
                             struct FTW *ftw _unused_) {
        return remove(path);
}

static int folder_remove(void **state) {
        TestFolder *folder = *state;
        int r;

        /* The store makes its folder the working one. */
        r = chdir("/");
        if (r == 0)
                r = nftw(folder->path, folder_unlink_one, 8, FTW_DEPTH | FTW_PHYS);
        (void)close(folder->fd);
        free(folder);
        return r;
}

#define test_in_folder(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)
