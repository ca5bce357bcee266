/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Path patterns of delegations (TUF 4.5).
 *
 * "*" stands for any bytes, none too, and "?" for one byte; neither stands for a slash. All else,
 * also brackets, backslashes and a leading dot, stands for itself; case counts; there is no locale.
 * (fnmatch(3) knows more than that, and what one client matches and another does not is a hole.)
 */
#pragma once

#include <stdbool.h>

bool pattern_matches(const char *pattern, const char *path);

/* Whether there may be a path that begins with PREFIX and that PATTERN matches. */
bool pattern_reaches(const char *pattern, const char *prefix);
