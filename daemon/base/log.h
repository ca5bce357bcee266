/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The log: to the journal with fields where standard error is the journal, else lines on standard
 * error. Processes log (layer 3 and up); libraries return, and never log above debug.
 *
 * Texts from outside are escaped here, once, so that no caller has to think of it.
 */
#pragma once

#include "base/fault.h"

typedef enum LogLevel {
        LOG_LEVEL_ERROR = 3,
        LOG_LEVEL_WARNING = 4,
        LOG_LEVEL_NOTICE = 5,
        LOG_LEVEL_INFO = 6,
        LOG_LEVEL_DEBUG = 7
} LogLevel;

/* NAME is put in front of lines on standard error. The level is info, or what DISCFW_LOG says
 * (error, warning, notice, info, debug). */
void log_open(const char *name);

/* The journal's socket, to be kept over sandbox_enter(); -1 where standard error is used. The
 * library's own functions open one at first use, which is too late in a sandbox. */
int log_descriptor(void);

void log_write(LogLevel level, const char *format, ...) _printf_(2, 3);

/* With MESSAGE_ID and DISCFW_FAULT, so that the journal's catalog explains it. DRIVE may be NULL. */
void log_fault(LogLevel level, const char *drive, const Fault *fault);

#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)  log_write(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)
