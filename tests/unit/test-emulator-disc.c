/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a kernel reads of a disc. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/unit/emulator.h"

static char image[] = "/tmp/discfw-test-disc-XXXXXX";
static DriveModel model;
static Drive drive;

/* Five sectors and a bit; each begins with its number. */
static int with_an_image(void **state) {
        uint8_t bytes[5 * DISC_SECTOR + 10] = {};
        int fd;

        (void)state;
        for (unsigned i = 0; i < 6; i++)
                bytes[i * DISC_SECTOR] = (uint8_t)(i + 1);
        strcpy(image + sizeof(image) - 7, "XXXXXX");
        fd = mkstemp(image);
        assert_true(fd >= 0);
        assert_int_equal(write_all(fd, bytes, sizeof(bytes)), 0);
        model = model_of("btc-ide1004");
        assert_int_equal(drive_init(&drive, &model, 0), 0);
        return close(fd);
}

static int away_with_it(void **state) {
        (void)state;
        drive_done(&drive);
        return unlink(image);
}

static void insert(DiscKind kind, const char *file) {
        assert_int_equal(drive_set_disc(&drive, kind, file, 0), 0);
        drive_tick(&drive, 1);
        drive.n_attentions = 0;
}

static const ScsiReply *read_some(const char *cdb) {
        return say(&drive, 1, cdb, SCSI_TO_HOST, NULL, SCSI_IN_MAX);
}

#define READ_CAPACITY_CDB "25000000000000000000"
#define READ_ALL          "28000000000000000600"
#define READ_LAST         "a80000000005000000010000"
#define TOC               "43000000000000040000"

static void test_sectors_are_those_of_the_image(void **state) {
        const ScsiReply *reply;

        (void)state;
        insert(DISC_DATA, image);
        reply = read_some(READ_CAPACITY_CDB);
        assert_good(reply);
        assert_int_equal(get_be32(reply->in), 5);
        reply = read_some(READ_ALL);
        assert_good(reply);
        assert_int_equal(reply->n_in, 6 * DISC_SECTOR);
        for (unsigned i = 0; i < 6; i++)
                assert_int_equal(reply->in[i * DISC_SECTOR], i + 1);
        reply = read_some(READ_LAST);
        assert_int_equal(reply->n_in, DISC_SECTOR);
        assert_int_equal(reply->in[0], 6);
        assert_int_equal(reply->in[10], 0);
}

static void test_there_is_nothing_behind_the_last_sector(void **state) {
        (void)state;
        insert(DISC_DATA, image);
        assert_refused(read_some("28000000000000000700"), 5, 0x21, 0x00);
        assert_refused(read_some("28000000000600000100"), 5, 0x21, 0x00);
        assert_refused(read_some("a800ffffffff000000020000"), 5, 0x21, 0x00);
        assert_refused(read_some("a80000000001ffffffff0000"), 5, 0x21, 0x00);
        assert_good(read_some("28000000000600000000"));
}

static void test_a_disc_without_an_image_is_zeros(void **state) {
        const ScsiReply *reply;

        (void)state;
        insert(DISC_DATA, NULL);
        reply = read_some(READ_ALL);
        assert_good(reply);
        assert_int_equal(reply->n_in, 6 * DISC_SECTOR);
        assert_int_equal(reply->in[DISC_SECTOR], 0);
}

static void test_nobody_reads_more_at_once_than_an_answer_holds(void **state) {
        (void)state;
        insert(DISC_DATA, NULL);
        assert_int_equal(read_some("28000000000000008000")->n_in, SCSI_IN_MAX);
        assert_refused(read_some("28000000000000008100"), 5, 0x24, 0x00);
}

static void test_without_a_disc_there_is_nothing_to_read(void **state) {
        static const char *const cdbs[] = { READ_CAPACITY_CDB, READ_ALL, READ_LAST, TOC,
                                            "52010000000100002400" };

        (void)state;
        drive.n_attentions = 0;
        for (unsigned i = 0; i < N_ELEMENTS(cdbs); i++)
                assert_refused(read_some(cdbs[i]), 2, 0x3a, 0x01);
        insert(DISC_BLANK, NULL);
        assert_refused(read_some("28000000000000000100"), 5, 0x21, 0x00);
        assert_refused(read_some(TOC), 5, 0x24, 0x00);
}

