/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"

#define PLAN_LENGTH_MAX 65536

/* The words of a line, taken one by one. */
static const char *next_word(char **rest) {
        return strtok_r(NULL, " \t", rest);
}

static bool parse_number(const char *text, int base, uint32_t max, uint32_t *ret_number) {
        unsigned long number;
        char *end;

        if (!text || text[0] < '0' || text[0] > 'f')
                return false;
        number = strtoul(text, &end, base);
        if (*end || number > max)
                return false;
        *ret_number = (uint32_t)number;
        return true;
}

static bool parse_when(PlannedFault *planned, char **rest) {
        const char *word = next_word(rest);
        uint32_t opcode;

        if (!word)
                return false;
        if (strcmp(word, "command") == 0) {
                planned->when = AT_COMMAND;
        } else if (strcmp(word, "burn") == 0) {
                planned->when = AT_BURN;
        } else if (strcmp(word, "write-buffer") == 0) {
                planned->when = AT_OPCODE;
                planned->opcode = WRITE_BUFFER;
        } else if (strcmp(word, "opcode") == 0) {
                if (!parse_number(next_word(rest), 16, 255, &opcode))
                        return false;
                planned->when = AT_OPCODE;
                planned->opcode = (uint8_t)opcode;
        } else {
                return false;
        }
        word = next_word(rest);
        if (word && strcmp(word, "every") == 0)
                return true;
        return parse_number(word, 10, UINT32_MAX, &planned->k) && planned->k > 0;
}

/* Actions whose name says it all, and those that take a number. */
static const struct {
        const char *name;
        PlannedAction action;
        BurnEnd burn_end;
        int base; /* of the number that follows, 0: none */
        uint32_t unit;
} actions[] = {
        { "status", DO_STATUS, 0, 16, 1 },
        { "host", DO_HOST, 0, 10, 1 },
        { "driver", DO_DRIVER, 0, 10, 1 },
        { "hang", DO_HANG, 0, 0, 0 },
        { "vanish", DO_VANISH, 0, 10, 1000 },
        { "reset", DO_RESET, 0, 0, 0 },
        { "power-cut", DO_POWER_CUT, 0, 0, 0 },
        { "residual", DO_RESIDUAL, 0, 10, 1 },
        { "stall", DO_STALL, 0, 10, 1000 },
        { "no-change", DO_BURN_END, BURN_NO_CHANGE, 0, 0 },
        { "needs-power-cycle", DO_BURN_END, BURN_PENDING, 0, 0 },
        { "recovery", DO_BURN_END, BURN_RECOVERY, 0, 0 },
        { "brick", DO_BURN_END, BURN_BRICKS, 0, 0 },
};

static bool parse_known_action(PlannedFault *planned, const char *word, char **rest) {
        for (unsigned i = 0; i < N_ELEMENTS(actions); i++) {
                if (strcmp(word, actions[i].name) != 0)
                        continue;
                planned->action = actions[i].action;
                planned->burn_end = actions[i].burn_end;
                if (actions[i].base &&
                    !parse_number(next_word(rest), actions[i].base, 3600000, &planned->number))
                        return false;
                planned->number *= actions[i].unit;
                return true;
        }
        return false;
}

static bool parse_action(PlannedFault *planned, const char *word, char **rest) {
        const char *last;

        if (word && strcmp(word, "after") == 0) {
                planned->after = true;
                word = next_word(rest);
        }
        if (!word)
                return false;
        if (strcmp(word, "sense") == 0) {
                word = next_word(rest);
                planned->action = DO_SENSE;
                return word && sense_parse(word, &planned->sense) && !next_word(rest);
        }
        if (!parse_known_action(planned, word, rest))
                return false;
        last = next_word(rest);
        if (last && planned->burn_end == BURN_PENDING && strcmp(last, "silent") == 0) {
                planned->burn_end = BURN_PENDING_SILENT;
                last = next_word(rest);
        }
        return !last && !(planned->after && planned->action >= DO_RESIDUAL);
}

