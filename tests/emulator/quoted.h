/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes in a text file, readable: "DVDRW IDE1004   ". Between the quotes blanks count; what is not
 * printable is \xHH, and \" and \\ stand for themselves. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Fills all SIZE bytes: what the text does not give is PAD. False if it is no quoted text, or is
 * longer. */
bool quoted_parse(const char *text, char pad, void *ret_bytes, size_t size);

/* RET_TEXT needs 4 * N_BYTES + 3. */
void quoted_format(const void *bytes, size_t n_bytes, char *ret_text);
