/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* INQUIRY, GET CONFIGURATION, MODE SENSE, REPORT KEY, events, serial numbers: as drives answer them. */
#include <string.h>

#include "base/bytes.h"
#include "drive/event.h"
#include "drive/features.h"
#include "drive/identity.h"
#include "drive/mode.h"
#include "drive/region.h"
#include "tests/unit/fake-drive.h"
#include "tests/unit/test.h"

/* ---- INQUIRY ---- */

/* Standard data of a drive that names itself NAMES (28 characters from byte 8) and sends EXTRA. */
static size_t make_inquiry(uint8_t bytes[static 96], uint8_t additional, const char *names,
                           const char *extra) {
        memset(bytes, 0, 96);
        memcpy(bytes, "\x05\x80\x05\x32", 4);
        bytes[4] = additional;
        memcpy(bytes + 8, names, 28);
        memcpy(bytes + 36, extra, strlen(extra));
        return 36 + strlen(extra);
}

static Inquiry inquired(uint8_t additional, const char *names, const char *extra) {
        uint8_t bytes[96];
        size_t n = make_inquiry(bytes, additional, names, extra);
        Inquiry inquiry = {};
        Fault fault = {};

        if (inquiry_decode(bytes, n, &inquiry, &fault) < 0)
                fail_msg("%s", fault.text);
        return inquiry;
}

static void test_a_drive_without_a_vendor_is_a_drive(void **state) {
        const Inquiry btc = inquired(0x1f, "        DVDRW IDE1008   0055", "");

        (void)state;
        assert_memory_equal(btc.identity, "        DVDRW IDE1008   ", IDENTITY_LENGTH);
        assert_string_equal(btc.revision, "0055");
        assert_int_equal(btc.n_bytes, 36);
}

static void test_a_name_across_the_border_of_two_fields_stays_whole(void **state) {
        const Inquiry cheap = inquired(0x1f, "DVDROM 10X              1.0 ", "");

        (void)state;
        assert_memory_equal(cheap.identity, "DVDROM 10X              ", IDENTITY_LENGTH);
        assert_string_equal(cheap.revision, "1.0 ");
}

static void test_control_characters_stay_in_the_raw_bytes_and_nuls_read_as_blanks(void **state) {
        const Inquiry odd = inquired(0x1f, "\x1b[2JEVIL\x07\x07 DRIVE        1\0\0\0", "");

        (void)state;
        assert_memory_equal(odd.identity, "\x1b[2JEVIL", 8);
        assert_string_equal(odd.revision, "1   ");
}

static void test_the_length_field_is_believed_only_downwards(void **state) {
        const char *const names = "PIONEER DVD-RW  DVR-111D1.29";

        (void)state;
        /* The field says 96, 56 came. */
        assert_int_equal(inquired(0x5b, names, " 06/12/12 PIONEER   ").n_bytes, 56);
        /* 56 came, the field says 36: what follows is left from somebody else. */
        assert_int_equal(inquired(0x1f, names, " 06/12/12 PIONEER   ").n_bytes, 36);
        assert_int_equal(inquired(0x1f, names, " 06/12/12 PIONEER   ").bytes[40], 0);
        /* The field says 5 or 260: old firmware. */
        assert_int_equal(inquired(0x00, names, "").n_bytes, 36);
        assert_int_equal(inquired(0xff, names, " 06/12/12 PIONEER   ").n_bytes, 56);
}

static void refuses_inquiry(const char *hex, FaultCode code, const char *text) {
        Inquiry inquiry = { .n_bytes = 77 };
        uint8_t bytes[96];
        size_t n = from_hex(hex, bytes, sizeof(bytes));
        Fault fault = {};

        assert_true(inquiry_decode(bytes, n, &inquiry, &fault) < 0);
        assert_int_equal(fault.code, code);
        assert_string_equal(fault.text, text);
        assert_int_equal(inquiry.n_bytes, 77);
}

#define NAMES_HEX                                                                                  \
        "41 54 41 20 20 20 20 20 53 41 4d 53 55 4e 47 20 48 44 31 36 31 48 4a 20 4a 46 31 30"
#define ZEROS_28 "00000000 00000000 00000000 00000000 00000000 00000000 00000000"

