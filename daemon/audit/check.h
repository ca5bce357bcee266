/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one check of a trail, fed by the store or by an exported file: heads first, then entries in
 * order, then the report. It believes nothing: heads and entries may be any bytes.
 *
 * It says the first thing that is wrong, as exactly as the trail allows: an entry that names another
 * predecessor points at one entry, a head only at all those since the last good head.
 */
#pragma once

#include "audit/export.h"
#include "audit/merkle.h"

typedef struct Checker Checker;

/* KEY as for audit_verify_export(). -EINVAL if it is none. */
int checker_new(const char *key, Checker **ret_checker) _must_check_;
Checker *checker_free(Checker *checker);
DEFINE_CLEANUP(Checker *, checker_free)

/* A stored head. RET_SIZE, which may be NULL, is 0 if it cannot be read. */
int checker_head(Checker *checker, const char *note, uint64_t *ret_size) _must_check_;
/* A head that somebody kept elsewhere. */
int checker_kept_head(Checker *checker, const char *note) _must_check_;

/* The next entry. DRIVE_ID is how the store files it, NULL where nothing does. FUNCTION hears of each
 * subtree that becomes complete, as in merkle_append(). RET_LEAF may be NULL. Returns 0 also if the
 * entry is wrong; negative errno for want of memory; or what FUNCTION said. */
int checker_entry(Checker *checker, const char *drive_id, const void *entry, size_t n_entry,
                  MerkleFunction function, void *userdata) _must_check_;
int64_t checker_n_entries(const Checker *checker);

/* Something that only the caller can see: the entry SEQ is wrong. The first such call of all counts;
 * one for an earlier entry goes before what a head says. */
void checker_wrong(Checker *checker, int64_t seq, const char *format, ...) _printf_(3, 4);

/* COVERED: a last entry that no head covers is wrong, too. */
int checker_end(Checker *checker, bool covered, AuditReport *ret_report) _must_check_;
