/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How drives, catalogs and steps look, wherever they are shown. All take replies that were cleaned. */
#pragma once

#include <jansson.h>

#include "cli/screen.h"
#include "cli/table.h"

extern const Column drive_columns[];

/* catalog "main": signed 3 h ago, valid 6 more days; mirror b.example is 37 days behind */
void present_catalog(const Screen *screen, const json_t *catalog, int64_t now);

/* "0043 -> 0050 -> 0051" */
void present_way(const json_t *steps, const char *from, char *ret_text, size_t size);

/* What a person should know before agreeing. */
void present_plan(const Screen *screen, const json_t *plan);

/* How dangerous, urgent or good a state of a drive or a catalog is. */
Tone present_tone(const char *state);
