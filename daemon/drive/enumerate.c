/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drive/enumerate.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "drive/inquiry.h"
#include "drive/transport-sg.h"

#define SOCKET_SUFFIX ".sock"
#define EMULATED      "emulated:"

/* The next entry that is not hidden; NULL at the end or with *RET_ERROR set. */
static const char *next_name(DIR *dir, int *ret_error) {
        const struct dirent *entry;

        do {
                errno = 0;
                entry = readdir(dir);
        } while (entry && entry->d_name[0] == '.');
        *ret_error = entry ? 0 : -errno;
        return entry ? entry->d_name : NULL;
}

/* One line of a file in sysfs, without its end; false if there is none. */
static bool read_attribute(int device, const char *name, char *ret_text, size_t size) {
        _cleanup_close_ int fd = openat(device, name, O_RDONLY | O_CLOEXEC);
        ssize_t n;

        if (fd < 0)
                return false;
        n = read(fd, ret_text, size - 1);
        if (n <= 0)
                return false;
        ret_text[n] = '\0';
        ret_text[strcspn(ret_text, "\n")] = '\0';
        return true;
}

static int64_t read_counter(int device, const char *name) {
        char text[32], *end;
        uintmax_t value;

        if (!read_attribute(device, name, text, sizeof(text)) || !isxdigit((unsigned char)text[0]))
                return -1;
        value = strtoumax(text, &end, 0);
        return *end == '\0' && value <= INT64_MAX ? (int64_t)value : -1;
}

static bool is_optical(int device) {
        char text[16];

        return read_attribute(device, "type", text, sizeof(text)) &&
               strtol(text, NULL, 10) == TYPE_OPTICAL;
}

/* "sr0", once the driver for such drives has bound; "" before. */
static void read_block(const char *device, char ret_block[NODE_SIZE]) {
        _cleanup_closedir_ DIR *dir = NULL;
        char path[PATH_MAX];
        const char *name;
        int error;

        (void)snprintf(path, sizeof(path), "%s/block", device);
        dir = opendir(path);
        name = dir ? next_name(dir, &error) : NULL;
        if (name && text_is_plain(name) && strlen(name) < NODE_SIZE)
                strcpy(ret_block, name);
}

void devpath_normalize(const char *devpath, char ret_devpath[DEVPATH_SIZE]) {
        const char *host = NULL, *last, *unit;

        for (const char *p = devpath; (p = strstr(p, "/host")); p++)
                if (isdigit((unsigned char)p[5]))
                        host = p;
        last = strrchr(devpath, '/');
        unit = last ? strchr(last, ':') : NULL;
        if (host && unit)
                text_format(ret_devpath, DEVPATH_SIZE, "%.*s/%s", (int)(host - devpath), devpath,
                            unit + 1);
        else
                text_format(ret_devpath, DEVPATH_SIZE, "%s", devpath);
}

Attachment devpath_attachment(const char *devpath) {
        static const struct {
                const char *prefix;
                Attachment attachment;
        } rows[] = {
                { "ata", ATTACHED_ATA },         { "usb", ATTACHED_USB },
                { "fw", ATTACHED_FIREWIRE },     { "virtio", ATTACHED_VIRTUAL },
                { "pseudo_", ATTACHED_VIRTUAL }, { "tcm_loop_", ATTACHED_VIRTUAL },
                { "VMBUS:", ATTACHED_VIRTUAL },
        };
        Attachment nearest = ATTACHED_UNKNOWN;

        for (const char *p = strchr(devpath, '/'); p; p = strchr(p + 1, '/')) {
                if (strncmp(p + 1, "host", 4) == 0 && isdigit((unsigned char)p[5]) &&
                    nearest == ATTACHED_UNKNOWN)
                        return ATTACHED_SCSI;
                for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
                        size_t n = strlen(rows[i].prefix);

                        if (strncmp(p + 1, rows[i].prefix, n) == 0 &&
                            isdigit((unsigned char)p[1 + n]))
                                nearest = rows[i].attachment;
                }
        }
        return nearest;
}

/* 1 for an optical drive, 0 for something else. */
static int locate_sg(const char *sysfs, const char *node, DriveRecord *record) {
        _cleanup_free_ char *root = realpath(sysfs, NULL), *real = NULL;
        _cleanup_close_ int device = -1;
        char path[PATH_MAX];
        const char *devpath;

        if (!root)
                return -errno;
        (void)snprintf(path, sizeof(path), "%s/class/scsi_generic/%s/device", root, node);
        real = realpath(path, NULL);
        if (!real)
                return -errno;
        device = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (device < 0)
                return -errno;

        devpath = strncmp(real, root, strlen(root)) == 0 ? real + strlen(root) : real;
        devpath_normalize(devpath, record->devpath);
        record->attachment = devpath_attachment(devpath);
        read_block(real, record->block);
        record->counters = (Counters){
                .done = read_counter(device, "iodone_cnt"),
                .errors = read_counter(device, "ioerr_cnt"),
                .timeouts = read_counter(device, "iotmo_cnt"),
        };
        return is_optical(device) ? 1 : 0;
}