static void test_a_disk_is_not_taken_for_a_drive(void **state) {
        (void)state;
        refuses_inquiry("00 00 05 02 1f 00 00 00" NAMES_HEX, FAULT_NOT_OPTICAL,
                        "device is of type 00h, not an optical drive");
}

static void test_a_missing_unit_nothing_and_too_little_are_no_drive(void **state) {
        (void)state;
        refuses_inquiry("7f 00 05 02 1f 00 00 00" NAMES_HEX, FAULT_NOT_OPTICAL,
                        "device is of type 1fh, not an optical drive");
        refuses_inquiry("25 80 05 02 1f 00 00 00" NAMES_HEX, FAULT_DRIVE_GONE,
                        "the adapter answers for a drive that is not connected (qualifier 1)");
        refuses_inquiry("05 80 05 02 1f 00 00 00" ZEROS_28, FAULT_DRIVE_MALFORMED,
                        "drive sent no name and no revision");
        refuses_inquiry("05 80 05 02 1f", FAULT_DRIVE_MALFORMED,
                        "drive sent 5 bytes of INQUIRY data, wanted 36 or more");
}

/* ---- serial numbers ---- */

static void test_fill_is_no_serial_number(void **state) {
        char serial[SERIAL_SIZE] = "as it was";

        (void)state;
        assert_false(serial_clean("                ", 16, serial));
        assert_false(serial_clean("\0\0\0\0\0\0\0\0", 8, serial));
        assert_false(serial_clean("0000000000000000", 16, serial));
        assert_false(serial_clean("----------", 10, serial));
        assert_false(serial_clean("123", 3, serial));
        assert_false(serial_clean("", 0, serial));
        assert_false(serial_clean("K8L\x1b[2J45", 9, serial));
        assert_false(serial_clean("K8L\0"
                                  "45678",
                                  9, serial));
        assert_false(serial_clean("K8L\xff"
                                  "45678",
                                  9, serial));
        assert_false(serial_clean(
                "0123456789012345678901234567890123456789012345678901234567890123", 64, serial));
        assert_string_equal(serial, "as it was");
        assert_true(serial_clean("  K8L0 123456 \0\0", 16, serial));
        assert_string_equal(serial, "K8L0 123456");
        assert_true(serial_clean("012345678901234567890123456789012345678901234567890123456789012",
                                 63, serial));
}

static void test_a_serial_in_the_makers_field_leaves_out_what_names_the_firmware(void **state) {
        const Inquiry before =
                inquired(0x5b, "HL-DT-STDVDRAM GH24NS50 XP01", "N000900KLZL4TG5625  ");
        const Inquiry after =
                inquired(0x5b, "HL-DT-STDVDRAM GH24NS50 XP02", "N001100KLZL4TG5625  ");
        char serial[SERIAL_SIZE] = "", other[SERIAL_SIZE] = "";

        (void)state;
        assert_true(serial_from_field(&before, serial));
        assert_string_equal(serial, "KLZL4TG5625");
        assert_true(serial_from_field(&after, other));
        assert_string_equal(serial, other);
}

static void test_dates_and_texts_in_the_makers_field_are_no_serial(void **state) {
        static const struct {
                const char *names;
                const char *field;
        } drives[] = {
                { "PIONEER DVD-RW  DVR-111D1.29", " 06/12/12 PIONEER   " },
                { "PLEXTOR DVDR   PX-716A  1.11", "03/23/07 15:10      " },
                { "ATAPI   iHAS124   B     AL0S", "2012/09/17 10:50    " },
                { "SONY    DVD RW DW-D22A  BYS2", "Nov21 ,2004         " },
                { "HL-DT-STDVDRAM GSA-4163BA106", "04/08/30 PATCHED    " },
                { "HL-DT-STDVDRAM GSA-4163BA106", "                    " },
                { "TSSTcorpCDDVDW SH-S203B SB00", "KREON V1.00         " },
                { "TSSTcorpCDDVDW SH-S203B SB00", "\0\0\0\0\0\0\0\0\0\0" },
                { "        DVDRW IDE1008   0055", "R67468CZ11123456    " },
        };
        char serial[SERIAL_SIZE] = "as it was";

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(drives); i++) {
                uint8_t bytes[96];
                Inquiry inquiry;

                (void)make_inquiry(bytes, 0x33, drives[i].names, drives[i].field);
                assert_int_equal(inquiry_decode(bytes, 56, &inquiry, NULL), 0);
                if (serial_from_field(&inquiry, serial))
                        fail_msg("\"%s\" was taken for a serial number", drives[i].field);
        }
        assert_string_equal(serial, "as it was");
}

