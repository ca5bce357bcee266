/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "db/images.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "db/query.h"

static int begin(Store *store, Fault *fault) {
        int r;

        assert(!store_in_transaction(store));
        r = store_mark(store, fault);
        return r < 0 ? r : database_begin(&store->images, fault);
}

/* Commits what went well. */
static int end(Store *store, int r, Fault *fault) {
        if (r < 0) {
                database_rollback(&store->images);
                return r;
        }
        return database_commit(&store->images, fault);
}

/* As people know an image: the first half of its hash. */
static const char *short_name(const uint8_t sha256[SHA256_LENGTH], char ret_name[33]) {
        hex_encode(sha256, 16, ret_name);
        return ret_name;
}

/* ------------------------------------------------------------------ table image */

#define IMAGE_COLUMNS "SELECT sha256, length, source, etag, used, complete FROM image "

static int read_row(Query *query, ImageRow *ret_row) {
        column_bytes(query, ret_row->sha256, sizeof(ret_row->sha256));
        ret_row->length = (uint64_t)column_int(query, 1, IMAGE_LENGTH_MAX);
        column_bytes(query, ret_row->source, sizeof(ret_row->source));
        column_text(query, ret_row->etag, sizeof(ret_row->etag));
        ret_row->used = column_int(query, INT64_MIN, INT64_MAX);
        ret_row->complete = column_bool(query);
        return query_row_done(query);
}

/* 1 if there is one, whole or not. */
static int find(Store *store, const uint8_t sha256[SHA256_LENGTH], ImageRow *ret_row,
                Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->images, IMAGE_COLUMNS "WHERE sha256 = ?", fault);
        int r;

        bind_blob(&query, sha256, SHA256_LENGTH);
        r = query_step(&query);
        if (r <= 0)
                return r;
        r = read_row(&query, ret_row);
        return r < 0 ? r : 1;
}

static int save(Store *store, const ImageRow *row, Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->images,
                           "INSERT INTO image (sha256, length, source, etag, used, complete) "
                           "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (sha256) DO UPDATE SET "
                           "source = excluded.source, etag = excluded.etag, used = excluded.used, "
                           "complete = excluded.complete",
                           fault);

        bind_blob(&query, row->sha256, sizeof(row->sha256));
        bind_int(&query, (int64_t)row->length);
        bind_blob(&query, row->source, sizeof(row->source));
        bind_text(&query, row->etag);
        bind_int(&query, row->used);
        bind_int(&query, row->complete);
        return query_run(&query);
}

static int drop(Store *store, const uint8_t sha256[SHA256_LENGTH], Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->images, "DELETE FROM image WHERE sha256 = ?", fault);

        bind_blob(&query, sha256, SHA256_LENGTH);
        return query_run(&query);
}

/* ------------------------------------------------------------------ table chunk */

typedef int (*ChunkFunction)(uint64_t offset, const void *bytes, size_t n_bytes, void *userdata);

/* How long row N of an image has to be. */
static size_t chunk_length(uint64_t length, uint64_t offset) {
        return length - offset < CHUNK_LENGTH ? (size_t)(length - offset) : CHUNK_LENGTH;
}

/* Goes over the good rows from the start and stops, without failure, at the first that is missing,
 * of the wrong length, or does not have its hash. */
static int walk_good(Store *store, const uint8_t sha256_image[SHA256_LENGTH], uint64_t length,
                     ChunkFunction function, void *userdata, uint64_t *ret_n_good, Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->images,
                           "SELECT n, hash, bytes FROM chunk WHERE sha256 = ? ORDER BY n", fault);
        uint64_t n_good = 0;
        int r = 0;

        bind_blob(&query, sha256_image, SHA256_LENGTH);
        while (n_good < length && (r = query_step(&query)) > 0) {
                uint8_t wanted[SHA256_LENGTH], hash[SHA256_LENGTH];
                const void *bytes;
                size_t n_bytes;
                uint64_t n;

                n = (uint64_t)column_int(&query, 0, IMAGE_LENGTH_MAX / CHUNK_LENGTH);
                column_bytes(&query, wanted, sizeof(wanted));
                bytes = column_blob(&query, 1, CHUNK_LENGTH, &n_bytes);
                if (query.bad || n != n_good / CHUNK_LENGTH ||
                    n_bytes != chunk_length(length, n_good))
                        break;
                r = sha256(bytes, n_bytes, hash);
                if (r < 0) {
                        (void)fault_set(fault, FAULT_STORE, "cannot hash a row of an image");
                        return r;
                }
                if (memcmp(hash, wanted, sizeof(hash)) != 0)
                        break;
                r = function ? function(n_good, bytes, n_bytes, userdata) : 0;
                if (r < 0)
                        return r;
                n_good += n_bytes;
        }
        if (r < 0)
                return r;
        *ret_n_good = n_good;
        return 0;
}

