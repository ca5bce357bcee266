/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The answer to REPORT KEY, key format 08h: region state (MMC-6 6.29.2.9). Read only: nothing here
 * can change a region. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "wire/probe.h"

#define REGION_LENGTH 8

/* False, and RET_REGION untouched, if it is too short or its length field is not 6 or more. */
bool region_decode(const void *bytes, size_t n_bytes, Region *ret_region);