static void test_standard_data_in_place_of_a_page_is_no_serial(void **state) {
        uint8_t bytes[96];
        char serial[SERIAL_SIZE] = "";
        size_t n = make_inquiry(bytes, 0x5b, "PIONEER DVD-RW  DVR-111D1.29", "");

        (void)state;
        /* Byte 1 is 80h in both: the bit of removable media, or the number of the page. */
        assert_false(serial_from_page(bytes, n, serial));
        assert_false(page_listed(bytes, n, 0x80));
        n = from_hex("05 80 00 08 20 4b 38 4c 30 31 32 33", bytes, sizeof(bytes));
        assert_true(serial_from_page(bytes, n, serial));
        assert_string_equal(serial, "K8L0123");
        assert_false(serial_from_page(bytes, n - 1, serial));
        assert_false(serial_from_page(bytes, 3, serial));
        n = from_hex("05 00 00 03 00 80 83", bytes, sizeof(bytes));
        assert_true(page_listed(bytes, n, 0x80));
        assert_false(page_listed(bytes, n, 0xb0));
        assert_false(page_listed(bytes, n - 1, 0x80));
}

/* ---- GET CONFIGURATION ---- */

static Features featured(const char *hex) {
        uint8_t bytes[512];
        Features features = {};
        size_t n = from_hex(hex, bytes, sizeof(bytes));

        assert_true(features_decode(bytes, n, 2027, &features));
        return features;
}

#define CORE             "00 01 0b 08 00 00 00 07 01 00 00 00"
#define SERIAL           "01 08 03 0c 4b 38 4c 30 31 32 33 34 35 36 20 20"
#define FIRMWARE(digits) "01 0c 03 10" digits "00 00"

static void test_features_of_a_writer_are_read(void **state) {
        const Features f = featured(
                "00 00 00 58 00 00 00 1b 00 00 03 0c 00 1b 01 00 00 10 00 00 00 08 00 00" CORE
                "01 04 03 04 01 00 00 00" SERIAL FIRMWARE(
                        "32 30 30 34 30 33 31 37 31 32 30 30 30 30"));

        (void)state;
        assert_int_equal(f.profile, 0x001b);
        assert_int_equal(f.class, CLASS_DVD_WRITER);
        assert_int_equal(f.interface, 7);
        assert_true(f.upgradable);
        assert_string_equal(f.serial, "K8L0123456");
        assert_string_equal(f.firmware_date, "20040317120000");
}

static void test_the_class_is_the_best_of_the_profiles(void **state) {
        static const struct {
                const char *profiles;
                DriveClass class;
        } lists[] = {
                { "00 00 00 0c 00 00 00 00 00 00 03 04 00 08 00 00", CLASS_CD_ROM },
                { "00 00 00 10 00 00 00 00 00 00 03 08 00 0a 00 00 00 08 00 00", CLASS_CD_WRITER },
                { "00 00 00 10 00 00 00 00 00 00 03 08 00 0a 00 00 00 10 00 00", CLASS_DVD_ROM },
                { "00 00 00 10 00 00 00 00 00 00 03 08 00 1b 00 00 00 10 00 00", CLASS_DVD_WRITER },
                { "00 00 00 10 00 00 00 00 00 00 03 08 00 40 00 00 00 1b 00 00", CLASS_BD_ROM },
                { "00 00 00 10 00 00 00 00 00 00 03 08 00 43 00 00 00 1b 00 00", CLASS_BD_WRITER },
                { "00 00 00 0c 00 00 00 00 00 00 03 04 ff ff 00 00", CLASS_UNKNOWN },
                { "00 00 00 04 00 00 00 00", CLASS_UNKNOWN },
        };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(lists); i++)
                assert_int_equal(featured(lists[i].profiles).class, lists[i].class);
}

