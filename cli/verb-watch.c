/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* monitor, doctor: what happens, and what is not well. */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/present.h"
#include "cli/progress.h"
#include "cli/reply.h"

#define FINDING_LABEL 28

typedef struct MonitorView {
        Cli *cli;
        ProgressView progress;
} MonitorView;

static int on_event(json_t *reply, bool continues, void *userdata, Fault *fault) {
        MonitorView *view = userdata;
        const json_t *progress = reply_object(reply, "progress");
        char time[REPLY_TIME_SIZE], line[PROGRESS_LINE_SIZE] = "";
        const char *text = reply_text(reply, "text");

        (void)continues;
        (void)fault;
        if (cli_json(view->cli)) {
                cli_print_json(view->cli, reply);
                return 0;
        }
        if (strcmp(reply_text(reply, "event"), "progress") == 0 && progress) {
                progress_view_update(&view->progress, progress);
                return 0;
        }
        progress_view_clear(&view->progress);
        reply_time(reply, "time", time);
        if (!text[0])
                text_format(line, sizeof(line), "%s %s",
                            reply_drive_name(reply_object(reply, "drive")),
                            reply_text(reply, "outcome"));
        (void)fprintf(view->cli->screen.out, "%s  %-16s  %s\n", time, reply_shown(reply, "event"),
                      text[0] ? text : line);
        (void)fflush(view->cli->screen.out);
        return 0;
}

static void on_monitor_tick(void *userdata) {
        MonitorView *view = userdata;

        /* Only a line that stands is drawn anew: after the outcome, nothing runs. */
        if (view->progress.line_is_open)
                progress_view_tick(&view->progress);
}

int verb_monitor(Cli *cli, char *operands[], int n_operands) {
        MonitorView view = { .cli = cli };
        const ClientView client_view = {
                .on_reply = on_event,
                .on_tick = on_monitor_tick,
                .interrupt_fd = -1,
                .userdata = &view,
        };
        Fault fault = {};
        int r;

        (void)operands;
        (void)n_operands;
        progress_view_init(&view.progress, &cli->screen, clock_boottime_ms);
        r = cli_watch(cli, "Monitor", json_object(), &client_view, &fault);
        progress_view_clear(&view.progress);
        progress_view_done(&view.progress);
        return r < 0 ? cli_fail(cli, &fault) : EXIT_DONE;
}

static void say_finding(const Screen *screen, const json_t *finding) {
        const char *level = reply_text(finding, "level"), *mend = reply_text(finding, "mend");
        char label[128];

        text_format(label, sizeof(label), "%-7s  %s",
                    strcmp(level, "problem") == 0 ? "PROBLEM" : level,
                    reply_shown(finding, "name"));
        screen_fill_toned(screen, present_tone(level), label, FINDING_LABEL,
                          reply_text(finding, "text"));
        if (mend[0])
                screen_fill(screen, "         mend", FINDING_LABEL, mend);
}

int verb_doctor(Cli *cli, char *operands[], int n_operands) {
        _cleanup_json_ json_t *reply = NULL;
        const json_t *finding;
        int status = EXIT_DONE;
        Fault fault = {};
        size_t i;

        (void)operands;
        (void)n_operands;
        if (!cli_json(cli))
                help_version(cli);
        if (cli_call(cli, "Doctor", json_object(), &reply, &fault) < 0)
                return cli_fail(cli, &fault);
        json_array_foreach(reply_array(reply, "findings"), i, finding) {
                if (strcmp(reply_text(finding, "level"), "problem") == 0)
                        status = EXIT_FAILED;
                if (!cli_json(cli))
                        say_finding(&cli->screen, finding);
        }
        if (cli_json(cli))
                cli_print_json(cli, reply);
        return status;
}
