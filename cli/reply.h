/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a daemon answered, read without trust: a member that is missing, null or of another type
 * reads as empty, so that an answer of an older, newer or broken daemon is shown as far as it goes.
 * What a decision hangs on must be asked for with reply_need().
 */
#pragma once

#include <jansson.h>

#include "base/fault.h"

/* Makes every string below JSON fit for people, in place, at any depth: escaped as base/text.h says,
 * line breaks and tabs as blanks (we fill texts ourselves); with ASCII_ONLY, all beyond ASCII is
 * escaped too. Returns 0 or -ENOMEM. Done once, before anything is shown, so that nobody below has to
 * think of it. */
int reply_clean(json_t *json, bool ascii_only) _must_check_;

const char *reply_text(const json_t *object, const char *key);     /* "" if there is none */
const char *reply_shown(const json_t *object, const char *key);    /* "-" if there is none */
int64_t reply_int(const json_t *object, const char *key);          /* 0 if there is none */
bool reply_bool(const json_t *object, const char *key);            /* false if there is none */
const json_t *reply_object(const json_t *object, const char *key); /* NULL if there is none */
const json_t *reply_array(const json_t *object, const char *key);  /* NULL if there is none */

/* The string KEY of OBJECT, or FAULT_PROTOCOL: "the daemon's answer to METHOD lacks KEY". */
int reply_need(const json_t *object, const char *key, const char *method, const char **ret_text,
               Fault *fault) _must_check_;

/* Times as "3 h ago" and "2026-11-22 18:46:00" in the reader's zone; "never" for none. */
#define REPLY_TIME_SIZE 48
void reply_ago(const json_t *object, const char *key, int64_t now, char ret[REPLY_TIME_SIZE]);
void reply_time(const json_t *object, const char *key, char ret[REPLY_TIME_SIZE]);

/* "node" as a person types it: without "/dev/", or the prefix of emulated drives. */
const char *reply_node(const json_t *object);

/* What people call the drive: sr0, else sg1, else its id. */
const char *reply_drive_name(const json_t *drive);
