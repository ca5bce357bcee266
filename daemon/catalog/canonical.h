/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OLPC canonical JSON: the one byte form of a document that keys sign and hashes name (TUF 4.1).
 *
 * No white space, members sorted by the bytes of their names, integers only. In strings nothing is
 * escaped but the quote and the backslash: every other byte, line feeds too, stands as it is. (So
 * jansson's own compact form is another one.) Nothing is normalised.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

/* RET_BYTES is malloc'd and has an uncounted NUL behind it. Returns 0, -ENOMEM, or -EBADMSG if a
 * real is in it, anywhere, or it nests deeper than JSON_DEPTH_MAX. */
int canonical_encode(const json_t *json, uint8_t **ret_bytes, size_t *ret_n_bytes) _must_check_;
