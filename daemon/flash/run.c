/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flash/run.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "drive/enumerate.h"
#include "drive/examine.h"
#include "flash/journal.h"
#include "flash/preflight.h"
#include "flash/send.h"
#include "flash/trust.h"
#include "flash/watch.h"

/* A person may be asked between READY and the order. */
#define ORDER_WAIT_MS (10 * 60 * 1000)

/* Between notes of progress while pieces are sent: enough for a bar. Each makes the daemon and all who
 * watch run, which takes longer than a piece. */
#define NOTE_INTERVAL_MS 500

typedef struct Flash {
        FlashState state;
        Link *link;
        const Settings *settings;
        FlashPlan plan;
        Trust trust;
        Claim claim;
        int lock;      /* of the machine */
        int inhibitor; /* against sleep and shutdown, while we hold it */
        Journal *journal;
        uint64_t start;  /* of the order, boot time */
        bool accepted;   /* the drive took the committing command */
        uint64_t device; /* of the kernel, as it was claimed */
        Fault trouble;   /* what went wrong first */
        FlashEnd end;
} Flash;

static void flash_enter(Flash *flash, FlashEvent event) {
        FlashState from = flash->state;

        flash->state = flash_next(from, event);
        log_info("job %" PRIu64 ": %s to %s: %s", flash->plan.job, flash_state_name(from),
                 flash_state_name(flash->state), flash_event_name(event));
}

static uint32_t saturate(uint64_t value) {
        return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static void note(const Flash *flash, FlashPhase phase, uint32_t n_done, uint32_t n_total) {
        link_note(flash->link, flash->plan.job, phase, n_done, n_total);
}

static void note_reading(void *userdata, uint32_t seconds, uint32_t seconds_max) {
        note(userdata, PHASE_VERIFYING, seconds, seconds_max);
}

/* An outcome that nobody has acknowledged comes first: its drive may be this one. */
static int refuse_if_unreported(const Flash *flash, Fault *fault) {
        uint64_t jobs[JOURNALS_MAX];
        size_t n_jobs;
        int r;

        r = journal_list(flash->settings->state, jobs, &n_jobs);
        if (r < 0)
                return fault_set(fault, FAULT_STORE, "cannot list the helper's journals: %s",
                                 strerror(-r));
        if (n_jobs > 0)
                return fault_set(fault, FAULT_UNKNOWN_OPEN,
                                 "the outcome of job %" PRIu64 " has not been taken over yet",
                                 jobs[0]);
        return 0;
}

static int check_drive(Flash *flash, Fault *fault) {
        int r;

        r = claim_match(&flash->plan, flash->trust.entry, &flash->claim, fault);
        if (r < 0)
                return r;
        flash_enter(flash, EVENT_DRIVE_MATCHES);
        r = preflight(flash->trust.entry, flash->settings, &flash->claim, fault);
        if (r < 0)
                return r;
        flash_enter(flash, EVENT_DRIVE_FIT);
        return 0;
}

/* Everything that may refuse, before anybody is told that it could begin. */
static int prepare(Flash *flash, int bundle, int image, Fault *fault) {
        const Settings *settings = flash->settings;
        int r;

        r = journal_lock_machine(settings->state, &flash->lock, fault);
        if (r == 0)
                r = refuse_if_unreported(flash, fault);
        if (r == 0)
                r = trust_prove(&flash->plan, settings, bundle, image, clock_realtime(),
                                &flash->trust, fault);
        if (r < 0)
                return r;
        flash_enter(flash, EVENT_TRUST_PROVED);
        r = claim_take(&flash->plan, settings, &flash->claim, fault);
        if (r < 0)
                return r;
        flash_enter(flash, EVENT_DRIVE_CLAIMED);
        flash->device = drive_device("/sys", flash->claim.record.node);
        flash->end.before = flash->claim.record.counters;
        r = check_drive(flash, fault);
        if (r < 0)
                return r;
        r = journal_new(settings->state, &flash->plan, flash->claim.record.node, &flash->journal,
                        fault);
        if (r < 0)
                return r;
        flash_enter(flash, EVENT_INTENT_SAVED);
        return 0;
}

static int send_ready(Flash *flash, Fault *fault) {
        const Recipe *recipe = &flash->trust.entry->recipe;
        const FlashReady ready = {
                .job = flash->plan.job,
                .expected_ms =
                        saturate((uint64_t)flash->trust.course.n_pieces * recipe->command_ms +
                                 recipe->commit_ms + recipe->settle_ms + recipe->ready_ms),
                .before = flash->claim.record.counters,
                .region_before = flash->claim.record.region,
        };
        int r;

        r = link_ready(flash->link, &ready);
        if (r < 0)
                return fault_set(fault, FAULT_DAEMON_UNREACHABLE,
                                 "the daemon left before it gave the order: %s", strerror(-r));
        return 0;
}

static int take_order(Flash *flash, Message *message, Fault *fault) {
        uint64_t job;

        if (message->kind != MESSAGE_FLASH_GO ||
            !flash_job_decode(message->payload, message->n_payload, &job))
                return message_unexpected(message, "the order", fault);
        if (job != flash->plan.job)
                return fault_set(fault, FAULT_PROTOCOL, "order is for job %" PRIu64, job);
        flash->inhibitor = message_take_fd(message, 0);
        if (flash->inhibitor < 0 && !flash->settings->without_inhibitor)
                return fault_set(fault, FAULT_NO_INHIBITOR,
                                 "nothing keeps the machine from sleep and shutdown meanwhile");
        return 0;
}

static int wait_for_order(Flash *flash, Fault *fault) {
        Message message = MESSAGE_NULL;
        int r;

        r = link_receive(flash->link, ORDER_WAIT_MS, &message, fault);
        if (r > 0)
                r = take_order(flash, &message, fault);
        else if (fault->code == FAULT_NONE)
                r = fault_set(fault, FAULT_DAEMON_UNREACHABLE,
                              r == -ETIMEDOUT ? "no order came within %d minutes"
                                              : "the daemon left before it gave the order",
                              ORDER_WAIT_MS / 60000);
        message_done(&message);
        return r < 0 ? r : 0;
}

/* From here on nobody's wish ends or stops this process: only its own faults do. */
static void shut_the_door(void) {
        static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGABRT };

        for (int i = 1; i <= SIGRTMAX; i++) {
                bool own = false;

                for (size_t k = 0; k < N_ELEMENTS(faults); k++)
                        own |= faults[k] == i;
                if (!own)
                        (void)signal(i, SIG_IGN);
        }
}

