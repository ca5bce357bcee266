/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "db/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "db/database.h"
#include "db/query.h"

#define CHECK_INTERVAL (7 * 24 * 3600)
#define RESERVE_FILE   "reserve"
#define RESERVE_LENGTH (8 * 1024 * 1024)

static int meta_load(Store *store, const char *name, int64_t *ret_value, Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->state,
                           "SELECT coalesce((SELECT value FROM meta WHERE name = ?), 0)", fault);

        bind_text(&query, name);
        return query_number(&query, INT64_MIN, INT64_MAX, ret_value);
}

static int meta_save(Store *store, const char *name, int64_t value, Fault *fault) {
        _cleanup_query_ Query query =
                query_open(&store->state,
                           "INSERT INTO meta (name, value) VALUES (?, ?) "
                           "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                           fault);

        bind_text(&query, name);
        bind_int(&query, value);
        return query_run(&query);
}

/* The lock is taken before any database is touched, and goes with the process. */
static int lock_folder(int folder, int *ret_lock, Fault *fault) {
        _cleanup_close_ int fd = -1;

        fd = openat(folder, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
        if (fd < 0) {
                int r = -errno;

                (void)fault_set(fault, r == -ENOSPC ? FAULT_STORE_FULL : FAULT_STORE,
                                "cannot open the lock of the state folder: %s", strerror(-r));
                return r;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                (void)fault_set(fault, FAULT_STORE,
                                "cannot open the store: another discfwd has it open");
                return -EBUSY;
        }
        *ret_lock = TAKE_FD(fd);
        return 0;
}

static int open_state(Store *store, int64_t now, StoreNews *news, bool *ret_check, Fault *fault) {
        int64_t clean, checked;
        bool check;
        int r;

        r = database_open(&store->state, false, fault);
        if (r < 0)
                return r;
        news->made = store->state.migrated_from == 0 && store->state.made;
        news->migrated_from = store->state.migrated_from;
        r = meta_load(store, "clean", &clean, fault);
        if (r == 0)
                r = meta_load(store, "checked", &checked, fault);
        if (r < 0)
                return r;
        store->marked = clean == 0;
        news->unclean = !store->state.made && clean == 0;
        /* A clock that went back must not put the check off for years. */
        check = news->unclean || now - checked >= CHECK_INTERVAL || checked > now;
        if (check) {
                r = database_check(&store->state, false, fault);
                if (r < 0)
                        return r;
        }
        *ret_check = check;
        return 0;
}

static int mark_checked(Store *store, int64_t now, Fault *fault) {
        int r;

        r = store_begin(store, fault);
        if (r < 0)
                return r;
        r = meta_save(store, "checked", now, fault);
        if (r < 0) {
                store_rollback(store);
                return r;
        }
        return store_commit(store, fault);
}

int store_open(int dirfd, int64_t now, Store **ret_store, StoreNews *ret_news, Fault *fault) {
        _cleanup_(store_closep) Store *store = NULL;
        StoreNews news = {};
        bool check = false;
        int r;

        store = calloc(1, sizeof(*store));
        if (!store) {
                (void)fault_set(fault, FAULT_STORE, "cannot open the store: out of memory");
                return -ENOMEM;
        }
        store->folder = dirfd;
        store->lock = -1;
        store->state = (Database){ .kind = DATABASE_STATE, .folder = dirfd };
        store->images = (Database){ .kind = DATABASE_IMAGES, .folder = dirfd };

        r = lock_folder(dirfd, &store->lock, fault);
        if (r < 0)
                return r;
        r = open_state(store, now, &news, &check, fault);
        if (r == -EBADMSG) {
                (void)fault_prefix(fault, "the store cannot be used, and nothing was changed; move "
                                          "state.db aside to begin anew (catalogs and drives are "
                                          "found again, the audit trail is not)");
                return r;
        }
        if (r < 0)
                return r;
        r = database_open(&store->images, check, fault);
        if (r < 0)
                return r;
        (void)snprintf(news.images_aside, sizeof(news.images_aside), "%s", store->images.aside);
        (void)snprintf(news.images_why, sizeof(news.images_why), "%s",
                       store->images.aside_why.text);
        if (check)
                r = mark_checked(store, now, fault);
        if (r < 0)
                return r;
        store->opened = true;
        (void)!store_reserve(store, NULL);
        if (ret_news)
                *ret_news = news;
        *ret_store = TAKE(store);
        return 0;
}

Store *store_close(Store *store) {
        if (!store)
                return NULL;
        database_close(&store->images);
        store_rollback(store);
        /* If this fails, the next owner checks the files, which is all it is for. */
        if (store->opened && store->marked && store_begin(store, NULL) == 0) {
                if (meta_save(store, "clean", 1, NULL) == 0)
                        (void)!store_commit(store, NULL);
                store_rollback(store);
        }
        database_close(&store->state);
        if (store->lock >= 0)
                (void)close(store->lock);
        free(store);
        return NULL;
}

int store_folder(const Store *store) {
        return store->folder;
}

int store_reserve(Store *store, Fault *fault) {
        _cleanup_close_ int fd = -1;
        struct stat st;
        int r;

        if (fstatat(store->folder, RESERVE_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode) && st.st_size == RESERVE_LENGTH)
                return 0;
        fd = openat(store->folder, RESERVE_FILE,
                    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
        r = fd < 0 ? -errno : -posix_fallocate(fd, 0, RESERVE_LENGTH);
        if (r == 0)
                return 0;
        /* What there is of it takes up room for nothing. */
        (void)unlinkat(store->folder, RESERVE_FILE, 0);
        (void)fault_set(fault, FAULT_STORE_FULL,
                        "cannot keep %d MiB in reserve in the state folder: %s",
                        RESERVE_LENGTH / (1024 * 1024), strerror(-r));
        return r;
}

int store_begin(Store *store, Fault *fault) {
        int r;

        if (store->state.full) {
                (void)unlinkat(store->folder, RESERVE_FILE, 0);
                store->state.full = false;
        }
        r = database_begin(&store->state, fault);
        if (r == 0)
                store->changes = sqlite3_total_changes64(store->state.handle);
        return r;
}

/* Who only reads leaves the files as they are, and waits for no disk. */
int store_commit(Store *store, Fault *fault) {
        bool mark = !store->marked && !store->state.lost && !store->state.broken &&
                    sqlite3_total_changes64(store->state.handle) != store->changes;
        int r = mark ? meta_save(store, "clean", 0, fault) : 0;

        if (r < 0) {
                store_rollback(store);
                return r;
        }
        r = database_commit(&store->state, fault);
        if (r == 0 && mark)
                store->marked = true;
        return r;
}

int store_mark(Store *store, Fault *fault) {
        int r;

        if (store->marked)
                return 0;
        r = store_begin(store, fault);
        if (r < 0)
                return r;
        r = meta_save(store, "clean", 0, fault);
        if (r < 0) {
                store_rollback(store);
                return r;
        }
        return store_commit(store, fault);
}

void store_rollback(Store *store) {
        database_rollback(&store->state);
}

bool store_in_transaction(const Store *store) {
        return store->state.in_transaction;
}

int store_check(Store *store, Fault *fault) {
        int r = database_ready(&store->state, fault);

        return r < 0 ? r : database_check(&store->state, true, fault);
}

int store_clock_floor(Store *store, int64_t *ret_time, Fault *fault) {
        return meta_load(store, "clock-floor", ret_time, fault);
}

int store_raise_clock_floor(Store *store, int64_t time, Fault *fault) {
        int64_t floor;
        int r;

        r = store_clock_floor(store, &floor, fault);
        if (r < 0 || time <= floor)
                return r;
        return meta_save(store, "clock-floor", time, fault);
}
