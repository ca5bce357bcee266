/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/image-make.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"

/* FNV-1a: spreads the recipe over the seed. */
static uint64_t mix(uint64_t seed, const void *bytes, size_t n_bytes) {
        const uint8_t *p = bytes;

        for (size_t i = 0; i < n_bytes; i++)
                seed = (seed ^ p[i]) * 0x100000001b3u;
        return seed;
}

static void fill(uint8_t *image, uint32_t n_image, const ImageRecipe *recipe) {
        uint64_t state = mix(0xcbf29ce484222325u, &recipe->firmware, sizeof(recipe->firmware));

        state = mix(state, recipe->hardware, sizeof(recipe->hardware)) ^ recipe->base;
        state |= state == 0; /* xorshift stands still at zero */
        for (uint32_t i = 0; i < n_image; i++) {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                image[i] = (uint8_t)(state >> 32);
        }
}

/* Where the parts lie, for both families. */
typedef struct Layout {
        uint32_t size, identity, revision;
        bool has_sum;
        uint32_t sum_offset;
        uint16_t sum_start;
} Layout;

static bool find_layout(const ImageRecipe *recipe, Layout *ret_layout) {
        const PlextorLayout *plextor;

        if (recipe->family == FAMILY_BTC) {
                *ret_layout = (Layout){ BTC_SIZE, BTC_IDENTITY, BTC_REVISION, false, 0, 0 };
                return true;
        }
        plextor = plextor_layout(recipe->firmware.identity + 8);
        if (!plextor)
                return false;
        *ret_layout = (Layout){ plextor->size, PLEXTOR_IDENTITY,    PLEXTOR_REVISION,
                                true,          plextor->sum_offset, plextor->sum_start };
        return true;
}

static void put_sum(uint8_t *image, const Layout *layout, bool wrong) {
        uint16_t sum = image_sum(image, layout->sum_offset, layout->sum_start);

        put_be16(image + layout->sum_offset, (uint16_t)(sum + wrong));
}

int image_make(const ImageRecipe *recipe, uint8_t **ret_image, uint32_t *ret_n_image,
               Fault *fault) {
        _cleanup_free_ uint8_t *image = NULL;
        Layout layout;

        if (!find_layout(recipe, &layout))
                return fault_set(fault, FAULT_BAD_REQUEST, "no Plextor is called \"%.16s\"",
                                 recipe->firmware.identity + 8);
        if (recipe->flaw == FLAW_SUM && !layout.has_sum)
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "images of this family have no sum inside");
        image = malloc(layout.size);
        if (!image)
                return -ENOMEM;
        fill(image, layout.size, recipe);
        memcpy(image + layout.identity, recipe->firmware.identity, IDENTITY_LENGTH);
        memcpy(image + layout.revision, recipe->firmware.revision, REVISION_LENGTH);
        if (recipe->has_hardware)
                image_set_hardware(image, recipe->hardware);
        if (recipe->flaw == FLAW_IDENTITY)
                image[layout.identity + 12] ^= 0x20;
        if (layout.has_sum)
                put_sum(image, &layout, recipe->flaw == FLAW_SUM);
        *ret_n_image = layout.size - (recipe->flaw == FLAW_SIZE ? 4096 : 0);
        *ret_image = TAKE(image);
        return 0;
}