static int drop_chunks_from(Store *store, const uint8_t sha256[SHA256_LENGTH], uint64_t offset,
                            Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->images, "DELETE FROM chunk WHERE sha256 = ? AND n >= ?", fault);

        bind_blob(&query, sha256, SHA256_LENGTH);
        bind_int(&query, (int64_t)(offset / CHUNK_LENGTH));
        return query_run(&query);
}

/* Rows are only ever added at the end, so that their number says how many bytes there are. */
static int count_chunks(Store *store, const uint8_t sha256[SHA256_LENGTH], int64_t *ret_n_chunks,
                        Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->images,
                           "SELECT coalesce(max(n) + 1, 0) FROM chunk WHERE sha256 = ?", fault);

        bind_blob(&query, sha256, SHA256_LENGTH);
        return query_number(&query, 0, IMAGE_LENGTH_MAX / CHUNK_LENGTH, ret_n_chunks);
}

/* ------------------------------------------------------------------ receiving */

static int begin_in(Store *store, const ImageRow *wanted, uint64_t *ret_n_good,
                    char ret_etag[IMAGE_ETAG_MAX + 1], Fault *fault) {
        ImageRow row, next = *wanted;
        uint64_t n_good = 0;
        int r;

        r = find(store, wanted->sha256, &row, fault);
        if (r < 0)
                return r;
        if (r > 0 && row.length != wanted->length) {
                (void)fault_set(fault, FAULT_IMAGE_MISMATCH,
                                "image is %" PRIu64 " bytes long, the catalog says %" PRIu64,
                                row.length, wanted->length);
                return -EBADE;
        }
        next.complete = false;
        next.etag[0] = '\0';
        if (r > 0) {
                r = walk_good(store, row.sha256, row.length, NULL, NULL, &n_good, fault);
                if (r < 0)
                        return r;
                next.complete = row.complete && n_good == row.length;
                /* The tag is of what the same source sent; another says nothing of these bytes. */
                if (memcmp(row.source, wanted->source, sizeof(row.source)) == 0)
                        memcpy(next.etag, row.etag, sizeof(next.etag));
        }
        r = drop_chunks_from(store, wanted->sha256, n_good + CHUNK_LENGTH - 1, fault);
        if (r < 0)
                return r;
        if (ret_etag)
                memcpy(ret_etag, next.etag, sizeof(next.etag));
        /* From now on rows come with the tag that the answer brings; none given keeps the old. */
        if (wanted->etag[0] != '\0')
                memcpy(next.etag, wanted->etag, sizeof(next.etag));
        *ret_n_good = n_good;
        return save(store, &next, fault);
}

int image_begin(Store *store, const ImageRow *wanted, uint64_t *ret_n_good,
                char ret_etag[IMAGE_ETAG_MAX + 1], Fault *fault) {
        int r;

        if (wanted->length < 1 || wanted->length > IMAGE_LENGTH_MAX) {
                (void)fault_set(fault, FAULT_LIMIT,
                                "image is %" PRIu64 " bytes long, the limit is %u", wanted->length,
                                IMAGE_LENGTH_MAX);
                return -EFBIG;
        }
        r = begin(store, fault);
        if (r < 0)
                return r;
        return end(store, begin_in(store, wanted, ret_n_good, ret_etag, fault), fault);
}

static int append_in(Store *store, const uint8_t sha256_image[SHA256_LENGTH], uint64_t offset,
                     const void *bytes, size_t n_bytes, Fault *fault) {
        _cleanup_query_ Query query = {};
        uint8_t hash[SHA256_LENGTH];
        int64_t n_chunks = 0;
        ImageRow row;
        int r;

        r = find(store, sha256_image, &row, fault);
        if (r > 0)
                r = count_chunks(store, sha256_image, &n_chunks, fault);
        else if (r == 0)
                r = -ENOENT;
        if (r < 0 && r != -ENOENT)
                return r;
        if (r == -ENOENT || row.complete || offset != (uint64_t)n_chunks * CHUNK_LENGTH ||
            offset >= row.length || n_bytes != chunk_length(row.length, offset)) {
                (void)fault_set(fault, FAULT_INTERNAL,
                                "%zu bytes at %" PRIu64 " are not the next row of this image",
                                n_bytes, offset);
                return -EINVAL;
        }
        r = sha256(bytes, n_bytes, hash);
        if (r < 0) {
                (void)fault_set(fault, FAULT_STORE, "cannot hash a row of an image");
                return r;
        }
        query = query_open(&store->images,
                           "INSERT INTO chunk (sha256, n, hash, bytes) VALUES (?, ?, ?, ?)", fault);
        bind_blob(&query, sha256_image, SHA256_LENGTH);
        bind_int(&query, n_chunks);
        bind_blob(&query, hash, sizeof(hash));
        bind_blob(&query, bytes, n_bytes);
        return query_run(&query);
}

