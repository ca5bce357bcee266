/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store: two SQLite files in the state folder, one connection each, owned by one process.
 *
 * state.db holds what must not be lost: trusted metadata, drives, jobs, the audit trail. images.db
 * holds images and may be thrown away at any time. Both are opened in one fixed sequence that takes
 * the file for hostile: no symlink, ours alone, schema text compared object by object, no triggers,
 * no views, no ATTACH, no PRAGMA afterwards, and no UPDATE or DELETE on the audit tables ever.
 *
 * What store_commit() acknowledged is there after any crash. Every function that writes to state.db
 * belongs between store_begin() and store_commit(), and asserts it; transactions do not nest. Those
 * of db/images.h are durable one by one and stand outside.
 *
 * After an I/O error, a full disk or damage the connection is closed, and opened again by the whole
 * sequence at the next use: nothing is retried on a descriptor whose fsync failed.
 *
 * All functions of this layer set FAULT_STORE_FULL where space is lacking, FAULT_STORE otherwise,
 * unless their comment says more. Callbacks that load rows stop the load by returning non-zero,
 * which is then returned; pointers in a row last as long as the callback. A callback may read other
 * tables but not write.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/fault.h"

typedef struct Store Store;

/* What store_open() met on the way and somebody should log. */
typedef struct StoreNews {
        bool unclean;           /* the last owner did not close; both files were checked */
        uint32_t migrated_from; /* state.db was at this version; 0 if nothing was migrated */
        bool made;              /* state.db was made just now */
        char images_aside[64];  /* images.db was damaged and is now called so; "" if not */
        char images_why[FAULT_TEXT_MAX];
} StoreNews;

/* Opens both files in the folder of DIRFD, which the caller has checked and keeps open for as long
 * as the store lives. The working folder of the process becomes that folder. NOW decides whether the
 * weekly check is due. RET_NEWS may be NULL. Refuses, with FAULT_STORE: a second daemon (-EBUSY), a
 * state.db made by a newer version, of another program, with foreign schema objects, or damaged. */
int store_open(int dirfd, int64_t now, Store **ret_store, StoreNews *ret_news,
               Fault *fault) _must_check_;

/* Closes and marks the files as cleanly closed. Takes NULL. Returns NULL. */
Store *store_close(Store *store);
DEFINE_CLEANUP(Store *, store_close)

/* The folder, for files that lie beside the databases. Borrowed. */
int store_folder(const Store *store);

int store_begin(Store *store, Fault *fault) _must_check_;
/* On failure nothing of the transaction holds, and it is over. */
int store_commit(Store *store, Fault *fault) _must_check_;
/* Gives up what was begun; nothing to do if nothing was. */
void store_rollback(Store *store);
bool store_in_transaction(const Store *store);

/* A file of 8 MiB that only takes up room. When state.db meets a full disk it is given up, so that the
 * next transaction succeeds: an outcome can always be recorded, if it is tried twice. Makes it anew if
 * need be; FAULT_STORE_FULL if there is no room for it: then no flash may begin. store_open() tries it
 * too, and opens in any case. */
int store_reserve(Store *store, Fault *fault) _must_check_;

/* Reads every page, index and constraint of state.db; store_open() reads less, and not each time. */
int store_check(Store *store, Fault *fault) _must_check_;

/* The clock floor: the latest signed time that was verified. Never goes down; 0 at first. */
int store_clock_floor(Store *store, int64_t *ret_time, Fault *fault) _must_check_;
int store_raise_clock_floor(Store *store, int64_t time, Fault *fault) _must_check_;
