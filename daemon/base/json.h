/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON by jansson, strictly: duplicate keys, NUL, invalid UTF-8, trailing bytes, byte order marks
 * and nesting deeper than JSON_DEPTH_MAX are refused.
 *
 * The getters answer false when the member is missing or of another type, and leave the result
 * alone. Integers are integers: 1.0 is none.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

static inline void json_decrefp_(json_t **json) {
        json_decref(*json);
}
#define _cleanup_json_ _cleanup_(json_decrefp_)

/* Parses the whole of BYTES. Returns 0, -EBADMSG (with a plain text of what is wrong in RET_ERROR,
 * if that is not NULL), or -ENOMEM. */
int json_parse(const void *bytes, size_t n_bytes, json_t **ret_json, char *ret_error,
               size_t error_size) _must_check_;

bool json_get_string(const json_t *object, const char *key, const char **ret_string);
/* As above, and it must fit into SIZE with its terminator. */
bool json_copy_string(const json_t *object, const char *key, char *ret_string, size_t size);
bool json_get_int(const json_t *object, const char *key, int64_t min, int64_t max,
                  int64_t *ret_integer);
bool json_get_bool(const json_t *object, const char *key, bool *ret_bool);
bool json_get_object(const json_t *object, const char *key, json_t **ret_object); /* borrowed */
bool json_get_array(const json_t *object, const char *key, json_t **ret_array);   /* borrowed */

/* The first member of OBJECT that is not in the NULL-terminated list, or NULL. */
const char *json_unknown_member(const json_t *object, const char *const known[]);

/* Compact, keys in the order of insertion. NULL on lack of memory. Free with free(). */
char *json_text(const json_t *json);

/* A string that may hold anything: what is not valid UTF-8 is escaped first. */
json_t *json_string_safe(const char *text);
