/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/flash.h"

#include <string.h>

#include "wire/parts.h"

/* What others see of an outcome. A refusal brings a code of its own; the one here is for where that
 * is lost. */
static const struct {
        const char *name;
        FaultCode fault;
} outcomes[_OUTCOME_MAX] = {
        [OUTCOME_REFUSED] = { "refused", FAULT_FAILED_UNHARMED },
        [OUTCOME_FAILED_UNHARMED] = { "failed-unharmed", FAULT_FAILED_UNHARMED },
        [OUTCOME_NO_CHANGE] = { "no-change", FAULT_NO_CHANGE },
        [OUTCOME_VERIFIED] = { "verified", FAULT_NONE },
        [OUTCOME_UNVERIFIED] = { "unverified", FAULT_UNVERIFIED },
        [OUTCOME_NEEDS_POWER_CYCLE] = { "needs-power-cycle", FAULT_NEEDS_POWER_CYCLE },
        [OUTCOME_RECOVERY_MODE] = { "recovery-mode", FAULT_RECOVERY_MODE },
        [OUTCOME_LOST] = { "lost", FAULT_DRIVE_LOST },
        [OUTCOME_UNKNOWN] = { "unknown", FAULT_OUTCOME_UNKNOWN },
};

static const char *const phase_names[_PHASE_MAX] = {
        [PHASE_CHECKING] = "checking",     [PHASE_WRITING] = "writing",
        [PHASE_COMMITTING] = "committing", [PHASE_SETTLING] = "settling",
        [PHASE_VERIFYING] = "verifying",
};

static const char *const kind_names[_FLASH_KIND_MAX] = {
        [FLASH_UPGRADE] = "upgrade",   [FLASH_STEP] = "step",       [FLASH_DOWNGRADE] = "downgrade",
        [FLASH_RECOVERY] = "recovery", [FLASH_REFLASH] = "reflash",
};

const char *outcome_name(Outcome outcome) {
        return outcome < _OUTCOME_MAX ? outcomes[outcome].name : "unknown";
}

bool outcome_from_name(const char *name, Outcome *ret_outcome) {
        for (unsigned i = 0; i < _OUTCOME_MAX; i++)
                if (strcmp(outcomes[i].name, name) == 0) {
                        *ret_outcome = (Outcome)i;
                        return true;
                }
        return false;
}

FaultCode outcome_fault(Outcome outcome) {
        return outcome < _OUTCOME_MAX ? outcomes[outcome].fault : FAULT_OUTCOME_UNKNOWN;
}

const char *flash_phase_name(FlashPhase phase) {
        return phase < _PHASE_MAX ? phase_names[phase] : "unknown";
}

const char *flash_kind_name(FlashKind kind) {
        return kind < _FLASH_KIND_MAX ? kind_names[kind] : "unknown";
}

static size_t written(const Writer *writer) {
        return writer->failed ? 0 : writer->n_used;
}

static uint64_t read_job(Reader *reader) {
        uint64_t job = read_be64(reader);

        if (job == 0)
                reader->failed = true;
        return job;
}

/* Four characters always; what a drive said may be any but NUL. */
static void read_revision(Reader *reader, char ret_revision[REVISION_SIZE]) {
        read_string(reader, ret_revision, REVISION_SIZE);
        if (strlen(ret_revision) != REVISION_SIZE - 1)
                reader->failed = true;
}

size_t flash_plan_encode(const FlashPlan *plan, void *buffer, size_t size) {
        Writer writer = writer_of(buffer, size);

        write_be64(&writer, plan->job);
        write_string(&writer, plan->node);
        write_bytes(&writer, plan->identity, sizeof(plan->identity));
        write_string(&writer, plan->revision);
        write_string(&writer, plan->serial);
        write_string(&writer, plan->devpath);
        write_string(&writer, plan->catalog);
        write_string(&writer, plan->target);
        write_string(&writer, plan->to);
        write_enum(&writer, plan->kind);
        write_flag(&writer, plan->allow_expired);
        return written(&writer);
}

bool flash_plan_decode(const void *bytes, size_t n_bytes, FlashPlan *ret_plan) {
        Reader reader = reader_of(bytes, n_bytes);
        FlashPlan plan = {};

        plan.job = read_job(&reader);
        read_string(&reader, plan.node, sizeof(plan.node));
        read_bytes(&reader, plan.identity, sizeof(plan.identity));
        read_revision(&reader, plan.revision);
        read_string(&reader, plan.serial, sizeof(plan.serial));
        read_string(&reader, plan.devpath, sizeof(plan.devpath));
        read_string(&reader, plan.catalog, sizeof(plan.catalog));
        read_string(&reader, plan.target, sizeof(plan.target));
        read_revision(&reader, plan.to);
        plan.kind = (FlashKind)read_enum(&reader, _FLASH_KIND_MAX);
        plan.allow_expired = read_flag(&reader);
        if (!reader_done(&reader))
                return false;
        *ret_plan = plan;
        return true;
}

