/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/image.h"

#include <string.h>

static const PlextorLayout layouts[] = {
        { "CD-R   PX-W4824A", 524288, 0x79ffe, 0x8000 },
        { "CD-R   PX-W5224A", 524288, 0x79ffe, 0x8000 },
        { "CD-R   PREMIUM ", 524288, 0x7c7fe, 0x8000 },
        { "CD-R   PREMIUM2", 983040, 0xefffe, 0 },
        { "DVDR   PX-708A ", 983040, 0xefffe, 0 },
        { "DVDR   PX-708A2", 1028096, 0xefffe, 0 },
        { "DVDR   PX-712A", 1028096, 0xefffe, 0 },
        { "DVDR   PX-714A", 983040, 0xefffe, 0 },
        { "DVDR   PX-716A", 983040, 0xefffe, 0 },
        { "DVDR   PX-755A", 2031616, 0x1efffe, 0 },
        { "DVDR   PX-760A", 2031616, 0x1efffe, 0 },
};

const PlextorLayout *plextor_layout(const char *product) {
        for (unsigned i = 0; i < N_ELEMENTS(layouts); i++)
                if (strncmp(product, layouts[i].product, strlen(layouts[i].product)) == 0)
                        return &layouts[i];
        return NULL;
}

uint16_t image_sum(const uint8_t *bytes, uint32_t n_bytes, uint16_t start) {
        uint32_t sum = start;

        for (uint32_t i = 0; i < n_bytes; i++)
                sum += bytes[i];
        return (uint16_t)sum;
}

Firmware image_firmware(const uint8_t *image, uint32_t identity, uint32_t revision) {
        Firmware firmware;

        memcpy(firmware.identity, image + identity, sizeof(firmware.identity));
        memcpy(firmware.revision, image + revision, sizeof(firmware.revision));
        return firmware;
}

bool image_hardware(const uint8_t *image, char ret_hardware[HARDWARE_LENGTH]) {
        const uint8_t *mark = image + HARDWARE_OFFSET;

        if (memcmp(mark, HARDWARE_MARK, strlen(HARDWARE_MARK)) != 0)
                return false;
        memcpy(ret_hardware, mark + strlen(HARDWARE_MARK), HARDWARE_LENGTH);
        return true;
}

void image_set_hardware(uint8_t *image, const char hardware[HARDWARE_LENGTH]) {
        uint8_t *mark = image + HARDWARE_OFFSET;

        memcpy(mark, HARDWARE_MARK, strlen(HARDWARE_MARK));
        memcpy(mark + strlen(HARDWARE_MARK), hardware, HARDWARE_LENGTH);
}
