/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "tests/unit/emulator.h"

static char folder[] = "/tmp/discfw-test-bench-XXXXXX";
static char models[4096], states[64], logs[64], plan[64];
static Bench bench;
static size_t btc, plextor;

static void switch_on(const char *faults, double time_scale) {
        const BenchOptions options = { models, states, logs, faults, time_scale };
        Fault fault = {};

        if (bench_open(&options, &bench, &fault) < 0)
                fail_msg("%s", fault.text);
        assert_int_equal(bench_find(&bench, "btc-ide1004", &btc), 0);
        assert_int_equal(bench_find(&bench, "plextor-px716a", &plextor), 0);
        for (size_t i = 0; i < bench.n_places; i++)
                bench.places[i].drive.n_attentions = 0;
}

static void switch_on_with(const char *faults) {
        assert_int_equal(file_write_atomic(AT_FDCWD, plan, faults, strlen(faults), 0600), 0);
        switch_on(plan, 1.0);
}

static int in_a_folder(void **state) {
        (void)state;
        strcpy(folder + sizeof(folder) - 7, "XXXXXX");
        assert_non_null(mkdtemp(folder));
        (void)snprintf(models, sizeof(models), "%s/tests/emulator/models",
                       getenv("DISCFW_SRCDIR") ? getenv("DISCFW_SRCDIR") : ".");
        (void)snprintf(states, sizeof(states), "%s/state", folder);
        (void)snprintf(logs, sizeof(logs), "%s", folder);
        (void)snprintf(plan, sizeof(plan), "%s/plan", folder);
        bench = (Bench){ .state_fd = -1 };
        return 0;
}

/* Only what these tests make: state files, transcripts, the plan. */
static int away_with_it(void **state) {
        (void)state;
        for (size_t i = 0; i < bench.n_places; i++) {
                char path[160];

                (void)snprintf(path, sizeof(path), "%s/%s.state", states, bench.models[i].name);
                (void)unlink(path);
                (void)snprintf(path, sizeof(path), "%s/%s.log", logs, bench.models[i].name);
                (void)unlink(path);
        }
        bench_close(&bench);
        (void)unlink(plan);
        (void)rmdir(states);
        return rmdir(folder);
}

static const ScsiReply *carry(size_t place, uint64_t now, const char *cdb, ScsiFlow flow,
                              const void *out, uint32_t n_data) {
        static ScsiReply reply;
        ScsiRequest request = request_of(cdb, flow, out, n_data);

        bench_execute(&bench, place, &request, now, &reply);
        return &reply;
}

static const ScsiReply *is_ready(size_t place, uint64_t now) {
        return carry(place, now, "000000000000", SCSI_NO_DATA, NULL, 0);
}

static void assert_shows(size_t place, uint64_t now, const char *revision) {
        const ScsiReply *reply = carry(place, now, "120000002400", SCSI_TO_HOST, NULL, 36);

        assert_good(reply);
        assert_memory_equal(reply->in + 32, revision, 4);
}

/* A whole Plextor image as one block, which commits. */
static const ScsiReply *flash(uint64_t now, const char *revision) {
        _cleanup_free_ uint8_t *image = NULL;
        uint32_t n;

        image = image_of(FAMILY_PLEXTOR, "PLEXTOR", "DVDR   PX-716A", revision, NULL, FLAW_NONE,
                         &n);
        return carry(plextor, now, "3b0500000000" /* length: */ "0f000000", SCSI_TO_DRIVE, image,
                     n);
}

static void test_firmware_is_kept_over_a_restart(void **state) {
        (void)state;
        switch_on(NULL, 1.0);
        assert_good(flash(0, "1.09"));
        (void)bench_tick(&bench, 12000);
        bench_close(&bench);
        switch_on(NULL, 1.0);
        assert_shows(plextor, 0, "1.09");
        assert_shows(btc, 0, "0043");
}

static void test_a_process_that_ends_in_a_burn_is_a_power_cut(void **state) {
        (void)state;
        switch_on(NULL, 1.0);
        assert_good(flash(0, "1.09"));
        bench_close(&bench);
        switch_on(NULL, 1.0);
        assert_silent(is_ready(plextor, 100000));
        bench_close(&bench);
        switch_on(NULL, 1.0);
        assert_silent(is_ready(plextor, 100000));
        assert_shows(btc, 0, "0043");
}

