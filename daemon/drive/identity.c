/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drive/identity.h"

#include <string.h>

#include "base/bytes.h"

#define SERIAL_LENGTH_MIN 4

#define FIELD_OFFSET 36
#define FIELD_LENGTH 20

#define PAGE_SUPPORTED     0x00
#define PAGE_SERIAL_NUMBER 0x80

static bool is_fill(uint8_t c) {
        return c == ' ' || c == '\0';
}

bool serial_clean(const void *bytes, size_t n_bytes, char ret_serial[SERIAL_SIZE]) {
        const uint8_t *b = bytes;
        bool varied = false;

        while (n_bytes > 0 && is_fill(b[n_bytes - 1]))
                n_bytes--;
        while (n_bytes > 0 && is_fill(b[0])) {
                b++;
                n_bytes--;
        }
        if (n_bytes < SERIAL_LENGTH_MIN || n_bytes >= SERIAL_SIZE)
                return false;
        for (size_t i = 0; i < n_bytes; i++) {
                if (b[i] < 0x20 || b[i] > 0x7e)
                        return false;
                varied = varied || b[i] != b[0];
        }
        if (!varied)
                return false;
        memcpy(ret_serial, b, n_bytes);
        ret_serial[n_bytes] = '\0';
        return true;
}

bool serial_from_page(const void *bytes, size_t n_bytes, char ret_serial[SERIAL_SIZE]) {
        const uint8_t *b = bytes;

        if (n_bytes < 4 || b[1] != PAGE_SERIAL_NUMBER || get_be16(b + 2) > n_bytes - 4)
                return false;
        return serial_clean(b + 4, get_be16(b + 2), ret_serial);
}

bool page_listed(const void *bytes, size_t n_bytes, uint8_t page) {
        const uint8_t *b = bytes;

        if (n_bytes < 4 || b[1] != PAGE_SUPPORTED || get_be16(b + 2) > n_bytes - 4)
                return false;
        return memchr(b + 4, page, get_be16(b + 2)) != NULL;
}

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static bool is_upper(char c) {
        return c >= 'A' && c <= 'Z';
}

/* N000900KLZL4TG5625: a letter and six digits that name the firmware, then the serial number. */
static size_t firmware_prefix(const char *field) {
        size_t n = 1;

        if (!is_upper(field[0]))
                return 0;
        while (n < 7 && is_digit(field[n]))
                n++;
        return n == 7 ? n : 0;
}

bool serial_from_field(const Inquiry *inquiry, char ret_serial[SERIAL_SIZE]) {
        char field[FIELD_LENGTH + 1] = "";
        size_t start = 0, n;

        if (inquiry->n_bytes < FIELD_OFFSET + FIELD_LENGTH)
                return false;
        memcpy(field, inquiry->bytes + FIELD_OFFSET, FIELD_LENGTH);
        if (memcmp(inquiry->identity, "HL-DT-ST", 8) == 0) {
                start = firmware_prefix(field);
                if (start == 0)
                        return false;
        } else if (memcmp(inquiry->identity, "TSSTcorp", 8) != 0)
                return false;

        /* Dates and free text also live in this field; a serial number has neither blanks nor marks. */
        n = strspn(field + start, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
        if (n < 8 || !is_upper(field[start]) ||
            strspn(field + start + n, " ") != strlen(field + start + n))
                return false;
        return serial_clean(field + start, n, ret_serial);
}
