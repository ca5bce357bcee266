/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is worth an entry in the audit trail, and the one form in which it is written.
 *
 * An entry is one JSON object without blanks or newline, members in the order of the list below,
 * those that are empty or zero left out:
 *
 *     seq prev time boot boottime kind uid user via drive node model from to catalog target image
 *     reason outcome fault fault-text sense job detail kernel-before kernel-after kernel-anew
 *
 * seq counts from 1; prev is the leaf hash (RFC 6962 section 2.1, in hex) of the entry before; time
 * is RFC 3339 in UTC and may jump: the order is that of seq. These bytes are the leaf of the tree
 * and also the line of the export, so that sha256sum(1) can check them. Texts that are not UTF-8 are
 * escaped, too long ones refused.
 */
#pragma once

#include <stddef.h>

#include "base/digest.h"
#include "base/fault.h"

#define AUDIT_ENTRY_MAX 16384 /* the longest texts, every byte escaped, fit */

typedef enum AuditKind {
        AUDIT_KEY = 0,       /* a signing key came into use; detail is the verifier key */
        AUDIT_DRIVE_SEEN,    /* for the first time */
        AUDIT_DRIVE_CHANGED, /* its firmware was changed, and not by us */
        AUDIT_FLASH_INTENT,  /* on disk before the helper gets GO */
        AUDIT_FLASH_OUTCOME,
        AUDIT_CATALOG_REFRESHED,
        AUDIT_CATALOG_ADDED,
        AUDIT_CATALOG_REMOVED,
        AUDIT_CATALOG_FAILED,
        AUDIT_HOLD,
        AUDIT_UNHOLD,
        AUDIT_WANT,
        AUDIT_RESOLVE,
        AUDIT_REFUSED, /* a request that was denied; several in one, detail says how many */
        AUDIT_ROLLBACK_EXPIRED, /* a rollback or recovery from metadata that has expired */
        AUDIT_IMAGE_SUPPLIED,
        AUDIT_STORE, /* something befell the store: detail says what */
        AUDIT_BACKUP,
        _AUDIT_KIND_MAX,
} AuditKind;

/* When, three ways: the wall clock jumps, the boot time ends with the boot. */
typedef struct AuditWhen {
        int64_t time;
        uint64_t boottime_ms;
        char boot_id[33];
} AuditWhen;

/* What the kernel had counted of a drive: commands done, those that ended in an error (also "no disc"
 * is one), and those that were not answered in time; -1 where it does not count. In an entry
 * "kernel-before":[12,1,0]. */
typedef struct AuditCounters {
        bool known;
        int64_t done, errors, timeouts;
} AuditCounters;

typedef struct AuditEvent {
        AuditKind kind;
        AuditWhen when;
        bool by_user; /* uid, user and via hold */
        uint32_t uid;
        char user[65];
        char via[33]; /* "local", "ssh", ... */
        char drive_id[33];
        char node[64];
        char model[128];
        char from[33];
        char to[33];
        char catalog[CATALOG_NAME_MAX + 1];
        char target[TARGET_PATH_MAX + 1];
        bool has_image;
        uint8_t image[SHA256_LENGTH];
        char reason[REASON_MAX + 1];
        char outcome[32];
        Fault fault;
        char sense[128];
        int64_t job; /* 0: none */
        char detail[512];
        AuditCounters before, after; /* a flash */
        bool counted_anew; /* the drive came back as a new device: AFTER began at 0 then */
} AuditEvent;

const char *audit_kind_name(AuditKind kind); /* "flash.intent" */
bool audit_kind_from_name(const char *name, AuditKind *ret_kind);

/* The entry's bytes, to be freed. -EMSGSIZE if it would be longer than AUDIT_ENTRY_MAX. */
int audit_event_encode(const AuditEvent *event, int64_t seq, const uint8_t prev[SHA256_LENGTH],
                       char **ret_entry, size_t *ret_n_entry) _must_check_;

/* Strict: every member known, of its type and within its bounds. False, with the name of the member
 * that makes no sense in RET_FIELD, if not. Texts come back as they were written: safe to show only
 * after escaping. */
bool audit_event_decode(const void *entry, size_t n_entry, AuditEvent *ret_event, int64_t *ret_seq,
                        uint8_t ret_prev[SHA256_LENGTH], const char **ret_field);