static void test_what_came_before_a_broken_descriptor_counts(void **state) {
        Features f;

        (void)state;
        /* Runs over the end. */
        f = featured("00 00 00 20 00 00 00 08" CORE "01 08 03 fc 4b 38 4c 30 31 32 33 34");
        assert_int_equal(f.interface, 7);
        assert_string_equal(f.serial, "");
        /* Not a multiple of 4. */
        f = featured("00 00 00 24 00 00 00 08" CORE
                     "01 08 03 0a 4b 38 4c 30 31 32 33 34 35 36 20 20");
        assert_int_equal(f.interface, 7);
        assert_string_equal(f.serial, "");
        /* A length that names more than came, and one that names less. */
        assert_string_equal(featured("ff ff ff ff 00 00 00 08" SERIAL).serial, "K8L0123456");
        assert_string_equal(featured("00 00 00 04 00 00 00 08" SERIAL).serial, "");
        assert_string_equal(featured("00 00 00 00 00 00 00 08" SERIAL).serial, "");
}

static void test_less_than_the_header_is_no_answer(void **state) {
        Features f = { .profile = 77 };

        (void)state;
        assert_false(features_decode("\0\0\0\4\0\0\0", 7, 2027, &f));
        assert_int_equal(f.profile, 77);
}

static void test_dates_of_nonsense_are_not_stated(void **state) {
        static const char *const digits[] = {
                "32 31 31 38 31 30 32 39 30 30 30 30 30 30", /* 2118-10-29: a WH16NS40 */
                "30 30 30 30 30 30 30 30 30 30 30 30 30 30",
                "20 20 20 20 20 20 20 20 20 20 20 20 20 20",
                "31 39 39 33 31 32 33 31 30 30 30 30 30 30",
                "32 30 30 34 31 33 30 31 30 30 30 30 30 30",
                "32 30 30 34 30 31 33 32 30 30 30 30 30 30",
                "32 30 30 34 30 31 30 31 32 34 30 30 30 30",
                "32 30 30 34 30 31 30 31 30 30 36 30 30 30",
                "ff ff ff ff ff ff ff ff ff ff ff ff ff ff",
        };
        char hex[256];

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(digits); i++) {
                (void)snprintf(hex, sizeof(hex), "00 00 00 18 00 00 00 00 01 0c 03 10 %s 00 00",
                               digits[i]);
                assert_string_equal(featured(hex).firmware_date, "");
        }
        /* Shorter than the standard has it, by a drive that leaves the seconds out. */
        assert_string_equal(
                featured("00 00 00 14 00 00 00 00 01 0c 03 0c 32 30 30 34 30 33 31 37 31 32"
                         "30 30")
                        .firmware_date,
                "");
}

static void test_blanks_in_the_serial_feature_are_none(void **state) {
        (void)state;
        assert_string_equal(
                featured("00 00 00 10 00 00 00 00 01 08 03 08 20 20 20 20 20 20 20 20").serial, "");
}

/* ---- MODE SENSE ---- */

#define PAGE_2A "2a 18 3f 37 f1 73 2b 23 22 40 01 00 08 00 22 40 00 10 15 88 15 88 00 00 00 00"

static void test_mode_page_is_read_and_block_descriptors_skipped(void **state) {
        uint8_t bytes[128];
        Capabilities c = {};
        size_t n;

        (void)state;
        n = from_hex("00 20 00 00 00 00 00 00" PAGE_2A, bytes, sizeof(bytes));
        assert_true(mode_decode(bytes, n, &c));
        assert_int_equal(c.class, CLASS_DVD_WRITER);
        assert_int_equal(c.max_read_kbs, 8768);
        assert_int_equal(c.buffer_kib, 2048);
        assert_int_equal(c.max_write_kbs, 5512);

        n = from_hex("00 28 00 00 00 00 00 08 11 22 33 44 55 66 77 88" PAGE_2A, bytes,
                     sizeof(bytes));
        c = (Capabilities){};
        assert_true(mode_decode(bytes, n, &c));
        assert_int_equal(c.buffer_kib, 2048);
}