/* Minutes may have passed since the first look. Same questions, no other states. */
static int check_again(Flash *flash, Fault *fault) {
        int r;

        r = claim_match(&flash->plan, flash->trust.entry, &flash->claim, fault);
        if (r == 0)
                r = preflight(flash->trust.entry, flash->settings, &flash->claim, fault);
        return r;
}

static int send_one(Flash *flash, uint32_t i, Fault *fault) {
        Reply reply;
        int r;

        r = send_piece(flash->claim.transport, &flash->trust.course, i, &flash->trust.entry->recipe,
                       &reply, fault);
        if (reply.sent)
                flash->end.n_sent++;
        if (r < 0 && reply.sense.present)
                sense_text(&reply.sense, flash->end.sense, sizeof(flash->end.sense));
        return r;
}

/* All pieces but the one that commits. */
static int send_pieces(Flash *flash, Fault *fault) {
        const uint32_t n = flash->trust.course.n_pieces - 1;
        uint64_t noted = 0;
        int r;

        for (uint32_t i = 0; i < n; i++) {
                const uint64_t now = clock_coarse_ms();

                if (i == 0 || now - noted >= NOTE_INTERVAL_MS) {
                        note(flash, PHASE_WRITING, i, n);
                        noted = now;
                }
                r = send_one(flash, i, fault);
                if (r < 0)
                        return fault_prefix(fault, "at piece %u of %u", i + 1, n + 1);
        }
        note(flash, PHASE_WRITING, n, n);
        return journal_save(flash->journal, JOURNAL_COMMIT_SENT, fault);
}

