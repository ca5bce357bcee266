/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/quoted.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"

/* One byte of a quoted text; returns how many characters it took, 0 if it is malformed. */
static size_t parse_one(const char *text, uint8_t *ret_byte) {
        char digits[3] = {};

        if (text[0] == '\0' || text[0] == '"')
                return 0;
        if (text[0] != '\\') {
                *ret_byte = (uint8_t)text[0];
                return 1;
        }
        if (text[1] == '"' || text[1] == '\\') {
                *ret_byte = (uint8_t)text[1];
                return 2;
        }
        if (text[1] != 'x')
                return 0;
        strncpy(digits, text + 2, 2);
        return hex_decode(digits, ret_byte, 1) ? 4 : 0;
}

bool quoted_parse(const char *text, char pad, void *ret_bytes, size_t size) {
        uint8_t *bytes = ret_bytes;
        size_t n = 0;

        if (*text++ != '"')
                return false;
        while (*text && *text != '"') {
                uint8_t byte;
                size_t taken = parse_one(text, &byte);

                if (taken == 0 || n == size)
                        return false;
                bytes[n++] = byte;
                text += taken;
        }
        if (strcmp(text, "\"") != 0)
                return false;
        memset(bytes + n, pad, size - n);
        return true;
}

void quoted_format(const void *bytes, size_t n_bytes, char *ret_text) {
        const uint8_t *p = bytes;

        *ret_text++ = '"';
        for (size_t i = 0; i < n_bytes; i++) {
                if (p[i] == '"' || p[i] == '\\')
                        *ret_text++ = '\\';
                if (p[i] >= 0x20 && p[i] < 0x7f)
                        *ret_text++ = (char)p[i];
                else
                        ret_text += sprintf(ret_text, "\\x%02x", p[i]);
        }
        *ret_text++ = '"';
        *ret_text = '\0';
}