static void test_a_short_page_gives_what_it_has(void **state) {
        uint8_t bytes[128];
        Capabilities c = { .buffer_kib = 77 };
        size_t n;

        (void)state;
        /* The oldest CD-ROMs: up to the read speed. */
        n = from_hex("00 14 00 00 00 00 00 00 2a 0c 00 00 71 63 29 03 02 c2 00 02 00 00", bytes,
                     sizeof(bytes));
        assert_true(mode_decode(bytes, n, &c));
        assert_int_equal(c.class, CLASS_CD_ROM);
        assert_int_equal(c.max_read_kbs, 706);
        assert_int_equal(c.max_write_kbs, 0);
        c.buffer_kib = 77;
        for (size_t i = 0; i < 15; i++)
                assert_false(mode_decode(bytes, i, &c));
        assert_int_equal(c.buffer_kib, 77);
        bytes[8] = 0x3f;
        assert_false(mode_decode(bytes, n, &c));
        bytes[8] = 0x2a;
        put_be16(bytes + 6, 0xffff);
        assert_false(mode_decode(bytes, n, &c));
        put_be16(bytes + 6, 0);
        put_be16(bytes, 0);
        assert_false(mode_decode(bytes, n, &c));
}

/* ---- REPORT KEY, events ---- */

static void test_region_state_is_read(void **state) {
        Region region = {};

        (void)state;
        assert_true(region_decode("\x00\x06\x00\x00\x65\xfd\x01\x00", 8, &region));
        assert_true(region.known);
        assert_int_equal(region.state, 1);
        assert_int_equal(region.vendor_resets, 4);
        assert_int_equal(region.user_changes, 5);
        assert_int_equal(region.mask, 0xfd);
        assert_int_equal(region.scheme, 1);
        region.mask = 77;
        assert_false(region_decode("\x00\x06\x00\x00\x65\xfd\x01\x00", 7, &region));
        assert_false(region_decode("\x00\x02\x00\x00\x65\xfd\x01\x00", 8, &region));
        assert_int_equal(region.mask, 77);
}

static void test_tray_and_disc_are_read_from_a_media_event_only(void **state) {
        MediaStatus status = {};

        (void)state;
        assert_true(event_decode_media("\x00\x06\x04\x56\x02\x02\x00\x00", 8, &status));
        assert_int_equal(status.event, MEDIA_NEW);
        assert_true(status.disc_present && !status.tray_open);
        assert_true(event_decode_media("\x00\x06\x04\x56\x00\x01\x00\x00", 8, &status));
        assert_true(status.tray_open && !status.disc_present);
        assert_false(event_decode_media("\x00\x02\x80\x00\x00\x00\x00\x00", 8, &status));
        assert_false(event_decode_media("\x00\x06\x01\x56\x00\x01\x00\x00", 8, &status));
        assert_false(event_decode_media("\x00\x06\x04\x56\x00\x01\x00\x00", 7, &status));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_drive_without_a_vendor_is_a_drive),
                cmocka_unit_test(test_a_name_across_the_border_of_two_fields_stays_whole),
                cmocka_unit_test(
                        test_control_characters_stay_in_the_raw_bytes_and_nuls_read_as_blanks),
                cmocka_unit_test(test_the_length_field_is_believed_only_downwards),
                cmocka_unit_test(test_a_disk_is_not_taken_for_a_drive),
                cmocka_unit_test(test_a_missing_unit_nothing_and_too_little_are_no_drive),
                cmocka_unit_test(test_fill_is_no_serial_number),
                cmocka_unit_test(
                        test_a_serial_in_the_makers_field_leaves_out_what_names_the_firmware),
                cmocka_unit_test(test_dates_and_texts_in_the_makers_field_are_no_serial),
                cmocka_unit_test(test_standard_data_in_place_of_a_page_is_no_serial),
                cmocka_unit_test(test_features_of_a_writer_are_read),
                cmocka_unit_test(test_the_class_is_the_best_of_the_profiles),
                cmocka_unit_test(test_what_came_before_a_broken_descriptor_counts),
                cmocka_unit_test(test_less_than_the_header_is_no_answer),
                cmocka_unit_test(test_dates_of_nonsense_are_not_stated),
                cmocka_unit_test(test_blanks_in_the_serial_feature_are_none),
                cmocka_unit_test(test_mode_page_is_read_and_block_descriptors_skipped),
                cmocka_unit_test(test_a_short_page_gives_what_it_has),
                cmocka_unit_test(test_region_state_is_read),
                cmocka_unit_test(test_tray_and_disc_are_read_from_a_media_event_only),
        };

        return RUN_TESTS(tests);
}
