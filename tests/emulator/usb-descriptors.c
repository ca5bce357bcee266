/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/usb-descriptors.h"

#include <string.h>

enum { DEVICE = 1, CONFIGURATION = 2, STRING = 3, DEVICE_QUALIFIER = 6 };
enum { STRING_LANGUAGES = 0, STRING_MANUFACTURER = 1, STRING_PRODUCT = 2, STRING_SERIAL = 3 };

/* An Initio bridge between USB and ATAPI. */
static const uint8_t device[18] = {
        18,
        DEVICE,
        0x00,
        0x02, /* USB 2.0 */
        0,
        0,
        0,
        64, /* class: the interface's; bytes of the control pipe */
        0xfd,
        0x13,
        0x40,
        0x08, /* 13fd:0840 */
        0x14,
        0x01, /* 1.14 */
        STRING_MANUFACTURER,
        STRING_PRODUCT,
        0,
        1,
};

static const uint8_t qualifier[10] = { 10, DEVICE_QUALIFIER, 0x00, 0x02, 0, 0, 0, 64, 1, 0 };

static const uint8_t configuration[32] = {
        9,
        CONFIGURATION,
        32,
        0,
        1,
        USB_CONFIGURATION,
        0,
        0xc0,
        1, /* powered by itself */
        9,
        4,
        0,
        0,
        2,
        0x08,
        0x02,
        0x50,
        0, /* Mass Storage, MMC, Bulk-Only */
        7,
        5,
        USB_ENDPOINT_IN,
        2,
        0x00,
        0x02,
        0,
        7,
        5,
        USB_ENDPOINT_OUT,
        2,
        0x00,
        0x02,
        0,
};

/* UTF-16, little-endian. Blanks at the end are padding, not name. */
static size_t text(const char *name, size_t n_name, uint8_t *bytes) {
        size_t n = 2;

        while (n_name > 0 && (name[n_name - 1] == ' ' || name[n_name - 1] == '\0'))
                n_name--;
        for (size_t i = 0; i < n_name; i++) {
                bytes[n++] = (uint8_t)name[i];
                bytes[n++] = 0;
        }
        bytes[0] = (uint8_t)n;
        bytes[1] = STRING;
        return n;
}

static size_t string(const DriveModel *model, uint8_t i, uint8_t *bytes) {
        static const uint8_t languages[4] = { 4, STRING, 0x09, 0x04 };

        switch (i) {
        case STRING_LANGUAGES:
                memcpy(bytes, languages, sizeof(languages));
                return sizeof(languages);
        case STRING_MANUFACTURER: return text(model->firmware.identity, 8, bytes);
        case STRING_PRODUCT: return text(model->firmware.identity + 8, 16, bytes);
        case STRING_SERIAL:
                return model->has_serial ? text(model->serial, model->n_serial, bytes) : 0;
        default: return 0;
        }
}

size_t usb_descriptor(const DriveModel *model, uint16_t wvalue,
                      uint8_t ret_bytes[USB_DESCRIPTOR_MAX]) {
        uint8_t type = (uint8_t)(wvalue >> 8), i = (uint8_t)wvalue;

        if (type == STRING)
                return string(model, i, ret_bytes);
        if (i != 0)
                return 0;
        switch (type) {
        case DEVICE:
                memcpy(ret_bytes, device, sizeof(device));
                if (model->has_serial)
                        ret_bytes[16] = STRING_SERIAL;
                return sizeof(device);
        case DEVICE_QUALIFIER:
                memcpy(ret_bytes, qualifier, sizeof(qualifier));
                return sizeof(qualifier);
        case CONFIGURATION:
                memcpy(ret_bytes, configuration, sizeof(configuration));
                return sizeof(configuration);
        default: return 0;
        }
}
