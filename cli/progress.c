/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/progress.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "cli/reply.h"

#define BAR_MAX 30u
#define BAR_MIN 8u

/* A rate from less than this is a guess. */
#define RATE_AFTER_MS 1000u

typedef struct Phase {
        const char *name;
        const char *words; /* with the version that is written behind them */
        bool with_version;
        bool bytes;     /* "done" counts bytes, which have a rate */
        bool dangerous; /* the drive must not lose its power */
} Phase;

static const Phase phases[] = {
        { "planning", "planning" },
        { "fetching", "fetching", .with_version = true, .bytes = true },
        { "checking", "checking", .with_version = true },
        { "writing", "writing", .with_version = true, .bytes = true, .dangerous = true },
        { "committing", "the drive stores", .with_version = true, .dangerous = true },
        { "settling", "the drive restarts", .dangerous = true },
        { "verifying", "reading the drive" },
        { "done", "done" },
};

static const Phase *phase_of(const json_t *progress) {
        static const Phase other = { "", "working", .dangerous = true };
        const char *name = reply_text(progress, "phase");

        for (size_t i = 0; i < N_ELEMENTS(phases); i++)
                if (strcmp(phases[i].name, name) == 0)
                        return &phases[i];
        return &other;
}

static const char *drive_of(const json_t *progress) {
        const char *node = reply_node(progress);

        return node[0] ? node : reply_shown(progress, "drive");
}

/* "step 1 of 2", or nothing where there is only one. */
static void step_text(const json_t *progress, const char *after, char *ret_text, size_t size) {
        int64_t step = reply_int(progress, "step"), steps = reply_int(progress, "steps");

        ret_text[0] = '\0';
        if (steps > 1)
                text_format(ret_text, size, "step %" PRId64 " of %" PRId64 "%s", step, steps,
                            after);
}

static void phase_text(const json_t *progress, char *ret_text, size_t size) {
        const Phase *phase = phase_of(progress);
        bool version = phase->with_version && reply_text(progress, "to")[0];

        text_format(ret_text, size, "%s%s%s", phase->words, version ? " " : "",
                    version ? reply_text(progress, "to") : "");
}

static void clock_text(int64_t seconds, char *ret_text, size_t size) {
        text_format(ret_text, size, "%" PRId64 ":%02" PRId64, seconds / 60, seconds % 60);
}

/* "; do not switch off, at most 0:50", where the drive would not survive it. */
static void warning_text(const json_t *progress, int64_t elapsed, char *ret_text, size_t size) {
        int64_t at_most = reply_int(progress, "at_most_seconds");
        char left[32];

        ret_text[0] = '\0';
        if (!phase_of(progress)->dangerous)
                return;
        clock_text(at_most - elapsed, left, sizeof(left));
        if (at_most <= 0)
                text_format(ret_text, size, "do not switch off");
        else if (at_most >= elapsed)
                text_format(ret_text, size, "do not switch off, at most %s", left);
        else
                text_format(ret_text, size, "longer than expected; do not switch off");
}

void progress_line(const json_t *progress, char *ret_text, size_t size) {
        char step[64], phase[256], warning[96];

        step_text(progress, ": ", step, sizeof(step));
        phase_text(progress, phase, sizeof(phase));
        warning_text(progress, 0, warning, sizeof(warning));
        text_format(ret_text, size, "%s: %s%s%s%s", drive_of(progress), step, phase,
                    warning[0] ? "; " : "", warning);
}

void progress_view_init(ProgressView *view, const Screen *screen, uint64_t (*now_ms)(void)) {
        *view = (ProgressView){ .screen = screen, .now_ms = now_ms };
}

void progress_view_done(ProgressView *view) {
        json_decref(view->progress);
        view->progress = NULL;
}

/* Share done in 0..1, or negative if that cannot be said. */
static double share(const json_t *progress) {
        int64_t done = reply_int(progress, "done"), total = reply_int(progress, "total");

        if (total <= 0 || done < 0)
                return -1;
        return done >= total ? 1 : (double)done / (double)total;
}

