/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A taken-over daemon: what it may ask for and not get. Each ends with a refusal of its own code,
 * and with no command sent that changes the drive. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "catalog/bundle.h"
#include "catalog/entry.h"
#include "tests/unit/flash-bench.h"
#include "tests/unit/test.h"

static void assert_refusal(const Bench *bench, const FlashEnd *end, FaultCode code) {
        assert_int_equal(end->outcome, OUTCOME_REFUSED);
        if (end->fault.code != code)
                fail_msg("refused as %s: %s", fault_name(end->fault.code), end->fault.text);
        assert_int_equal(end->n_sent, 0);
        assert_int_equal(bench_count(bench, "3b"), 0);
}

/* With descriptors of one's own. */
static void try_with(Bench *bench, int image, int bundle, FaultCode code) {
        Helper helper = helper_start(bench);
        FlashEnd end;

        helper_plan_with(&helper, &bench->plan, image, bundle);
        assert_int_equal(helper_hear(&helper, &end), MESSAGE_FLASH_END);
        assert_refusal(bench, &end, code);
        assert_int_equal(bench_journals(bench), 0);
        assert_int_equal(helper_wait(&helper), 0);
}

static void try(Bench *bench, FaultCode code) {
        try_with(bench, bench_image(bench), bench_bundle(bench), code);
}

static void set(json_t *object, const char *key, json_t *value) {
        assert_int_equal(json_object_set_new(object, key, value), 0);
}

static void test_other_bytes_than_were_signed(void **state) {
        Bench *bench = *state;

        bench->image[bench->n_image - 1] ^= 1;
        try(bench, FAULT_IMAGE_MISMATCH);
        bench->image[bench->n_image - 1] ^= 1;
        bench->n_image--;
        try(bench, FAULT_IMAGE_MISMATCH);
        bench->n_image = 0;
        try(bench, FAULT_IMAGE_MISMATCH);
}

static void test_bytes_that_can_still_change(void **state) {
        Bench *bench = *state;
        int fd;

        assert_int_equal(memfd_new("image", bench->n_image, &fd), 0);
        assert_int_equal(pwrite_all(fd, bench->image, bench->n_image, 0), 0);
        try_with(bench, fd, bench_bundle(bench), FAULT_PROTOCOL);
        assert_int_equal(memfd_new("bundle", 100, &fd), 0);
        try_with(bench, bench_image(bench), fd, FAULT_PROTOCOL);
        try_with(bench, open("/dev/null", O_RDWR | O_CLOEXEC), bench_bundle(bench), FAULT_PROTOCOL);
}

static void test_an_image_in_the_bundles_place(void **state) {
        Bench *bench = *state;

        try_with(bench, bench_bundle(bench), bench_image(bench), FAULT_CATALOG_MALFORMED);
}

static void test_a_catalog_that_nobody_pinned(void **state) {
        static const char *const names[] = {
                "other", "", "..", "../lab", "lab/", "lab/../lab", "."
        };
        Bench *bench = *state;

        for (size_t i = 0; i < N_ELEMENTS(names); i++) {
                strcpy(bench->plan.catalog, names[i]);
                try(bench, FAULT_NO_SUCH_CATALOG);
        }
}

static void test_a_catalog_that_other_keys_signed(void **state) {
        Bench *bench = *state;
        Repository *good = bench->repository;
        Repository *forged = repository_new();

        bench->repository = forged;
        repository_set_expiry(forged, "root", clock_realtime() + 90 * DAY);
        repository_publish(forged, "root");
        bench_publish(bench);
        try(bench, FAULT_CATALOG_SIGNATURE);
        bench->repository = repository_free(forged);
        bench->repository = good;
}

static void test_a_catalog_of_last_year_after_todays(void **state) {
        Bench *bench = *state;
        int old = bench_bundle(bench);

        bench_publish(bench);
        bench_control(bench, "disc btc-ide1004 data");
        try(bench, FAULT_DISC_PRESENT); /* today's was seen, that is all */
        bench_control(bench, "disc btc-ide1004 none");
        try_with(bench, bench_image(bench), old, FAULT_CATALOG_ROLLED_BACK);
}

static void expire(Bench *bench) {
        repository_set_expiry(bench->repository, "timestamp", clock_realtime() - 1);
        repository_publish(bench->repository, "timestamp");
}

static void test_a_catalog_that_has_expired(void **state) {
        Bench *bench = *state;

        expire(bench);
        try(bench, FAULT_CATALOG_EXPIRED);
        bench->plan.allow_expired = true; /* for a kind that may not */
        try(bench, FAULT_CATALOG_EXPIRED);
}

