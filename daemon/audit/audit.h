/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The audit trail: what happened to which drive, by whose order; append-only and tamper-evident.
 *
 * Each entry is a leaf of a Merkle tree (RFC 6962) and names the hash of the one before. Heads of the
 * tree are signed with a key of this machine (Ed25519, audit.key in the state folder, 0600, made at
 * first use) as C2SP checkpoints, at each intent and outcome of a flash. Whoever can read the key can
 * forge a whole new trail: only a head that was kept elsewhere (the journal, another machine, paper)
 * shows that, which is why the caller logs heads.
 *
 * The audited action must not happen if audit_append() or the commit fails: the entry comes first.
 */
#pragma once

#include "audit/event.h"
#include "audit/export.h"
#include "db/store.h"

typedef struct Audit Audit;

/* Loads the key, or makes one and says so in the trail (a transaction of its own: none may be open).
 * The store must outlive the result. FAULT_AUDIT_BROKEN if the key file is not ours alone or makes
 * no sense. */
int audit_open(Store *store, const AuditWhen *now, Audit **ret_audit, Fault *fault) _must_check_;
Audit *audit_free(Audit *audit);
DEFINE_CLEANUP(Audit *, audit_free)

/* Inside the caller's transaction. RET_SEQ may be NULL. */
int audit_append(Audit *audit, const AuditEvent *event, int64_t *ret_seq,
                 Fault *fault) _must_check_;

/* Signs the tree as it is now and stores the head, inside the caller's transaction, in which entries
 * may have been appended. RET_NOTE, AUDIT_NOTE_MAX + 1 bytes, may be NULL; it has several lines. */
int audit_head(Audit *audit, char *ret_note, Fault *fault) _must_check_;

/* The verifier key of this machine, to be kept elsewhere: "NAME+ID+BASE64". */
const char *audit_key(const Audit *audit);

/* Computes every leaf and root anew and checks every head. A trail that is not whole is an answer in
 * RET_REPORT, not a failure. */
int audit_verify(Audit *audit, AuditReport *ret_report, Fault *fault) _must_check_;

/* Writes keys, heads (a fresh one among them: a transaction of its own) and entries to FD, one JSON
 * object a line, for audit_verify_export(). */
int audit_export(Audit *audit, int fd, Fault *fault) _must_check_;

typedef int (*AuditFunction)(int64_t seq, const AuditEvent *event, void *userdata);

/* Newest first, seq < BEFORE (0: from the end), at most LIMIT; of one drive, or all where NULL. An
 * entry that makes no sense is FAULT_AUDIT_BROKEN. */
int audit_read(Audit *audit, const char *drive_id, int64_t before, unsigned limit,
               AuditFunction function, void *userdata, Fault *fault) _must_check_;

/* Now, by the clocks of this process. */
void audit_now(AuditWhen *ret_when);
