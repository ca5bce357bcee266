/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Faults: failures that a person has to read.
 *
 * Three kinds of "no" are told apart by the signature. A bool or an enum is an answer. An int is
 * negative errno: our own or the system's failure, which travels up unchanged. A Fault, always the
 * last parameter, is for somebody to read; such a function returns negative errno as well.
 *
 * Whoever notices the problem sets the fault; callers on the way up only put context in front, so
 * that the text reads from the outside in:
 *
 *     cannot update sr0: cannot verify image: length is 1048576, catalog says 1048064
 *
 * A code is an interface. One table gives it its Varlink name, the exit status of discfw(1), the
 * journal's MESSAGE_ID, and its entry in discfw-errors(7); texts are not and may change. Codes are
 * never reused or renumbered: they are stored and cross the wire.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/limits.h"

typedef enum FaultCode {
        FAULT_NONE = 0,

        /* requests */
        FAULT_NOT_PERMITTED = 1,
        FAULT_NO_SUCH_DRIVE = 2,
        FAULT_AMBIGUOUS_DRIVE = 3,
        FAULT_NO_SUCH_CATALOG = 4,
        FAULT_NO_SUCH_VERSION = 5,
        FAULT_REASON_REQUIRED = 6,
        FAULT_BUSY = 7,         /* another flash or refresh is under way */
        FAULT_PLAN_CHANGED = 8, /* what was agreed to is not what would be done now */
        FAULT_LIMIT = 9,        /* too many, too long, too deep */
        FAULT_BAD_REQUEST = 10, /* a parameter is missing, unknown, or out of range */
        FAULT_BAD_CONFIG = 11,

        /* our own house */
        FAULT_INTERNAL = 20,
        FAULT_STORE = 21, /* the database failed or is damaged */
        FAULT_STORE_FULL = 22,
        FAULT_AUDIT_BROKEN = 23,
        FAULT_HELPER_UNAVAILABLE = 24,
        FAULT_HELPER_DIED = 25,
        FAULT_PROTOCOL = 26, /* a peer said what may not be said */
        FAULT_SANDBOX = 27,
        FAULT_DAEMON_UNREACHABLE = 28,

        /* catalogs */
        FAULT_CATALOG_MALFORMED = 40,
        FAULT_CATALOG_SIGNATURE = 41,
        FAULT_CATALOG_EXPIRED = 42,
        FAULT_CATALOG_ROLLED_BACK = 43,
        FAULT_CATALOG_MISMATCH = 44, /* mix and match: files of different states */
        FAULT_CATALOG_INCOMPLETE = 45,
        FAULT_CLOCK_BEHIND = 46,
        FAULT_NO_CATALOG = 47,     /* none configured, or none refreshed yet */
        FAULT_CATALOG_FROZEN = 48, /* a mirror serves what it served before, past its time */

        /* fetching */
        FAULT_MIRROR_UNREACHABLE = 60,
        FAULT_MIRROR_REFUSED = 61, /* it answered with an error status */
        FAULT_FETCH_TOO_LARGE = 62,
        FAULT_FETCH_TOO_SLOW = 63,
        FAULT_FETCH_INCOMPLETE = 64,
        FAULT_URL_FORBIDDEN = 65,
        FAULT_MIRROR_TLS = 66,
        FAULT_NOT_FOUND = 67, /* the mirror does not have this file */

        /* images and edges */
        FAULT_IMAGE_MISSING = 80,
        FAULT_IMAGE_MISMATCH = 81, /* length or hash is not what was signed */
        FAULT_IMAGE_IDENTITY = 82, /* it says that it is for another drive */
        FAULT_IMAGE_SUM = 83,
        FAULT_NO_EDGE = 84,
        FAULT_NO_WAY_BACK = 85,
        FAULT_WITHDRAWN = 86,
        FAULT_UNKNOWN_FAMILY = 87,
        FAULT_ALREADY_THERE = 88,
        FAULT_NO_UPDATE = 89, /* nothing newer is known */

        /* preflight: the drive is unharmed */
        FAULT_MOUNTED = 100,
        FAULT_CLAIMED = 101,
        FAULT_DISC_PRESENT = 102,
        FAULT_TRAY_OPEN = 103,
        FAULT_DRIVE_WRITING = 104,
        FAULT_ON_BATTERY = 105,
        FAULT_NO_INHIBITOR = 106,
        FAULT_TRANSPORT_NOT_ALLOWED = 107,
        FAULT_DRIVE_FAILING = 108,
        FAULT_UNKNOWN_OPEN = 109, /* an earlier flash ended unknown and is not resolved */
        FAULT_HELD = 110,
        FAULT_CLOCK_NOT_TRUSTWORTHY = 111,
        FAULT_DRIVE_CHANGED = 112, /* not the drive that the plan names */

        /* drives */
        FAULT_DRIVE_GONE = 120,
        FAULT_DRIVE_REFUSED = 121, /* it said no: sense in the text */
        FAULT_DRIVE_NOT_READY = 122,
        FAULT_DRIVE_SILENT = 123,    /* no answer in time */
        FAULT_DRIVE_MALFORMED = 124, /* an answer that cannot be right */
        FAULT_DRIVE_TRANSPORT = 125, /* cable, bridge, bus */
        FAULT_NOT_OPTICAL = 126,

        /* how a flash can end, besides well */
        FAULT_FAILED_UNHARMED = 140,
        FAULT_NO_CHANGE = 141,
        FAULT_UNVERIFIED = 142,
        FAULT_NEEDS_POWER_CYCLE = 143,
        FAULT_RECOVERY_MODE = 144,
        FAULT_DRIVE_LOST = 145,
        FAULT_OUTCOME_UNKNOWN = 146,
} FaultCode;

typedef struct Fault {
        FaultCode code;
        char text[FAULT_TEXT_MAX];
} Fault;

/* Sets a fault. Asserts that none is set: setting twice means that somebody swallowed the first.
 * A NULL fault is allowed, for callers that only want to know whether. Returns -EBADE, so that
 * "return fault_set(fault, CODE, ...)" is the usual last line. */
int fault_set(Fault *fault, FaultCode code, const char *format, ...) _printf_(3, 4);
int fault_set_v(Fault *fault, FaultCode code, const char *format, va_list ap) _printf_(3, 0);

/* Puts "FORMAT: " in front of the text of a fault that is set. Returns -EBADE. */
int fault_prefix(Fault *fault, const char *format, ...) _printf_(2, 3);

void fault_clear(Fault *fault);

/* What others see of a code. All are total: an unknown code is FAULT_INTERNAL's. */
const char *fault_name(FaultCode code);         /* "NoEdge" */
const char *fault_varlink_name(FaultCode code); /* "org.discfw.NoEdge" */
int fault_exit_status(FaultCode code);          /* of discfw(1) */
const char *fault_message_id(FaultCode code);   /* 32 hex digits */
const char *fault_mend(FaultCode code);         /* the one next step, or NULL */
FaultCode fault_from_name(const char *name); /* with or without "org.discfw."; FAULT_NONE if none */
bool fault_code_valid(uint32_t code);

/* Walks the table: the I-th code, or FAULT_NONE past the end. */
FaultCode fault_nth(unsigned i);

/* Exit statuses of discfw(1). */
enum {
        EXIT_DONE = 0,
        EXIT_FAILED = 1,
        EXIT_USAGE = 2,
        EXIT_REFUSED = 3,
        EXIT_NOT_PERMITTED = 4,
        EXIT_UNREACHABLE = 5,
        EXIT_CATALOG = 6,
        EXIT_ATTENTION = 7,
        EXIT_UPDATES = 10,
};
