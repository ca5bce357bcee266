/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <libsmartcols.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"

static void print_option(const Screen *screen, OptionId id) {
        const OptionFace *face = option_face(id);
        char label[64], letter[8] = "    ";

        if (face->letter)
                text_format(letter, sizeof(letter), "-%c, ", face->letter);
        text_format(label, sizeof(label), "  %s--%s%s%s", letter, face->name,
                    face->argument ? " " : "", face->argument ? face->argument : "");
        screen_fill(screen, label, 24, face->help);
}

static void print_all(const Screen *screen) {
        (void)fputs("Usage: discfw [OPTION...] [VERB [OPERAND...]]\n\n"
                    "Keeps the firmware of optical drives current.\n\nVerbs:\n",
                    screen->out);
        for (const Verb *verb = verbs; verb->name; verb++) {
                char label[64];

                text_format(label, sizeof(label), "  %s%s%s", verb->name,
                            verb->operands[0] ? " " : "", verb->operands);
                screen_fill(screen, label, 38, verb->summary);
        }
        (void)fputs("\nOptions of every verb:\n", screen->out);
        for (int id = 0; id < _OPTION_GLOBAL_MAX; id++)
                print_option(screen, (OptionId)id);
        (void)fputs(
                "\n\"discfw help VERB\" says more about one. Exit statuses: 0 done, 1 failed, "
                "2 usage,\n3 refused and the drive unharmed, 4 not permitted, 5 daemon not "
                "reachable, 6 catalog not\ntrustworthy or not fresh, 7 a drive needs attention, "
                "10 updates available.\n",
                screen->out);
}

static void print_verb(const Screen *screen, const Verb *verb) {
        (void)fprintf(screen->out, "Usage: discfw %s%s%s%s\n\n", verb->name,
                      verb->options ? " [OPTION...]" : "", verb->operands[0] ? " " : "",
                      verb->operands);
        screen_fill(screen, "", 0, verb->summary);
        if (verb->text[0]) {
                (void)fputc('\n', screen->out);
                screen_fill(screen, "", 0, verb->text);
        }
        if (verb->options)
                (void)fputs("\nOptions:\n", screen->out);
        for (int id = _OPTION_GLOBAL_MAX; id < _OPTION_MAX; id++)
                if (verb->options & OPTION_BIT(id))
                        print_option(screen, (OptionId)id);
}

static json_t *option_json(OptionId id) {
        const OptionFace *face = option_face(id);
        char letter[2] = { face->letter, '\0' };

        return json_pack("{s:s, s:s*, s:s*, s:s}", "name", face->name, "letter",
                         face->letter ? letter : NULL, "argument", face->argument, "help",
                         face->help);
}

static json_t *options_json(int first, int end, uint32_t set) {
        json_t *array = json_array();

        for (int id = first; id < end; id++)
                if (set & OPTION_BIT(id))
                        (void)json_array_append_new(array, option_json((OptionId)id));
        return array;
}

/* The table itself: for completions, and for the test that holds the manual against it. */
static void print_json(Cli *cli) {
        _cleanup_json_ json_t *all = json_pack(
                "{s:o, s:[]}", "options", options_json(0, _OPTION_GLOBAL_MAX, UINT32_MAX), "verbs");

        for (const Verb *verb = verbs; verb->name; verb++)
                (void)json_array_append_new(
                        json_object_get(all, "verbs"),
                        json_pack("{s:s, s:s, s:s, s:o}", "name", verb->name, "operands",
                                  verb->operands, "summary", verb->summary, "options",
                                  options_json(_OPTION_GLOBAL_MAX, _OPTION_MAX, verb->options)));
        cli_print_json(cli, all);
}

int verb_help(Cli *cli, char *operands[], int n_operands) {
        const char *first = n_operands > 0 ? operands[0] : NULL;
        bool found = false;
        const Verb *verb;
        int n_words;

        if (cli_json(cli)) {
                print_json(cli);
                return EXIT_DONE;
        }
        if (!first) {
                print_all(&cli->screen);
                return EXIT_DONE;
        }
        verb = verb_find(operands, n_operands, &n_words);
        if (verb) {
                print_verb(&cli->screen, verb);
                return EXIT_DONE;
        }
        for (verb = verbs; n_operands == 1 && verb->name; verb++)
                if (strncmp(verb->name, first, strlen(first)) == 0 &&
                    verb->name[strlen(first)] == ' ') {
                        (void)fputs(found ? "\n" : "", cli->screen.out);
                        print_verb(&cli->screen, verb);
                        found = true;
                }
        return found ? EXIT_DONE : cli_usage(cli, "there is no verb \"%s\"", first);
}

void help_version(const Cli *cli) {
        const char *smartcols = NULL;

        (void)scols_get_library_version(&smartcols);
        (void)fprintf(cli->screen.out, "discfw %s\njansson %s, libsmartcols %s, %s\n",
                      PACKAGE_VERSION, jansson_version_str(), smartcols,
                      OpenSSL_version(OPENSSL_VERSION));
}
