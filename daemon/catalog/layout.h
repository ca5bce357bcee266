/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What images of firmware look like inside, family by family: where an image says which drive it is
 * for, how long it is, where its sum stands. How it gets into a drive is not known here.
 *
 * A sum protects against damage only: an image for another variant of the hardware has a good sum
 * too. The identity in the image is its own word and no proof either; both are checked besides the
 * signature and not in its place.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

#define LAYOUT_MODEL_LENGTH 24 /* vendor and product as INQUIRY has them, bytes 8 to 31 */
#define LAYOUT_NONE         UINT32_MAX

typedef struct ImageLayout {
        const char *family;
        const char *model; /* 24 characters that the drive shows; NULL: every model of the family */
        const char *also; /* model that the image may name instead, being meant for both; or NULL */
        uint32_t length;  /* bytes, exactly */
        uint32_t identity_offset; /* 24 bytes: vendor and product */
        uint32_t revision_offset; /* 4 bytes, or LAYOUT_NONE where its place is not known */
        uint32_t sum_offset;      /* 16 bits, big-endian, or LAYOUT_NONE; covers all before it */
        uint16_t sum_start;
} ImageLayout;

/* Whether anything is known of this family's images. */
bool layout_family_known(const char *family);

/* The layout of images for a drive of MODEL, or NULL if nothing is known. */
const ImageLayout *layout_find(const char *family, const uint8_t model[LAYOUT_MODEL_LENGTH]);

/* Walks the table; NULL past the end. */
const ImageLayout *layout_nth(unsigned i);

/* The 16-bit sum of bytes that all families here use. */
uint16_t layout_sum(const uint8_t *bytes, size_t n_bytes, uint16_t start);

/* Length, identity, revision (if VERSION, of four characters, is not NULL and the place is known)
 * and sum of an image for a drive of MODEL. FAULT_IMAGE_MISMATCH, FAULT_IMAGE_IDENTITY and
 * FAULT_IMAGE_SUM say what was found and what was wanted. */
int layout_check(const ImageLayout *layout, const uint8_t model[LAYOUT_MODEL_LENGTH],
                 const char *version, const uint8_t *image, size_t n_image, Fault *fault);
