/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scope-bound ownership: what a variable owns goes when the variable goes.
 *
 *     _cleanup_(drive_freep) Drive *drive = NULL;
 *     ...
 *     *ret_drive = TAKE(drive);
 */
#pragma once

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(function)       __attribute__((__cleanup__(function)))
#define _unused_                  __attribute__((__unused__))
#define _printf_(format, varargs) __attribute__((__format__(printf, format, varargs)))
#define _must_check_              __attribute__((__warn_unused_result__))

/* Gives a pointer away: the variable is NULL afterwards. */
#define TAKE(pointer)                                                                              \
        ({                                                                                         \
                __typeof__(pointer) taken_ = (pointer);                                            \
                (pointer) = NULL;                                                                  \
                taken_;                                                                            \
        })

/* Gives a descriptor away: the variable is -1 afterwards. */
#define TAKE_FD(fd)                                                                                \
        ({                                                                                         \
                int taken_ = (fd);                                                                 \
                (fd) = -1;                                                                         \
                taken_;                                                                            \
        })

/* DEFINE_CLEANUP(Drive *, drive_free) makes drive_freep() for use in _cleanup_(). */
#define DEFINE_CLEANUP(type, function)                                                             \
        static inline _unused_ void function##p(type *p) {                                         \
                if (*p)                                                                            \
                        (void)function(*p);                                                        \
        }

static inline void freep(void *p) {
        free(*(void **)p);
}
#define _cleanup_free_ _cleanup_(freep)

static inline void closep(int *fd) {
        if (*fd >= 0)
                (void)close(*fd);
}
#define _cleanup_close_ _cleanup_(closep)

static inline _unused_ void fclosep(FILE **f) {
        if (*f)
                (void)fclose(*f);
}
#define _cleanup_fclose_ _cleanup_(fclosep)

static inline _unused_ void closedirp(DIR **dir) {
        if (*dir)
                (void)closedir(*dir);
}
#define _cleanup_closedir_ _cleanup_(closedirp)

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
