/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The forms of the four types of metadata: what metadata_parse() checks of each, so that the readers
 * in catalog/metadata.h can do without. For the files of this folder that implement them.
 *
 * Each returns 0, -ENOMEM or a fault, FAULT_CATALOG_MALFORMED.
 */
#pragma once

#include "catalog/metadata.h"

int root_check(const Metadata *root, Fault *fault) _must_check_;
int timestamp_check(const Metadata *timestamp, Fault *fault) _must_check_;
int snapshot_check(const Metadata *snapshot, Fault *fault) _must_check_;
int targets_check(const Metadata *targets, Fault *fault) _must_check_;

/* Keys by keyid, each keyid the hash of its key; a role's keyids and threshold. WHAT is for the
 * fault. */
int keys_check(const Metadata *metadata, const json_t *keys, Fault *fault) _must_check_;
int role_check(const Metadata *metadata, const json_t *role, const char *what,
               Fault *fault) _must_check_;
void role_read(const json_t *keys, const json_t *role, RoleKeys *ret_role);

/* Length and hashes of OBJECT. With VERSIONED it must have a version; else, as a target, a length
 * and hashes. */
bool file_meta_read(const json_t *object, bool versioned, FileMeta *ret_meta);

/* "cannot read targets 7: WHY". Returns -EBADE. */
int malformed(const Metadata *metadata, Fault *fault, const char *format, ...) _printf_(3, 4);

/* The same, for what it says of a file or target. */
int not_understood(const Metadata *metadata, const char *name, Fault *fault);
