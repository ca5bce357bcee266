/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plextor: mode 04h carries pieces, and the last piece, in mode 05h, commits.
 *
 * Read from pxfw of qpxtool and from redumper, which disagree on the size of pieces model by model:
 * so the drives evidently do not care, and the recipe decides. The last piece may be shorter. pxfw
 * ignores the answer to it and always says that all went well; here the drive is read afterwards. */
#include "flash/family.h"

#define MODE_LOAD   0x04
#define MODE_COMMIT 0x05

static uint32_t plextor_begin(Course *course) {
        return (course->n_image + course->piece - 1) / course->piece;
}

static void plextor_piece(const Course *course, uint32_t i, Piece *ret_piece) {
        uint32_t offset = i * course->piece, n_left = course->n_image - offset;

        ret_piece->mode = i + 1 == course->n_pieces ? MODE_COMMIT : MODE_LOAD;
        ret_piece->offset = offset;
        ret_piece->data = course->image + offset;
        ret_piece->n_data = n_left < course->piece ? n_left : course->piece;
}

const Family family_plextor = {
        .name = "plextor",
        .begin = plextor_begin,
        .piece = plextor_piece,
};
