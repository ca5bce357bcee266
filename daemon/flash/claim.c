/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flash/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/clock.h"
#include "base/text.h"
#include "drive/enumerate.h"
#include "drive/examine.h"
#include "flash/host.h"

#define SR_MAJOR 11

#define NAME_TEXT_SIZE (TEXT_MODEL_SIZE + 4 * REVISION_SIZE)

/* "DVDRW IDE1004 0043", for people. */
static void name_text(const uint8_t identity[IDENTITY_LENGTH], const char *revision,
                      char ret_text[NAME_TEXT_SIZE]) {
        char model[TEXT_MODEL_SIZE], version[4 * REVISION_SIZE];

        text_from_model(identity, model);
        text_from_field(revision, strlen(revision), version, sizeof(version));
        text_format(ret_text, NAME_TEXT_SIZE, "%s %s", model, version);
}

/* By physical path, whatever number it has now; else, for a drive with a serial number that was
 * plugged in elsewhere, by the node. */
static const DriveRecord *find_record(const FlashPlan *plan, const DriveRecord records[],
                                      size_t n_records) {
        for (size_t i = 0; i < n_records; i++)
                if (plan->devpath[0] && strcmp(records[i].devpath, plan->devpath) == 0)
                        return &records[i];
        for (size_t i = 0; i < n_records && plan->serial[0]; i++)
                if (strcmp(records[i].node, plan->node) == 0)
                        return &records[i];
        return NULL;
}

static int enumerate(const char *emulated_dir, DriveRecord **ret_records, size_t *ret_n_records,
                     Fault *fault) {
        _cleanup_free_ DriveRecord *records = calloc(DRIVES_MAX, sizeof(*records));
        int r;

        if (!records)
                return fault_set(fault, FAULT_INTERNAL, "out of memory");
        r = drives_enumerate("/sys", emulated_dir, records, ret_n_records, fault);
        if (r < 0)
                return r;
        *ret_records = TAKE(records);
        return 0;
}

static int refuse_if_mounted(int mounts, const struct stat *st, const char *block, Fault *fault) {
        char place[256];
        int r;

        r = host_mount_of(mounts, major(st->st_rdev), minor(st->st_rdev), place, sizeof(place));
        if (r < 0)
                return fault_set(fault, FAULT_INTERNAL, "cannot read what is mounted: %s",
                                 strerror(-r));
        if (r > 0)
                return fault_set(fault, FAULT_MOUNTED, "the disc in %s is mounted at %s", block,
                                 place);
        return 0;
}

/* O_NONBLOCK, or an empty drive could not be opened; O_EXCL keeps mounts and other O_EXCL openers
 * away, and with O_RDWR also the kernel's own polling. */
