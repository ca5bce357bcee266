/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "tests/unit/core-world.h"
#include "tests/unit/test.h"

static World *without_catalogs(void) {
        World *world = world_new_bare(NULL);

        core_start(world->core);
        world_pump(world);
        world_scan(world);
        world_forget(world);
        return world;
}

/* Drives as they are listed, "sr0 0043 unknown, sr1 ...". */
static const char *listed(World *world, bool all) {
        static char text[512];
        Request request = {
                .client = 9, .method = METHOD_LIST_DRIVES, .caller = world_root(), .all = all
        };
        const json_t *drive;
        size_t i, n = 0;

        world_request(world, &request);
        text[0] = '\0';
        json_array_foreach(json_object_get(world->reply, "drives"), i, drive) {
                text_format(text + n, sizeof(text) - n, "%s%s %s %s", i ? ", " : "",
                            json_string_value(json_object_get(drive, "block")),
                            json_string_value(json_object_get(drive, "revision")),
                            json_string_value(json_object_get(drive, "state")));
                n = strlen(text);
        }
        return text;
}

/* The id that a name stands for, or the name of the refusal. */
static const char *looked_up(World *world, const char *name) {
        static char id[DRIVE_ID_LENGTH + 1];
        const json_t *drive;

        fault_clear(&world->fault);
        world_ask(world, 9, METHOD_SHOW_DRIVE, name);
        if (world->fault.code != FAULT_NONE)
                return fault_name(world->fault.code);
        drive = json_object_get(world->reply, "drive");
        text_format(id, sizeof(id), "%s", json_string_value(json_object_get(drive, "id")));
        return id;
}

static void test_a_new_drive_is_recorded_once(void **state) {
        _cleanup_world_ World *world = without_catalogs();

        (void)state;
        (void)world_add_drive(world, "sr0", "0043", "BTC123", "/pci/ata1");
        world_rescan(world);
        world_expect(world, "scan\n"
                            "save-drive 0043\n"
                            "trail drive-seen 0043\n"
                            "-- on disk\n");
        assert_string_equal(world->trail_detail, "DVD writer, attached by ata");
        assert_string_equal(listed(world, false), "sr0 0043 unknown");
        world_forget(world);
        world_rescan(world);
        world_expect(world, "scan\n"
                            "save-drive 0043\n"
                            "-- on disk\n");
}

static void test_a_new_drive_that_the_store_could_not_take_is_recorded_later(void **state) {
        _cleanup_world_ World *world = without_catalogs();
        char id[DRIVE_ID_LENGTH + 1];

        (void)state;
        (void)world_add_drive(world, "sr0", "0043", "BTC123", "/pci/ata1");
        world->fail_store = 1;
        world_rescan(world);
        assert_string_equal(listed(world, false), "sr0 0043 unknown");
        strcpy(id, looked_up(world, "sr0"));
        world_forget(world);
        world_rescan(world);
        assert_true(world_did(world, "trail drive-seen 0043"));
        assert_string_equal(looked_up(world, "sr0"), id);
        assert_string_equal(listed(world, true), "sr0 0043 unknown");
}

/* The words of the last event. */
static const char *told(const World *world) {
        return json_string_value(json_object_get(world->reply, "text"));
}

static void test_who_monitors_reads_what_was_plugged_in(void **state) {
        _cleanup_world_ World *world = without_catalogs();
        const Request monitor = {
                .client = 5, .method = METHOD_MONITOR, .more = true, .caller = world_user(1001)
        };
        unsigned drive;

        (void)state;
        world_request(world, &monitor);
        drive = world_add_drive(world, "sr0", "0043", "BTC123", "/pci/ata1");
        world_rescan(world);
        assert_string_equal(told(world), "sr0: plugged in, BTC DVDRW IDE1004 with firmware 0043");
        world->drives[drive].there = false;
        world_rescan(world);
        assert_string_equal(told(world), "sr0: unplugged");
        world->drives[drive].there = true;
        (void)fault_set(&world_record(world, drive)->fault, FAULT_DRIVE_SILENT, "no answer");
        world_rescan(world);
        assert_string_equal(told(world), "sr0: plugged in, cannot be read: no answer");
}

