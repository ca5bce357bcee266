/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands in for the fuzzer where there is none: runs one target over files and folders, each
 * file whole and cut at every byte, and prints TAP. Without arguments the folder is
 * tests/fuzz/corpus/NAME, where the program is called fuzz-NAME. A property that does not hold aborts,
 * which is what the test driver sees.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "tests/fuzz/fuzz.h"

#define INPUT_MAX 1048576
/* Longer ones are only run whole, or the time would grow with the square. */
#define CUT_MAX 2048

static unsigned n_run;

/* In memory of its own and of just that length, so that a sanitizer sees what reads past it. */
static void run_bytes(const uint8_t *bytes, size_t n_bytes) {
        _cleanup_free_ uint8_t *copy = malloc(n_bytes ? n_bytes : 1);

        if (!copy)
                abort();
        memcpy(copy, bytes, n_bytes);
        (void)LLVMFuzzerTestOneInput(copy, n_bytes);
}

static bool run_file(const char *path) {
        _cleanup_free_ uint8_t *bytes = NULL;
        size_t n_bytes;
        int r;

        r = file_read(AT_FDCWD, path, INPUT_MAX, &bytes, &n_bytes);
        if (r < 0) {
                printf("Bail out! cannot read %s: %s\n", path, strerror(-r));
                return false;
        }
        printf("# %s\n", path);
        (void)fflush(stdout);
        run_bytes(bytes, n_bytes);
        for (size_t i = 0; i < n_bytes && n_bytes <= CUT_MAX; i++)
                run_bytes(bytes, i);
        printf("ok %u - %s\n", ++n_run, strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
        return true;
}

static bool run_folder(const char *path) {
        struct dirent **entries;
        bool ok = true;
        int n;

        n = scandir(path, &entries, NULL, alphasort);
        if (n < 0) {
                printf("Bail out! cannot read %s: %s\n", path, strerror(errno));
                return false;
        }
        for (int i = 0; i < n; i++) {
                char child[PATH_MAX];

                (void)snprintf(child, sizeof(child), "%s/%s", path, entries[i]->d_name);
                if (entries[i]->d_name[0] != '.')
                        ok = ok && run_file(child);
                free(entries[i]);
        }
        free(entries);
        return ok;
}

static bool run(const char *path) {
        struct stat st;

        return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? run_folder(path) : run_file(path);
}

int main(int argc, char *argv[]) {
        const char *source = getenv("DISCFW_SRCDIR"), *name = strrchr(argv[0], '/');
        char corpus[PATH_MAX];

        for (int i = 1; i < argc; i++)
                if (!run(argv[i]))
                        return EXIT_FAILURE;
        if (argc == 1) {
                name = name ? name + 1 : argv[0];
                (void)snprintf(corpus, sizeof(corpus), "%s/tests/fuzz/corpus/%s",
                               source ? source : ".", name + strlen("fuzz-"));
                if (!run(corpus))
                        return EXIT_FAILURE;
        }
        printf("1..%u\n", n_run);
        /* A target without inputs would be a test that cannot fail. */
        return n_run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
