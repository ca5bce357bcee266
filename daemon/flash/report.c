/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flash/report.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>

#include "base/log.h"
#include "flash/journal.h"

#define LOCK_PAUSE_MS 100

/* 1: handed over; 0: its helper lives; negative: the daemon did not take it. */
static int report_one(Link *link, int folder, uint64_t job, Fault *fault) {
        _cleanup_(journal_freep) Journal *journal = NULL;
        FlashEnd end;
        int r;

        r = journal_open(folder, job, &journal);
        if (r == -EWOULDBLOCK)
                return 0;
        if (r == -ENOENT)
                return 1;
        if (r < 0)
                return fault_set(fault, FAULT_STORE,
                                 "cannot open the journal of job %" PRIu64 ": %s", job,
                                 strerror(-r));
        journal_read(journal, &end);
        log_notice("job %" PRIu64 ": reported as %s", job, outcome_name(end.outcome));
        if (!link_end(link, &end))
                return fault_set(fault, FAULT_DAEMON_UNREACHABLE,
                                 "the daemon did not acknowledge job %" PRIu64, job);
        r = journal_remove(journal);
        if (r < 0)
                return fault_set(fault, FAULT_STORE,
                                 "cannot remove the journal of job %" PRIu64 ": %s", job,
                                 strerror(-r));
        return 1;
}

/* Waits a little. False if the daemon left, or says something: it has nothing to say now. */
static bool daemon_waits(const Link *link) {
        struct pollfd p = { .fd = link->socket, .events = POLLIN };

        return poll(&p, 1, LOCK_PAUSE_MS) == 0 || errno == EINTR;
}

int report_run(Link *link, const Settings *settings, Fault *fault) {
        for (;;) {
                uint64_t jobs[JOURNALS_MAX];
                size_t n_jobs, n_alive = 0;
                int r;

                r = journal_list(settings->state, jobs, &n_jobs);
                if (r < 0)
                        return fault_set(fault, FAULT_STORE,
                                         "cannot list the helper's journals: %s", strerror(-r));
                for (size_t i = 0; i < n_jobs; i++) {
                        r = report_one(link, settings->state, jobs[i], fault);
                        if (r < 0)
                                return r;
                        n_alive += r == 0;
                }
                if (n_alive == 0) {
                        link_none(link);
                        return 0;
                }
                if (!daemon_waits(link))
                        return 0;
        }
}
