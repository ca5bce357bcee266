/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drive/transport-sg.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <limits.h>
#include <scsi/sg.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"

#define SG_MAJOR       21
#define SG_VERSION_MIN 30000 /* struct sg_io_hdr came with 3.0 */

/* Where the kernel does not say how much one command may carry: sg's own buffer. */
#define TRANSFER_MAX_UNKNOWN 32768u

/* Linux' DID_ERROR, include/scsi/scsi_status.h: the adapter's failure. */
#define HOST_ERROR 7

typedef struct SgTransport {
        Transport transport;
        int fd;
        uint32_t transfer_max;
        int last;  /* number of the last command */
        bool owed; /* an answer never came, and could be taken for that of another command */
} SgTransport;

static SgTransport *sg_of(const Transport *transport) {
        return (SgTransport *)transport;
}

/* SENSE is the kernel's to write until the answer is there, and so are the bytes of COMMAND. */
static sg_io_hdr_t header_of(const Command *command, uint8_t sense[SENSE_LENGTH_MAX]) {
        static const int directions[] = {
                [DIRECTION_NONE] = SG_DXFER_NONE,
                [DIRECTION_IN] = SG_DXFER_FROM_DEV,
                [DIRECTION_OUT] = SG_DXFER_TO_DEV,
        };

        return (sg_io_hdr_t){
                .interface_id = 'S',
                .dxfer_direction = directions[command->direction],
                .cmd_len = command->n_cdb,
                .cmdp = (uint8_t *)command->cdb,
                .mx_sb_len = SENSE_LENGTH_MAX,
                .sbp = sense,
                .dxfer_len = command->n_data,
                .dxferp = command->data,
                .timeout = command->timeout_ms,
        };
}

static void complete(const sg_io_hdr_t *answer, Completion *completion) {
        completion->status = answer->status;
        completion->host_status = answer->host_status;
        completion->driver_status = answer->driver_status;
        /* Negative: the drive had more than fits, which is not our loss. */
        completion->residual = answer->resid > 0 ? (uint32_t)answer->resid : 0;
        completion->n_sense = answer->sb_len_wr <= sizeof(completion->sense)
                                      ? answer->sb_len_wr
                                      : (uint8_t)sizeof(completion->sense);
        completion->duration_ms = answer->duration;
}

/* For looking. The kernel sends a command again when a signal interrupts its ioctl, and of those that
 * stop a process or freeze it none can be blocked: what may go through a node that is open for
 * reading does no harm the second time. */
static int look_execute(Transport *transport, const Command *command, Completion *ret_completion) {
        Completion completion = {};
        sg_io_hdr_t header = header_of(command, completion.sense);
        sigset_t all, before;
        int r;

        (void)sigfillset(&all);
        (void)sigprocmask(SIG_BLOCK, &all, &before);
        r = ioctl(sg_of(transport)->fd, SG_IO, &header) < 0 ? -errno : 0;
        (void)sigprocmask(SIG_SETMASK, &before, NULL);
        if (r < 0)
                return r;
        complete(&header, &completion);
        *ret_completion = completion;
        return 0;
}

/* The command is with the kernel. Asking again for the answer sends nothing. */
static int take_answer(SgTransport *sg, sg_io_hdr_t *answer) {
        ssize_t n;

        do
                n = read(sg->fd, answer, sizeof(*answer));
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        return n == sizeof(*answer) && answer->pack_id == sg->last ? 0 : -EPROTO;
}

/* For flashing. write() hands the command over once, whatever stops or freezes this process then;
 * where it fails, nothing was handed over. */
static int flash_execute(Transport *transport, const Command *command, Completion *ret_completion) {
        SgTransport *sg = sg_of(transport);
        Completion completion = {};
        sg_io_hdr_t header = header_of(command, completion.sense), answer = {};
        ssize_t n;
        int r;

        if (sg->owed)
                return -ENODEV;
        header.pack_id = sg->last = sg->last == INT_MAX ? 1 : sg->last + 1;
        n = write(sg->fd, &header, sizeof(header));
        if (n < 0)
                return -errno;

        r = n == sizeof(header) ? take_answer(sg, &answer) : -EPROTO;
        if (r < 0)
                sg->owed = true;
        if (r == -ENODEV || r == -ENXIO)
                return -ENODEV;
        /* None of the other errors may say that it was not sent. */
        if (r < 0)
                completion = (Completion){ .host_status = HOST_ERROR };
        else
                complete(&answer, &completion);
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

static const TransportOps look_ops = {
        .execute = look_execute,
        .transfer_max = sg_transfer_max,
        .free = sg_free,
};

static const TransportOps flash_ops = {
        .execute = flash_execute,
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

/* The hard limit of the adapter, which sg measures a command against. It is kept by the drive's
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

int transport_sg_over(int fd, TransportMode mode, uint32_t transfer_max,
                      Transport **ret_transport) {
        SgTransport *sg = malloc(sizeof(*sg));

        if (!sg)
                return -ENOMEM;
        *sg = (SgTransport){
                .transport.ops = mode == TRANSPORT_FLASH ? &flash_ops : &look_ops,
                .fd = fd,
                .transfer_max = transfer_max,
        };
        *ret_transport = &sg->transport;
        return 0;
}

int transport_sg_open(const char *node, TransportMode mode, Transport **ret_transport) {
        const int flags = mode == TRANSPORT_FLASH ? O_RDWR | O_EXCL : O_RDONLY;
        _cleanup_close_ int fd = -1;
        char path[64];
        struct stat st;
        int version, r;

        (void)snprintf(path, sizeof(path), "/dev/%s", node);
        /* O_NONBLOCK, or it would wait for whoever has the node. */
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
        /* But write() is to wait until the adapter has recovered, and read() for the answer. */
        if (fcntl(fd, F_SETFL, 0) < 0)
                return -errno;

        r = transport_sg_over(fd, mode, read_transfer_max(node), ret_transport);
        if (r == 0)
                fd = -1;
        return r;
}
