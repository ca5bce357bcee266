/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The refresh that is under way, and who waits for it. */
#pragma once

#include "core/core.h"

typedef struct Refresh {
        bool active;
        bool wanted[CATALOGS_MAX];
        unsigned catalog, mirror; /* under way */
        bool any_ok;
        Fault fault; /* the last that a mirror gave */
        uint64_t clients[8];
        bool clients_more[8];
        unsigned n_clients;
} Refresh;

int refresh_start(Core *core, const char *catalog, uint64_t client, bool more, Fault *fault);
void refresh_client_gone(Core *core, uint64_t client);