static void test_the_table_of_contents_has_one_track(void **state) {
        const ScsiReply *reply;

        (void)state;
        insert(DISC_DATA, image);
        reply = read_some(TOC);
        assert_int_equal(reply->n_in, 20);
        assert_int_equal(get_be16(reply->in), 18);
        assert_int_equal(reply->in[6], 1);
        assert_int_equal(get_be32(reply->in + 8), 0);
        assert_int_equal(reply->in[14], 0xaa);
        assert_int_equal(get_be32(reply->in + 16), 6);
        reply = read_some("43020000000000040000"); /* as minutes, seconds, frames */
        assert_memory_equal(reply->in + 8, "\x00\x00\x02\x00", 4);
        assert_memory_equal(reply->in + 16, "\x00\x00\x02\x06", 4);
        assert_int_equal(read_some("430000000000aa040000")->n_in, 12);
        assert_int_equal(read_some("43000100000000040000")->n_in, 12);
        assert_int_equal(read_some("43000200000000040000")->n_in, 4 + 4 * 11);
        assert_int_equal(read_some("43000000000000000400")->n_in, 4);
        assert_refused(read_some("43000000000002040000"), 5, 0x24, 0x00);
        assert_refused(read_some("43000500000000040000"), 5, 0x24, 0x00);
}

static void test_a_track_is_found_by_its_number_and_by_its_sectors(void **state) {
        const ScsiReply *reply;

        (void)state;
        insert(DISC_DATA, image);
        reply = read_some("52010000000100002400");
        assert_int_equal(reply->n_in, 36);
        assert_int_equal(get_be32(reply->in + 24), 6);
        assert_good(read_some("52000000000500002400"));
        assert_refused(read_some("52000000000600002400"), 5, 0x24, 0x00);
        assert_refused(read_some("52010000000200002400"), 5, 0x24, 0x00);
        insert(DISC_BLANK, NULL);
        assert_int_equal(read_some("5201000000ff00002400")->in[6] & 0x40, 0x40);
}

static void test_the_profile_is_that_of_the_disc(void **state) {
        (void)state;
        assert_int_equal(get_be16(read_some("46000000000000000800")->in + 6), 0);
        insert(DISC_DATA, image);
        assert_int_equal(get_be16(read_some("46000000000000000800")->in + 6), 0x0010);
        assert_int_equal(read_some("ad0000000000000008040000")->n_in, 2052);
        insert(DISC_BLANK, NULL);
        assert_int_equal(get_be16(read_some("46000000000000000800")->in + 6), 0x001b);
        assert_refused(read_some("ad0000000000000008040000"), 5, 0x30, 0x02);
}

static void test_format_capacities_tell_whether_there_is_a_disc(void **state) {
        (void)state;
        drive.n_attentions = 0;
        assert_int_equal(read_some("23000000000000000c00")->in[8], 3);
        insert(DISC_DATA, image);
        assert_int_equal(read_some("23000000000000000c00")->in[8], 2);
        assert_int_equal(get_be32(read_some("23000000000000000c00")->in + 4), 6);
}

static void test_a_disc_needs_its_image_and_an_unlocked_tray(void **state) {
        (void)state;
        assert_int_equal(drive_set_disc(&drive, DISC_DATA, "/nowhere", 0), -ENOENT);
        assert_int_equal(drive_set_disc(&drive, DISC_BLANK, image, 0), -EINVAL);
        assert_int_equal(drive_set_disc(&drive, DISC_DATA, "/", 0), -EINVAL);
        insert(DISC_DATA, image);
        drive.locked = true;
        assert_int_equal(drive_set_disc(&drive, DISC_NONE, NULL, 0), -EBUSY);
        drive.n_attentions = 0;
        assert_good(read_some(READ_ALL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, with_an_image, away_with_it)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_sectors_are_those_of_the_image),
                TEST(test_there_is_nothing_behind_the_last_sector),
                TEST(test_a_disc_without_an_image_is_zeros),
                TEST(test_nobody_reads_more_at_once_than_an_answer_holds),
                TEST(test_without_a_disc_there_is_nothing_to_read),
                TEST(test_the_table_of_contents_has_one_track),
                TEST(test_a_track_is_found_by_its_number_and_by_its_sectors),
                TEST(test_the_profile_is_that_of_the_disc),
                TEST(test_format_capacities_tell_whether_there_is_a_disc),
                TEST(test_a_disc_needs_its_image_and_an_unlocked_tray),
        };

        return RUN_TESTS(tests);
}
