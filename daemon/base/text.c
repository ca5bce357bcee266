/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define VENDOR_LENGTH 8 /* of the INQUIRY data, SPC-4 6.4.2 */

/* Appends one byte, escaped if need be; false if it does not fit whole. */
static bool put(char **p, const char *end, uint8_t c, bool escape) {
        size_t n = escape ? (c == '\\' ? 2 : 4) : 1;

        if ((size_t)(end - *p) <= n)
                return false;
        if (!escape)
                **p = (char)c;
        else if (c == '\\')
                memcpy(*p, "\\\\", 2);
        else
                (void)snprintf(*p, 5, "\\x%02x", c);
        *p += n;
        **p = '\0';
        return true;
}

void text_from_field(const void *bytes, size_t n_bytes, char *ret_text, size_t size) {
        const uint8_t *b = bytes;
        char *p = ret_text;

        *p = '\0';
        while (n_bytes > 0 && (b[n_bytes - 1] == ' ' || b[n_bytes - 1] == '\0'))
                n_bytes--;
        for (size_t i = 0; i < n_bytes; i++)
                if (!put(&p, ret_text + size, b[i], b[i] < 0x20 || b[i] > 0x7e || b[i] == '\\'))
                        return;
}

void text_from_model(const uint8_t model[TEXT_MODEL_LENGTH], char ret_text[TEXT_MODEL_SIZE]) {
        bool full = !memchr(model, ' ', VENDOR_LENGTH), blank_before = true;
        uint8_t joined[TEXT_MODEL_LENGTH + 1];
        size_t n = 0;

        for (size_t i = 0; i < TEXT_MODEL_LENGTH; i++) {
                bool blank = model[i] == ' ';

                if (blank && blank_before)
                        continue;
                if (i == VENDOR_LENGTH && full && !blank)
                        joined[n++] = ' ';
                joined[n++] = model[i];
                blank_before = blank;
        }
        text_from_field(joined, n, ret_text, TEXT_MODEL_SIZE);
}

/* Length of the well-formed UTF-8 sequence at P whose character is fit to be shown, or 0. */
static size_t shown(const uint8_t *p) {
        uint32_t c = p[0];
        size_t n = c < 0x80             ? 1
                   : (c & 0xe0) == 0xc0 ? 2
                   : (c & 0xf0) == 0xe0 ? 3
                   : (c & 0xf8) == 0xf0 ? 4
                                        : 0;
        static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };

        if (n == 0)
                return 0;
        if (n > 1)
                c &= 0xffu >> (n + 1);
        for (size_t i = 1; i < n; i++) {
                if ((p[i] & 0xc0) != 0x80)
                        return 0;
                c = c << 6 | (p[i] & 0x3f);
        }
        if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                return 0;
        if (c < 0x20 || c == '\\' || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
            (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff)
                return 0;
        return n;
}

void text_escape_utf8(const char *text, char *ret_text, size_t size) {
        const uint8_t *b = (const uint8_t *)text;
        char *p = ret_text, *end = ret_text + size;

        *p = '\0';
        while (*b) {
                size_t n = shown(b);

                if (n == 0) {
                        if (!put(&p, end, *b++, true))
                                return;
                        continue;
                }
                if ((size_t)(end - p) <= n)
                        return;
                memcpy(p, b, n);
                p += n;
                b += n;
                *p = '\0';
        }
}

bool text_is_plain(const char *text) {
        for (; *text; text++)
                if (*text < 0x20 || *text > 0x7e)
                        return false;
        return true;
}

bool text_is_name(const char *text, size_t max) {
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789-_";
        size_t n = strspn(text, allowed);

        return n > 0 && n <= max && text[n] == '\0' && text[0] != '-' && text[0] != '_';
}

void text_format(char *ret_text, size_t size, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(ret_text, size, format, ap);
        va_end(ap);
}