static void test_a_vendor_of_eight_letters_is_told_apart_from_the_product(void **state) {
        _cleanup_world_ World *world = without_catalogs();
        const Request monitor = {
                .client = 5, .method = METHOD_MONITOR, .more = true, .caller = world_user(1001)
        };
        unsigned drive = world_add_drive(world, "sr0", "LK00", "KLZL4TG5625", "/pci/ata1");

        (void)state;
        memcpy(world_record(world, drive)->identity, "HL-DT-STDVDRAM GH24NSC0 ", IDENTITY_LENGTH);
        world_request(world, &monitor);
        world_rescan(world);
        assert_string_equal(told(world),
                            "sr0: plugged in, HL-DT-ST DVDRAM GH24NSC0 with firmware LK00");
        world_ask(world, 6, METHOD_SHOW_DRIVE, "sr0");
        assert_string_equal(
                json_string_value(json_object_get(json_object_get(world->reply, "drive"), "model")),
                "HL-DT-ST DVDRAM GH24NSC0");
        assert_string_equal(json_string_value(json_object_get(world->reply, "model_hex")),
                            "484c2d44542d535444564452414d20474832344e53433020");
}

static void test_a_drive_that_is_looked_at_first_is_not_two(void **state) {
        _cleanup_world_ World *world = without_catalogs();
        unsigned first;

        (void)state;
        (void)world_add_drive(world, "sr0", "0043", "BTC123", "/pci/ata1");
        first = world_add_drive(world, "sr1", "0045", "", "/pci/ata2");
        world_rescan_with_first(world, first);
        assert_string_equal(listed(world, true), "sr0 0043 unknown, sr1 0045 unknown");
        world_rescan_with_first(world, first);
        assert_string_equal(listed(world, true), "sr0 0043 unknown, sr1 0045 unknown");
}

static void test_a_node_that_goes_is_told_before_anything_is_scanned(void **state) {
        _cleanup_world_ World *world = without_catalogs();
        const Request monitor = {
                .client = 5, .method = METHOD_MONITOR, .more = true, .caller = world_user(1001)
        };
        unsigned drive;

        (void)state;
        world_request(world, &monitor);
        drive = world_add_drive(world, "sr0", "0043", "BTC123", "/pci/ata1");
        world_rescan(world);
        world_unplugged(world, "sg9");
        assert_string_equal(listed(world, true), "sr0 0043 unknown");
        world_unplugged(world, world_record(world, drive)->node);
        assert_string_equal(told(world), "sr0: unplugged");
        assert_string_equal(listed(world, true), "sr0 0043 absent");
}

static void test_a_drive_keeps_its_id_under_another_node(void **state) {
        _cleanup_world_ World *world = without_catalogs();
        unsigned drive = world_add_drive(world, "sr0", "0043", "BTC123", "/pci/ata1");
        char id[DRIVE_ID_LENGTH + 1];

        (void)state;
        world_rescan(world);
        strcpy(id, looked_up(world, "sr0"));
        world->drives[drive].there = false;
        world_rescan(world);
        assert_true(world_did(world, "forget-attached"));
        assert_string_equal(listed(world, false), "");
        world->drives[drive].there = true;
        strcpy(world_record(world, drive)->node, "sg7");
        strcpy(world_record(world, drive)->block, "sr7");
        strcpy(world_record(world, drive)->devpath, "/pci/usb1");
        world_forget(world);
        world_rescan(world);
        assert_false(world_did(world, "trail"));
        assert_string_equal(looked_up(world, "sr7"), id);
        assert_string_equal(looked_up(world, "sr0"), "NoSuchDrive");
}

static void test_firmware_that_somebody_else_wrote_stands_in_the_log(void **state) {
        _cleanup_world_ World *world = without_catalogs();
        unsigned drive = world_add_drive(world, "sr0", "0043", "BTC123", "/pci/ata1");

        (void)state;
        world_rescan(world);
        strcpy(world_record(world, drive)->revision, "0099");
        world->fail_store = 1;
        world_rescan(world);
        world_forget(world);
        world_rescan(world); /* what could not be recorded is not taken for known */
        world_expect(world, "scan\n"
                            "trail drive-changed 0043>0099\n"
                            "save-drive 0099\n"
                            "-- on disk\n");
        world_rescan(world);
        assert_false(world_did(world, "trail"));
}

