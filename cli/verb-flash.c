/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* update, rollback: plan, agreement, and the view of the flash.
 *
 * The flash belongs to the daemon: whatever happens here, it goes on; and once it writes, whatever
 * happens to the daemon. What we give is the digest of
 * the plan that the person saw, so that nothing else is done in its name.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/holders.h"
#include "cli/outcome.h"
#include "cli/present.h"
#include "cli/progress.h"
#include "cli/reply.h"

typedef struct FlashView {
        Cli *cli;
        ProgressView progress;
        bool started; /* the daemon has the order, and said last: */
        char phase[16];
        int64_t step, steps;
        char outcome[64];
        char revision[64];
        int64_t audit_seq;
} FlashView;

static int on_flash(json_t *reply, bool continues, void *userdata, Fault *fault) {
        FlashView *view = userdata;
        const json_t *progress = reply_object(reply, "progress");

        (void)continues;
        (void)fault;
        view->started = true;
        if (progress) {
                text_format(view->phase, sizeof(view->phase), "%s", reply_text(progress, "phase"));
                view->step = reply_int(progress, "step");
                view->steps = reply_int(progress, "steps");
        }
        text_format(view->outcome, sizeof(view->outcome), "%s", reply_text(reply, "outcome"));
        text_format(view->revision, sizeof(view->revision), "%s", reply_shown(reply, "revision"));
        view->audit_seq = reply_int(reply, "audit_seq");
        if (cli_json(view->cli))
                cli_print_json(view->cli, reply);
        else if (progress && !cli_quiet(view->cli))
                progress_view_update(&view->progress, progress);
        return 0;
}

static void on_flash_tick(void *userdata) {
        FlashView *view = userdata;

        if (!cli_json(view->cli) && !cli_quiet(view->cli))
                progress_view_tick(&view->progress);
}

/* Ctrl-C is a wish to look away. The descriptor is readable when it came; -1 if it is ignored
 * anyway, as in a script's background. */
