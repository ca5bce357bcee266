/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/fault.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The one table. MESSAGE_IDs end in the code in hex, so that none can be forgotten or doubled. */
static const struct {
        FaultCode code;
        const char *name;
        int exit_status;
        const char *mend;
} faces[] = {
        { FAULT_NOT_PERMITTED, "NotPermitted", EXIT_NOT_PERMITTED,
          "run it as root, or as a member of group discfw" },
        { FAULT_NO_SUCH_DRIVE, "NoSuchDrive", EXIT_FAILED, "see \"discfw list --all\"" },
        { FAULT_AMBIGUOUS_DRIVE, "AmbiguousDrive", EXIT_FAILED,
          "name the drive by its node or its whole id, see \"discfw list\"" },
        { FAULT_NO_SUCH_CATALOG, "NoSuchCatalog", EXIT_FAILED, "see \"discfw catalog list\"" },
        { FAULT_NO_SUCH_VERSION, "NoSuchVersion", EXIT_FAILED, "see \"discfw show DRIVE\"" },
        { FAULT_REASON_REQUIRED, "ReasonRequired", EXIT_REFUSED, "say why with --reason TEXT" },
        { FAULT_BUSY, "Busy", EXIT_REFUSED, "wait for it to end, see \"discfw monitor\"" },
        { FAULT_PLAN_CHANGED, "PlanChanged", EXIT_REFUSED,
          "look at the new plan and say yes again" },
        { FAULT_LIMIT, "Limit", EXIT_FAILED, NULL },
        { FAULT_BAD_REQUEST, "BadRequest", EXIT_USAGE, NULL },
        { FAULT_BAD_CONFIG, "BadConfig", EXIT_FAILED, "mend the file, then \"discfw doctor\"" },

        { FAULT_INTERNAL, "Internal", EXIT_FAILED,
          "this is a defect of discfwd: please report it" },
        { FAULT_STORE, "Store", EXIT_FAILED, "see \"journalctl -u discfwd\"" },
        { FAULT_STORE_FULL, "StoreFull", EXIT_REFUSED, "free disk space in the state folder" },
        { FAULT_AUDIT_BROKEN, "AuditBroken", EXIT_ATTENTION, "see \"discfw audit verify\"" },
        { FAULT_HELPER_UNAVAILABLE, "HelperUnavailable", EXIT_FAILED, "see \"discfw doctor\"" },
        { FAULT_HELPER_DIED, "HelperDied", EXIT_FAILED, "try again; if it stays, report it" },
        { FAULT_PROTOCOL, "Protocol", EXIT_FAILED, NULL },
        { FAULT_SANDBOX, "Sandbox", EXIT_FAILED, NULL },
        { FAULT_DAEMON_UNREACHABLE, "DaemonUnreachable", EXIT_UNREACHABLE,
          "start it: \"systemctl start discfwd.socket\"" },

        { FAULT_CATALOG_MALFORMED, "CatalogMalformed", EXIT_CATALOG, NULL },
        { FAULT_CATALOG_SIGNATURE, "CatalogSignature", EXIT_CATALOG,
          "do not trust this mirror; tell the catalog's maintainer" },
        { FAULT_CATALOG_EXPIRED, "CatalogExpired", EXIT_CATALOG, "run \"discfw refresh\"" },
        { FAULT_CATALOG_ROLLED_BACK, "CatalogRolledBack", EXIT_CATALOG,
          "this mirror is behind; use another" },
        { FAULT_CATALOG_MISMATCH, "CatalogMismatch", EXIT_CATALOG,
          "the mirror is half updated; try again later" },
        { FAULT_CATALOG_INCOMPLETE, "CatalogIncomplete", EXIT_CATALOG,
          "the mirror lacks files; try again later" },
        { FAULT_CLOCK_BEHIND, "ClockBehind", EXIT_CATALOG, "set the clock of this machine" },
        { FAULT_NO_CATALOG, "NoCatalog", EXIT_CATALOG,
          "run \"discfw refresh\", or add one: \"discfw catalog add\"" },
        { FAULT_CATALOG_FROZEN, "CatalogFrozen", EXIT_CATALOG,
          "this mirror is frozen; use another" },

        { FAULT_MIRROR_UNREACHABLE, "MirrorUnreachable", EXIT_CATALOG, "check the network" },
        { FAULT_MIRROR_REFUSED, "MirrorRefused", EXIT_CATALOG, NULL },
        { FAULT_FETCH_TOO_LARGE, "FetchTooLarge", EXIT_CATALOG, NULL },
        { FAULT_FETCH_TOO_SLOW, "FetchTooSlow", EXIT_CATALOG, NULL },
        { FAULT_FETCH_INCOMPLETE, "FetchIncomplete", EXIT_CATALOG, NULL },
        { FAULT_URL_FORBIDDEN, "UrlForbidden", EXIT_CATALOG, NULL },
        { FAULT_MIRROR_TLS, "MirrorTls", EXIT_CATALOG, NULL },
        { FAULT_NOT_FOUND, "NotFound", EXIT_CATALOG, NULL },

        { FAULT_IMAGE_MISSING, "ImageMissing", EXIT_FAILED, NULL },
        { FAULT_IMAGE_MISMATCH, "ImageMismatch", EXIT_CATALOG,
          "the image was altered on its way; use another mirror" },
        { FAULT_IMAGE_IDENTITY, "ImageIdentity", EXIT_REFUSED,
          "this image is for another drive and would ruin this one" },
        { FAULT_IMAGE_SUM, "ImageSum", EXIT_REFUSED, NULL },
        { FAULT_NO_EDGE, "NoEdge", EXIT_REFUSED, "see \"discfw why DRIVE VERSION\"" },
        { FAULT_NO_WAY_BACK, "NoWayBack", EXIT_REFUSED, "see \"discfw show DRIVE\"" },
        { FAULT_WITHDRAWN, "Withdrawn", EXIT_REFUSED, NULL },
        { FAULT_UNKNOWN_FAMILY, "UnknownFamily", EXIT_REFUSED,
          "this version of discfwd cannot flash such drives" },
        { FAULT_ALREADY_THERE, "AlreadyThere", EXIT_REFUSED, "say --reflash to write it again" },
        { FAULT_NO_UPDATE, "NoUpdate", EXIT_REFUSED, NULL },

        { FAULT_MOUNTED, "Mounted", EXIT_REFUSED, "unmount the disc" },
        { FAULT_CLAIMED, "Claimed", EXIT_REFUSED,
          "close the program that uses the drive; as root, discfw says which it is" },
        { FAULT_DISC_PRESENT, "DiscPresent", EXIT_REFUSED, "take the disc out" },
        { FAULT_TRAY_OPEN, "TrayOpen", EXIT_REFUSED, "close the tray" },
        { FAULT_DRIVE_WRITING, "DriveWriting", EXIT_REFUSED, "wait until the disc is written" },
        { FAULT_ON_BATTERY, "OnBattery", EXIT_REFUSED, "connect the power supply" },
        { FAULT_NO_INHIBITOR, "NoInhibitor", EXIT_REFUSED,
          "logind and polkit must run: \"systemctl status systemd-logind polkit\"" },
        { FAULT_TRANSPORT_NOT_ALLOWED, "TransportNotAllowed", EXIT_REFUSED,
          "connect the drive as the entry says" },
        { FAULT_DRIVE_FAILING, "DriveFailing", EXIT_REFUSED, "firmware does not mend mechanics" },
        { FAULT_UNKNOWN_OPEN, "UnknownOpen", EXIT_ATTENTION, "run \"discfw resolve DRIVE\"" },
        { FAULT_HELD, "Held", EXIT_REFUSED, "release it: \"discfw unhold DRIVE\"" },
        { FAULT_CLOCK_NOT_TRUSTWORTHY, "ClockNotTrustworthy", EXIT_REFUSED,
          "set the clock of this machine" },
        { FAULT_DRIVE_CHANGED, "DriveChanged", EXIT_REFUSED,
          "look at \"discfw list\" and try again" },

        { FAULT_DRIVE_GONE, "DriveGone", EXIT_FAILED, "check cable and power" },
        { FAULT_DRIVE_REFUSED, "DriveRefused", EXIT_FAILED, NULL },
        { FAULT_DRIVE_NOT_READY, "DriveNotReady", EXIT_FAILED, "wait, then try again" },
        { FAULT_DRIVE_SILENT, "DriveSilent", EXIT_FAILED, "check cable and power" },
        { FAULT_DRIVE_MALFORMED, "DriveMalformed", EXIT_FAILED, NULL },
        { FAULT_DRIVE_TRANSPORT, "DriveTransport", EXIT_FAILED, "check cable, bridge and power" },
        { FAULT_NOT_OPTICAL, "NotOptical", EXIT_FAILED, NULL },

        { FAULT_FAILED_UNHARMED, "FailedUnharmed", EXIT_FAILED, NULL },
        { FAULT_NO_CHANGE, "NoChange", EXIT_FAILED,
          "the drive kept its old firmware; see \"discfw history\"" },
        { FAULT_UNVERIFIED, "Unverified", EXIT_ATTENTION, "run \"discfw resolve DRIVE\"" },
        { FAULT_NEEDS_POWER_CYCLE, "NeedsPowerCycle", EXIT_ATTENTION,
          "switch the drive off for 10 seconds, then \"discfw resolve DRIVE\"" },
        { FAULT_RECOVERY_MODE, "RecoveryMode", EXIT_ATTENTION,
          "leave the drive powered; see \"discfw show DRIVE\" for a recovery edge" },
        { FAULT_DRIVE_LOST, "DriveLost", EXIT_ATTENTION,
          "switch the drive off for 10 seconds, then \"discfw resolve DRIVE\"" },
        { FAULT_OUTCOME_UNKNOWN, "OutcomeUnknown", EXIT_ATTENTION,
          "run \"discfw resolve DRIVE\"; nothing is written again by itself" },
};