static void test_an_expired_catalog_still_leads_back_if_root_says_so(void **state) {
        Bench *bench = *state;
        FlashEnd end;

        set(bench->entry, "edges",
            json_pack("[{s:s, s:[s]}]", "kind", "downgrade", "from", "0043"));
        bench_publish(bench);
        expire(bench);
        bench->plan.kind = FLASH_DOWNGRADE;
        try(bench, FAULT_CATALOG_EXPIRED);
        bench->plan.allow_expired = true;
        end = bench_flash(bench);
        assert_int_equal(end.outcome, OUTCOME_VERIFIED);
}

static void test_an_image_for_another_drive(void **state) {
        Bench *bench = *state;
        const uint8_t *other = (const uint8_t *)"        DVDRW IDE1008   ";
        char prefix[ENTRY_PREFIX_SIZE], good[TARGET_PATH_MAX + 1];

        /* A good entry for another drive, asked for on this one. */
        strcpy(good, bench->target);
        entry_prefix(other, prefix);
        (void)snprintf(bench->target, sizeof(bench->target), "%simage.bin", prefix);
        strcpy(bench->plan.target, bench->target);
        set(bench->entry, "model", json_string("202020202020202044564452572049444531303038202020"));
        bench_publish(bench);
        try(bench, FAULT_IMAGE_IDENTITY);
        /* The plan lies about the drive as well; the image itself does not go along with it. */
        memcpy(bench->plan.identity, other, IDENTITY_LENGTH);
        try(bench, FAULT_IMAGE_IDENTITY);
        /* A signed image for that drive, all in order: but the drive says who it is. */
        memcpy(bench->image + 0x40bc, other, IDENTITY_LENGTH);
        bench_publish(bench);
        try(bench, FAULT_DRIVE_CHANGED);
        /* A target that nobody lists. */
        strcpy(bench->plan.target, good);
        try(bench, FAULT_NO_EDGE);
}

static void test_a_way_that_is_not_declared(void **state) {
        Bench *bench = *state;

        strcpy(bench->plan.to, "0050");
        try(bench, FAULT_NO_EDGE);
        strcpy(bench->plan.to, "0051");
        bench->plan.kind = FLASH_DOWNGRADE;
        try(bench, FAULT_NO_EDGE);
        bench->plan.kind = FLASH_REFLASH;
        try(bench, FAULT_NO_EDGE);
        bench->plan.kind = FLASH_UPGRADE;
        strcpy(bench->plan.revision, "0044");
        try(bench, FAULT_NO_EDGE);
}

static void test_a_revision_that_the_drive_does_not_have(void **state) {
        Bench *bench = *state;

        set(bench->entry, "edges",
            json_pack("[{s:s, s:[s, s]}]", "kind", "upgrade", "from", "0043", "0044"));
        bench_publish(bench);
        strcpy(bench->plan.revision, "0044");
        try(bench, FAULT_DRIVE_CHANGED);
}

static void test_an_image_that_was_withdrawn(void **state) {
        Bench *bench = *state;

        set(bench->entry, "withdrawn", json_string("bricks some"));
        bench_publish(bench);
        try(bench, FAULT_WITHDRAWN);
}

static void test_a_connection_that_was_never_tried(void **state) {
        Bench *bench = *state;

        set(json_object_get(bench->entry, "recipe"), "transports",
            json_pack("[s, s]", "ata", "usb"));
        bench_publish(bench);
        try(bench, FAULT_TRANSPORT_NOT_ALLOWED);
}

static void test_hardware_that_the_entry_is_not_for(void **state) {
        Bench *bench = *state;

        set(bench->entry, "masks",
            json_pack("[{s:i, s:s, s:s}]", "offset", 36, "mask", "ff", "value", "41"));
        bench_publish(bench);
        try(bench, FAULT_DRIVE_CHANGED);
}

static void test_another_drive_of_the_same_name(void **state) {
        Bench *bench = *state;

        strcpy(bench->plan.serial, "306412");
        try(bench, FAULT_DRIVE_CHANGED);
        bench->plan.serial[0] = '\0';
        strcpy(bench->plan.devpath, "emulated/emprex-1016-a");
        try(bench, FAULT_DRIVE_CHANGED);
        strcpy(bench->plan.devpath, "emulated/nowhere");
        try(bench, FAULT_DRIVE_GONE);
        strcpy(bench->plan.devpath, "");
        try(bench, FAULT_DRIVE_GONE);
}

