/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An image into the store: in rows of 64 KiB as they come, so that a broken download goes on where it
 * stopped, and complete only once the whole hash is that of the signed target. */
#include "db/images.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/text.h"
#include "run/mirror.h"

#define IMAGE_DEADLINE_S 1800

struct ImageFetch {
        Daemon *daemon;
        Fetcher *fetcher;
        ImageRow row;
        char url[URL_MAX];
        int fd;
        uint64_t n_stored; /* good rows in the store */
        bool again;        /* the server began anew: so do we, once */
};

ImageFetch *image_fetch_free(ImageFetch *image) {
        if (!image)
                return NULL;
        (void)fetcher_free(image->fetcher);
        closep(&image->fd);
        free(image);
        return NULL;
}

static void image_over(ImageFetch *image, const Fault *fault) {
        Daemon *daemon = image->daemon;
        uint8_t sha256[SHA256_LENGTH];

        memcpy(sha256, image->row.sha256, sizeof(sha256));
        daemon->image = image_fetch_free(image);
        daemon_enter(daemon);
        core_on_image_done(daemon->core, sha256, fault);
        daemon_pump(daemon);
}

/* Takes over whole rows, or all that is left with LAST. */
static int append_rows(ImageFetch *image, uint64_t n_bytes, bool last, Fault *fault) {
        uint8_t row[CHUNK_LENGTH];
        int r = 0;

        if (n_bytes > image->row.length)
                return fault_set(fault, FAULT_PROTOCOL,
                                 "discfw-fetch claims more than it was asked");
        while (r == 0 && image->n_stored < n_bytes) {
                uint64_t n = n_bytes - image->n_stored;
                ssize_t got;

                if (n > CHUNK_LENGTH)
                        n = CHUNK_LENGTH;
                if (n < CHUNK_LENGTH && !last)
                        return 0;
                got = pread(image->fd, row, n, (off_t)image->n_stored);
                if (got != (ssize_t)n)
                        return fault_set(fault, FAULT_INTERNAL, "cannot read what was fetched");
                r = image_append(image->daemon->store, image->row.sha256, image->n_stored, row, n,
                                 fault);
                image->n_stored += n;
        }
        return r;
}

static void on_progress(const FetchProgress *progress, void *userdata) {
        ImageFetch *image = userdata;
        Daemon *daemon = image->daemon;
        Fault fault = {};

        if (!image->again && append_rows(image, progress->n_bytes, false, &fault) < 0) {
                image_over(image, &fault);
                return;
        }
        daemon_enter(daemon);
        core_on_image_progress(daemon->core, progress->n_bytes, image->row.length);
        daemon_pump(daemon);
}

/* The server did not resume: what the store has may be of another file. */
static int start_over(ImageFetch *image, Fault *fault) {
        int r;

        r = image_delete(image->daemon->store, image->row.sha256, fault);
        if (r == 0)
                r = image_begin(image->daemon->store, &image->row, &image->n_stored, NULL, fault);
        return r;
}

static void on_done(const FetchDone *done, void *userdata) {
        ImageFetch *image = userdata;
        Fault fault = done->fault;
        bool whole = fault.code == FAULT_NONE;
        int r = 0;

        if (image->n_stored > 0 && done->offset == 0 && done->n_bytes > 0 && image->again)
                r = start_over(image, whole ? &fault : NULL);
        if (r == 0 && done->n_bytes > image->n_stored)
                r = append_rows(image, done->n_bytes, whole, whole ? &fault : NULL);
        if (whole && r == 0)
                r = image_finish(image->daemon->store, image->row.sha256, clock_realtime(), &fault);
        if (r < 0 && fault.code == FAULT_NONE)
                (void)fault_set(&fault, FAULT_STORE, "cannot store the image");
        image_over(image, &fault);
}

/* "drive/HEX24/NAME" as consistent snapshots have it: "targets/drive/HEX24/HASH.NAME" (5.7.2), with
 * what is not unreserved percent-encoded. */
