/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* catalog.conf: what the maintainer decides once, in a file that may be edited. */
#pragma once

#include "cli/catalog/work.h"

#define SETTINGS_FILE "catalog.conf"
#define DAYS_MAX      3650u

/* A name as machines know the catalog by: 1 to 32 letters, digits, "-", "_" and "."; also those of
 * makers. Does not begin with a dot or hyphen. */
bool name_is_good(const char *name);

/* Validity of each role where nothing else is said. */
void settings_defaults(WorkSettings *ret_settings);

/* "ROLE=DAYS", as in catalog.conf and for --expires-days. */
int settings_set_days(WorkSettings *settings, const char *role, const char *days, Fault *fault);

/* -ENOENT without a fault if there is no such file. */
int settings_read(int fd, WorkSettings *ret_settings, Fault *fault) _must_check_;
int settings_write(int fd, const WorkSettings *settings, Fault *fault) _must_check_;
