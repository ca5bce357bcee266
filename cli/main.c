/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discfw: asks discfwd, and shows people what it answers. Needs no privilege of its own. */
#include <locale.h>
#include <signal.h>
#include <string.h>

#include "cli/cli.h"

/* An option that the verb does not take would be a wish that is not heard. */
static int check_options(Cli *cli) {
        for (int id = _OPTION_GLOBAL_MAX; id < _OPTION_MAX; id++)
                if (option_given(&cli->options, (OptionId)id) &&
                    !(cli->verb->options & OPTION_BIT(id)))
                        return cli_usage(cli, "\"discfw %s\" has no --%s", cli->verb->name,
                                         option_face((OptionId)id)->name);
        return 0;
}

static int check_operands(Cli *cli, int n) {
        if (n < cli->verb->n_min)
                return cli_usage(cli, "\"discfw %s\" needs %s", cli->verb->name,
                                 cli->verb->operands);
        if (cli->verb->n_max >= 0 && n > cli->verb->n_max)
                return cli_usage(cli, "too many operands for \"discfw %s%s%s\"", cli->verb->name,
                                 cli->verb->operands[0] ? " " : "", cli->verb->operands);
        return 0;
}

static int unknown_verb(Cli *cli, char *argv[], int n) {
        const char *guess = verb_guess(argv[0]);

        if (strcmp(argv[0], "audit") == 0 || strcmp(argv[0], "catalog") == 0)
                return n < 2 ? cli_usage(cli, "\"discfw %s\" needs to know what to do", argv[0])
                             : cli_usage(cli, "unknown verb \"%s %s\"", argv[0], argv[1]);
        if (guess)
                return cli_usage(cli, "unknown verb \"%s\"; did you mean \"%s\"?", argv[0], guess);
        return cli_usage(cli, "unknown verb \"%s\"", argv[0]);
}

static int run(Cli *cli, char *argv[], int n) {
        static char *status[] = { (char *)"status", NULL };
        int n_words, r;

        if (option_given(&cli->options, OPTION_VERSION)) {
                help_version(cli);
                return EXIT_DONE;
        }
        if (n == 0 && option_given(&cli->options, OPTION_HELP))
                return verb_help(cli, NULL, 0);
        if (n == 0) {
                argv = status;
                n = 1;
        }
        cli->verb = verb_find(argv, n, &n_words);
        if (!cli->verb)
                return unknown_verb(cli, argv, n);
        if (option_given(&cli->options, OPTION_HELP))
                return verb_help(cli, argv, n_words);

        r = check_options(cli);
        if (r == 0)
                r = check_operands(cli, n - n_words);
        if (r != 0)
                return r;
        if (cli->verb->paged && cli->screen.terminal && !cli_json(cli) &&
            !option_given(&cli->options, OPTION_NO_PAGER))
                pager_open(&cli->pager);
        return cli->verb->run(cli, argv + n_words, n - n_words);
}

/* A full disk under our output must not look like success. */
static int finish(Cli *cli, int status) {
        bool bad = fflush(stdout) != 0 || ferror(stdout);

        cli_close(cli);
        if (bad) {
                (void)fputs("discfw: cannot write the output\n", stderr);
                return status == EXIT_DONE ? EXIT_FAILED : status;
        }
        return status;
}

int main(int argc, char *argv[]) {
        Cli cli = {};
        Fault fault = {};
        int first, status;

        (void)setlocale(LC_ALL, "");
        cli.screen.out = stdout;
        if (options_parse(argc, argv, &cli.options, &first, &fault) < 0 ||
            cli_open(&cli, &fault) < 0)
                status = cli_fail(&cli, &fault);
        else
                status = run(&cli, argv + first, argc - first);
        return finish(&cli, status);
}
