/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drive/transport-sg.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <scsi/sg.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"

#define SG_MAJOR       21
#define SG_VERSION_MIN 30000 /* struct sg_io_hdr came with 3.0 */

/* Where the kernel does not say how much one command may carry: sg's own buffer. */
#define TRANSFER_MAX_UNKNOWN 32768u

typedef struct SgTransport {
        Transport transport;
        int fd;
        uint32_t transfer_max;
} SgTransport;

static SgTransport *sg_of(const Transport *transport) {
        return (SgTransport *)transport;
}

static int sg_execute(Transport *transport, const Command *command, Completion *ret_completion) {
        static const int directions[] = {
                [DIRECTION_NONE] = SG_DXFER_NONE,
                [DIRECTION_IN] = SG_DXFER_FROM_DEV,
                [DIRECTION_OUT] = SG_DXFER_TO_DEV,
        };
        Completion completion = {};
        Command sent = *command;
        sg_io_hdr_t header = {
                .interface_id = 'S',
                .dxfer_direction = directions[command->direction],
                .cmd_len = command->n_cdb,
                .cmdp = sent.cdb,
                .mx_sb_len = sizeof(completion.sense),
                .sbp = completion.sense,
                .dxfer_len = command->n_data,
                .dxferp = command->data,
                .timeout = command->timeout_ms,
        };
        sigset_t all, before;
        int r;

        /* sg restarts an ioctl that a signal interrupts, which would send the command twice. */
        (void)sigfillset(&all);
        (void)sigprocmask(SIG_BLOCK, &all, &before);
        r = ioctl(sg_of(transport)->fd, SG_IO, &header) < 0 ? -errno : 0;
        (void)sigprocmask(SIG_SETMASK, &before, NULL);
        if (r < 0)
                return r;

        completion.status = header.status;
        completion.host_status = header.host_status;
        completion.driver_status = header.driver_status;
        /* Negative: the drive had more than fits, which is not our loss. */
        completion.residual = header.resid > 0 ? (uint32_t)header.resid : 0;
        completion.n_sense = header.sb_len_wr <= sizeof(completion.sense)
                                     ? header.sb_len_wr
                                     : (uint8_t)sizeof(completion.sense);
        completion.duration_ms = header.duration;
        *ret_completion = completion;
        return 0;
}

static uint32_t sg_transfer_max(const Transport *transport) {
        return sg_of(transport)->transfer_max;
}

static void sg_free(Transport *transport) {
        closep(&sg_of(transport)->fd);
        free(transport);
}

static const TransportOps sg_ops = {
        .execute = sg_execute,
        .transfer_max = sg_transfer_max,
        .free = sg_free,
};

bool transport_sg_valid(const char *node) {
        size_t n;

        if (strncmp(node, "sg", 2) != 0)
                return false;
        n = strspn(node + 2, "0123456789");
        return n > 0 && n <= 6 && node[2 + n] == '\0' && (node[2] != '0' || n == 1);
}

/* The hard limit of the adapter, which SG_IO measures a command against. It is kept by the drive's
 * block device; before sr has bound there is none. */
static uint32_t read_transfer_max(const char *node) {
        _cleanup_fclose_ FILE *f = NULL;
        uint32_t kib = 0;
        char pattern[128];
        glob_t found;

        (void)snprintf(pattern, sizeof(pattern),
                       "/sys/class/scsi_generic/%s/device/block/*/queue/max_hw_sectors_kb", node);
        if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
                return TRANSFER_MAX_UNKNOWN;
        f = fopen(found.gl_pathv[0], "re");
        globfree(&found);
        if (!f || fscanf(f, "%" SCNu32, &kib) != 1 || kib == 0 || kib > UINT32_MAX / 1024)
                return TRANSFER_MAX_UNKNOWN;
        return kib * 1024;
}

int transport_sg_open(const char *node, TransportMode mode, Transport **ret_transport) {
        const int flags = mode == TRANSPORT_FLASH ? O_RDWR | O_EXCL : O_RDONLY;
        _cleanup_close_ int fd = -1;
        char path[64];
        struct stat st;
        SgTransport *sg;
        int version;

        (void)snprintf(path, sizeof(path), "/dev/%s", node);
        fd = open(path, flags | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISCHR(st.st_mode) || major(st.st_rdev) != SG_MAJOR)
                return -ENODEV;
        if (ioctl(fd, SG_GET_VERSION_NUM, &version) < 0)
                return -errno;
        if (version < SG_VERSION_MIN)
                return -EOPNOTSUPP;

        sg = malloc(sizeof(*sg));
        if (!sg)
                return -ENOMEM;
        *sg = (SgTransport){
                .transport.ops = &sg_ops,
                .fd = TAKE_FD(fd),
                .transfer_max = read_transfer_max(node),
        };
        *ret_transport = &sg->transport;
        return 0;
}
