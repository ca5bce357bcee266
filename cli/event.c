/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/event.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "cli/outcome.h"
#include "cli/reply.h"

static void cell_seq(const json_t *event, char ret_text[CELL_SIZE]) {
        text_format(ret_text, CELL_SIZE, "%" PRId64, reply_int(event, "seq"));
}

static void cell_time(const json_t *event, char ret_text[CELL_SIZE]) {
        reply_time(event, "time", ret_text);
}

static void cell_event_drive(const json_t *event, char ret_text[CELL_SIZE]) {
        const char *node = reply_node(event);

        text_format(ret_text, CELL_SIZE, "%s", node[0] ? node : reply_shown(event, "drive"));
}

static void cell_outcome(const json_t *event, char ret_text[CELL_SIZE]) {
        const char *outcome = reply_text(event, "outcome"), *fault = reply_text(event, "fault");

        text_format(ret_text, CELL_SIZE, "%s%s%s", outcome, outcome[0] && fault[0] ? " " : "",
                    fault);
}

static Tone tone_outcome(const json_t *event) {
        const char *outcome = reply_text(event, "outcome");

        if (!outcome[0])
                return TONE_PLAIN;
        return outcome_exit_status(outcome) == EXIT_DONE        ? TONE_GOOD
               : outcome_exit_status(outcome) == EXIT_ATTENTION ? TONE_BAD
                                                                : TONE_NEWS;
}

static void cell_job(const json_t *event, char ret_text[CELL_SIZE]) {
        if (reply_int(event, "job") > 0)
                text_format(ret_text, CELL_SIZE, "%" PRId64, reply_int(event, "job"));
}

/* What the kernel counted: while the drive was flashed, or before. */
static void cell_kernel(const json_t *event, char ret_text[CELL_SIZE]) {
        const json_t *before = reply_object(event, "counters_before"),
                     *after = reply_object(event, "counters_after");
        bool anew = reply_bool(event, "counters_anew");
        int64_t n[3];

        if (!before && !after)
                return;
        for (unsigned i = 0; i < 3; i++) {
                static const char *const names[] = { "done", "errors", "timeouts" };

                n[i] = reply_int(after ? after : before, names[i]);
                if (after && before && !anew)
                        n[i] -= reply_int(before, names[i]);
        }
        text_format(ret_text, CELL_SIZE,
                    "%" PRId64 " commands, %" PRId64 " errors, %" PRId64 " timeouts%s", n[0], n[1],
                    n[2],
                    !after   ? " before"
                    : anew   ? " since it came back"
                    : before ? " meanwhile"
                             : " until then");
}

const Column event_columns[] = {
        { "SEQ", NULL, cell_seq, .right = true, .usual = true },
        { "TIME", NULL, cell_time, .usual = true },
        { "DRIVE", NULL, cell_event_drive, .usual = true },
        { "WHAT", "kind", .usual = true },
        { "FROM", "from", .usual = true },
        { "TO", "to", .usual = true },
        { "OUTCOME", NULL, cell_outcome, tone_outcome, .usual = true },
        { "USER", "user", .usual = true },
        { "REASON", "reason", .usual = true, .cut = true },
        { "TEXT", "text", .cut = true },
        { "MODEL", "model", .cut = true },
        { "CATALOG", "catalog" },
        { "TARGET", "target", .cut = true },
        { "SHA256", "sha256", .cut = true },
        { "VIA", "via" },
        { "NODE", "node" },
        { "FAULT", "fault" },
        { "SENSE", "sense" },
        { "JOB", NULL, cell_job, .right = true },
        { "KERNEL", NULL, cell_kernel },
        {},
};
