/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* refresh, check: what is newer, out there and for the drives here. */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/present.h"
#include "cli/reply.h"

typedef struct RefreshView {
        Cli *cli;
        bool print_json;
        bool print_text;
        const char *only; /* the catalog that was asked for, or NULL */
        bool stale;       /* one of them is not fresh at the end */
} RefreshView;

static void say_catalogs(RefreshView *view, const json_t *catalogs) {
        const json_t *catalog;
        size_t i;

        json_array_foreach(catalogs, i, catalog) {
                if (view->only && strcmp(reply_text(catalog, "name"), view->only) != 0)
                        continue;
                if (strcmp(reply_text(catalog, "state"), "fresh") != 0)
                        view->stale = true;
                if (view->print_text)
                        present_catalog(&view->cli->screen, catalog, clock_realtime());
        }
}

static int on_refresh(json_t *reply, bool continues, void *userdata, Fault *fault) {
        RefreshView *view = userdata;
        FILE *out = view->cli->screen.out;

        (void)continues;
        (void)fault;
        if (view->print_json)
                cli_print_json(view->cli, reply);
        else if (view->print_text && !cli_quiet(view->cli) && reply_text(reply, "text")[0])
                (void)fprintf(out, "%s\n", reply_text(reply, "text"));
        (void)fflush(out);
        say_catalogs(view, reply_array(reply, "catalogs"));
        return 0;
}

static int refresh(RefreshView *view, Fault *fault) {
        const ClientView client_view = {
                .on_reply = on_refresh,
                .interrupt_fd = -1,
                .userdata = view,
        };

        return cli_watch(view->cli, "Refresh", json_pack("{s:s*}", "catalog", view->only),
                         &client_view, fault);
}

int verb_refresh(Cli *cli, char *operands[], int n_operands) {
        RefreshView view = {
                .cli = cli,
                .print_json = cli_json(cli),
                .print_text = !cli_json(cli),
                .only = n_operands > 0 ? operands[0] : NULL,
        };
        Fault fault = {};

        if (refresh(&view, &fault) < 0)
                return cli_fail(cli, &fault);
        return view.stale ? EXIT_CATALOG : EXIT_DONE;
}

/* Without what has no update: that is what was asked. */
static json_t *only_updates(const json_t *drives) {
        json_t *updates = json_array(), *drive;
        size_t i;

        json_array_foreach(drives, i, drive)
                if (strcmp(reply_text(drive, "state"), "update") == 0)
                        (void)json_array_append(updates, drive);
        return updates;
}

int verb_check(Cli *cli, char *operands[], int n_operands) {
        _cleanup_json_ json_t *reply = NULL, *updates = NULL;
        RefreshView view = { .cli = cli };
        Fault fault = {};

        (void)operands;
        (void)n_operands;
        if (refresh(&view, &fault) < 0 ||
            cli_call(cli, "ListDrives", json_object(), &reply, &fault) < 0)
                return cli_fail(cli, &fault);
        updates = only_updates(reply_array(reply, "drives"));
        if (cli_json(cli))
                cli_print_json(cli, reply);
        else if (json_array_size(updates) == 0)
                (void)fputs("nothing newer is known\n", cli->screen.out);
        else if (table_print_usual(&cli->screen, drive_columns, updates) < 0) {
                (void)cli_no_memory(&fault);
                return cli_fail(cli, &fault);
        }
        if (view.stale && !cli_json(cli))
                cli_complain("see \"discfw status\"", "not every catalog is fresh");
        return json_array_size(updates) > 0 ? EXIT_UPDATES : view.stale ? EXIT_CATALOG : EXIT_DONE;
}
