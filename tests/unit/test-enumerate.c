/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drive/enumerate.h"

#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "tests/unit/test.h"

#define ATA1   "devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0"
#define ATA2   "devices/pci0000:00/0000:00:1f.2/ata2/host1/target1:0:0/1:0:0:0"
#define USB    "devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:1"
#define DEBUG_ "devices/pseudo_0/adapter0/host9/target9:0:0/9:0:0:0"

/* A tree like the kernel's, small. */
static char root[] = "/tmp/discfw-test-sysfs-XXXXXX";
static char sockets[128];
static DriveRecord records[DRIVES_MAX];

static void put(const char *device, const char *name, const char *text) {
        _cleanup_close_ int fd = -1;
        char path[512];

        (void)snprintf(path, sizeof(path), "%s/%s", root, device);
        assert_int_equal(mkdir_parents(path, 0700), 0);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(file_write_atomic(fd, name, text, strlen(text), 0600), 0);
}

static void attach(const char *node, const char *device, const char *type, const char *block) {
        char target[512], link[512];

        put(device, "type", type);
        (void)snprintf(target, sizeof(target), "%s/%s/scsi_generic/%s", root, device, node);
        assert_int_equal(mkdir_parents(target, 0700), 0);
        (void)snprintf(link, sizeof(link), "%s/device", target);
        assert_int_equal(symlink("../..", link), 0);
        (void)snprintf(link, sizeof(link), "%s/class/scsi_generic", root);
        assert_int_equal(mkdir_parents(link, 0700), 0);
        (void)snprintf(link, sizeof(link), "%s/class/scsi_generic/%s", root, node);
        assert_int_equal(symlink(target, link), 0);
        if (block) {
                (void)snprintf(target, sizeof(target), "%s/%s/block/%s", root, device, block);
                assert_int_equal(mkdir_parents(target, 0700), 0);
        }
}

static int plant(void **state) {
        (void)state;
        assert_non_null(mkdtemp(root));
        (void)snprintf(sockets, sizeof(sockets), "%s/sockets", root);
        return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw) {
        (void)st;
        (void)kind;
        (void)ftw;
        return remove(path);
}

static int fell(void **state) {
        (void)state;
        (void)nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        memcpy(root + strlen(root) - 6, "XXXXXX", 6);
        memset(records, 0, sizeof(records));
        return 0;
}

static size_t found(const char *emulated_dir) {
        Fault fault = {};
        size_t n = 0;

        if (drives_enumerate(root, emulated_dir, records, &n, &fault) < 0)
                fail_msg("%s", fault.text);
        return n;
}

static void test_drives_are_found_among_disks_and_sorted_by_number(void **state) {
        (void)state;
        attach("sg0", ATA1, "0\n", "sda");
        attach("sg10", USB, "5\n", "sr1");
        attach("sg2", ATA2, "5\n", "sr0");
        put(ATA2, "iodone_cnt", "0x4d2\n");
        put(ATA2, "ioerr_cnt", "0x5\n");
        assert_int_equal(found(NULL), 2);

        assert_string_equal(records[0].node, "sg2");
        assert_string_equal(records[0].block, "sr0");
        assert_string_equal(records[0].devpath, "/devices/pci0000:00/0000:00:1f.2/ata2/0:0:0");
        assert_int_equal(records[0].attachment, ATTACHED_ATA);
        assert_int_equal(records[0].counters.done, 1234);
        assert_int_equal(records[0].counters.errors, 5);
        assert_int_equal(records[0].counters.timeouts, -1);

        assert_string_equal(records[1].node, "sg10");
        assert_string_equal(records[1].devpath,
                            "/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/0:0:1");
        assert_int_equal(records[1].attachment, ATTACHED_USB);
        assert_int_equal(records[1].counters.done, -1);
}

static void test_a_drive_without_a_block_device_yet_is_found(void **state) {
        (void)state;
        attach("sg3", DEBUG_, "5\n", NULL);
        assert_int_equal(found(NULL), 1);
        assert_string_equal(records[0].block, "");
        assert_int_equal(records[0].attachment, ATTACHED_VIRTUAL);
}

static void test_no_driver_is_no_drives_and_no_fault(void **state) {
        (void)state;
        assert_int_equal(found(NULL), 0);
        assert_int_equal(found(sockets), 0);
}

/* Counters begin anew with it, though it may have the number that it had. */
static void test_a_drive_that_came_back_is_another_device(void **state) {
        char path[256], gone[256];
        uint64_t before;

        (void)state;
        attach("sg3", ATA2, "5\n", NULL);
        before = drive_device(root, "sg3");
        assert_int_not_equal(before, 0);
        assert_int_equal(drive_device(root, "sg3"), before);
        (void)snprintf(path, sizeof(path), "%s/%s", root, ATA2);
        (void)snprintf(gone, sizeof(gone), "%s/gone", root);
        assert_int_equal(rename(path, gone), 0);
        assert_int_equal(drive_device(root, "sg3"), 0);
        (void)snprintf(path, sizeof(path), "%s/class/scsi_generic/sg3", root);
        assert_int_equal(unlink(path), 0);
        attach("sg3", ATA2, "5\n", NULL);
        assert_int_not_equal(drive_device(root, "sg3"), 0);
        assert_int_not_equal(drive_device(root, "sg3"), before);
        assert_int_equal(drive_device(root, "../sg3"), 0);
}

static void test_counters_of_nonsense_are_not_known(void **state) {
        (void)state;
        attach("sg3", ATA2, "5\n", NULL);
        put(ATA2, "iodone_cnt", "many\n");
        put(ATA2, "ioerr_cnt", "-1\n");
        put(ATA2, "iotmo_cnt", "0xffffffffffffffff\n");
        assert_int_equal(found(NULL), 1);
        assert_int_equal(records[0].counters.done, -1);
        assert_int_equal(records[0].counters.errors, -1);
        assert_int_equal(records[0].counters.timeouts, -1);
}

