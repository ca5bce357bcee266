/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "db/store.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/database.h"
#include "db/images.h"
#include "db/query.h"
#include "db/trail.h"
#include "tests/unit/store-folder.h"

static void assert_refused(TestFolder *folder, int error, const char *text) {
        Store *store = NULL;
        Fault fault = {};

        assert_int_equal(store_open(folder->fd, NOW, &store, NULL, &fault), error);
        assert_null(store);
        assert_int_equal(fault.code, FAULT_STORE);
        if (!strstr(fault.text, text))
                fail_msg("\"%s\" does not say \"%s\"", fault.text, text);
}

static void test_a_new_store_is_made_and_found_again(void **state) {
        StoreNews news;
        Store *store;
        struct stat st;
        int64_t floor;

        store = open_store(*state, &news);
        assert_true(news.made);
        assert_false(news.unclean);
        assert_int_equal(store_begin(store, NULL), 0);
        assert_int_equal(store_raise_clock_floor(store, 100, NULL), 0);
        assert_int_equal(store_commit(store, NULL), 0);
        store_close(store);

        assert_int_equal(fstatat(((TestFolder *)*state)->fd, "state.db", &st, 0), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        store = open_store(*state, &news);
        assert_false(news.made);
        assert_false(news.unclean);
        assert_int_equal(store_clock_floor(store, &floor, NULL), 0);
        assert_int_equal(floor, 100);
        assert_int_equal(store_check(store, NULL), 0);
        store_close(store);
}

static void test_a_query_that_cannot_be_opened_fails_when_it_is_asked(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        _cleanup_query_ Query query = {};
        Fault fault = {}, kept;
        int64_t number = 7;

        query = query_open(&store->state, "SELECT a FROM nowhere WHERE b = ? AND c = ?", &fault);
        assert_int_equal(fault.code, FAULT_STORE);
        kept = fault;
        bind_text_max(&query, "too long", 3);
        bind_int(&query, 1);
        bind_blob(&query, "x", 1);
        assert_true(query_step(&query) < 0);
        assert_true(query_run(&query) < 0);
        assert_true(query_number(&query, 0, 9, &number) < 0);
        assert_int_equal(number, 7);
        assert_string_equal(fault.text, kept.text);
}

/* As the next one finds it, who is killed in turn. */
static bool is_unclean(TestFolder *folder) {
        StoreNews news;
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                Store *store = open_store(folder, &news);

                _exit(store && news.unclean ? 1 : 0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status) == 1;
}

static void die_after(TestFolder *folder, void (*doing)(Store *store)) {
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                doing(open_store(folder, NULL));
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static void read_only(Store *store) {
        int64_t floor;

        begin(store);
        assert_int_equal(store_clock_floor(store, &floor, NULL), 0);
        commit(store);
}

static void write_state(Store *store) {
        begin(store);
        assert_int_equal(store_raise_clock_floor(store, 100, NULL), 0);
        commit(store);
}

static void write_nothing_in_the_end(Store *store) {
        begin(store);
        assert_int_equal(store_raise_clock_floor(store, 100, NULL), 0);
        store_rollback(store);
}

static void write_images(Store *store) {
        const uint8_t bytes[] = "an image";
        uint8_t hash[SHA256_LENGTH];

        assert_int_equal(sha256(bytes, sizeof(bytes), hash), 0);
        assert_int_equal(image_put(store, hash, bytes, sizeof(bytes), NOW, NULL), 0);
}

static void test_who_dies_after_a_change_is_noticed(void **state) {
        store_close(open_store(*state, NULL));
        die_after(*state, read_only);
        assert_false(is_unclean(*state));
        die_after(*state, write_nothing_in_the_end);
        assert_false(is_unclean(*state));
        die_after(*state, write_state);
        assert_true(is_unclean(*state));
        store_close(open_store(*state, NULL)); /* checked */
        assert_false(is_unclean(*state));
        die_after(*state, write_images);
        assert_true(is_unclean(*state));
}

static void test_the_clock_floor_never_goes_down(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        int64_t floor = -1;

        assert_int_equal(store_begin(store, NULL), 0);
        assert_int_equal(store_raise_clock_floor(store, 100, NULL), 0);
        assert_int_equal(store_raise_clock_floor(store, 99, NULL), 0);
        assert_int_equal(store_commit(store, NULL), 0);
        assert_int_equal(store_clock_floor(store, &floor, NULL), 0);
        assert_int_equal(floor, 100);
}

static void test_what_was_rolled_back_is_not_there(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        int64_t floor = -1;

        assert_int_equal(store_begin(store, NULL), 0);
        assert_true(store_in_transaction(store));
        assert_int_equal(store_raise_clock_floor(store, 100, NULL), 0);
        store_rollback(store);
        assert_false(store_in_transaction(store));
        assert_int_equal(store_clock_floor(store, &floor, NULL), 0);
        assert_int_equal(floor, 0);
}

static void test_a_second_daemon_is_refused_at_once(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);

        assert_non_null(store);
        assert_refused(*state, -EBUSY, "another discfwd has it open");
}

static void test_a_linked_database_is_refused(void **state) {
        TestFolder *folder = *state;

        store_close(open_store(folder, NULL));
        assert_int_equal(renameat(folder->fd, "state.db", folder->fd, "elsewhere"), 0);
        assert_int_equal(symlinkat("elsewhere", folder->fd, "state.db"), 0);
        assert_refused(folder, -EPERM, "symbolic link");
        assert_int_equal(unlinkat(folder->fd, "state.db", 0), 0);
        assert_int_equal(linkat(folder->fd, "elsewhere", folder->fd, "state.db", 0), 0);
        assert_refused(folder, -EPERM, "hard link");
}

static void test_a_linked_journal_is_refused(void **state) {
        TestFolder *folder = *state;

        store_close(open_store(folder, NULL));
        assert_int_equal(symlinkat("/etc/passwd", folder->fd, "state.db-wal"), 0);
        assert_refused(folder, -EPERM, "state.db-wal");
}

static void test_a_database_that_others_can_read_is_refused(void **state) {
        TestFolder *folder = *state;

        store_close(open_store(folder, NULL));
        assert_int_equal(fchmodat(folder->fd, "state.db", 0640, 0), 0);
        assert_refused(folder, -EPERM, "0600");
}

static void test_a_newer_schema_is_refused_and_named(void **state) {
        store_close(open_store(*state, NULL));
        run_sql(*state, "state.db", "PRAGMA user_version=9001");
        assert_refused(*state, -ENOTSUP, "schema 9001, this one knows 1");
}

static void test_the_database_of_another_program_is_refused(void **state) {
        store_close(open_store(*state, NULL));
        run_sql(*state, "state.db", "PRAGMA application_id=1");
        assert_refused(*state, -EBADMSG, "another program");
}

static void test_foreign_schema_objects_are_refused(void **state) {
        static const char *const objects[][2] = {
                { "CREATE TRIGGER t AFTER INSERT ON job BEGIN DELETE FROM meta; END",
                  "DROP TRIGGER t" },
                { "CREATE VIEW v AS SELECT * FROM job", "DROP VIEW v" },
                { "CREATE TABLE extra (a)", "DROP TABLE extra" },
                { "DROP INDEX job_open", "CREATE INDEX job_open ON job (id)" },
        };

        store_close(open_store(*state, NULL));
        for (size_t i = 0; i < N_ELEMENTS(objects); i++) {
                run_sql(*state, "state.db", objects[i][0]);
                assert_refused(*state, -EBADMSG, "schema");
                run_sql(*state, "state.db", objects[i][1]);
        }
        /* The last mend made another index than ours. */
        assert_refused(*state, -EBADMSG, "job_open");
}

/* What a new step has to say of itself is what is printed here. */
static void test_each_step_says_the_digest_of_its_schema(void **state _unused_) {
        for (const Migration *step = migrations; step->name; step++) {
                char digest[2 * SHA256_LENGTH + 1];
                sqlite3 *model;

                assert_int_equal(sqlite3_open(":memory:", &model), SQLITE_OK);
                for (const Migration *m = migrations; m <= step; m++)
                        if (m->kind == step->kind)
                                assert_int_equal(sqlite3_exec(model, m->sql, NULL, NULL, NULL),
                                                 SQLITE_OK);
                assert_int_equal(schema_digest(model, digest), SQLITE_OK);
                if (strcmp(digest, step->digest) != 0)
                        fail_msg("%s.sql: -- schema: %s", step->name, digest);
                assert_int_equal(sqlite3_close(model), SQLITE_OK);
        }
}

static void test_audit_rows_cannot_be_changed_through_the_store(void **state) {
        static const char *const statements[] = {
                "UPDATE audit SET entry = 'other'",
                "DELETE FROM audit",
                "DELETE FROM audit_node",
                "UPDATE audit_head SET note = 'x'",
                "DELETE FROM audit_key",
                "ATTACH 'x' AS y",
                "PRAGMA writable_schema=ON",
                "DROP TABLE audit",
                "CREATE TABLE x (a)",
                "SELECT load_extension('x')",
                "SELECT hex(randomblob(4))",
                "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c) SELECT x FROM c",
        };
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        const TrailRow row = { .seq = 1, .drive_id = "", .entry = "{}", .n_entry = 2 };

        assert_int_equal(store_begin(store, NULL), 0);
        assert_int_equal(trail_insert(store, &row, NULL), 0);
        for (size_t i = 0; i < N_ELEMENTS(statements); i++) {
                sqlite3_stmt *statement = NULL;

                assert_int_not_equal(sqlite3_prepare_v2(store->state.handle, statements[i], -1,
                                                        &statement, NULL),
                                     SQLITE_OK);
                if (!strstr(sqlite3_errmsg(store->state.handle), "not authorized"))
                        fail_msg("%s: %s", statements[i], sqlite3_errmsg(store->state.handle));
                assert_null(statement);
        }
        assert_int_equal(store_commit(store, NULL), 0);
}

static void assert_pragma(Database *database, const char *sql, const char *wanted) {
        sqlite3_stmt *statement = NULL;

        database->privileged = true;
        assert_int_equal(sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL),
                         SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        assert_string_equal((const char *)sqlite3_column_text(statement, 0), wanted);
        (void)sqlite3_finalize(statement);
        database->privileged = false;
}

/* What was measured to lose nothing in a power cut; no test here can cut the power. */
static void test_both_files_are_opened_so_that_power_cuts_lose_nothing(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        Database *const databases[] = { &store->state, &store->images };

        for (size_t i = 0; i < N_ELEMENTS(databases); i++) {
                assert_pragma(databases[i], "PRAGMA synchronous", "3");
                assert_pragma(databases[i], "PRAGMA journal_mode", "wal");
                assert_pragma(databases[i], "PRAGMA locking_mode", "exclusive");
                assert_pragma(databases[i], "PRAGMA foreign_keys", "1");
                assert_pragma(databases[i], "PRAGMA trusted_schema", "0");
                assert_pragma(databases[i], "PRAGMA mmap_size", "0");
        }
        assert_pragma(&store->images, "PRAGMA max_page_count", "262144");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                test_in_folder(test_a_new_store_is_made_and_found_again),
                test_in_folder(test_a_query_that_cannot_be_opened_fails_when_it_is_asked),
                test_in_folder(test_who_dies_after_a_change_is_noticed),
                test_in_folder(test_the_clock_floor_never_goes_down),
                test_in_folder(test_what_was_rolled_back_is_not_there),
                test_in_folder(test_a_second_daemon_is_refused_at_once),
                test_in_folder(test_a_linked_database_is_refused),
                test_in_folder(test_a_linked_journal_is_refused),
                test_in_folder(test_a_database_that_others_can_read_is_refused),
                test_in_folder(test_a_newer_schema_is_refused_and_named),
                test_in_folder(test_the_database_of_another_program_is_refused),
                test_in_folder(test_foreign_schema_objects_are_refused),
                cmocka_unit_test(test_each_step_says_the_digest_of_its_schema),
                test_in_folder(test_audit_rows_cannot_be_changed_through_the_store),
                test_in_folder(test_both_files_are_opened_so_that_power_cuts_lose_nothing),
        };

        return RUN_TESTS(tests);
}
