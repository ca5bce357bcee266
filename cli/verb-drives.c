/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* status, list, hold, unhold, resolve: drives as lines. */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/outcome.h"
#include "cli/present.h"
#include "cli/progress.h"
#include "cli/reply.h"

/* Answers come from the store, with their age; old ones must be known as such. */
static void say_age(const Cli *cli, const json_t *reply) {
        int64_t age = reply_int(reply, "age_seconds");
        char span[32];

        if (age < 300)
                return;
        clock_format_span(age, span, sizeof(span));
        (void)fprintf(cli->screen.out, "as of %s ago\n", span);
}

static void say_job(const Cli *cli, const json_t *job) {
        const json_t *progress = reply_object(job, "progress");
        char line[512];

        if (!progress)
                return;
        progress_line(progress, line, sizeof(line));
        (void)fprintf(cli->screen.out, "running: %s, started by %s; see \"discfw monitor\"\n", line,
                      reply_shown(job, "user"));
}

static int print_drives(Cli *cli, const json_t *reply, const Column *const *chosen) {
        const json_t *drives = reply_array(reply, "drives");
        Fault fault = {};

        if (json_array_size(drives) == 0)
                (void)fputs("no optical drives\n", cli->screen.out);
        else if (table_print(&cli->screen, chosen, drives) < 0) {
                (void)cli_no_memory(&fault);
                return cli_fail(cli, &fault);
        }
        return EXIT_DONE;
}

int verb_status(Cli *cli, char *operands[], int n_operands) {
        _cleanup_json_ json_t *reply = NULL;
        const Column *chosen[COLUMNS_MAX + 1];
        const json_t *item;
        Fault fault = {};
        size_t i;
        int r;

        (void)operands;
        (void)n_operands;
        if (columns_choose(drive_columns, NULL, chosen, &fault) < 0 ||
            cli_call(cli, "GetStatus", json_object(), &reply, &fault) < 0)
                return cli_fail(cli, &fault);
        if (cli_json(cli)) {
                cli_print_json(cli, reply);
                return EXIT_DONE;
        }

        r = print_drives(cli, reply, chosen);
        say_age(cli, reply);
        json_array_foreach(reply_array(reply, "catalogs"), i, item)
                present_catalog(&cli->screen, item, clock_realtime());
        if (json_array_size(reply_array(reply, "catalogs")) == 0)
                (void)fputs("no catalog is configured; see \"discfw help catalog add\"\n",
                            cli->screen.out);
        say_job(cli, reply_object(reply, "job"));
        json_array_foreach(reply_array(reply, "attention"), i, item) {
                screen_fill_toned(&cli->screen, TONE_BAD, "attention: ", 0,
                                  json_is_string(item) ? json_string_value(item) : "");
        }
        return r;
}

int verb_list(Cli *cli, char *operands[], int n_operands) {
        _cleanup_json_ json_t *reply = NULL;
        const Column *chosen[COLUMNS_MAX + 1];
        bool all = option_given(&cli->options, OPTION_ALL);
        Fault fault = {};
        int r;

        (void)operands;
        (void)n_operands;
        if (columns_choose(drive_columns, cli->options.value[OPTION_OUTPUT], chosen, &fault) < 0 ||
            cli_call(cli, "ListDrives", json_pack("{s:b}", "all", all), &reply, &fault) < 0)
                return cli_fail(cli, &fault);
        if (cli_json(cli)) {
                cli_print_json(cli, reply);
                return EXIT_DONE;
        }
        r = print_drives(cli, reply, chosen);
        say_age(cli, reply);
        return r;
}

/* Calls what answers with a drive, and says one line about it. */
static int about_drive(Cli *cli, const char *method, json_t *parameters, const char *line) {
        _cleanup_json_ json_t *reply = NULL;
        Fault fault = {};

        if (cli_call(cli, method, parameters, &reply, &fault) < 0)
                return cli_fail(cli, &fault);
        if (cli_json(cli))
                cli_print_json(cli, reply);
        else if (!cli_quiet(cli))
                (void)fprintf(cli->screen.out, "%s: %s\n",
                              reply_drive_name(reply_object(reply, "drive")), line);
        return EXIT_DONE;
}

int verb_hold(Cli *cli, char *operands[], int n_operands) {
        (void)n_operands;
        return about_drive(cli, "Hold",
                           json_pack("{s:s, s:s*}", "drive", operands[0], "reason",
                                     cli->options.value[OPTION_REASON]),
                           "held; no update until \"discfw unhold\"");
}

int verb_unhold(Cli *cli, char *operands[], int n_operands) {
        (void)n_operands;
        return about_drive(cli, "Unhold", json_pack("{s:s}", "drive", operands[0]), "released");
}

int verb_resolve(Cli *cli, char *operands[], int n_operands) {
        _cleanup_json_ json_t *reply = NULL;
        const char *outcome;
        const json_t *drive;
        Fault fault = {};
        int status;

        (void)n_operands;
        if (cli_call(cli, "Resolve",
                     json_pack("{s:s, s:s*}", "drive", operands[0], "reason",
                               cli->options.value[OPTION_REASON]),
                     &reply, &fault) < 0 ||
            reply_need(reply, "outcome", "Resolve", &outcome, &fault) < 0)
                return cli_fail(cli, &fault);
        /* That the flash failed is old news; what counts is whether the drive is settled. */
        status = outcome_exit_status(outcome) == EXIT_ATTENTION ? EXIT_ATTENTION : EXIT_DONE;
        if (cli_json(cli)) {
                cli_print_json(cli, reply);
                return status;
        }
        drive = reply_object(reply, "drive");
        (void)fprintf(cli->screen.out, "%s: %s, runs %s%s%s\n", reply_drive_name(drive), outcome,
                      reply_shown(drive, "revision"), reply_text(reply, "text")[0] ? ": " : "",
                      reply_text(reply, "text"));
        return status;
}
