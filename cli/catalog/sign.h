/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making and signing metadata (TUF 4.3 to 4.6).
 *
 * Whatever is signed gets the version after the newest in the work folder and a new date of expiry.
 * Files are written in the order in which they depend on each other, the timestamp last; after an
 * interruption the same call goes on.
 */
#pragma once

#include <jansson.h>

#include "cli/catalog/work.h"

#define SPEC_VERSION "1.0.34"

/* {"_type", "spec_version"} of a role that has no version yet. */
int body_new(MetadataType type, json_t **ret_body) _must_check_;

/* {"keyids", "threshold"} for the keys of OBJECTS, which are also put into KEYS under their keyid. */
int role_object_new(json_t *keys, json_t *const objects[], unsigned n_objects, unsigned threshold,
                    json_t **ret_role) _must_check_;

/* Signs BODY as the next version of ROLE with the keys that the root, or for a maker targets, gives
 * it. BODY gets version and expiry. */
int sign_role(Work *work, const char *role, json_t *body, Fault *fault) _must_check_;

/* The same for a root: signed with the keys of BODY and, if there is a version before it, with those
 * of that one (TUF 6.1). */
int sign_root(Work *work, json_t *body, Fault *fault) _must_check_;

/* Whether the newest version of ROLE is signed by the keys that it has now; false if there is none. It
 * is not after a rotation that was cut off. */
int sign_is_good(const Work *work, const char *role, bool *ret_good, Fault *fault) _must_check_;

/* Snapshot and timestamp: new ones if they do not say what is signed, are not signed well, or if FORCE. RET_CHANGED may be
 * NULL. */
int sign_top(Work *work, bool force, bool *ret_changed, Fault *fault) _must_check_;
