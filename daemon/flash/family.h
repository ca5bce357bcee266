/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Protocol families: how firmware gets into a drive, as data.
 *
 * A family sends nothing. It says for one image which WRITE BUFFERs make up its course, in which
 * order, the last of which commits; send.c is the one place in the whole product that sends them.
 * So what is done before the intent is on disk, and what after a failure, is the same for all
 * families and is decided in run.c. Waits and sizes are not here either: the recipe of the catalog
 * entry has them.
 *
 * Every family here was written from public sources and has not been proven on hardware by us; the
 * entry says what its maker has seen (Evidence). Families that are not in the registry are refused.
 */
#pragma once

#include "base/fault.h"
#include "catalog/entry.h"

typedef struct Course Course;

/* One WRITE BUFFER, buffer id 0. */
typedef struct Piece {
        uint8_t mode;
        uint32_t offset;
        const uint8_t *data; /* NULL with n_data 0 */
        uint32_t n_data;
} Piece;

typedef struct Family {
        const char *name; /* as entries have it */
        /* How many pieces; fills what the family keeps in the course. */
        uint32_t (*begin)(Course *course);
        void (*piece)(const Course *course, uint32_t i, Piece *ret_piece);
} Family;

/* The way of one image into one drive. */
struct Course {
        const Family *family;
        const uint8_t *image; /* borrowed */
        uint32_t n_image;
        uint32_t piece;     /* of the recipe */
        uint32_t n_pieces;  /* the last one commits */
        uint8_t header[32]; /* the family's own */
};

/* The family of an entry's image: FAULT_UNKNOWN_FAMILY if there is none, or if nothing is known of
 * the images for its model. FAULT_IMAGE_MISMATCH, _IDENTITY and _SUM if the image is not one for the
 * entry's drive: by the entry's own checks, and by what is known of the family (catalog/layout.h). */
int course_plan(const Entry *entry, const uint8_t *image, size_t n_image, Course *ret_course,
                Fault *fault) _must_check_;

/* The I-th of COURSE->n_pieces. */
void course_piece(const Course *course, uint32_t i, Piece *ret_piece);

extern const Family family_btc;
extern const Family family_plextor;

/* Walks the registry; NULL past the end. */
const Family *family_nth(unsigned i);
