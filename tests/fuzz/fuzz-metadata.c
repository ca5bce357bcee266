/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first byte picks the type, the rest is what a mirror sent. Whatever is accepted can be read to
 * its end; and a document in its canonical form is accepted too, and has the same form. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "base/json.h"
#include "catalog/canonical.h"
#include "catalog/metadata.h"

static int parse(MetadataType type, const void *bytes, size_t n_bytes, Metadata **ret_metadata) {
        uint8_t *copy = malloc(n_bytes + 1);

        REQUIRE(copy);
        memcpy(copy, bytes, n_bytes);
        return metadata_parse(type, metadata_type_name(type), copy, n_bytes, ret_metadata, NULL);
}

static void check_role(const Metadata *metadata, const RoleKeys *role) {
        REQUIRE(role->threshold >= 1 && json_is_array(role->keyids) && json_is_object(role->keys));
        /* It names its own keys here, so it may even be well signed. */
        REQUIRE(metadata_verify(metadata, role, "it itself", NULL) <= 0);
}

static void check_targets(const Metadata *targets, const TargetPath *path) {
        for (size_t i = 0; i < targets_n_delegations(targets); i++) {
                Delegation delegation;

                targets_delegation(targets, i, &delegation);
                check_role(targets, &delegation.keys);
                if (delegation_matches(&delegation, path))
                        REQUIRE(delegation_reaches(&delegation, "a/"));
        }
}

static void check(const Metadata *metadata) {
        const json_t *custom;
        TargetPath path;
        RoleKeys role;
        FileMeta meta;

        REQUIRE(metadata->version >= 1 && metadata->n_canonical > 0);
        REQUIRE(target_path_init("a/b", &path) == 0);
        switch (metadata->type) {
        case METADATA_ROOT:
                for (MetadataType t = 0; t < _METADATA_TYPE_MAX; t++) {
                        root_role(metadata, t, &role);
                        check_role(metadata, &role);
                }
                break;
        case METADATA_TIMESTAMP:
                timestamp_snapshot(metadata, &meta);
                REQUIRE(meta.version >= 1 && meta.length >= -1);
                (void)timestamp_signed(metadata);
                break;
        case METADATA_SNAPSHOT:
                if (snapshot_find(metadata, "targets", &meta))
                        REQUIRE(meta.version >= 1);
                break;
        case METADATA_TARGETS:
                if (targets_find(metadata, "a/b", &meta, &custom))
                        REQUIRE(meta.length >= 0 && meta.has_hashes);
                check_targets(metadata, &path);
                break;
        case _METADATA_TYPE_MAX: break;
        }
}

/* Canonical JSON has control characters as they are, and then it is no JSON any more. */
static bool is_json(const uint8_t *canonical, size_t n_canonical) {
        for (size_t i = 0; i < n_canonical; i++)
                if (canonical[i] < 0x20)
                        return false;
        return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
        _cleanup_(metadata_freep) Metadata *first = NULL, *second = NULL;
        _cleanup_free_ uint8_t *canonical = NULL;
        size_t n_canonical;
        MetadataType type;

        if (n_bytes == 0)
                return 0;
        type = bytes[0] % _METADATA_TYPE_MAX;
        if (parse(type, bytes + 1, n_bytes - 1, &first) < 0)
                return 0;
        check(first);
        if (canonical_encode(first->document, &canonical, &n_canonical) < 0)
                return 0; /* a real outside of what is signed */
        if (!is_json(canonical, n_canonical))
                return 0;
        REQUIRE(parse(type, canonical, n_canonical, &second) == 0);
        REQUIRE(second->version == first->version && second->expires == first->expires);
        REQUIRE(second->n_canonical == first->n_canonical);
        REQUIRE(memcmp(second->canonical, first->canonical, first->n_canonical) == 0);
        return 0;
}