static int watch_interrupts(sigset_t *ret_before) {
        struct sigaction action;
        sigset_t set;

        (void)sigemptyset(&set);
        if (sigaction(SIGINT, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
                (void)sigaddset(&set, SIGINT);
        (void)sigprocmask(SIG_BLOCK, &set, ret_before);
        return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Ends by the signal, so that a script around us ends too. */
static int leave_view(Cli *cli, const char *drive, const sigset_t *before) {
        (void)fputc('\n', stderr);
        cli_complain("come back with \"discfw monitor\", see \"discfw history\" after it",
                     "the flash of %s goes on; do not switch it off", drive);
        cli_close(cli);
        (void)sigprocmask(SIG_SETMASK, before, NULL);
        (void)raise(SIGINT);
        return 128 + SIGINT;
}

static int say_outcome(Cli *cli, const char *drive, const FlashView *view) {
        const char *mend = fault_mend(outcome_fault(view->outcome));
        int status = outcome_exit_status(view->outcome);
        char entry[64] = "";

        if (cli_json(cli))
                return status;
        if (view->audit_seq > 0)
                text_format(entry, sizeof(entry), " (audit entry %lld)",
                            (long long)view->audit_seq);
        if (status == EXIT_DONE) {
                (void)fprintf(cli->screen.out, "%s: now %s, %s%s\n", drive, view->revision,
                              outcome_text(view->outcome), entry);
                return status;
        }
        cli_complain(mend, "%s: %s: %s%s", drive, view->outcome[0] ? view->outcome : "no outcome",
                     outcome_text(view->outcome), entry);
        return status;
}

/* The daemon tells of the writing before it gives the order, and gives it up if it ends before. */
static bool heard_of_writing(const FlashView *view) {
        static const char *const before[] = { "planning", "fetching", "checking", "done" };

        for (size_t i = 0; i < N_ELEMENTS(before); i++)
                if (strcmp(view->phase, before[i]) == 0)
                        return false;
        return true;
}

/* What holds now, by what was heard last. */
static int lose_sight(Cli *cli, const char *drive, const FlashView *view, const Fault *fault) {
        const char *host = cli->options.value[OPTION_HOST];
        /* That a step is done is the last that is told of it. */
        int64_t step = view->step + (strcmp(view->phase, "done") == 0);
        char mend[256];

        if (cli_json(cli))
                return cli_fail(cli, fault);
        if (heard_of_writing(view))
                text_format(mend, sizeof(mend),
                            "the flash goes on; do not switch the drive off; come back with "
                            "\"discfw monitor\"");
        else if (host) /* perhaps only the way there broke */
                text_format(mend, sizeof(mend), "see what became of it with \"discfw --host %s\"",
                            host);
        else if (step > 1)
                text_format(mend, sizeof(mend),
                            "nothing of step %lld of %lld was written; ask again", (long long)step,
                            (long long)view->steps);
        else
                text_format(mend, sizeof(mend), "nothing was written; ask again");
        cli_complain(mend, "lost sight of %s: %s", drive, fault->text);
        return EXIT_UNREACHABLE;
}

/* A refusal since somebody else has the drive. Root may look into processes and is told who it is;
 * what it comes to for others, the daemon says. */
static int flash_failed(Cli *cli, const Fault *fault) {
        const json_t *error = cli->client ? client_error(cli->client) : NULL,
                     *parameters = reply_object(error, "parameters");
        char who[HOLDERS_MAX * 512], mend[sizeof(who) + 16];
        bool mounted = fault->code == FAULT_MOUNTED;

        if (cli_json(cli) || cli->options.value[OPTION_HOST] || geteuid() != 0 ||
            (fault->code != FAULT_CLAIMED && !mounted))
                return cli_fail(cli, fault);
        holders_of_drive(reply_text(parameters, "block"), reply_text(parameters, "node"), !mounted,
                         who, sizeof(who));
        if (!who[0])
                return cli_fail(cli, fault);
        text_format(mend, sizeof(mend), "%s it: %s", mounted ? "unmount" : "close", who);
        cli_complain(mend, "%s", fault->text);
        return fault_exit_status(fault->code);
}

/* Orders the flash of what was agreed to, and looks on until it ends. */
static int flash(Cli *cli, const char *operand, const char *drive, const char *kind,
                 const char *digest) {
        sigset_t before;
        _cleanup_close_ int interrupt = watch_interrupts(&before);
        FlashView view = { .cli = cli };
        const ClientView client_view = {
                .on_reply = on_flash,
                .on_tick = on_flash_tick,
                .interrupt_fd = interrupt,
                .userdata = &view,
        };
        Fault fault = {};
        int r;

        progress_view_init(&view.progress, &cli->screen, clock_boottime_ms);
        r = cli_watch(cli, "Flash",
                      json_pack("{s:s, s:s, s:s*, s:s*, s:s, s:s}", "drive", operand, "kind", kind,
                                "to", cli->options.value[OPTION_TO], "reason",
                                cli->options.value[OPTION_REASON], "digest", digest, "via",
                                cli->options.value[OPTION_HOST] ? "ssh" : "cli"),
                      &client_view, &fault);
        progress_view_clear(&view.progress);
        progress_view_done(&view.progress);
        if (r == -EINTR)
                return leave_view(cli, drive, &before);
        (void)sigprocmask(SIG_SETMASK, &before, NULL);
        if (r < 0 && view.started && fault.code == FAULT_DAEMON_UNREACHABLE)
                return lose_sight(cli, drive, &view, &fault);
        return r < 0 ? flash_failed(cli, &fault) : say_outcome(cli, drive, &view);
}

/* Whether it may go on: 0, or an exit status. */
static int agree(Cli *cli, const json_t *plan) {
        bool agreed = option_given(&cli->options, OPTION_YES);

        if (!agreed && (cli_json(cli) || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)))
                return cli_usage(cli, "nobody can be asked here: say --yes to agree beforehand");
        if (cli_json(cli))
                return 0;
        if (!agreed || !cli_quiet(cli))
                present_plan(&cli->screen, plan);
        if (agreed || screen_confirm(&cli->screen, stdin, "continue?"))
                return 0;
        (void)fputs("nothing was done\n", cli->screen.out);
        return EXIT_REFUSED;
}

static int one_drive(Cli *cli, const char *operand, const char *kind) {
        _cleanup_json_ json_t *reply = NULL;
        _cleanup_free_ char *name = NULL;
        const json_t *plan;
        const char *digest;
        Fault fault = {};
        int r;

        if (cli_call(cli, "PlanFlash",
                     json_pack("{s:s, s:s, s:s*}", "drive", operand, "kind", kind, "to",
                               cli->options.value[OPTION_TO]),
                     &reply, &fault) < 0)
                return cli_fail(cli, &fault);
        plan = reply_object(reply, "plan");
        if (reply_need(plan, "digest", "PlanFlash", &digest, &fault) < 0)
                return cli_fail(cli, &fault);

        if (option_given(&cli->options, OPTION_DRY_RUN)) {
                if (cli_json(cli))
                        cli_print_json(cli, reply);
                else
                        present_plan(&cli->screen, plan);
                return EXIT_DONE;
        }
        r = agree(cli, plan);
        if (r != 0)
                return r;
        name = strdup(reply_drive_name(reply_object(plan, "drive")));
        return flash(cli, operand, name ? name : operand, kind, digest);
}

/* After these, the next drive would fare no better, or nobody should go on before somebody looked. */
static bool ends_all(int status) {
        return status == EXIT_ATTENTION || status == EXIT_UNREACHABLE ||
               status == EXIT_NOT_PERMITTED || status == EXIT_USAGE || status > EXIT_UPDATES;
}

static int update_each(Cli *cli, const json_t *drives, char *operands[], int n_operands) {
        const char *kind = option_given(&cli->options, OPTION_REFLASH) ? "reflash" : "update";
        int status = EXIT_DONE, n_done = 0;
        const json_t *drive;
        size_t i;

        for (int k = 0; k < n_operands && !ends_all(status); k++) {
                int s = one_drive(cli, operands[k], kind);

                if (s != EXIT_DONE && (status == EXIT_DONE || ends_all(s)))
                        status = s;
                n_done++;
        }
        json_array_foreach(drives, i, drive) {
                int s;

                if (ends_all(status))
                        break;
                if (strcmp(reply_text(drive, "state"), "update") != 0)
                        continue;
                s = one_drive(cli, reply_text(drive, "id"), kind);
                if (s != EXIT_DONE && (status == EXIT_DONE || ends_all(s)))
                        status = s;
                n_done++;
        }
        if (n_done == 0 && !cli_json(cli))
                (void)fputs("no drive has an update\n", cli->screen.out);
        else if (ends_all(status) && n_done < n_operands && !cli_json(cli))
                cli_complain(NULL, "stopped here; the drives from %s on were not begun",
                             operands[n_done]);
        return status;
}

int verb_update(Cli *cli, char *operands[], int n_operands) {
        _cleanup_json_ json_t *reply = NULL;
        bool all = option_given(&cli->options, OPTION_ALL);
        Fault fault = {};

        if (all && n_operands > 0)
                return cli_usage(cli, "say either drives or --all");
        if (!all && n_operands == 0)
                return cli_usage(cli, "say which drives to update, or --all");
        if (option_given(&cli->options, OPTION_TO) && (all || n_operands > 1))
                return cli_usage(cli, "--to goes with one drive");
        if (all && option_given(&cli->options, OPTION_REFLASH))
                return cli_usage(cli, "--reflash goes with drives by name");

        if (all && cli_call(cli, "ListDrives", json_object(), &reply, &fault) < 0)
                return cli_fail(cli, &fault);
        return update_each(cli, reply_array(reply, "drives"), operands, n_operands);
}

int verb_rollback(Cli *cli, char *operands[], int n_operands) {
        (void)n_operands;
        return one_drive(cli, operands[0], "rollback");
}
