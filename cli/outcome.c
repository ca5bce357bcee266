/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/outcome.h"

#include <string.h>

static const struct {
        const char *name;
        FaultCode fault;
        int exit_status;
        const char *text;
} outcomes[] = {
        { "verified", FAULT_NONE, EXIT_DONE, "verified by reading the drive" },
        { "refused", FAULT_DRIVE_CHANGED, EXIT_REFUSED, "refused before anything was written" },
        { "failed-unharmed", FAULT_FAILED_UNHARMED, EXIT_FAILED,
          "failed; the drive is unharmed and runs what it ran" },
        { "no-change", FAULT_NO_CHANGE, EXIT_FAILED,
          "written, but the drive still says that it runs the old firmware" },
        { "unverified", FAULT_UNVERIFIED, EXIT_ATTENTION,
          "written, but what the drive runs now could not be read" },
        { "needs-power-cycle", FAULT_NEEDS_POWER_CYCLE, EXIT_ATTENTION,
          "written; the drive must be switched off and on before it runs it" },
        { "recovery-mode", FAULT_RECOVERY_MODE, EXIT_ATTENTION,
          "failed; the drive waits in its recovery mode" },
        { "lost", FAULT_DRIVE_LOST, EXIT_ATTENTION, "the drive does not answer any more" },
        { "unknown", FAULT_OUTCOME_UNKNOWN, EXIT_ATTENTION,
          "nobody saw how it ended; the drive is locked until it has been read" },
};

static unsigned find(const char *name) {
        unsigned i = 0;

        while (i < N_ELEMENTS(outcomes) - 1 && strcmp(outcomes[i].name, name) != 0)
                i++;
        return i;
}

int outcome_exit_status(const char *outcome) {
        return outcomes[find(outcome)].exit_status;
}

FaultCode outcome_fault(const char *outcome) {
        return outcomes[find(outcome)].fault;
}

const char *outcome_text(const char *outcome) {
        return outcomes[find(outcome)].text;
}
