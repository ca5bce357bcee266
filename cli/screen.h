/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where output goes, and what may be done there. Knows nothing of drives.
 *
 * On a terminal: its width, colours unless NO_COLOR is set (no-color.org) or TERM is dumb, lines
 * redrawn in place, a pager for long texts. Elsewhere none of these.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/cleanup.h"

typedef enum ColourWhen { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER } ColourWhen;

typedef struct Screen {
        FILE *out;
        bool terminal; /* lines may be redrawn */
        bool colour;
        bool utf8;
        unsigned width; /* 0: do not fold */
} Screen;

typedef enum Tone { TONE_PLAIN, TONE_GOOD, TONE_NEWS, TONE_BAD, TONE_FAINT, _TONE_MAX } Tone;

void screen_open(Screen *screen, FILE *out, ColourWhen when, bool ascii_only);

/* The name of a colour for libsmartcols, or NULL for none. */
const char *tone_colour(Tone tone);

/* TEXT in a tone, if there are colours. */
void screen_put(const Screen *screen, Tone tone, const char *text);

/* "LABEL  TEXT", filled to the width, with following lines under the first word of TEXT. LABEL is
 * padded to LABEL_WIDTH columns; with 0, TEXT follows it at once. */
void screen_fill(const Screen *screen, const char *label, unsigned label_width, const char *text);
/* The same, with LABEL in a tone. */
void screen_fill_toned(const Screen *screen, Tone tone, const char *label, unsigned label_width,
                       const char *text);

/* Columns that TEXT takes on a terminal. */
unsigned screen_columns(const char *text);

/* Asks on the terminal, and says whether the answer was yes. Everything else, also the end of the
 * input, is no. */
bool screen_confirm(const Screen *screen, FILE *in, const char *question);

/* Sends what follows through $DISCFW_PAGER, $PAGER or less, until pager_close(). Under sudo only
 * less is used, without its commands that start others. Without any, output stays where it is. */
typedef struct Pager {
        pid_t pid;
        int saved_fd;
} Pager;
void pager_open(Pager *pager);
void pager_close(Pager *pager);
