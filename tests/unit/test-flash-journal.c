/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flash/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/unit/test.h"

#define JOB  42
#define NAME "00000000000000000042.flash"

static char folder_path[64];
static int folder = -1;

static const FlashPlan plan = { .job = JOB, .revision = "0043", .to = "0051" };

static const FlashEnd good_end = {
        .job = JOB,
        .outcome = OUTCOME_VERIFIED,
        .identity_known = true,
        .identity = "        DVDRW IDE1004   ",
        .revision = "0051",
        .node = "sg1",
        .n_sent = 258,
        .after = { 1, 2, 3 },
};

static int make_folder(void **state) {
        (void)state;
        strcpy(folder_path, "/tmp/discfw-test-journal-XXXXXX");
        assert_non_null(mkdtemp(folder_path));
        folder = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(folder >= 0);
        return 0;
}

static int remove_folder(void **state) {
        DIR *dir = fdopendir(folder);
        struct dirent *entry;

        (void)state;
        while ((entry = readdir(dir)))
                (void)unlinkat(dirfd(dir), entry->d_name, 0);
        (void)closedir(dir);
        return rmdir(folder_path);
}

/* A flash that came to the first N of FIRST-WRITE, COMMIT-SENT and END, and whose helper is dead. */
static void leave_journal(unsigned n) {
        _cleanup_(journal_freep) Journal *journal = NULL;
        Fault fault = {};

        assert_int_equal(journal_new(folder, &plan, "sg1", &journal, &fault), 0);
        if (n > 0)
                assert_int_equal(journal_save(journal, JOURNAL_FIRST_WRITE, &fault), 0);
        if (n > 1)
                assert_int_equal(journal_save(journal, JOURNAL_COMMIT_SENT, &fault), 0);
        if (n > 2)
                assert_int_equal(journal_end(journal, &good_end, &fault), 0);
}

static FlashEnd read_left(void) {
        _cleanup_(journal_freep) Journal *journal = NULL;
        FlashEnd end;

        assert_int_equal(journal_open(folder, JOB, &journal), 0);
        journal_read(journal, &end);
        assert_int_equal(end.job, JOB);
        return end;
}

static void test_a_flash_that_wrote_nothing_is_unharmed(void **state) {
        FlashEnd end;

        (void)state;
        leave_journal(0);
        end = read_left();
        assert_int_equal(end.outcome, OUTCOME_FAILED_UNHARMED);
        assert_int_equal(end.fault.code, FAULT_FAILED_UNHARMED);
        assert_string_equal(end.fault.text,
                            "the flash helper ended before it sent anything to the drive");
        assert_string_equal(end.node, "sg1");
}

static void test_a_flash_that_began_to_write_is_unknown(void **state) {
        FlashEnd end;

        (void)state;
        leave_journal(1);
        end = read_left();
        assert_int_equal(end.outcome, OUTCOME_UNKNOWN);
        assert_string_equal(end.fault.text,
                            "the flash helper ended while it sent pieces of the image");
}

static void test_a_flash_that_sent_the_commit_is_unknown(void **state) {
        FlashEnd end;

        (void)state;
        leave_journal(2);
        end = read_left();
        assert_int_equal(end.outcome, OUTCOME_UNKNOWN);
        assert_string_equal(end.fault.text,
                            "the flash helper ended while the drive was writing its firmware");
}

static void test_an_end_reads_back_as_it_was_written(void **state) {
        FlashEnd end;

        (void)state;
        leave_journal(3);
        end = read_left();
        assert_int_equal(end.outcome, OUTCOME_VERIFIED);
        assert_int_equal(end.fault.code, FAULT_NONE);
        assert_string_equal(end.revision, "0051");
        assert_int_equal(end.n_sent, 258);
}

static void test_the_longest_end_has_room(void **state) {
        _cleanup_(journal_freep) Journal *journal = NULL;
        FlashEnd end = good_end, back;
        Fault fault = {};

        (void)state;
        end.outcome = OUTCOME_LOST;
        end.fault.code = FAULT_DRIVE_LOST;
        memset(end.fault.text, 'x', sizeof(end.fault.text) - 1);
        memset(end.sense, 'y', sizeof(end.sense) - 1);
        memset(end.node, 'z', sizeof(end.node) - 1);
        assert_int_equal(journal_new(folder, &plan, "sg1", &journal, &fault), 0);
        assert_int_equal(journal_end(journal, &end, &fault), 0);
        journal_read(journal, &back);
        assert_string_equal(back.fault.text, end.fault.text);
        assert_string_equal(back.node, end.node);
}