static void test_tray_and_disc_are_kept(void **state) {
        (void)state;
        switch_on(NULL, 1.0);
        assert_int_equal(bench_disc(&bench, btc, DISC_BLANK, NULL, 0), 0);
        assert_true(bench_tray(&bench, plextor, true, 0));
        bench_close(&bench);
        switch_on(NULL, 1.0);
        assert_int_equal(bench.places[btc].drive.disc.kind, DISC_BLANK);
        assert_true(bench.places[plextor].drive.tray_open);
}

static void test_state_is_written_when_it_changes_and_not_else(void **state) {
        char path[160];

        (void)state;
        switch_on(NULL, 1.0);
        (void)snprintf(path, sizeof(path), "%s/btc-ide1004.state", states);
        assert_true(bench_tray(&bench, btc, true, 0));
        assert_int_equal(unlink(path), 0);
        (void)is_ready(btc, 0);
        (void)bench_tick(&bench, 1);
        assert_int_equal(access(path, F_OK), -1);
}

static void test_a_damaged_state_is_not_taken_for_a_new_drive(void **state) {
        const BenchOptions options = { models, states, NULL, NULL, 1.0 };
        Bench other = { .state_fd = -1 };
        Fault fault = {};
        char path[160];

        (void)state;
        switch_on(NULL, 1.0);
        (void)snprintf(path, sizeof(path), "%s/btc-ide1004.state", states);
        assert_int_equal(file_write_atomic(AT_FDCWD, path, "[drive]\ncondition = fine\n", 25, 0600),
                         0);
        assert_true(bench_open(&options, &other, &fault) < 0);
        assert_non_null(strstr(fault.text, "btc-ide1004.state:2"));
}

static void test_time_scales(void **state) {
        (void)state;
        switch_on(NULL, 0.01);
        assert_int_equal(flash(0, "1.09")->delay_ms, 120);
        assert_shows(plextor, 120, "1.09");
}

static void test_the_plan_counts_commands_by_drive(void **state) {
        (void)state;
        switch_on_with("btc-ide1004 command 3 sense 5/20/00\n");
        assert_refused(is_ready(btc, 0), 2, 0x3a, 0x01);
        assert_refused(is_ready(plextor, 0), 2, 0x3a, 0x01);
        assert_refused(is_ready(btc, 0), 2, 0x3a, 0x01);
        assert_refused(is_ready(btc, 0), 5, 0x20, 0x00);
        assert_refused(is_ready(btc, 0), 2, 0x3a, 0x01);
}

static void test_firmware_that_lacks_the_command_is_a_plan(void **state) {
        uint8_t bytes[4096] = {};

        (void)state;
        switch_on_with(
                "# as in the threads\n\nbtc-ide1004 opcode 3B every while 0043 sense 5/20/00\n");
        assert_refused(carry(btc, 0, "3b060000002000100000", SCSI_TO_DRIVE, bytes, 4096), 5, 0x20,
                       0x00);
        assert_refused(carry(btc, 0, "3b060000002000100000", SCSI_TO_DRIVE, bytes, 4096), 5, 0x20,
                       0x00);
        memcpy(bench.places[btc].drive.firmware.revision, "0045", 4);
        assert_good(carry(btc, 0, "3b060000002000100000", SCSI_TO_DRIVE, bytes, 4096));
}

static void test_a_refused_command_was_not_carried_out(void **state) {
        (void)state;
        switch_on_with("* burn 1 sense 4/40/F6\n");
        assert_refused(flash(0, "1.09"), 4, 0x40, 0xf6);
        assert_shows(plextor, 100000, "1.04");
        assert_good(flash(0, "1.09"));
}

static void test_after_means_that_the_drive_did_it_first(void **state) {
        (void)state;
        switch_on_with("* burn 1 after hang\n");
        assert_silent(flash(0, "1.09"));
        assert_shows(plextor, 12000, "1.09");
}