static bool parse_line(char *line, PlannedFault *planned) {
        char *rest = NULL;
        const char *word = strtok_r(line, " \t", &rest);

        *planned = (PlannedFault){};
        if (!word || strlen(word) >= sizeof(planned->drive))
                return false;
        strcpy(planned->drive, word);
        if (!parse_when(planned, &rest))
                return false;
        rest += strspn(rest, " \t");
        word = next_word(&rest);
        if (word && strcmp(word, "while") == 0) {
                word = next_word(&rest);
                if (!word || strlen(word) > REVISION_LENGTH)
                        return false;
                strcpy(planned->revision, word);
                word = next_word(&rest);
        }
        if (!word)
                return false;
        (void)snprintf(planned->text, sizeof(planned->text), "%s%s%.60s", word,
                       rest && *rest ? " " : "", rest ? rest : "");
        return parse_action(planned, word, &rest);
}

void fault_plan_clear(FaultPlan *plan) {
        free(plan->faults);
        free(plan->counts);
        *plan = (FaultPlan){};
}

static int parse_plan(FaultPlan *plan, const char *file, char *text, Fault *fault) {
        char *line;

        for (unsigned n = 1; (line = strsep(&text, "\n")); n++) {
                line += strspn(line, " \t");
                if (*line == '\0' || *line == '#')
                        continue;
                if (plan->n_faults == PLANNED_FAULTS_MAX)
                        return fault_set(fault, FAULT_LIMIT, "%s: more than %d faults", file,
                                         PLANNED_FAULTS_MAX);
                if (!parse_line(line, &plan->faults[plan->n_faults]))
                        return fault_set(fault, FAULT_BAD_CONFIG,
                                         "%s:%u: not a fault, see tests/emulator/faults.h", file,
                                         n);
                plan->n_faults++;
        }
        return 0;
}

int fault_plan_read(const char *file, size_t n_drives, FaultPlan *ret_plan, Fault *fault) {
        _cleanup_(fault_plan_clear) FaultPlan plan = {};
        _cleanup_free_ uint8_t *text = NULL;
        size_t n_text;
        int r;

        r = file_read(AT_FDCWD, file, PLAN_LENGTH_MAX, &text, &n_text);
        if (r < 0)
                return fault_set(fault, FAULT_BAD_CONFIG, "%s: %s", file, strerror(-r));
        plan.faults = calloc(PLANNED_FAULTS_MAX, sizeof(*plan.faults));
        plan.counts = calloc(n_drives, sizeof(*plan.counts));
        if (!plan.faults || !plan.counts)
                return -ENOMEM;
        r = parse_plan(&plan, file, (char *)text, fault);
        if (r < 0)
                return r;
        *ret_plan = plan;
        plan = (FaultPlan){};
        return 0;
}

static bool counted(const PlannedFault *planned, const Drive *drive, const ScsiRequest *request) {
        if (strcmp(planned->drive, "*") != 0 && strcmp(planned->drive, drive->model->name) != 0)
                return false;
        switch (planned->when) {
        case AT_COMMAND: return true;
        case AT_OPCODE: return planned->opcode == request->cdb[0];
        case AT_BURN: return drive->family && drive->family->burns(request);
        }
        return false;
}

static bool acts(const PlannedFault *planned, const Drive *drive, uint32_t count) {
        size_t n = strlen(planned->revision);

        return (planned->k == 0 || planned->k == count) &&
               memcmp(planned->revision, drive->firmware.revision, n) == 0;
}

const PlannedFault *fault_plan_next(FaultPlan *plan, size_t place, const Drive *drive,
                                    const ScsiRequest *request) {
        const PlannedFault *found = NULL;

        for (size_t i = 0; i < plan->n_faults; i++) {
                const PlannedFault *planned = &plan->faults[i];

                if (!counted(planned, drive, request))
                        continue;
                plan->counts[place][i]++;
                if (!found && acts(planned, drive, plan->counts[place][i]))
                        found = planned;
        }
        return found;
}
