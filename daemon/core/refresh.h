/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The refresh that is under way, and who waits for it. */
#pragma once

#include "core/core.h"

typedef struct Refresh {
        bool active;
        bool wanted[CATALOGS_MAX];          /* to be asked, */
        bool asked[CATALOGS_MAX];           /* once each */
        bool stale;                         /* the catalogs were changed meanwhile */
        char catalog[CATALOG_NAME_MAX + 1]; /* under way: */
        unsigned mirror;
        bool catalog_ok;
        bool any_ok;
        Fault fault; /* the last that a mirror gave */
        uint64_t clients[8];
        bool clients_more[8];
        unsigned n_clients;
} Refresh;

int refresh_start(Core *core, const char *catalog, uint64_t client, bool more, Fault *fault);
/* The list of catalogs is another now. */
void refresh_catalogs_changed(Core *core);
/* If there are drives that the index was not made for. */
void refresh_if_behind(Core *core);
/* What catalogs say of each model that was ever here. */
void load_all_entries(Core *core);
void refresh_client_gone(Core *core, uint64_t client);
