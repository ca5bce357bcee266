/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/tcmu-target.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT "/sys/kernel/config/target"
/* A number that nobody else's configuration has. */
#define HBA         "user_53596"
#define HBA_NUMBER  "53596"
#define NAME_PREFIX "discfw-"
#define WWN_PREFIX  "naa.5001405d15cf"

static int path_of(char path[PATH_MAX], const char *folder, const char *name) {
        int n = snprintf(path, PATH_MAX, ROOT "/%s%s%s", folder, *name ? "/" : "", name);

        return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int make_folder(const char *folder, const char *name) {
        char path[PATH_MAX];
        int r = path_of(path, folder, name);

        if (r == 0 && mkdir(path, 0755) < 0 && errno != EEXIST)
                r = -errno;
        return r;
}

static void remove_folder(const char *folder, const char *name) {
        char path[PATH_MAX];

        if (path_of(path, folder, name) == 0)
                (void)rmdir(path);
}

static int set(const char *folder, const char *name, const char *value) {
        _cleanup_close_ int fd = -1;
        char path[PATH_MAX];
        int r = path_of(path, folder, name);

        if (r < 0)
                return r;
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, value, strlen(value)) < 0)
                return -errno;
        return 0;
}

static void give_up(const char *device) {
        /* Other kernels may lack the one or the other: then there is nothing to be done. */
        (void)set(device, "action/block_dev", "1");
        (void)set(device, "action/reset_ring", "2");
}

/* Calls ACT for all in FOLDER that begin with PREFIX; they may go meanwhile. */
static void for_each(const char *folder, const char *prefix, void (*act)(const char *path)) {
        char path[PATH_MAX];
        DIR *dir;

        if (path_of(path, folder, "") < 0)
                return;
        dir = opendir(path);
        if (!dir)
                return;
        for (struct dirent *entry; (entry = readdir(dir));) {
                char found[PATH_MAX];
                int n = snprintf(found, sizeof(found), "%s/%s", folder, entry->d_name);

                if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 && n > 0 &&
                    (size_t)n < sizeof(found))
                        act(found);
        }
        (void)closedir(dir);
}

static void cut_cable(const char *cable) {
        char path[PATH_MAX];

        if (path_of(path, cable, "") == 0)
                (void)unlink(path);
}

static void remove_host(const char *host) {
        char folder[PATH_MAX];
        static const char *const parts[] = { "tpgt_1/lun/lun_0", "tpgt_1", "" };

        if (snprintf(folder, sizeof(folder), "%s/%s", host, parts[0]) < (int)sizeof(folder))
                for_each(folder, NAME_PREFIX, cut_cable);
        for (unsigned i = 0; i < N_ELEMENTS(parts); i++)
                remove_folder(host, parts[i]);
}

static void remove_device(const char *device) {
        remove_folder(device, "");
}

