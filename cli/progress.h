/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far a job is, seen by a person: one line redrawn on a terminal, one line a phase elsewhere.
 *
 * Only a view: it is fed with Progress objects of a reply (schema/varlink) that was cleaned, and its
 * numbers are not believed further than that they can be shown.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/screen.h"

#define PROGRESS_LINE_SIZE 1024

typedef struct ProgressView {
        const Screen *screen;
        uint64_t (*now_ms)(void); /* clock_boottime_ms(), or a test's clock */
        json_t *progress;         /* what was heard last; NULL before */
        uint64_t phase_since_ms;
        int64_t phase_first_done;
        bool line_is_open; /* the cursor is behind a line that may be redrawn */
} ProgressView;

void progress_view_init(ProgressView *view, const Screen *screen, uint64_t (*now_ms)(void));
void progress_view_done(ProgressView *view);

void progress_view_update(ProgressView *view, const json_t *progress);
/* Time passed: the seconds that are left are fewer. */
void progress_view_tick(ProgressView *view);
/* Takes the line away, before something else is printed. */
void progress_view_clear(ProgressView *view);

/* The line as a terminal of WIDTH columns shows it. */
void progress_view_render(const ProgressView *view, unsigned width,
                          char ret_line[PROGRESS_LINE_SIZE]);

/* "sr0: step 1 of 2: writing 0050", for a line of its own. */
void progress_line(const json_t *progress, char *ret_text, size_t size);