static void keep_silence(Flash *flash) {
        const uint32_t n_ms = flash->trust.entry->recipe.settle_ms;

        for (uint32_t done = 0; done < n_ms; done += 1000) {
                note(flash, PHASE_SETTLING, done / 1000, n_ms / 1000);
                pause_ms(n_ms - done < 1000 ? n_ms - done : 1000);
        }
}

static void commit(Flash *flash) {
        const uint32_t n = flash->trust.course.n_pieces;
        int r;

        note(flash, PHASE_COMMITTING, 0, 1);
        r = send_one(flash, n - 1, &flash->trouble);
        flash->accepted = r == 0;
        flash_enter(flash, EVENT_COMMITTED);
        /* A drive that said no to the commit has nothing to be left alone for; one that said
         * nothing may be busy with it. */
        if (flash->trouble.code != FAULT_DRIVE_REFUSED)
                keep_silence(flash);
        flash_enter(flash, EVENT_SETTLED);
}

/* What the kernel counted so far; unknown of a drive that left. */
static Counters count(const Flash *flash) {
        Fault unheard = {};
        DriveRecord now;

        if (!flash->claim.transport ||
            drive_locate("/sys", flash->claim.record.node, &now, &unheard) < 0)
                return COUNTERS_UNKNOWN;
        return now.counters;
}

/* The drive's own word, and what else is worth keeping of it. */
static void read_drive(Flash *flash) {
        const Expectation expected = {
                .plan = &flash->plan,
                .entry = flash->trust.entry,
                .committed = flash->state == FLASH_READING,
                .accepted = flash->accepted,
        };
        FlashEnd *end = &flash->end;
        Fault unheard = {};
        FlashEvent event;
        Sense ready;

        note(flash, PHASE_VERIFYING, 0, expected.entry->recipe.ready_ms / 1000);
        event = watch_drive(&expected, flash->settings, &flash->claim, note_reading, flash, &ready);
        if (!end->sense[0] && ready.present && !sense_is_no_medium(&ready))
                sense_text(&ready, end->sense, sizeof(end->sense));
        end->identity_known = flash->claim.transport;
        if (end->identity_known) {
                memcpy(end->identity, flash->claim.record.identity, IDENTITY_LENGTH);
                memcpy(end->revision, flash->claim.record.revision, REVISION_SIZE);
                if (drive_region(flash->claim.transport, &end->region_after, &unheard) < 0)
                        end->region_after = (Region){};
        }
        flash_enter(flash, event);
}

static void carry_out(Flash *flash) {
        Fault *trouble = &flash->trouble;
        int r;

        r = check_again(flash, trouble);
        flash->end.before = count(flash);
        if (r == 0)
                r = journal_save(flash->journal, JOURNAL_FIRST_WRITE, trouble);
        if (r < 0) {
                flash_enter(flash, EVENT_GIVEN_UP);
                return;
        }
        flash_enter(flash, EVENT_WRITE_SAVED);
        if (send_pieces(flash, trouble) < 0)
                flash_enter(flash, EVENT_STOPPED);
        else {
                flash_enter(flash, EVENT_COMMIT_SAVED);
                commit(flash);
        }
        read_drive(flash);
}

/* What a person reads. The code is the outcome's, but for a refusal, which has its own. */
static void explain(Flash *flash) {
        FlashEnd *end = &flash->end;
        const char *why = flash->trouble.text;
        char found[4 * REVISION_SIZE];
        Fault fault = {};
        FaultCode code = outcome_fault(end->outcome);

        text_from_field(end->revision, strlen(end->revision), found, sizeof(found));
        switch (end->outcome) {
        case OUTCOME_REFUSED: fault = flash->trouble; break;
        case OUTCOME_FAILED_UNHARMED:
                (void)fault_set(&fault, code,
                                "stopped before the commit, drive still runs \"%s\": %s", found,
                                why);
                break;
        case OUTCOME_NO_CHANGE:
                (void)fault_set(&fault, code, "drive still runs \"%s\", wanted \"%s\"%s%s", found,
                                flash->plan.to, why[0] ? ": " : "", why);
                break;
        case OUTCOME_UNVERIFIED:
                (void)fault_set(&fault, code,
                                "drive says that it runs \"%s\"%s%s, wanted \"%s\"%s%s", found,
                                end->sense[0] ? " and " : "", end->sense, flash->plan.to,
                                why[0] ? ": " : "", why);
                break;
        case OUTCOME_NEEDS_POWER_CYCLE:
                (void)fault_set(&fault, code,
                                "drive has the firmware and has to be switched off and on, then it "
                                "should run \"%s\"",
                                flash->plan.to);
                break;
        case OUTCOME_RECOVERY_MODE:
                (void)fault_set(&fault, code,
                                "drive runs without main firmware and waits for some%s%s",
                                why[0] ? ": " : "", why);
                break;
        case OUTCOME_LOST:
                (void)fault_set(&fault, code, "drive does not answer any more%s%s",
                                why[0] ? ": " : "", why);
                break;
        case OUTCOME_VERIFIED:
        case OUTCOME_UNKNOWN:
        default: assert(end->outcome == OUTCOME_VERIFIED);
        }
        end->fault = fault;
}