static void test_bytes_that_a_drive_chose_are_shown_and_logged_escaped(void **state) {
        _cleanup_world_ World *world = without_catalogs();
        unsigned drive = world_add_drive(world, "sr0", "0043", "BTC123", "/pci/ata1");

        (void)state;
        world_rescan(world);
        strcpy(world_record(world, drive)->revision, "\xff\x1b[2");
        world_rescan(world);
        assert_true(world_did(world, "trail drive-changed 0043>\\xff\\x1b[2"));
        assert_string_equal(listed(world, false), "sr0 \\xff\\x1b[2 unknown");
}

static void test_two_drives_alike_are_told_apart_by_their_place(void **state) {
        _cleanup_world_ World *world = without_catalogs();
        unsigned a = world_add_drive(world, "sr0", "0043", "SAME", "/pci/ata1");
        char id_a[DRIVE_ID_LENGTH + 1], id_b[DRIVE_ID_LENGTH + 1];

        (void)state;
        (void)world_add_drive(world, "sr1", "0050", "SAME", "/pci/ata2");
        world_rescan(world);
        strcpy(id_a, looked_up(world, "sr0"));
        strcpy(id_b, looked_up(world, "sr1"));
        assert_string_not_equal(id_a, id_b);
        world_forget(world);
        for (unsigned i = 0; i < 3; i++) {
                WorldDrive swapped = world->drives[a]; /* they come in any order */

                world->drives[0] = world->drives[1];
                world->drives[1] = swapped;
                world_rescan(world);
                assert_string_equal(looked_up(world, "sr0"), id_a);
                assert_string_equal(looked_up(world, "sr1"), id_b);
        }
        assert_false(world_did(world, "trail"));
        assert_string_equal(listed(world, true), "sr0 0043 unknown, sr1 0050 unknown");
        assert_string_equal(looked_up(world, "SAME"), "AmbiguousDrive");
}

static void test_a_drive_that_cannot_be_read_keeps_what_was_known(void **state) {
        _cleanup_world_ World *world = without_catalogs();
        unsigned drive = world_add_drive(world, "sr0", "0043", "BTC123", "/pci/ata1");
        DriveRecord good;
        char id[DRIVE_ID_LENGTH + 1];

        (void)state;
        world_rescan(world);
        strcpy(id, looked_up(world, "sr0"));
        good = *world_record(world, drive);
        *world_record(world, drive) =
                (DriveRecord){ .node = "sg0", .block = "sr0", .devpath = "/pci/ata1" };
        world_record(world, drive)->fault =
                (Fault){ .code = FAULT_DRIVE_SILENT, .text = "no answer" };
        world_rescan(world);
        assert_string_equal(listed(world, false), "sr0 0043 unreadable");
        assert_string_equal(looked_up(world, "BTC123"), id);
        *world_record(world, drive) = good;
        world_rescan(world);
        assert_string_equal(listed(world, false), "sr0 0043 unknown");
        assert_string_equal(looked_up(world, "sr0"), id);
}

static void test_silence_is_that_of_the_drive_that_is_there_now(void **state) {
        _cleanup_world_ World *world = without_catalogs();
        unsigned old = world_add_drive(world, "sr0", "0043", "OLD", "/pci/ata1"), now;
        char id[DRIVE_ID_LENGTH + 1];

        (void)state;
        world_rescan(world);
        world->drives[old].there = false;
        now = world_add_drive(world, "sr0", "0050", "NEW", "/pci/ata1");
        world_rescan(world);
        strcpy(id, looked_up(world, "sr0"));
        world_record(world, now)->fault = (Fault){ .code = FAULT_DRIVE_SILENT, .text = "no" };
        world_rescan(world);
        assert_string_equal(looked_up(world, "sr0"), id);
        assert_string_equal(listed(world, false), "sr0 0050 unreadable");
}

static void test_a_drive_that_is_read_at_last_is_the_one_that_was_not(void **state) {
        _cleanup_world_ World *world = without_catalogs();
        unsigned drive = world_add_drive(world, "sr0", "0043", "BTC123", "/pci/ata1");
        DriveRecord good = *world_record(world, drive);

        (void)state;
        *world_record(world, drive) =
                (DriveRecord){ .node = "sg0", .block = "sr0", .devpath = "/pci/ata1" };
        world_record(world, drive)->fault = (Fault){ .code = FAULT_DRIVE_SILENT, .text = "no" };
        world_rescan(world);
        assert_string_equal(listed(world, false), "sr0  unreadable");
        assert_int_equal(strlen(looked_up(world, "sr0")), DRIVE_ID_LENGTH);
        *world_record(world, drive) = good;
        world_rescan(world);
        assert_string_equal(listed(world, true), "sr0 0043 unknown");
}