static void target_file(const char *target, const uint8_t sha256[32], bool encode, char *ret_path,
                        size_t size) {
        const char *slash = strrchr(target, '/');
        char hash[65], *p = ret_path, *end = ret_path + size - 4;
        char plain[TARGET_PATH_MAX + 96];

        hex_encode(sha256, 32, hash);
        text_format(plain, sizeof(plain), "targets/%.*s%s.%s",
                    slash ? (int)(slash - target) + 1 : 0, target, hash,
                    slash ? slash + 1 : target);
        for (const char *q = plain; *q && p < end; q++) {
                if (!encode || isalnum((unsigned char)*q) || strchr("-._~/", *q))
                        *p++ = *q;
                else {
                        text_format(p, 4, "%%%02X", (unsigned)(unsigned char)*q);
                        p += 3;
                }
        }
        *p = '\0';
}

static int from_folder(ImageFetch *image, const Effect *effect, Fault *fault) {
        char path[TARGET_PATH_MAX * 3 + 96];
        _cleanup_mapping_ Mapping bytes = {};
        _cleanup_close_ int fd = -1;
        int r;

        target_file(effect->image.target, effect->image.sha256, false, path, sizeof(path));
        r = folder_read(image->url, path, image->row.length, &fd, fault);
        if (r == -ENOENT && fault->code == FAULT_NONE)
                return fault_set(fault, FAULT_IMAGE_MISSING, "%s has no %s", image->url, path);
        if (r < 0)
                return r;
        if (mapping_open(fd, image->row.length, &bytes) < 0)
                return fault_set(fault, FAULT_INTERNAL, "cannot map %s", path);
        if (bytes.n_bytes != image->row.length)
                return fault_set(fault, FAULT_IMAGE_MISMATCH,
                                 "%s has %zu bytes, the catalog says %llu", path, bytes.n_bytes,
                                 (unsigned long long)image->row.length);
        return image_put(image->daemon->store, image->row.sha256, bytes.bytes, bytes.n_bytes,
                         clock_realtime(), fault);
}

static int from_address(ImageFetch *image, const Effect *effect, Fault *fault) {
        FetchGet get = { .length_max = image->row.length, .deadline_s = IMAGE_DEADLINE_S };
        char etag[IMAGE_ETAG_MAX + 1];
        char path[TARGET_PATH_MAX * 3 + 96];
        size_t n = strlen(image->url);
        int r;

        target_file(effect->image.target, effect->image.sha256, true, path, sizeof(path));
        text_format(get.url, sizeof(get.url), "%s%s%s", image->url,
                    n > 0 && image->url[n - 1] == '/' ? "" : "/", path);
        r = sha256(get.url, strlen(get.url), image->row.source);
        if (r < 0)
                return fault_set(fault, FAULT_INTERNAL, "cannot hash an address");
        r = image_begin(image->daemon->store, &image->row, &image->n_stored, etag, fault);
        if (r < 0)
                return r;
        text_format(get.etag, sizeof(get.etag), "%s", etag);
        get.offset = image->n_stored;
        if (image->n_stored == image->row.length) /* all is there, and was not finished */
                return image_finish(image->daemon->store, image->row.sha256, clock_realtime(),
                                    fault);
        image->again = image->n_stored > 0;
        r = memfd_new("discfw-image", image->row.length, &image->fd);
        if (r < 0)
                return fault_set(fault, FAULT_INTERNAL, "cannot make a memfd: %s", strerror(-r));
        r = fetcher_new(image->daemon, on_done, on_progress, image, &image->fetcher, fault);
        if (r < 0)
                return r;
        r = fetcher_get(image->fetcher, &get, image->fd, fault);
        return r < 0 ? r : 1;
}

void image_fetch(Daemon *daemon, const Effect *effect) {
        ImageFetch *image = calloc(1, sizeof(*image));
        Fault fault = {};
        int r;

        if (!image)
                abort();
        image->daemon = daemon;
        image->fd = -1;
        image->row.length = effect->image.length;
        image->row.used = clock_realtime();
        memcpy(image->row.sha256, effect->image.sha256, SHA256_LENGTH);
        memcpy(image->url, effect->image.url, sizeof(image->url));
        daemon->image = image;
        /* Room for it, at the price of what was longest not used: it can be fetched again. */
        if (images_prune(daemon->store, IMAGES_SIZE_MAX - 2 * (uint64_t)IMAGE_LENGTH_MAX, NULL, 0,
                         NULL, &fault) < 0) {
                image_over(image, &fault);
                return;
        }
        r = image->url[0] == '/' ? from_folder(image, effect, &fault)
                                 : from_address(image, effect, &fault);
        if (r <= 0) /* over at once, well or not; 1: on_done() will come */
                image_over(image, &fault);
}