/* An unknown code can only come from a newer version of ourselves: it reads as internal. */
static unsigned find(FaultCode code) {
        unsigned internal = 0;

        for (unsigned i = 0; i < N_ELEMENTS(faces); i++) {
                if (faces[i].code == code)
                        return i;
                if (faces[i].code == FAULT_INTERNAL)
                        internal = i;
        }
        return internal;
}

const char *fault_name(FaultCode code) {
        return faces[find(code)].name;
}

const char *fault_varlink_name(FaultCode code) {
        static char names[N_ELEMENTS(faces)][64];
        unsigned i = find(code);

        if (!names[i][0])
                (void)snprintf(names[i], sizeof(names[i]), "org.discfw.%s", faces[i].name);
        return names[i];
}

int fault_exit_status(FaultCode code) {
        return faces[find(code)].exit_status;
}

const char *fault_message_id(FaultCode code) {
        static char ids[N_ELEMENTS(faces)][33];
        unsigned i = find(code);

        if (!ids[i][0])
                (void)snprintf(ids[i], sizeof(ids[i]), "6d1f5b3c8a2e4f70b94d6a1e3c5d%04x",
                               (unsigned)faces[i].code);
        return ids[i];
}

const char *fault_mend(FaultCode code) {
        return faces[find(code)].mend;
}

