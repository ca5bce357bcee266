/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drive/features.h"

#include <string.h>

#include "base/bytes.h"
#include "drive/identity.h"

#define HEADER_LENGTH     8
#define DESCRIPTOR_LENGTH 4

enum {
        FEATURE_PROFILE_LIST = 0x0000,
        FEATURE_CORE = 0x0001,
        FEATURE_MICROCODE_UPGRADE = 0x0104,
        FEATURE_SERIAL_NUMBER = 0x0108,
        FEATURE_FIRMWARE_INFORMATION = 0x010c,
};

/* MMC-6 table 95. Profiles that say nothing about what the drive is for are CLASS_UNKNOWN. */
static DriveClass profile_class(uint16_t profile) {
        switch (profile) {
        case 0x0008: return CLASS_CD_ROM;
        case 0x0009:
        case 0x000a: return CLASS_CD_WRITER;
        case 0x0010: return CLASS_DVD_ROM;
        case 0x0011 ... 0x0018:
        case 0x001a:
        case 0x001b:
        case 0x002a:
        case 0x002b: return CLASS_DVD_WRITER;
        case 0x0040: return CLASS_BD_ROM;
        case 0x0041 ... 0x0043: return CLASS_BD_WRITER;
        default: return CLASS_UNKNOWN;
        }
}

static void take_profiles(const uint8_t *p, size_t n, Features *features) {
        for (size_t i = 0; i + 4 <= n; i += 4) {
                DriveClass class = profile_class(get_be16(p + i));

                if (class > features->class)
                        features->class = class;
        }
}

static bool two_digits(const char *text, unsigned low, unsigned high) {
        unsigned value = (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');

        return value >= low && value <= high;
}

/* Century, year, month, day, hour, minute, second, two digits each, GMT. Dates from the future and
 * from before there were such drives are made up. */
static void take_date(const uint8_t *p, size_t n, unsigned year_max, Features *features) {
        char text[15] = "";
        unsigned year = 0;

        if (n < 14)
                return;
        memcpy(text, p, 14);
        if (strspn(text, "0123456789") != 14)
                return;
        for (size_t i = 0; i < 4; i++)
                year = year * 10 + (unsigned)(text[i] - '0');
        if (year < 1994 || year > year_max || !two_digits(text + 4, 1, 12) ||
            !two_digits(text + 6, 1, 31) || !two_digits(text + 8, 0, 23) ||
            !two_digits(text + 10, 0, 59) || !two_digits(text + 12, 0, 60))
                return;
        memcpy(features->firmware_date, text, sizeof(text));
}

static void take_feature(uint16_t code, const uint8_t *p, size_t n, unsigned year_max,
                         Features *features) {
        switch (code) {
        case FEATURE_PROFILE_LIST: take_profiles(p, n, features); break;
        case FEATURE_CORE:
                if (n >= 4)
                        features->interface = get_be32(p);
                break;
        case FEATURE_MICROCODE_UPGRADE: features->upgradable = true; break;
        case FEATURE_SERIAL_NUMBER: (void)serial_clean(p, n, features->serial); break;
        case FEATURE_FIRMWARE_INFORMATION: take_date(p, n, year_max, features); break;
        default: break;
        }
}

bool features_decode(const void *bytes, size_t n_bytes, unsigned year_max, Features *ret_features) {
        const uint8_t *b = bytes;
        Features features = {};
        size_t end, n;

        if (n_bytes < HEADER_LENGTH)
                return false;
        /* The length counts what follows itself; it may name more than we asked for. */
        end = get_be32(b) > n_bytes - 4 ? n_bytes : get_be32(b) + 4;
        features.profile = get_be16(b + 6);
        for (size_t i = HEADER_LENGTH; i + DESCRIPTOR_LENGTH <= end; i += DESCRIPTOR_LENGTH + n) {
                n = b[i + 3];
                if (n % 4 != 0 || n > end - i - DESCRIPTOR_LENGTH)
                        break;
                take_feature(get_be16(b + i), b + i + DESCRIPTOR_LENGTH, n, year_max, &features);
        }
        *ret_features = features;
        return true;
}
