/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/event.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/test.h"

static const uint8_t prev[SHA256_LENGTH] = { 0xab };

static const AuditEvent a_full_one = {
        .kind = AUDIT_FLASH_OUTCOME,
        .when = { .time = 1700000000, .boottime_ms = 12345, .boot_id = "b0" },
        .by_user = true,
        .uid = 0,
        .user = "root",
        .via = "ssh",
        .drive_id = "aa01",
        .node = "sg1",
        .model = "DVDRW IDE1004",
        .from = "0043",
        .to = "0050",
        .catalog = "main",
        .target = "drive/x/0050",
        .has_image = true,
        .image = { 1, 2, 3 },
        .reason = "it hums",
        .outcome = "failed-unharmed",
        .fault = { FAULT_DRIVE_REFUSED, "drive refused" },
        .sense = "5/20/00",
        .job = 7,
        .detail = "more",
        .before = { true, 12, 1, -1 },
        .after = { true, 3, 0, -1 },
        .counted_anew = true,
};

/* The form is an interface: leaves that were signed have it. */
static void test_an_entry_has_one_form(void **state) {
        static const char wanted[] =
                "{\"seq\":9,"
                "\"prev\":\"ab00000000000000000000000000000000000000000000000000000000000000\","
                "\"time\":\"2023-11-14T22:13:20Z\",\"boot\":\"b0\",\"boottime\":12345,"
                "\"kind\":\"flash.outcome\",\"uid\":0,\"user\":\"root\",\"via\":\"ssh\","
                "\"drive\":\"aa01\",\"node\":\"sg1\",\"model\":\"DVDRW IDE1004\",\"from\":\"0043\","
                "\"to\":\"0050\",\"catalog\":\"main\",\"target\":\"drive/x/0050\","
                "\"image\":\"0102030000000000000000000000000000000000000000000000000000000000\","
                "\"reason\":\"it hums\",\"outcome\":\"failed-unharmed\",\"fault\":\"DriveRefused\","
                "\"fault-text\":\"drive refused\",\"sense\":\"5/20/00\",\"job\":7,"
                "\"detail\":\"more\",\"kernel-before\":[12,1,-1],\"kernel-after\":[3,0,-1],"
                "\"kernel-anew\":true}";
        _cleanup_free_ char *entry = NULL;
        size_t n;

        (void)state;
        assert_int_equal(audit_event_encode(&a_full_one, 9, prev, &entry, &n), 0);
        assert_string_equal(entry, wanted);
        assert_int_equal(n, strlen(wanted));
}

static void assert_comes_back(const AuditEvent *event) {
        _cleanup_free_ char *entry = NULL, *again = NULL;
        uint8_t prev_again[SHA256_LENGTH];
        const char *field;
        AuditEvent read;
        int64_t seq;
        size_t n, n_again;

        assert_int_equal(audit_event_encode(event, 1, prev, &entry, &n), 0);
        if (!audit_event_decode(entry, n, &read, &seq, prev_again, &field))
                fail_msg("%s: %s", field, entry);
        assert_int_equal(seq, 1);
        assert_memory_equal(prev_again, prev, sizeof(prev));
        assert_int_equal(audit_event_encode(&read, seq, prev_again, &again, &n_again), 0);
        assert_string_equal(entry, again);
}

static void test_what_is_written_reads_back(void **state) {
        AuditEvent event = {};

        (void)state;
        assert_comes_back(&a_full_one);
        for (AuditKind kind = 0; kind < _AUDIT_KIND_MAX; kind++) {
                AuditKind again;

                event.kind = kind;
                assert_comes_back(&event);
                assert_true(audit_kind_from_name(audit_kind_name(kind), &again));
                assert_int_equal(again, kind);
        }
}

static void fill(char *text, size_t size, char c) {
        memset(text, c, size - 1);
        text[size - 1] = '\0';
}

