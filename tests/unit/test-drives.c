/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "db/drives.h"

#include <errno.h>

#include "db/observations.h"
#include "tests/unit/store-folder.h"

#define HEX24 "202020202020202044564452572049444531303034202020"

static const DriveRow a_drive = {
        .id = "aa01",
        .key = "btc:1",
        .node = "sg1",
        .block = "sr0",
        .devpath = "/devices/x",
        .hex24 = HEX24,
        .revision = "0043",
        .serial = "S/N 1",
        .model = "DVDRW IDE1004",
        .attachment = "ata",
        .class = "DVD writer",
        .record = "\x00\x01\xff",
        .n_record = 3,
        .first_seen = 10,
        .last_seen = 20,
        .attached = true,
        .held = true,
        .held_reason = "because",
        .attention = "unknown",
        .attention_job = 7,
        .done = 5,
        .errors = -1,
        .timeouts = 2,
};

typedef struct Found {
        unsigned n;
        DriveRow last;
        char record[8];
} Found;

static int take_drive(const DriveRow *row, void *userdata) {
        Found *found = userdata;

        found->n++;
        found->last = *row;
        assert_true(row->n_record <= sizeof(found->record));
        if (row->n_record > 0)
                memcpy(found->record, row->record, row->n_record);
        return 0;
}

static Found load(Store *store) {
        Found found = {};
        Fault fault = {};

        assert_done(drives_load(store, take_drive, &found, &fault), &fault);
        return found;
}

static void save(Store *store, const DriveRow *row) {
        Fault fault = {};

        begin(store);
        assert_done(drive_save(store, row, &fault), &fault);
        commit(store);
}

static void test_a_drive_comes_back_as_it_was_saved(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        Found found;

        save(store, &a_drive);
        found = load(store);
        assert_int_equal(found.n, 1);
        assert_memory_equal(found.record, a_drive.record, 3);
        found.last.record = a_drive.record;
        assert_string_equal(found.last.id, a_drive.id);
        assert_string_equal(found.last.key, a_drive.key);
        assert_string_equal(found.last.node, a_drive.node);
        assert_string_equal(found.last.block, a_drive.block);
        assert_string_equal(found.last.devpath, a_drive.devpath);
        assert_string_equal(found.last.hex24, a_drive.hex24);
        assert_string_equal(found.last.revision, a_drive.revision);
        assert_string_equal(found.last.serial, a_drive.serial);
        assert_string_equal(found.last.model, a_drive.model);
        assert_string_equal(found.last.attachment, a_drive.attachment);
        assert_string_equal(found.last.class, a_drive.class);
        assert_int_equal(found.last.first_seen, 10);
        assert_int_equal(found.last.last_seen, 20);
        assert_true(found.last.attached);
        assert_true(found.last.held);
        assert_string_equal(found.last.held_reason, "because");
        assert_string_equal(found.last.attention, "unknown");
        assert_int_equal(found.last.attention_job, 7);
        assert_int_equal(found.last.done, 5);
        assert_int_equal(found.last.errors, -1);
        assert_int_equal(found.last.timeouts, 2);
}

static void test_saving_again_replaces(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        DriveRow row = a_drive;

        save(store, &row);
        strcpy(row.revision, "0050");
        row.held = false;
        row.n_record = 0;
        save(store, &row);
        assert_int_equal(load(store).n, 1);
        assert_string_equal(load(store).last.revision, "0050");
        assert_false(load(store).last.held);
        assert_int_equal(load(store).last.n_record, 0);
}

static void test_a_drive_keeps_its_id_when_our_flash_changes_its_key(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        DriveRow row = a_drive;
        char id[DRIVE_ID_SIZE] = "";

        save(store, &row);
        strcpy(row.key, "btc:1 with another name");
        save(store, &row);
        assert_int_equal(drive_find_key(store, "btc:1", id, NULL), 1);
        assert_string_equal(id, "aa01");
        assert_int_equal(drive_find_key(store, "btc:1 with another name", id, NULL), 1);
        assert_string_equal(id, "aa01");
        assert_int_equal(drive_find_key(store, "nobody", id, NULL), 0);
}

static void test_two_drives_cannot_have_one_key(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        DriveRow drive = a_drive, other = a_drive;
        Fault fault = {};

        save(store, &drive);
        strcpy(drive.key, "btc:1 with another name");
        save(store, &drive);
        strcpy(other.id, "bb02");
        strcpy(other.key, "btc:2");
        save(store, &other);
        begin(store);
        strcpy(other.key, "btc:1"); /* which the first one had once */
        assert_int_equal(drive_save(store, &other, &fault), -EEXIST);
        assert_string_equal(fault.text, "drive bb02 cannot have the key of drive aa01");
        store_rollback(store);
        begin(store);
        strcpy(other.key, drive.key);
        assert_int_equal(drive_save(store, &other, NULL), -EEXIST);
        store_rollback(store);
        assert_string_equal(load(store).last.key, "btc:2");
}

static void test_nonsense_is_not_stored(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        DriveRow row = a_drive;
        Fault fault = {};

        begin(store);
        strcpy(row.id, "../../etc");
        assert_int_equal(drive_save(store, &row, &fault), -EINVAL);
        assert_int_equal(fault.code, FAULT_STORE);
        row = a_drive;
        row.key[0] = '\0';
        assert_int_equal(drive_save(store, &row, NULL), -EINVAL);
        store_rollback(store);
        assert_int_equal(load(store).n, 0);
}

