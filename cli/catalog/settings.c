/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/catalog/settings.h"

#include <errno.h>
#include <ini.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

#define SETTINGS_MAX 65536

bool name_is_good(const char *name) {
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789-_.";

        return *name != '\0' && *name != '.' && *name != '-' && strlen(name) <= WORK_NAME_MAX &&
               strspn(name, allowed) == strlen(name);
}

void settings_defaults(WorkSettings *ret_settings) {
        /* A root is renewed by people with keys from a safe, a timestamp by a timer. */
        *ret_settings = (WorkSettings){ .days = { [METADATA_ROOT] = 365,
                                                  [METADATA_TARGETS] = 180,
                                                  [METADATA_SNAPSHOT] = 30,
                                                  [METADATA_TIMESTAMP] = 7 } };
}

int settings_set_days(WorkSettings *settings, const char *role, const char *days, Fault *fault) {
        MetadataType type = work_type_of(role);
        unsigned long n;
        char *end;

        if (strcmp(role, metadata_type_name(type)) != 0)
                return fault_set(fault, FAULT_BAD_CONFIG,
                                 "\"%s\" is none of root, targets, snapshot, timestamp", role);
        errno = 0;
        n = strtoul(days, &end, 10);
        if (errno || end == days || *end || *days < '0' || *days > '9' || n < 1 || n > DAYS_MAX)
                return fault_set(fault, FAULT_BAD_CONFIG,
                                 "%s is valid for \"%s\" days, wanted 1 to %u", role, days,
                                 DAYS_MAX);

        settings->days[type] = (unsigned)n;
        return 0;
}

typedef struct Reading {
        WorkSettings settings;
        Fault *fault;
        int r;
} Reading;

/* libinih's convention: 0 is an error. */
static int on_value(void *userdata, const char *section, const char *name, const char *value) {
        Reading *reading = userdata;

        if (reading->r < 0)
                return 0;

        if (strcmp(section, "catalog") == 0 && strcmp(name, "name") == 0 && name_is_good(value))
                text_format(reading->settings.name, sizeof(reading->settings.name), "%s", value);
        else if (strcmp(section, "expires-days") == 0)
                reading->r = settings_set_days(&reading->settings, name, value, reading->fault);
        else
                reading->r = fault_set(reading->fault, FAULT_BAD_CONFIG,
                                       "[%s] %s = %s is no setting", section, name, value);
        return reading->r == 0;
}

int settings_read(int fd, WorkSettings *ret_settings, Fault *fault) {
        _cleanup_free_ uint8_t *text = NULL;
        Reading reading = { .fault = fault };
        size_t n_text;
        int r, line;

        r = file_read(fd, SETTINGS_FILE, SETTINGS_MAX, &text, &n_text);
        if (r == -ENOENT)
                return r;
        if (r < 0)
                return cannot(fault, "read", SETTINGS_FILE, r);

        settings_defaults(&reading.settings);
        line = ini_parse_string((const char *)text, on_value, &reading);
        if (reading.r == -EBADE)
                return fault_prefix(fault, "%s:%d", SETTINGS_FILE, line);
        if (line != 0)
                return fault_set(fault, FAULT_BAD_CONFIG, "%s:%d: this is no setting",
                                 SETTINGS_FILE, line);
        if (!*reading.settings.name)
                return fault_set(fault, FAULT_BAD_CONFIG, "%s: [catalog] has no name",
                                 SETTINGS_FILE);

        *ret_settings = reading.settings;
        return 0;
}

int settings_write(int fd, const WorkSettings *settings, Fault *fault) {
        char text[1024];
        int r;

        text_format(text, sizeof(text),
                    "# Written by \"discfw-catalog init\"; see discfw-catalog(1).\n"
                    "[catalog]\n"
                    "name = %s\n"
                    "\n"
                    "# For how many days what is signed from now on is valid.\n"
                    "[expires-days]\n"
                    "root = %u\n"
                    "targets = %u\n"
                    "snapshot = %u\n"
                    "timestamp = %u\n",
                    settings->name, settings->days[METADATA_ROOT], settings->days[METADATA_TARGETS],
                    settings->days[METADATA_SNAPSHOT], settings->days[METADATA_TIMESTAMP]);
        r = file_write_atomic(fd, SETTINGS_FILE, text, strlen(text), 0644);
        return r < 0 ? cannot(fault, "write", SETTINGS_FILE, r) : 0;
}
