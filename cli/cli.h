/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discfw(1): what its verbs have in common.
 *
 * A verb gets a Cli and its operands, and returns an exit status (base/fault.h). It asks the daemon
 * with cli_call() or cli_watch(), prints the reply as it is under --json, and for people otherwise.
 * It decides nothing: what may be done, and whether it went well, is what the daemon says.
 */
#pragma once

#include <jansson.h>

#include "base/fault.h"
#include "cli/client.h"
#include "cli/options.h"
#include "cli/screen.h"

typedef struct Verb Verb;

typedef struct Cli {
        Options options;
        const Verb *verb;
        Screen screen;
        Pager pager;
        Client *client; /* connected at the first call */
        pid_t ssh;      /* with --host; or 0 */
        char socket[256];
        char config[256]; /* folder of the configuration */
} Cli;

struct Verb {
        const char *name;     /* of one word or two: "catalog add" */
        const char *operands; /* as the manual's SYNOPSIS has them */
        const char *summary;  /* of one line */
        const char *text;     /* what "discfw help VERB" says more */
        uint32_t options;     /* those that it takes beside the global ones */
        int n_min, n_max;     /* operands; -1: any number */
        bool paged;           /* long texts: through a pager on a terminal */
        int (*run)(Cli *cli, char *operands[], int n_operands);
};

/* The table, ended by an entry without name; in the order in which help shows it. */
extern const Verb verbs[];

/* The verb that ARGV begins with; N_WORDS says of how many words it is. */
const Verb *verb_find(char *argv[], int n, int *ret_n_words);
/* The name that comes closest to what was said, or NULL. */
const char *verb_guess(const char *word);

static inline bool cli_json(const Cli *cli) {
        return option_given(&cli->options, OPTION_JSON);
}
static inline bool cli_quiet(const Cli *cli) {
        return option_given(&cli->options, OPTION_QUIET);
}

/* Looks at options and environment. */
int cli_open(Cli *cli, Fault *fault) _must_check_;
void cli_close(Cli *cli);

/* As client_call() and client_watch(), connecting first where that was not done. Without --json,
 * replies have been cleaned (cli/reply.h); with it they are as they came. */
int cli_connect(Cli *cli, Fault *fault) _must_check_;
int cli_call(Cli *cli, const char *method, json_t *parameters, json_t **ret_reply,
             Fault *fault) _must_check_;
int cli_watch(Cli *cli, const char *method, json_t *parameters, const ClientView *view,
              Fault *fault) _must_check_;

/* One object, one line. */
void cli_print_json(Cli *cli, const json_t *json);

/* Says what is wrong on standard error (with --json, as an object on standard output), and returns
 * the exit status of the fault. */
int cli_fail(Cli *cli, const Fault *fault);
/* "discfw: TEXT" and the next step below it, on standard error, both escaped. MEND may be NULL. */
void cli_complain(const char *mend, const char *format, ...) _printf_(2, 3);
/* For mistakes in the command line: says it, where to read on, and returns EXIT_USAGE. */
int cli_usage(Cli *cli, const char *format, ...) _printf_(2, 3);
/* -ENOMEM of a library, as a fault. */
int cli_no_memory(Fault *fault);

/* The verbs, by subject: one file each. */
int verb_status(Cli *cli, char *operands[], int n_operands);
int verb_list(Cli *cli, char *operands[], int n_operands);
int verb_show(Cli *cli, char *operands[], int n_operands);
int verb_check(Cli *cli, char *operands[], int n_operands);
int verb_refresh(Cli *cli, char *operands[], int n_operands);
int verb_update(Cli *cli, char *operands[], int n_operands);
int verb_rollback(Cli *cli, char *operands[], int n_operands);
int verb_resolve(Cli *cli, char *operands[], int n_operands);
int verb_why(Cli *cli, char *operands[], int n_operands);
int verb_hold(Cli *cli, char *operands[], int n_operands);
int verb_unhold(Cli *cli, char *operands[], int n_operands);
int verb_history(Cli *cli, char *operands[], int n_operands);
int verb_audit_verify(Cli *cli, char *operands[], int n_operands);
int verb_audit_export(Cli *cli, char *operands[], int n_operands);
int verb_catalog_list(Cli *cli, char *operands[], int n_operands);
int verb_catalog_show(Cli *cli, char *operands[], int n_operands);
int verb_catalog_add(Cli *cli, char *operands[], int n_operands);
int verb_catalog_remove(Cli *cli, char *operands[], int n_operands);
int verb_monitor(Cli *cli, char *operands[], int n_operands);
int verb_doctor(Cli *cli, char *operands[], int n_operands);
int verb_bridge(Cli *cli, char *operands[], int n_operands);
int verb_help(Cli *cli, char *operands[], int n_operands);
void help_version(const Cli *cli);
