/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "catalog/pattern.h"

#include <stddef.h>
#include <string.h>

/* One component. Only the last star ever has to be tried again: what an earlier one could take, the
 * later one can take as well. So the cost is at most the product of the lengths. */
static bool component_matches(const char *pattern, size_t n_pattern, const char *text,
                              size_t n_text) {
        size_t p = 0, t = 0, star = n_pattern, star_text = 0;

        while (t < n_text) {
                if (p < n_pattern && pattern[p] == '*') {
                        star = p++;
                        star_text = t;
                } else if (p < n_pattern && (pattern[p] == '?' || pattern[p] == text[t])) {
                        p++;
                        t++;
                } else if (star < n_pattern) {
                        p = star + 1;
                        t = ++star_text;
                } else
                        return false;
        }
        while (p < n_pattern && pattern[p] == '*')
                p++;
        return p == n_pattern;
}

/* Some text that begins with TEXT matches. */
static bool component_reaches(const char *pattern, size_t n_pattern, const char *text,
                              size_t n_text) {
        for (size_t i = 0; i < n_text; i++) {
                if (i == n_pattern)
                        return false;
                if (pattern[i] == '*')
                        return true;
                if (pattern[i] != '?' && pattern[i] != text[i])
                        return false;
        }
        return true;
}

bool pattern_matches(const char *pattern, const char *path) {
        for (;;) {
                size_t n_pattern = strcspn(pattern, "/"), n_path = strcspn(path, "/");

                if (!component_matches(pattern, n_pattern, path, n_path))
                        return false;
                pattern += n_pattern;
                path += n_path;
                if (*pattern != *path)
                        return false;
                if (*pattern == '\0')
                        return true;
                pattern++;
                path++;
        }
}

bool pattern_reaches(const char *pattern, const char *prefix) {
        for (;;) {
                size_t n_pattern = strcspn(pattern, "/"), n_prefix = strcspn(prefix, "/");

                if (prefix[n_prefix] == '\0')
                        return component_reaches(pattern, n_pattern, prefix, n_prefix);
                if (!component_matches(pattern, n_pattern, prefix, n_prefix))
                        return false;
                if (pattern[n_pattern] == '\0')
                        return false;
                pattern += n_pattern + 1;
                prefix += n_prefix + 1;
        }
}
