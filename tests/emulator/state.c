/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/state.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "tests/emulator/quoted.h"

#define STATE_LENGTH_MAX 4096

static bool set_firmware(Firmware *firmware, const char *key, const char *value) {
        if (strcmp(key, "identity") == 0)
                return quoted_parse(value, ' ', firmware->identity, IDENTITY_LENGTH);
        if (strcmp(key, "revision") == 0)
                return quoted_parse(value, ' ', firmware->revision, REVISION_LENGTH);
        return false;
}

typedef struct Reading {
        Drive *drive;
        DiscKind disc;
        char image[DISC_IMAGE_MAX];
} Reading;

static int on_line(void *user, const char *section, const char *key, const char *value) {
        Reading *reading = user;
        Drive *drive = reading->drive;

        if (strcmp(section, "firmware") == 0)
                return set_firmware(&drive->firmware, key, value);
        if (strcmp(section, "next") == 0)
                return set_firmware(&drive->next, key, value);
        if (strcmp(section, "drive") != 0)
                return 0;
        if (strcmp(key, "condition") == 0)
                return condition_parse(value, &drive->condition);
        if (strcmp(key, "tray") == 0) {
                drive->tray_open = strcmp(value, "open") == 0;
                return drive->tray_open || strcmp(value, "closed") == 0;
        }
        if (strcmp(key, "disc") == 0)
                return disc_kind_parse(value, &reading->disc);
        if (strcmp(key, "image") == 0)
                return (size_t)snprintf(reading->image, sizeof(reading->image), "%s", value) <
                       sizeof(reading->image);
        return 0;
}

static void state_name(const Drive *drive, char *ret_name, size_t size) {
        (void)snprintf(ret_name, size, "%s.state", drive->model->name);
}

int state_load(int folder_fd, Drive *drive, Fault *fault) {
        Reading reading = { .drive = drive, .disc = drive->disc.kind };
        _cleanup_free_ uint8_t *text = NULL;
        char name[MODEL_NAME_MAX + 8];
        size_t n_text;
        int r;

        state_name(drive, name, sizeof(name));
        r = file_read(folder_fd, name, STATE_LENGTH_MAX, &text, &n_text);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return fault_set(fault, FAULT_BAD_CONFIG, "%s: %s", name, strerror(-r));
        r = ini_parse_string((const char *)text, on_line, &reading);
        if (r != 0)
                return fault_set(fault, FAULT_BAD_CONFIG, "%s:%d: not a drive's state", name, r);
        disc_close(&drive->disc);
        r = disc_open(reading.disc, reading.image, &drive->disc);
        if (r < 0)
                return fault_set(fault, FAULT_BAD_CONFIG, "%s: %s: %s", name, reading.image,
                                 strerror(-r));
        /* Switching on is what comes next, and knows what an interrupted burn means. */
        if (drive->condition == CONDITION_BURNING)
                drive->burn_until = UINT64_MAX;
        return 0;
}

static size_t put_firmware(char *text, size_t size, const char *section, const Firmware *firmware) {
        char identity[4 * IDENTITY_LENGTH + 3], revision[4 * REVISION_LENGTH + 3];

        quoted_format(firmware->identity, IDENTITY_LENGTH, identity);
        quoted_format(firmware->revision, REVISION_LENGTH, revision);
        return (size_t)snprintf(text, size, "\n[%s]\nidentity = %s\nrevision = %s\n", section,
                                identity, revision);
}

int state_save(int folder_fd, const Drive *drive) {
        char name[MODEL_NAME_MAX + 8], text[STATE_LENGTH_MAX];
        bool has_next = drive->condition == CONDITION_BURNING ||
                        drive->condition == CONDITION_PENDING ||
                        drive->condition == CONDITION_PENDING_SILENT;
        size_t n;

        n = (size_t)snprintf(text, sizeof(text), "[drive]\ncondition = %s\ntray = %s\ndisc = %s\n",
                             condition_name(drive->condition), drive->tray_open ? "open" : "closed",
                             disc_kind_name(drive->disc.kind));
        if (drive->disc.image[0])
                n += (size_t)snprintf(text + n, sizeof(text) - n, "image = %s\n",
                                      drive->disc.image);
        n += put_firmware(text + n, sizeof(text) - n, "firmware", &drive->firmware);
        if (has_next)
                n += put_firmware(text + n, sizeof(text) - n, "next", &drive->next);
        state_name(drive, name, sizeof(name));
        return file_write_atomic(folder_fd, name, text, n, 0644);
}
