/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/core.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "core/state.h"

Core *core_new(const Settings *settings) {
        Core *core = calloc(1, sizeof(*core));

        if (core) {
                core->settings = *settings;
                core->next_job = 1;
        }
        return core;
}

Core *core_free(Core *core) {
        Effect effect;

        if (!core)
                return NULL;
        while (core_next_effect(core, &effect))
                effect_done(&effect);
        inventory_free(core);
        free(core->effects);
        free(core->images);
        free(core);
        return NULL;
}

void core_set_time(Core *core, int64_t now, uint64_t boottime_ms) {
        core->now = now;
        core->boottime_ms = boottime_ms;
}

int core_load_image(Core *core, const uint8_t sha256[32]) {
        uint8_t(*images)[32];

        if (image_in_store(core, sha256))
                return 0;
        images = realloc(core->images, (core->n_images + 1) * sizeof(*images));
        if (!images)
                return -ENOMEM;
        core->images = images;
        memcpy(images[core->n_images++], sha256, 32);
        return 0;
}

void image_forget(Core *core, const uint8_t sha256[32]) {
        for (unsigned i = 0; i < core->n_images; i++)
                if (memcmp(core->images[i], sha256, 32) == 0) {
                        memcpy(core->images[i], core->images[--core->n_images], 32);
                        return;
                }
}

void core_load_next_job(Core *core, uint64_t id) {
        core->next_job = id;
}

void core_load_clock_floor(Core *core, int64_t floor) {
        core->clock_floor = floor;
}

void core_load_catalog(Core *core, const CatalogState *catalog) {
        if (core->n_catalogs < CATALOGS_MAX)
                core->catalogs[core->n_catalogs++] = *catalog;
}

static bool configured(const CatalogConfig *configs, unsigned n_configs, const char *name) {
        for (unsigned i = 0; i < n_configs; i++)
                if (strcmp(configs[i].name, name) == 0)
                        return true;
        return false;
}

/* What was learned of a mirror stays with its address, not with its place in the list. */
static void take_config(CatalogState *catalog, const CatalogConfig *config) {
        MirrorState mirrors[MIRRORS_MAX] = {};

        for (unsigned i = 0; i < config->n_mirrors; i++) {
                text_format(mirrors[i].url, sizeof(mirrors[i].url), "%s", config->mirrors[i]);
                for (unsigned k = 0; k < MIRRORS_MAX; k++)
                        if (strcmp(catalog->mirrors[k].url, config->mirrors[i]) == 0)
                                mirrors[i] = catalog->mirrors[k];
        }
        memcpy(catalog->mirrors, mirrors, sizeof(mirrors));
        catalog->config = *config;
}

void core_set_catalogs(Core *core, const CatalogConfig *configs, unsigned n_configs) {
        unsigned n = 0;

        refresh_catalogs_changed(core);
        for (unsigned i = 0; i < core->n_catalogs; i++) {
                if (configured(configs, n_configs, core->catalogs[i].config.name)) {
                        if (n != i)
                                core->catalogs[n] = core->catalogs[i];
                        n++;
                        continue;
                }
                memcpy(effect_add(core, EFFECT_DELETE_CATALOG)->catalog_name,
                       core->catalogs[i].config.name, CATALOG_NAME_MAX + 1);
                trail(core, &(TrailEntry){ .kind = TRAIL_CATALOG_REMOVED,
                                           .catalog = core->catalogs[i].config.name });
        }
        if (n < core->n_catalogs)
                load_all_entries(core); /* without those of the ones that are gone */
        core->n_catalogs = n;
        for (unsigned i = 0; i < n_configs; i++) {
                CatalogState *catalog = catalog_find(core, configs[i].name);

                if (!catalog) {
                        TrailEntry entry = { .kind = TRAIL_CATALOG_ADDED,
                                             .catalog = configs[i].name };

                        if (core->n_catalogs == CATALOGS_MAX)
                                return;
                        catalog = &core->catalogs[core->n_catalogs++];
                        *catalog = (CatalogState){};
                        text_format(entry.detail, sizeof(entry.detail), "root %s",
                                    configs[i].root_sha256);
                        trail(core, &entry);
                        take_config(catalog, &configs[i]);
                        save_catalog(core, catalog);
                } else
                        take_config(catalog, &configs[i]);
        }
}

void core_start(Core *core) {
        load_all_entries(core);
        if (core->running.active) {
                core->reporting = true;
                (void)effect_add(core, EFFECT_FLASH_REPORT);
        }
        scan_begin(core);
}

void core_on_stored(Core *core) {
        inventory_stored(core);
        job_stored(core);
}

void core_on_store_failed(Core *core, Effect *next, const Fault *fault) {
        effects_refuse(core, next, fault);
        inventory_undo(core);
        job_store_failed(core, fault);
}

bool core_flashing(const Core *core) {
        return core->running.active;
}

bool core_idle(const Core *core) {
        return !core->running.active && !core->fetching && !core->refresh.active &&
               !core->scanning && !core->scan_again && !core->reporting && core->n_waiters == 0 &&
               core->n_subscribers == 0 && core->first_effect == core->n_effects;
}