size_t flash_ready_encode(const FlashReady *ready, void *buffer, size_t size) {
        Writer writer = writer_of(buffer, size);

        write_be64(&writer, ready->job);
        write_be32(&writer, ready->expected_ms);
        write_counters(&writer, &ready->before);
        write_region(&writer, &ready->region_before);
        return written(&writer);
}

bool flash_ready_decode(const void *bytes, size_t n_bytes, FlashReady *ret_ready) {
        Reader reader = reader_of(bytes, n_bytes);
        FlashReady ready = {};

        ready.job = read_job(&reader);
        ready.expected_ms = read_be32(&reader);
        read_counters(&reader, &ready.before);
        read_region(&reader, &ready.region_before);
        if (!reader_done(&reader))
                return false;
        *ret_ready = ready;
        return true;
}

size_t flash_phase_encode(const FlashPhaseNote *note, void *buffer, size_t size) {
        Writer writer = writer_of(buffer, size);

        write_be64(&writer, note->job);
        write_enum(&writer, note->phase);
        write_be32(&writer, note->n_done);
        write_be32(&writer, note->n_total);
        return written(&writer);
}

bool flash_phase_decode(const void *bytes, size_t n_bytes, FlashPhaseNote *ret_note) {
        Reader reader = reader_of(bytes, n_bytes);
        FlashPhaseNote note = {};

        note.job = read_job(&reader);
        note.phase = (FlashPhase)read_enum(&reader, _PHASE_MAX);
        note.n_done = read_be32(&reader);
        note.n_total = read_be32(&reader);
        if (!reader_done(&reader))
                return false;
        *ret_note = note;
        return true;
}

size_t flash_end_encode(const FlashEnd *end, void *buffer, size_t size) {
        Writer writer = writer_of(buffer, size);

        write_be64(&writer, end->job);
        write_enum(&writer, end->outcome);
        write_fault(&writer, &end->fault);
        write_string(&writer, end->sense);
        write_flag(&writer, end->identity_known);
        if (end->identity_known) {
                write_bytes(&writer, end->identity, sizeof(end->identity));
                write_string(&writer, end->revision);
        }
        write_string(&writer, end->node);
        write_be32(&writer, end->n_sent);
        write_be32(&writer, end->duration_ms);
        write_counters(&writer, &end->before);
        write_counters(&writer, &end->after);
        write_flag(&writer, end->counted_anew);
        write_region(&writer, &end->region_after);
        return written(&writer);
}

bool flash_end_decode(const void *bytes, size_t n_bytes, FlashEnd *ret_end) {
        Reader reader = reader_of(bytes, n_bytes);
        FlashEnd end = {};

        end.job = read_job(&reader);
        end.outcome = (Outcome)read_enum(&reader, _OUTCOME_MAX);
        read_fault(&reader, &end.fault);
        read_string(&reader, end.sense, sizeof(end.sense));
        end.identity_known = read_flag(&reader);
        if (end.identity_known) {
                read_bytes(&reader, end.identity, sizeof(end.identity));
                read_revision(&reader, end.revision);
        }
        read_string(&reader, end.node, sizeof(end.node));
        end.n_sent = read_be32(&reader);
        end.duration_ms = read_be32(&reader);
        read_counters(&reader, &end.before);
        read_counters(&reader, &end.after);
        end.counted_anew = read_flag(&reader);
        read_region(&reader, &end.region_after);
        /* An end that says that all is well and carries a fault, or says the opposite without one,
         * cannot be told to a person. */
        if (!reader_done(&reader) ||
            (end.outcome == OUTCOME_VERIFIED) != (end.fault.code == FAULT_NONE))
                return false;
        *ret_end = end;
        return true;
}

size_t flash_job_encode(uint64_t job, void *buffer, size_t size) {
        Writer writer = writer_of(buffer, size);

        write_be64(&writer, job);
        return written(&writer);
}

bool flash_job_decode(const void *bytes, size_t n_bytes, uint64_t *ret_job) {
        Reader reader = reader_of(bytes, n_bytes);
        uint64_t job = read_job(&reader);

        if (!reader_done(&reader))
                return false;
        *ret_job = job;
        return true;
}
