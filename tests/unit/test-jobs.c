/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "db/jobs.h"

#include <errno.h>

#include "tests/unit/store-folder.h"

static const JobRow an_order = {
        .drive_id = "aa01",
        .kind = JOB_ROLLBACK,
        .catalog = "main",
        .from = "0051",
        .to = "0050",
        .step = 1,
        .n_steps = 2,
        .target = "drive/x/y",
        .image = { 1, 2, 3 },
        .reason = "it hums",
        .uid = 4000000000,
        .user = "jo",
        .via = "ssh",
        .created = NOW,
        .boot_id = "0123456789abcdef0123456789abcdef",
};

static int64_t insert(Store *store, const JobRow *row) {
        Fault fault = {};
        int64_t id = 0;

        begin(store);
        assert_done(job_insert(store, row, &id, &fault), &fault);
        commit(store);
        return id;
}

static int update(Store *store, const JobRow *row, Fault *fault) {
        int r;

        begin(store);
        r = job_update(store, row, fault);
        if (r < 0)
                store_rollback(store);
        else
                commit(store);
        return r;
}

static int count(const JobRow *row, void *userdata) {
        int64_t *sum = userdata;

        *sum = *sum * 10 + row->id;
        return 0;
}

static void test_a_job_comes_back_as_it_was_ordered(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        JobRow row;
        int64_t id = insert(store, &an_order);

        assert_int_equal(job_load(store, id, &row, NULL), 1);
        assert_int_equal(row.id, id);
        assert_string_equal(row.drive_id, "aa01");
        assert_int_equal(row.kind, JOB_ROLLBACK);
        assert_string_equal(row.catalog, "main");
        assert_string_equal(row.from, "0051");
        assert_string_equal(row.to, "0050");
        assert_int_equal(row.step, 1);
        assert_int_equal(row.n_steps, 2);
        assert_string_equal(row.target, "drive/x/y");
        assert_memory_equal(row.image, an_order.image, SHA256_LENGTH);
        assert_string_equal(row.reason, "it hums");
        assert_int_equal(row.uid, 4000000000);
        assert_string_equal(row.user, "jo");
        assert_string_equal(row.via, "ssh");
        assert_int_equal(row.state, JOB_QUEUED);
        assert_string_equal(row.outcome, "");
        assert_int_equal(row.created, NOW);
        assert_string_equal(row.boot_id, an_order.boot_id);
        assert_int_equal(job_load(store, id + 1, &row, NULL), 0);
}

static void test_a_job_ends_once(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        JobRow row = an_order;
        Fault fault = {};

        row.id = insert(store, &row);
        row.state = JOB_COMMITTED;
        row.started = NOW + 1;
        assert_int_equal(update(store, &row, NULL), 0);
        row.state = JOB_READY;
        assert_int_equal(update(store, &row, NULL), -ESTALE);
        row.state = JOB_ENDED;
        strcpy(row.outcome, "verified");
        row.ended = NOW + 2;
        assert_int_equal(update(store, &row, NULL), 0);
        strcpy(row.outcome, "unknown");
        assert_int_equal(update(store, &row, &fault), -ESTALE);
        assert_string_equal(fault.text, "job 1 is ended and cannot become ended");
        assert_int_equal(job_load(store, row.id, &row, NULL), 1);
        assert_string_equal(row.outcome, "verified");
        assert_int_equal(row.ended, NOW + 2);
}

static void test_an_end_has_an_outcome_and_nothing_else_has(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        JobRow row = an_order;

        row.id = insert(store, &row);
        row.state = JOB_ENDED;
        assert_int_equal(update(store, &row, NULL), -EINVAL);
        row.state = JOB_READY;
        strcpy(row.outcome, "verified");
        assert_int_equal(update(store, &row, NULL), -EINVAL);
        row.id = 99;
        assert_int_equal(update(store, &row, NULL), -ENOENT);
}

static void test_open_jobs_are_found_oldest_first(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        JobRow row = an_order;
        int64_t open = 0, all = 0, of_drive = 0;

        assert_int_equal(insert(store, &an_order), 1);
        assert_int_equal(insert(store, &an_order), 2);
        strcpy(row.drive_id, "bb02");
        assert_int_equal(insert(store, &row), 3);
        row.id = 2;
        row.state = JOB_ENDED;
        strcpy(row.outcome, "refused");
        (void)fault_set(&row.fault, FAULT_MOUNTED, "a disc is mounted");
        assert_int_equal(update(store, &row, NULL), 0);
        assert_int_equal(jobs_load_open(store, count, &open, NULL), 0);
        assert_int_equal(open, 13);
        assert_int_equal(jobs_load(store, NULL, 10, count, &all, NULL), 0);
        assert_int_equal(all, 321);
        assert_int_equal(jobs_load(store, "aa01", 1, count, &of_drive, NULL), 0);
        assert_int_equal(of_drive, 2);
        assert_int_equal(job_load(store, 2, &row, NULL), 1);
        assert_int_equal(row.fault.code, FAULT_MOUNTED);
        assert_string_equal(row.fault.text, "a disc is mounted");
}

static void test_an_id_is_never_given_twice(void **state) {
        Store *store = open_store(*state, NULL);

        assert_int_equal(insert(store, &an_order), 1);
        assert_int_equal(insert(store, &an_order), 2);
        store_close(store);
        run_sql(*state, "state.db", "DELETE FROM job");
        store = open_store(*state, NULL);
        assert_int_equal(insert(store, &an_order), 3);
        store_close(store);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                test_in_folder(test_a_job_comes_back_as_it_was_ordered),
                test_in_folder(test_a_job_ends_once),
                test_in_folder(test_an_end_has_an_outcome_and_nothing_else_has),
                test_in_folder(test_open_jobs_are_found_oldest_first),
                test_in_folder(test_an_id_is_never_given_twice),
        };

        return RUN_TESTS(tests);
}
