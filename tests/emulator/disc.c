/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/disc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

/* Of a disc without an image: a small CD. */
#define SECTORS 300000u

static const char *const kinds[] = { "none", "data", "blank" };

bool disc_kind_parse(const char *text, DiscKind *ret_kind) {
        for (unsigned i = 0; i < N_ELEMENTS(kinds); i++)
                if (strcmp(text, kinds[i]) == 0) {
                        *ret_kind = (DiscKind)i;
                        return true;
                }
        return false;
}

const char *disc_kind_name(DiscKind kind) {
        return kinds[kind];
}

static int open_image(Disc *disc) {
        _cleanup_close_ int fd = open(disc->image, O_RDONLY | O_CLOEXEC);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (disc->kind != DISC_DATA || !S_ISREG(st.st_mode) || st.st_size == 0 ||
            st.st_size / DISC_SECTOR >= UINT32_MAX)
                return -EINVAL;
        disc->n_sectors = (uint32_t)((st.st_size + DISC_SECTOR - 1) / DISC_SECTOR);
        disc->fd = TAKE_FD(fd);
        return 0;
}

int disc_open(DiscKind kind, const char *image, Disc *ret_disc) {
        Disc disc = { .kind = kind, .fd = -1, .n_sectors = kind == DISC_DATA ? SECTORS : 0 };
        int r;

        if (image && image[0]) {
                if (strlen(image) >= sizeof(disc.image))
                        return -ENAMETOOLONG;
                strcpy(disc.image, image);
                r = open_image(&disc);
                if (r < 0)
                        return r;
        }
        *ret_disc = disc;
        return 0;
}

void disc_close(Disc *disc) {
        if (disc->image[0]) /* and not of one that was never opened */
                closep(&disc->fd);
        *disc = (Disc){ .fd = -1 };
}

int disc_read(const Disc *disc, uint32_t lba, uint32_t n_sectors, uint8_t *ret_bytes) {
        size_t n_bytes = (size_t)n_sectors * DISC_SECTOR;
        ssize_t n;

        memset(ret_bytes, 0, n_bytes);
        if (disc->fd < 0)
                return 0;
        n = pread(disc->fd, ret_bytes, n_bytes, (off_t)lba * DISC_SECTOR);
        return n < 0 ? -EIO : 0;
}
