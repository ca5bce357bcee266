/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries for one model, from the index in the store to the core. */
#include <errno.h>
#include <string.h>

#include "base/hex.h"
#include "base/log.h"
#include "db/entries.h"
#include "run/daemon.h"

typedef struct Collection {
        EntryInput inputs[ENTRIES_MAX];
        uint8_t digests[ENTRIES_MAX][SHA256_LENGTH];
        char *texts[ENTRIES_MAX * 4];
        unsigned n, n_texts;
} Collection;

static const char *keep(Collection *c, const char *text) {
        char *copy = strdup(text);

        if (!copy)
                return NULL;
        c->texts[c->n_texts++] = copy;
        return copy;
}

static int on_row(const EntryRow *row, void *userdata) {
        Collection *c = userdata;
        EntryInput *in = &c->inputs[c->n];

        if (c->n == ENTRIES_MAX)
                return 0; /* the rest is not looked at: no model has so many releases */
        in->catalog = keep(c, row->catalog);
        in->path = keep(c, row->path);
        in->json = keep(c, row->json);
        in->ignored = keep(c, row->ignored_text);
        in->length = row->length;
        memcpy(c->digests[c->n], row->sha256, SHA256_LENGTH);
        in->sha256 = c->digests[c->n];
        if (!in->catalog || !in->path || !in->json || !in->ignored)
                return -ENOMEM;
        c->n++;
        return 0;
}

void entries_deliver(Daemon *daemon, const uint8_t model[IDENTITY_LENGTH]) {
        Collection *collection = calloc(1, sizeof(*collection));
        char hex24[2 * IDENTITY_LENGTH + 1];
        Fault fault = {};

        if (!collection)
                return;
        hex_encode(model, IDENTITY_LENGTH, hex24);
        daemon_enter(daemon);
        if (entries_load(daemon->store, hex24, on_row, collection, &fault) < 0)
                log_fault(LOG_LEVEL_ERROR, NULL, &fault);
        else
                core_on_entries(daemon->core, model, collection->inputs, collection->n);
        for (unsigned i = 0; i < collection->n_texts; i++)
                free(collection->texts[i]);
        free(collection);
}
