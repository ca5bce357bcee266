/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon's side of a flash: the plan goes out with image and metadata, and what comes back goes
 * to the core. Once GO was said nothing here can change the course of things. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "catalog/bundle.h"
#include "db/images.h"
#include "db/metadata.h"
#include "run/daemon.h"

/* Before GO the helper verifies and asks the drive; after it, it may be silent for very long. */
#define NO_TIMEOUT 0

typedef struct Packer {
        Daemon *daemon;
        const char *catalog;
        BundleFile files[BUNDLE_FILES_MAX];
        char names[BUNDLE_FILES_MAX][TUF_FILE_NAME_SIZE];
        size_t n_files;
        Fault *fault;
} Packer;

static int pack_role(const MetadataInfo *info, void *userdata) {
        Packer *packer = userdata;
        BundleFile *file = &packer->files[packer->n_files];
        char *name = packer->names[packer->n_files];
        size_t l = strlen(info->role);
        uint8_t *bytes;
        int r;

        if (packer->n_files == BUNDLE_FILES_MAX)
                return -E2BIG;
        if (strcmp(info->role, "root") == 0)
                return 0; /* the chain has it */
        if (l > 5 && strcmp(info->role + l - 5, ".root") == 0)
                text_format(name, TUF_FILE_NAME_SIZE, "%s.json", info->role);
        else {
                r = tuf_file_name(info->role,
                                  strcmp(info->role, "timestamp") == 0 ? 0 : (int64_t)info->version,
                                  name);
                if (r < 0)
                        return r;
        }
        r = metadata_load(packer->daemon->store, packer->catalog, info->role, &bytes,
                          &file->n_bytes, NULL, packer->fault);
        if (r <= 0)
                return r;
        file->bytes = bytes;
        file->name = name;
        packer->n_files++;
        return 0;
}

/* Root chain, timestamp, snapshot, targets and all delegated roles that are trusted, so that the
 * helper sees mix-and-match and shadowing too. */
static int make_bundle(Daemon *daemon, const char *catalog, int *ret_fd, Fault *fault) {
        Packer *packer = calloc(1, sizeof(*packer));
        _cleanup_free_ uint8_t *bytes = NULL;
        size_t n_bytes;
        int r;

        if (!packer)
                return fault_set(fault, FAULT_INTERNAL, "out of memory");
        packer->daemon = daemon;
        packer->catalog = catalog;
        packer->fault = fault;
        r = metadata_list(daemon->store, catalog, pack_role, packer, fault);
        if (r == 0)
                r = bundle_pack(packer->files, packer->n_files, &bytes, &n_bytes);
        if (r == 0)
                r = memfd_from_bytes("discfw-metadata", bytes, n_bytes, ret_fd);
        for (size_t i = 0; i < packer->n_files; i++)
                free((void *)packer->files[i].bytes);
        free(packer);
        if (r < 0 && fault->code == FAULT_NONE)
                (void)fault_set(fault, FAULT_INTERNAL, "cannot pack the metadata of \"%s\": %s",
                                catalog, strerror(-r));
        return r;
}

static void flash_gone(Daemon *daemon, const Fault *fault) {
        daemon->flash = link_free(daemon->flash);
        closep(&daemon->inhibitor);
        daemon->inhibitor = -1;
        daemon_enter(daemon);
        core_on_flash_gone(daemon->core, fault);
        daemon_pump(daemon);
}

static int on_end(Daemon *daemon, const FlashEnd *end, uint64_t *ret_job) {
        *ret_job = end->job;
        daemon_enter(daemon);
        core_on_flash_end(daemon->core, end);
        daemon_pump(daemon);
        return 0;
}

static int on_flash_message(Link *link, Message *message, void *userdata, Fault *fault) {
        Daemon *daemon = userdata;
        FlashPhaseNote note;
        FlashReady ready;
        FlashEnd end;

        (void)link;
        if (message->kind == MESSAGE_FLASH_READY &&
            flash_ready_decode(message->payload, message->n_payload, &ready)) {
                daemon_enter(daemon);
                core_on_flash_ready(daemon->core, &ready);
                daemon_pump(daemon);
                return 0;
        }
        if (message->kind == MESSAGE_FLASH_PHASE &&
            flash_phase_decode(message->payload, message->n_payload, &note)) {
                daemon_enter(daemon);
                core_on_flash_phase(daemon->core, &note);
                daemon_pump(daemon);
                return 0;
        }
        if (message->kind == MESSAGE_FLASH_END &&
            flash_end_decode(message->payload, message->n_payload, &end))
                return on_end(daemon, &end, &daemon->flash_job);
        return message_unexpected(message, "a word of the flash helper", fault);
}

