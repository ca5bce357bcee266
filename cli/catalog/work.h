/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The maintainer's work folder: what a catalog is before and besides what is published of it.
 *
 *     catalog.conf            name, and for how many days each role is valid
 *     keys/ROLE-KEYID.pem     private keys, encrypted; KEYID is the first 16 digits
 *     metadata/N.ROLE.json    everything that was ever signed, never changed afterwards
 *     draft/ROLE.json         what the next version of a role will say, not signed yet
 *     images/SHA256           images that are published with the catalog
 *     lock                    held by whoever changes the folder
 *
 * The newest version of a role is the one with the greatest number; nothing else records it, so
 * that a folder which was left half-way is in a state that the next run goes on from. Version
 * numbers only go up. What is read here is our own, yet checked like a stranger's.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/fault.h"
#include "catalog/metadata.h"

#define WORK_NAME_MAX 32

typedef struct WorkSettings {
        char name[WORK_NAME_MAX + 1];
        unsigned days[_METADATA_TYPE_MAX]; /* makers have those of "targets" */
} WorkSettings;

typedef struct Work {
        int fd;
        int lock_fd; /* -1: opened for reading */
        char *path;
        char *keys; /* folder of the keys: of the work folder, or where --keys says */
        WorkSettings settings;
} Work;

/* Opens a folder that init has made; with WRITE it is locked until it is closed. */
int work_open(const char *path, const char *keys, bool write, Work **ret_work,
              Fault *fault) _must_check_;
/* Makes one in PATH, which must be empty or not be there. It has no metadata yet. */
int work_make(const char *path, const char *keys, const WorkSettings *settings, Work **ret_work,
              Fault *fault) _must_check_;
Work *work_close(Work *work);
DEFINE_CLEANUP(Work *, work_close)

/* How long a role is valid: makers' roles as long as "targets". */
MetadataType work_type_of(const char *role);

/* The version of the newest signed file of ROLE; 0 if there is none. */
int work_version(const Work *work, const char *role, int64_t *ret_version,
                 Fault *fault) _must_check_;
/* That version's bytes, as they were signed and will be published. */
int work_read_signed(const Work *work, const char *role, int64_t version, uint8_t **ret_bytes,
                     size_t *ret_n_bytes, Fault *fault) _must_check_;
int work_write_signed(const Work *work, const char *role, int64_t version, const char *text,
                      Fault *fault) _must_check_;

/* What ROLE says: its draft, or else the signed part of its newest version. To be changed freely. */
int work_body(const Work *work, const char *role, json_t **ret_body, Fault *fault) _must_check_;
/* What clients are told now: the signed part of its newest version. */
int work_signed_body(const Work *work, const char *role, json_t **ret_body,
                     Fault *fault) _must_check_;
bool work_has_draft(const Work *work, const char *role);
int work_write_draft(const Work *work, const char *role, const json_t *body,
                     Fault *fault) _must_check_;
int work_drop_draft(const Work *work, const char *role, Fault *fault) _must_check_;

/* "targets" and the makers that its draft, or else its newest version, delegates to. */
typedef int (*WorkOnRole)(void *userdata, const char *role, Fault *fault);
int work_each_targets_role(const Work *work, WorkOnRole on_role, void *userdata,
                           Fault *fault) _must_check_;

/* Images that are published with the catalog, under their hash. Reading one that is not there is
 * -ENOENT without a fault: its bytes are not published. */
int work_write_image(const Work *work, const char *sha256, const uint8_t *image, size_t n_image,
                     Fault *fault) _must_check_;
int work_drop_image(const Work *work, const char *sha256, Fault *fault) _must_check_;
int work_read_image(const Work *work, const char *sha256, uint8_t **ret_image, size_t *ret_n_image,
                    Fault *fault) _must_check_;

/* "cannot WHAT PATH: why". */
int cannot(Fault *fault, const char *what, const char *path, int error);