static void test_a_burn_may_change_nothing(void **state) {
        (void)state;
        switch_on_with("* burn 1 no-change\n");
        assert_good(flash(0, "1.09"));
        assert_refused(is_ready(plextor, 12000), 2, 0x3a, 0x01);
        assert_shows(plextor, 12000, "1.04");
}

static void test_a_burn_may_want_a_power_cycle(void **state) {
        (void)state;
        switch_on_with("* burn 1 needs-power-cycle\n");
        assert_good(flash(0, "1.09"));
        assert_refused(is_ready(plextor, 12000), 2, 0x04, 0x22);
        assert_shows(plextor, 12000, "1.04");
        bench_power_cycle(&bench, plextor, 13000);
        assert_refused(is_ready(plextor, 13000), 6, 0x29, 0x00);
        assert_shows(plextor, 13000, "1.09");
}

static void test_a_burn_may_want_a_power_cycle_without_a_word(void **state) {
        (void)state;
        switch_on_with("* burn 1 needs-power-cycle silent\n");
        assert_good(flash(0, "1.09"));
        assert_silent(is_ready(plextor, 12000));
        bench_power_cycle(&bench, plextor, 13000);
        assert_shows(plextor, 13000, "1.09");
}

static void test_a_drive_in_recovery_says_so_and_can_be_saved(void **state) {
        (void)state;
        switch_on_with("* burn 1 recovery\n");
        assert_good(flash(0, "1.09"));
        assert_refused(is_ready(plextor, 12000), 2, 0x04, 0x1f);
        assert_shows(plextor, 12000, "BOOT");
        bench_power_cycle(&bench, plextor, 13000);
        assert_shows(plextor, 13000, "BOOT");
        bench.places[plextor].drive.n_attentions = 0;
        assert_good(flash(20000, "1.09"));
        assert_shows(plextor, 32000, "1.09");
}

static void test_a_reset_in_the_middle_loses_the_image(void **state) {
        uint8_t bytes[4096] = {};

        (void)state;
        switch_on_with("btc-ide1004 write-buffer 2 reset\n");
        assert_good(carry(btc, 0, "3b060000002000100000", SCSI_TO_DRIVE, bytes, 4096));
        assert_refused(carry(btc, 0, "3b060000102000100000", SCSI_TO_DRIVE, bytes, 4096), 6, 0x29,
                       0x00);
        assert_refused(carry(btc, 0, "3b060000102000100000", SCSI_TO_DRIVE, bytes, 4096), 5, 0x24,
                       0x00);
}

static void test_what_the_adapter_says(void **state) {
        const ScsiReply *reply;

        (void)state;
        switch_on_with("btc-ide1004 command 1 host 7\n"
                       "btc-ide1004 command 2 driver 6\n"
                       "btc-ide1004 command 3 status 08\n"
                       "btc-ide1004 command 4 residual 16\n"
                       "btc-ide1004 command 5 stall 10\n"
                       "btc-ide1004 command 6 vanish 3\n");
        assert_int_equal(is_ready(btc, 0)->host_status, 7);
        assert_int_equal(is_ready(btc, 0)->driver_status, 6);
        assert_int_equal(is_ready(btc, 0)->status, SCSI_BUSY);
        reply = carry(btc, 0, "120000002400", SCSI_TO_HOST, NULL, 36);
        assert_good(reply);
        assert_int_equal(reply->residual, 16);
        assert_int_equal(is_ready(btc, 0)->delay_ms, 10000);
        reply = is_ready(btc, 0);
        assert_int_equal(reply->fate, SCSI_VANISHED);
        assert_int_equal(reply->delay_ms, 3000);
}

static void test_a_power_cut_at_a_piece_is_harmless_and_in_the_burn_is_not(void **state) {
        uint8_t bytes[4096] = {};

        (void)state;
        switch_on_with("btc-ide1004 write-buffer 1 after power-cut\n"
                       "plextor-px716a burn 1 after power-cut\n");
        assert_silent(carry(btc, 0, "3b060000002000100000", SCSI_TO_DRIVE, bytes, 4096));
        assert_shows(btc, 0, "0043");
        assert_silent(flash(0, "1.09"));
        assert_silent(is_ready(plextor, 100000));
}

