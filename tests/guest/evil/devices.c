/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Drives, and what else is in /dev. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tests/guest/evil/evil.h"

static int open_to_read(const char *pattern) {
        return outcome(open(first_of(pattern), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

static int open_to_write(const char *pattern) {
        return outcome(open(first_of(pattern), O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

/* The node of sg of the first optical drive. */
static int open_drive(int flags) {
        glob_t found;
        char type[8], node[64];

        if (glob("/sys/class/scsi_generic/sg*", 0, NULL, &found) != 0)
                return -ENOENT;
        for (size_t i = 0; i < found.gl_pathc; i++) {
                char path[128];
                ssize_t n;
                int fd;

                snprintf(path, sizeof(path), "%s/device/type", found.gl_pathv[i]);
                fd = open(path, O_RDONLY | O_CLOEXEC);
                n = read(fd, type, sizeof(type) - 1);
                close(fd);
                if (n < 1 || type[0] != '5')
                        continue;
                snprintf(node, sizeof(node), "/dev/%s", strrchr(found.gl_pathv[i], '/') + 1);
                fd = open(node, flags | O_NONBLOCK | O_CLOEXEC);
                return fd < 0 ? -errno : fd;
        }
        return -ENOENT;
}

/* If the kernel lets the command through; what the drive says to it is not the question. */
static int send_command(int fd, const unsigned char *cdb, unsigned char n_cdb) {
        unsigned char sense[32], answer[36];
        sg_io_hdr_t io = {
                .interface_id = 'S',
                .cmd_len = n_cdb,
                .cmdp = (unsigned char *)cdb,
                .dxfer_direction = cdb[0] == 0x12 ? SG_DXFER_FROM_DEV : SG_DXFER_NONE,
                .dxfer_len = cdb[0] == 0x12 ? sizeof(answer) : 0,
                .dxferp = cdb[0] == 0x12 ? answer : NULL,
                .sbp = sense,
                .mx_sb_len = sizeof(sense),
                .timeout = 5000,
        };

        return fd < 0 ? fd : outcome(ioctl(fd, SG_IO, &io));
}

static int flags_of(const char *what) {
        return strcmp(what, "rw") == 0 ? O_RDWR : O_RDONLY;
}

static int inquiry(const char *what) {
        static const unsigned char cdb[6] = { 0x12, [4] = 36 };

        return send_command(open_drive(flags_of(what)), cdb, sizeof(cdb));
}

/* Mode 2, data, and none of it: a drive has nothing to change by that. */
static int write_buffer(const char *what) {
        static const unsigned char cdb[10] = { 0x3b, 2 };

        return send_command(open_drive(flags_of(what)), cdb, sizeof(cdb));
}

static int write_buffer_by_sr(const char *node) {
        static const unsigned char cdb[10] = { 0x3b, 2 };

        int fd = open(node, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

        return fd < 0 ? -errno : send_command(fd, cdb, sizeof(cdb));
}

static int open_sg(const char *what) {
        int fd = open_drive(flags_of(what));

        return fd < 0 ? fd : 0;
}

const Action actions_of_devices[] = {
        { "open a drive to read", open_sg, "ro", ROLE_PROBE | ROLE_FLASH | ROLE_ROOT },
        { "ask a drive who it is", inquiry, "ro", ROLE_PROBE | ROLE_FLASH | ROLE_ROOT },
        /* Root by CAP_SYS_RAWIO. The kernel's list of commands that only read is all there is here. */
        { "write to a drive that was opened to read", write_buffer, "ro", ROLE_ROOT },
        { "open a drive to write", open_sg, "rw", ROLE_FLASH | ROLE_ROOT },
        { "write to a drive", write_buffer, "rw", ROLE_FLASH | ROLE_ROOT },
        { "open the disc in a drive", open_to_read, "/dev/sr0", ROLE_FLASH | ROLE_ROOT },
        { "write to a drive by its block device", write_buffer_by_sr, "/dev/sr0", ROLE_ROOT },
        { "open a drive by bsg", open_to_write, "/dev/bsg/[0-9]*", ROLE_ROOT },
        { "open a USB device", open_to_write, "/dev/bus/usb/*/*", ROLE_ROOT },
        { "read a disk", open_to_read, "/dev/[sv]da", ROLE_ROOT },
        { "write a disk", open_to_write, "/dev/[sv]da", ROLE_ROOT },
        { "read memory", open_to_read, "/dev/mem", ROLE_ROOT },
        { "use ports", open_to_write, "/dev/port", ROLE_ROOT },
        { "read the kernel's log", open_to_read, "/dev/kmsg", ROLE_ROOT },
        { "write on the console", open_to_write, "/dev/console", ROLE_ROOT },
        { "use FUSE", open_to_write, "/dev/fuse", ROLE_ROOT },
        { "make loop devices", open_to_write, "/dev/loop-control", ROLE_ROOT },
        { "set the hardware's clock", open_to_read, "/dev/rtc0", ROLE_ROOT },
        { "read random numbers", open_to_read, "/dev/urandom", ROLE_ALL },
        {},
};