/* What a damaged journal says must never be better than what happened. */
static void assert_every_flipped_bit_is_noticed(unsigned n_records, Outcome truth) {
        _cleanup_close_ int fd = -1;
        uint8_t bytes[4096];

        leave_journal(n_records);
        fd = openat(folder, NAME, O_RDWR | O_CLOEXEC);
        assert_int_equal(pread(fd, bytes, sizeof(bytes), 0), sizeof(bytes));
        for (size_t i = 0; i < sizeof(bytes); i++) {
                uint8_t flipped = bytes[i] ^ (uint8_t)(1u << (i % 8));
                FlashEnd end;

                assert_int_equal(pwrite(fd, &flipped, 1, (off_t)i), 1);
                end = read_left();
                if (end.outcome != OUTCOME_UNKNOWN && end.outcome != truth)
                        fail_msg("byte %zu flipped reads as %s", i, outcome_name(end.outcome));
                if (truth == OUTCOME_FAILED_UNHARMED)
                        assert_int_equal(end.outcome, OUTCOME_UNKNOWN);
                assert_int_equal(pwrite(fd, &bytes[i], 1, (off_t)i), 1);
        }
        assert_int_equal(read_left().outcome, truth);
        assert_int_equal(unlinkat(folder, NAME, 0), 0);
}

static void test_no_flipped_bit_makes_an_outcome_better(void **state) {
        (void)state;
        for (unsigned n = 0; n < 4; n++)
                assert_every_flipped_bit_is_noticed(n, n == 0   ? OUTCOME_FAILED_UNHARMED
                                                       : n == 3 ? OUTCOME_VERIFIED
                                                                : OUTCOME_UNKNOWN);
}

/* A power cut in the middle of a record: its first half is new, its second half old, or the other
 * way round. */
static void test_a_torn_record_is_unknown(void **state) {
        (void)state;
        for (unsigned n = 1; n < 4; n++)
                for (unsigned half = 0; half < 2; half++) {
                        static const uint8_t zeros[256];
                        _cleanup_close_ int fd = -1;

                        leave_journal(n);
                        fd = openat(folder, NAME, O_RDWR | O_CLOEXEC);
                        assert_int_equal(pwrite(fd, zeros, sizeof(zeros), n * 512 + half * 256),
                                         sizeof(zeros));
                        assert_int_equal(read_left().outcome, OUTCOME_UNKNOWN);
                        assert_int_equal(unlinkat(folder, NAME, 0), 0);
                }
}

static void test_an_end_of_one_part_is_none(void **state) {
        static const uint8_t zeros[512];
        _cleanup_close_ int fd = -1;

        (void)state;
        leave_journal(3);
        fd = openat(folder, NAME, O_RDWR | O_CLOEXEC);
        assert_int_equal(pwrite(fd, zeros, sizeof(zeros), 4 * 512), sizeof(zeros));
        assert_int_equal(read_left().outcome, OUTCOME_UNKNOWN);
}

static void test_a_short_or_empty_file_is_unknown(void **state) {
        static const off_t lengths[] = { 0, 1, 511, 512, 513, 2048, 4095 };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(lengths); i++) {
                _cleanup_close_ int fd = -1;

                leave_journal(0);
                fd = openat(folder, NAME, O_RDWR | O_CLOEXEC);
                assert_int_equal(ftruncate(fd, lengths[i]), 0);
                assert_int_equal(read_left().outcome, OUTCOME_UNKNOWN);
                assert_int_equal(unlinkat(folder, NAME, 0), 0);
        }
}

static void test_the_journal_of_another_job_is_not_believed(void **state) {
        (void)state;
        leave_journal(3);
        assert_int_equal(renameat(folder, NAME, folder, "00000000000000000043.flash"), 0);
        {
                _cleanup_(journal_freep) Journal *journal = NULL;
                FlashEnd end;

                assert_int_equal(journal_open(folder, 43, &journal), 0);
                journal_read(journal, &end);
                assert_int_equal(end.job, 43);
                assert_int_equal(end.outcome, OUTCOME_UNKNOWN);
        }
}

static void test_only_names_of_journals_are_listed(void **state) {
        static const char *const others[] = {
                "00000000000000000000.flash", "0000000000000000001.flash",
                "00000000000000000001.flasH", ".flash.new",
                "99999999999999999999.flash", "000000000000000000001.flash",
                "-0000000000000000001.flash", "flash.lock",
        };
        uint64_t jobs[JOURNALS_MAX];
        size_t n;

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(others); i++)
                assert_int_equal(file_write_atomic(folder, others[i], "", 0, 0600), 0);
        assert_int_equal(file_write_atomic(folder, "18446744073709551615.flash", "", 0, 0600), 0);
        leave_journal(0);
        assert_int_equal(journal_list(folder, jobs, &n), 0);
        assert_int_equal(n, 2);
        assert_int_equal(jobs[0], JOB);
        assert_true(jobs[1] == UINT64_MAX);
}

