/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flash/send.h"

int send_piece(Transport *transport, const Course *course, uint32_t i, const Recipe *recipe,
               Reply *reply, Fault *fault) {
        const bool commits = i + 1 == course->n_pieces;
        Piece piece;

        course_piece(course, i, &piece);
        return command_write_buffer(transport, piece.mode, 0, piece.offset, piece.data,
                                    piece.n_data, commits ? recipe->commit_ms : recipe->command_ms,
                                    reply, fault);
}
