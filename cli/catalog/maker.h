/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discfw-catalog's verbs, and what the command line said to them.
 *
 * One table (verbs.c) feeds dispatch, --help and the test of the manual page.
 */
#pragma once

#include "base/fault.h"
#include "catalog/key.h"
#include "cli/catalog/work.h"

#define ARG_LIST_MAX 64

typedef enum MakerOption {
        OPTION_ALL,
        OPTION_DAYS,
        OPTION_IMAGE,
        OPTION_IMAGES,
        OPTION_KEY,
        OPTION_KEY_TYPE,
        OPTION_MAKER,
        OPTION_MODEL,
        OPTION_NAME,
        OPTION_OUTPUT,
        OPTION_PATHS,
        OPTION_REASON,
        OPTION_ROOT,
        OPTION_ROOT_KEYS,
        OPTION_THRESHOLD,
        /* of every verb */
        OPTION_DIRECTORY,
        OPTION_HELP,
        OPTION_KEYS,
        OPTION_PASSPHRASE_FILE,
        OPTION_VERSION,
        _OPTION_MAX,
} MakerOption;
#define OPTION_BIT(option) (1u << (option))
#define OPTIONS_GLOBAL     (~0u << OPTION_DIRECTORY)

typedef struct Arguments {
        const char *values[_OPTION_MAX]; /* the last one given, "" if it takes none; or NULL */
        const char *images[ARG_LIST_MAX];
        unsigned n_images;
        const char *paths[ARG_LIST_MAX];
        unsigned n_paths;
        const char *models[ARG_LIST_MAX];
        unsigned n_models;
        WorkSettings settings; /* with --expires-days */
        char **operands;
        int n_operands;
} Arguments;

/* Verbs return an exit status, or negative errno: with -EBADE the fault is set. */
typedef struct MakerVerb {
        const char *name, *operands, *summary, *text;
        unsigned options;
        int n_min, n_max; /* operands */
        int (*run)(const Arguments *arguments, Fault *fault);
} MakerVerb;

extern const MakerVerb maker_verbs[]; /* ends with a NULL name */

/* The work folder that -C names, or else the current one. */
int open_work(const Arguments *arguments, bool write, Work **ret_work, Fault *fault) _must_check_;

int verb_add(const Arguments *arguments, Fault *fault);
int verb_add_maker(const Arguments *arguments, Fault *fault);
int verb_check(const Arguments *arguments, Fault *fault);
int verb_export_root(const Arguments *arguments, Fault *fault);
int verb_init(const Arguments *arguments, Fault *fault);
int verb_publish(const Arguments *arguments, Fault *fault);
int verb_renew(const Arguments *arguments, Fault *fault);
int verb_rotate_key(const Arguments *arguments, Fault *fault);
int verb_show(const Arguments *arguments, Fault *fault);
int verb_sign(const Arguments *arguments, Fault *fault);
int verb_withdraw(const Arguments *arguments, Fault *fault);
