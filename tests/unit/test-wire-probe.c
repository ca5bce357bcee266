/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/probe.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/test.h"

static uint8_t buffer[WIRE_MESSAGE_MAX];

/* A BTC drive as it is: no vendor, and a revision that is a label. */
static DriveRecord btc(void) {
        DriveRecord record = {
                .node = "sg1",
                .block = "sr0",
                .devpath = "/devices/pci0000:00/0000:00:1f.1/ata2/host1/target1:0:0/1:0:0:0",
                .attachment = ATTACHED_ATA,
                .n_inquiry = 36,
                .revision = "0043",
                .serial = "K8L0123456",
                .serial_source = SERIAL_FEATURE,
                .class = CLASS_DVD_WRITER,
                .profile = 0x001b,
                .interface = 2,
                .upgradable = true,
                .firmware_date = "20040317120000",
                .buffer_kib = 2048,
                .max_read_kbs = 21632,
                .max_write_kbs = 11080,
                .region = { .known = true,
                            .state = 1,
                            .vendor_resets = 4,
                            .user_changes = 3,
                            .mask = 0xfd,
                            .scheme = 1 },
                .counters = { .done = 1234, .errors = 5, .timeouts = -1 },
        };

        memcpy(record.inquiry, "\x05\x80\x05\x32\x1f\0\0\0        DVDRW IDE1004   0043", 36);
        memcpy(record.identity, record.inquiry + 8, sizeof(record.identity));
        return record;
}

static void test_a_record_arrives_as_it_was_sent(void **state) {
        DriveRecord sent = btc(), came;
        size_t n;

        (void)state;
        n = probe_drive_encode(&sent, buffer, sizeof(buffer));
        assert_int_not_equal(n, 0);
        memset(&came, 0xa5, sizeof(came));
        assert_true(probe_drive_decode(buffer, n, &came));
        assert_string_equal(came.node, sent.node);
        assert_string_equal(came.block, sent.block);
        assert_string_equal(came.devpath, sent.devpath);
        assert_int_equal(came.attachment, sent.attachment);
        assert_int_equal(came.fault.code, FAULT_NONE);
        assert_int_equal(came.n_inquiry, 36);
        assert_memory_equal(came.inquiry, sent.inquiry, sizeof(sent.inquiry));
        assert_memory_equal(came.identity, sent.identity, sizeof(sent.identity));
        assert_string_equal(came.revision, sent.revision);
        assert_string_equal(came.serial, sent.serial);
        assert_int_equal(came.serial_source, sent.serial_source);
        assert_int_equal(came.class, sent.class);
        assert_int_equal(came.profile, sent.profile);
        assert_int_equal(came.interface, sent.interface);
        assert_true(came.upgradable);
        assert_string_equal(came.firmware_date, sent.firmware_date);
        assert_int_equal(came.buffer_kib, sent.buffer_kib);
        assert_int_equal(came.max_read_kbs, sent.max_read_kbs);
        assert_int_equal(came.max_write_kbs, sent.max_write_kbs);
        assert_true(came.region.known);
        assert_int_equal(came.region.user_changes, 3);
        assert_int_equal(came.region.mask, 0xfd);
        assert_int_equal(came.counters.done, 1234);
        assert_int_equal(came.counters.timeouts, -1);
}

static void test_a_drive_that_was_not_read_carries_its_fault_and_nothing_else(void **state) {
        DriveRecord sent = btc(), came;
        size_t n, n_whole;

        (void)state;
        n_whole = probe_drive_encode(&sent, buffer, sizeof(buffer));
        (void)fault_set(&sent.fault, FAULT_DRIVE_SILENT, "no answer to INQUIRY within 30 s");
        n = probe_drive_encode(&sent, buffer, sizeof(buffer));
        assert_true(n < n_whole);
        assert_true(probe_drive_decode(buffer, n, &came));
        assert_int_equal(came.fault.code, FAULT_DRIVE_SILENT);
        assert_string_equal(came.fault.text, "no answer to INQUIRY within 30 s");
        assert_string_equal(came.node, "sg1");
        assert_int_equal(came.n_inquiry, 0);
        assert_string_equal(came.serial, "");
        assert_string_equal(came.revision, "");
}

