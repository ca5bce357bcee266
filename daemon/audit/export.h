/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is a trail whole? For an exported file, without store or daemon, and the report that
 * audit_verify() gives too. Uses base only.
 *
 * The file: one JSON object a line, in this order.
 *     {"format":"discfw-audit-1"}
 *     {"head":"NAME\nSIZE\nROOT\n\n— ..."}       signed heads by size; the last covers everything
 *     {"seq":1,...}                              the entries: these bytes are the leaves
 * A key holds from the entry that announced it (kind "audit.key").
 */
#pragma once

#include <stddef.h>

#include "audit/event.h"

#define AUDIT_NOTE_MAX 1024
#define AUDIT_KEY_MAX  192 /* text of a verifier key */
#define AUDIT_FILE_MAX (256u * 1024 * 1024)

typedef struct AuditReport {
        bool whole;
        int64_t n_entries;
        unsigned n_heads;
        int64_t n_covered;         /* entries below the last good head */
        int64_t broken_at;         /* seq of the first entry that is wrong or missing; 0 none */
        char text[FAULT_TEXT_MAX]; /* what is wrong, in words; "" if whole */
        char root[2 * SHA256_LENGTH + 1]; /* of all entries as they are, hex */
        char head[AUDIT_NOTE_MAX + 1];    /* the last good head, or "" */
        char key[AUDIT_KEY_MAX + 1];      /* that signed it */
} AuditReport;

/* KEY: the verifier key that the reader trusts, noted down elsewhere: then only its heads count.
 * NULL believes the keys that the trail announces, which only proves that nobody changed it who did
 * not also sign it anew. HEAD: a head kept
 * elsewhere, which the trail must contain; or NULL. Returns 0, or -ENOMEM; whatever is wrong with the
 * bytes is an answer. */
int audit_verify_export(const void *bytes, size_t n_bytes, const char *key, const char *head,
                        AuditReport *ret_report) _must_check_;
