/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* show, why: one drive whole, and one question about it. */
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/event.h"
#include "cli/present.h"
#include "cli/reply.h"

#define LABEL       13
#define CHECK_LABEL 20

static void line(const Screen *screen, const char *label, const char *text) {
        if (text[0])
                screen_fill(screen, label, LABEL, text);
}

static void say_identity(const Screen *screen, const json_t *reply, const json_t *drive) {
        char text[512];

        text_format(text, sizeof(text), "\"%s\" \"%s\" (%s)", reply_text(reply, "vendor"),
                    reply_text(reply, "product"), reply_shown(reply, "model_hex"));
        line(screen, "identity", text);
        line(screen, "id", reply_text(drive, "id"));
        line(screen, "serial", reply_text(drive, "serial"));
        line(screen, "class", reply_text(drive, "class"));
        text_format(text, sizeof(text), "%s%s%s%s%s%s%s", reply_shown(drive, "attachment"),
                    reply_text(drive, "block")[0] ? ", " : "", reply_text(drive, "block"),
                    reply_text(drive, "node")[0] ? ", " : "", reply_text(drive, "node"),
                    reply_text(reply, "devpath")[0] ? ", " : "", reply_text(reply, "devpath"));
        line(screen, "attached", reply_bool(drive, "attached") ? text : "no");
        text_format(text, sizeof(text), "%s%s%s", reply_shown(drive, "revision"),
                    reply_text(reply, "firmware_date")[0] ? ", of " : "",
                    reply_text(reply, "firmware_date"));
        line(screen, "firmware", text);
        line(screen, "state",
             reply_text(drive, "state_text")[0] ? reply_text(drive, "state_text")
                                                : reply_shown(drive, "state"));
        line(screen, "held", reply_text(reply, "held_reason"));
        line(screen, "attention", reply_text(reply, "attention"));
}

static void say_abilities(const Screen *screen, const json_t *reply) {
        const json_t *region = reply_object(reply, "region"),
                     *counters = reply_object(reply, "counters");
        char text[512], first[REPLY_TIME_SIZE], last[REPLY_TIME_SIZE];

        text_format(
                text, sizeof(text),
                "buffer %" PRId64 " KiB, reads at most %" PRId64 " KB/s, writes %" PRId64 " KB/s%s",
                reply_int(reply, "buffer_kib"), reply_int(reply, "max_read_kbs"),
                reply_int(reply, "max_write_kbs"),
                reply_bool(reply, "upgradable_feature") ? ", says that it can be upgraded" : "");
        line(screen, "abilities", text);
        if (region) {
                text_format(text, sizeof(text),
                            "%s, %s, regions %s, %" PRId64 " changes and %" PRId64 " resets left",
                            reply_shown(region, "scheme"), reply_shown(region, "state"),
                            reply_shown(region, "regions"), reply_int(region, "user_changes"),
                            reply_int(region, "vendor_resets"));
                line(screen, "region", text);
        }
        if (counters) {
                text_format(text, sizeof(text),
                            "%" PRId64 " commands, %" PRId64 " errors, %" PRId64 " timeouts",
                            reply_int(counters, "done"), reply_int(counters, "errors"),
                            reply_int(counters, "timeouts"));
                line(screen, "kernel", text);
        }
        reply_time(reply, "first_seen", first);
        reply_time(reply, "last_seen", last);
        text_format(text, sizeof(text), "first %s, last %s", first, last);
        line(screen, "seen", text);
}

static void cell_in_store(const json_t *version, char ret_text[CELL_SIZE]) {
        text_format(ret_text, CELL_SIZE, "%s", reply_bool(version, "in_store") ? "yes" : "no");
}

static void cell_notes(const json_t *version, char ret_text[CELL_SIZE]) {
        const char *withdrawn = reply_text(version, "withdrawn");

        text_format(ret_text, CELL_SIZE, "%s%s%s", withdrawn[0] ? "withdrawn: " : "",
                    withdrawn[0] ? withdrawn : reply_text(version, "notes"), "");
}