/* Every text as long as it may be, of the byte that takes up the most room. */
static void test_the_longest_texts_fit_whatever_they_hold(void **state) {
        static const char bytes[] = { 'x', '\x01', '"', '\\', '\xff', '\n' };

        (void)state;
        for (size_t i = 0; i < sizeof(bytes); i++) {
                AuditEvent event = a_full_one;

                fill(event.when.boot_id, sizeof(event.when.boot_id), bytes[i]);
                fill(event.user, sizeof(event.user), bytes[i]);
                fill(event.via, sizeof(event.via), bytes[i]);
                fill(event.drive_id, sizeof(event.drive_id), bytes[i]);
                fill(event.node, sizeof(event.node), bytes[i]);
                fill(event.model, sizeof(event.model), bytes[i]);
                fill(event.from, sizeof(event.from), bytes[i]);
                fill(event.to, sizeof(event.to), bytes[i]);
                fill(event.catalog, sizeof(event.catalog), bytes[i]);
                fill(event.target, sizeof(event.target), bytes[i]);
                fill(event.reason, sizeof(event.reason), bytes[i]);
                fill(event.outcome, sizeof(event.outcome), bytes[i]);
                fill(event.fault.text, sizeof(event.fault.text), bytes[i]);
                fill(event.sense, sizeof(event.sense), bytes[i]);
                fill(event.detail, sizeof(event.detail), bytes[i]);
                assert_comes_back(&event);
        }
}

static void test_a_time_that_cannot_be_written_is_refused(void **state) {
        AuditEvent event = a_full_one;
        char *entry = NULL;
        size_t n;

        (void)state;
        event.when.time = -1;
        assert_int_equal(audit_event_encode(&event, 1, prev, &entry, &n), -ERANGE);
        event.when.time = INT64_MAX;
        assert_int_equal(audit_event_encode(&event, 1, prev, &entry, &n), -ERANGE);
        assert_null(entry);
}

#define HASH  "\"ab00000000000000000000000000000000000000000000000000000000000000\""
#define START "{\"seq\":1,\"prev\":" HASH ",\"time\":\"2023-11-14T22:13:20Z\",\"kind\":\"hold\""

static void test_the_member_that_makes_no_sense_is_named(void **state) {
        static const struct {
                const char *entry, *field;
        } cases[] = {
                { "", "object" },
                { "[]", "object" },
                { START "} ", NULL },
                { START "}x", "object" },
                { START ",\"seq\":1}", "object" },
                { START ",\"other\":1}", "unknown" },
                { "{\"seq\":0,\"prev\":" HASH "}", "seq" },
                { "{\"seq\":1.0,\"prev\":" HASH "}", "seq" },
                { "{\"seq\":1}", "prev" },
                { "{\"seq\":1,\"prev\":\"ab\"}", "prev" },
                { "{\"seq\":1,\"prev\":" HASH ",\"time\":\"today\"}", "time" },
                { "{\"seq\":1,\"prev\":" HASH ",\"time\":\"2023-11-14T22:13:20Z\"}", "kind" },
                { START ",\"uid\":-1}", "uid" },
                { START ",\"uid\":4294967296}", "uid" },
                { START ",\"user\":1}", "user" },
                { START ",\"user\":\"\"}", "user" },
                { START ",\"drive\":\"longer than the thirty-two bytes it may have\"}", "drive" },
                { START ",\"image\":\"abc\"}", "image" },
                { START ",\"fault\":\"NoSuchFault\"}", "fault" },
                { START ",\"job\":0}", "job" },
                { START ",\"boottime\":\"1\"}", "boottime" },
                { START ",\"kernel-before\":[1,2]}", "kernel-before" },
                { START ",\"kernel-before\":[1,2,3,4]}", "kernel-before" },
                { START ",\"kernel-before\":[1,2,-2]}", "kernel-before" },
                { START ",\"kernel-after\":[1,\"2\",3]}", "kernel-after" },
                { START ",\"kernel-after\":7}", "kernel-after" },
                { START ",\"kernel-anew\":false}", "kernel-anew" },
        };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                uint8_t prev_again[SHA256_LENGTH];
                const char *field = NULL;
                AuditEvent event;
                int64_t seq;
                bool good = audit_event_decode(cases[i].entry, strlen(cases[i].entry), &event, &seq,
                                               prev_again, &field);

                if (good != !cases[i].field || (field && strcmp(field, cases[i].field) != 0))
                        fail_msg("%s: %s", cases[i].entry, field ? field : "accepted");
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_entry_has_one_form),
                cmocka_unit_test(test_what_is_written_reads_back),
                cmocka_unit_test(test_the_longest_texts_fit_whatever_they_hold),
                cmocka_unit_test(test_a_time_that_cannot_be_written_is_refused),
                cmocka_unit_test(test_the_member_that_makes_no_sense_is_named),
        };

        return RUN_TESTS(tests);
}