static void rate_text(const ProgressView *view, char *ret_text, size_t size) {
        int64_t done = reply_int(view->progress, "done"),
                total = reply_int(view->progress, "total");
        uint64_t elapsed = view->now_ms() - view->phase_since_ms;
        double rate;
        char left[32];

        ret_text[0] = '\0';
        if (!phase_of(view->progress)->bytes || elapsed < RATE_AFTER_MS ||
            done <= view->phase_first_done || done > total)
                return;
        rate = (double)(done - view->phase_first_done) * 1000 / (double)elapsed;
        clock_text((int64_t)((double)(total - done) / rate), left, sizeof(left));
        if (rate < 1024 * 1024)
                text_format(ret_text, size, "  %.0f KiB/s  %s left", rate / 1024, left);
        else
                text_format(ret_text, size, "  %.1f MiB/s  %s left", rate / 1024 / 1024, left);
}

static void append(char *line, const char *text) {
        size_t n = strlen(line);

        text_format(line + n, PROGRESS_LINE_SIZE - n, "%s", text);
}

static void append_bar(const ProgressView *view, unsigned width, double done, char *line) {
        for (unsigned i = 0; i < width; i++) {
                bool full = (double)i < done * width;

                append(line, view->screen->utf8 ? (full ? "█" : "░") : (full ? "#" : "-"));
        }
}

/* Shortens LINE to N columns, at the border of a character. */
static void cut(char *line, unsigned n) {
        for (; *line; line++)
                if (((unsigned char)*line & 0xc0) != 0x80 && n-- == 0) {
                        *line = '\0';
                        return;
                }
}

void progress_view_render(const ProgressView *view, unsigned width,
                          char ret_line[PROGRESS_LINE_SIZE]) {
        const json_t *progress = view->progress;
        int64_t elapsed = (int64_t)((view->now_ms() - view->phase_since_ms) / 1000);
        char head[384], step[64], phase[256], tail[160] = "", rate[64], warning[96];
        double done = share(progress);
        unsigned used;

        step_text(progress, "  ", step, sizeof(step));
        phase_text(progress, phase, sizeof(phase));
        text_format(head, sizeof(head), "%s: %s%s", drive_of(progress), step, phase);
        warning_text(progress, elapsed, warning, sizeof(warning));
        rate_text(view, rate, sizeof(rate));
        if (done >= 0 && done < 1)
                text_format(tail, sizeof(tail), "%3d %%%s", (int)(done * 100), rate);
        else
                text_format(tail, sizeof(tail), "%s", warning);

        text_format(ret_line, PROGRESS_LINE_SIZE, "%s", head);
        used = screen_columns(head) + screen_columns(tail) + 4 + 1;
        if (done >= 0 && done < 1 && used + BAR_MIN <= width) {
                append(ret_line, "  ");
                append_bar(view, width - used < BAR_MAX ? width - used : BAR_MAX, done, ret_line);
        }
        if (tail[0])
                append(ret_line, "  ");
        append(ret_line, tail);
        /* In the last column, some terminals would fold. */
        cut(ret_line, width > 1 ? width - 1 : 1);
}

static void draw(ProgressView *view) {
        char line[PROGRESS_LINE_SIZE];

        progress_view_render(view, view->screen->width, line);
        (void)fprintf(view->screen->out, "\r%s\033[K", line);
        (void)fflush(view->screen->out);
        view->line_is_open = true;
}

static bool same_phase(const json_t *a, const json_t *b) {
        return a && strcmp(reply_text(a, "phase"), reply_text(b, "phase")) == 0 &&
               reply_int(a, "step") == reply_int(b, "step") &&
               reply_int(a, "job") == reply_int(b, "job");
}

void progress_view_update(ProgressView *view, const json_t *progress) {
        bool same = same_phase(view->progress, progress);
        char line[PROGRESS_LINE_SIZE];

        json_decref(view->progress);
        view->progress = json_deep_copy(progress);
        if (!same) {
                view->phase_since_ms = view->now_ms();
                view->phase_first_done = reply_int(progress, "done");
        }
        if (view->screen->terminal) {
                draw(view);
        } else if (!same && strcmp(reply_text(progress, "phase"), "done") != 0) {
                progress_line(progress, line, sizeof(line));
                (void)fprintf(view->screen->out, "%s\n", line);
                (void)fflush(view->screen->out);
        }
}

void progress_view_tick(ProgressView *view) {
        if (view->screen->terminal && view->progress)
                draw(view);
}

void progress_view_clear(ProgressView *view) {
        if (view->line_is_open) {
                (void)fputs("\r\033[K", view->screen->out);
                (void)fflush(view->screen->out);
        }
        view->line_is_open = false;
}