static const Column version_columns[] = {
        { "VERSION", "version", .usual = true },
        { "IS", "relation", .usual = true },
        { "RELEASED", "release_date", .usual = true },
        { "EVIDENCE", "evidence", .usual = true },
        { "STORED", NULL, cell_in_store, .usual = true },
        { "CATALOG", "catalog", .usual = true },
        { "NOTES", NULL, cell_notes, .usual = true, .cut = true },
        {},
};

static int say_tables(Cli *cli, const json_t *reply) {
        const json_t *versions = reply_array(reply, "versions"),
                     *history = reply_array(reply, "history");

        if (json_array_size(versions) > 0) {
                (void)fputs("\nFirmware that catalogs know for it:\n", cli->screen.out);
                if (table_print_usual(&cli->screen, version_columns, versions) < 0)
                        return -1;
        }
        if (json_array_size(history) > 0) {
                (void)fputs("\nHistory:\n", cli->screen.out);
                if (table_print_usual(&cli->screen, event_columns, history) < 0)
                        return -1;
        }
        return 0;
}

int verb_show(Cli *cli, char *operands[], int n_operands) {
        _cleanup_json_ json_t *reply = NULL;
        const json_t *drive;
        char way[512];
        Fault fault = {};

        (void)n_operands;
        if (cli_call(cli, "ShowDrive", json_pack("{s:s}", "drive", operands[0]), &reply, &fault) <
            0)
                return cli_fail(cli, &fault);
        if (cli_json(cli)) {
                cli_print_json(cli, reply);
                return EXIT_DONE;
        }

        drive = reply_object(reply, "drive");
        (void)fprintf(cli->screen.out, "%s: %s\n", reply_drive_name(drive),
                      reply_shown(drive, "model"));
        say_identity(&cli->screen, reply, drive);
        say_abilities(&cli->screen, reply);
        present_way(reply_array(reply, "forward"), reply_shown(drive, "revision"), way,
                    sizeof(way));
        line(&cli->screen, "forward",
             json_array_size(reply_array(reply, "forward")) ? way : "nothing newer is known");
        present_way(reply_array(reply, "back"), reply_shown(drive, "revision"), way, sizeof(way));
        line(&cli->screen, "back",
             json_array_size(reply_array(reply, "back")) ? way : "no way back is known");
        if (say_tables(cli, reply) < 0) {
                (void)cli_no_memory(&fault);
                return cli_fail(cli, &fault);
        }
        return EXIT_DONE;
}

static void say_check(const Screen *screen, const json_t *check) {
        const char *verdict = reply_text(check, "verdict");
        char label[128];

        text_format(label, sizeof(label), "  %-2s   %s",
                    strcmp(verdict, "ok") == 0   ? "ok"
                    : strcmp(verdict, "no") == 0 ? "NO"
                                                 : "?",
                    reply_shown(check, "name"));
        screen_fill_toned(screen, strcmp(verdict, "no") == 0 ? TONE_BAD : TONE_PLAIN, label,
                          CHECK_LABEL, reply_text(check, "text"));
}

int verb_why(Cli *cli, char *operands[], int n_operands) {
        _cleanup_json_ json_t *reply = NULL;
        const json_t *drive, *item;
        Fault fault = {};
        size_t i;

        if (cli_call(cli, "Why",
                     json_pack("{s:s, s:s*}", "drive", operands[0], "version",
                               n_operands > 1 ? operands[1] : NULL),
                     &reply, &fault) < 0)
                return cli_fail(cli, &fault);
        if (cli_json(cli)) {
                cli_print_json(cli, reply);
                return EXIT_DONE;
        }

        drive = reply_object(reply, "drive");
        (void)fprintf(
                cli->screen.out, "%s for %s is %s for %s:\n",
                reply_text(reply, "version")[0] ? reply_text(reply, "version") : "newer firmware",
                reply_shown(drive, "model"),
                reply_bool(reply, "offered") ? "offered" : "not offered", reply_drive_name(drive));
        json_array_foreach(reply_array(reply, "checks"), i, item)
                say_check(&cli->screen, item);
        json_array_foreach(reply_array(reply, "nearest"), i, item)
                screen_fill(&cli->screen, i == 0 ? "       nearest" : "", CHECK_LABEL,
                            json_is_string(item) ? json_string_value(item) : "");
        return EXIT_DONE;
}
