/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "catalog/tuf.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/hex.h"
#include "base/text.h"
#include "catalog/client.h"

int tuf_new(const TufIo *io, const TufOptions *options, Tuf **ret_tuf) {
        Tuf *tuf = calloc(1, sizeof(*tuf));

        assert(io->fetch && io->load && io->store);

        if (!tuf)
                return -ENOMEM;
        tuf->io = *io;
        tuf->options = *options;
        *ret_tuf = tuf;
        return 0;
}

Tuf *tuf_free(Tuf *tuf) {
        if (!tuf)
                return NULL;
        (void)metadata_free(tuf->root);
        (void)metadata_free(tuf->timestamp);
        (void)metadata_free(tuf->snapshot);
        for (size_t i = 0; i < tuf->n_targets; i++)
                (void)metadata_free(tuf->targets[i]);
        free(tuf->targets);
        free(tuf);
        return NULL;
}

int tuf_explain(int r, Fault *fault) {
        if (r < 0 && fault && fault->code == FAULT_NONE)
                (void)fault_set(fault, FAULT_INTERNAL, "cannot verify catalog: %s", strerror(-r));
        return r;
}

const Metadata *tuf_nth_role(const Tuf *tuf, size_t i) {
        const Metadata *top[] = { tuf->root, tuf->timestamp, tuf->snapshot };

        for (size_t t = 0; t < N_ELEMENTS(top); t++)
                if (top[t] && i-- == 0)
                        return top[t];
        return i < tuf->n_targets ? tuf->targets[i] : NULL;
}

const Metadata *tuf_role(const Tuf *tuf, const char *role) {
        const Metadata *found = NULL, *m;

        /* The last one of its name is the one that is stored. */
        for (size_t i = 0; (m = tuf_nth_role(tuf, i)); i++)
                if (strcmp(m->name, role) == 0)
                        found = m;
        return found;
}

int64_t tuf_signed(const Tuf *tuf) {
        return tuf->timestamp ? timestamp_signed(tuf->timestamp) : 0;
}

static bool consistent_snapshot(const Tuf *tuf) {
        return tuf->root && root_consistent_snapshot(tuf->root);
}

bool tuf_seen_timestamp(const Tuf *tuf, int64_t *ret_version, int64_t *ret_signed) {
        if (!tuf->has_seen)
                return false;
        *ret_version = tuf->seen_version;
        *ret_signed = tuf->seen_signed;
        return true;
}

int tuf_target_file(const Tuf *tuf, const TufTarget *target, char **ret_file) {
        char hash[2 * SHA512_LENGTH + 1];
        const char *slash = strrchr(target->path, '/');
        int n_folder = slash ? (int)(slash + 1 - target->path) : 0;
        char *file;

        if (!consistent_snapshot(tuf)) {
                file = strdup(target->path);
                if (!file)
                        return -ENOMEM;
                *ret_file = file;
                return 0;
        }
        if (target->meta.has_sha256)
                hex_encode(target->meta.sha256, SHA256_LENGTH, hash);
        else if (target->meta.has_sha512)
                hex_encode(target->meta.sha512, SHA512_LENGTH, hash);
        else
                return -ENOTSUP;
        if (asprintf(&file, "%.*s%s.%s", n_folder, target->path, hash, target->path + n_folder) < 0)
                return -ENOMEM;
        *ret_file = file;
        return 0;
}

int tuf_file_name(const char *role, int64_t version, char ret_name[TUF_FILE_NAME_SIZE]) {
        static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789-._~";
        char name[TUF_FILE_NAME_SIZE] = "";
        size_t n = 0;

        if (version > 0)
                n = (size_t)snprintf(name, sizeof(name), "%" PRId64 ".", version);
        for (const char *p = role; *p; p++) {
                if (n + sizeof("%2F.json") > sizeof(name))
                        return -ENAMETOOLONG;
                if (strchr(plain, *p))
                        name[n++] = *p;
                else
                        n += (size_t)snprintf(name + n, sizeof(name) - n, "%%%02X", (uint8_t)*p);
        }
        text_format(name + n, sizeof(name) - n, ".json");
        memcpy(ret_name, name, sizeof(name));
        return 0;
}
