/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What went over the bus, one line a command, without times, so that two runs can be compared:
 *
 *     000042 3b0600000020001000 00  out 4096 9f64a747e1b97f13  02 5/24/00
 *
 * that is number, CDB, direction, bytes moved, the first eight bytes of their SHA-256, status, sense.
 * Host and driver status, residual, silence and what a plan brought about follow where there is any.
 * A command that the kernel of the host refused bears no number.
 */
#pragma once

#include <stdio.h>

#include "base/fault.h"
#include "tests/emulator/scsi.h"

typedef struct Transcript {
        FILE *file; /* NULL: none is kept */
        unsigned n_commands;
} Transcript;

/* Appends to FOLDER/NAME.log. */
int transcript_open(const char *folder, const char *name, Transcript *ret_transcript,
                    Fault *fault) _must_check_;
void transcript_close(Transcript *transcript);

/* NOTE: what else is to be said, or NULL. */
void transcript_command(Transcript *transcript, const ScsiRequest *request, const ScsiReply *reply,
                        const char *note);
void transcript_refused(Transcript *transcript, const ScsiRequest *request, const char *why);
