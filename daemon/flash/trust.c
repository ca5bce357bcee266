/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flash/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "catalog/bundle.h"
#include "catalog/graph.h"
#include "flash/floor.h"

#define ROOT_FILE "root.json"

/* A plan names its kind by the number that an edge has. */
_Static_assert((int)FLASH_UPGRADE == (int)EDGE_UPGRADE && (int)FLASH_STEP == (int)EDGE_STEP &&
                       (int)FLASH_DOWNGRADE == (int)EDGE_DOWNGRADE &&
                       (int)FLASH_RECOVERY == (int)EDGE_RECOVERY &&
                       (int)FLASH_REFLASH == (int)EDGE_REFLASH &&
                       (int)_FLASH_KIND_MAX == (int)_EDGE_KIND_MAX,
               "kinds have the same numbers");
_Static_assert(IDENTITY_LENGTH == ENTRY_MODEL_LENGTH && REVISION_SIZE == ENTRY_REVISION_SIZE,
               "names have the same size");

/* Trust may hang on it only if nobody but root could have put it there, or we ourselves: then there
 * is one user only, and nobody to be kept out. */
static bool owner_is_fit(int fd) {
        struct stat st;

        return fstat(fd, &st) == 0 && (st.st_uid == 0 || st.st_uid == geteuid()) &&
               (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static int read_pinned_root(int catalogs, const char *catalog, uint8_t **ret_bytes,
                            size_t *ret_n_bytes, Fault *fault) {
        _cleanup_close_ int folder = -1, fd = -1;
        int r;

        if (!text_is_name(catalog, CATALOG_NAME_MAX))
                return fault_set(fault, FAULT_NO_SUCH_CATALOG,
                                 "plan names a catalog that cannot be");
        folder = openat(catalogs, catalog, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        fd = folder < 0 ? -1
                        : openat(folder, ROOT_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return fault_set(fault, FAULT_NO_SUCH_CATALOG,
                                 "cannot open the pinned root of catalog %s: %s", catalog,
                                 strerror(errno));
        if (!owner_is_fit(folder) || !owner_is_fit(fd))
                return fault_set(fault, FAULT_BAD_CONFIG,
                                 "the pinned root of catalog %s can be written by others than root",
                                 catalog);
        r = file_read(folder, ROOT_FILE, METADATA_ROOT_MAX, ret_bytes, ret_n_bytes);
        if (r < 0)
                return fault_set(fault, FAULT_BAD_CONFIG,
                                 "cannot read the pinned root of catalog %s: %s", catalog,
                                 strerror(-r));
        return 0;
}

static bool may_be_expired(const FlashPlan *plan) {
        return plan->allow_expired &&
               (plan->kind == FLASH_DOWNGRADE || plan->kind == FLASH_RECOVERY);
}

static int check_floor(const Tuf *tuf, const Floor *floor, const char *catalog, int state,
                       Fault *fault) {
        const Floor seen = {
                .root = tuf_role(tuf, "root")->version,
                .timestamp = tuf_role(tuf, "timestamp")->version,
                .snapshot = tuf_role(tuf, "snapshot")->version,
                .targets = tuf_role(tuf, "targets")->version,
                .signed_at =
                        tuf_signed(tuf) > floor->signed_at ? tuf_signed(tuf) : floor->signed_at,
        };
        int r;

        r = floor_check(floor, &seen, catalog, fault);
        if (r < 0 || memcmp(&seen, floor, sizeof(seen)) == 0)
                return r;
        return floor_write(state, catalog, &seen, fault);
}

/* custom.discfw of the target, as the entry that it is. */
static int parse_target(const TufTarget *target, Entry **ret_entry, Fault *fault) {
        _cleanup_free_ char *text = NULL;
        json_t *object;

        if (!target->custom || !json_get_object(target->custom, "discfw", &object))
                return fault_set(fault, FAULT_CATALOG_MALFORMED, "target has no custom.discfw");
        if (!target->meta.has_sha256 || target->meta.length < 0)
                return fault_set(fault, FAULT_CATALOG_MALFORMED,
                                 "target has no length or no SHA-256");
        text = json_text(object);
        if (!text)
                return fault_set(fault, FAULT_INTERNAL, "out of memory");
        return entry_parse(target->path, (uint64_t)target->meta.length, target->meta.sha256, text,
                           strlen(text), ret_entry, fault);
}

static int find_entry(Tuf *tuf, const FlashPlan *plan, Entry **ret_entry, Fault *fault) {
        TufTarget target;
        int r;

        r = tuf_find(tuf, plan->target, &target, fault);
        if (r == -ENOENT)
                return fault_set(fault, FAULT_NO_EDGE, "catalog %s does not list this image",
                                 plan->catalog);
        if (r < 0)
                return r;
        return parse_target(&target, ret_entry, fault);
}

static int verify_bundle(const FlashPlan *plan, const Settings *settings, const Mapping *mapping,
                         int64_t now, Entry **ret_entry, Fault *fault) {
        _cleanup_(bundle_freep) Bundle *bundle = NULL;
        _cleanup_(tuf_freep) Tuf *tuf = NULL;
        _cleanup_free_ uint8_t *root = NULL;
        BundleIo bundle_io;
        Floor floor;
        TufIo io;
        int r;

        r = read_pinned_root(settings->catalogs, plan->catalog, &root, &bundle_io.n_root, fault);
        if (r < 0)
                return r;
        r = floor_read(settings->state, plan->catalog, &floor, fault);
        if (r < 0)
                return r;
        r = bundle_open(mapping->bytes, mapping->n_bytes, &bundle);
        if (r < 0)
                return fault_set(fault, FAULT_CATALOG_MALFORMED, "bundle of metadata is damaged");
        bundle_io.bundle = bundle;
        bundle_io.root = root;
        tuf_io_from_bundle(&bundle_io, &io);
        r = tuf_new(&io,
                    &(TufOptions){ .start_time = now,
                                   .clock_floor = floor.signed_at,
                                   .allow_expired = may_be_expired(plan) },
                    &tuf);
        if (r < 0)
                return fault_set(fault, FAULT_INTERNAL, "cannot verify: %s", strerror(-r));
        r = tuf_refresh(tuf, fault);
        if (r < 0)
                return r;
        r = check_floor(tuf, &floor, plan->catalog, settings->state, fault);
        if (r < 0)
                return r;
        return find_entry(tuf, plan, ret_entry, fault);
}

static int check_edge(const FlashPlan *plan, const Entry *entry, Fault *fault) {
        if (memcmp(entry->model, plan->identity, IDENTITY_LENGTH) != 0)
                return fault_set(fault, FAULT_IMAGE_IDENTITY, "entry is for another drive");
        if (entry->withdrawn)
                return fault_set(fault, FAULT_WITHDRAWN, "image is withdrawn: %s",
                                 entry->withdrawn);
        if (strcmp(entry->version, plan->to) != 0)
                return fault_set(fault, FAULT_NO_EDGE, "image is \"%s\", planned was \"%s\"",
                                 entry->version, plan->to);
        if (!entry_edge(entry, plan->revision, KIND_BIT(plan->kind)))
                return fault_set(fault, FAULT_NO_EDGE,
                                 "catalog declares no %s from \"%s\" to \"%s\"",
                                 flash_kind_name(plan->kind), plan->revision, plan->to);
        return 0;
}

static int check_image(const Entry *entry, const Mapping *image, Fault *fault) {
        uint8_t digest[SHA256_LENGTH];
        int r;

        if (image->n_bytes != entry->length)
                return fault_set(fault, FAULT_IMAGE_MISMATCH,
                                 "image is %zu bytes long, catalog says %llu", image->n_bytes,
                                 (unsigned long long)entry->length);
        r = sha256(image->bytes, image->n_bytes, digest);
        if (r < 0)
                return fault_set(fault, FAULT_INTERNAL, "cannot hash the image: %s", strerror(-r));
        if (memcmp(digest, entry->sha256, SHA256_LENGTH) != 0)
                return fault_set(fault, FAULT_IMAGE_MISMATCH,
                                 "image does not have the SHA-256 that the catalog says");
        return 0;
}

int trust_prove(const FlashPlan *plan, const Settings *settings, int bundle, int image, int64_t now,
                Trust *ret_trust, Fault *fault) {
        _cleanup_mapping_ Mapping mapping = {};
        _cleanup_trust_ Trust trust = {};
        int r;

        if (mapping_open(bundle, BUNDLE_MAX, &mapping) < 0 ||
            mapping_open(image, IMAGE_LENGTH_MAX, &trust.image) < 0)
                return fault_set(fault, FAULT_PROTOCOL, "what came with the plan is not sealed");
        r = verify_bundle(plan, settings, &mapping, now, &trust.entry, fault);
        if (r < 0)
                return r;
        r = check_edge(plan, trust.entry, fault);
        if (r < 0)
                return r;
        r = check_image(trust.entry, &trust.image, fault);
        if (r < 0)
                return r;
        r = course_plan(trust.entry, trust.image.bytes, trust.image.n_bytes, &trust.course, fault);
        if (r < 0)
                return r;
        *ret_trust = trust;
        trust = (Trust){};
        return 0;
}

void trust_done(Trust *trust) {
        trust->entry = entry_free(trust->entry);
        mapping_close(&trust->image);
}
