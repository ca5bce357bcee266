/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discfw-probe: says what drives are, for the daemon, which has no devices. */
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "probe/sandbox.h"
#include "probe/scan.h"

static void help(void) {
        printf("discfw-probe [OPTION]...\n\n"
               "Says what the optical drives of this machine are, to discfwd, which starts it "
               "with\n"
               "its connection as descriptor 3. Opens drives to look, and writes to none.\n\n"
               "  --emulated DIR  also those behind the sockets NAME.sock in DIR\n"
               "  --help          this text\n"
               "  --version       the version\n");
}

/* 1 to go on, 0 when all was said, -EINVAL for wrong usage. */
static int parse_options(int argc, char *argv[], const char **ret_emulated_dir) {
        enum { OPTION_EMULATED = 1, OPTION_HELP, OPTION_VERSION };
        static const struct option options[] = {
                { "emulated", required_argument, NULL, OPTION_EMULATED },
                { "help", no_argument, NULL, OPTION_HELP },
                { "version", no_argument, NULL, OPTION_VERSION },
                {},
        };
        const char *emulated_dir = NULL;
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
                switch (c) {
                case OPTION_EMULATED: emulated_dir = optarg; break;
                case OPTION_HELP: help(); return 0;
                case OPTION_VERSION: printf("%s\n", PACKAGE_STRING); return 0;
                default: return -EINVAL;
                }
        if (optind < argc) {
                log_error("\"%s\" is one argument too many, see --help", argv[optind]);
                return -EINVAL;
        }
        *ret_emulated_dir = emulated_dir;
        return 1;
}

static int connection_inherit(int *ret_connection) {
        int r = sd_listen_fds(1);

        if (r < 0)
                return r;
        if (r != 1 || sd_is_socket(SD_LISTEN_FDS_START, AF_UNIX, SOCK_SEQPACKET, 0) <= 0)
                return -ENOTSOCK;
        *ret_connection = SD_LISTEN_FDS_START;
        return 0;
}

int main(int argc, char *argv[]) {
        const char *emulated_dir;
        Fault fault = {};
        int connection, r;

        r = process_sanitize(argc, argv);
        if (r < 0)
                return EXIT_FAILURE;
        log_open("discfw-probe");
        r = parse_options(argc, argv, &emulated_dir);
        if (r <= 0)
                return r < 0 ? EXIT_USAGE : EXIT_SUCCESS;
        r = connection_inherit(&connection);
        if (r < 0) {
                log_error("descriptor 3 is not a connection of discfwd: %s", strerror(-r));
                return EXIT_FAILURE;
        }
        r = probe_sandbox_enter(connection, emulated_dir, &fault);
        if (r >= 0)
                r = scan_serve(connection, emulated_dir, &fault);
        if (r < 0) {
                log_fault(LOG_LEVEL_ERROR, NULL, &fault);
                return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}
