/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* catalog list, show, add, remove: whom this machine trusts. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/present.h"
#include "cli/reply.h"
#include "cli/trust.h"

static void cell_signed(const json_t *catalog, char ret_text[CELL_SIZE]) {
        reply_ago(catalog, "signed", clock_realtime(), ret_text);
}

static void cell_expires(const json_t *catalog, char ret_text[CELL_SIZE]) {
        reply_ago(catalog, "expires", clock_realtime(), ret_text);
}

static void cell_version(const json_t *object, char ret_text[CELL_SIZE]) {
        text_format(ret_text, CELL_SIZE, "%" PRId64, reply_int(object, "version"));
}

static void cell_entries(const json_t *catalog, char ret_text[CELL_SIZE]) {
        text_format(ret_text, CELL_SIZE, "%" PRId64, reply_int(catalog, "entries"));
}

static void cell_mirrors(const json_t *catalog, char ret_text[CELL_SIZE]) {
        const json_t *mirrors = reply_array(catalog, "mirrors"), *mirror;
        size_t n_ok = 0, i;

        json_array_foreach(mirrors, i, mirror)
                n_ok += strcmp(reply_text(mirror, "state"), "ok") == 0;
        text_format(ret_text, CELL_SIZE, "%zu of %zu", n_ok, json_array_size(mirrors));
}

/* Entries name models by their raw INQUIRY bytes, in hex; people know them as text. */
static void cell_model(const json_t *entry, char ret_text[CELL_SIZE]) {
        const char *model = reply_text(entry, "model");
        uint8_t bytes[TEXT_MODEL_LENGTH];

        if (strlen(model) == 2 * sizeof(bytes) && hex_decode(model, bytes, sizeof(bytes)))
                text_from_model(bytes, ret_text);
        else
                text_format(ret_text, CELL_SIZE, "%s", model);
}

static Tone tone_state(const json_t *object) {
        return present_tone(reply_text(object, "state"));
}

static const Column catalog_columns[] = {
        { "CATALOG", "name", .usual = true },
        { "STATE", "state", .tone = tone_state, .usual = true },
        { "SIGNED", NULL, cell_signed, .usual = true },
        { "EXPIRES", NULL, cell_expires, .usual = true },
        { "VERSION", NULL, cell_version, .right = true, .usual = true },
        { "ENTRIES", NULL, cell_entries, .right = true, .usual = true },
        { "MIRRORS", NULL, cell_mirrors, .usual = true },
        { "ROOT", "root_sha256", .cut = true, .usual = true },
        {},
};

static const Column mirror_columns[] = {
        { "MIRROR", "url", .usual = true },
        { "STATE", "state", .tone = tone_state, .usual = true },
        { "VERSION", NULL, cell_version, .right = true, .usual = true },
        { "SIGNED", NULL, cell_signed, .usual = true },
        { "TEXT", "text", .cut = true, .usual = true },
        {},
};

static const Column role_columns[] = {
        { "ROLE", "name", .usual = true },
        { "VERSION", NULL, cell_version, .right = true, .usual = true },
        {},
};

static const Column entry_columns[] = {
        { "MODEL", NULL, cell_model, .usual = true },
        { "FIRMWARE", "version", .usual = true },
        { "TARGET", "target", .cut = true, .usual = true },
        { "IGNORED", "ignored", .cut = true, .usual = true },
        {},
};

static int no_memory(Cli *cli) {
        Fault fault = {};

        (void)cli_no_memory(&fault);
        return cli_fail(cli, &fault);
}

int verb_catalog_list(Cli *cli, char *operands[], int n_operands) {
        _cleanup_json_ json_t *reply = NULL;
        const json_t *catalogs;
        Fault fault = {};

        (void)operands;
        (void)n_operands;
        if (cli_call(cli, "ListCatalogs", json_object(), &reply, &fault) < 0)
                return cli_fail(cli, &fault);
        if (cli_json(cli)) {
                cli_print_json(cli, reply);
                return EXIT_DONE;
        }
        catalogs = reply_array(reply, "catalogs");
        if (json_array_size(catalogs) == 0)
                (void)fputs("no catalog is configured; see \"discfw help catalog add\"\n",
                            cli->screen.out);
        else if (table_print_usual(&cli->screen, catalog_columns, catalogs) < 0)
                return no_memory(cli);
        return EXIT_DONE;
}

