/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/audit.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/check.h"
#include "audit/merkle.h"
#include "audit/note.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "db/trail.h"

#define KEY_FILE "audit.key"

struct Audit {
        Store *store;
        NoteSigner signer;
        char key[AUDIT_KEY_MAX + 1];
};

void audit_now(AuditWhen *ret_when) {
        *ret_when = (AuditWhen){ .time = clock_realtime(), .boottime_ms = clock_boottime_ms() };
        clock_boot_id(ret_when->boot_id);
}

Audit *audit_free(Audit *audit) {
        if (!audit)
                return NULL;
        explicit_bzero(&audit->signer, sizeof(audit->signer));
        free(audit);
        return NULL;
}

const char *audit_key(const Audit *audit) {
        return audit->key;
}

/* ------------------------------------------------------------------ the key */

static int key_refused(const char *why, Fault *fault) {
        (void)fault_set(fault, FAULT_AUDIT_BROKEN, "cannot use " KEY_FILE ": %s", why);
        return -EBADMSG;
}

static int make_key(int folder, NoteSigner *ret_signer, Fault *fault) {
        char text[AUDIT_KEY_MAX + 2];
        NoteSigner signer;
        int r;

        r = note_signer_make(&signer);
        if (r < 0)
                return key_refused("no random numbers for a new one", fault);
        note_signer_format(&signer, text);
        strcat(text, "\n");
        r = file_write_atomic(folder, KEY_FILE, text, strlen(text), 0600);
        explicit_bzero(text, sizeof(text));
        if (r < 0) {
                (void)fault_set(fault,
                                r == -ENOSPC || r == -EDQUOT ? FAULT_STORE_FULL : FAULT_STORE,
                                "cannot write " KEY_FILE ": %s", strerror(-r));
                return r;
        }
        *ret_signer = signer;
        return 0;
}