int image_append(Store *store, const uint8_t sha256[SHA256_LENGTH], uint64_t offset,
                 const void *bytes, size_t n_bytes, Fault *fault) {
        int r;

        r = begin(store, fault);
        if (r < 0)
                return r;
        return end(store, append_in(store, sha256, offset, bytes, n_bytes, fault), fault);
}

static int hash_chunk(uint64_t offset _unused_, const void *bytes, size_t n_bytes, void *userdata) {
        return digest_update(userdata, bytes, n_bytes);
}

/* 1 if all bytes are there and are the image, 0 if not. */
static int is_whole(Store *store, const ImageRow *row, Fault *fault) {
        _cleanup_(digest_freep) Digest *digest = NULL;
        uint8_t found[SHA256_LENGTH];
        uint64_t n_good;
        int r;

        r = digest_begin(&digest);
        if (r == 0)
                r = walk_good(store, row->sha256, row->length, hash_chunk, digest, &n_good, fault);
        if (r == 0)
                r = digest_end(TAKE(digest), found);
        if (r < 0)
                return r;
        return n_good == row->length && memcmp(found, row->sha256, sizeof(found)) == 0;
}

static int finish_in(Store *store, const uint8_t sha256[SHA256_LENGTH], int64_t now,
                     bool *ret_whole, Fault *fault) {
        ImageRow row;
        int r;

        *ret_whole = false;
        r = find(store, sha256, &row, fault);
        if (r <= 0)
                return r;
        r = is_whole(store, &row, fault);
        if (r < 0)
                return r;
        if (r == 0)
                return drop(store, sha256, fault);
        *ret_whole = true;
        row.complete = true;
        row.used = now;
        return save(store, &row, fault);
}

int image_finish(Store *store, const uint8_t sha256[SHA256_LENGTH], int64_t now, Fault *fault) {
        char name[33];
        bool whole;
        int r;

        r = begin(store, fault);
        if (r < 0)
                return r;
        r = end(store, finish_in(store, sha256, now, &whole, fault), fault);
        if (r < 0)
                return r;
        if (whole)
                return 0;
        return fault_set(fault, FAULT_IMAGE_MISMATCH,
                         "what was received is not image %s...; nothing of it was kept",
                         short_name(sha256, name));
}

int image_put(Store *store, const uint8_t sha256[SHA256_LENGTH], const void *bytes, size_t n_bytes,
              int64_t now, Fault *fault) {
        ImageRow wanted = { .length = n_bytes, .used = now };
        uint64_t at;
        int r;

        memcpy(wanted.sha256, sha256, sizeof(wanted.sha256));
        r = image_begin(store, &wanted, &at, NULL, fault);
        if (r < 0)
                return r;
        while (at < n_bytes) {
                size_t n = chunk_length(n_bytes, at);

                r = image_append(store, sha256, at, (const uint8_t *)bytes + at, n, fault);
                if (r < 0)
                        return r;
                at += n;
        }
        return image_finish(store, sha256, now, fault);
}

/* ------------------------------------------------------------------ giving out */

typedef struct Filling {
        int fd;
        Digest *digest;
} Filling;

static int fill_chunk(uint64_t offset, const void *bytes, size_t n_bytes, void *userdata) {
        Filling *filling = userdata;
        int r = digest_update(filling->digest, bytes, n_bytes);

        return r < 0 ? r : pwrite_all(filling->fd, bytes, n_bytes, (off_t)offset);
}

static int no_image(const uint8_t sha256[SHA256_LENGTH], const char *what, Fault *fault) {
        char name[33];

        return fault_set(fault, FAULT_IMAGE_MISSING, "image %s... %s", short_name(sha256, name),
                         what);
}