FaultCode fault_from_name(const char *name) {
        static const char prefix[] = "org.discfw.";

        if (strncmp(name, prefix, sizeof(prefix) - 1) == 0)
                name += sizeof(prefix) - 1;
        for (unsigned i = 0; i < N_ELEMENTS(faces); i++)
                if (strcmp(faces[i].name, name) == 0)
                        return faces[i].code;
        return FAULT_NONE;
}

bool fault_code_valid(uint32_t code) {
        for (unsigned i = 0; i < N_ELEMENTS(faces); i++)
                if ((uint32_t)faces[i].code == code)
                        return true;
        return false;
}

FaultCode fault_nth(unsigned i) {
        return i < N_ELEMENTS(faces) ? faces[i].code : FAULT_NONE;
}

int fault_set_v(Fault *fault, FaultCode code, const char *format, va_list ap) {
        assert(code != FAULT_NONE);

        if (!fault)
                return -EBADE;
        assert(fault->code == FAULT_NONE);
        fault->code = code;
        (void)vsnprintf(fault->text, sizeof(fault->text), format, ap);
        return -EBADE;
}

int fault_set(Fault *fault, FaultCode code, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        (void)fault_set_v(fault, code, format, ap);
        va_end(ap);
        return -EBADE;
}

int fault_prefix(Fault *fault, const char *format, ...) {
        char text[FAULT_TEXT_MAX];
        va_list ap;
        int n;

        if (!fault)
                return -EBADE;
        assert(fault->code != FAULT_NONE);
        va_start(ap, format);
        n = vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        if (n < 0 || (size_t)n >= sizeof(text) - 2)
                return -EBADE; /* context that does not fit is not worth the cause */
        (void)snprintf(text + n, sizeof(text) - (size_t)n, ": %s", fault->text);
        memcpy(fault->text, text, sizeof(text));
        return -EBADE;
}

void fault_clear(Fault *fault) {
        fault->code = FAULT_NONE;
        fault->text[0] = '\0';
}
