/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images, by their SHA-256, as rows of 64 KiB that each have a hash of their own.
 *
 * The hash of a row proves what was received, so that a download can go on after a crash; only the
 * whole hash proves that the image is the signed one. An image is complete only after all rows were
 * read back and hashed in the transaction that says so. Bit rot is found at every reading; a damaged
 * image is deleted and has to be fetched again.
 *
 * Every function here is durable when it returns. None may be called inside store_begin().
 */
#pragma once

#include <stddef.h>

#include "base/digest.h"
#include "db/store.h"

/* Cap of images.db. */
#define IMAGES_SIZE_MAX (1024ull * 1024 * 1024)
#define IMAGE_ETAG_MAX  128

typedef struct ImageRow {
        uint8_t sha256[SHA256_LENGTH];
        uint64_t length;               /* 1 to IMAGE_LENGTH_MAX */
        uint8_t source[SHA256_LENGTH]; /* hash of the URL that its rows came from */
        char etag[IMAGE_ETAG_MAX + 1]; /* strong entity tag for If-Range, or "" */
        int64_t used;                  /* when it was begun, finished or read last */
        bool complete;
} ImageRow;

typedef int (*ImageFunction)(const ImageRow *row, void *userdata);

/* Begins or resumes. RET_N_GOOD: how many bytes are there already and good, a multiple of
 * CHUNK_LENGTH or the length; what came after a bad row is dropped. RET_ETAG (may be NULL) is the
 * stored tag if the source is the same, else "": then ask without If-Range, since the whole hash
 * decides anyway. An image that is complete has all bytes. FAULT_IMAGE_MISMATCH if the stored one
 * has another length. */
int image_begin(Store *store, const ImageRow *wanted, uint64_t *ret_n_good,
                char ret_etag[IMAGE_ETAG_MAX + 1], Fault *fault) _must_check_;
/* The next row: OFFSET is the number of good bytes, N_BYTES is CHUNK_LENGTH or what is missing. */
int image_append(Store *store, const uint8_t sha256[SHA256_LENGTH], uint64_t offset,
                 const void *bytes, size_t n_bytes, Fault *fault) _must_check_;
/* FAULT_IMAGE_MISMATCH, and all rows are gone, if the bytes are not the image. */
int image_finish(Store *store, const uint8_t sha256[SHA256_LENGTH], int64_t now,
                 Fault *fault) _must_check_;
/* The three above for bytes that are at hand. */
int image_put(Store *store, const uint8_t sha256[SHA256_LENGTH], const void *bytes, size_t n_bytes,
              int64_t now, Fault *fault) _must_check_;

/* A complete image as a sealed memfd. FAULT_IMAGE_MISSING if there is none, or if it was damaged and
 * is deleted now. */
int image_read(Store *store, const uint8_t sha256[SHA256_LENGTH], int64_t now, int *ret_fd,
               Fault *fault) _must_check_;
int image_delete(Store *store, const uint8_t sha256[SHA256_LENGTH], Fault *fault) _must_check_;
/* Least recently used first. */
int images_load(Store *store, ImageFunction function, void *userdata, Fault *fault) _must_check_;
/* Bytes of all images, unfinished ones as far as they are there. */
int images_size(Store *store, uint64_t *ret_n_bytes, Fault *fault) _must_check_;
/* Deletes least recently used images until at most LIMIT bytes are left, but none of KEEP.
 * RET_N_DELETED may be NULL. */
int images_prune(Store *store, uint64_t limit, const uint8_t (*keep)[SHA256_LENGTH], size_t n_keep,
                 unsigned *ret_n_deleted, Fault *fault) _must_check_;
