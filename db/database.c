/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "db/database.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "db/images.h"

#define PAGE_SIZE 4096

/* Application ids are "dfwS" and "dfwI". */
static const struct {
        const char *name;
        uint32_t application_id;
        bool disposable;
        uint32_t max_pages; /* 0: no cap */
} kinds[_DATABASE_MAX] = {
        [DATABASE_STATE] = { "state.db", 0x64667753, false, 0 },
        [DATABASE_IMAGES] = { "images.db", 0x64667749, true, IMAGES_SIZE_MAX / PAGE_SIZE },
};

const char *database_name(const Database *database) {
        return kinds[database->kind].name;
}

/* ------------------------------------------------------------------ failure */

static bool is_full(int code, int system_errno) {
        return (code & 0xff) == SQLITE_FULL ||
               ((code & 0xff) == SQLITE_IOERR &&
                (system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG));
}

/* Why the system refused. SQLite tells full disks, but not quotas and limits, and keeps what went wrong
 * with the journal to the journal's file. */
static int last_errno(sqlite3 *handle) {
        sqlite3_file *journal = NULL;
        int e = handle ? sqlite3_system_errno(handle) : 0;

        if (!handle || e != 0)
                return e;
        if (sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &journal) ==
                    SQLITE_OK &&
            journal && journal->pMethods)
                (void)journal->pMethods->xFileControl(journal, SQLITE_FCNTL_LAST_ERRNO, &e);
        if (e == 0)
                (void)sqlite3_file_control(handle, "main", SQLITE_FCNTL_LAST_ERRNO, &e);
        return e;
}

int database_failed(Database *database, int code, const char *doing, Fault *fault) {
        const char *name = database_name(database);
        int system_errno = last_errno(database->handle);

        if (database->handle && database->in_transaction &&
            sqlite3_get_autocommit(database->handle))
                database->lost = true;
        if (is_full(code, system_errno)) {
                database->broken = database->full = true;
                (void)fault_set(fault, FAULT_STORE_FULL, "cannot %s %s: %s", doing, name,
                                system_errno ? strerror(system_errno)
                                             : "the disk is full, or its size limit is reached");
                return -ENOSPC;
        }
        switch (code & 0xff) {
        case SQLITE_NOMEM:
                (void)fault_set(fault, FAULT_STORE, "cannot %s %s: out of memory", doing, name);
                return -ENOMEM;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
                database->broken = database->suspect = true;
                (void)fault_set(fault, FAULT_STORE, "cannot %s %s: the file is damaged", doing,
                                name);
                return -EBADMSG;
        case SQLITE_CONSTRAINT:
                (void)fault_set(fault, FAULT_STORE, "cannot %s %s: %s", doing, name,
                                sqlite3_errmsg(database->handle));
                return code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_UNIQUE ||
                                       code == SQLITE_CONSTRAINT_ROWID
                               ? -EEXIST
                               : -EINVAL;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                (void)fault_set(fault, FAULT_STORE, "cannot %s %s: another program has it open",
                                doing, name);
                return -EBUSY;
        case SQLITE_TOOBIG:
                (void)fault_set(fault, FAULT_LIMIT, "cannot %s %s: a text is too long", doing,
                                name);
                return -EMSGSIZE;
        case SQLITE_AUTH:
                (void)fault_set(fault, FAULT_STORE, "cannot %s %s: the store forbids it", doing,
                                name);
                return -EPERM;
        default:
                database->broken = true;
                (void)fault_set(fault, FAULT_STORE, "cannot %s %s: %s%s%s", doing, name,
                                sqlite3_errstr(code), system_errno ? ": " : "",
                                system_errno ? strerror(system_errno) : "");
                return -EIO;
        }
}

/* ------------------------------------------------------------------ confinement */

static bool is_one_of(const char *name, const char *const *list) {
        for (; name && *list; list++)
                if (strcasecmp(name, *list) == 0)
                        return true;
        return false;
}

