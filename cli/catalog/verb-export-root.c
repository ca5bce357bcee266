/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/catalog/maker.h"

int verb_export_root(const Arguments *arguments, Fault *fault) {
        const char *output = arguments->values[OPTION_OUTPUT];
        _cleanup_(work_closep) Work *work = NULL;
        _cleanup_free_ uint8_t *bytes = NULL;
        size_t n_bytes;
        int64_t version;
        int r;

        r = open_work(arguments, false, &work, fault);
        if (r == 0)
                r = work_version(work, "root", &version, fault);
        if (r == 0)
                r = work_read_signed(work, "root", version, &bytes, &n_bytes, fault);
        if (r < 0)
                return r;

        if (!output) {
                r = write_all(STDOUT_FILENO, bytes, n_bytes);
                return r < 0 ? cannot(fault, "write to", "standard output", r) : EXIT_DONE;
        }
        r = file_write_atomic(AT_FDCWD, output, bytes, n_bytes, 0644);
        if (r < 0)
                return cannot(fault, "write", output, r);
        printf("%s is version %" PRId64 " of the root of \"%s\"\n", output, version,
               work->settings.name);
        return EXIT_DONE;
}
