/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The families that an emulated drive may belong to.
 *
 * Where the code of a refusal is not public, it is a guess that no program may lean on; all such
 * guesses stand in the tables at the top of family-btc.c and family-plextor.c, nowhere else.
 */
#pragma once

#include "tests/emulator/drive.h"

extern const Family family_btc;
extern const Family family_plextor;

/* NULL for FAMILY_NONE. */
const Family *family_find(FamilyName name);

/* Does the code of IMAGE, called FIRMWARE, run on this hardware? A real drive finds out by running
 * it. Ours asks the hardware tag in the image (image.h); without one, the names that the model
 * lists. */
bool family_runs(const FamilyModel *model, const uint8_t *image, const Firmware *firmware);