/* What a statement may do, asked when it is prepared. Everything that is not listed is denied: ATTACH,
 * PRAGMA, DDL, savepoints, virtual tables, and functions beyond those of our own statements. */
static int authorize(void *userdata, int action, const char *name, const char *detail,
                     const char *schema _unused_, const char *trigger _unused_) {
        static const char *const functions[] = { "length", "glob",     "max", "count",
                                                 "sum",    "coalesce", NULL };
        static const char *const append_only[] = { "audit", "audit_node", "audit_head", "audit_key",
                                                   NULL };
        const Database *database = userdata;

        if (database->privileged)
                return SQLITE_OK;
        switch (action) {
        case SQLITE_SELECT:
        case SQLITE_READ:
        case SQLITE_INSERT:
        case SQLITE_TRANSACTION: return SQLITE_OK;
        case SQLITE_UPDATE:
        case SQLITE_DELETE: return is_one_of(name, append_only) ? SQLITE_DENY : SQLITE_OK;
        case SQLITE_FUNCTION: return is_one_of(detail, functions) ? SQLITE_OK : SQLITE_DENY;
        default: return SQLITE_DENY;
        }
}

static int confine(Database *database) {
        static const int switches[][2] = {
                { SQLITE_DBCONFIG_DEFENSIVE, 1 },      { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
                { SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 }, { SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
                { SQLITE_DBCONFIG_DQS_DML, 0 },        { SQLITE_DBCONFIG_DQS_DDL, 0 },
                { SQLITE_DBCONFIG_ENABLE_FKEY, 1 },    { SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
        };
        /* sqlite.org/security.html, sized for our rows: the longest is one of 64 KiB. */
        static const int limits[][2] = {
                { SQLITE_LIMIT_LENGTH, 1024 * 1024 },
                { SQLITE_LIMIT_SQL_LENGTH, 100000 },
                { SQLITE_LIMIT_COLUMN, 100 },
                { SQLITE_LIMIT_EXPR_DEPTH, 100 },
                { SQLITE_LIMIT_COMPOUND_SELECT, 3 },
                { SQLITE_LIMIT_VDBE_OP, 25000 },
                { SQLITE_LIMIT_FUNCTION_ARG, 8 },
                { SQLITE_LIMIT_ATTACHED, 0 },
                { SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50 },
                { SQLITE_LIMIT_VARIABLE_NUMBER, 32 },
                { SQLITE_LIMIT_TRIGGER_DEPTH, 1 },
                { SQLITE_LIMIT_WORKER_THREADS, 0 },
        };

        for (size_t i = 0; i < N_ELEMENTS(switches); i++) {
                int rc = sqlite3_db_config(database->handle, switches[i][0], switches[i][1], NULL);

                if (rc != SQLITE_OK)
                        return rc;
        }
        for (size_t i = 0; i < N_ELEMENTS(limits); i++)
                (void)sqlite3_limit(database->handle, limits[i][0], limits[i][1]);
        (void)sqlite3_hard_heap_limit64(32 * 1024 * 1024);
        return sqlite3_set_authorizer(database->handle, authorize, database);
}

/* ------------------------------------------------------------------ opening */

static int refuse(const char *name, const char *why, Fault *fault) {
        (void)fault_set(fault, FAULT_STORE, "cannot open %s: %s", name, why);
        return -EPERM;
}

/* The file has to be a plain one of ours, with no second name. Looked at without opening it: closing
 * any descriptor of the file would drop the locks of SQLite. */
static int check_file(Database *database, Fault *fault) {
        const char *name = database_name(database);
        struct stat st;
        int fd;

        fd = openat(database->folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    0600);
        if (fd >= 0) {
                (void)close(fd);
                database->made = true;
        } else if (errno != EEXIST) {
                int r = -errno;

                (void)fault_set(fault,
                                r == -ENOSPC || r == -EDQUOT ? FAULT_STORE_FULL : FAULT_STORE,
                                "cannot make %s: %s", name, strerror(-r));
                return r;
        }
        if (fstatat(database->folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return refuse(name, strerror(errno), fault);
        if (!S_ISREG(st.st_mode))
                return refuse(name, S_ISLNK(st.st_mode) ? "it is a symbolic link" : "it is no file",
                              fault);
        if (st.st_uid != geteuid())
                return refuse(name, "it belongs to another user", fault);
        if ((st.st_mode & 077) != 0)
                return refuse(name, "others may read or write it; its mode has to be 0600", fault);
        if (st.st_nlink != 1)
                return refuse(name, "it has a second name (hard link)", fault);
        return 0;
}

/* SQLite follows a link in place of these. */
static int check_companions(Database *database, Fault *fault) {
        static const char *const suffixes[] = { "-wal", "-journal", "-shm" };

        for (size_t i = 0; i < N_ELEMENTS(suffixes); i++) {
                char name[32];
                struct stat st;

                (void)snprintf(name, sizeof(name), "%s%s", database_name(database), suffixes[i]);
                if (fstatat(database->folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                    (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1))
                        return refuse(name, "it is no file of ours", fault);
        }
        return 0;
}

static int run(Database *database, const char *sql, Fault *fault) {
        int rc = sqlite3_exec(database->handle, sql, NULL, NULL, NULL);

        return rc == SQLITE_OK ? 0 : database_failed(database, rc, "open", fault);
}

/* The first column of the first row, as text. */
static int ask(Database *database, const char *sql, char *ret_text, size_t size, Fault *fault) {
        sqlite3_stmt *statement = NULL;
        int rc = sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL);

        if (rc == SQLITE_OK)
                rc = sqlite3_step(statement);
        if (rc == SQLITE_ROW)
                (void)snprintf(ret_text, size, "%s",
                               (const char *)sqlite3_column_text(statement, 0) ?: "");
        (void)sqlite3_finalize(statement);
        return rc == SQLITE_ROW ? 0 : database_failed(database, rc, "open", fault);
}

static int ask_number(Database *database, const char *sql, uint32_t *ret_number, Fault *fault) {
        char text[32];
        int r = ask(database, sql, text, sizeof(text), fault);

        if (r == 0)
                *ret_number = (uint32_t)strtoll(text, NULL, 10);
        return r;
}

/* Whose file, and of which version? */
static int check_version(Database *database, uint32_t *ret_version, Fault *fault) {
        const char *name = database_name(database);
        uint32_t id = 0, version = 0, n_objects = 0;
        int r;

        r = ask_number(database, "PRAGMA application_id", &id, fault);
        if (r == 0)
                r = ask_number(database, "PRAGMA user_version", &version, fault);
        if (r == 0)
                r = ask_number(database, "SELECT count(*) FROM sqlite_schema", &n_objects, fault);
        if (r < 0)
                return r;
        if (id != kinds[database->kind].application_id &&
            !(id == 0 && version == 0 && n_objects == 0)) {
                (void)fault_set(
                        fault, FAULT_STORE,
                        "cannot open %s: it is of another program (application id %08" PRIx32
                        ", wanted %08" PRIx32 ")",
                        name, id, kinds[database->kind].application_id);
                return -EBADMSG;
        }
        if (version > schema_newest(database->kind)) {
                (void)fault_set(fault, FAULT_STORE,
                                "cannot open %s: a newer discfwd made it (schema %" PRIu32
                                ", this one knows %" PRIu32 "); install that version again",
                                name, version, schema_newest(database->kind));
                return -ENOTSUP;
        }
        if (!schema_known(database->kind, version)) {
                (void)fault_set(fault, FAULT_STORE,
                                "cannot open %s: no discfwd had schema %" PRIu32, name, version);
                return -EBADMSG;
        }
        *ret_version = version;
        return 0;
}

static int check_schema(Database *database, uint32_t version, Fault *fault) {
        int code = SQLITE_OK, r;

        r = schema_compare(database->handle, database->kind, version, &code, fault);
        if (r == -EBADMSG)
                (void)fault_prefix(fault, "cannot open %s", database_name(database));
        else if (r < 0)
                r = database_failed(database, code, "read the schema of", fault);
        return r;
}

/* EXTRA comes before the switch to WAL, which otherwise may be forgotten by a power cut together with
 * what was committed since. EXCLUSIVE: one connection, no shared memory file. */
static int choose_journal(Database *database, Fault *fault) {
        char text[32];
        int r;

        r = run(database, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=EXTRA", fault);
        if (r == 0)
                r = ask(database, "PRAGMA journal_mode=WAL", text, sizeof(text), fault);
        if (r < 0)
                return r;
        if (strcmp(text, "wal") != 0) {
                (void)fault_set(fault, FAULT_STORE,
                                "cannot open %s: journal mode is %s, wanted wal",
                                database_name(database), text);
                return -EIO;
        }
        (void)snprintf(text, sizeof(text), "PRAGMA max_page_count=%" PRIu32,
                       kinds[database->kind].max_pages);
        /* Nothing in here is secret, and wiping what is deleted needs the very space that is short. */
        r = run(database,
                "PRAGMA wal_autocheckpoint=256; PRAGMA journal_size_limit=4194304;"
                "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;"
                "PRAGMA secure_delete=OFF",
                fault);
        if (r == 0 && kinds[database->kind].max_pages)
                r = run(database, text, fault);
        return r;
}

static int open_handle(Database *database, Fault *fault) {
        int rc;

        /* SQLite takes a path, and refuses links in any part of it: a bare name has none. */
        if (fchdir(database->folder) < 0)
                return refuse("the state folder", strerror(errno), fault);
        rc = sqlite3_open_v2(database_name(database), &database->handle,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE |
                                     SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOMUTEX,
                             NULL);
        if (rc == SQLITE_OK)
                rc = confine(database);
        return rc == SQLITE_OK ? 0 : database_failed(database, rc, "open", fault);
}

static int open_once(Database *database, bool check, Fault *fault) {
        uint32_t version = 0;
        int r;

        database->privileged = true;
        r = check_file(database, fault);
        if (r == 0)
                r = check_companions(database, fault);
        if (r == 0)
                r = open_handle(database, fault);
        if (r == 0)
                r = choose_journal(database, fault);
        if (r == 0)
                r = check_version(database, &version, fault);
        if (r == 0)
                r = check_schema(database, version, fault);
        if (r == 0 && check)
                r = database_check(database, false, fault);
        if (r == 0 && version < schema_newest(database->kind)) {
                int rc = schema_migrate(database->handle, database->kind, version,
                                        kinds[database->kind].application_id);

                if (rc != SQLITE_OK)
                        r = database_failed(database, rc, "migrate", fault);
                database->migrated_from = version;
        }
        database->privileged = false;
        if (r < 0)
                database_close(database);
        return r;
}

/* Out of the way, never deleted: somebody may want to know what befell it. */
static int put_aside(Database *database, Fault *fault) {
        static const char *const suffixes[] = { "", "-wal", "-journal" };
        const char *name = database_name(database);

        (void)snprintf(database->aside, sizeof(database->aside), "%s.corrupt-%" PRId64, name,
                       clock_realtime());
        for (size_t i = 0; i < N_ELEMENTS(suffixes); i++) {
                char from[32], to[80];

                (void)snprintf(from, sizeof(from), "%s%s", name, suffixes[i]);
                (void)snprintf(to, sizeof(to), "%s%s", database->aside, suffixes[i]);
                if (renameat(database->folder, from, database->folder, to) < 0 && errno != ENOENT)
                        return refuse(name, "it is damaged and cannot be renamed", fault);
        }
        return fsync(database->folder) < 0 ? refuse(name, strerror(errno), fault) : 0;
}

int database_open(Database *database, bool check, Fault *fault) {
        Fault why = {};
        int r;

        r = open_once(database, check, &why);
        if (r == -EBADMSG && kinds[database->kind].disposable) {
                r = put_aside(database, fault);
                if (r < 0)
                        return r;
                database->aside_why = why;
                return open_once(database, false, fault);
        }
        if (r < 0) {
                (void)fault_set(fault, why.code, "%s", why.text);
                return r;
        }
        return 0;
}

void database_close(Database *database) {
        for (unsigned i = 0; i < database->n_statements; i++)
                (void)sqlite3_finalize(database->statements[i].statement);
        database->n_statements = 0;
        if (database->handle) {
                int rc = sqlite3_close(database->handle);

                assert(rc == SQLITE_OK);
                database->handle = NULL;
        }
        database->in_transaction = database->lost = false;
        database->broken = database->suspect = false;
}

int database_ready(Database *database, Fault *fault) {
        bool check = database->suspect;

        if (database->handle && !database->broken && !database->lost)
                return 0;
        if (database->n_in_use > 0 || database->in_transaction) {
                (void)fault_set(fault, FAULT_STORE,
                                "cannot use %s: an error before this one undid it",
                                database_name(database));
                return -EIO;
        }
        database_close(database);
        return database_open(database, check, fault);
}

int database_check(Database *database, bool whole, Fault *fault) {
        bool privileged = database->privileged;
        char text[256] = "", keys[64] = "";
        sqlite3_stmt *statement = NULL;
        int r, rc = SQLITE_OK;

        database->privileged = true;
        r = ask(database, whole ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)", text,
                sizeof(text), fault);
        if (r == 0 && whole) {
                rc = sqlite3_prepare_v2(database->handle, "PRAGMA foreign_key_check", -1,
                                        &statement, NULL);
                if (rc == SQLITE_OK)
                        rc = sqlite3_step(statement);
                if (rc == SQLITE_ROW)
                        (void)snprintf(keys, sizeof(keys), "a row of %s refers to none",
                                       (const char *)sqlite3_column_text(statement, 0) ?: "?");
                else if (rc != SQLITE_DONE)
                        r = database_failed(database, rc, "check", fault);
                (void)sqlite3_finalize(statement);
        }
        database->privileged = privileged;
        if (r < 0)
                return r;
        if (strcmp(text, "ok") == 0 && keys[0] == '\0')
                return 0;
        (void)fault_set(fault, FAULT_STORE, "%s is damaged: %s", database_name(database),
                        keys[0] ? keys : text);
        return -EBADMSG;
}

/* ------------------------------------------------------------------ transactions */

static int transact(Database *database, const char *sql, const char *doing, Fault *fault) {
        int rc = sqlite3_exec(database->handle, sql, NULL, NULL, NULL);

        return rc == SQLITE_OK ? 0 : database_failed(database, rc, doing, fault);
}

int database_begin(Database *database, Fault *fault) {
        int r;

        assert(!database->in_transaction);
        r = database_ready(database, fault);
        if (r == 0)
                r = transact(database, "BEGIN IMMEDIATE", "write", fault);
        if (r == 0)
                database->in_transaction = true;
        return r;
}

int database_commit(Database *database, Fault *fault) {
        int r;

        assert(database->in_transaction);
        if (database->lost || database->broken) {
                database_rollback(database);
                (void)fault_set(fault, FAULT_STORE, "cannot write %s: an error before undid it",
                                database_name(database));
                return -EIO;
        }
        r = transact(database, "COMMIT", "write", fault);
        if (r < 0)
                database_rollback(database);
        database->in_transaction = false;
        return r;
}

void database_rollback(Database *database) {
        if (!database->in_transaction)
                return;
        /* Where an error ended the transaction already there is nothing left to undo. If undoing
         * fails, the journal does it at the next opening. */
        if (!sqlite3_get_autocommit(database->handle) &&
            sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
                database->broken = true;
        database->in_transaction = database->lost = false;
}