static int say_table(Cli *cli, const char *title, const Column *columns, const json_t *objects) {
        if (json_array_size(objects) == 0)
                return 0;
        (void)fprintf(cli->screen.out, "\n%s:\n", title);
        return table_print_usual(&cli->screen, columns, objects);
}

int verb_catalog_show(Cli *cli, char *operands[], int n_operands) {
        _cleanup_json_ json_t *reply = NULL;
        const json_t *catalog;
        Fault fault = {};

        (void)n_operands;
        if (cli_call(cli, "ShowCatalog", json_pack("{s:s}", "catalog", operands[0]), &reply,
                     &fault) < 0)
                return cli_fail(cli, &fault);
        if (cli_json(cli)) {
                cli_print_json(cli, reply);
                return EXIT_DONE;
        }

        catalog = reply_object(reply, "catalog");
        present_catalog(&cli->screen, catalog, clock_realtime());
        (void)fprintf(cli->screen.out,
                      "root version %" PRId64 ", SHA-256 %s\n%" PRId64 " entries for the drives of "
                      "this machine, %" PRId64 " ignored\n",
                      reply_int(catalog, "root_version"), reply_shown(catalog, "root_sha256"),
                      reply_int(catalog, "entries"), reply_int(catalog, "ignored"));
        if (say_table(cli, "Mirrors", mirror_columns, reply_array(catalog, "mirrors")) < 0 ||
            say_table(cli, "Roles", role_columns, reply_array(reply, "roles")) < 0 ||
            say_table(cli, "Entries", entry_columns, reply_array(reply, "entries")) < 0)
                return no_memory(cli);
        return EXIT_DONE;
}

/* The files count, and they are written: a daemon that does not run reads them when it starts. */
static int reload(Cli *cli) {
        _cleanup_json_ json_t *reply = NULL;
        Fault fault = {};

        if (cli_call(cli, "Reload", json_object(), &reply, &fault) < 0) {
                if (fault.code != FAULT_DAEMON_UNREACHABLE || cli_json(cli))
                        return cli_fail(cli, &fault);
                if (!cli_quiet(cli))
                        (void)fputs("discfwd does not run; it will read this when it starts\n",
                                    cli->screen.out);
                return EXIT_DONE;
        }
        if (cli_json(cli))
                cli_print_json(cli, reply);
        return EXIT_DONE;
}

int verb_catalog_add(Cli *cli, char *operands[], int n_operands) {
        TrustRoot root;
        Fault fault = {};

        if (cli->options.value[OPTION_HOST])
                return cli_usage(cli, "catalogs are added on the machine that is to trust them");
        if (trust_add(cli->config, operands[0], operands[1], operands + 2, n_operands - 2, &root,
                      &fault) < 0)
                return cli_fail(cli, &fault);
        if (!cli_json(cli) && !cli_quiet(cli)) {
                char expires[4 * sizeof(root.expires) + 1];

                text_escape_utf8(root.expires, expires, sizeof(expires));
                (void)fprintf(
                        cli->screen.out,
                        "catalog \"%s\" is trusted from now on, by\n"
                        "  root version %" PRId64 ", %" PRId64 " of %zu keys, expires %s\n"
                        "  SHA-256 %s\n"
                        "compare this with what its maintainer says; then \"discfw refresh\"\n",
                        operands[0], root.version, root.threshold, root.n_keys, expires,
                        root.sha256);
        }
        return reload(cli);
}

int verb_catalog_remove(Cli *cli, char *operands[], int n_operands) {
        Fault fault = {};

        (void)n_operands;
        if (cli->options.value[OPTION_HOST])
                return cli_usage(cli, "catalogs are removed on the machine that trusts them");
        if (trust_remove(cli->config, operands[0], &fault) < 0)
                return cli_fail(cli, &fault);
        if (!cli_json(cli) && !cli_quiet(cli))
                (void)fprintf(cli->screen.out, "catalog \"%s\" is trusted no more\n", operands[0]);
        return reload(cli);
}
