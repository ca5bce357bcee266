/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "db/metadata.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "db/query.h"

/* 1 if there is such a role. */
static int find(Store *store, const char *catalog, const char *role, uint64_t *ret_version,
                size_t *ret_length, Fault *fault) {
        _cleanup_query_ Query query = query_open(
                &store->state,
                "SELECT version, length FROM metadata WHERE catalog = ? AND role = ?", fault);
        int r;

        bind_text(&query, catalog);
        bind_text(&query, role);
        r = query_step(&query);
        if (r <= 0)
                return r;
        *ret_version = (uint64_t)column_int(&query, 0, INT64_MAX);
        *ret_length = (size_t)column_int(&query, 1, METADATA_MAX);
        r = query_row_done(&query);
        return r < 0 ? r : 1;
}

static int save_chunks(Store *store, const char *catalog, const char *role, const uint8_t *bytes,
                       size_t n_bytes, Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->state,
                           "INSERT INTO metadata_chunk (catalog, role, n, hash, bytes) "
                           "VALUES (?, ?, ?, ?, ?)",
                           fault);
        int r;

        for (size_t n = 0, at = 0; at < n_bytes; n++, at += CHUNK_LENGTH) {
                size_t n_chunk = n_bytes - at < CHUNK_LENGTH ? n_bytes - at : CHUNK_LENGTH;
                uint8_t hash[SHA256_LENGTH];

                r = sha256(bytes + at, n_chunk, hash);
                if (r < 0) {
                        (void)fault_set(fault, FAULT_STORE, "cannot hash metadata of %s", catalog);
                        return r;
                }
                bind_text(&query, catalog);
                bind_text(&query, role);
                bind_int(&query, (int64_t)n);
                bind_blob(&query, hash, sizeof(hash));
                bind_blob(&query, bytes + at, n_chunk);
                r = query_run(&query);
                if (r < 0)
                        return r;
        }
        return 0;
}

int metadata_save(Store *store, const char *catalog, const char *role, uint64_t version,
                  const void *bytes, size_t n_bytes, Fault *fault) {
        _cleanup_query_ Query query = {};
        uint64_t stored;
        size_t length;
        int r;

        if (version > INT64_MAX || n_bytes < 1 || n_bytes > METADATA_MAX) {
                (void)fault_set(fault, FAULT_LIMIT,
                                "cannot store %s of catalog %s: version %" PRIu64 ", %zu bytes",
                                role, catalog, version, n_bytes);
                return -EINVAL;
        }
        r = find(store, catalog, role, &stored, &length, fault);
        if (r < 0)
                return r;
        if (r > 0 && version < stored) {
                (void)fault_set(fault, FAULT_CATALOG_ROLLED_BACK,
                                "cannot store %s of catalog %s: version is %" PRIu64
                                ", trusted is %" PRIu64,
                                role, catalog, version, stored);
                return -ESTALE;
        }
        /* Deleting the row takes its chunks along. */
        r = metadata_delete(store, catalog, role, fault);
        if (r < 0)
                return r;
        query = query_open(
                &store->state,
                "INSERT INTO metadata (catalog, role, version, length) VALUES (?, ?, ?, ?)", fault);
        bind_text_max(&query, catalog, CATALOG_NAME_MAX);
        bind_text_max(&query, role, METADATA_ROLE_MAX);
        bind_int(&query, (int64_t)version);
        bind_int(&query, (int64_t)n_bytes);
        r = query_run(&query);
        return r < 0 ? r : save_chunks(store, catalog, role, bytes, n_bytes, fault);
}

static int damaged(const char *catalog, const char *role, Fault *fault) {
        (void)fault_set(fault, FAULT_STORE, "stored %s of catalog %s is damaged", role, catalog);
        return -EBADMSG;
}

static int load_chunks(Store *store, const char *catalog, const char *role, uint8_t *bytes,
                       size_t length, Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->state,
                           "SELECT hash, bytes FROM metadata_chunk WHERE catalog = ? AND role = ? "
                           "ORDER BY n",
                           fault);
        size_t at = 0;
        int r;

        bind_text(&query, catalog);
        bind_text(&query, role);
        while ((r = query_step(&query)) > 0) {
                uint8_t wanted[SHA256_LENGTH], hash[SHA256_LENGTH];
                const void *chunk;
                size_t n;

                column_bytes(&query, wanted, sizeof(wanted));
                chunk = column_blob(&query, 1, CHUNK_LENGTH, &n);
                r = query_row_done(&query);
                if (r < 0)
                        return r;
                if (n > length - at || sha256(chunk, n, hash) < 0 ||
                    memcmp(hash, wanted, sizeof(hash)) != 0)
                        return damaged(catalog, role, fault);
                memcpy(bytes + at, chunk, n);
                at += n;
        }
        if (r < 0)
                return r;
        return at == length ? 0 : damaged(catalog, role, fault);
}

int metadata_load(Store *store, const char *catalog, const char *role, uint8_t **ret_bytes,
                  size_t *ret_n_bytes, uint64_t *ret_version, Fault *fault) {
        _cleanup_free_ uint8_t *bytes = NULL;
        uint64_t version;
        size_t length;
        int r;

        r = find(store, catalog, role, &version, &length, fault);
        if (r <= 0)
                return r;
        bytes = malloc(length + 1);
        if (!bytes) {
                (void)fault_set(fault, FAULT_STORE, "cannot read %s: out of memory", role);
                return -ENOMEM;
        }
        r = load_chunks(store, catalog, role, bytes, length, fault);
        if (r < 0)
                return r;
        bytes[length] = '\0';
        if (ret_version)
                *ret_version = version;
        *ret_n_bytes = length;
        *ret_bytes = TAKE(bytes);
        return 1;
}

int metadata_list(Store *store, const char *catalog, MetadataFunction function, void *userdata,
                  Fault *fault) {
        _cleanup_query_ Query query = query_open(
                &store->state,
                "SELECT role, version, length FROM metadata WHERE catalog = ? ORDER BY role",
                fault);
        int r;

        bind_text(&query, catalog);
        while ((r = query_step(&query)) > 0) {
                MetadataInfo info;

                info.role = column_text_span(&query, METADATA_ROLE_MAX);
                info.version = (uint64_t)column_int(&query, 0, INT64_MAX);
                info.length = (size_t)column_int(&query, 1, METADATA_MAX);
                r = query_row_done(&query);
                if (r == 0)
                        r = function(&info, userdata);
                if (r != 0)
                        return r;
        }
        return r;
}

int metadata_delete(Store *store, const char *catalog, const char *role, Fault *fault) {
        _cleanup_query_ Query query = query_open(
                &store->state, "DELETE FROM metadata WHERE catalog = ? AND role = ?", fault);

        bind_text(&query, catalog);
        bind_text(&query, role);
        return query_run(&query);
}