static void test_at_start_no_drive_is_known_to_be_attached(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);

        save(store, &a_drive);
        begin(store);
        assert_int_equal(drive_set_attached(store, NULL, false, NOW, NULL), 0);
        commit(store);
        assert_false(load(store).last.attached);
        assert_int_equal(load(store).last.last_seen, 20);
        begin(store);
        assert_int_equal(drive_set_attached(store, "aa01", true, NOW, NULL), 0);
        commit(store);
        assert_true(load(store).last.attached);
        assert_int_equal(load(store).last.last_seen, NOW);
}

static void observe(Store *store, const char *drive_id, int64_t time, const char *revision) {
        const Observation observation = { .drive_id = drive_id,
                                          .time = time,
                                          .revision = revision,
                                          .hex24 = HEX24,
                                          .record = "x",
                                          .n_record = 1 };
        Fault fault = {};

        begin(store);
        assert_done(observation_add(store, &observation, &fault), &fault);
        commit(store);
}

static void test_only_a_change_is_an_observation(void **state) {
        Store *store = open_store(*state, NULL);

        save(store, &a_drive);
        observe(store, "aa01", 1, "0043");
        observe(store, "aa01", 2, "0043");
        observe(store, "aa01", 3, "0050");
        store_close(store);
        assert_int_equal(ask_sql(*state, "state.db", "SELECT count(*) FROM observation"), 2);
        assert_int_equal(
                ask_sql(*state, "state.db", "SELECT time FROM observation WHERE revision = '0043'"),
                1);
        assert_int_equal(
                ask_sql(*state, "state.db", "SELECT time FROM observation WHERE revision = '0050'"),
                3);
}

static void test_of_a_drive_that_changes_all_the_time_the_latest_observations_stay(void **state) {
        Store *store = open_store(*state, NULL);
        DriveRow other = a_drive;

        save(store, &a_drive);
        strcpy(other.id, "bb02");
        strcpy(other.key, "btc:2");
        save(store, &other);
        observe(store, "bb02", 1, "0001");
        for (unsigned i = 1; i <= OBSERVATIONS_MAX + 5; i++)
                observe(store, "aa01", i, i % 2 ? "0043" : "0050");
        observe(store, "bb02", 2, "0002");
        store_close(store);
        assert_int_equal(ask_sql(*state, "state.db",
                                 "SELECT count(*) FROM observation WHERE drive = 'aa01'"),
                         OBSERVATIONS_MAX);
        assert_int_equal(ask_sql(*state, "state.db",
                                 "SELECT min(time) FROM observation WHERE drive = 'aa01'"),
                         6);
        assert_int_equal(ask_sql(*state, "state.db",
                                 "SELECT count(*) FROM observation WHERE drive = 'bb02'"),
                         2);
}

static void test_an_observation_of_no_drive_is_refused(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        Observation observation = { .drive_id = "none", .revision = "1", .hex24 = HEX24 };

        begin(store);
        assert_int_equal(observation_add(store, &observation, NULL), -EINVAL);
        observation.drive_id = "aa01";
        observation.revision = "longer than sixteen";
        assert_int_equal(observation_add(store, &observation, NULL), -EMSGSIZE);
}

static int stop_with_five(const DriveRow *row _unused_, void *userdata _unused_) {
        return 5;
}

static int load_again(const DriveRow *row _unused_, void *userdata) {
        Found inner = {};

        assert_int_equal(drives_load(userdata, take_drive, &inner, NULL), 0);
        assert_int_equal(inner.n, 1);
        return 0;
}

static void test_a_load_can_be_stopped_and_nested(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);

        save(store, &a_drive);
        assert_int_equal(drives_load(store, stop_with_five, NULL, NULL), 5);
        assert_int_equal(drives_load(store, load_again, store, NULL), 0);
}

static void test_a_row_that_was_damaged_is_not_believed(void **state) {
        Store *store = open_store(*state, NULL);
        Fault fault = {};
        Found found = {};

        save(store, &a_drive);
        store_close(store);
        run_sql(*state, "state.db",
                "PRAGMA ignore_check_constraints=ON;"
                "UPDATE drive SET revision = 'much too long for a revision'");
        store = open_store(*state, NULL);
        assert_int_equal(drives_load(store, take_drive, &found, &fault), -EBADMSG);
        assert_int_equal(fault.code, FAULT_STORE);
        assert_int_equal(found.n, 0);
        store_close(store);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                test_in_folder(test_a_drive_comes_back_as_it_was_saved),
                test_in_folder(test_saving_again_replaces),
                test_in_folder(test_a_drive_keeps_its_id_when_our_flash_changes_its_key),
                test_in_folder(test_two_drives_cannot_have_one_key),
                test_in_folder(test_nonsense_is_not_stored),
                test_in_folder(test_at_start_no_drive_is_known_to_be_attached),
                test_in_folder(test_only_a_change_is_an_observation),
                test_in_folder(
                        test_of_a_drive_that_changes_all_the_time_the_latest_observations_stay),
                test_in_folder(test_an_observation_of_no_drive_is_refused),
                test_in_folder(test_a_load_can_be_stopped_and_nested),
                test_in_folder(test_a_row_that_was_damaged_is_not_believed),
        };

        return RUN_TESTS(tests);
}
