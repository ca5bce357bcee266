/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the machine says of itself, and how far each catalog has come. */
#include "flash/host.h"

#include <string.h>

#include "base/file.h"
#include "flash/floor.h"
#include "tests/unit/folder.h"
#include "tests/unit/test.h"

static const char mounts[] =
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "30 22 11:1 / /media/cdrom\\040one ro,nosuid shared:2 - iso9660 /dev/sr1 ro\n"
        "31 22 111:0 / /elsewhere rw - tmpfs tmpfs rw\n"
        "this is no mount\n"
        "32 22 0:45 / /run rw - tmpfs tmpfs rw\n";

static void test_a_mounted_disc_is_found_and_its_place_told(void **state) {
        _cleanup_close_ int fd = -1;
        char place[64] = "as it was";

        (void)state;
        assert_int_equal(memfd_from_bytes("mounts", mounts, strlen(mounts), &fd), 0);
        assert_int_equal(host_mount_of(fd, 11, 0, place, sizeof(place)), 0);
        assert_string_equal(place, "as it was");
        assert_int_equal(host_mount_of(fd, 11, 1, place, sizeof(place)), 1);
        assert_string_equal(place, "/media/cdrom\\040one");
        assert_int_equal(host_mount_of(fd, 11, 10, place, sizeof(place)), 0);
}

static void test_the_kernels_own_list_can_be_read_twice(void **state) {
        _cleanup_close_ int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
        char place[64];

        (void)state;
        assert_int_equal(host_mount_of(fd, 11, 77, place, sizeof(place)), 0);
        assert_int_equal(host_mount_of(fd, 11, 77, place, sizeof(place)), 0);
}

static void supply(const TestFolder *folder, const char *name, const char *attribute,
                   const char *value) {
        char path[128];

        (void)mkdirat(folder->fd, name, 0700);
        (void)snprintf(path, sizeof(path), "%s/%s", name, attribute);
        assert_int_equal(file_write_atomic(folder->fd, path, value, strlen(value), 0600), 0);
}

static Power power_of(const TestFolder *folder) {
        Power power;

        assert_int_equal(host_power(folder->fd, &power), 0);
        return power;
}

static void test_a_machine_without_batteries_runs_on_mains(void **state) {
        Power power;

        assert_false(power_of(*state).on_battery);
        assert_int_equal(host_power(-1, &power), 0);
        assert_false(power.on_battery);
}

static void test_a_battery_that_empties_counts_unless_mains_is_there(void **state) {
        const TestFolder *folder = *state;

        supply(folder, "BAT0", "type", "Battery\n");
        supply(folder, "BAT0", "status", "Discharging\n");
        supply(folder, "BAT0", "capacity", "37\n");
        supply(folder, "AC", "type", "Mains\n");
        supply(folder, "AC", "online", "0\n");
        assert_true(power_of(folder).on_battery);
        assert_int_equal(power_of(folder).percent, 37);
        supply(folder, "BAT1", "type", "Battery\n");
        supply(folder, "BAT1", "capacity", "80\n");
        assert_int_equal(power_of(folder).percent, 80);
        supply(folder, "AC", "online", "1\n");
        assert_false(power_of(folder).on_battery);
}

static void test_the_battery_of_a_mouse_does_not_count(void **state) {
        const TestFolder *folder = *state;

        supply(folder, "hid-0", "type", "Battery\n");
        supply(folder, "hid-0", "scope", "Device\n");
        supply(folder, "hid-0", "status", "Discharging\n");
        supply(folder, "hid-0", "capacity", "5\n");
        assert_false(power_of(folder).on_battery);
}

static void test_a_battery_that_does_not_say_how_full_it_is_is_unknown(void **state) {
        const TestFolder *folder = *state;

        supply(folder, "BAT0", "type", "Battery\n");
        supply(folder, "BAT0", "status", "Discharging\n");
        supply(folder, "BAT0", "capacity", "full\n");
        assert_true(power_of(folder).on_battery);
        assert_int_equal(power_of(folder).percent, -1);
}

static void test_a_floor_is_kept_and_read_back(void **state) {
        const TestFolder *folder = *state;
        const Floor floor = { 1, 2, 3, 4, 1800000000 };
        Floor back = { .root = 9 };
        Fault fault = {};

        assert_int_equal(floor_read(folder->fd, "btc", &back, &fault), 0);
        assert_int_equal(back.root, 0);
        assert_int_equal(floor_write(folder->fd, "btc", &floor, &fault), 0);
        assert_int_equal(floor_read(folder->fd, "btc", &back, &fault), 0);
        assert_memory_equal(&back, &floor, sizeof(floor));
        assert_int_equal(floor_read(folder->fd, "other", &back, &fault), 0);
        assert_int_equal(back.root, 0);
}

static void test_a_damaged_floor_refuses_everything(void **state) {
        static const char *const texts[] = {
                "",     "{}",
                "[1]",  "{\"root\":1,\"timestamp\":2}",
                "null", "{\"root\":-1,\"timestamp\":2,\"snapshot\":3}"
        };
        const TestFolder *folder = *state;

        for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
                Floor floor;
                Fault fault = {};

                assert_int_equal(file_write_atomic(folder->fd, "floor.btc.json", texts[i],
                                                   strlen(texts[i]), 0600),
                                 0);
                assert_true(floor_read(folder->fd, "btc", &floor, &fault) < 0);
                assert_int_equal(fault.code, FAULT_STORE);
        }
}

static void test_no_version_goes_down_under_the_same_root(void **state) {
        const Floor floor = { 2, 10, 10, 10, 0 };
        const Floor lower[] = {
                { 1, 99, 99, 99, 0 }, { 2, 9, 10, 10, 0 }, { 2, 10, 9, 10, 0 }, { 2, 10, 10, 9, 0 }
        };
        const Floor fine[] = { { 2, 10, 10, 10, 0 }, { 2, 11, 12, 13, 0 }, { 3, 1, 1, 1, 0 } };
        Fault fault = {};

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(lower); i++) {
                assert_true(floor_check(&floor, &lower[i], "btc", &fault) < 0);
                assert_int_equal(fault.code, FAULT_CATALOG_ROLLED_BACK);
                fault_clear(&fault);
        }
        for (size_t i = 0; i < N_ELEMENTS(fine); i++)
                assert_int_equal(floor_check(&floor, &fine[i], "btc", &fault), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_mounted_disc_is_found_and_its_place_told),
                cmocka_unit_test(test_the_kernels_own_list_can_be_read_twice),
                test_in_folder(test_a_machine_without_batteries_runs_on_mains),
                test_in_folder(test_a_battery_that_empties_counts_unless_mains_is_there),
                test_in_folder(test_the_battery_of_a_mouse_does_not_count),
                test_in_folder(test_a_battery_that_does_not_say_how_full_it_is_is_unknown),
                test_in_folder(test_a_floor_is_kept_and_read_back),
                test_in_folder(test_a_damaged_floor_refuses_everything),
                cmocka_unit_test(test_no_version_goes_down_under_the_same_root),
        };

        return RUN_TESTS(tests);
}
