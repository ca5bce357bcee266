/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Strings that came from a drive, a mirror or a user, made fit for people.
 *
 * Nothing from outside reaches a terminal, a log or JSON as it came: what is not printable ASCII is
 * shown as \xHH. UTF-8 is kept only where text_escape_utf8() is called.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A field of a drive: trailing blanks and NULs go, the rest is escaped. RET_TEXT of 4 * N_BYTES + 1
 * always suffices; shorter ones are cut. */
void text_from_field(const void *bytes, size_t n_bytes, char *ret_text, size_t size);

/* Vendor and product of INQUIRY (bytes 8 to 31, SPC-4 6.4.2) as people write them: joined, with single
 * blanks, escaped. A vendor of all eight characters gets a blank behind it ("HL-DT-ST DVDRAM GH24");
 * one that is blank, or has a blank inside because the product's name began there ("DVDROM 1" "0X"),
 * does not. Only to be shown: what is compared is the bytes. */
#define TEXT_MODEL_LENGTH 24
#define TEXT_MODEL_SIZE   (4 * (TEXT_MODEL_LENGTH + 1) + 1)
void text_from_model(const uint8_t model[TEXT_MODEL_LENGTH], char ret_text[TEXT_MODEL_SIZE]);

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