static int claim_block(const char *block, int mounts, int *ret_fd, Fault *fault) {
        _cleanup_close_ int fd = -1;
        char path[NODE_SIZE + 8];
        struct stat st;
        int r;

        text_format(path, sizeof(path), "/dev/%s", block);
        if (stat(path, &st) < 0)
                return fault_set(fault, FAULT_DRIVE_GONE, "there is no drive at %s", path);
        if (!S_ISBLK(st.st_mode) || major(st.st_rdev) != SR_MAJOR)
                return fault_set(fault, FAULT_NOT_OPTICAL, "%s is not an optical drive", path);
        r = refuse_if_mounted(mounts, &st, block, fault);
        if (r < 0)
                return r;
        fd = open(path, O_RDWR | O_NONBLOCK | O_EXCL | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && errno == EBUSY)
                return fault_set(fault, FAULT_CLAIMED, "another program has %s for itself", path);
        if (fd < 0)
                return fault_set(fault,
                                 errno == EACCES || errno == EPERM ? FAULT_NOT_PERMITTED
                                                                   : FAULT_DRIVE_GONE,
                                 "cannot open %s: %s", path, strerror(errno));
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int claim_take(const FlashPlan *plan, const Settings *settings, Claim *claim, Fault *fault) {
        _cleanup_free_ DriveRecord *records = NULL;
        const DriveRecord *record;
        size_t n_records;
        int r;

        r = enumerate(settings->emulated_dir, &records, &n_records, fault);
        if (r < 0)
                return r;
        record = find_record(plan, records, n_records);
        if (!record)
                return fault_set(fault, FAULT_DRIVE_GONE,
                                 "the drive is not where it was when this was planned");
        claim->record = *record;
        if (record->attachment != ATTACHED_EMULATED && record->block[0]) {
                r = claim_block(record->block, settings->mounts, &claim->block, fault);
                if (r < 0)
                        return r;
        }
        return transport_open(record->node, settings->emulated_dir, TRANSPORT_FLASH,
                              &claim->transport, fault);
}

static int compare(const FlashPlan *plan, const Entry *entry, const DriveRecord *record,
                   Fault *fault) {
        char found[NAME_TEXT_SIZE], wanted[NAME_TEXT_SIZE];

        name_text(record->identity, record->revision, found);
        name_text(plan->identity, plan->revision, wanted);
        if (memcmp(record->identity, plan->identity, IDENTITY_LENGTH) != 0 ||
            strcmp(record->revision, plan->revision) != 0)
                return fault_set(fault, FAULT_DRIVE_CHANGED,
                                 "drive is a \"%s\", planned for \"%s\"", found, wanted);
        /* The plan is only the daemon's word; the entry is signed. */
        if (memcmp(record->identity, entry->model, IDENTITY_LENGTH) != 0)
                return fault_set(fault, FAULT_DRIVE_CHANGED,
                                 "drive is a \"%s\", which the entry is not for", found);
        if (strcmp(record->serial, plan->serial) != 0)
                return fault_set(fault, FAULT_DRIVE_CHANGED,
                                 "drive has the serial number \"%s\", planned for \"%s\"",
                                 record->serial, plan->serial);
        if (!record->serial[0] && strcmp(record->devpath, plan->devpath) != 0)
                return fault_set(
                        fault, FAULT_DRIVE_CHANGED,
                        "drive has no serial number, and is at another place than planned");
        if (!entry_masks_match(entry, record->inquiry, record->n_inquiry))
                return fault_set(fault, FAULT_DRIVE_CHANGED,
                                 "drive is a \"%s\" of other hardware than the entry is for",
                                 found);
        return 0;
}

int claim_match(const FlashPlan *plan, const Entry *entry, Claim *claim, Fault *fault) {
        int r;

        r = drive_examine(claim->transport, clock_realtime(), &claim->record, fault);
        if (r < 0)
                return r;
        return compare(plan, entry, &claim->record, fault);
}

/* Is it the one that left? What it says its name is may be anything by now. */
static bool is_same(const FlashPlan *plan, const DriveRecord *record) {
        if (plan->serial[0] && record->serial[0])
                return strcmp(record->serial, plan->serial) == 0;
        return strcmp(record->devpath, plan->devpath) == 0;
}

bool claim_look_again(const FlashPlan *plan, const Settings *settings, Claim *claim) {
        _cleanup_free_ DriveRecord *records = NULL;
        Fault fault = {};
        size_t n_records;

        claim_release(claim);
        if (enumerate(settings->emulated_dir, &records, &n_records, &fault) < 0)
                return false;
        for (size_t i = 0; i < n_records; i++) {
                _cleanup_(transport_freep) Transport *transport = NULL;
                DriveRecord record = records[i];
                Fault own = {};

                /* Other drives are looked at only if this one could be told by its serial number. */
                if (!plan->serial[0] && strcmp(record.devpath, plan->devpath) != 0)
                        continue;
                if (transport_open(record.node, settings->emulated_dir, TRANSPORT_LOOK, &transport,
                                   &own) < 0)
                        continue;
                if (drive_examine(transport, clock_realtime(), &record, &own) < 0 ||
                    !is_same(plan, &record))
                        continue;
                claim->transport = TAKE(transport);
                claim->record = record;
                return true;
        }
        return false;
}

void claim_release(Claim *claim) {
        claim->transport = transport_free(claim->transport);
        closep(&claim->block);
        claim->block = -1;
}
