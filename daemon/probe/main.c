/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discfw-probe: says what drives are, for the daemon, which has no devices. */

#include "probe/sandbox.h"
#include "probe/scan.h"
#include "wire/helper.h"

static const char *arg_emulated;

static const HelperOption options[] = {
        { "emulated", "DIR", "also the drives behind the sockets NAME.sock in DIR", &arg_emulated },
        {},
};

/* Opens drives to look, and writes to none. */
static const Helper helper = {
        .name = "discfw-probe",
        .text = "Says what the optical drives of this machine are, to discfwd,",
        .options = options
};

int main(int argc, char *argv[]) {
        Fault fault = {};
        int connection, status, r;

        if (helper_begin(&helper, argc, argv, &connection, &status) != 0)
                return status;
        r = probe_sandbox_enter(connection, arg_emulated, &fault);
        if (r < 0)
                return helper_fail(r, "cannot confine myself", &fault);
        r = scan_serve(connection, arg_emulated, &fault);
        return r < 0 ? helper_fail(r, "connection to the daemon failed", &fault) : EXIT_DONE;
}
