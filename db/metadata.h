/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trusted metadata: files of a TUF repository that were verified, byte for byte, with the version
 * that they may not fall below.
 *
 * A role is "root", "timestamp", "snapshot", "targets", a delegated role, or "N.root" for the root
 * chain that a flash is handed. Bytes are kept as rows of 64 KiB, each with its hash, and checked at
 * every load: damage is FAULT_STORE, never wrong bytes.
 */
#pragma once

#include <stddef.h>

#include "db/store.h"

#define METADATA_ROLE_MAX 128
#define METADATA_MAX      METADATA_TARGETS_MAX

typedef struct MetadataInfo {
        const char *role;
        uint64_t version;
        size_t length;
} MetadataInfo;

typedef int (*MetadataFunction)(const MetadataInfo *info, void *userdata);

/* Inserts or replaces. A version below the stored one is refused with FAULT_CATALOG_ROLLED_BACK: the
 * last net below the checks of the verifier. */
int metadata_save(Store *store, const char *catalog, const char *role, uint64_t version,
                  const void *bytes, size_t n_bytes, Fault *fault) _must_check_;
/* 1 and the bytes (with an uncounted NUL behind them; free() them), or 0 if there is no such role.
 * RET_VERSION may be NULL. */
int metadata_load(Store *store, const char *catalog, const char *role, uint8_t **ret_bytes,
                  size_t *ret_n_bytes, uint64_t *ret_version, Fault *fault) _must_check_;
/* In order of role. */
int metadata_list(Store *store, const char *catalog, MetadataFunction function, void *userdata,
                  Fault *fault) _must_check_;
int metadata_delete(Store *store, const char *catalog, const char *role, Fault *fault) _must_check_;
