/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fuzz target says what must hold for every input. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Not assert(): a build without it would find nothing. */
#define REQUIRE(condition)                                                                         \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        (void)fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__,    \
                                      #condition);                                                 \
                        abort();                                                                   \
                }                                                                                  \
        } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);