/* 1 if it was there, 0 if it was made. */
static int load_key(int folder, NoteSigner *ret_signer, Fault *fault) {
        _cleanup_free_ uint8_t *bytes = NULL;
        struct stat st;
        size_t n;
        bool good;
        int r;

        r = file_read(folder, KEY_FILE, AUDIT_KEY_MAX + 1, &bytes, &n);
        if (r == -ENOENT)
                return make_key(folder, ret_signer, fault);
        if (r < 0)
                return key_refused(strerror(-r), fault);
        if (fstatat(folder, KEY_FILE, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_uid != geteuid() ||
            (st.st_mode & 077) != 0 || st.st_nlink != 1)
                return key_refused("others may read or write it; its mode has to be 0600", fault);
        if (n > 0 && bytes[n - 1] == '\n')
                bytes[n - 1] = '\0';
        good = note_signer_parse((const char *)bytes, ret_signer);
        explicit_bzero(bytes, n);
        return good ? 1
                    : key_refused("it is no key; restore it, or move it aside for a new one",
                                  fault);
}

typedef struct KeySearch {
        const char *key;
        bool found;
} KeySearch;

static int is_key(int64_t seq _unused_, const char *key, void *userdata) {
        KeySearch *search = userdata;

        search->found = strcmp(key, search->key) == 0;
        return search->found;
}

/* A key that the trail does not know is new, or the trail is: both are said in it. */
static int announce_key(Audit *audit, const AuditWhen *now, bool old, Fault *fault) {
        KeySearch search = { .key = audit->key };
        AuditEvent event = { .kind = AUDIT_KEY, .when = *now };
        int64_t size, seq;
        int r;

        r = trail_keys_load(audit->store, is_key, &search, fault);
        if (r < 0 || search.found)
                return r < 0 ? r : 0;
        r = trail_size(audit->store, &size, fault);
        if (r < 0)
                return r;
        if (old && size == 0) {
                AuditEvent lost = { .kind = AUDIT_STORE, .when = *now };

                text_format(lost.detail, sizeof(lost.detail),
                            "the trail is empty though its key is old: an earlier one was lost");
                r = audit_append(audit, &lost, NULL, fault);
                if (r < 0)
                        return r;
        }
        text_format(event.detail, sizeof(event.detail), "%s", audit->key);
        r = audit_append(audit, &event, &seq, fault);
        return r < 0 ? r : trail_key_insert(audit->store, seq, audit->key, fault);
}

int audit_open(Store *store, const AuditWhen *now, Audit **ret_audit, Fault *fault) {
        _cleanup_(audit_freep) Audit *audit = NULL;
        int r, old;

        audit = calloc(1, sizeof(*audit));
        if (!audit) {
                (void)fault_set(fault, FAULT_STORE, "cannot open the audit trail: out of memory");
                return -ENOMEM;
        }
        audit->store = store;
        old = load_key(store_folder(store), &audit->signer, fault);
        if (old < 0)
                return old;
        note_key_format(&audit->signer.key, audit->key);
        r = store_begin(store, fault);
        if (r < 0)
                return r;
        r = announce_key(audit, now, old > 0, fault);
        if (r < 0) {
                store_rollback(store);
                return r;
        }
        r = store_commit(store, fault);
        if (r < 0)
                return r;
        *ret_audit = TAKE(audit);
        return 0;
}

/* ------------------------------------------------------------------ appending */

static int broken(const char *what, Fault *fault) {
        (void)fault_set(fault, FAULT_AUDIT_BROKEN, "the audit trail is damaged: %s", what);
        return -EBADMSG;
}

/* The right edge of the tree, from the stored nodes. */
static int load_tree(Audit *audit, Merkle *ret_tree, Fault *fault) {
        Merkle tree = {};
        int64_t size;
        int r;

        r = trail_size(audit->store, &size, fault);
        if (r < 0)
                return r;
        for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
                if (((uint64_t)size >> level & 1) == 0)
                        continue;
                r = trail_node_load(audit->store, level, ((uint64_t)size >> level) - 1,
                                    tree.frontier[level], fault);
                if (r < 0)
                        return r;
                if (r == 0)
                        return broken("a node of its tree is missing", fault);
        }
        tree.size = (uint64_t)size;
        *ret_tree = tree;
        return 0;
}

static int load_last_leaf(Audit *audit, uint64_t size, uint8_t ret_leaf[SHA256_LENGTH],
                          Fault *fault) {
        int r;

        memset(ret_leaf, 0, SHA256_LENGTH);
        if (size == 0)
                return 0;
        r = trail_node_load(audit->store, 0, size - 1, ret_leaf, fault);
        return r == 0 ? broken("a node of its tree is missing", fault) : r < 0 ? r : 0;
}

typedef struct Growing {
        Store *store;
        Fault *fault;
} Growing;

static int store_node(unsigned level, uint64_t index, const uint8_t hash[SHA256_LENGTH],
                      void *userdata) {
        Growing *growing = userdata;

        return trail_node_insert(growing->store, level, index, hash, growing->fault);
}

int audit_append(Audit *audit, const AuditEvent *event, int64_t *ret_seq, Fault *fault) {
        Growing growing = { .store = audit->store, .fault = fault };
        uint8_t prev[SHA256_LENGTH], leaf[SHA256_LENGTH];
        _cleanup_free_ char *entry = NULL;
        TrailRow row = {};
        Merkle tree;
        int r;

        assert(store_in_transaction(audit->store));
        r = load_tree(audit, &tree, fault);
        if (r == 0)
                r = load_last_leaf(audit, tree.size, prev, fault);
        if (r < 0)
                return r;
        row.seq = (int64_t)tree.size + 1;
        row.drive_id = event->drive_id;
        r = audit_event_encode(event, row.seq, prev, &entry, &row.n_entry);
        if (r == 0)
                r = merkle_leaf(entry, row.n_entry, leaf);
        if (r < 0) {
                (void)fault_set(fault, FAULT_INTERNAL, "cannot write an entry of kind %s: %s",
                                audit_kind_name(event->kind), strerror(-r));
                return r;
        }
        row.entry = entry;
        r = trail_insert(audit->store, &row, fault);
        if (r == 0)
                r = merkle_append(&tree, leaf, store_node, &growing);
        if (r == -EEXIST && fault)
                fault->code = FAULT_AUDIT_BROKEN; /* nodes without their entries */
        if (r < 0)
                return r;
        if (ret_seq)
                *ret_seq = row.seq;
        return 0;
}

