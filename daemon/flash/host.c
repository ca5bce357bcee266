/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flash/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/text.h"

#define MOUNTS_MAX    (4u * 1024 * 1024)
#define ATTRIBUTE_MAX 64

/* Files of the kernel have no length; what is longer than SIZE is not believed. */
static int read_whole(int fd, char *text, size_t size) {
        size_t n = 0;

        for (;;) {
                ssize_t r = pread(fd, text + n, size - n, (off_t)n);

                if (r < 0 && errno == EINTR)
                        continue;
                if (r < 0)
                        return -errno;
                n += (size_t)r;
                if (r == 0)
                        break;
                if (n == size)
                        return -EFBIG;
        }
        text[n] = '\0';
        return 0;
}

/* proc_pid_mountinfo(5): 36 35 98:0 /mnt1 /mnt2 rw,noatime ... */
static bool parse_mount(const char *line, unsigned major, unsigned minor, char *ret_place,
                        size_t size) {
        unsigned a, b;
        int n = -1;
        size_t n_place;

        if (sscanf(line, "%*u %*u %u:%u %*s %n", &a, &b, &n) < 2 || n < 0)
                return false;
        if (a != major || b != minor)
                return false;
        n_place = strcspn(line + n, " \n");
        text_format(ret_place, size, "%.*s", (int)n_place, line + n);
        return true;
}

int host_mount_of(int mounts, unsigned major, unsigned minor, char *ret_place, size_t size) {
        _cleanup_free_ char *text = malloc(MOUNTS_MAX + 1);
        int r;

        if (!text)
                return -ENOMEM;
        r = read_whole(mounts, text, MOUNTS_MAX);
        if (r < 0)
                return r;
        for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
                if (parse_mount(line, major, minor, ret_place, size))
                        return 1;
        return 0;
}

/* An attribute without its line feed; "" where there is none. */
static void read_attribute(int supply, const char *name, char ret_value[ATTRIBUTE_MAX + 1]) {
        _cleanup_close_ int fd = openat(supply, name, O_RDONLY | O_CLOEXEC);

        if (fd < 0 || read_whole(fd, ret_value, ATTRIBUTE_MAX) < 0)
                ret_value[0] = '\0';
        ret_value[strcspn(ret_value, "\n")] = '\0';
}

typedef struct Supplies {
        bool mains;
        bool emptying;
        int percent;
} Supplies;

static void look_at_supply(int supply, Supplies *supplies) {
        char value[ATTRIBUTE_MAX + 1];

        read_attribute(supply, "type", value);
        if (strcmp(value, "Mains") == 0 || strcmp(value, "USB") == 0) {
                read_attribute(supply, "online", value);
                supplies->mains |= strcmp(value, "1") == 0;
                return;
        }
        if (strcmp(value, "Battery") != 0 && strcmp(value, "UPS") != 0)
                return;
        read_attribute(supply, "scope", value);
        if (strcmp(value, "Device") == 0)
                return;
        read_attribute(supply, "status", value);
        supplies->emptying |= strcmp(value, "Discharging") == 0;
        read_attribute(supply, "capacity", value);
        if (value[0] >= '0' && value[0] <= '9' && atoi(value) > supplies->percent)
                supplies->percent = atoi(value);
}

int host_power(int supplies, Power *ret_power) {
        Supplies found = { .percent = -1 };
        const struct dirent *entry;
        DIR *dir;
        int fd;

        if (supplies < 0) {
                *ret_power = (Power){ .percent = -1 };
                return 0;
        }
        fd = openat(supplies, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        dir = fdopendir(fd);
        if (!dir) {
                (void)close(fd);
                return -ENOMEM;
        }
        while ((entry = readdir(dir))) {
                _cleanup_close_ int supply = -1;

                if (entry->d_name[0] == '.')
                        continue;
                supply = openat(supplies, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (supply >= 0)
                        look_at_supply(supply, &found);
        }
        (void)closedir(dir);
        *ret_power =
                (Power){ .on_battery = found.emptying && !found.mains, .percent = found.percent };
        return 0;
}
