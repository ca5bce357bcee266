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

void load_all_entries(Core *core) {
        uint8_t models[DRIVES_MAX][IDENTITY_LENGTH];
        unsigned n_models = collect_models(core, models);

        for (unsigned i = 0; i < n_models; i++)
                memcpy(effect_add(core, EFFECT_LOAD_ENTRIES)->model, models[i], IDENTITY_LENGTH);
}

static void tell(Core *core, const char *text) {
        Refresh *refresh = &core->refresh;

        for (unsigned i = 0; i < refresh->n_clients; i++)
                if (refresh->clients_more[i])
                        reply(core, refresh->clients[i], json_pack("{ss}", "text", text), true);
}

static void ask_mirror(Core *core, const CatalogState *catalog, unsigned mirror) {
        Refresh *refresh = &core->refresh;
        char text[URL_MAX + 64], shown[URL_MAX];
        Effect *e;

        refresh->mirror = mirror;
        text_escape_utf8(catalog->config.mirrors[mirror], shown, sizeof(shown));
        text_format(text, sizeof(text), "catalog \"%s\": asking %s", catalog->config.name, shown);
        tell(core, text);
        e = effect_add(core, EFFECT_ASK_MIRROR);
        memcpy(e->mirror.catalog, catalog->config.name, sizeof(e->mirror.catalog));
        e->mirror.mirror = mirror;
        memcpy(e->mirror.url, catalog->config.mirrors[mirror], URL_MAX);
        e->mirror.n_models = collect_models(core, e->mirror.models);
}

/* All catalogs were asked: the new entries are loaded, then those who waited get their answer. */
static void finish(Core *core) {
        Refresh refresh = core->refresh;

        load_all_entries(core);
        core->refresh = (Refresh){};
        for (unsigned i = 0; i < refresh.n_clients; i++) {
                if (!refresh.any_ok && refresh.fault.code != FAULT_NONE)
                        reply_fault(core, refresh.clients[i], &refresh.fault);
                else
                        reply(core, refresh.clients[i],
                              json_pack("{so}", "catalogs", view_catalogs(core)), false);
        }
        if (core->index_behind && !core->scanning)
                refresh_if_behind(core);
}

static void next_catalog(Core *core) {
        Refresh *refresh = &core->refresh;

        for (unsigned i = 0; i < core->n_catalogs; i++) {
                CatalogState *catalog = &core->catalogs[i];

                if (!refresh->wanted[i] || refresh->asked[i] || catalog->config.n_mirrors == 0)
                        continue;
                refresh->asked[i] = true;
                refresh->catalog_ok = false;
                memcpy(refresh->catalog, catalog->config.name, sizeof(refresh->catalog));
                catalog->last_try = core->now;
                fault_clear(&catalog->fault);
                ask_mirror(core, catalog, 0);
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
        for (unsigned i = 0; i < core->n_catalogs; i++)
                if (!catalog[0] || strcmp(core->catalogs[i].config.name, catalog) == 0)
                        refresh->wanted[i] = true;
        /* Whoever comes while one is under way waits for that one. */
        if (refresh->active)
                return 0;
        refresh->active = true;
        core->index_behind = false;
        next_catalog(core);
        return 0;
}

void refresh_catalogs_changed(Core *core) {
        Refresh *refresh = &core->refresh;

        if (!refresh->active)
                return;
        refresh->stale = true;
        for (unsigned i = 0; i < CATALOGS_MAX; i++) {
                refresh->wanted[i] = true;
                refresh->asked[i] = false;
        }
}

/* A drive that came after the last refresh is not in the index of that catalog. */
void refresh_if_behind(Core *core) {
        bool behind = false;

        for (unsigned k = 0; k < core->n_catalogs; k++)
                for (unsigned i = 0; i < core->n_drives; i++)
                        behind |= core->catalogs[k].last_ok > 0 && core->drives[i].state.attached &&
                                  (core->index_behind ||
                                   core->drives[i].state.first_seen > core->catalogs[k].last_ok);
        if (behind && !core->refresh.active)
                (void)refresh_start(core, "", 0, false, NULL);
}

void refresh_client_gone(Core *core, uint64_t client) {
        Refresh *refresh = &core->refresh;
        unsigned n = 0;

        for (unsigned i = 0; i < refresh->n_clients; i++)
                if (refresh->clients[i] != client) {
                        refresh->clients_more[n] = refresh->clients_more[i];
                        refresh->clients[n++] = refresh->clients[i];
                }
        refresh->n_clients = n;
}

static void catalog_done(Core *core, CatalogState *catalog, bool ok) {
        char text[320];
        TrailEntry entry = { .kind = ok ? TRAIL_CATALOG_REFRESHED : TRAIL_CATALOG_FAILED,
                             .catalog = catalog->config.name,
                             .fault = ok ? NULL : &catalog->fault };

        if (ok)
                text_format(entry.detail, sizeof(entry.detail), "version %" PRIu64 ", %u entries",
                            catalog->version, catalog->n_entries);
        else
                text_format(entry.detail, sizeof(entry.detail), "%s", catalog->fault.text);
        save_catalog(core, catalog);
        trail(core, &entry);
        if (!ok)
                log_effect(core, LOG_LEVEL_WARNING, NULL, &catalog->fault);
        text_format(text, sizeof(text), "catalog \"%s\": %s", catalog->config.name, entry.detail);
        notify(core, "catalog", text, NULL, NULL, NULL);
        tell(core, text);
}

static void take_verdict(Core *core, CatalogState *catalog, const VerifyEnd *end,
                         unsigned n_entries, unsigned n_ignored) {
        Refresh *refresh = &core->refresh;

        if (end->fault.code != FAULT_NONE) {
                refresh->fault = end->fault;
                if (!refresh->catalog_ok)
                        catalog->fault = end->fault;
                return;
        }
        fault_clear(&catalog->fault);
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
        refresh->catalog_ok = refresh->any_ok = true;
}

void core_on_mirror_done(Core *core, const char *name, unsigned mirror, const VerifyEnd *end,
                         unsigned n_entries, unsigned n_ignored) {
        Refresh *refresh = &core->refresh;
        CatalogState *catalog = catalog_find(core, name);
        MirrorState *m;

        if (!refresh->active || strcmp(refresh->catalog, name) != 0 || mirror != refresh->mirror)
                return;
        /* Which mirror that was, and whether it is one still, is not known any more. */
        if (refresh->stale || !catalog || mirror >= catalog->config.n_mirrors) {
                refresh->stale = false;
                next_catalog(core);
                return;
        }
        m = &catalog->mirrors[mirror];
        text_format(m->url, sizeof(m->url), "%s", catalog->config.mirrors[mirror]);
        m->tried = core->now;
        m->version = end->seen_version;
        m->signed_at = end->seen_signed_at;
        m->fault = end->fault;
        take_verdict(core, catalog, end, n_entries, n_ignored);
        if (mirror + 1 < catalog->config.n_mirrors) {
                ask_mirror(core, catalog, mirror + 1);
                return;
        }
        catalog_done(core, catalog, refresh->catalog_ok);
        next_catalog(core);
}