int audit_head(Audit *audit, char *ret_note, Fault *fault) {
        char note[AUDIT_NOTE_MAX + 1];
        uint8_t root[SHA256_LENGTH];
        Merkle tree;
        int r;

        assert(store_in_transaction(audit->store));
        r = load_tree(audit, &tree, fault);
        if (r < 0)
                return r;
        r = merkle_root(&tree, root);
        if (r == 0)
                r = note_sign(&audit->signer, tree.size, root, note);
        if (r < 0) {
                (void)fault_set(fault, FAULT_INTERNAL, "cannot sign the audit trail");
                return r;
        }
        r = trail_head_insert(audit->store, (int64_t)tree.size, note, fault);
        if (r == 0 && ret_note)
                memcpy(ret_note, note, sizeof(note));
        return r;
}

/* ------------------------------------------------------------------ verifying */

typedef struct Walk {
        Audit *audit;
        Checker *checker;
        Fault *fault;
} Walk;

static int check_head(int64_t size, const char *note, void *userdata) {
        Walk *walk = userdata;
        uint64_t said;
        int r;

        r = checker_head(walk->checker, note, &said);
        if (r == 0 && said != (uint64_t)size)
                checker_wrong(walk->checker, size,
                              "the head filed under size %" PRId64 " is another", size);
        return r;
}

/* The store keeps the hash of each entry, and of all that was built on it: so an altered entry is
 * found even where it is the last. */
static int check_node(unsigned level, uint64_t index, const uint8_t hash[SHA256_LENGTH],
                      void *userdata) {
        Walk *walk = userdata;
        uint8_t stored[SHA256_LENGTH];
        int64_t seq = (int64_t)((index + 1) << level);
        int r;

        r = trail_node_load(walk->audit->store, level, index, stored, walk->fault);
        if (r < 0)
                return r;
        if (r == 0)
                checker_wrong(walk->checker, seq, "entry %" PRId64 " is not in the tree", seq);
        else if (memcmp(hash, stored, sizeof(stored)) != 0 && level == 0)
                checker_wrong(walk->checker, seq, "entry %" PRId64 " was altered", seq);
        else if (memcmp(hash, stored, sizeof(stored)) != 0)
                checker_wrong(walk->checker, seq, "the tree was altered above entry %" PRId64, seq);
        return 0;
}

static int check_entry(const TrailRow *row, void *userdata) {
        Walk *walk = userdata;

        if (row->seq != checker_n_entries(walk->checker) + 1)
                checker_wrong(walk->checker, checker_n_entries(walk->checker) + 1,
                              "entry %" PRId64 " is missing", checker_n_entries(walk->checker) + 1);
        return checker_entry(walk->checker, row->drive_id, row->entry, row->n_entry, check_node,
                             walk);
}

/* Entries that were cut off at the end leave their nodes behind. */
static int check_tail(Walk *walk) {
        uint8_t hash[SHA256_LENGTH];
        int64_t n = checker_n_entries(walk->checker);
        int r;

        r = trail_node_load(walk->audit->store, 0, (uint64_t)n, hash, walk->fault);
        if (r > 0)
                checker_wrong(walk->checker, n + 1,
                              "entries after %" PRId64 " are missing: the tree has them", n);
        return r < 0 ? r : 0;
}

