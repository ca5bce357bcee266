/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of discfw(1): one table, which feeds parsing, help, completion and the manual's test.
 *
 * Options may stand before and behind the verb. Which of them a verb takes, its entry in verb.c
 * says; one that it does not take is a mistake and not ignored, since "discfw rollback --dry-run"
 * must not go back.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/fault.h"

typedef enum OptionId {
        /* of every verb */
        OPTION_JSON,
        OPTION_HOST,
        OPTION_DIR,
        OPTION_SOCKET,
        OPTION_COLOR,
        OPTION_ASCII,
        OPTION_NO_PAGER,
        OPTION_QUIET,
        OPTION_HELP,
        OPTION_VERSION,
        _OPTION_GLOBAL_MAX,
        /* of some */
        OPTION_OUTPUT = _OPTION_GLOBAL_MAX,
        OPTION_YES,
        OPTION_ALL,
        OPTION_TO,
        OPTION_REFLASH,
        OPTION_DRY_RUN,
        OPTION_REASON,
        OPTION_LIMIT,
        OPTION_BEFORE,
        OPTION_FILE,
        OPTION_KEY,
        OPTION_HEAD,
        _OPTION_MAX
} OptionId;

#define OPTION_BIT(id) (1u << (id))

typedef struct OptionFace {
        const char *name;     /* without "--" */
        char letter;          /* or 0 */
        const char *argument; /* or NULL: takes none */
        const char *help;
} OptionFace;

const OptionFace *option_face(OptionId id);

typedef struct Options {
        uint32_t given;                 /* set of OPTION_BIT() */
        const char *value[_OPTION_MAX]; /* borrowed from argv; NULL if not given */
} Options;

static inline bool option_given(const Options *options, OptionId id) {
        return options->given & OPTION_BIT(id);
}

/* Reorders ARGV so that the operands are last, and says where they begin. FAULT_BAD_REQUEST for an
 * option that does not exist, lacks its argument, or is given twice with an argument. */
int options_parse(int argc, char *argv[], Options *ret_options, int *ret_first_operand,
                  Fault *fault) _must_check_;

/* "--limit" as a number of 1 to MAX; PRESET where it is not given. */
int options_number(const Options *options, OptionId id, int64_t max, int64_t preset,
                   int64_t *ret_number, Fault *fault) _must_check_;
