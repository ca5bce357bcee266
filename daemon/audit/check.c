/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/note.h"
#include "base/hex.h"
#include "base/text.h"

#define HEADS_MAX 1000000u
#define KEYS_MAX  1000u

typedef struct Head {
        char *note;
        Checkpoint checkpoint;
        bool kept;
        size_t position; /* keeps the order of those of one size */
} Head;

struct Checker {
        Merkle tree;
        uint8_t last_leaf[SHA256_LENGTH];
        Head *heads;
        size_t n_heads, n_room;
        size_t next; /* the first head that was not looked at */
        bool sorted;
        NoteKey *keys; /* announced so far, or the one that is trusted */
        size_t n_keys;
        bool pinned;
        int64_t wrong_at; /* by an entry */
        char wrong[FAULT_TEXT_MAX];
        int64_t head_wrong_at; /* by a head, which is not as exact: up to head_wrong_until */
        int64_t head_wrong_until;
        char head_wrong[FAULT_TEXT_MAX];
        AuditReport report;
};

int checker_new(const char *key, Checker **ret_checker) {
        _cleanup_(checker_freep) Checker *checker = NULL;

        checker = calloc(1, sizeof(*checker));
        if (!checker)
                return -ENOMEM;
        if (key) {
                checker->keys = calloc(1, sizeof(*checker->keys));
                if (!checker->keys)
                        return -ENOMEM;
                if (!note_key_parse(key, &checker->keys[0]))
                        return -EINVAL;
                checker->n_keys = 1;
                checker->pinned = true;
        }
        *ret_checker = TAKE(checker);
        return 0;
}

Checker *checker_free(Checker *checker) {
        if (!checker)
                return NULL;
        for (size_t i = 0; i < checker->n_heads; i++)
                free(checker->heads[i].note);
        free(checker->heads);
        free(checker->keys);
        free(checker);
        return NULL;
}

int64_t checker_n_entries(const Checker *checker) {
        return (int64_t)checker->tree.size;
}

/* ------------------------------------------------------------------ findings */

void checker_wrong(Checker *checker, int64_t seq, const char *format, ...) {
        va_list ap;

        if (checker->wrong_at != 0)
                return;
        checker->wrong_at = seq;
        va_start(ap, format);
        (void)vsnprintf(checker->wrong, sizeof(checker->wrong), format, ap);
        va_end(ap);
}

static void head_wrong(Checker *checker, int64_t from, int64_t until, const char *format, ...)
        _printf_(4, 5);

static void head_wrong(Checker *checker, int64_t from, int64_t until, const char *format, ...) {
        va_list ap;

        if (checker->head_wrong_at != 0)
                return;
        checker->head_wrong_at = from;
        checker->head_wrong_until = until;
        va_start(ap, format);
        (void)vsnprintf(checker->head_wrong, sizeof(checker->head_wrong), format, ap);
        va_end(ap);
}

/* ------------------------------------------------------------------ heads */

static const char *whose(const Head *head) {
        return head->kept ? "the head that was kept" : "the stored head";
}

static int add_head(Checker *checker, const char *note, bool kept, uint64_t *ret_size) {
        Head head = { .kept = kept, .position = checker->n_heads };

        if (ret_size)
                *ret_size = 0;
        if (!note_parse(note, &head.checkpoint, NULL) || head.checkpoint.size == 0) {
                head_wrong(checker, 1, INT64_MAX, "%s makes no sense", whose(&head));
                return 0;
        }
        if (checker->n_heads == checker->n_room) {
                size_t n_room = checker->n_room ? checker->n_room * 2 : 64;
                Head *heads;

                if (n_room > HEADS_MAX)
                        return -E2BIG;
                heads = reallocarray(checker->heads, n_room, sizeof(*heads));
                if (!heads)
                        return -ENOMEM;
                checker->heads = heads;
                checker->n_room = n_room;
        }
        head.note = strdup(note);
        if (!head.note)
                return -ENOMEM;
        if (ret_size)
                *ret_size = head.checkpoint.size;
        checker->heads[checker->n_heads++] = head;
        checker->sorted = false;
        return 0;
}

int checker_head(Checker *checker, const char *note, uint64_t *ret_size) {
        return add_head(checker, note, false, ret_size);
}

int checker_kept_head(Checker *checker, const char *note) {
        return add_head(checker, note, true, NULL);
}

static int by_size(const void *a, const void *b) {
        const Head *x = a, *y = b;

        if (x->checkpoint.size != y->checkpoint.size)
                return x->checkpoint.size < y->checkpoint.size ? -1 : 1;
        return x->position < y->position ? -1 : 1;
}

/* 1 if one of the keys that hold at this point signed it. */
static int is_signed(const Checker *checker, const Head *head, const NoteKey **ret_key) {
        for (size_t i = 0; i < checker->n_keys; i++) {
                Checkpoint checkpoint;
                int r = note_verify(head->note, &checker->keys[i], &checkpoint);

                if (r != 0) {
                        *ret_key = &checker->keys[i];
                        return r;
                }
        }
        return 0;
}

