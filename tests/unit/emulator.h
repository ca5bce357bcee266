/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Emulated drives in one process with their test: no socket, time as an argument. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hex.h"
#include "tests/emulator/image-make.h"
#include "tests/emulator/interpreter.h"
#include "tests/unit/test.h"

/* The model that the source tree has under NAME. */
static inline DriveModel model_of(const char *name) {
        const char *source = getenv("DISCFW_SRCDIR");
        char path[4096];
        DriveModel model;
        Fault fault = {};

        (void)snprintf(path, sizeof(path), "%s/tests/emulator/models/%s.drive",
                       source ? source : ".", name);
        if (model_read(path, &model, &fault) < 0)
                fail_msg("%s", fault.text);
        return model;
}

static inline ScsiRequest request_of(const char *cdb, ScsiFlow flow, const void *out,
                                     uint32_t n_data) {
        ScsiRequest request = { .flow = flow, .out = out, .n_data = n_data };
        size_t n;

        assert_true(hex_decode_some(cdb, request.cdb, sizeof(request.cdb), &n));
        request.n_cdb = (uint8_t)n;
        return request;
}

/* CDBs in hex, without blanks. The reply is good until the next command. */
static inline const ScsiReply *say(Drive *drive, uint64_t now, const char *cdb, ScsiFlow flow,
                                   const void *out, uint32_t n_data) {
        static ScsiReply reply;
        ScsiRequest request = request_of(cdb, flow, out, n_data);

        interpret(drive, &request, now, &reply);
        return &reply;
}

static inline const ScsiReply *ask(Drive *drive, const char *cdb) {
        return say(drive, 0, cdb, SCSI_TO_HOST, NULL, 4096);
}

static inline const ScsiReply *tell(Drive *drive, const char *cdb) {
        return say(drive, 0, cdb, SCSI_NO_DATA, NULL, 0);
}

static inline const ScsiReply *ready_at(Drive *drive, uint64_t now) {
        return say(drive, now, "000000000000", SCSI_NO_DATA, NULL, 0);
}

#define assert_good(reply)                                                                         \
        do {                                                                                       \
                const ScsiReply *reply_ = (reply);                                                 \
                assert_int_equal(reply_->fate, SCSI_ANSWERED);                                     \
                assert_int_equal(reply_->host_status, 0);                                          \
                assert_int_equal(reply_->status, SCSI_GOOD);                                       \
        } while (0)

#define assert_refused(reply, k, a, q)                                                             \
        do {                                                                                       \
                const ScsiReply *reply_ = (reply);                                                 \
                assert_int_equal(reply_->fate, SCSI_ANSWERED);                                     \
                assert_int_equal(reply_->status, SCSI_CHECK_CONDITION);                            \
                assert_int_equal(reply_->sense.key, k);                                            \
                assert_int_equal(reply_->sense.asc, a);                                            \
                assert_int_equal(reply_->sense.ascq, q);                                           \
                assert_int_equal(reply_->n_in, 0);                                                 \
        } while (0)

#define assert_silent(reply) assert_int_equal((reply)->fate, SCSI_SILENT)

/* One WRITE BUFFER with data; the CDB has 10 bytes. */
static inline const ScsiReply *write_buffer(Drive *drive, uint64_t now, uint8_t mode,
                                            uint32_t offset, const void *bytes, uint32_t n_bytes) {
        static ScsiReply reply;
        ScsiRequest request = { .cdb = { WRITE_BUFFER, mode }, .n_cdb = 10, .out = bytes };

        put_be24(request.cdb + 3, offset);
        put_be24(request.cdb + 6, n_bytes);
        request.n_data = n_bytes;
        request.flow = n_bytes ? SCSI_TO_DRIVE : SCSI_NO_DATA;
        interpret(drive, &request, now, &reply);
        return &reply;
}

static inline uint8_t *image_of(FamilyName family, const char *vendor, const char *product,
                                const char *revision, const char *hardware, ImageFlaw flaw,
                                uint32_t *ret_n) {
        ImageRecipe recipe = { .family = family, .flaw = flaw, .has_hardware = hardware != NULL };
        char text[IDENTITY_LENGTH + 1];
        Fault fault = {};
        uint8_t *image;

        (void)snprintf(text, sizeof(text), "%-8s%-16s", vendor, product);
        memcpy(recipe.firmware.identity, text, IDENTITY_LENGTH);
        memcpy(recipe.firmware.revision, revision, REVISION_LENGTH);
        if (hardware) {
                (void)snprintf(text, sizeof(text), "%-16s", hardware);
                memcpy(recipe.hardware, text, HARDWARE_LENGTH);
        }
        if (image_make(&recipe, &image, ret_n, &fault) < 0)
                fail_msg("%s", fault.text);
        return image;
}

static inline void assert_revision(Drive *drive, uint64_t now, const char *revision) {
        const ScsiReply *reply = say(drive, now, "120000002400", SCSI_TO_HOST, NULL, 36);

        assert_good(reply);
        assert_memory_equal(reply->in + 32, revision, 4);
}
