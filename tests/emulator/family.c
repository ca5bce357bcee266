/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/family.h"

#include <fnmatch.h>
#include <string.h>

#include "tests/emulator/image.h"

const Family *family_find(FamilyName name) {
        switch (name) {
        case FAMILY_BTC: return &family_btc;
        case FAMILY_PLEXTOR: return &family_plextor;
        case FAMILY_NONE: break;
        }
        return NULL;
}

static bool product_listed(const FamilyModel *model, const Firmware *firmware) {
        for (uint32_t i = 0; i < model->n_runs_product; i++)
                if (memcmp(model->runs_product[i], firmware->identity, IDENTITY_LENGTH) == 0)
                        return true;
        return false;
}

static bool revision_listed(const FamilyModel *model, const Firmware *firmware) {
        char revision[REVISION_LENGTH + 1] = {};

        memcpy(revision, firmware->revision, REVISION_LENGTH);
        for (uint32_t i = 0; i < model->n_runs_revisions; i++)
                if (fnmatch(model->runs_revisions[i], revision, 0) == 0)
                        return true;
        return model->n_runs_revisions == 0;
}

bool family_runs(const FamilyModel *model, const uint8_t *image, const Firmware *firmware) {
        char tag[HARDWARE_LENGTH];

        if (image_hardware(image, tag) && memcmp(tag, model->hardware, sizeof(tag)) != 0)
                return false;
        return product_listed(model, firmware) && revision_listed(model, firmware);
}
