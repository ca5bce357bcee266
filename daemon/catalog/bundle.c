/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "catalog/bundle.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"

#define MAGIC           "DFWB"
#define NAME_LENGTH_MAX (TUF_FILE_NAME_SIZE - 1)

struct Bundle {
        size_t n_files;
        BundleFile files[BUNDLE_FILES_MAX];
        char names[]; /* n_files of TUF_FILE_NAME_SIZE */
};

static bool name_is_good(const BundleFile *files, size_t i) {
        if (files[i].name[0] == '\0' || strlen(files[i].name) > NAME_LENGTH_MAX)
                return false;
        for (size_t other = 0; other < i; other++)
                if (strcmp(files[other].name, files[i].name) == 0)
                        return false;
        return true;
}

int bundle_pack(const BundleFile *files, size_t n_files, uint8_t **ret_bytes, size_t *ret_n_bytes) {
        size_t size = strlen(MAGIC) + 4;
        Writer writer;
        uint8_t *bytes;

        if (n_files > BUNDLE_FILES_MAX)
                return -E2BIG;
        for (size_t i = 0; i < n_files; i++) {
                if (!name_is_good(files, i))
                        return -EINVAL;
                if (files[i].n_bytes > BUNDLE_MAX)
                        return -E2BIG;
                size += 2 + strlen(files[i].name) + 4 + files[i].n_bytes;
                if (size > BUNDLE_MAX)
                        return -E2BIG;
        }
        bytes = malloc(size);
        if (!bytes)
                return -ENOMEM;
        writer = writer_of(bytes, size);
        write_bytes(&writer, MAGIC, strlen(MAGIC));
        write_be32(&writer, (uint32_t)n_files);
        for (size_t i = 0; i < n_files; i++) {
                write_string(&writer, files[i].name);
                write_be32(&writer, (uint32_t)files[i].n_bytes);
                write_bytes(&writer, files[i].bytes, files[i].n_bytes);
        }
        *ret_bytes = bytes;
        *ret_n_bytes = size;
        return 0;
}

int bundle_open(const void *bytes, size_t n_bytes, Bundle **ret_bundle) {
        Reader reader = reader_of(bytes, n_bytes);
        _cleanup_(bundle_freep) Bundle *bundle = NULL;
        const uint8_t *magic = read_span(&reader, strlen(MAGIC));
        uint32_t n_files = read_be32(&reader);

        if (n_bytes > BUNDLE_MAX || reader.failed || memcmp(magic, MAGIC, strlen(MAGIC)) != 0 ||
            n_files > BUNDLE_FILES_MAX)
                return -EBADMSG;
        bundle = calloc(1, sizeof(*bundle) + (size_t)n_files * TUF_FILE_NAME_SIZE);
        if (!bundle)
                return -ENOMEM;
        for (uint32_t i = 0; i < n_files; i++) {
                char *name = bundle->names + (size_t)i * TUF_FILE_NAME_SIZE;

                read_string(&reader, name, TUF_FILE_NAME_SIZE);
                bundle->files[i].name = name;
                bundle->files[i].n_bytes = read_be32(&reader);
                bundle->files[i].bytes = read_span(&reader, bundle->files[i].n_bytes);
                if (reader.failed || !name_is_good(bundle->files, i))
                        return -EBADMSG;
        }
        if (!reader_done(&reader))
                return -EBADMSG;
        bundle->n_files = n_files;
        *ret_bundle = TAKE(bundle);
        return 0;
}

Bundle *bundle_free(Bundle *bundle) {
        free(bundle);
        return NULL;
}

const BundleFile *bundle_find(const Bundle *bundle, const char *name) {
        for (size_t i = 0; i < bundle->n_files; i++)
                if (strcmp(bundle->files[i].name, name) == 0)
                        return &bundle->files[i];
        return NULL;
}

static int copy(const uint8_t *bytes, size_t n_bytes, uint8_t **ret_bytes, size_t *ret_n_bytes) {
        uint8_t *own = malloc(n_bytes + 1);

        if (!own)
                return -ENOMEM;
        memcpy(own, bytes, n_bytes);
        *ret_bytes = own;
        *ret_n_bytes = n_bytes;
        return 0;
}

static int on_fetch(void *userdata, const char *name, size_t max, uint8_t **ret_bytes,
                    size_t *ret_n_bytes, Fault *fault) {
        const BundleIo *io = userdata;
        const BundleFile *file = bundle_find(io->bundle, name);

        if (!file)
                return -ENOENT;
        if (file->n_bytes > max)
                return fault_set(fault, FAULT_FETCH_TOO_LARGE,
                                 "%s is longer than the %zu bytes that it may have", name, max);
        return copy(file->bytes, file->n_bytes, ret_bytes, ret_n_bytes);
}

static int on_load(void *userdata, const char *role, uint8_t **ret_bytes, size_t *ret_n_bytes) {
        const BundleIo *io = userdata;

        return strcmp(role, "root") == 0 ? copy(io->root, io->n_root, ret_bytes, ret_n_bytes)
                                         : -ENOENT;
}

static int on_store(void *userdata, const char *role, int64_t version, const uint8_t *bytes,
                    size_t n_bytes) {
        (void)userdata, (void)role, (void)version, (void)bytes, (void)n_bytes;
        return 0;
}

void tuf_io_from_bundle(BundleIo *bundle_io, TufIo *ret_io) {
        *ret_io = (TufIo){
                .fetch = on_fetch, .load = on_load, .store = on_store, .userdata = bundle_io
        };
}
