/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/audit.h"

#include <errno.h>
#include <inttypes.h>

#include "base/file.h"
#include "tests/unit/store-folder.h"

#define N_ENTRIES 12 /* key, then eleven; heads at 4, 8 and 12 */

static const AuditWhen now = { .time = NOW, .boottime_ms = 1000, .boot_id = "b" };

typedef struct Trail {
        TestFolder *folder;
        Store *store;
        Audit *audit;
} Trail;

static void trail_open(Trail *trail, TestFolder *folder) {
        Fault fault = {};

        *trail = (Trail){ .folder = folder, .store = open_store(folder, NULL) };
        assert_done(audit_open(trail->store, &now, &trail->audit, &fault), &fault);
}

static void trail_close(Trail *trail) {
        trail->audit = audit_free(trail->audit);
        trail->store = store_close(trail->store);
}
#define _cleanup_trail_ _cleanup_(trail_close)

static int64_t append(Trail *trail, AuditKind kind, const char *drive, const char *reason) {
        AuditEvent event = { .kind = kind, .when = now, .by_user = true, .uid = 1000 };
        Fault fault = {};
        int64_t seq = 0;

        strcpy(event.drive_id, drive);
        strcpy(event.reason, reason);
        assert_done(audit_append(trail->audit, &event, &seq, &fault), &fault);
        return seq;
}

static void fill(Trail *trail) {
        for (int64_t seq = 2; seq <= N_ENTRIES; seq++) {
                char reason[32];

                (void)snprintf(reason, sizeof(reason), "reason %" PRId64, seq);
                begin(trail->store);
                assert_int_equal(append(trail, AUDIT_FLASH_INTENT, seq % 2 ? "aa" : "bb", reason),
                                 seq);
                if (seq % 4 == 0)
                        assert_int_equal(audit_head(trail->audit, NULL, NULL), 0);
                commit(trail->store);
        }
}

static AuditReport verify(Trail *trail) {
        AuditReport report = {};
        Fault fault = {};

        assert_done(audit_verify(trail->audit, &report, &fault), &fault);
        return report;
}