static void test_a_drive_is_found_by_what_a_person_has_at_hand(void **state) {
        _cleanup_world_ World *world = without_catalogs();
        char id[DRIVE_ID_LENGTH + 1];

        (void)state;
        (void)world_add_drive(world, "sr0", "0043", "BTC123", "/pci/ata1");
        (void)world_add_drive(world, "sr1", "0043", "", "/pci/ata2");
        world_rescan(world);
        strcpy(id, looked_up(world, "sr0"));
        assert_string_equal(looked_up(world, "/dev/sr0"), id);
        assert_string_equal(looked_up(world, "sg0"), id);
        assert_string_equal(looked_up(world, "/dev/sg0"), id);
        assert_string_equal(looked_up(world, "BTC123"), id);
        assert_string_equal(looked_up(world, id), id);
        id[5] = '\0';
        assert_int_equal(strlen(looked_up(world, id)), DRIVE_ID_LENGTH);
        id[3] = '\0';
        assert_string_equal(looked_up(world, id), "NoSuchDrive"); /* three digits are no name */
        assert_string_equal(looked_up(world, "BTC"), "NoSuchDrive");
        assert_string_equal(looked_up(world, ""), "NoSuchDrive");
        assert_string_equal(looked_up(world, "sr9"), "NoSuchDrive");
}

static void test_a_scan_that_failed_changes_nothing(void **state) {
        _cleanup_world_ World *world = without_catalogs();

        (void)state;
        (void)world_add_drive(world, "sr0", "0043", "BTC123", "/pci/ata1");
        world_rescan(world);
        world_ask(world, 9, METHOD_SCAN, "");
        world_forget(world);
        world_scan_failed(world, FAULT_HELPER_DIED);
        world_expect(world, "reply 9 HelperDied\n");
        assert_string_equal(listed(world, false), "sr0 0043 unknown");
}

static void test_whoever_asks_during_a_scan_waits_for_the_next_and_no_longer(void **state) {
        _cleanup_world_ World *world = without_catalogs();

        (void)state;
        world_ask(world, 1, METHOD_SCAN, "");
        world_ask(world, 2, METHOD_SCAN, "");
        world_expect(world, "scan\n");
        world_scan(world);
        world_expect(world, "reply 1 {\"drives\":[]}\n"
                            "scan\n");
        world_ask(world, 3, METHOD_SCAN, "");
        world_scan(world);
        world_expect(world, "reply 2 {\"drives\":[]}\n"
                            "scan\n");
        world_scan(world);
        world_expect(world, "reply 3 {\"drives\":[]}\n");
}

static void test_those_who_left_take_no_place_among_those_who_wait(void **state) {
        _cleanup_world_ World *world = without_catalogs();

        (void)state;
        for (unsigned i = 1; i <= 100; i++) {
                world_ask(world, i, METHOD_SCAN, "");
                core_on_client_gone(world->core, i);
                world_pump(world);
        }
        world_expect(world, "scan\n");
        for (unsigned i = 101; i <= 132; i++)
                world_ask(world, i, METHOD_SCAN, "");
        world_expect(world, "");
        world_ask(world, 133, METHOD_SCAN, "");
        world_expect(world, "reply 133 Limit\n");
}

static void test_an_order_for_a_drive_waits_for_the_first_scan(void **state) {
        _cleanup_world_ World *world = world_new_bare(NULL);

        (void)state;
        (void)world_add_drive(world, "sr0", "0043", "BTC123", "/pci/ata1");
        core_start(world->core);
        world_pump(world);
        world_ask(world, 1, METHOD_HOLD, "sr0");
        world_expect(world, "scan\n");
        world_scan(world);
        assert_true(world_did(world, "trail hold"));
        assert_true(world_did(world, "reply 1 {\"drive\":"));
        assert_false(world_did(world, "scan"));
}

