/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file format of descriptions, read into JSON; what it means is describe.c's.
 *
 * The result is {"drive": SECTION, "images": [SECTION, ...]}, a section being {"version", "entry",
 * "extra"}: "entry" has the members of schema/catalog/entry.schema.json, those of [drive] filled into
 * each image, "extra" what is not part of an entry (file, vendor, ...), as it was written.
 */
#pragma once

#include <jansson.h>

#include "base/fault.h"
#include "base/json.h"

/* Faults begin with "NAME:LINE: ". TEXT ends with a NUL. */
int describe_read(const char *name, const char *text, json_t **ret_description,
                  Fault *fault) _must_check_;
