/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/response.h"

#include <string.h>

#include "base/text.h"

/* Reads digits and moves on; an overflow is a number that cannot be right. */
static bool take_number(const char **p, uint64_t *ret_number) {
        uint64_t number = 0;

        if (**p < '0' || **p > '9')
                return false;
        for (; **p >= '0' && **p <= '9'; (*p)++)
                if (__builtin_mul_overflow(number, 10, &number) ||
                    __builtin_add_overflow(number, (uint64_t)(**p - '0'), &number))
                        return false;

        *ret_number = number;
        return true;
}

static bool take_word(const char **p, const char *word) {
        size_t n = strlen(word);

        if (strncmp(*p, word, n) != 0)
                return false;
        *p += n;
        return true;
}

bool content_range_parse(const char *value, ContentRange *ret_range) {
        ContentRange range = {};
        const char *p = value;

        if (!take_word(&p, "bytes ") || !take_number(&p, &range.first) || !take_word(&p, "-") ||
            !take_number(&p, &range.last) || !take_word(&p, "/"))
                return false;
        if (!take_word(&p, "*") && (!take_number(&p, &range.total) || range.last >= range.total))
                return false;
        if (*p != '\0' || range.last < range.first || range.last == UINT64_MAX)
                return false;

        *ret_range = range;
        return true;
}

bool content_length_parse(const char *value, uint64_t *ret_length) {
        const char *p = value;
        uint64_t length;

        if (!take_number(&p, &length) || *p != '\0')
                return false;

        *ret_length = length;
        return true;
}

void etag_parse(const char *value, char ret_etag[ETAG_SIZE]) {
        size_t n = strlen(value);

        ret_etag[0] = '\0';
        if (n < 2 || n >= ETAG_SIZE || value[0] != '"' || strchr(value + 1, '"') != value + n - 1 ||
            !text_is_plain(value))
                return;
        memcpy(ret_etag, value, n + 1);
}
