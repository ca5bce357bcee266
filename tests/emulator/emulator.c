/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discfw-emulator: optical drives without hardware. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#include "base/file.h"
#include "base/log.h"
#include "tests/emulator/bench.h"
#include "tests/emulator/control.h"

static BenchOptions arg_bench = { .time_scale = 1.0 };
static FrontOptions arg_front;
static const char *arg_kind = "socket";
static int arg_ready_fd = -1;

static void help(FILE *file) {
        fputs("usage: discfw-emulator --models FOLDER --dir RUNDIR [OPTION...]\n"
              "Serves the drives of a folder.\n\n"
              "  --models FOLDER      NAME.drive files, see tests/emulator/drive-model.h\n"
              "  --dir RUNDIR         where the socket \"control\" is made\n"
              "  --front KIND         how the drives are attached: to sockets RUNDIR/NAME.sock\n"
              "                       (socket), or to this kernel (usb, tcmu) [socket]\n"
              "  --listen ADDRESS:PORT  usb: not to this kernel, but to whoever connects; the\n"
              "                       first drive at PORT, the next at PORT+1\n"
              "  --state FOLDER       where the drives keep their firmware over restarts\n"
              "  --transcript FOLDER  NAME.log, a line a command\n"
              "  --faults FILE        what goes wrong, see tests/emulator/faults.h\n"
              "  --time-scale X       all durations times X (1)\n"
              "  --ready-fd N         a line \"ready\" goes there besides standard output\n",
              file);
}

static bool parse_scale(const char *text, double *ret_scale) {
        char *end;
        double scale = strtod(text, &end);

        if (end == text || *end || !(scale >= 0) || scale > 100)
                return false;
        *ret_scale = scale;
        return true;
}

/* Returns 1 to go on, 0 if all is said, negative if it was no command line. */
static int parse_arguments(int argc, char *argv[]) {
        enum {
                MODELS = 256,
                DIR,
                FRONT,
                LISTEN,
                STATE,
                TRANSCRIPT,
                FAULTS,
                TIME_SCALE,
                READY_FD,
                HELP
        };
        static const struct option options[] = {
                { "models", required_argument, NULL, MODELS },
                { "dir", required_argument, NULL, DIR },
                { "front", required_argument, NULL, FRONT },
                { "listen", required_argument, NULL, LISTEN },
                { "state", required_argument, NULL, STATE },
                { "transcript", required_argument, NULL, TRANSCRIPT },
                { "faults", required_argument, NULL, FAULTS },
                { "time-scale", required_argument, NULL, TIME_SCALE },
                { "ready-fd", required_argument, NULL, READY_FD },
                { "help", no_argument, NULL, HELP },
                {},
        };
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
                switch (c) {
                case MODELS: arg_bench.models = optarg; break;
                case DIR: arg_front.dir = optarg; break;
                case FRONT: arg_kind = optarg; break;
                case LISTEN: arg_front.listen = optarg; break;
                case STATE: arg_bench.state = optarg; break;
                case TRANSCRIPT: arg_bench.transcripts = optarg; break;
                case FAULTS: arg_bench.faults = optarg; break;
                case TIME_SCALE:
                        if (!parse_scale(optarg, &arg_bench.time_scale))
                                return -EINVAL;
                        break;
                case READY_FD: arg_ready_fd = atoi(optarg); break;
                case HELP: help(stdout); return 0;
                default: return -EINVAL;
                }
        }
        if (arg_front.listen && strcmp(arg_kind, "usb") != 0)
                return -EINVAL;
        return arg_bench.models && arg_front.dir && optind == argc ? 1 : -EINVAL;
}

static int open_signals(int *ret_fd) {
        sigset_t signals;
        int fd;

        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return -errno;
        fd = signalfd(-1, &signals, SFD_CLOEXEC);
        if (fd < 0)
                return -errno;
        *ret_fd = fd;
        return 0;
}

static int make_folders(Fault *fault) {
        const char *folders[] = { arg_front.dir, arg_bench.transcripts };

        for (unsigned i = 0; i < N_ELEMENTS(folders); i++) {
                int r = folders[i] ? mkdir_parents(folders[i], 0755) : 0;

                if (r < 0)
                        return fault_set(fault, FAULT_BAD_CONFIG, "%s: %s", folders[i],
                                         strerror(-r));
        }
        return 0;
}

static void say_ready(void) {
        static const char ready[] = "ready\n";

        puts("ready");
        (void)fflush(stdout);
        if (arg_ready_fd >= 0 && write_all(arg_ready_fd, ready, sizeof(ready) - 1) < 0)
                log_warning("nobody listens on descriptor %d", arg_ready_fd);
}

static int serve(Front *front, int signals, Fault *fault) {
        int control, r;

        r = socket_listen(arg_front.dir, "control", "", &control);
        if (r < 0)
                return fault_set(fault, FAULT_BAD_CONFIG, "%s: cannot listen there: %s",
                                 arg_front.dir, strerror(-r));
        say_ready();
        r = front_run(front, control, signals);
        socket_unlisten(arg_front.dir, "control", "", &control);
        return r;
}

static int run(Fault *fault) {
        const FrontKind *kind = front_kind_find(arg_kind);
        _cleanup_(bench_close) Bench bench = { .state_fd = -1 };
        _cleanup_(front_freep) Front *front = NULL;
        _cleanup_close_ int signals = -1;
        int r;

        if (!kind)
                return fault_set(fault, FAULT_BAD_CONFIG,
                                 "%s: there is no such front in this build", arg_kind);
        r = open_signals(&signals);
        if (r < 0)
                return r;
        r = make_folders(fault);
        if (r < 0)
                return r;
        r = bench_open(&arg_bench, &bench, fault);
        if (r < 0)
                return r;
        r = kind->open(&bench, &arg_front, &front, fault);
        if (r < 0)
                return r;
        return serve(front, signals, fault);
}

int main(int argc, char *argv[]) {
        Fault fault = {};
        int r;

        log_open("discfw-emulator");
        r = parse_arguments(argc, argv);
        if (r < 0)
                help(stderr);
        if (r <= 0)
                return r < 0 ? EXIT_USAGE : 0;
        r = run(&fault);
        if (r < 0)
                log_error("%s", fault.code ? fault.text : strerror(-r));
        return r < 0 ? EXIT_FAILURE : 0;
}
