/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discfw-flash: writes one image to one drive, and says how it ended. One connection, one flash. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "base/file.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "flash/report.h"
#include "flash/run.h"
#include "flash/sandbox.h"

#define FIRST_WAIT_MS 60000

static const char *arg_state = LOCALSTATEDIR "/lib/discfw-flash";
static const char *arg_config = SYSCONFDIR "/discfwd";
static const char *arg_emulated;

static const char usage[] =
        "usage: discfw-flash [--state DIR] [--config DIR] [--emulated DIR]\n"
        "Writes one image to one optical drive, for discfwd, on the connection in descriptor 3.\n"
        "\n"
        "  --state DIR     own folder (" LOCALSTATEDIR "/lib/discfw-flash)\n"
        "  --config DIR    pinned roots are in DIR/catalogs.d (" SYSCONFDIR "/discfwd)\n"
        "  --emulated DIR  sockets of emulated drives\n"
        "  --help          this text\n"
        "  --version       the version\n"
        "See discfw-flash(8).\n";

/* 1: done already; negative: wrong use. */
static int parse_options(int argc, char *argv[]) {
        static const struct option options[] = {
                { "state", required_argument, NULL, 's' },
                { "config", required_argument, NULL, 'c' },
                { "emulated", required_argument, NULL, 'e' },
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'v' },
                {},
        };
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
                switch (c) {
                case 's': arg_state = optarg; break;
                case 'c': arg_config = optarg; break;
                case 'e': arg_emulated = optarg; break;
                case 'h': (void)fputs(usage, stdout); return 1;
                case 'v': (void)puts("discfw-flash " PACKAGE_VERSION); return 1;
                default: return -EINVAL;
                }
        return optind == argc ? 0 : -EINVAL;
}

static int connection_inherit(int *ret_connection) {
        int fd = SD_LISTEN_FDS_START, flags, r;

        r = sd_listen_fds(1);
        if (r < 0)
                return r;
        if (r != 1 || sd_is_socket(fd, AF_UNIX, SOCK_SEQPACKET, 0) <= 0)
                return -ENOTSOCK;
        /* A daemon that does not read must not stop a flash at a note of its progress. */
        flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
                return -errno;
        *ret_connection = fd;
        return 0;
}

static int open_settings(const char *catalogs, Settings *ret_settings) {
        Settings settings = { .emulated_dir = arg_emulated };
        struct stat st;
        int r;

        r = mkdir_parents(arg_state, 0700);
        if (r < 0)
                return r;
        settings.state = open(arg_state, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (settings.state < 0 || fstat(settings.state, &st) < 0)
                return -errno;
        /* Whoever else could write here could make flashes forgotten. */
        if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
                return -EPERM;
        settings.mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
        if (settings.mounts < 0)
                return -errno;
        settings.catalogs = open(catalogs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        settings.supplies = open("/sys/class/power_supply", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        *ret_settings = settings;
        return 0;
}

static int serve(int connection, const Settings *settings, Fault *fault) {
        Link link = { .socket = connection };
        Message message = MESSAGE_NULL;
        int r;

        r = link_receive(&link, FIRST_WAIT_MS, &message, fault);
        if (r > 0) {
                if (message.kind == MESSAGE_FLASH_REPORT && message.n_payload == 0)
                        r = report_run(&link, settings, fault);
                else
                        r = flash_run(&link, settings, &message, fault);
        }
        message_done(&message);
        return r;
}

static int fail(int r, const char *what, const Fault *fault) {
        if (fault->code != FAULT_NONE)
                log_fault(LOG_LEVEL_ERROR, NULL, fault);
        else
                log_error("%s: %s", what, strerror(-r));
        return EXIT_FAILED;
}

int main(int argc, char *argv[]) {
        char catalogs[4096];
        Settings settings;
        Fault fault = {};
        int connection, r;

        r = process_sanitize(argc, argv);
        if (r < 0)
                return EXIT_FAILED;
        r = parse_options(argc, argv);
        if (r != 0)
                return r < 0 ? EXIT_USAGE : EXIT_DONE;
        log_open("discfw-flash");
        r = connection_inherit(&connection);
        if (r < 0)
                return fail(r, "cannot take over the connection", &fault);
        text_format(catalogs, sizeof(catalogs), "%s/catalogs.d", arg_config);
        r = open_settings(catalogs, &settings);
        if (r < 0)
                return fail(r, "cannot open what I work with", &fault);
        /* Nothing is read before this line. */
        r = flash_sandbox_enter(connection, &settings, arg_state, catalogs, &fault);
        if (r < 0)
                return fail(r, "cannot confine myself", &fault);
        r = serve(connection, &settings, &fault);
        if (r < 0)
                return fail(r, "connection to the daemon failed", &fault);
        return EXIT_DONE;
}