static void test_a_record_that_is_cut_or_too_long_is_refused_and_the_result_left_alone(
        void **state) {
        DriveRecord sent = btc(), came = { .node = "as it was" };
        size_t n = probe_drive_encode(&sent, buffer, sizeof(buffer));

        (void)state;
        for (size_t i = 0; i < n; i++)
                assert_false(probe_drive_decode(buffer, i, &came));
        buffer[n] = 0;
        assert_false(probe_drive_decode(buffer, n + 1, &came));
        assert_string_equal(came.node, "as it was");
        for (size_t i = 0; i < n; i++)
                assert_int_equal(probe_drive_encode(&sent, buffer, i), 0);
}

/* Whatever decodes must be in the one form there is: changed bytes are refused or come out again. */
static void test_no_byte_of_a_record_can_be_changed_unseen(void **state) {
        static uint8_t changed[1024], again[1024];
        DriveRecord sent = btc(), came;
        size_t n = probe_drive_encode(&sent, buffer, sizeof(buffer));
        unsigned n_refused = 0;

        (void)state;
        assert_true(n < sizeof(changed));
        for (size_t i = 0; i < n; i++)
                for (unsigned bit = 0; bit < 8; bit++) {
                        memcpy(changed, buffer, n);
                        changed[i] ^= (uint8_t)(1u << bit);
                        if (!probe_drive_decode(changed, n, &came)) {
                                n_refused++;
                                continue;
                        }
                        assert_int_equal(probe_drive_encode(&came, again, sizeof(again)), n);
                        assert_memory_equal(again, changed, n);
                }
        assert_true(n_refused > 100);
}

static void refuses(DriveRecord *record) {
        DriveRecord came;
        size_t n = probe_drive_encode(record, buffer, sizeof(buffer));

        assert_int_not_equal(n, 0);
        assert_false(probe_drive_decode(buffer, n, &came));
}

static void test_values_out_of_range_are_refused(void **state) {
        DriveRecord record;

        (void)state;
        record = btc();
        record.attachment = _ATTACHED_MAX;
        refuses(&record);
        record = btc();
        record.class = _CLASS_MAX;
        refuses(&record);
        record = btc();
        record.serial_source = _SERIAL_SOURCE_MAX;
        refuses(&record);
        record = btc();
        record.serial_source = SERIAL_NONE;
        refuses(&record);
        record = btc();
        strcpy(record.serial, "K8L\x1b[2J0");
        refuses(&record);
        record = btc();
        strcpy(record.firmware_date, "2004-03-17");
        refuses(&record);
        record = btc();
        record.region.state = 4;
        refuses(&record);
        record = btc();
        record.counters.errors = -2;
        refuses(&record);
        record = btc();
        record.n_inquiry = 35;
        refuses(&record);
        record = btc();
        record.node[0] = '\0';
        refuses(&record);
        record = btc();
        record.fault.code = (FaultCode)13; /* there is none of this number */
        refuses(&record);
}

static void test_a_revision_of_nuls_reads_as_blanks(void **state) {
        DriveRecord sent = btc(), came;
        size_t n;

        (void)state;
        memcpy(sent.inquiry + 32,
               "\0\0"
               "1\0",
               4);
        n = probe_drive_encode(&sent, buffer, sizeof(buffer));
        assert_true(probe_drive_decode(buffer, n, &came));
        assert_string_equal(came.revision, "  1 ");
}

static void test_scan_and_end_arrive_as_they_were_sent(void **state) {
        ProbeEnd sent = { .n_drives = 3 }, came;
        ProbeScan scan = { .node = "emulated:btc" }, back;
        size_t n;

        (void)state;
        n = probe_scan_encode(&scan, buffer, sizeof(buffer));
        assert_true(probe_scan_decode(buffer, n, &back));
        assert_string_equal(back.node, "emulated:btc");
        assert_int_equal(back.n_late, 0);
        assert_false(probe_scan_decode(buffer, n - 1, &back));
        scan = (ProbeScan){ .late = { "sg1", "sg2" }, .n_late = 2 };
        n = probe_scan_encode(&scan, buffer, sizeof(buffer));
        assert_true(probe_scan_decode(buffer, n, &back));
        assert_string_equal(back.node, "");
        assert_int_equal(back.n_late, 2);
        assert_string_equal(back.late[1], "sg2");
        assert_false(probe_scan_decode(buffer, n - 1, &back));
        strcpy(scan.late[0], "sg1\n");
        n = probe_scan_encode(&scan, buffer, sizeof(buffer));
        assert_false(probe_scan_decode(buffer, n, &back));
        n = probe_scan_encode(&(ProbeScan){ .node = "sg1\n" }, buffer, sizeof(buffer));
        assert_false(probe_scan_decode(buffer, n, &back));
        scan = (ProbeScan){ .n_late = SCAN_LATE_MAX };
        n = probe_scan_encode(&scan, buffer, sizeof(buffer));
        assert_true(probe_scan_decode(buffer, n, &back));
        assert_int_equal(buffer[n - 1 - 2 * SCAN_LATE_MAX], SCAN_LATE_MAX);
        buffer[n - 1 - 2 * SCAN_LATE_MAX]++;
        assert_false(probe_scan_decode(buffer, n + 2, &back));

        n = probe_end_encode(&sent, buffer, sizeof(buffer));
        assert_true(probe_end_decode(buffer, n, &came));
        assert_int_equal(came.n_drives, 3);
        sent.n_drives = DRIVES_MAX + 1;
        n = probe_end_encode(&sent, buffer, sizeof(buffer));
        assert_false(probe_end_decode(buffer, n, &came));
}

