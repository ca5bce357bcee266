/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon's part in the conversation with discfw-flash. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/flash-bench.h"
#include "tests/unit/test.h"

static void exec_helper(const Bench *bench, int socket) {
        char program[512], state[128], config[128], drives[128], pid[16];

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)snprintf(program, sizeof(program), "%s/discfw-flash",
                       getenv("DISCFW_BUILDDIR") ? getenv("DISCFW_BUILDDIR") : ".");
        (void)snprintf(state, sizeof(state), "%s/state", bench->folder);
        (void)snprintf(config, sizeof(config), "%s/config", bench->folder);
        (void)snprintf(drives, sizeof(drives), "%s/drives", bench->folder);
        (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
        if (dup2(socket, 3) < 0 || setenv("LISTEN_FDS", "1", 1) < 0 ||
            setenv("LISTEN_PID", pid, 1) < 0 ||
            (!getenv("DISCFW_LOG") && setenv("DISCFW_LOG", "error", 1) < 0))
                _exit(126);
        execl(program, program, "--state", state, "--config", config, "--emulated", drives, NULL);
        _exit(127);
}

Helper helper_start(const Bench *bench) {
        Helper helper = {};
        int ends[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
        helper.pid = fork();
        assert_true(helper.pid >= 0);
        if (helper.pid == 0)
                exec_helper(bench, ends[1]);
        (void)close(ends[1]);
        helper.socket = ends[0];
        return helper;
}

bool helper_tell(Helper *helper, uint16_t kind, const void *payload, size_t n_payload, int fd0,
                 int fd1) {
        int fds[] = { fd0, fd1 };
        int r = message_send(helper->socket, kind, payload, n_payload, fds,
                             (unsigned)(fd0 >= 0) + (fd1 >= 0));

        closep(&fd0);
        closep(&fd1);
        return r == 0;
}

void helper_plan_with(Helper *helper, const FlashPlan *plan, int image, int bundle) {
        uint8_t payload[sizeof(*plan) + 64];
        size_t n = flash_plan_encode(plan, payload, sizeof(payload));

        assert_true(helper_tell(helper, MESSAGE_FLASH_PLAN, payload, n, image, bundle));
}

void helper_plan(Helper *helper, Bench *bench) {
        helper_plan_with(helper, &bench->plan, bench_image(bench), bench_bundle(bench));
}

static bool tell_job(Helper *helper, uint16_t kind, uint64_t job, int fd) {
        uint8_t payload[8];
        size_t n = flash_job_encode(job, payload, sizeof(payload));

        return helper_tell(helper, kind, payload, n, fd, -1);
}

/* With a pipe in the inhibitor's place, as logind's is. */
void helper_go(Helper *helper, const Bench *bench) {
        int ends[2];

        assert_int_equal(pipe(ends), 0);
        (void)close(ends[0]);
        assert_true(tell_job(helper, MESSAGE_FLASH_GO, bench->plan.job, ends[1]));
}

void helper_ack(Helper *helper, uint64_t job) {
        assert_true(tell_job(helper, MESSAGE_FLASH_ACK, job, -1));
}

void helper_report(Helper *helper) {
        assert_true(helper_tell(helper, MESSAGE_FLASH_REPORT, NULL, 0, -1, -1));
}

static uint16_t hear_any(Helper *helper, FlashEnd *ret_end, FlashPhase *ret_phase) {
        struct pollfd p = { .fd = helper->socket, .events = POLLIN };
        Message message = MESSAGE_NULL;
        FlashPhaseNote note;
        int r;

        assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
        r = message_receive(helper->socket, &message);
        assert_true(r >= 0);
        if (r == 0)
                return 0;
        assert_int_equal(message.n_fds, 0);
        if (message.kind == MESSAGE_FLASH_PHASE) {
                assert_true(flash_phase_decode(message.payload, message.n_payload, &note));
                helper->n_notes[note.phase]++;
                *ret_phase = note.phase;
        } else if (message.kind == MESSAGE_FLASH_END)
                assert_true(flash_end_decode(message.payload, message.n_payload, ret_end));
        return message.kind;
}

uint16_t helper_hear(Helper *helper, FlashEnd *ret_end) {
        FlashEnd unwanted;
        FlashPhase phase;
        uint16_t kind;

        do
                kind = hear_any(helper, ret_end ? ret_end : &unwanted, &phase);
        while (kind == MESSAGE_FLASH_PHASE);
        return kind;
}

void helper_hear_phase(Helper *helper, FlashPhase phase) {
        FlashPhase heard = PHASE_CHECKING;
        FlashEnd unwanted;

        while (heard != phase)
                assert_int_equal(hear_any(helper, &unwanted, &heard), MESSAGE_FLASH_PHASE);
}

void helper_hang_up(Helper *helper) {
        closep(&helper->socket);
        helper->socket = -1;
}

int helper_wait(Helper *helper) {
        int status;

        helper_hang_up(helper);
        assert_int_equal(waitpid(helper->pid, &status, 0), helper->pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void helper_kill(Helper *helper) {
        assert_int_equal(kill(helper->pid, SIGKILL), 0);
        assert_int_equal(helper_wait(helper), -SIGKILL);
}

FlashEnd bench_flash(Bench *bench) {
        Helper helper = helper_start(bench);
        FlashEnd end = {};
        uint16_t kind;

        helper_plan(&helper, bench);
        kind = helper_hear(&helper, &end);
        if (kind == MESSAGE_FLASH_READY) {
                helper_go(&helper, bench);
                kind = helper_hear(&helper, &end);
        }
        assert_int_equal(kind, MESSAGE_FLASH_END);
        assert_int_equal(end.job, bench->plan.job);
        helper_ack(&helper, end.job);
        assert_int_equal(helper_hear(&helper, NULL), 0);
        assert_int_equal(helper_wait(&helper), 0);
        assert_int_equal(bench_journals(bench), 0);
        return end;
}

unsigned bench_report(const Bench *bench, FlashEnd *ret_end) {
        Helper helper = helper_start(bench);
        unsigned n = 0;

        helper_report(&helper);
        while (helper_hear(&helper, ret_end) == MESSAGE_FLASH_END) {
                helper_ack(&helper, ret_end->job);
                n++;
        }
        assert_int_equal(helper_wait(&helper), 0);
        assert_int_equal(bench_journals(bench), 0);
        return n;
}
