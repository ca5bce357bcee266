/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* history: what happened. */
#include <inttypes.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/event.h"
#include "cli/reply.h"

#define HISTORY_PRESET 50
#define HISTORY_MAX    100000

static json_t *request(const char *drive, int64_t limit, int64_t before) {
        json_t *parameters = json_pack("{s:s*, s:I}", "drive", drive, "limit", (json_int_t)limit);

        if (parameters && before > 0)
                (void)json_object_set_new(parameters, "before", json_integer(before));
        return parameters;
}

/* A reply holds what fits into a message: pages on until there are LIMIT, or no more. */
static int gather(Cli *cli, const char *drive, int64_t limit, int64_t before, json_t *events,
                  Fault *fault) {
        while ((int64_t)json_array_size(events) < limit) {
                _cleanup_json_ json_t *reply = NULL;
                json_t *page;
                int64_t last;
                int r;

                r = cli_call(cli, "History",
                             request(drive, limit - (int64_t)json_array_size(events), before),
                             &reply, fault);
                if (r < 0)
                        return r;
                if (!json_get_array(reply, "events", &page) || json_array_size(page) == 0)
                        return 0;
                last = reply_int(json_array_get(page, json_array_size(page) - 1), "seq");
                /* A daemon that does not go back would be asked for ever. */
                if (last <= 0 || (before > 0 && last >= before))
                        return fault_set(fault, FAULT_PROTOCOL,
                                         "the daemon's answer to History is out of order");
                before = last;
                if (json_array_extend(events, page) < 0)
                        return cli_no_memory(fault);
                if (last == 1)
                        return 0;
        }
        return 0;
}

int verb_history(Cli *cli, char *operands[], int n_operands) {
        _cleanup_json_ json_t *events = json_array(), *reply = NULL;
        const char *drive = n_operands > 0 ? operands[0] : NULL;
        const Column *chosen[COLUMNS_MAX + 1];
        int64_t limit, before;
        Fault fault = {};

        if (columns_choose(event_columns, cli->options.value[OPTION_OUTPUT], chosen, &fault) < 0 ||
            options_number(&cli->options, OPTION_LIMIT, HISTORY_MAX, HISTORY_PRESET, &limit,
                           &fault) < 0 ||
            options_number(&cli->options, OPTION_BEFORE, INT64_MAX, 0, &before, &fault) < 0)
                return cli_fail(cli, &fault);

        if (cli_json(cli)) {
                if (cli_call(cli, "History", request(drive, limit, before), &reply, &fault) < 0)
                        return cli_fail(cli, &fault);
                cli_print_json(cli, reply);
                return EXIT_DONE;
        }
        if (gather(cli, drive, limit, before, events, &fault) < 0)
                return cli_fail(cli, &fault);
        if (json_array_size(events) == 0)
                (void)fputs("nothing has happened yet\n", cli->screen.out);
        else if (table_print(&cli->screen, chosen, events) < 0) {
                (void)cli_no_memory(&fault);
                return cli_fail(cli, &fault);
        }
        return EXIT_DONE;
}