static void test_more_drives_than_are_remembered_push_out_the_oldest(void **state) {
        _cleanup_world_ World *world = without_catalogs();
        unsigned drive = world_add_drive(world, "sr0", "0043", "0", "/pci/ata1");

        (void)state;
        world->n_keys = 0;
        for (unsigned i = 0; i < DRIVES_MAX * 4 + 10; i++) {
                text_format(world_record(world, drive)->serial, SERIAL_SIZE, "S%u", i);
                world->now++;
                world_rescan(world);
                world->n_keys = 0; /* more than the test's store can remember */
                world_forget(world);
        }
        assert_string_equal(listed(world, false), "sr0 0043 unknown");
        assert_string_equal(looked_up(world, "S0"), "NoSuchDrive");
        assert_int_equal(strlen(looked_up(world, "S100")), DRIVE_ID_LENGTH);
}

static void test_a_flash_that_renames_a_drive_leaves_it_its_id(void **state) {
        _cleanup_world_ World *world = world_new();
        unsigned drive = world_add_drive(world, "sr0", "0043", "BTC123", "/pci/ata1");
        char id[DRIVE_ID_LENGTH + 1];

        (void)state;
        world_add_entry(world, "main", "0050", "{'kind':'upgrade','from':['0043']}",
                        ",'after':{'model':'425443202020202044564452572049444531303038202020'}");
        world_rescan(world);
        world_mirror(world, "main", 0, FAULT_NONE, 5, world->now + 86400);
        world_mirror(world, "main", 1, FAULT_NONE, 5, world->now + 86400);
        strcpy(id, looked_up(world, "sr0"));
        world_have_image(world, "0050");
        world_flash(world, 7, "sr0", "update", "");
        core_on_reports_done(world->core);
        world_pump(world);
        world_ready(world, 1);
        world_end(world, 1, OUTCOME_NEEDS_POWER_CYCLE, "0043");
        world_scan(world);
        assert_true(world->drive.attention);
        world_forget(world);
        /* It was switched off and on, and nobody was told. */
        memcpy(world_record(world, drive)->identity, "BTC     DVDRW IDE1008   ", 24);
        strcpy(world_record(world, drive)->revision, "0050");
        world_rescan(world);
        assert_true(world_did(world, "trail resolve 0043>0050 verified"));
        assert_false(world_did(world, "trail drive-seen"));
        assert_string_equal(looked_up(world, "sr0"), id);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_new_drive_is_recorded_once),
                cmocka_unit_test(test_a_new_drive_that_the_store_could_not_take_is_recorded_later),
                cmocka_unit_test(test_who_monitors_reads_what_was_plugged_in),
                cmocka_unit_test(test_a_vendor_of_eight_letters_is_told_apart_from_the_product),
                cmocka_unit_test(test_a_drive_that_is_looked_at_first_is_not_two),
                cmocka_unit_test(test_a_node_that_goes_is_told_before_anything_is_scanned),
                cmocka_unit_test(test_a_drive_keeps_its_id_under_another_node),
                cmocka_unit_test(test_firmware_that_somebody_else_wrote_stands_in_the_log),
                cmocka_unit_test(test_bytes_that_a_drive_chose_are_shown_and_logged_escaped),
                cmocka_unit_test(test_two_drives_alike_are_told_apart_by_their_place),
                cmocka_unit_test(test_a_drive_that_cannot_be_read_keeps_what_was_known),
                cmocka_unit_test(test_silence_is_that_of_the_drive_that_is_there_now),
                cmocka_unit_test(test_a_drive_that_is_read_at_last_is_the_one_that_was_not),
                cmocka_unit_test(test_a_drive_is_found_by_what_a_person_has_at_hand),
                cmocka_unit_test(test_a_scan_that_failed_changes_nothing),
                cmocka_unit_test(test_whoever_asks_during_a_scan_waits_for_the_next_and_no_longer),
                cmocka_unit_test(test_those_who_left_take_no_place_among_those_who_wait),
                cmocka_unit_test(test_an_order_for_a_drive_waits_for_the_first_scan),
                cmocka_unit_test(test_more_drives_than_are_remembered_push_out_the_oldest),
                cmocka_unit_test(test_a_flash_that_renames_a_drive_leaves_it_its_id),
        };

        return RUN_TESTS(tests);
}
