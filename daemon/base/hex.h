/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes as lower-case hexadecimal and back. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RET_TEXT needs 2 * N_BYTES + 1. */
void hex_encode(const void *bytes, size_t n_bytes, char *ret_text);

/* Strict: exactly N_BYTES, digits 0-9 a-f A-F only. RET_BYTES is untouched on failure. */
bool hex_decode(const char *text, void *ret_bytes, size_t n_bytes);

/* For texts of unknown length: false if odd, not hex, or longer than SIZE bytes. */
bool hex_decode_some(const char *text, void *ret_bytes, size_t size, size_t *ret_n_bytes);
