/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "catalog/layout.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"

/* BTC: read from btcflash.cpp of dvd+rw-tools; the sum is computed for the transfer and is not in
 * the image. Plextor: sizes and places as pxfw of qpxtool has them. */
static const ImageLayout layouts[] = {
        { "btc", NULL, NULL, 0x100000, 0x40bc, 0x40d4, LAYOUT_NONE, 0 },
        { "plextor", "PLEXTOR CD-R   PX-W4824A", NULL, 524288, 0, LAYOUT_NONE, 0x79ffe, 0x8000 },
        { "plextor", "PLEXTOR CD-R   PX-W5224A", NULL, 524288, 0, LAYOUT_NONE, 0x79ffe, 0x8000 },
        { "plextor", "PLEXTOR CD-R   PREMIUM  ", NULL, 524288, 0, LAYOUT_NONE, 0x7c7fe, 0x8000 },
        { "plextor", "PLEXTOR CD-R   PREMIUM2 ", NULL, 983040, 0, LAYOUT_NONE, 0xefffe, 0 },
        { "plextor", "PLEXTOR DVDR   PX-708A  ", NULL, 983040, 0, LAYOUT_NONE, 0xefffe, 0 },
        { "plextor", "PLEXTOR DVDR   PX-708A2 ", "PLEXTOR DVDR   PX-712A  ", 1028096, 0,
          LAYOUT_NONE, 0xefffe, 0 },
        { "plextor", "PLEXTOR DVDR   PX-712A  ", NULL, 1028096, 0, LAYOUT_NONE, 0xefffe, 0 },
        { "plextor", "PLEXTOR DVDR   PX-714A  ", "PLEXTOR DVDR   PX-716A  ", 983040, 0, LAYOUT_NONE,
          0xefffe, 0 },
        { "plextor", "PLEXTOR DVDR   PX-716A  ", NULL, 983040, 0, LAYOUT_NONE, 0xefffe, 0 },
        { "plextor", "PLEXTOR DVDR   PX-716AL ", NULL, 983040, 0, LAYOUT_NONE, 0xefffe, 0 },
        { "plextor", "PLEXTOR DVDR   PX-755A  ", "PLEXTOR DVDR   PX-760A  ", 2031616, 0,
          LAYOUT_NONE, 0x1efffe, 0 },
        { "plextor", "PLEXTOR DVDR   PX-760A  ", NULL, 2031616, 0, LAYOUT_NONE, 0x1efffe, 0 },
};

bool layout_family_known(const char *family) {
        for (size_t i = 0; i < N_ELEMENTS(layouts); i++)
                if (strcmp(layouts[i].family, family) == 0)
                        return true;

        return false;
}

const ImageLayout *layout_find(const char *family, const uint8_t model[LAYOUT_MODEL_LENGTH]) {
        for (size_t i = 0; i < N_ELEMENTS(layouts); i++) {
                const ImageLayout *layout = &layouts[i];

                if (strcmp(layout->family, family) == 0 &&
                    (!layout->model || memcmp(layout->model, model, LAYOUT_MODEL_LENGTH) == 0))
                        return layout;
        }

        return NULL;
}

const ImageLayout *layout_nth(unsigned i) {
        return i < N_ELEMENTS(layouts) ? &layouts[i] : NULL;
}

uint16_t layout_sum(const uint8_t *bytes, size_t n_bytes, uint16_t start) {
        uint32_t sum = start;

        for (size_t i = 0; i < n_bytes; i++)
                sum += bytes[i];

        return (uint16_t)sum;
}

static int check_identity(const ImageLayout *layout, const uint8_t *model, const uint8_t *image,
                          Fault *fault) {
        const uint8_t *found = image + layout->identity_offset;
        char found_text[4 * LAYOUT_MODEL_LENGTH + 1], wanted_text[4 * LAYOUT_MODEL_LENGTH + 1];

        if (memcmp(found, model, LAYOUT_MODEL_LENGTH) == 0)
                return 0;
        if (layout->also && memcmp(found, layout->also, LAYOUT_MODEL_LENGTH) == 0)
                return 0;

        text_from_field(found, LAYOUT_MODEL_LENGTH, found_text, sizeof(found_text));
        text_from_field(model, LAYOUT_MODEL_LENGTH, wanted_text, sizeof(wanted_text));
        return fault_set(fault, FAULT_IMAGE_IDENTITY,
                         "image says at %Xh that it is for \"%s\", wanted \"%s\"",
                         layout->identity_offset, found_text, wanted_text);
}

static int check_revision(const ImageLayout *layout, const char *version, const uint8_t *image,
                          Fault *fault) {
        const uint8_t *found = image + layout->revision_offset;
        char found_text[4 * 4 + 1];

        assert(strlen(version) == 4);
        if (memcmp(found, version, 4) == 0)
                return 0;

        text_from_field(found, 4, found_text, sizeof(found_text));
        return fault_set(fault, FAULT_IMAGE_IDENTITY,
                         "image says at %Xh that it is revision \"%s\", wanted \"%s\"",
                         layout->revision_offset, found_text, version);
}

int layout_check(const ImageLayout *layout, const uint8_t model[LAYOUT_MODEL_LENGTH],
                 const char *version, const uint8_t *image, size_t n_image, Fault *fault) {
        uint16_t found, wanted;
        int r;

        if (n_image != layout->length)
                return fault_set(fault, FAULT_IMAGE_MISMATCH,
                                 "image is %zu bytes long, images for this drive are %u", n_image,
                                 layout->length);

        r = check_identity(layout, model, image, fault);
        if (r < 0)
                return r;

        if (version && layout->revision_offset != LAYOUT_NONE) {
                r = check_revision(layout, version, image, fault);
                if (r < 0)
                        return r;
        }

        if (layout->sum_offset == LAYOUT_NONE)
                return 0;

        found = get_be16(image + layout->sum_offset);
        wanted = layout_sum(image, layout->sum_offset, layout->sum_start);
        if (found != wanted)
                return fault_set(fault, FAULT_IMAGE_SUM,
                                 "image has the sum %04Xh at %Xh, its bytes make %04Xh", found,
                                 layout->sum_offset, wanted);
        return 0;
}
