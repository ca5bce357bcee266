/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "base/sandbox.h"
#include "base/text.h"

#define OPTIONS_MAX 8

static void print_usage(const Helper *helper) {
        char name[64];

        (void)printf("usage: %s [OPTION...]\n%s on the connection in descriptor 3.\n\n",
                     helper->name, helper->text);
        for (const HelperOption *o = helper->options; o && o->name; o++) {
                text_format(name, sizeof(name), "--%s %s", o->name, o->value ? o->value : "");
                (void)printf("  %-20s %s%s%s%s\n", name, o->text, *o->place ? " (" : "",
                             *o->place ? *o->place : "", *o->place ? ")" : "");
        }
        (void)printf("  %-20s %s\n  %-20s %s\nSee %s(8).\n", "--help", "this text", "--version",
                     "the version", helper->name);
}

/* 0 to go on, 1 when all was said, -EINVAL for wrong usage. */
static int parse_options(const Helper *helper, int argc, char *argv[]) {
        struct option options[OPTIONS_MAX + 3] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'v' },
        };
        int c;

        for (int i = 0; helper->options && helper->options[i].name && i < OPTIONS_MAX; i++)
                options[i + 2] =
                        (struct option){ helper->options[i].name,
                                         helper->options[i].value ? required_argument : no_argument,
                                         NULL, 256 + i };
        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
                switch (c) {
                case 'h': print_usage(helper); return 1;
                case 'v': (void)printf("%s %s\n", helper->name, PACKAGE_VERSION); return 1;
                case '?': return -EINVAL;
                default: *helper->options[c - 256].place = optarg ? optarg : "";
                }
        if (optind == argc)
                return 0;
        log_error("\"%s\" is one argument too many, see --help", argv[optind]);
        return -EINVAL;
}

static int inherit(const Helper *helper, int *ret_connection) {
        int fd = SD_LISTEN_FDS_START, flags, r;

        r = sd_listen_fds(1);
        if (r < 0)
                return r;
        if (r != 1 || sd_is_socket(fd, AF_UNIX, SOCK_SEQPACKET, 0) <= 0)
                return -ENOTSOCK;
        flags = fcntl(fd, F_GETFL);
        if (flags < 0 || (helper->nonblocking && fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0))
                return -errno;
        *ret_connection = fd;
        return 0;
}

int helper_begin(const Helper *helper, int argc, char *argv[], int *ret_connection,
                 int *ret_status) {
        int r;

        *ret_status = EXIT_FAILED;
        if (process_sanitize(argc, argv) < 0)
                return 1;
        log_open(helper->name);
        r = parse_options(helper, argc, argv);
        if (r != 0) {
                *ret_status = r < 0 ? EXIT_USAGE : EXIT_DONE;
                return 1;
        }
        r = inherit(helper, ret_connection);
        if (r < 0) {
                log_error("descriptor 3 is not a connection of discfwd: %s", strerror(-r));
                return 1;
        }
        return 0;
}

int helper_fail(int r, const char *what, const Fault *fault) {
        if (fault->code != FAULT_NONE)
                log_fault(LOG_LEVEL_ERROR, NULL, fault);
        else
                log_error("%s: %s", what, strerror(-r));
        return EXIT_FAILED;
}