static void test_a_drive_keeps_its_key_when_its_node_and_its_firmware_change(void **state) {
        DriveRecord before = btc(), after = btc();
        char key[PROBE_KEY_SIZE], other[PROBE_KEY_SIZE];

        (void)state;
        strcpy(after.node, "sg7");
        strcpy(after.revision, "0051");
        memcpy(after.inquiry + 32, "0051", 4);
        strcpy(after.devpath, "/devices/elsewhere");
        assert_int_equal(probe_drive_key(&before, key), 0);
        assert_int_equal(probe_drive_key(&after, other), 0);
        assert_string_equal(key, other);
        /* printf 'K8L0123456        DVDRW IDE1004   ' | sha256sum */
        assert_string_equal(key,
                            "3e29b4bd16e6d494800b00b49f5ad665ae59ffc0dd415d781bfb2a801811ffb4");

        strcpy(after.serial, "K8L0123457");
        assert_int_equal(probe_drive_key(&after, other), 0);
        assert_string_not_equal(key, other);
}

static void test_without_a_serial_number_the_place_is_the_key(void **state) {
        DriveRecord here = btc(), there = btc();
        char key[PROBE_KEY_SIZE], other[PROBE_KEY_SIZE] = "as it was";

        (void)state;
        here.serial[0] = there.serial[0] = '\0';
        strcpy(there.devpath, "/devices/elsewhere");
        assert_int_equal(probe_drive_key(&here, key), 0);
        assert_int_equal(probe_drive_key(&there, other), 0);
        assert_string_not_equal(key, other);
        there.devpath[0] = '\0';
        assert_int_equal(probe_drive_key(&there, other), -EINVAL);
        there = btc();
        there.fault.code = FAULT_DRIVE_SILENT;
        assert_int_equal(probe_drive_key(&there, other), -EINVAL);
}

static void test_every_attachment_has_a_name_of_its_own(void **state) {
        (void)state;
        for (unsigned i = 0; i < _ATTACHED_MAX; i++) {
                for (unsigned k = 0; k < i; k++)
                        assert_string_not_equal(attachment_name((Attachment)i),
                                                attachment_name((Attachment)k));
        }
        assert_string_equal(attachment_name((Attachment)99), "unknown");
        assert_string_equal(drive_class_name((DriveClass)99), "optical drive");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_record_arrives_as_it_was_sent),
                cmocka_unit_test(test_a_drive_that_was_not_read_carries_its_fault_and_nothing_else),
                cmocka_unit_test(
                        test_a_record_that_is_cut_or_too_long_is_refused_and_the_result_left_alone),
                cmocka_unit_test(test_no_byte_of_a_record_can_be_changed_unseen),
                cmocka_unit_test(test_values_out_of_range_are_refused),
                cmocka_unit_test(test_a_revision_of_nuls_reads_as_blanks),
                cmocka_unit_test(test_scan_and_end_arrive_as_they_were_sent),
                cmocka_unit_test(test_a_drive_keeps_its_key_when_its_node_and_its_firmware_change),
                cmocka_unit_test(test_without_a_serial_number_the_place_is_the_key),
                cmocka_unit_test(test_every_attachment_has_a_name_of_its_own),
        };

        return RUN_TESTS(tests);
}
