/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One function a command; see interpreter.c for when each is asked. */
#pragma once

#include "tests/emulator/drive.h"

#define ANSWER(name)                                                                               \
        void answer_##name(Drive *drive, const ScsiRequest *request, uint64_t now, ScsiReply *reply)

/* answers.c: SPC-4 and the tray */
ANSWER(test_unit_ready);
ANSWER(request_sense);
ANSWER(inquiry);
ANSWER(start_stop);
ANSWER(prevent_allow);
ANSWER(read_buffer);

/* answers-disc.c */
ANSWER(read_capacity);
ANSWER(read_10);
ANSWER(read_12);
ANSWER(read_toc);
ANSWER(read_track_information);
ANSWER(read_format_capacities);
ANSWER(read_disc_structure);

/* answers-media.c */
ANSWER(get_event_status);
ANSWER(read_disc_information);
ANSWER(mode_sense);
ANSWER(report_key);

/* answers-configuration.c */
ANSWER(get_configuration);