static void test_sockets_are_emulated_drives(void **state) {
        (void)state;
        put("sockets", "plextor.sock", "");
        put("sockets", "btc.sock", "");
        put("sockets", ".sock", "");
        put("sockets", "notes.txt", "");
        put("sockets", "a-name-that-is-much-too-long-to-be-the-name-of-a-drive-as-we-have-it.sock",
            "");
        assert_int_equal(found(sockets), 2);
        assert_string_equal(records[0].node, "emulated:btc");
        assert_string_equal(records[0].devpath, "emulated/btc");
        assert_int_equal(records[0].attachment, ATTACHED_EMULATED);
        assert_int_equal(records[0].counters.done, -1);
        assert_string_equal(records[1].node, "emulated:plextor");
        assert_int_equal(found(NULL), 0);
}

static void test_too_many_drives_are_a_fault_and_not_a_cut_list(void **state) {
        Fault fault = {};
        char name[32];
        size_t n = 77;

        (void)state;
        for (int i = 0; i <= DRIVES_MAX; i++) {
                (void)snprintf(name, sizeof(name), "d%d.sock", i);
                put("sockets", name, "");
        }
        assert_true(drives_enumerate(root, sockets, records, &n, &fault) < 0);
        assert_int_equal(fault.code, FAULT_LIMIT);
        assert_int_equal(n, 77);
}

static void test_one_drive_is_located_and_a_disk_is_refused(void **state) {
        Fault fault = {};

        (void)state;
        attach("sg0", ATA1, "0\n", "sda");
        attach("sg2", ATA2, "5\n", "sr0");
        assert_int_equal(drive_locate(root, "sg2", records, &fault), 0);
        assert_string_equal(records[0].block, "sr0");
        assert_true(drive_locate(root, "sg0", records, &fault) < 0);
        assert_int_equal(fault.code, FAULT_NOT_OPTICAL);
        fault_clear(&fault);
        assert_true(drive_locate(root, "sg7", records, &fault) < 0);
        assert_int_equal(fault.code, FAULT_NO_SUCH_DRIVE);
        fault_clear(&fault);
        assert_true(drive_locate(root, "../../sg2", records, &fault) < 0);
        assert_int_equal(fault.code, FAULT_NO_SUCH_DRIVE);
}

static void test_the_place_of_a_drive_survives_a_new_host_number(void **state) {
        static const struct {
                const char *devpath;
                const char *place;
                Attachment attachment;
        } known[] = {
                { "/devices/pci0000:00/0000:00:1f.2/ata2/host1/target1:0:0/1:0:0:0",
                  "/devices/pci0000:00/0000:00:1f.2/ata2/0:0:0", ATTACHED_ATA },
                { "/devices/pci0000:00/0000:00:1f.2/ata2/host17/target17:0:0/17:0:0:0",
                  "/devices/pci0000:00/0000:00:1f.2/ata2/0:0:0", ATTACHED_ATA },
                { "/devices/pci0000:00/0000:03:00.0/host0/port-0:1/end_device-0:1/target0:0:1/"
                  "0:0:1:0",
                  "/devices/pci0000:00/0000:03:00.0/0:1:0", ATTACHED_SCSI },
                { "/devices/pci0000:00/0000:04:00.0/fw0/fw1/fw1.0/host4/target4:0:0/4:0:0:0",
                  "/devices/pci0000:00/0000:04:00.0/fw0/fw1/fw1.0/0:0:0", ATTACHED_FIREWIRE },
                { "/devices/pci0000:00/0000:00:05.0/virtio2/host2/target2:0:0/2:0:0:0",
                  "/devices/pci0000:00/0000:00:05.0/virtio2/0:0:0", ATTACHED_VIRTUAL },
                { "/devices/tcm_loop_0/tcm_loop_adapter_0/host3/target3:0:1/3:0:1:0",
                  "/devices/tcm_loop_0/tcm_loop_adapter_0/0:1:0", ATTACHED_VIRTUAL },
                { "/devices/platform/vhci_hcd.0/usb3/3-1/3-1:1.0/host5/target5:0:0/5:0:0:0",
                  "/devices/platform/vhci_hcd.0/usb3/3-1/3-1:1.0/0:0:0", ATTACHED_USB },
                { "/devices/hostile", "/devices/hostile", ATTACHED_UNKNOWN },
        };
        char place[DEVPATH_SIZE];

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(known); i++) {
                devpath_normalize(known[i].devpath, place);
                assert_string_equal(place, known[i].place);
                assert_int_equal(devpath_attachment(known[i].devpath), known[i].attachment);
        }
}

#define IN_A_TREE(test) cmocka_unit_test_setup_teardown(test, plant, fell)

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_A_TREE(test_drives_are_found_among_disks_and_sorted_by_number),
                IN_A_TREE(test_a_drive_without_a_block_device_yet_is_found),
                IN_A_TREE(test_no_driver_is_no_drives_and_no_fault),
                IN_A_TREE(test_a_drive_that_came_back_is_another_device),
                IN_A_TREE(test_counters_of_nonsense_are_not_known),
                IN_A_TREE(test_sockets_are_emulated_drives),
                IN_A_TREE(test_too_many_drives_are_a_fault_and_not_a_cut_list),
                IN_A_TREE(test_one_drive_is_located_and_a_disk_is_refused),
                cmocka_unit_test(test_the_place_of_a_drive_survives_a_new_host_number),
        };

        return RUN_TESTS(tests);
}
