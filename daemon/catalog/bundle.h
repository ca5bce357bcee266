/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bundle: metadata files in one buffer, so that another process can verify them again, offline.
 *
 * The plan for a flash holds one: root chain, timestamp, snapshot, targets and every role on the
 * search path of the drive, under the names that a mirror has for them (tuf_file_name()). It proves
 * nothing by itself; whoever reads it starts from a root that is pinned elsewhere.
 *
 *     "DFWB" be32 count, then for each: be16 length and name, be32 length and bytes
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/fault.h"
#include "catalog/tuf.h"

#define BUNDLE_MAX       (32u * 1024 * 1024)
#define BUNDLE_FILES_MAX (ROOT_ROTATIONS_MAX + 3 + DELEGATIONS_MAX)

typedef struct BundleFile {
        const char *name;
        const uint8_t *bytes;
        size_t n_bytes;
} BundleFile;

/* Returns 0, -ENOMEM, -E2BIG beyond the limits above, or -EINVAL for a name that is empty, too long,
 * or there twice. */
int bundle_pack(const BundleFile *files, size_t n_files, uint8_t **ret_bytes,
                size_t *ret_n_bytes) _must_check_;

/* Reads; BYTES are borrowed as long as the bundle lives. Returns 0, -EBADMSG or -ENOMEM. */
typedef struct Bundle Bundle;
int bundle_open(const void *bytes, size_t n_bytes, Bundle **ret_bundle) _must_check_;
Bundle *bundle_free(Bundle *bundle);
DEFINE_CLEANUP(Bundle *, bundle_free)

const BundleFile *bundle_find(const Bundle *bundle, const char *name); /* NULL if it is not there */

/* A TufIo that fetches from BUNDLE and whose only stored file is the pinned root; what is to be
 * stored is forgotten. BUNDLE and ROOT are borrowed as long as RET_IO is used. */
typedef struct BundleIo {
        const Bundle *bundle;
        const uint8_t *root;
        size_t n_root;
} BundleIo;
void tuf_io_from_bundle(BundleIo *bundle_io, TufIo *ret_io);
