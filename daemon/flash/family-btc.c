/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BTC and its rebadges: mode 06h carries pieces into the drive's RAM, 07h without data burns them.
 *
 * Read from btcflash.cpp of dvd+rw-tools 7.1. The first 20h bytes of the buffer are a header that is
 * sent last: zeros, and at 1Eh the 16-bit sum of the image. The image itself lies behind it, so that
 * every offset is 20h more than in the file. That tool only warns if the image is for another
 * drive; a drive of another variant takes such an image, sum and all, and never answers again, so
 * here it is a hard stop before anything is sent (course_plan()). */
#include <string.h>

#include "base/bytes.h"
#include "catalog/layout.h"
#include "flash/family.h"

#define MODE_LOAD     0x06
#define MODE_BURN     0x07
#define HEADER_LENGTH 0x20
#define HEADER_SUM    0x1e

_Static_assert(sizeof(((Course *)NULL)->header) == HEADER_LENGTH, "the course keeps the header");

static uint32_t n_data_pieces(const Course *course) {
        return (course->n_image + course->piece - 1) / course->piece;
}

static uint32_t btc_begin(Course *course) {
        memset(course->header, 0, HEADER_LENGTH);
        put_be16(course->header + HEADER_SUM, layout_sum(course->image, course->n_image, 0));
        return n_data_pieces(course) + 2;
}

static void btc_piece(const Course *course, uint32_t i, Piece *ret_piece) {
        uint32_t n = n_data_pieces(course), offset = i * course->piece;

        if (i < n) {
                ret_piece->mode = MODE_LOAD;
                ret_piece->offset = HEADER_LENGTH + offset;
                ret_piece->data = course->image + offset;
                ret_piece->n_data = course->n_image - offset < course->piece
                                            ? course->n_image - offset
                                            : course->piece;
        } else if (i == n) {
                ret_piece->mode = MODE_LOAD;
                ret_piece->data = course->header;
                ret_piece->n_data = HEADER_LENGTH;
        } else
                ret_piece->mode = MODE_BURN;
}

const Family family_btc = {
        .name = "btc",
        .begin = btc_begin,
        .piece = btc_piece,
};