static void on_flash_gone(Link *link, const Fault *fault, void *userdata) {
        (void)link;
        flash_gone(userdata, fault);
}

static int send_plan(Daemon *daemon, const Effect *effect, Fault *fault) {
        _cleanup_close_ int image = -1, bundle = -1;
        uint8_t payload[2048];
        size_t n;
        int r;

        /* There must be room to record how it ends, before it begins. */
        r = store_reserve(daemon->store, fault);
        if (r < 0)
                return r;
        r = image_read(daemon->store, effect->flash.sha256, clock_realtime(), &image, fault);
        if (r < 0)
                return r;
        r = make_bundle(daemon, effect->flash.plan.catalog, &bundle, fault);
        if (r < 0)
                return r;
        r = link_open(daemon->event, daemon->options.run, "flash", NO_TIMEOUT, on_flash_message,
                      on_flash_gone, daemon, &daemon->flash, fault);
        if (r < 0)
                return r;
        n = flash_plan_encode(&effect->flash.plan, payload, sizeof(payload));
        return link_send(daemon->flash, MESSAGE_FLASH_PLAN, payload, n, (int[]){ image, bundle }, 2,
                         fault);
}

void flash_plan(Daemon *daemon, const Effect *effect) {
        Fault fault = {};

        if (send_plan(daemon, effect, &fault) < 0)
                flash_gone(daemon, &fault);
}

void flash_go(Daemon *daemon, uint64_t job) {
        uint8_t payload[16];
        Fault fault = {};
        size_t n = flash_job_encode(job, payload, sizeof(payload));

        if (!daemon->flash)
                return;
        if (!daemon->settings.without_inhibitor)
                daemon->inhibitor = inhibit_sleep();
        /* From here on it counts as said: a send that fails half way may have been heard. */
        core_on_flash_went(daemon->core);
        if (link_send(daemon->flash, MESSAGE_FLASH_GO, payload, n, &daemon->inhibitor,
                      daemon->inhibitor >= 0 ? 1 : 0, &fault) < 0)
                flash_gone(daemon, &fault);
}

/* The outcome is in the store: the helper may forget it. */
void flash_ack(Daemon *daemon, uint64_t job) {
        uint8_t payload[16];
        Fault fault = {};
        size_t n = flash_job_encode(job, payload, sizeof(payload));
        bool direct = daemon->flash && daemon->flash_job == job;
        Link *link = direct ? daemon->flash : daemon->report;

        if (link && link_send(link, MESSAGE_FLASH_ACK, payload, n, NULL, 0, &fault) < 0)
                log_fault(LOG_LEVEL_WARNING, NULL, &fault);
        if (direct)
                flash_close(daemon);
}

void flash_close(Daemon *daemon) {
        daemon->flash = link_free(daemon->flash);
        closep(&daemon->inhibitor);
        daemon->inhibitor = -1;
}

static void report_over(Daemon *daemon) {
        daemon->report = link_free(daemon->report);
        daemon_enter(daemon);
        core_on_reports_done(daemon->core);
        daemon_pump(daemon);
}

static int on_report_message(Link *link, Message *message, void *userdata, Fault *fault) {
        Daemon *daemon = userdata;
        FlashEnd end;

        (void)link;
        if (message->kind == MESSAGE_FLASH_END &&
            flash_end_decode(message->payload, message->n_payload, &end))
                return on_end(daemon, &end, &daemon->report_job);
        if (message->kind != MESSAGE_FLASH_NONE)
                return message_unexpected(message, "a report", fault);
        report_over(daemon);
        return 0;
}

static void on_report_gone(Link *link, const Fault *fault, void *userdata) {
        Daemon *daemon = userdata;

        (void)link;
        log_fault(LOG_LEVEL_ERROR, NULL, fault);
        report_over(daemon);
}

void flash_report(Daemon *daemon) {
        Fault fault = {};
        int r;

        r = link_open(daemon->event, daemon->options.run, "flash", NO_TIMEOUT, on_report_message,
                      on_report_gone, daemon, &daemon->report, &fault);
        if (r == 0)
                r = link_send(daemon->report, MESSAGE_FLASH_REPORT, NULL, 0, NULL, 0, &fault);
        if (r < 0) {
                log_fault(LOG_LEVEL_ERROR, NULL, &fault);
                report_over(daemon);
        }
}
