/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A published folder, seen by a client that has nothing but a root. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "catalog/layout.h"
#include "catalog/tuf.h"
#include "cli/catalog/lint.h"
#include "cli/catalog/maker.h"

#define DAY             (24 * 60 * 60)
#define OLDEST_ROOT_MAX 10000

typedef struct Checking {
        int fd;
        uint8_t *root; /* what the client has */
        size_t n_root;
        const Tuf *tuf;
        EntryList list;
        unsigned n_images, n_absent, n_bad;
} Checking;

static int io_fetch(void *userdata, const char *name, size_t max, uint8_t **ret_bytes,
                    size_t *ret_n_bytes, Fault *fault) {
        const Checking *checking = userdata;
        int r = file_read(checking->fd, name, max, ret_bytes, ret_n_bytes);

        return r < 0 && r != -ENOENT ? cannot(fault, "read", name, r) : r;
}

static int io_load(void *userdata, const char *role, uint8_t **ret_bytes, size_t *ret_n_bytes) {
        const Checking *checking = userdata;

        if (strcmp(role, "root") != 0)
                return -ENOENT;
        *ret_bytes = malloc(checking->n_root + 1);
        if (!*ret_bytes)
                return -ENOMEM;
        memcpy(*ret_bytes, checking->root, checking->n_root);
        *ret_n_bytes = checking->n_root;
        return 0;
}

/* This client forgets: each check is a first refresh. */
static int io_store(void *userdata, const char *role, int64_t version, const uint8_t *bytes,
                    size_t n_bytes) {
        (void)userdata;
        (void)role;
        (void)version;
        (void)bytes;
        (void)n_bytes;
        return 0;
}

static int read_root(Checking *checking, const char *path, Fault *fault) {
        char name[TUF_FILE_NAME_SIZE];
        int r = -ENOENT;

        if (path) {
                r = file_read(AT_FDCWD, path, METADATA_ROOT_MAX, &checking->root,
                              &checking->n_root);
                return r < 0 ? cannot(fault, "read", path, r) : 0;
        }

        for (int64_t version = 1; version <= OLDEST_ROOT_MAX && r == -ENOENT; version++) {
                r = tuf_file_name("root", version, name);
                if (r == 0)
                        r = file_read(checking->fd, name, METADATA_ROOT_MAX, &checking->root,
                                      &checking->n_root);
        }
        return r < 0 ? cannot(fault, "read", "1.root.json", r) : 0;
}

/* Findings do not end the check: the maintainer wants to know all of them. */
static void bad(Checking *checking, const char *path, const Fault *fault) {
        if (strstr(fault->text, path))
                log_error("%s", fault->text);
        else
                log_error("%s: %s", path, fault->text);
        checking->n_bad++;
}

static int check_bytes(const Entry *entry, const TufTarget *target, const uint8_t *image,
                       size_t n_image, Fault *fault) {
        const ImageLayout *layout = layout_find(entry->family, entry->model_after);
        int r;

        r = file_meta_check(&target->meta, target->path, image, n_image, fault);
        if (r == 0)
                r = entry_check_image(entry, image, n_image, fault);
        if (r == 0 && layout)
                r = layout_check(layout, entry->model_after, entry->version, image, n_image, fault);
        return r;
}

static int check_image(Checking *checking, const Entry *entry, const TufTarget *target) {
        _cleanup_free_ char *file = NULL, *name = NULL;
        _cleanup_free_ uint8_t *image = NULL;
        Fault fault = {};
        size_t n_image;
        int r;

        r = tuf_target_file(checking->tuf, target, &file);
        if (r < 0)
                return r;
        if (asprintf(&name, "targets/%s", file) < 0) {
                name = NULL;
                return -ENOMEM;
        }

        r = file_read(checking->fd, name, IMAGE_LENGTH_MAX, &image, &n_image);
        if (r == -ENOENT) {
                checking->n_absent++;
                if (entry->n_sources == 0)
                        log_warning("%s: its bytes are not published, and no source is named",
                                    target->path);
                return 0;
        }
        if (r < 0)
                (void)cannot(&fault, "read", name, r);
        else
                r = check_bytes(entry, target, image, n_image, &fault);
        if (r < 0)
                bad(checking, target->path, &fault);
        checking->n_images++;
        return 0;
}

static int on_target(void *userdata, const TufTarget *target) {
        Checking *checking = userdata;
        Fault fault = {};
        int r;

        r = target->meta.has_sha256
                    ? entry_list_add(&checking->list, target->path, (uint64_t)target->meta.length,
                                     target->meta.sha256, target->custom, &fault)
                    : fault_set(&fault, FAULT_CATALOG_MALFORMED, "it has no SHA-256");
        if (r == -EBADE) {
                bad(checking, target->path, &fault);
                return 0;
        }
        if (r < 0)
                return r;
        return check_image(checking, checking->list.entries[checking->list.n_entries - 1], target);
}

static void report_roles(const Tuf *tuf, int64_t now) {
        const Metadata *role;
        char span[64];

        for (size_t i = 0; (role = tuf_nth_role(tuf, i)); i++) {
                clock_format_span(role->expires - now, span, sizeof(span));
                printf("%-12s version %-4" PRId64 " valid %s more\n", role->name, role->version,
                       span);
                if (role->expires - now < DAY)
                        log_warning("%s expires within a day", role->name);
        }
}

static int check(Checking *checking, Fault *fault) {
        const TufIo io = { io_fetch, io_load, io_store, checking };
        const TufOptions options = { .start_time = clock_realtime() };
        _cleanup_(tuf_freep) Tuf *tuf = NULL;
        int r;

        r = tuf_new(&io, &options, &tuf);
        if (r < 0)
                return r;
        checking->tuf = tuf;

        r = tuf_refresh(tuf, fault);
        if (r == 0)
                r = tuf_list(tuf, "", on_target, checking, fault);
        if (r < 0)
                return r;

        report_roles(tuf, options.start_time);
        if (tuf_signed(tuf) == 0)
                log_warning("the timestamp does not say when it was signed");
        (void)lint_entries(&checking->list);
        printf("%u entries, %u images, %u to be had elsewhere: %u are bad\n",
               checking->list.n_entries, checking->n_images, checking->n_absent, checking->n_bad);
        return checking->n_bad ? EXIT_CATALOG : EXIT_DONE;
}

int verb_check(const Arguments *arguments, Fault *fault) {
        const char *path = arguments->operands[0];
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        Checking checking = { .fd = fd };
        int r;

        if (fd < 0)
                return cannot(fault, "open", path, errno);

        r = read_root(&checking, arguments->values[OPTION_ROOT], fault);
        if (r == 0)
                r = check(&checking, fault);
        free(checking.root);
        entry_list_done(&checking.list);
        return r;
}
