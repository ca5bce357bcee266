/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/drive.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/emulator/family.h"

enum { MEDIA_NEW = 2, MEDIA_REMOVED = 3, MEDIA_EJECT_REQUEST = 1 };

static const char *const condition_names[_CONDITION_MAX] = {
        "normal", "burning", "pending", "pending-silent", "recovery", "bricked",
};

const char *condition_name(Condition condition) {
        return condition_names[condition];
}

bool condition_parse(const char *text, Condition *ret_condition) {
        for (unsigned i = 0; i < _CONDITION_MAX; i++)
                if (strcmp(text, condition_names[i]) == 0) {
                        *ret_condition = (Condition)i;
                        return true;
                }
        return false;
}

int drive_init(Drive *drive, const DriveModel *model, double time_scale) {
        *drive = (Drive){
                .model = model,
                .family = family_find(model->family.name),
                .time_scale = time_scale,
                .firmware = model->firmware,
                .tray_open = model->tray_open,
                .disc = { .fd = -1 },
        };
        drive_attention(drive, 0x29, 0x00);
        return disc_open(model->disc, model->disc_image, &drive->disc);
}

void drive_done(Drive *drive) {
        free(TAKE(drive->staging.bytes));
        disc_close(&drive->disc);
}

uint32_t drive_scaled(const Drive *drive, uint32_t ms) {
        return (uint32_t)((double)ms * drive->time_scale);
}

void staging_clear(Staging *staging) {
        staging->n_bytes = 0;
        staging->has_header = false;
}

bool staging_open(Staging *staging, uint32_t size) {
        if (!staging->bytes)
                staging->bytes = malloc(size);
        return staging->bytes != NULL;
}

void drive_attention(Drive *drive, uint8_t asc, uint8_t ascq) {
        for (uint32_t i = 0; i < drive->n_attentions; i++)
                if (drive->attentions[i].asc == asc && drive->attentions[i].ascq == ascq)
                        return;
        if (drive->n_attentions < ATTENTIONS_MAX)
                drive->attentions[drive->n_attentions++] = (Sense){ 6, asc, ascq };
}

bool drive_take_attention(Drive *drive, Sense *ret_sense) {
        if (drive->n_attentions == 0)
                return false;
        *ret_sense = drive->attentions[0];
        drive->n_attentions--;
        memmove(drive->attentions, drive->attentions + 1, drive->n_attentions * sizeof(Sense));
        return true;
}

/* The one place where a drive's condition changes. */
static void set_condition(Drive *drive, Condition condition) {
        drive->condition = condition;
        drive->dirty = true;
}

/* New code starts. If its name differs, that is two things to report (SPC-4 5.14, 6.4.2). */
static void run_firmware(Drive *drive, const Firmware *firmware) {
        bool differs = memcmp(&drive->firmware, firmware, sizeof(*firmware)) != 0;

        drive->firmware = *firmware;
        set_condition(drive, CONDITION_NORMAL);
        drive->restarts = drive->model->family.restart_ms > 0;
        if (!differs)
                return;
        drive_attention(drive, 0x3f, 0x01);
        drive_attention(drive, 0x3f, 0x03);
}

uint32_t drive_burn(Drive *drive, const Firmware *next, bool runs, uint64_t now) {
        uint32_t ms = drive_scaled(drive, drive->model->family.burn_ms);

        drive->next = *next;
        drive->burn_end = runs ? drive->next_burn_end : BURN_BRICKS;
        drive->burn_until = now + ms;
        staging_clear(&drive->staging);
        set_condition(drive, CONDITION_BURNING);
        return ms;
}

static void end_burn(Drive *drive) {
        switch (drive->burn_end) {
        case BURN_RUNS: run_firmware(drive, &drive->next); break;
        case BURN_NO_CHANGE: set_condition(drive, CONDITION_NORMAL); break;
        case BURN_PENDING: set_condition(drive, CONDITION_PENDING); break;
        case BURN_PENDING_SILENT: set_condition(drive, CONDITION_PENDING_SILENT); break;
        case BURN_RECOVERY: set_condition(drive, CONDITION_RECOVERY); break;
        case BURN_BRICKS: set_condition(drive, CONDITION_BRICKED); break;
        case _BURN_END_MAX: assert(false);
        }
}

void drive_tick(Drive *drive, uint64_t now) {
        if (drive->condition == CONDITION_BURNING && now >= drive->burn_until)
                end_burn(drive);
        if (drive->spinning_up && now >= drive->ready_at) {
                drive->spinning_up = false;
                if (drive_has_medium(drive)) {
                        drive->media_event = MEDIA_NEW;
                        drive_attention(drive, 0x28, 0x00);
                }
        }
}

