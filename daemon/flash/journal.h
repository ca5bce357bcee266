/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helper's own journal: one file a job, on disk before the drive knows anything.
 *
 * It stands on its own: the daemon may be dead, its store restored from a backup, the disk full. A
 * file is allocated whole when the intent is saved and never grows; it goes when the daemon has
 * acknowledged the outcome, and not before.
 *
 *     "00000000000000000042.flash"   4096 bytes, in records of 512, each in its own place:
 *         0   INTENT       what is about to be done, and to which drive
 *         1   FIRST-WRITE  from now on the drive may hold part of an image
 *         2   COMMIT-SENT  from now on it may have begun to burn it
 *         3,4 END          the outcome, in two parts
 *     a record: "DFJ1" be32 kind, be64 job, be32 length of payload, 4 zeros, payload, zeros,
 *               SHA-256 of all before
 *
 * The helper that writes a journal holds its lock (flock) as long as it lives, so that others wait
 * for a flash that is under way, and know when it died. What is read back is believed only if it is
 * whole: a flash whose journal is torn or damaged anywhere is unknown, unless its END is whole. It is
 * unharmed only if the INTENT is whole and there is nothing behind it but zeros.
 */
#pragma once

#include "wire/flash.h"

#define JOURNALS_MAX 64 /* flashes that nobody acknowledged */

typedef enum JournalRecord {
        JOURNAL_INTENT = 0,
        JOURNAL_FIRST_WRITE = 1,
        JOURNAL_COMMIT_SENT = 2,
        JOURNAL_END = 3,
} JournalRecord;

/* One flash at a time on a machine, whoever asks: holds until RET_LOCK is closed. Waits some seconds
 * for a helper that is about to end, whose outcome the daemon has already. FAULT_BUSY. */
int journal_lock_machine(int folder, int *ret_lock, Fault *fault) _must_check_;

typedef struct Journal Journal;

/* Makes the journal of a job, and locks it; INTENT is on disk, folder and all, when it returns.
 * Refuses with FAULT_BUSY if the job has one already, FAULT_STORE_FULL, FAULT_STORE. */
int journal_new(int folder, const FlashPlan *plan, const char *node, Journal **ret_journal,
                Fault *fault) _must_check_;

/* FIRST-WRITE or COMMIT-SENT is on disk when it returns. */
int journal_save(Journal *journal, JournalRecord record, Fault *fault) _must_check_;
int journal_end(Journal *journal, const FlashEnd *end, Fault *fault) _must_check_;

/* The daemon has the outcome. Returns 0 or errno; then it will be handed over once more. */
int journal_remove(Journal *journal) _must_check_;

/* Closes; the file stays. */
Journal *journal_free(Journal *journal);
DEFINE_CLEANUP(Journal *, journal_free)

/* The jobs of all journals in FOLDER, in ascending order. -E2BIG if there are more than
 * JOURNALS_MAX. */
int journal_list(int folder, uint64_t ret_jobs[JOURNALS_MAX], size_t *ret_n_jobs) _must_check_;

/* Opens and locks a journal that was left. Returns 0; -EWOULDBLOCK while its helper lives; -ENOENT if
 * it went in the meantime; or errno. */
int journal_open(int folder, uint64_t job, Journal **ret_journal) _must_check_;

/* How the flash ended, by what the file says. There is always an answer. */
void journal_read(const Journal *journal, FlashEnd *ret_end);
