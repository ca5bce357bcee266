/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every sense code that we know, as data: for sense.c, and for the test that walks it. */
#pragma once

#include "drive/sense.h"

#define ANY_ASC (-1)

typedef struct SenseRow {
        uint8_t key;
        int16_t asc; /* ANY_ASC: the last word on its key */
        uint8_t ascq_first;
        uint8_t ascq_last;
        char classes[_STAGE_MAX + 1]; /* a letter for each stage: N W P S U, see SenseClass */
        FaultCode fault;
        const char *words;
        const char *advice; /* or NULL */
} SenseRow;

/* The I-th row; NULL past the end. The first row that fits is the one that counts. */
const SenseRow *sense_row(unsigned i);
