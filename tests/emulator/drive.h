/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One emulated drive as it stands: its firmware, tray, disc, and what its flash memory goes through.
 *
 *              burn begins          time passes
 *     NORMAL ------------> BURNING ------------> NORMAL with other firmware
 *                             |                  NORMAL with the old one (BURN_NO_CHANGE)
 *                             | power is cut     PENDING, until power is cycled
 *                             v                  RECOVERY, until a good burn
 *                          BRICKED <------------ BRICKED: code that does not run here
 *
 * A bricked drive answers nothing any more, not even INQUIRY, and that is kept over restarts. Time
 * is an argument everywhere (milliseconds); a burn is brought to its end by drive_tick().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/emulator/drive-model.h"
#include "tests/emulator/scsi.h"

#define ATTENTIONS_MAX 8

typedef enum Condition {
        CONDITION_NORMAL,
        CONDITION_BURNING,
        CONDITION_PENDING,        /* burned; 2/04/22 until power is cycled */
        CONDITION_PENDING_SILENT, /* burned; no answer until power is cycled */
        CONDITION_RECOVERY,       /* main firmware lost: the receiver alone runs, 2/04/1F */
        CONDITION_BRICKED,
        _CONDITION_MAX,
} Condition;

typedef enum BurnEnd {
        BURN_RUNS,
        BURN_NO_CHANGE, /* accepted, and nothing came of it */
        BURN_PENDING,
        BURN_PENDING_SILENT,
        BURN_RECOVERY,
        BURN_BRICKS,
        _BURN_END_MAX,
} BurnEnd;

typedef struct Drive Drive;

/* A family of drives: how firmware is handed over. See family-btc.c. */
typedef struct Family {
        /* Serves a command, or answers false: not one of the family's. */
        bool (*execute)(Drive *drive, const ScsiRequest *request, uint64_t now, ScsiReply *reply);
        /* Would this command, if it is accepted, begin a burn? */
        bool (*burns)(const ScsiRequest *request);
} Family;

/* What was sent and not yet burned: lies in the drive's RAM, lost at a reset. */
typedef struct Staging {
        uint8_t *bytes; /* of the family's image size */
        uint32_t n_bytes;
        bool has_header;
        uint8_t header[32];
} Staging;

struct Drive {
        const DriveModel *model;
        const Family *family; /* NULL: none */
        double time_scale;

        Condition condition;
        Firmware firmware;
        Firmware next; /* while burning or pending */
        BurnEnd burn_end;
        uint64_t burn_until;
        /* Set for one command by a planned fault: how the burn ends that it may begin. */
        BurnEnd next_burn_end;

        bool tray_open;
        bool locked;
        Disc disc;
        uint64_t ready_at; /* spinning up until then */
        bool spinning_up;
        uint8_t media_event; /* MMC-6 6.6.3.4.5, 0: none */

        Sense attentions[ATTENTIONS_MAX];
        uint32_t n_attentions;
        Staging staging;

        /* New code has started, and the drive leaves the bus for that: its front sees to it. */
        bool restarts;

        /* Something that outlives the process has changed. Cleared by who wrote it down. */
        bool dirty;
};

/* In factory state, powered on. DRIVE keeps MODEL. Negative if there is no such image of a disc. */
int drive_init(Drive *drive, const DriveModel *model, double time_scale);
void drive_done(Drive *drive);

/* Milliseconds of the real drive in milliseconds of ours. */
uint32_t drive_scaled(const Drive *drive, uint32_t ms);

/* Brings to an end what has ended by NOW. */
void drive_tick(Drive *drive, uint64_t now);
/* When drive_tick() is wanted next; UINT64_MAX if nothing is under way. */
uint64_t drive_next_tick(const Drive *drive);

/* Off and on again. During a burn that is the end of a drive. */
void drive_power_cycle(Drive *drive, uint64_t now);
/* The bus was reset: what was staged is lost, the drive says 6/29. A burn goes on. */
void drive_bus_reset(Drive *drive);

/* A unit attention waits for the next command that may report it (SAM-5 5.14). */
void drive_attention(Drive *drive, uint8_t asc, uint8_t ascq);
bool drive_take_attention(Drive *drive, Sense *ret_sense);

/* Fingers on the button: false if the tray is locked (MMC-6 6.16). */
bool drive_set_tray(Drive *drive, bool open, uint64_t now);
/* Puts a disc in or takes it out, tray and all. -EBUSY if the tray is locked; else as disc_open(),
 * and the tray stays closed. */
int drive_set_disc(Drive *drive, DiscKind kind, const char *image, uint64_t now);
/* Of the disc in it (MMC-6 5.4), 0 without one. */
uint16_t drive_profile(const Drive *drive);
/* There is a disc, and the tray is closed around it. */
bool drive_has_medium(const Drive *drive);

/* Why a command that needs a ready drive is refused now; false if the drive is ready. */
bool drive_not_ready(const Drive *drive, Sense *ret_sense);
/* The drive answers nothing at all. */
bool drive_is_silent(const Drive *drive);

void staging_clear(Staging *staging);
/* Makes room for an image, once. */
bool staging_open(Staging *staging, uint32_t size);

/* Begins to burn: the drive is busy for what the model says. Returns those milliseconds, scaled. */
uint32_t drive_burn(Drive *drive, const Firmware *next, bool runs, uint64_t now);

const char *condition_name(Condition condition);
bool condition_parse(const char *text, Condition *ret_condition);
