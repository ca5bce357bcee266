/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sense data: why a drive said no, in words.
 *
 * Reads both layouts of SPC-4 4.5 (fixed: response codes 70h, 71h; descriptor: 72h, 73h). The bytes
 * come from the drive: nothing here reads past the length given. What a code means depends on what
 * was being done, so judging takes a stage; one table (sense-table.c) holds every code that we know
 * with its class at each stage, its words, and what to do about it. Codes that are not in it get
 * the class of their key, on the safe side.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

/* Sense keys, SPC-4 4.5.6. */
enum {
        KEY_NO_SENSE = 0x0,
        KEY_RECOVERED = 0x1,
        KEY_NOT_READY = 0x2,
        KEY_MEDIUM_ERROR = 0x3,
        KEY_HARDWARE_ERROR = 0x4,
        KEY_ILLEGAL_REQUEST = 0x5,
        KEY_UNIT_ATTENTION = 0x6,
        KEY_DATA_PROTECT = 0x7,
        KEY_ABORTED = 0xb,
};

typedef struct Sense {
        bool present;  /* false: no sense came, and nothing below holds */
        bool deferred; /* about an earlier command; this one was not carried out */
        uint8_t key;   /* 0 to 15 */
        uint8_t asc;   /* additional sense code */
        uint8_t ascq;  /* and its qualifier */
} Sense;

/* Returns false, and leaves *RET_SENSE alone, if the bytes carry no sense in a layout we know. */
bool sense_decode(const void *bytes, size_t n_bytes, Sense *ret_sense);

typedef enum Stage {
        STAGE_LOOK,   /* nothing that changes the drive was sent on this open */
        STAGE_SEND,   /* pieces of an image are under way; nothing was committed */
        STAGE_COMMIT, /* the committing command was sent, or what follows it */
        _STAGE_MAX,
} Stage;

typedef enum SenseClass {
        SENSE_NORMAL,  /* expected: go on */
        SENSE_WAIT,    /* ask again later */
        SENSE_PERSON,  /* somebody has to do something: tray, disc, power */
        SENSE_STOP,    /* refused; the drive is unharmed */
        SENSE_UNKNOWN, /* the state of the drive is not known */
        _SENSE_CLASS_MAX,
} SenseClass;

/* Total: an absent sense is SENSE_UNKNOWN, deferred sense is SENSE_UNKNOWN once sending began. */
SenseClass sense_class(const Sense *sense, Stage stage);

/* The fault that fits: FAULT_DRIVE_REFUSED, _NOT_READY, _FAILING, ... never FAULT_NONE. */
FaultCode sense_fault(const Sense *sense);

/* The one next step for a person, or NULL where there is none. */
const char *sense_advice(const Sense *sense);

bool sense_is(const Sense *sense, uint8_t key, uint8_t asc, uint8_t ascq);

/* Key 2, ASC 3Ah: no disc is in, which is how flashing wants a drive. */
bool sense_is_no_medium(const Sense *sense);

/* "5/20/00 invalid opcode": always hex with two digits, always words; "no sense" where none. */
#define SENSE_TEXT_SIZE 96
void sense_text(const Sense *sense, char *ret_text, size_t size);
