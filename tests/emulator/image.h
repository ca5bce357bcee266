/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Firmware images: where each family has its identity and sum.
 *
 *     BTC      100000h bytes; vendor, product, revision at 40BCh; no sum inside, 16 bits over all
 *              of it travel in the header that is sent last
 *     Plextor  80000h to 1F0000h bytes; vendor and product at 0; 16 bits, big-endian, at an offset
 *              that depends on the model, over what lies before
 *
 * Two things are ours, since no public source tells them: a Plextor image's revision at 24, and the
 * hardware tag at 8000h, which stands for "code made for this hardware". An image without the tag
 * is one of code that nobody made any statement about.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/emulator/drive-model.h"

#define BTC_SIZE         0x100000u
#define BTC_IDENTITY     0x40bcu
#define BTC_REVISION     0x40d4u
#define PLEXTOR_IDENTITY 0u
#define PLEXTOR_REVISION 24u
/* Smaller ones have no room for identity and tag. */
#define IMAGE_SIZE_MIN  0x10000u
#define HARDWARE_OFFSET 0x8000u
#define HARDWARE_MARK   "DISCFW-HARDWARE:"

/* Which Plextor image has its sum where. */
typedef struct PlextorLayout {
        const char *product; /* as it begins in INQUIRY's product */
        uint32_t size;
        uint32_t sum_offset;
        uint16_t sum_start;
} PlextorLayout;

/* By the 16 bytes of a product; NULL if there is no such Plextor. */
const PlextorLayout *plextor_layout(const char *product);

uint16_t image_sum(const uint8_t *bytes, uint32_t n_bytes, uint16_t start);

Firmware image_firmware(const uint8_t *image, uint32_t identity, uint32_t revision);

/* False if the image bears no tag. An image has at least IMAGE_SIZE_MIN bytes. */
bool image_hardware(const uint8_t *image, char ret_hardware[HARDWARE_LENGTH]);
void image_set_hardware(uint8_t *image, const char hardware[HARDWARE_LENGTH]);
