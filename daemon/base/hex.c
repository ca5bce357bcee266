/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/hex.h"

#include <string.h>

void hex_encode(const void *bytes, size_t n_bytes, char *ret_text) {
        static const char digits[] = "0123456789abcdef";
        const uint8_t *p = bytes;

        for (size_t i = 0; i < n_bytes; i++) {
                *ret_text++ = digits[p[i] >> 4];
                *ret_text++ = digits[p[i] & 0x0f];
        }
        *ret_text = '\0';
}

static int digit(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

bool hex_decode_some(const char *text, void *ret_bytes, size_t size, size_t *ret_n_bytes) {
        size_t n = strlen(text);
        uint8_t *p = ret_bytes;

        if (n % 2 != 0 || n / 2 > size || strspn(text, "0123456789abcdefABCDEF") != n)
                return false;
        for (size_t i = 0; i < n / 2; i++)
                p[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
        *ret_n_bytes = n / 2;
        return true;
}

bool hex_decode(const char *text, void *ret_bytes, size_t n_bytes) {
        size_t n;

        return strlen(text) == 2 * n_bytes && hex_decode_some(text, ret_bytes, n_bytes, &n);
}
