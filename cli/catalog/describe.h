/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptions: what a maintainer writes of a drive, its firmware and the ways between, in one
 * readable file (discfw-catalog(1), FORMAT OF A DESCRIPTION), made into entries of a catalog.
 *
 * A description is a person's word and may be wrong: an image that does not fit it, by length,
 * embedded identity or sum, is refused, and each entry goes through the parser that clients use.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog/entry.h"

#define DESCRIPTION_MAX        262144
#define DESCRIPTION_IMAGES_MAX 64

typedef struct DescribedImage {
        char version[ENTRY_REVISION_SIZE];
        char *path;      /* of the target */
        json_t *target;  /* length, hashes, custom.discfw */
        char sha256[65]; /* in hexadecimal */
        uint8_t *bytes;  /* NULL: not at hand, or not to be published */
        size_t n_bytes;
        bool is_checked;  /* the image was at hand, and fits */
        bool is_withheld; /* its bytes shall not be published */
} DescribedImage;

typedef struct Description {
        DescribedImage images[DESCRIPTION_IMAGES_MAX];
        unsigned n_images;
} Description;

typedef struct DescribeOptions {
        const char *folder;        /* where "file" is looked for; NULL: beside the description */
        const char *const *images; /* "FILE" if only one is described, or "VERSION=FILE" */
        unsigned n_images;
} DescribeOptions;

/* Reads PATH and the images. Faults begin with PATH and, where there is one, the line. */
int describe(const char *path, const DescribeOptions *options, Description **ret_description,
             Fault *fault) _must_check_;
Description *description_free(Description *description);
DEFINE_CLEANUP(Description *, description_free)
