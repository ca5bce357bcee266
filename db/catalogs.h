/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How catalogs and their mirrors fare. What a catalog is (URLs, pinned root) lies in its root-owned
 * configuration; here is only what happened to it.
 */
#pragma once

#include "db/store.h"

typedef struct MirrorRow {
        char url[URL_MAX + 1];
        int64_t last_try;
        uint64_t version;  /* of its timestamp; 0 unknown */
        int64_t signed_at; /* 0 unknown */
        bool behind;       /* served an older state than another mirror or our store */
        bool frozen;       /* serves what it served before, past its time */
        Fault fault;       /* of the last try */
} MirrorRow;

typedef struct CatalogRow {
        char name[CATALOG_NAME_MAX + 1];
        int64_t last_try; /* 0: never */
        int64_t last_ok;
        uint64_t timestamp_version;
        int64_t signed_at; /* of the trusted timestamp; 0 unknown */
        int64_t expires;
        Fault fault; /* of the last try; FAULT_NONE if it went well */
        MirrorRow mirrors[MIRRORS_MAX];
        unsigned n_mirrors;
} CatalogRow;

typedef int (*CatalogFunction)(const CatalogRow *row, void *userdata);

/* Inserts or replaces, mirrors and their order included. */
int catalog_save(Store *store, const CatalogRow *row, Fault *fault) _must_check_;
/* In order of name. */
int catalogs_load(Store *store, CatalogFunction function, void *userdata,
                  Fault *fault) _must_check_;
/* With its metadata and entries. */
int catalog_delete(Store *store, const char *name, Fault *fault) _must_check_;
