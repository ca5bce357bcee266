/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discfwd: the daemon. Start reading at core/core.h. */
#include <errno.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "base/sandbox.h"
#include "run/daemon.h"
#include "run/sandbox.h"
#include "run/supervisor.h"

#define IDLE_EXIT_MAX_S (24 * 60 * 60)

typedef struct Arguments {
        Options options;
        const char *standalone;
} Arguments;

static void help(void) {
        (void)printf(
                "Usage: discfwd [OPTION...]\n"
                "       discfwd --standalone DIR [--emulated DIR]\n\n"
                "Keeps the firmware of optical drives: store, policy, jobs, audit and socket.\n"
                "Started by systemd with its socket; or by itself with --standalone.\n\n"
                "      --standalone DIR   serve from DIR, without systemd, as this user\n"
                "      --emulated DIR     also look for emulated drives, sockets in DIR\n"
                "      --state DIR        databases (default: %s/lib/discfwd)\n"
                "      --config DIR       configuration (default: %s/discfwd)\n"
                "      --run DIR          sockets (default: /run/discfwd)\n"
                "      --idle-exit N      end after N seconds without anything to do\n"
                "  -h, --help             show this help\n"
                "      --version          show the version\n\n"
                "See discfwd(8).\n",
                LOCALSTATEDIR, SYSCONFDIR);
}

static int parse_seconds(const char *text, unsigned *ret_seconds) {
        char *end;
        unsigned long seconds;

        errno = 0;
        seconds = strtoul(text, &end, 10);
        if (errno != 0 || *end || text[0] < '0' || text[0] > '9' || seconds == 0 ||
            seconds > IDLE_EXIT_MAX_S) {
                (void)fprintf(stderr, "discfwd: \"%s\" is not 1 to %d seconds\n", text,
                              IDLE_EXIT_MAX_S);
                return -EINVAL;
        }
        *ret_seconds = (unsigned)seconds;
        return 0;
}

/* Returns 0 to go on, 1 when all is said, negative for a wrong command line. */
static int parse(int argc, char *argv[], Arguments *ret_arguments) {
        enum {
                OPTION_STANDALONE = 256,
                OPTION_EMULATED,
                OPTION_STATE,
                OPTION_CONFIG,
                OPTION_RUN,
                OPTION_IDLE_EXIT,
                OPTION_SUPERVISED,
                OPTION_VERSION
        };
        static const struct option options[] = {
                { "standalone", required_argument, NULL, OPTION_STANDALONE },
                { "emulated", required_argument, NULL, OPTION_EMULATED },
                { "state", required_argument, NULL, OPTION_STATE },
                { "config", required_argument, NULL, OPTION_CONFIG },
                { "run", required_argument, NULL, OPTION_RUN },
                { "idle-exit", required_argument, NULL, OPTION_IDLE_EXIT },
                { "supervised", no_argument, NULL, OPTION_SUPERVISED },
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, OPTION_VERSION },
                {},
        };
        int c;

        *ret_arguments = (Arguments){ .options = { .state = LOCALSTATEDIR "/lib/discfwd",
                                                   .config = SYSCONFDIR "/discfwd",
                                                   .run = "/run/discfwd" } };
        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {
                case OPTION_STANDALONE: ret_arguments->standalone = optarg; break;
                case OPTION_EMULATED: ret_arguments->options.emulated = optarg; break;
                case OPTION_STATE: ret_arguments->options.state = optarg; break;
                case OPTION_CONFIG: ret_arguments->options.config = optarg; break;
                case OPTION_RUN: ret_arguments->options.run = optarg; break;
                case OPTION_IDLE_EXIT:
                        if (parse_seconds(optarg, &ret_arguments->options.idle_exit_s) < 0)
                                return -1;
                        break;
                case OPTION_SUPERVISED: ret_arguments->options.supervised = true; break;
                case 'h': help(); return 1;
                case OPTION_VERSION: (void)printf("discfwd %s\n", PACKAGE_VERSION); return 1;
                default: return -1;
                }
        if (optind < argc) {
                (void)fprintf(stderr, "discfwd: unexpected \"%s\"; see discfwd --help\n",
                              argv[optind]);
                return -1;
        }
        return 0;
}

static int fail(const Fault *fault) {
        log_fault(LOG_LEVEL_ERROR, NULL, fault);
        return EXIT_FAILED;
}

static int serve(const Options *options) {
        /* Half of what the library does at first use is for programs that let people choose a cipher:
         * a file of settings, texts of errors, tables of names. Here it is SHA-256 and Ed25519. */
        const uint64_t bare = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS |
                              OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS;
        _cleanup_(daemon_freep) Daemon *daemon = NULL;
        Fault fault = {};
        int r;

        if (sd_listen_fds(1) != 1) {
                (void)fault_set(&fault, FAULT_BAD_CONFIG,
                                "no socket was handed over; say --standalone DIR to run without "
                                "systemd");
                return fail(&fault);
        }
        if (OPENSSL_init_crypto(bare, NULL) != 1) {
                (void)fault_set(&fault, FAULT_INTERNAL, "cannot start libcrypto");
                return fail(&fault);
        }
        if (daemon_sandbox_enter(options->state, SD_LISTEN_FDS_START, &fault) < 0)
                return fail(&fault);
        if (daemon_new(options, SD_LISTEN_FDS_START, &daemon, &fault) < 0)
                return fail(&fault);
        r = daemon_run(daemon);
        return r < 0 ? EXIT_FAILED : r;
}

int main(int argc, char *argv[]) {
        Arguments arguments;
        Fault fault = {};
        int r;

        if (process_sanitize(argc, argv) < 0)
                return EXIT_FAILED;
        r = parse(argc, argv, &arguments);
        if (r != 0)
                return r > 0 ? EXIT_DONE : EXIT_USAGE;
        log_open("discfwd");
        if (!arguments.standalone)
                return serve(&arguments.options);
        return supervise(arguments.standalone, arguments.options.emulated, &fault) < 0
                       ? fail(&fault)
                       : EXIT_DONE;
}