static char *export(Trail *trail, size_t *ret_n) {
        _cleanup_close_ int fd =
                openat(trail->folder->fd, "export", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        uint8_t *bytes = NULL;
        Fault fault = {};

        assert_done(audit_export(trail->audit, fd, &fault), &fault);
        assert_int_equal(file_read(trail->folder->fd, "export", 1000000, &bytes, ret_n), 0);
        return (char *)bytes;
}

static AuditReport verify_text(const char *text, size_t n, const char *key, const char *head) {
        AuditReport report = {};

        assert_int_equal(audit_verify_export(text, n, key, head, &report), 0);
        return report;
}

/* A full trail, what SQL does to it, and what is said. */
static AuditReport tampered(TestFolder *folder, const char *sql) {
        _cleanup_trail_ Trail trail = {};

        trail_open(&trail, folder);
        fill(&trail);
        trail_close(&trail);
        run_sql(folder, "state.db", sql);
        trail_open(&trail, folder);
        return verify(&trail);
}

static void assert_broken(const AuditReport *report, int64_t at, const char *text) {
        assert_false(report->whole);
        assert_string_equal(report->text, text);
        assert_int_equal(report->broken_at, at);
}

static void test_a_whole_trail_is_whole(void **state) {
        _cleanup_trail_ Trail trail = {};
        AuditReport report;

        trail_open(&trail, *state);
        fill(&trail);
        report = verify(&trail);
        assert_string_equal(report.text, "");
        assert_true(report.whole);
        assert_int_equal(report.n_entries, N_ENTRIES);
        assert_int_equal(report.n_heads, 3);
        assert_int_equal(report.n_covered, N_ENTRIES);
        assert_string_equal(report.key, audit_key(trail.audit));
        trail_close(&trail);

        /* The key is found again and not announced twice. */
        trail_open(&trail, *state);
        assert_int_equal(verify(&trail).n_entries, N_ENTRIES);
}

static void test_an_altered_entry_is_named(void **state) {
        AuditReport report = tampered(*state, "UPDATE audit SET entry = replace(entry, 'reason 6', "
                                              "'reason 7') WHERE seq = 6");

        assert_broken(&report, 6, "entry 6 was altered");
        assert_int_equal(report.n_covered, 4);
}

static void test_an_altered_last_entry_is_named(void **state) {
        AuditReport report =
                tampered(*state, "UPDATE audit SET entry = replace(entry, 'reason 12', "
                                 "'reason 13') WHERE seq = 12");

        assert_broken(&report, 12, "entry 12 was altered");
}

static void test_a_member_that_makes_no_sense_is_named(void **state) {
        AuditReport report = tampered(*state, "UPDATE audit SET entry = replace(entry, "
                                              "'\"flash.intent\"', '\"flash\"') WHERE seq = 5");

        assert_broken(&report, 5, "entry 5 makes no sense at \"kind\"");
}

static void test_an_entry_filed_under_another_drive_is_named(void **state) {
        AuditReport report = tampered(*state, "UPDATE audit SET drive = 'cc' WHERE seq = 7");

        assert_broken(&report, 7, "entry 7 is filed under another drive");
}

static void test_a_deleted_entry_is_named(void **state) {
        AuditReport report = tampered(*state, "DELETE FROM audit WHERE seq = 6");

        assert_broken(&report, 6, "entry 6 is missing");
}

static void test_an_inserted_entry_is_named(void **state) {
        AuditReport report =
                tampered(*state, "INSERT INTO audit SELECT 13, drive, replace(entry, "
                                 "'\"seq\":12', '\"seq\":13') FROM audit WHERE seq = 12");

        assert_broken(&report, 12, "entry 12 is not the one that entry 13 was written after");
}

static void test_swapped_entries_are_named(void **state) {
        AuditReport report = tampered(*state, "UPDATE audit SET seq = 99 WHERE seq = 6;"
                                              "UPDATE audit SET seq = 6 WHERE seq = 7;"
                                              "UPDATE audit SET seq = 7 WHERE seq = 99");

        assert_broken(&report, 6, "entry 6 is missing: entry 7 is in its place");
}

static void test_a_cut_tail_is_named(void **state) {
        AuditReport report = tampered(*state, "DELETE FROM audit WHERE seq > 10");

        assert_broken(&report, 11, "entries after 10 are missing: the tree has them");
}

static void test_a_cut_tail_is_named_by_a_head_where_the_tree_was_cut_too(void **state) {
        AuditReport report =
                tampered(*state, "DELETE FROM audit WHERE seq > 10;"
                                 "DELETE FROM audit_node WHERE (position + 1) << level > 10");

        assert_broken(&report, 11,
                      "entries after 10 are missing: the stored head of size 12 says so");
}

static void test_a_tree_that_was_thrown_away_is_missed(void **state) {
        AuditReport report = tampered(*state, "DELETE FROM audit_node");

        assert_broken(&report, 1, "entry 1 is not in the tree");
}

static void test_a_forged_head_is_named(void **state) {
        /* A character in the middle of the signature, so that it stays base64 whatever the key is. */
        AuditReport report = tampered(
                *state, "UPDATE audit_head SET note = substr(note, 1, length(note) - 21) || "
                        "CASE substr(note, length(note) - 20, 1) WHEN 'A' THEN 'B' ELSE 'A' END || "
                        "substr(note, length(note) - 19) WHERE size = 8");

        assert_broken(&report, 5,
                      "the stored head of size 8 is not signed by a key announced before it");
}

static void test_a_head_moved_to_another_size_is_named(void **state) {
        AuditReport report = tampered(*state, "UPDATE audit_head SET note = (SELECT note FROM "
                                              "audit_head WHERE size = 8) WHERE size = 12");

        assert_broken(&report, 12, "the head filed under size 12 is another");
}

static void test_a_key_that_was_never_announced_signs_nothing(void **state) {
        _cleanup_trail_ Trail trail = {};
        TestFolder *folder = *state;
        AuditReport report;

        trail_open(&trail, folder);
        fill(&trail);
        trail_close(&trail);
        /* Another key, under which the trail goes on: it is announced, and old heads hold. */
        assert_int_equal(renameat(folder->fd, "audit.key", folder->fd, "old.key"), 0);
        trail_open(&trail, folder);
        begin(trail.store);
        assert_int_equal(audit_head(trail.audit, NULL, NULL), 0);
        commit(trail.store);
        report = verify(&trail);
        assert_true(report.whole);
        assert_int_equal(report.n_entries, N_ENTRIES + 1);
        trail_close(&trail);
        /* Its announcement gone, its head is nobody's. */
        run_sql(folder, "state.db",
                "UPDATE audit SET entry = replace(entry, 'audit.key', 'hold') WHERE seq = 13;");
        trail_open(&trail, folder);
        report = verify(&trail);
        assert_broken(&report, 13, "entry 13 was altered");
}

static void test_a_trail_that_was_lost_is_not_begun_anew_in_silence(void **state) {
        _cleanup_trail_ Trail trail = {};
        TestFolder *folder = *state;
        AuditReport report;

        trail_open(&trail, folder);
        fill(&trail);
        trail_close(&trail);
        assert_int_equal(unlinkat(folder->fd, "state.db", 0), 0);
        trail_open(&trail, folder);
        report = verify(&trail);
        assert_true(report.whole);
        assert_int_equal(report.n_entries, 2);
}

static void test_a_rolled_back_entry_was_never_there(void **state) {
        _cleanup_trail_ Trail trail = {};

        trail_open(&trail, *state);
        fill(&trail);
        begin(trail.store);
        assert_int_equal(append(&trail, AUDIT_HOLD, "aa", "x"), N_ENTRIES + 1);
        assert_int_equal(audit_head(trail.audit, NULL, NULL), 0);
        store_rollback(trail.store);
        begin(trail.store);
        assert_int_equal(append(&trail, AUDIT_UNHOLD, "aa", "y"), N_ENTRIES + 1);
        commit(trail.store);
        assert_true(verify(&trail).whole);
}

static void test_a_key_that_others_can_read_is_refused(void **state) {
        TestFolder *folder = *state;
        _cleanup_trail_ Trail trail = {};
        Fault fault = {};
        Audit *audit;

        trail_open(&trail, folder);
        trail.audit = audit_free(trail.audit);
        assert_int_equal(fchmodat(folder->fd, "audit.key", 0644, 0), 0);
        assert_int_equal(audit_open(trail.store, &now, &audit, &fault), -EBADMSG);
        assert_int_equal(fault.code, FAULT_AUDIT_BROKEN);
        assert_int_equal(file_write_atomic(folder->fd, "audit.key", "nonsense", 8, 0600), 0);
        fault_clear(&fault);
        assert_int_equal(audit_open(trail.store, &now, &audit, &fault), -EBADMSG);
        assert_string_equal(fault.text,
                            "cannot use audit.key: it is no key; restore it, or move it "
                            "aside for a new one");
}

static int take_event(int64_t seq, const AuditEvent *event, void *userdata) {
        char *text = userdata;

        (void)sprintf(text + strlen(text), "%" PRId64 ":%s ", seq, event->drive_id);
        return 0;
}

static void test_history_is_read_backwards_by_drive(void **state) {
        _cleanup_trail_ Trail trail = {};
        char text[256] = "";

        trail_open(&trail, *state);
        fill(&trail);
        assert_int_equal(audit_read(trail.audit, "aa", 0, 3, take_event, text, NULL), 0);
        assert_string_equal(text, "11:aa 9:aa 7:aa ");
        text[0] = '\0';
        assert_int_equal(audit_read(trail.audit, "aa", 7, 10, take_event, text, NULL), 0);
        assert_string_equal(text, "5:aa 3:aa ");
        text[0] = '\0';
        assert_int_equal(audit_read(trail.audit, NULL, 0, 2, take_event, text, NULL), 0);
        assert_string_equal(text, "12:bb 11:aa ");
}

/* ------------------------------------------------------------------ exported files */

static void test_an_exported_trail_is_whole(void **state) {
        _cleanup_trail_ Trail trail = {};
        _cleanup_free_ char *text = NULL;
        AuditReport report, stored;
        size_t n;

        trail_open(&trail, *state);
        fill(&trail);
        text = export(&trail, &n);
        stored = verify(&trail);
        report = verify_text(text, n, NULL, NULL);
        assert_string_equal(report.text, "");
        assert_true(report.whole);
        assert_int_equal(report.n_entries, N_ENTRIES);
        assert_string_equal(report.root, stored.root);
        assert_true(verify_text(text, n, audit_key(trail.audit), stored.head).whole);
}

static void test_another_key_or_head_than_ones_own_is_told(void **state) {
        static const char other[] =
                "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        _cleanup_trail_ Trail trail = {};
        _cleanup_free_ char *text = NULL;
        char head[AUDIT_NOTE_MAX + 1];
        AuditReport report;
        size_t n;

        trail_open(&trail, *state);
        fill(&trail);
        text = export(&trail, &n);
        report = verify_text(text, n, other, NULL);
        assert_broken(&report, 1, "no signed head covers entries 1 to 12");
        report = verify_text(text, n, "nonsense", NULL);
        assert_broken(&report, 1, "the key given is none: wanted NAME+ID+BASE64");
        /* A head that came later than the file: so the file is not all. */
        begin(trail.store);
        (void)append(&trail, AUDIT_HOLD, "aa", "x");
        assert_int_equal(audit_head(trail.audit, head, NULL), 0);
        commit(trail.store);
        report = verify_text(text, n, NULL, head);
        assert_broken(&report, 13,
                      "entries after 12 are missing: the head that was kept of size 13 says so");
}

/* The K-th line, counted from 1; ends behind its newline. */
static void line_of(char *text, unsigned k, char **ret_start, char **ret_end) {
        *ret_end = text;
        for (unsigned i = 0; i < k; i++) {
                *ret_start = *ret_end;
                *ret_end = strchr(*ret_start, '\n') + 1;
        }
}

#define FIRST_ENTRY 5 /* after the format and three heads */

static void test_a_file_tells_where_it_was_changed(void **state) {
        _cleanup_trail_ Trail trail = {};
        _cleanup_free_ char *text = NULL, *copy = NULL;
        AuditReport report;
        char *start, *end;
        size_t n;

        trail_open(&trail, *state);
        fill(&trail);
        text = export(&trail, &n);
        copy = malloc(2 * n);
        assert_non_null(copy);

        memcpy(copy, text, n + 1);
        *strstr(copy, "reason 6") = 'R';
        report = verify_text(copy, n, NULL, NULL);
        assert_broken(&report, 6, "entry 6 is not the one that entry 7 was written after");

        memcpy(copy, text, n + 1);
        *strstr(copy, "reason 12") = 'R';
        report = verify_text(copy, n, NULL, NULL);
        assert_broken(&report, 9, "entries 9 to 12 are not those that the stored head covers");

        memcpy(copy, text, n + 1);
        line_of(copy, FIRST_ENTRY + 5, &start, &end);
        memmove(start, end, strlen(end) + 1);
        report = verify_text(copy, strlen(copy), NULL, NULL);
        assert_broken(&report, 6, "entry 6 is missing: entry 7 is in its place");

        memcpy(copy, text, n + 1);
        line_of(copy, FIRST_ENTRY + 5, &start, &end);
        memmove(end, start, strlen(start) + 1);
        report = verify_text(copy, strlen(copy), NULL, NULL);
        assert_broken(&report, 7, "entry 6 is there twice, or not in its place");

        memcpy(copy, text, n + 1);
        line_of(copy, FIRST_ENTRY + 11, &start, &end);
        report = verify_text(copy, (size_t)(start - copy), NULL, NULL);
        assert_broken(&report, 12,
                      "entries after 11 are missing: the stored head of size 12 says so");
        report = verify_text(copy, (size_t)(end - copy) - 5, NULL, NULL);
        assert_broken(&report, 12, "the file is cut off within line 16");

        memcpy(copy, text, n + 1);
        line_of(copy, 4, &start, &end);
        memmove(start, end, strlen(end) + 1);
        report = verify_text(copy, strlen(copy), NULL, NULL);
        assert_broken(&report, 9, "no signed head covers entries 9 to 12");

        report = verify_text("", 0, NULL, NULL);
        assert_false(report.whole);
}

static void test_no_changed_byte_of_a_file_goes_unseen(void **state) {
        _cleanup_trail_ Trail trail = {};
        _cleanup_free_ char *text = NULL;
        size_t n;

        trail_open(&trail, *state);
        fill(&trail);
        text = export(&trail, &n);
        for (size_t i = 0; i < n; i++) {
                text[i] ^= (char)(1u << i % 8);
                if (verify_text(text, n, NULL, NULL).whole)
                        fail_msg("byte %zu of %zu: \"%.40s\"", i, n, text + i);
                text[i] ^= (char)(1u << i % 8);
        }
        assert_true(verify_text(text, n, NULL, NULL).whole);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                test_in_folder(test_a_whole_trail_is_whole),
                test_in_folder(test_an_altered_entry_is_named),
                test_in_folder(test_an_altered_last_entry_is_named),
                test_in_folder(test_a_member_that_makes_no_sense_is_named),
                test_in_folder(test_an_entry_filed_under_another_drive_is_named),
                test_in_folder(test_a_deleted_entry_is_named),
                test_in_folder(test_an_inserted_entry_is_named),
                test_in_folder(test_swapped_entries_are_named),
                test_in_folder(test_a_cut_tail_is_named),
                test_in_folder(test_a_cut_tail_is_named_by_a_head_where_the_tree_was_cut_too),
                test_in_folder(test_a_tree_that_was_thrown_away_is_missed),
                test_in_folder(test_a_forged_head_is_named),
                test_in_folder(test_a_head_moved_to_another_size_is_named),
                test_in_folder(test_a_key_that_was_never_announced_signs_nothing),
                test_in_folder(test_a_trail_that_was_lost_is_not_begun_anew_in_silence),
                test_in_folder(test_a_rolled_back_entry_was_never_there),
                test_in_folder(test_a_key_that_others_can_read_is_refused),
                test_in_folder(test_history_is_read_backwards_by_drive),
                test_in_folder(test_an_exported_trail_is_whole),
                test_in_folder(test_another_key_or_head_than_ones_own_is_told),
                test_in_folder(test_a_file_tells_where_it_was_changed),
                test_in_folder(test_no_changed_byte_of_a_file_goes_unseen),
        };

        return RUN_TESTS(tests);
}