int drive_locate(const char *sysfs, const char *node, DriveRecord *ret_record, Fault *fault) {
        DriveRecord record = { .counters = COUNTERS_UNKNOWN };
        int r;

        text_format(record.node, sizeof(record.node), "%s", node);
        if (strncmp(node, EMULATED, strlen(EMULATED)) == 0) {
                text_format(record.devpath, sizeof(record.devpath), "emulated/%s",
                            node + strlen(EMULATED));
                record.attachment = ATTACHED_EMULATED;
        } else {
                r = transport_sg_valid(node) ? locate_sg(sysfs, node, &record) : -ENOENT;
                if (r < 0)
                        return fault_set(fault, FAULT_NO_SUCH_DRIVE, "there is no drive at \"%s\"",
                                         node);
                if (r == 0)
                        return fault_set(fault, FAULT_NOT_OPTICAL, "%s is not an optical drive",
                                         node);
        }
        *ret_record = record;
        return 0;
}

/* Its folder in sysfs: the kernel gives no number to two of them. */
uint64_t drive_device(const char *sysfs, const char *node) {
        char path[PATH_MAX];
        struct stat st;

        (void)snprintf(path, sizeof(path), "%s/class/scsi_generic/%s/device", sysfs, node);
        return transport_sg_valid(node) && stat(path, &st) == 0 ? st.st_ino : 0;
}

static int too_many(Fault *fault) {
        return fault_set(fault, FAULT_LIMIT, "more than %d drives are attached", DRIVES_MAX);
}

/* A drive that is unplugged while we look is none. */
static int add_attached(const char *sysfs, DriveRecord records[], size_t *n, Fault *fault) {
        _cleanup_closedir_ DIR *dir = NULL;
        char path[PATH_MAX];
        const char *name;
        int error;

        (void)snprintf(path, sizeof(path), "%s/class/scsi_generic", sysfs);
        dir = opendir(path);
        if (!dir)
                return errno == ENOENT ? 0
                                       : fault_set(fault, FAULT_INTERNAL, "cannot read %s: %s",
                                                   path, strerror(errno));
        while ((name = next_name(dir, &error))) {
                DriveRecord record = {};

                if (!transport_sg_valid(name) || locate_sg(sysfs, name, &record) <= 0)
                        continue;
                if (*n == DRIVES_MAX)
                        return too_many(fault);
                strcpy(record.node, name);
                records[(*n)++] = record;
        }
        return error < 0 ? fault_set(fault, FAULT_INTERNAL, "cannot read %s: %s", path,
                                     strerror(-error))
                         : 0;
}

static int add_emulated(const char *folder, DriveRecord records[], size_t *n, Fault *fault) {
        const size_t n_suffix = strlen(SOCKET_SUFFIX);
        _cleanup_closedir_ DIR *dir = opendir(folder);
        const char *name;
        int error;

        if (!dir)
                return errno == ENOENT ? 0
                                       : fault_set(fault, FAULT_BAD_CONFIG, "cannot read %s: %s",
                                                   folder, strerror(errno));
        while ((name = next_name(dir, &error))) {
                size_t n_name = strlen(name);
                char node[NODE_SIZE];

                if (n_name <= n_suffix || strcmp(name + n_name - n_suffix, SOCKET_SUFFIX) != 0 ||
                    !text_is_plain(name) || strlen(EMULATED) + n_name - n_suffix >= NODE_SIZE)
                        continue;
                if (*n == DRIVES_MAX)
                        return too_many(fault);
                text_format(node, sizeof(node), EMULATED "%.*s", (int)(n_name - n_suffix), name);
                if (drive_locate("", node, &records[*n], fault) < 0)
                        return -EBADE;
                (*n)++;
        }
        return 0;
}

/* "sg2" before "sg10"; what is the same by number is told apart by name. */
static int by_node(const void *a, const void *b) {
        return strverscmp(((const DriveRecord *)a)->node, ((const DriveRecord *)b)->node);
}

int drives_enumerate(const char *sysfs, const char *emulated_dir,
                     DriveRecord ret_records[DRIVES_MAX], size_t *ret_n_records, Fault *fault) {
        size_t n = 0;
        int r;

        r = add_attached(sysfs, ret_records, &n, fault);
        if (r < 0)
                return r;
        if (emulated_dir) {
                r = add_emulated(emulated_dir, ret_records, &n, fault);
                if (r < 0)
                        return r;
        }
        qsort(ret_records, n, sizeof(ret_records[0]), by_node);
        *ret_n_records = n;
        return 0;
}
