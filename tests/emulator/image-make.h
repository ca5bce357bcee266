/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes synthetic firmware: a family's real layout around bytes that mean nothing. The same recipe
 * gives the same image, here and everywhere. */
#pragma once

#include "base/fault.h"
#include "tests/emulator/image.h"

typedef enum ImageFlaw { FLAW_NONE, FLAW_SUM, FLAW_IDENTITY, FLAW_SIZE } ImageFlaw;

typedef struct ImageRecipe {
        FamilyName family;
        Firmware firmware;
        bool has_hardware; /* bears a tag: the code is made for this hardware and no other */
        char hardware[HARDWARE_LENGTH];
        uint64_t base; /* another body under the same name */
        ImageFlaw flaw;
} ImageRecipe;

/* Refuses a Plextor that there is not, and a false sum where the family has none inside. Free the
 * image with free(). */
int image_make(const ImageRecipe *recipe, uint8_t **ret_image, uint32_t *ret_n_image,
               Fault *fault) _must_check_;