uint64_t drive_next_tick(const Drive *drive) {
        uint64_t next = UINT64_MAX;

        if (drive->condition == CONDITION_BURNING)
                next = drive->burn_until;
        if (drive->spinning_up && drive->ready_at < next)
                next = drive->ready_at;
        return next;
}

void drive_bus_reset(Drive *drive) {
        staging_clear(&drive->staging);
        drive->locked = false;
        drive_attention(drive, 0x29, 0x00);
}

void drive_power_cycle(Drive *drive, uint64_t now) {
        drive_tick(drive, now);
        drive->n_attentions = 0;
        drive->spinning_up = false;
        drive->media_event = 0;
        switch (drive->condition) {
        case CONDITION_BURNING: set_condition(drive, CONDITION_BRICKED); break;
        case CONDITION_PENDING:
        case CONDITION_PENDING_SILENT: run_firmware(drive, &drive->next); break;
        case CONDITION_NORMAL:
        case CONDITION_RECOVERY:
        case CONDITION_BRICKED: break;
        case _CONDITION_MAX: assert(false);
        }
        drive->restarts = false;
        /* Who has just been switched on knows of nothing that changed before. */
        drive->n_attentions = 0;
        drive_bus_reset(drive);
}

bool drive_has_medium(const Drive *drive) {
        return !drive->tray_open && drive->disc.kind != DISC_NONE;
}

bool drive_set_tray(Drive *drive, bool open, uint64_t now) {
        if (drive->locked && open) {
                drive->media_event = MEDIA_EJECT_REQUEST;
                drive_attention(drive, 0x5a, 0x01);
                return false;
        }
        if (drive->tray_open == open)
                return true;
        if (open && drive->disc.kind != DISC_NONE)
                drive->media_event = MEDIA_REMOVED;
        drive->tray_open = open;
        drive->spinning_up = !open;
        drive->ready_at = now + drive_scaled(drive, drive->model->spin_up_ms);
        drive->dirty = true;
        return true;
}

int drive_set_disc(Drive *drive, DiscKind kind, const char *image, uint64_t now) {
        Disc disc;
        int r;

        r = disc_open(kind, image, &disc);
        if (r < 0)
                return r;
        if (!drive_set_tray(drive, true, now)) {
                disc_close(&disc);
                return -EBUSY;
        }
        disc_close(&drive->disc);
        drive->disc = disc;
        (void)drive_set_tray(drive, false, now);
        return 0;
}

static bool has_profile(const DriveModel *model, uint16_t profile) {
        for (uint32_t i = 0; i < model->n_profiles; i++)
                if (model->profiles[i] == profile)
                        return true;
        return false;
}

/* Where the model does not say it: the first of these that the drive knows. */
uint16_t drive_profile(const Drive *drive) {
        static const uint16_t data[] = { 0x0010, 0x0008 };          /* DVD-ROM, CD-ROM */
        static const uint16_t blank[] = { 0x001b, 0x0011, 0x0009 }; /* DVD+R, DVD-R, CD-R */
        const uint16_t *profiles = drive->disc.kind == DISC_BLANK ? blank : data;
        size_t n = drive->disc.kind == DISC_BLANK ? N_ELEMENTS(blank) : N_ELEMENTS(data);

        if (!drive_has_medium(drive))
                return 0;
        if (drive->model->disc_profile)
                return drive->model->disc_profile;
        for (size_t i = 0; i < n; i++)
                if (has_profile(drive->model, profiles[i]))
                        return profiles[i];
        return 0;
}

bool drive_is_silent(const Drive *drive) {
        return drive->condition == CONDITION_BRICKED ||
               drive->condition == CONDITION_PENDING_SILENT;
}

bool drive_not_ready(const Drive *drive, Sense *ret_sense) {
        if (drive->condition == CONDITION_BURNING || drive->spinning_up)
                *ret_sense = (Sense){ 2, 0x04, 0x01 };
        else if (drive->condition == CONDITION_PENDING)
                *ret_sense = (Sense){ 2, 0x04, 0x22 };
        else if (drive->condition == CONDITION_RECOVERY)
                *ret_sense = (Sense){ 2, 0x04, 0x1f };
        else if (drive->tray_open)
                *ret_sense = (Sense){ 2, 0x3a, 0x02 };
        else if (drive->disc.kind == DISC_NONE)
                *ret_sense = (Sense){ 2, 0x3a, 0x01 };
        else
                return false;
        return true;
}