/* 1 and the memfd, or 0 if the rows are not the image. */
static int fill(Store *store, const ImageRow *row, int *ret_fd, Fault *fault) {
        _cleanup_(digest_freep) Digest *digest = NULL;
        _cleanup_close_ int fd = -1;
        uint8_t found[SHA256_LENGTH];
        uint64_t n_good;
        Filling filling;
        int r;

        r = memfd_new("image", row->length, &fd);
        if (r == 0)
                r = digest_begin(&digest);
        if (r < 0) {
                (void)fault_set(fault, FAULT_STORE, "cannot read an image: no memory for it");
                return r;
        }
        filling = (Filling){ .fd = fd, .digest = digest };
        r = walk_good(store, row->sha256, row->length, fill_chunk, &filling, &n_good, fault);
        if (r == 0)
                r = digest_end(TAKE(digest), found);
        if (r < 0)
                return r;
        if (n_good != row->length || memcmp(found, row->sha256, sizeof(found)) != 0)
                return 0;
        r = memfd_seal(fd);
        if (r < 0) {
                (void)fault_set(fault, FAULT_STORE, "cannot seal an image");
                return r;
        }
        *ret_fd = TAKE_FD(fd);
        return 1;
}

int image_read(Store *store, const uint8_t sha256[SHA256_LENGTH], int64_t now, int *ret_fd,
               Fault *fault) {
        _cleanup_close_ int fd = -1;
        ImageRow row;
        int r, whole;

        r = begin(store, fault);
        if (r < 0)
                return r;
        r = find(store, sha256, &row, fault);
        if (r <= 0 || !row.complete) {
                database_rollback(&store->images);
                return r < 0 ? r : no_image(sha256, "is not in the store", fault);
        }
        whole = fill(store, &row, &fd, fault);
        if (whole > 0) {
                row.used = now;
                r = save(store, &row, fault);
        } else if (whole == 0)
                r = drop(store, sha256, fault);
        else
                r = whole;
        r = end(store, r, fault);
        if (r < 0)
                return r;
        if (whole == 0)
                return no_image(sha256, "was damaged in the store and deleted; fetch it again",
                                fault);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int images_load(Store *store, ImageFunction function, void *userdata, Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->images, IMAGE_COLUMNS "ORDER BY used, sha256", fault);
        int r;

        while ((r = query_step(&query)) > 0) {
                ImageRow row;

                r = read_row(&query, &row);
                if (r == 0)
                        r = function(&row, userdata);
                if (r != 0)
                        return r;
        }
        return r;
}

/* ------------------------------------------------------------------ room */

int image_delete(Store *store, const uint8_t sha256[SHA256_LENGTH], Fault *fault) {
        int r;

        r = begin(store, fault);
        if (r < 0)
                return r;
        return end(store, drop(store, sha256, fault), fault);
}

int images_size(Store *store, uint64_t *ret_n_bytes, Fault *fault) {
        _cleanup_query_ Query query = query_open(
                &store->images, "SELECT coalesce(sum(length(bytes)), 0) FROM chunk", fault);
        int64_t n_bytes;
        int r;

        r = query_number(&query, 0, INT64_MAX, &n_bytes);
        if (r == 0)
                *ret_n_bytes = (uint64_t)n_bytes;
        return r;
}

typedef struct Pruning {
        const uint8_t (*keep)[SHA256_LENGTH];
        size_t n_keep;
        bool found;
        uint8_t oldest[SHA256_LENGTH];
} Pruning;

static int pick_oldest(const ImageRow *row, void *userdata) {
        Pruning *pruning = userdata;

        for (size_t i = 0; i < pruning->n_keep; i++)
                if (memcmp(pruning->keep[i], row->sha256, SHA256_LENGTH) == 0)
                        return 0;
        memcpy(pruning->oldest, row->sha256, SHA256_LENGTH);
        pruning->found = true;
        return 1;
}

int images_prune(Store *store, uint64_t limit, const uint8_t (*keep)[SHA256_LENGTH], size_t n_keep,
                 unsigned *ret_n_deleted, Fault *fault) {
        unsigned n_deleted = 0;

        for (;;) {
                Pruning pruning = { .keep = keep, .n_keep = n_keep };
                uint64_t size;
                int r;

                r = images_size(store, &size, fault);
                if (r < 0)
                        return r;
                if (size <= limit)
                        break;
                r = images_load(store, pick_oldest, &pruning, fault);
                if (r < 0)
                        return r;
                if (!pruning.found)
                        break;
                r = image_delete(store, pruning.oldest, fault);
                if (r < 0)
                        return r;
                n_deleted++;
        }
        if (ret_n_deleted)
                *ret_n_deleted = n_deleted;
        return 0;
}