static void test_a_root_that_others_may_write(void **state) {
        Bench *bench = *state;
        char path[128];

        (void)snprintf(path, sizeof(path), "%s/config/catalogs.d/lab/root.json", bench->folder);
        assert_int_equal(chmod(path, 0664), 0);
        try(bench, FAULT_BAD_CONFIG);
        assert_int_equal(chmod(path, 0644), 0);
        *strrchr(path, '/') = '\0';
        assert_int_equal(chmod(path, 0777), 0);
        try(bench, FAULT_BAD_CONFIG);
}

/* A good plan, READY, and then something else than the order. */
static void answer_ready(Bench *bench, uint16_t kind, uint64_t job, int fd, FaultCode code) {
        Helper helper = helper_start(bench);
        uint8_t payload[8];
        FlashEnd end;

        helper_plan(&helper, bench);
        assert_int_equal(helper_hear(&helper, &end), MESSAGE_FLASH_READY);
        (void)flash_job_encode(job, payload, sizeof(payload));
        assert_true(helper_tell(&helper, kind, payload, sizeof(payload), fd, -1));
        assert_int_equal(helper_hear(&helper, &end), MESSAGE_FLASH_END);
        assert_refusal(bench, &end, code);
        helper_ack(&helper, bench->plan.job);
        assert_int_equal(helper_hear(&helper, NULL), 0);
        assert_int_equal(helper_wait(&helper), 0);
        assert_int_equal(bench_journals(bench), 0);
}

static void test_an_order_without_an_inhibitor(void **state) {
        Bench *bench = *state;

        answer_ready(bench, MESSAGE_FLASH_GO, 7, -1, FAULT_NO_INHIBITOR);
}

static void test_something_else_than_the_order(void **state) {
        Bench *bench = *state;
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

        answer_ready(bench, MESSAGE_FLASH_GO, 8, fd, FAULT_PROTOCOL);
        answer_ready(bench, MESSAGE_FLASH_ACK, 7, -1, FAULT_PROTOCOL);
        answer_ready(bench, MESSAGE_FLASH_REPORT, 7, -1, FAULT_PROTOCOL);
        answer_ready(bench, MESSAGE_FLASH_PLAN, 7, -1, FAULT_PROTOCOL);
        answer_ready(bench, 0x999, 7, -1, FAULT_PROTOCOL);
}

/* What may not open a conversation ends it. */
static void test_something_else_than_a_plan(void **state) {
        static const uint16_t kinds[] = { MESSAGE_FLASH_GO,
                                          MESSAGE_FLASH_ACK,
                                          MESSAGE_FLASH_END,
                                          MESSAGE_FLASH_PLAN,
                                          MESSAGE_FLASH_REPORT,
                                          MESSAGE_PROBE_SCAN,
                                          0,
                                          0xffff };
        Bench *bench = *state;

        for (size_t i = 0; i < N_ELEMENTS(kinds); i++) {
                Helper helper = helper_start(bench);

                assert_true(helper_tell(&helper, kinds[i], "rubbish!", 8, -1, -1));
                assert_int_equal(helper_hear(&helper, NULL), 0);
                assert_int_equal(helper_wait(&helper), 1);
        }
        {
                Helper helper = helper_start(bench);

                assert_true(helper_tell(&helper, MESSAGE_FLASH_PLAN, "rubbish!", 8,
                                        bench_image(bench), bench_bundle(bench)));
                assert_int_equal(helper_hear(&helper, NULL), 0);
                assert_int_equal(helper_wait(&helper), 1);
        }
        assert_int_equal(bench_count(bench, ""), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                test_on_bench(test_other_bytes_than_were_signed),
                test_on_bench(test_bytes_that_can_still_change),
                test_on_bench(test_an_image_in_the_bundles_place),
                test_on_bench(test_a_catalog_that_nobody_pinned),
                test_on_bench(test_a_catalog_that_other_keys_signed),
                test_on_bench(test_a_catalog_of_last_year_after_todays),
                test_on_bench(test_a_catalog_that_has_expired),
                test_on_bench(test_an_expired_catalog_still_leads_back_if_root_says_so),
                test_on_bench(test_an_image_for_another_drive),
                test_on_bench(test_a_way_that_is_not_declared),
                test_on_bench(test_a_revision_that_the_drive_does_not_have),
                test_on_bench(test_an_image_that_was_withdrawn),
                test_on_bench(test_a_connection_that_was_never_tried),
                test_on_bench(test_hardware_that_the_entry_is_not_for),
                test_on_bench(test_another_drive_of_the_same_name),
                test_on_bench(test_a_root_that_others_may_write),
                test_on_bench(test_an_order_without_an_inhibitor),
                test_on_bench(test_something_else_than_the_order),
                test_on_bench(test_something_else_than_a_plan),
        };

        return RUN_TESTS(tests);
}
