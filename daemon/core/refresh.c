/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Refreshing catalogs: every mirror of every catalog is asked, one after the other, so that one that
 * is behind or frozen is named and not only passed over. What a mirror has is checked by
 * discfw-verify against what is trusted already; here only its verdicts are weighed. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "core/state.h"

static unsigned collect_models(const Core *core, uint8_t ret_models[][IDENTITY_LENGTH]) {
        unsigned n = 0;

        for (unsigned i = 0; i < core->n_drives && n < DRIVES_MAX; i++) {
                const DriveRecord *r = &core->drives[i].state.record;
                bool there = r->n_inquiry == 0;

                for (unsigned k = 0; !there && k < n; k++)
                        there = memcmp(ret_models[k], r->identity, IDENTITY_LENGTH) == 0;
                if (!there)
                        memcpy(ret_models[n++], r->identity, IDENTITY_LENGTH);
        }
        return n;
}

static void tell(Core *core, const char *text) {
        Refresh *refresh = &core->refresh;

        for (unsigned i = 0; i < refresh->n_clients; i++)
                if (refresh->clients_more[i])
                        reply(core, refresh->clients[i], json_pack("{ss}", "text", text), true);
}

static void ask_mirror(Core *core) {
        Refresh *refresh = &core->refresh;
        CatalogState *catalog = &core->catalogs[refresh->catalog];
        char text[URL_MAX + 64], shown[URL_MAX];
        Effect *e;

        text_escape_utf8(catalog->config.mirrors[refresh->mirror], shown, sizeof(shown));
        text_format(text, sizeof(text), "catalog \"%s\": asking %s", catalog->config.name, shown);
        tell(core, text);
        e = effect_add(core, EFFECT_ASK_MIRROR);
        memcpy(e->mirror.catalog, catalog->config.name, sizeof(e->mirror.catalog));
        e->mirror.mirror = refresh->mirror;
        memcpy(e->mirror.url, catalog->config.mirrors[refresh->mirror], URL_MAX);
        e->mirror.n_models = collect_models(core, e->mirror.models);
}

/* All catalogs were asked: the new entries are loaded, then those who waited get their answer. */
static void finish(Core *core) {
        uint8_t models[DRIVES_MAX][IDENTITY_LENGTH];
        unsigned n_models = collect_models(core, models);
        Refresh refresh = core->refresh;

        for (unsigned i = 0; i < n_models; i++)
                memcpy(effect_add(core, EFFECT_LOAD_ENTRIES)->model, models[i], IDENTITY_LENGTH);
        core->refresh = (Refresh){};
        for (unsigned i = 0; i < refresh.n_clients; i++) {
                if (!refresh.any_ok && refresh.fault.code != FAULT_NONE)
                        reply_fault(core, refresh.clients[i], &refresh.fault);
                else
                        reply(core, refresh.clients[i],
                              json_pack("{so}", "catalogs", view_catalogs(core)), false);
        }
}

static void next_catalog(Core *core, unsigned from) {
        Refresh *refresh = &core->refresh;

        for (unsigned i = from; i < core->n_catalogs; i++)
                if (refresh->wanted[i] && core->catalogs[i].config.n_mirrors > 0) {
                        refresh->catalog = i;
                        refresh->mirror = 0;
                        core->catalogs[i].last_try = core->now;
                        fault_clear(&core->catalogs[i].fault);
                        ask_mirror(core);
                        return;
                }
        finish(core);
}

int refresh_start(Core *core, const char *catalog, uint64_t client, bool more, Fault *fault) {
        Refresh *refresh = &core->refresh;

        if (core->n_catalogs == 0)
                return fault_set(fault, FAULT_NO_CATALOG, "no catalog is configured");
        if (catalog[0] && !catalog_find(core, catalog))
                return fault_set(fault, FAULT_NO_SUCH_CATALOG, "there is no catalog \"%s\"",
                                 catalog);
        if (refresh->active && refresh->n_clients == N_ELEMENTS(refresh->clients))
                return fault_set(fault, FAULT_BUSY, "a refresh is under way");
        if (client) {
                refresh->clients[refresh->n_clients] = client;
                refresh->clients_more[refresh->n_clients++] = more;
        }
        if (refresh->active)
                return 0; /* whoever comes while one is under way waits for that one */
        refresh->active = true;
        for (unsigned i = 0; i < core->n_catalogs; i++)
                refresh->wanted[i] =
                        !catalog[0] || strcmp(core->catalogs[i].config.name, catalog) == 0;
        next_catalog(core, 0);
        return 0;
}

void refresh_client_gone(Core *core, uint64_t client) {
        for (unsigned i = 0; i < core->refresh.n_clients; i++)
                if (core->refresh.clients[i] == client)
                        core->refresh.clients[i] = 0;
}

static void catalog_done(Core *core, CatalogState *catalog, bool ok) {
        char detail[256], text[320];
        TrailEntry entry = { .kind = ok ? TRAIL_CATALOG_REFRESHED : TRAIL_CATALOG_FAILED,
                             .catalog = catalog->config.name,
                             .fault = ok ? NULL : &catalog->fault };

        if (ok)
                text_format(detail, sizeof(detail), "version %" PRIu64 ", %u entries",
                            catalog->version, catalog->n_entries);
        else
                text_format(detail, sizeof(detail), "%s", catalog->fault.text);
        text_format(entry.detail, sizeof(entry.detail), "%s", detail);
        save_catalog(core, catalog);
        trail(core, &entry);
        if (!ok)
                log_effect(core, LOG_LEVEL_WARNING, NULL, &catalog->fault);
        text_format(text, sizeof(text), "catalog \"%s\": %s", catalog->config.name, detail);
        notify(core, "catalog", text, NULL, NULL, NULL);
        tell(core, text);
}

void core_on_mirror_done(Core *core, const char *name, unsigned mirror, const VerifyEnd *end,
                         unsigned n_entries, unsigned n_ignored) {
        Refresh *refresh = &core->refresh;
        CatalogState *catalog = catalog_find(core, name);
        MirrorState *m;
        bool ok = end->fault.code == FAULT_NONE;

        if (!refresh->active || !catalog || catalog != &core->catalogs[refresh->catalog] ||
            mirror != refresh->mirror || mirror >= catalog->config.n_mirrors)
                return;
        m = &catalog->mirrors[mirror];
        text_format(m->url, sizeof(m->url), "%s", catalog->config.mirrors[mirror]);
        m->tried = core->now;
        m->version = end->seen_version;
        m->signed_at = end->seen_signed_at;
        m->fault = end->fault;
        if (ok) {
                catalog->last_ok = core->now;
                catalog->root_version = end->root_version;
                catalog->version = end->timestamp_version;
                catalog->signed_at = end->signed_at;
                catalog->expires = end->expires;
                catalog->n_entries = n_entries;
                catalog->n_ignored = n_ignored;
                /* The floor rises by what was signed alone, never by our own clock. */
                if (end->signed_at > core->clock_floor)
                        core->clock_floor = end->signed_at;
                refresh->any_ok = true;
        } else {
                refresh->fault = end->fault;
                catalog->fault = end->fault;
        }
        if (mirror + 1 < catalog->config.n_mirrors) {
                refresh->mirror++;
                ask_mirror(core);
                return;
        }
        if (catalog->last_ok >= catalog->last_try && catalog->last_ok > 0)
                fault_clear(&catalog->fault);
        catalog_done(core, catalog, catalog->fault.code == FAULT_NONE);
        next_catalog(core, refresh->catalog + 1);
}
