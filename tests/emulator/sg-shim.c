/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lets programs that flash through SG_IO meet an emulated drive: preloaded into them, it makes
 * /dev/emulated a block device whose SG_IO goes to the socket that EMULATED_DRIVE names, and their
 * seconds of sleep hundredths. Only for tests with other people's tools (test-reference-tools.sh):
 * they were written against real drives, so what they think of ours is worth knowing.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <scsi/sg.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "drive/transport-socket.h"

#define NODE         "/dev/emulated"
#define SR_MAJOR     11
#define DID_TIME_OUT 3
#define SLEEP_US     10000 /* for each second */

/* What the C library exports and its headers do not, or only as macros. */
int open(const char *path, int flags, ...);
int open64(const char *path, int flags, ...);
int __fxstat(int version, int fd, struct stat *st);
int __xstat(int version, const char *path, struct stat *st);

static int drive = -1;

static void *next(const char *name) {
        return dlsym(RTLD_NEXT, name);
}

static int connect_drive(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        const char *path = getenv("EMULATED_DRIVE");

        if (!path || strlen(path) >= sizeof(address.sun_path)) {
                errno = ENXIO;
                return -1;
        }
        strcpy(address.sun_path, path);
        drive = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(drive, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return -1;
        return drive;
}

static int open_by(const char *name, const char *path, int flags, va_list ap) {
        int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))next(name);

        if (strcmp(path, NODE) == 0)
                return connect_drive();
        return real(path, flags, flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, int) : 0);
}

int open(const char *path, int flags, ...) {
        va_list ap;
        int fd;

        va_start(ap, flags);
        fd = open_by("open", path, flags, ap);
        va_end(ap);
        return fd;
}

int open64(const char *path, int flags, ...) {
        va_list ap;
        int fd;

        va_start(ap, flags);
        fd = open_by("open64", path, flags, ap);
        va_end(ap);
        return fd;
}

static int stat_drive(struct stat *st) {
        *st = (struct stat){ .st_mode = S_IFBLK | 0660, .st_rdev = makedev(SR_MAJOR, 0) };
        return 0;
}

int fstat(int fd, struct stat *st) {
        int (*real)(int, struct stat *) = (int (*)(int, struct stat *))next("fstat");

        return fd >= 0 && fd == drive ? stat_drive(st) : real(fd, st);
}

int stat(const char *path, struct stat *st) {
        int (*real)(const char *, struct stat *) =
                (int (*)(const char *, struct stat *))next("stat");

        return strcmp(path, NODE) == 0 ? stat_drive(st) : real(path, st);
}

/* Old binaries. */
int __fxstat(int version, int fd, struct stat *st) {
        (void)version;
        return fstat(fd, st);
}

int __xstat(int version, const char *path, struct stat *st) {
        (void)version;
        return stat(path, st);
}

unsigned sleep(unsigned seconds) {
        (void)usleep(seconds * SLEEP_US);
        return 0;
}

static Direction direction_of(const sg_io_hdr_t *io) {
        switch (io->dxfer_direction) {
        case SG_DXFER_TO_DEV: return DIRECTION_OUT;
        case SG_DXFER_NONE: return DIRECTION_NONE;
        default: return DIRECTION_IN;
        }
}

static int send_io(const sg_io_hdr_t *io) {
        uint8_t head[EMULATED_REQUEST_HEAD];
        Writer writer = writer_of(head, sizeof(head));
        Direction direction = direction_of(io);
        int r;

        write_be32(&writer, EMULATED_REQUEST_MAGIC);
        write_u8(&writer, io->cmd_len);
        write_u8(&writer, (uint8_t)direction);
        write_be16(&writer, 0);
        write_be32(&writer, io->timeout ? io->timeout : 60000);
        write_be32(&writer, io->dxfer_len);
        r = write_all(drive, head, sizeof(head));
        if (r == 0)
                r = write_all(drive, io->cmdp, io->cmd_len);
        if (r == 0 && direction == DIRECTION_OUT)
                r = write_all(drive, io->dxferp, io->dxfer_len);
        return r;
}

static int receive_io(sg_io_hdr_t *io) {
        uint8_t head[EMULATED_ANSWER_HEAD] = {}, sense[255];
        Reader reader = reader_of(head, sizeof(head));
        uint32_t n_in;
        uint8_t n_sense;
        int r;

        r = read_all(drive, head, sizeof(head));
        if (r < 0)
                return r;
        (void)read_be32(&reader);
        io->status = read_u8(&reader);
        io->masked_status = (io->status >> 1) & 0x1f;
        io->host_status = read_be16(&reader);
        io->driver_status = read_be16(&reader);
        io->resid = (int)read_be32(&reader);
        n_sense = read_u8(&reader);
        n_in = read_be32(&reader);
        io->info = io->status || io->host_status ? SG_INFO_CHECK : SG_INFO_OK;
        io->sb_len_wr = n_sense < io->mx_sb_len ? n_sense : io->mx_sb_len;
        r = read_all(drive, sense, n_sense);
        if (r == 0 && io->sbp)
                memcpy(io->sbp, sense, io->sb_len_wr);
        if (n_in > io->dxfer_len)
                return -EPROTO;
        return r < 0 ? r : read_all(drive, io->dxferp, n_in);
}

/* A drive that is silent for as long as the test has patience is silent for ever. */
static int sg_io(sg_io_hdr_t *io) {
        struct pollfd answer = { .fd = drive, .events = POLLIN };
        int r = send_io(io);

        if (r == 0 && poll(&answer, 1, 2000) == 0) {
                io->host_status = DID_TIME_OUT;
                io->info = SG_INFO_CHECK;
                return 0;
        }
        if (r == 0)
                r = receive_io(io);
        if (r == 0)
                return 0;
        errno = ENODEV;
        return -1;
}

int ioctl(int fd, unsigned long request, ...) {
        int (*real)(int, unsigned long, ...) = (int (*)(int, unsigned long, ...))next("ioctl");
        va_list ap;
        void *argument;

        va_start(ap, request);
        argument = va_arg(ap, void *);
        va_end(ap);
        if (fd < 0 || fd != drive)
                return real(fd, request, argument);
        if (request == SG_GET_VERSION_NUM)
                *(int *)argument = 30536;
        return request == SG_IO ? sg_io(argument) : 0;
}