int targets_open(int *ret_lock, Fault *fault) {
        _cleanup_close_ int fd = open(ROOT "/core", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return fault_set(fault, FAULT_BAD_CONFIG,
                                 ROOT "/core: %s (modprobe target_core_user tcm_loop)",
                                 strerror(errno));
        if (flock(fd, LOCK_EX | LOCK_NB) < 0)
                return fault_set(fault, FAULT_BAD_CONFIG,
                                 ROOT ": another emulator has its drives there");
        for_each("core/" HBA, NAME_PREFIX, give_up);
        for_each("loopback", WWN_PREFIX, remove_host);
        for_each("core/" HBA, NAME_PREFIX, remove_device);
        *ret_lock = TAKE_FD(fd);
        return 0;
}

void targets_close(int *lock) {
        remove_folder("core/" HBA, "");
        closep(lock);
        *lock = -1;
}

static int make_device(const Target *target, const char *name) {
        char control[256];
        int n = snprintf(control, sizeof(control),
                         "dev_config=discfw/%s,dev_size=16777216,hw_block_size=2048", name);
        int r;

        if (n < 0 || (size_t)n >= sizeof(control))
                return -ENAMETOOLONG;
        r = make_folder("core/" HBA, "");
        if (r == 0)
                r = make_folder(target->device, "");
        if (r == 0)
                r = set(target->device, "control", control);
        /* A burn may take a minute, and a silent drive never answers. */
        if (r == 0)
                r = set(target->device, "attrib/cmd_time_out", "0");
        /* Without it, the kernel's abort of a silent command would wait for ever. */
        if (r == 0)
                r = set(target->device, "attrib/tmr_notification", "1");
        if (r == 0)
                r = set(target->device, "enable", "1");
        return r;
}

static int make_host(const Target *target) {
        int r = make_folder("loopback", "");

        if (r == 0)
                r = make_folder(target->host, "");
        if (r == 0)
                r = make_folder(target->host, "tpgt_1");
        if (r == 0)
                r = set(target->host, "tpgt_1/nexus", target->host + strlen("loopback/"));
        if (r == 0)
                r = make_folder(target->host, "tpgt_1/lun/lun_0");
        return r;
}

int target_make(Target *target, const char *name, size_t place, Fault *fault) {
        int r;

        *target = (Target){};
        (void)snprintf(target->device, sizeof(target->device), "core/" HBA "/" NAME_PREFIX "%s",
                       name);
        (void)snprintf(target->host, sizeof(target->host), "loopback/" WWN_PREFIX "%04zx", place);
        (void)snprintf(target->cable, sizeof(target->cable),
                       "%s/tpgt_1/lun/lun_0/" NAME_PREFIX "%s", target->host, name);
        r = make_device(target, name);
        if (r == 0)
                r = make_host(target);
        if (r < 0) {
                target_remove(target);
                return fault_set(fault, FAULT_BAD_CONFIG, ROOT "/%s: %s", target->device,
                                 strerror(-r));
        }
        return 0;
}

void target_remove(const Target *target) {
        remove_host(target->host);
        remove_device(target->device);
}

/* Attributes have no length of their own, so file_read() does not serve. */
static int read_attribute(const char *uio, const char *name, char *ret_text, size_t size) {
        _cleanup_close_ int fd = -1;
        char path[PATH_MAX];
        ssize_t n;

        (void)snprintf(path, sizeof(path), "/sys/class/uio/%s/%s", uio, name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        n = fd < 0 ? -1 : read(fd, ret_text, size - 1);
        if (n < 0)
                return -errno;
        ret_text[n] = '\0';
        return 0;
}

/* "tcm-user/HBA/DEVICE/CONFIG" */
static bool is_of(const Target *target, const char *uio) {
        const char *device = strrchr(target->device, '/') + 1;
        char name[256], prefix[128];

        (void)snprintf(prefix, sizeof(prefix), "tcm-user/" HBA_NUMBER "/%s/", device);
        return read_attribute(uio, "name", name, sizeof(name)) == 0 &&
               strncmp(name, prefix, strlen(prefix)) == 0;
}

static int find_uio(const Target *target, char ret_name[NAME_MAX + 1]) {
        DIR *dir = opendir("/sys/class/uio");
        int r = -ENODEV;

        if (!dir)
                return -errno;
        for (struct dirent *entry; r < 0 && (entry = readdir(dir));)
                if (entry->d_name[0] != '.' && is_of(target, entry->d_name)) {
                        strcpy(ret_name, entry->d_name);
                        r = 0;
                }
        (void)closedir(dir);
        return r;
}

int target_open(const Target *target, int *ret_fd, size_t *ret_n_map) {
        char name[NAME_MAX + 1], path[PATH_MAX], size[64];
        size_t n_map;
        int fd, r;

        r = find_uio(target, name);
        if (r == 0)
                r = read_attribute(name, "maps/map0/size", size, sizeof(size));
        if (r < 0)
                return r;
        n_map = strtoull(size, NULL, 16);
        if (n_map == 0)
                return -EBADMSG;
        (void)snprintf(path, sizeof(path), "/dev/%s", name);
        fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        *ret_fd = fd;
        *ret_n_map = n_map;
        return 0;
}

int target_connect(const Target *target, bool plugged) {
        char device[PATH_MAX], cable[PATH_MAX];
        int r;

        r = path_of(device, target->device, "");
        if (r == 0)
                r = path_of(cable, target->cable, "");
        if (r == 0 && (plugged ? symlink(device, cable) : unlink(cable)) < 0)
                r = -errno;
        return r;
}

void target_give_up(const Target *target) {
        give_up(target->device);
}