static void finish(Flash *flash) {
        FlashEnd *end = &flash->end;
        Fault fault = {};
        bool acknowledged;
        int r;

        assert(flash_state_is_final(flash->state));
        end->job = flash->plan.job;
        end->outcome = flash_state_outcome(flash->state);
        text_format(end->node, sizeof(end->node), "%s", flash->claim.record.node);
        end->after = count(flash);
        end->counted_anew =
                end->after.done >= 0 && flash->device != drive_device("/sys", end->node);
        if (flash->start > 0)
                end->duration_ms = saturate(clock_boottime_ms() - flash->start);
        explain(flash);
        assert((end->outcome == OUTCOME_VERIFIED) == (end->fault.code == FAULT_NONE));
        if (end->fault.code != FAULT_NONE)
                log_fault(LOG_LEVEL_NOTICE, end->node, &end->fault);
        else if (flash->trouble.code != FAULT_NONE)
                log_fault(LOG_LEVEL_NOTICE, end->node, &flash->trouble);
        if (flash->journal && journal_end(flash->journal, end, &fault) < 0)
                log_fault(LOG_LEVEL_ERROR, end->node, &fault);
        /* Whoever hears of the end may look at the drive, or flash it again. */
        claim_release(&flash->claim);
        closep(&flash->lock);
        flash->lock = -1;
        acknowledged = link_end(flash->link, end);
        if (!flash->journal || !acknowledged)
                return;
        r = journal_remove(flash->journal);
        if (r < 0)
                log_error("job %" PRIu64 ": cannot remove the journal: %s", end->job, strerror(-r));
}

static void flash_done(Flash *flash) {
        flash->journal = journal_free(flash->journal);
        claim_release(&flash->claim);
        trust_done(&flash->trust);
        closep(&flash->inhibitor);
        closep(&flash->lock);
}

int flash_run(Link *link, const Settings *settings, Message *message, Fault *fault) {
        _cleanup_close_ int image = message_take_fd(message, 0),
                            bundle = message_take_fd(message, 1);
        _cleanup_(flash_done) Flash flash = {
                .link = link,
                .settings = settings,
                .claim = CLAIM_NULL,
                .lock = -1,
                .inhibitor = -1,
                .end = { .before = COUNTERS_UNKNOWN, .after = COUNTERS_UNKNOWN },
        };
        int r;

        flash.claim.record.counters = COUNTERS_UNKNOWN;
        if (message->kind != MESSAGE_FLASH_PLAN ||
            !flash_plan_decode(message->payload, message->n_payload, &flash.plan))
                return message_unexpected(message, "a plan", fault);
        r = prepare(&flash, bundle, image, &flash.trouble);
        if (r == 0)
                r = send_ready(&flash, &flash.trouble);
        if (r == 0)
                r = wait_for_order(&flash, &flash.trouble);
        if (r < 0)
                flash_enter(&flash, EVENT_GIVEN_UP);
        else {
                shut_the_door();
                flash.start = clock_boottime_ms();
                flash_enter(&flash, EVENT_GO);
                carry_out(&flash);
        }
        finish(&flash);
        return 0;
}