static void test_a_plan_that_cannot_be_understood_is_refused_by_line(void **state) {
        static const char *const lines[] = {
                "btc-ide1004",
                "btc-ide1004 command",
                "btc-ide1004 command 0 hang",
                "btc-ide1004 command x hang",
                "btc-ide1004 sometimes 1 hang",
                "btc-ide1004 command 1",
                "btc-ide1004 command 1 sense",
                "btc-ide1004 command 1 sense 5/20",
                "btc-ide1004 command 1 sense 5/20/00 now",
                "btc-ide1004 command 1 explode",
                "btc-ide1004 command 1 vanish",
                "btc-ide1004 command 1 hang 3",
                "btc-ide1004 command 1 after residual 3",
                "btc-ide1004 command 1 while",
                "btc-ide1004 command 1 while 00430 hang",
                "btc-ide1004 opcode 3G 1 hang",
        };

        (void)state;
        switch_on(NULL, 1.0);
        for (unsigned i = 0; i < N_ELEMENTS(lines); i++) {
                Fault fault = {};
                char text[160];
                int n = snprintf(text, sizeof(text), "* command 9 hang\n%s\n", lines[i]);

                assert_int_equal(file_write_atomic(AT_FDCWD, plan, text, (size_t)n, 0600), 0);
                if (bench_faults(&bench, plan, &fault) == 0)
                        fail_msg("\"%s\" was accepted", lines[i]);
                assert_non_null(strstr(fault.text, "plan:2:"));
        }
}

static void test_a_transcript_can_be_read_and_compared(void **state) {
        static const char expected[] =
                "000001 120000002400              in      36 fed4b271f5aa0aca  00\n"
                "000002 000000000000              none                          02 5/20/00 "
                "[sense 5/20/00]\n"
                "------ 3b060000002000100000      refused by the host           EPERM\n"
                "000003 000000000000              none                          02 2/3a/01\n";
        ScsiRequest write = request_of("3b060000002000100000", SCSI_NO_DATA, NULL, 0);
        _cleanup_free_ uint8_t *text = NULL;
        char path[160];
        size_t n;

        (void)state;
        switch_on_with("btc-ide1004 command 2 sense 5/20/00\n");
        (void)carry(btc, 0, "120000002400", SCSI_TO_HOST, NULL, 36);
        (void)is_ready(btc, 0);
        bench_note(&bench, btc, &write, "EPERM");
        (void)is_ready(btc, 0);
        (void)snprintf(path, sizeof(path), "%s/btc-ide1004.log", logs);
        assert_int_equal(file_read(AT_FDCWD, path, 4096, &text, &n), 0);
        assert_string_equal((char *)text, expected);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, in_a_folder, away_with_it)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_firmware_is_kept_over_a_restart),
                TEST(test_a_process_that_ends_in_a_burn_is_a_power_cut),
                TEST(test_tray_and_disc_are_kept),
                TEST(test_state_is_written_when_it_changes_and_not_else),
                TEST(test_a_damaged_state_is_not_taken_for_a_new_drive),
                TEST(test_time_scales),
                TEST(test_the_plan_counts_commands_by_drive),
                TEST(test_firmware_that_lacks_the_command_is_a_plan),
                TEST(test_a_refused_command_was_not_carried_out),
                TEST(test_after_means_that_the_drive_did_it_first),
                TEST(test_a_burn_may_change_nothing),
                TEST(test_a_burn_may_want_a_power_cycle),
                TEST(test_a_burn_may_want_a_power_cycle_without_a_word),
                TEST(test_a_drive_in_recovery_says_so_and_can_be_saved),
                TEST(test_a_reset_in_the_middle_loses_the_image),
                TEST(test_what_the_adapter_says),
                TEST(test_a_power_cut_at_a_piece_is_harmless_and_in_the_burn_is_not),
                TEST(test_a_plan_that_cannot_be_understood_is_refused_by_line),
                TEST(test_a_transcript_can_be_read_and_compared),
        };

        return RUN_TESTS(tests);
}