static void test_a_planted_link_is_not_opened(void **state) {
        Journal *journal;

        (void)state;
        assert_int_equal(symlinkat("/etc/passwd", folder, NAME), 0);
        assert_int_equal(journal_open(folder, JOB, &journal), -ELOOP);
}

static void test_a_job_is_begun_once(void **state) {
        Journal *again;
        Fault fault = {};

        (void)state;
        leave_journal(1);
        assert_true(journal_new(folder, &plan, "sg1", &again, &fault) < 0);
        assert_int_equal(fault.code, FAULT_BUSY);
        assert_int_equal(read_left().outcome, OUTCOME_UNKNOWN);
}

static void test_a_journal_is_locked_while_its_helper_lives(void **state) {
        _cleanup_(journal_freep) Journal *journal = NULL, *other = NULL;
        Fault fault = {};

        (void)state;
        assert_int_equal(journal_new(folder, &plan, "sg1", &journal, &fault), 0);
        assert_int_equal(journal_open(folder, JOB, &other), -EWOULDBLOCK);
        assert_int_equal(journal_remove(journal), 0);
        assert_int_equal(journal_open(folder, JOB, &other), -ENOENT);
}

static void test_a_machine_flashes_one_drive_at_a_time(void **state) {
        _cleanup_close_ int lock = -1, other = -1;
        Fault fault = {};

        (void)state;
        assert_int_equal(journal_lock_machine(folder, &lock, &fault), 0);
        assert_true(journal_lock_machine(folder, &other, &fault) < 0);
        assert_int_equal(fault.code, FAULT_BUSY);
        closep(&lock);
        lock = -1;
        fault_clear(&fault);
        assert_int_equal(journal_lock_machine(folder, &other, &fault), 0);
}

/* As on a full disk: what is there already has its room, what is not is refused as a whole. */
static void test_a_journal_that_gets_no_room_is_refused_and_leaves_nothing(void **state) {
        const struct rlimit narrow = { 2048, RLIM_INFINITY },
                            wide = { RLIM_INFINITY, RLIM_INFINITY };
        uint64_t jobs[JOURNALS_MAX];
        Journal *journal;
        Fault fault = {};
        size_t n = 99;

        (void)state;
        (void)signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &narrow), 0);
        assert_true(journal_new(folder, &plan, "sg1", &journal, &fault) < 0);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &wide), 0);
        assert_int_equal(fault.code, FAULT_STORE);
        assert_int_equal(journal_list(folder, jobs, &n), 0);
        assert_int_equal(n, 0);
        assert_int_equal(faccessat(folder, ".flash.new", F_OK, 0), -1);
}

static void test_the_file_never_grows(void **state) {
        struct stat before, after;

        (void)state;
        leave_journal(0);
        assert_int_equal(fstatat(folder, NAME, &before, 0), 0);
        assert_int_equal(unlinkat(folder, NAME, 0), 0);
        leave_journal(3);
        assert_int_equal(fstatat(folder, NAME, &after, 0), 0);
        assert_int_equal(before.st_size, 4096);
        assert_int_equal(after.st_size, 4096);
        assert_int_equal(before.st_blocks, after.st_blocks);
        assert_int_equal(after.st_mode & 07777, 0600);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_a_flash_that_wrote_nothing_is_unharmed),
                TEST(test_a_flash_that_began_to_write_is_unknown),
                TEST(test_a_flash_that_sent_the_commit_is_unknown),
                TEST(test_an_end_reads_back_as_it_was_written),
                TEST(test_the_longest_end_has_room),
                TEST(test_no_flipped_bit_makes_an_outcome_better),
                TEST(test_a_torn_record_is_unknown),
                TEST(test_an_end_of_one_part_is_none),
                TEST(test_a_short_or_empty_file_is_unknown),
                TEST(test_the_journal_of_another_job_is_not_believed),
                TEST(test_only_names_of_journals_are_listed),
                TEST(test_a_planted_link_is_not_opened),
                TEST(test_a_job_is_begun_once),
                TEST(test_a_journal_is_locked_while_its_helper_lives),
                TEST(test_a_machine_flashes_one_drive_at_a_time),
                TEST(test_a_journal_that_gets_no_room_is_refused_and_leaves_nothing),
                TEST(test_the_file_never_grows),
        };

        return RUN_TESTS(tests);
}
