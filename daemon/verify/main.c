/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discfw-verify: checks a catalog for the daemon, which parses nothing that is not verified. */
#include <errno.h>
#include <openssl/crypto.h>

#include "verify/sandbox.h"
#include "verify/session.h"
#include "wire/helper.h"

static const Helper helper = { .name = "discfw-verify", .text = "Checks catalogs, for discfwd," };

int main(int argc, char *argv[]) {
        Fault fault = {};
        int connection, status, r;

        if (helper_begin(&helper, argc, argv, &connection, &status) != 0)
                return status;
        /* The library would want its configuration later, when no file can be opened any more. */
        if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
                return helper_fail(-EIO, "cannot start libcrypto", &fault);
        r = verify_sandbox_enter(connection, &fault); /* nothing is read before this line */
        if (r < 0)
                return helper_fail(r, "cannot confine myself", &fault);
        r = session_run(connection, &fault);
        if (r == -ECONNRESET)
                return EXIT_SUCCESS; /* the daemon does not want to know any more */
        if (r < 0)
                return helper_fail(r, "connection to the daemon failed", &fault);
        return EXIT_SUCCESS;
}
