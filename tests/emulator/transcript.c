/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/transcript.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/digest.h"
#include "base/hex.h"

int transcript_open(const char *folder, const char *name, Transcript *ret_transcript,
                    Fault *fault) {
        char path[PATH_MAX];
        FILE *file;

        (void)snprintf(path, sizeof(path), "%s/%s.log", folder, name);
        file = fopen(path, "ae");
        if (!file)
                return fault_set(fault, FAULT_BAD_CONFIG, "%s: %s", path, strerror(errno));
        *ret_transcript = (Transcript){ .file = file };
        return 0;
}

void transcript_close(Transcript *transcript) {
        fclosep(&transcript->file);
        transcript->file = NULL;
}

static void write_cdb(FILE *file, const ScsiRequest *request) {
        char hex[2 * SCSI_CDB_MAX + 1];

        hex_encode(request->cdb, request->n_cdb, hex);
        fprintf(file, "%-24s ", hex);
}

static void write_data(FILE *file, const char *direction, const void *bytes, uint32_t n_bytes) {
        uint8_t digest[SHA256_LENGTH] = {};
        char hex[17];

        if (sha256(bytes, n_bytes, digest) < 0)
                memset(digest, 0, sizeof(digest));
        hex_encode(digest, 8, hex);
        fprintf(file, " %-3s %6u %s ", direction, n_bytes, hex);
}

static void write_outcome(FILE *file, const ScsiReply *reply) {
        static const char *const fates[] = { NULL, " silent", " vanished" };

        if (reply->fate != SCSI_ANSWERED) {
                fputs(fates[reply->fate], file);
                return;
        }
        fprintf(file, " %02x", reply->status);
        if (reply->status == SCSI_CHECK_CONDITION)
                fprintf(file, " %x/%02x/%02x", reply->sense.key, reply->sense.asc,
                        reply->sense.ascq);
        if (reply->host_status)
                fprintf(file, " host %u", reply->host_status);
        if (reply->driver_status & ~DRIVER_SENSE)
                fprintf(file, " driver %u", reply->driver_status);
        if (reply->residual)
                fprintf(file, " residual %u", reply->residual);
}

void transcript_command(Transcript *transcript, const ScsiRequest *request, const ScsiReply *reply,
                        const char *note) {
        FILE *file = transcript->file;

        transcript->n_commands++;
        if (!file)
                return;
        fprintf(file, "%06u ", transcript->n_commands);
        write_cdb(file, request);
        if (request->flow == SCSI_TO_DRIVE)
                write_data(file, "out", request->out, request->n_data);
        else if (request->flow == SCSI_TO_HOST)
                write_data(file, "in", reply->in, reply->n_in);
        else
                fprintf(file, " %-28s ", "none");
        write_outcome(file, reply);
        if (note)
                fprintf(file, " [%s]", note);
        fputc('\n', file);
        (void)fflush(file);
}

void transcript_refused(Transcript *transcript, const ScsiRequest *request, const char *why) {
        FILE *file = transcript->file;

        if (!file)
                return;
        fputs("------ ", file);
        write_cdb(file, request);
        fprintf(file, " %-28s  %s\n", "refused by the host", why);
        (void)fflush(file);
}
