/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discfw-verify: checks a catalog for the daemon, which parses nothing that is not verified. */
#include <errno.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "base/sandbox.h"
#include "verify/sandbox.h"
#include "verify/session.h"

static const char usage[] = "usage: discfw-verify\n"
                            "Checks catalogs, for discfwd, on the connection in descriptor 3.\n"
                            "\n"
                            "  --help     this text\n"
                            "  --version  the version\n"
                            "See discfw-verify(8).\n";

/* 1 to go on, 0 when all was said, -EINVAL for wrong usage. */
static int parse_options(int argc, char *argv[]) {
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'v' },
                {},
        };
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
                switch (c) {
                case 'h': (void)fputs(usage, stdout); return 0;
                case 'v': (void)puts("discfw-verify " PACKAGE_VERSION); return 0;
                default: return -EINVAL;
                }
        return optind == argc ? 1 : -EINVAL;
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

static int fail(int r, const char *what, const Fault *fault) {
        if (fault->code != FAULT_NONE)
                log_fault(LOG_LEVEL_ERROR, NULL, fault);
        else
                log_error("%s: %s", what, strerror(-r));
        return EXIT_FAILURE;
}

int main(int argc, char *argv[]) {
        Fault fault = {};
        int connection, r;

        r = process_sanitize(argc, argv);
        if (r < 0)
                return EXIT_FAILURE;
        r = parse_options(argc, argv);
        if (r <= 0)
                return r < 0 ? EXIT_USAGE : EXIT_SUCCESS;
        log_open("discfw-verify");
        r = connection_inherit(&connection);
        if (r < 0)
                return fail(r, "descriptor 3 is not a connection of discfwd", &fault);
        /* The library would want its configuration later, when no file can be opened any more. */
        if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
                return fail(-EIO, "cannot start libcrypto", &fault);
        r = verify_sandbox_enter(connection, &fault); /* nothing is read before this line */
        if (r < 0)
                return fail(r, "cannot confine myself", &fault);
        r = session_run(connection, &fault);
        if (r == -ECONNRESET)
                return EXIT_SUCCESS; /* the daemon does not want to know any more */
        if (r < 0)
                return fail(r, "connection to the daemon failed", &fault);
        return EXIT_SUCCESS;
}