/* The tree has the size of this head now. */
static int look_at_head(Checker *checker, const Head *head) {
        const AuditReport *report = &checker->report;
        uint64_t size = head->checkpoint.size;
        uint8_t root[SHA256_LENGTH];
        const NoteKey *key;
        int r;

        r = is_signed(checker, head, &key);
        if (r < 0)
                return r;
        if (r == 0) {
                /* With a key given, those of other keys are nobody's word. */
                if (!checker->pinned || head->kept)
                        head_wrong(checker, report->n_covered + 1, (int64_t)size,
                                   "%s of size %" PRIu64 " is not signed by %s", whose(head), size,
                                   checker->pinned ? "the key given" : "a key announced before it");
                return 0;
        }
        r = merkle_root(&checker->tree, root);
        if (r < 0)
                return r;
        if (memcmp(root, head->checkpoint.root, sizeof(root)) != 0) {
                head_wrong(checker, report->n_covered + 1, (int64_t)size,
                           "entries %" PRId64 " to %" PRIu64 " are not those that %s covers",
                           report->n_covered + 1, size, whose(head));
                return 0;
        }
        checker->report.n_heads++;
        checker->report.n_covered = (int64_t)size;
        (void)snprintf(checker->report.head, sizeof(checker->report.head), "%s", head->note);
        note_key_format(key, checker->report.key);
        return 0;
}

static int look_at_heads(Checker *checker) {
        if (!checker->sorted) {
                if (checker->n_heads > 0)
                        qsort(checker->heads, checker->n_heads, sizeof(*checker->heads), by_size);
                checker->sorted = true;
        }
        for (; checker->next < checker->n_heads &&
               checker->heads[checker->next].checkpoint.size <= checker->tree.size;
             checker->next++) {
                int r = look_at_head(checker, &checker->heads[checker->next]);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* ------------------------------------------------------------------ entries */

static int announce(Checker *checker, int64_t seq, const char *text) {
        NoteKey *keys;

        if (checker->pinned)
                return 0;
        if (checker->n_keys == KEYS_MAX)
                return -E2BIG;
        keys = reallocarray(checker->keys, checker->n_keys + 1, sizeof(*keys));
        if (!keys)
                return -ENOMEM;
        checker->keys = keys;
        if (note_key_parse(text, &keys[checker->n_keys]))
                checker->n_keys++;
        else
                checker_wrong(checker, seq, "entry %" PRId64 " announces what is no key", seq);
        return 0;
}

static int read_entry(Checker *checker, const char *drive_id, const void *entry, size_t n_entry) {
        int64_t wanted = checker_n_entries(checker) + 1, seq;
        uint8_t prev[SHA256_LENGTH];
        const char *field;
        AuditEvent event;

        if (!audit_event_decode(entry, n_entry, &event, &seq, prev, &field)) {
                checker_wrong(checker, wanted, "entry %" PRId64 " makes no sense at \"%s\"", wanted,
                              field);
                return 0;
        }
        if (seq > wanted)
                checker_wrong(checker, wanted,
                              "entry %" PRId64 " is missing: entry %" PRId64 " is in its place",
                              wanted, seq);
        else if (seq < wanted)
                checker_wrong(checker, wanted,
                              "entry %" PRId64 " is there twice, or not in its place", seq);
        else if (drive_id && strcmp(drive_id, event.drive_id) != 0)
                checker_wrong(checker, wanted, "entry %" PRId64 " is filed under another drive",
                              wanted);
        else if (wanted > 1 && memcmp(prev, checker->last_leaf, sizeof(prev)) != 0)
                checker_wrong(checker, wanted - 1,
                              "entry %" PRId64 " is not the one that entry %" PRId64
                              " was written after",
                              wanted - 1, wanted);
        return event.kind == AUDIT_KEY ? announce(checker, wanted, event.detail) : 0;
}

int checker_entry(Checker *checker, const char *drive_id, const void *entry, size_t n_entry,
                  MerkleFunction function, void *userdata) {
        uint8_t leaf[SHA256_LENGTH];
        int r;

        r = read_entry(checker, drive_id, entry, n_entry);
        if (r == 0)
                r = merkle_leaf(entry, n_entry, leaf);
        if (r == 0)
                r = merkle_append(&checker->tree, leaf, function, userdata);
        if (r != 0)
                return r;
        memcpy(checker->last_leaf, leaf, sizeof(leaf));
        return look_at_heads(checker);
}

/* ------------------------------------------------------------------ the end */

static void conclude(Checker *checker) {
        AuditReport *report = &checker->report;

        /* What an entry says is exact; a head goes first only if all that it speaks of is earlier. */
        if (checker->wrong_at != 0 &&
            (checker->head_wrong_at == 0 || checker->wrong_at <= checker->head_wrong_until)) {
                report->broken_at = checker->wrong_at;
                memcpy(report->text, checker->wrong, sizeof(report->text));
        } else if (checker->head_wrong_at != 0) {
                report->broken_at = checker->head_wrong_at;
                memcpy(report->text, checker->head_wrong, sizeof(report->text));
        }
        report->whole = report->broken_at == 0;
}

int checker_end(Checker *checker, bool covered, AuditReport *ret_report) {
        uint8_t root[SHA256_LENGTH];
        int64_t n = checker_n_entries(checker);
        int r;

        r = look_at_heads(checker);
        if (r == 0)
                r = merkle_root(&checker->tree, root);
        if (r < 0)
                return r;
        checker->report.n_entries = n;
        hex_encode(root, sizeof(root), checker->report.root);
        if (checker->next < checker->n_heads) {
                const Head *head = &checker->heads[checker->n_heads - 1];

                head_wrong(checker, n + 1, INT64_MAX,
                           "entries after %" PRId64 " are missing: %s of size %" PRIu64 " says so",
                           n, whose(head), head->checkpoint.size);
        }
        if (covered && checker->report.n_covered < n)
                head_wrong(checker, checker->report.n_covered + 1, n,
                           "no signed head covers entries %" PRId64 " to %" PRId64,
                           checker->report.n_covered + 1, n);
        conclude(checker);
        *ret_report = checker->report;
        return 0;
}
