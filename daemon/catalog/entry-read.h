/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the parser of entries reads members: each function checks type and bounds, and its fault,
 * FAULT_CATALOG_MALFORMED, names the member with its place: "edges[3].kind is none of ...".
 *
 * For entry-parse.c only. Functions return 0, -EBADE with the fault set, or -ENOMEM. A member that is
 * absent leaves the result alone where the text says so, and is a fault elsewhere.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "catalog/entry-members.h"
#include "catalog/entry.h"

#define PLACE_NAME_SIZE 32

/* An object in the document, and where: "recipe", "edges[3]", or "" for its top. */
typedef struct Place {
        const json_t *object;
        char name[PLACE_NAME_SIZE];
        Fault *fault;
} Place;

/* JSON, found under NAME, is an object with no members but those of KIND and those that begin with
 * "x-". */
int place_enter(const json_t *json, const char *name, EntryObject kind, Fault *fault,
                Place *ret_place);

/* Sets the fault "NAME.MEMBER WHAT". */
int place_bad(const Place *place, const char *member, const char *what);

/* "NAME[I]"; returns RET_NAME. */
const char *place_nth(const char *name, size_t i, char ret_name[PLACE_NAME_SIZE]);

int place_get_number(const Place *place, const char *member, uint32_t min, uint32_t max,
                     uint32_t *ret_number);
/* May be absent. */
int place_get_bool(const Place *place, const char *member, bool *ret_bool);

/* Fit for people: 1 to MAX bytes without control characters; line feeds only if LINES. May be
 * absent. */
int place_get_text(const Place *place, const char *member, size_t max, bool lines, char **ret_text);
/* A list of such, at most N_MAX. *RET_N_TEXTS is right at every moment, also after a failure. May be
 * absent. */
int place_get_texts(const Place *place, const char *member, size_t max, unsigned n_max,
                    char *ret_texts[], unsigned *ret_n_texts);

/* Lower-case letters, digits and hyphens, as families and channels have. */
int place_get_name(const Place *place, const char *member, char *ret_name, size_t size);

/* One of NAME_OF(0), NAME_OF(1), ... until that is NULL. May be absent. */
int place_get_choice(const Place *place, const char *member, const char *(*name_of)(unsigned),
                     unsigned *ret_value);

/* A revision in JSON itself, which may stand in a list; MEMBER is for the fault. */
int place_get_revision(const Place *place, const char *member, const json_t *json,
                       char ret_revision[ENTRY_REVISION_SIZE]);

/* 24 bytes in the one form that paths have, too: lower case. */
int place_get_model(const Place *place, const char *member, uint8_t ret_model[ENTRY_MODEL_LENGTH]);

/* 1 to SIZE bytes, SIZE at most 255, in hexadecimal. */
int place_get_bytes(const Place *place, const char *member, uint8_t *ret_bytes, size_t size,
                    uint8_t *ret_n_bytes);

/* A list of at most N_MAX, borrowed. */
int place_get_list(const Place *place, const char *member, unsigned n_max, json_t **ret_array);
