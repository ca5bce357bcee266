/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables by libsmartcols, as lsblk(8) and findmnt(8) have them.
 *
 * A table is made of objects of a reply that reply_clean() went over, and columns that say how an
 * object becomes a cell. Wide cells are cut on a terminal, and never elsewhere.
 */
#pragma once

#include <jansson.h>

#include "base/fault.h"
#include "cli/screen.h"

#define CELL_SIZE   512
#define COLUMNS_MAX 24

typedef struct Column {
        const char *name; /* NULL ends a list of columns */
        const char *key;  /* a string member; used where CELL is NULL */
        void (*cell)(const json_t *object, char ret_text[CELL_SIZE]);
        Tone (*tone)(const json_t *object); /* may be NULL */
        bool right;
        bool cut;   /* may be shortened to fit the terminal */
        bool usual; /* shown without being asked for */
} Column;

/* Which columns, in which order. CHOICE is "NAME,NAME", in any case; or "+NAME,NAME" for the usual
 * ones and these; or NULL for the usual ones. FAULT_BAD_REQUEST names the columns that there are. */
int columns_choose(const Column *columns, const char *choice,
                   const Column *ret_chosen[COLUMNS_MAX + 1], Fault *fault) _must_check_;

/* Prints OBJECTS (an array, or NULL for an empty one). Returns 0 or -ENOMEM. */
int table_print(const Screen *screen, const Column *const *chosen,
                const json_t *objects) _must_check_;

/* The same with the usual columns. */
int table_print_usual(const Screen *screen, const Column *columns,
                      const json_t *objects) _must_check_;
