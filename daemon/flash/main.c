/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discfw-flash: writes one image to one drive, and says how it ended. One connection, one flash. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "flash/report.h"
#include "flash/run.h"
#include "flash/sandbox.h"
#include "wire/helper.h"

#define FIRST_WAIT_MS 60000

static const char *arg_state = LOCALSTATEDIR "/lib/discfw-flash";
static const char *arg_config = SYSCONFDIR "/discfwd";
static const char *arg_emulated;
static const char *arg_without_inhibitor;

static const HelperOption options[] = {
        { "state", "DIR", "own folder", &arg_state },
        { "config", "DIR", "pinned roots are in DIR/catalogs.d", &arg_config },
        { "emulated", "DIR", "sockets of emulated drives", &arg_emulated },
        { "without-inhibitor", NULL, "there is no logind here to ask", &arg_without_inhibitor },
        {},
};

static const Helper helper = { .name = "discfw-flash",
                               .text = "Writes one image to one optical drive, for discfwd,",
                               .options = options,
                               .nonblocking = true };

static int open_settings(const char *catalogs, Settings *ret_settings) {
        Settings settings = { .emulated_dir = arg_emulated,
                              .without_inhibitor = arg_without_inhibitor };
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

int main(int argc, char *argv[]) {
        char catalogs[4096];
        Settings settings;
        Fault fault = {};
        int connection, status, r;

        if (helper_begin(&helper, argc, argv, &connection, &status) != 0)
                return status;
        text_format(catalogs, sizeof(catalogs), "%s/catalogs.d", arg_config);
        r = open_settings(catalogs, &settings);
        if (r < 0)
                return helper_fail(r, "cannot open what I work with", &fault);
        /* Nothing is read before this line. */
        r = flash_sandbox_enter(connection, &settings, arg_state, catalogs, &fault);
        if (r < 0)
                return helper_fail(r, "cannot confine myself", &fault);
        r = serve(connection, &settings, &fault);
        if (r < 0)
                return helper_fail(r, "connection to the daemon failed", &fault);
        return EXIT_DONE;
}
