/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Drives that were ever seen, under which names, and what was observed of them.
 *
 * A drive's id is given once and kept; its identity key may change by our own flash (the name in the
 * INQUIRY data, or the serial number, is part of the firmware), so keys are kept as aliases.
 */
#pragma once

#include <stddef.h>

#include "db/store.h"

#define DRIVE_ID_SIZE      33 /* hex */
#define DRIVE_KEY_SIZE     129
#define DRIVE_HEX24_SIZE   49
#define DRIVE_TEXT_SIZE    64 /* node, block, serial, class, attachment */
#define DRIVE_MODEL_SIZE   128
#define DRIVE_DEVPATH_SIZE 256
#define DRIVE_RECORD_MAX   8192

typedef struct DriveRow {
        char id[DRIVE_ID_SIZE];
        char key[DRIVE_KEY_SIZE]; /* current identity key */
        char node[DRIVE_TEXT_SIZE];
        char block[DRIVE_TEXT_SIZE];
        char devpath[DRIVE_DEVPATH_SIZE];
        char hex24[DRIVE_HEX24_SIZE];
        char revision[17];
        char serial[DRIVE_TEXT_SIZE];
        char model[DRIVE_MODEL_SIZE];
        char attachment[16];
        char class[32];
        const void *record; /* the probe's encoded record, opaque here */
        size_t n_record;    /* at most DRIVE_RECORD_MAX; 0 if none */
        int64_t first_seen;
        int64_t last_seen;
        bool attached;
        bool held;
        char held_reason[REASON_MAX + 1];
        char attention[32];    /* name of the outcome that a person must look at, or "" */
        int64_t attention_job; /* 0: none */
        int64_t done;          /* the kernel's counters; -1 where it has none */
        int64_t errors;
        int64_t timeouts;
} DriveRow;

typedef int (*DriveFunction)(const DriveRow *row, void *userdata);

/* Inserts or replaces by id; the key becomes an alias too. -EEXIST if the key belongs to another. */
int drive_save(Store *store, const DriveRow *row, Fault *fault) _must_check_;
/* In order of first_seen. */
int drives_load(Store *store, DriveFunction function, void *userdata, Fault *fault) _must_check_;
/* At start nothing is known to be attached: id NULL means all. */
int drive_set_attached(Store *store, const char *id, bool attached, int64_t now,
                       Fault *fault) _must_check_;

/* 1 and the id, or 0. */
int drive_find_key(Store *store, const char *key, char ret_id[DRIVE_ID_SIZE],
                   Fault *fault) _must_check_;
