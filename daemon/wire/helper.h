/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How each of the four helpers begins: options, and the connection of the daemon in descriptor 3, as
 * socket activation with Accept=yes hands it over.
 */
#pragma once

#include "base/fault.h"

typedef struct HelperOption {
        const char *name;   /* without "--". NULL ends the list */
        const char *value;  /* what the usage calls its value: "DIR"; NULL: it takes none */
        const char *text;   /* one line */
        const char **place; /* holds the default, or NULL; "" if it was given without a value */
} HelperOption;

typedef struct Helper {
        const char *name; /* "discfw-probe" */
        const char *text; /* one sentence: what it does for discfwd */
        const HelperOption *options;
        bool nonblocking; /* a daemon that does not read must not stop it at a note of progress */
} Helper;

/* Sanitizes the process, reads the options, opens the log and takes the connection over. Returns 0;
 * or 1 if the process is to end with RET_STATUS, everything having been said. Reads no byte from
 * outside. */
int helper_begin(const Helper *helper, int argc, char *argv[], int *ret_connection,
                 int *ret_status) _must_check_;

/* Logs the fault, or WHAT and the errno if there is none. Returns the exit status. */
int helper_fail(int r, const char *what, const Fault *fault);