int audit_verify(Audit *audit, AuditReport *ret_report, Fault *fault) {
        _cleanup_(checker_freep) Checker *checker = NULL;
        Walk walk = { .audit = audit, .fault = fault };
        int r;

        r = checker_new(NULL, &checker);
        walk.checker = checker;
        if (r == 0)
                r = trail_heads_load(audit->store, check_head, &walk, fault);
        if (r == 0)
                r = trail_load(audit->store, check_entry, &walk, fault);
        if (r == 0)
                r = check_tail(&walk);
        if (r == 0)
                r = checker_end(checker, false, ret_report);
        if (r < 0 && fault && fault->code == FAULT_NONE)
                (void)fault_set(fault, FAULT_STORE, "cannot verify the audit trail: %s",
                                strerror(-r));
        return r;
}

/* ------------------------------------------------------------------ giving out */

static int write_head(int64_t size _unused_, const char *note, void *userdata) {
        _cleanup_json_ json_t *object = json_object();
        _cleanup_free_ char *text = NULL;

        if (object && json_object_set_new(object, "head", json_string_safe(note)) == 0)
                text = json_text(object);
        return !text || fprintf(userdata, "%s\n", text) < 0 ? -EIO : 0;
}

static int write_entry(const TrailRow *row, void *userdata) {
        return fwrite(row->entry, 1, row->n_entry, userdata) != row->n_entry ||
                               fputc('\n', userdata) == EOF
                       ? -EIO
                       : 0;
}

/* A head over everything, so that a file which was cut shows it. */
static int fresh_head(Audit *audit, Fault *fault) {
        int r;

        r = store_begin(audit->store, fault);
        if (r < 0)
                return r;
        r = audit_head(audit, NULL, fault);
        if (r < 0) {
                store_rollback(audit->store);
                return r;
        }
        return store_commit(audit->store, fault);
}

int audit_export(Audit *audit, int fd, Fault *fault) {
        _cleanup_fclose_ FILE *file = NULL;
        int copy, r;

        r = fresh_head(audit, fault);
        if (r < 0)
                return r;
        copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        file = copy >= 0 ? fdopen(copy, "w") : NULL;
        if (!file) {
                if (copy >= 0)
                        (void)close(copy);
                (void)fault_set(fault, FAULT_INTERNAL, "cannot write the exported trail");
                return -EBADF;
        }
        r = fputs("{\"format\":\"discfw-audit-1\"}\n", file) < 0 ? -EIO : 0;
        if (r == 0)
                r = trail_heads_load(audit->store, write_head, file, fault);
        if (r == 0)
                r = trail_load(audit->store, write_entry, file, fault);
        if (r == 0 && fclose(TAKE(file)) != 0)
                r = -EIO;
        if (r < 0 && fault && fault->code == FAULT_NONE)
                (void)fault_set(fault, FAULT_STORE_FULL, "cannot write the exported trail");
        return r;
}

typedef struct Reading {
        AuditFunction function;
        void *userdata;
        Fault *fault;
} Reading;

static int read_entry(const TrailRow *row, void *userdata) {
        Reading *reading = userdata;
        uint8_t prev[SHA256_LENGTH];
        const char *field;
        AuditEvent event;
        int64_t seq;

        if (!audit_event_decode(row->entry, row->n_entry, &event, &seq, prev, &field) ||
            seq != row->seq)
                return broken("an entry makes no sense; run \"discfw audit verify\"",
                              reading->fault);
        return reading->function(row->seq, &event, reading->userdata);
}

int audit_read(Audit *audit, const char *drive_id, int64_t before, unsigned limit,
               AuditFunction function, void *userdata, Fault *fault) {
        Reading reading = { .function = function, .userdata = userdata, .fault = fault };

        return trail_load_before(audit->store, drive_id, before, limit, read_entry, &reading,
                                 fault);
}
