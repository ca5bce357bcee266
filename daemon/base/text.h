/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Strings that came from a drive, a mirror or a user, made fit for people.
 *
 * Nothing from outside reaches a terminal, a log or JSON as it came: what is not printable ASCII is
 * shown as \xHH. UTF-8 is kept only where text_escape_utf8() is called.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A field of a drive: trailing blanks and NULs go, the rest is escaped. RET_TEXT of 4 * N_BYTES + 1
 * always suffices; shorter ones are cut. */
void text_from_field(const void *bytes, size_t n_bytes, char *ret_text, size_t size);

/* A C string, escaped: control characters and DEL, also the C1 set and the bidirectional controls
 * when written in UTF-8; a backslash becomes two. Invalid UTF-8 is shown byte by byte. */
void text_escape_utf8(const char *text, char *ret_text, size_t size);

/* Only bytes 20h to 7Eh. */
bool text_is_plain(const char *text);

/* A name that may become part of a path: letters and digits of ASCII, "-" and "_", the first one a
 * letter or digit, at most MAX of them. */
bool text_is_name(const char *text, size_t max);

/* Like snprintf(), cut silently: for what is only shown. */
void text_format(char *ret_text, size_t size, const char *format, ...)
        __attribute__((__format__(printf, 3, 4)));
