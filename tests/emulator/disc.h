/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can lie in a drive: nothing, a blank disc, or one with a single track of data in sectors of
 * 2048 bytes. Those of an image file are what it has, without one they are zeros, of a small CD. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISC_SECTOR    2048u
#define DISC_IMAGE_MAX 256

typedef enum DiscKind { DISC_NONE, DISC_DATA, DISC_BLANK } DiscKind;

typedef struct Disc {
        DiscKind kind;
        char image[DISC_IMAGE_MAX]; /* "": zeros */
        int fd;                     /* -1 */
        uint32_t n_sectors;         /* 0 unless DATA */
} Disc;

bool disc_kind_parse(const char *text, DiscKind *ret_kind);
const char *disc_kind_name(DiscKind kind);

/* IMAGE: NULL or "" for none. A last sector that is not whole is filled up with zeros. -EINVAL for
 * an image of a disc without data, or an empty one; -ENAMETOOLONG. */
int disc_open(DiscKind kind, const char *image, Disc *ret_disc);
/* Also of one that is all zeros. */
void disc_close(Disc *disc);

/* N sectors from LBA on, all within the disc. -EIO. */
int disc_read(const Disc *disc, uint32_t lba, uint32_t n_sectors, uint8_t *ret_bytes);
