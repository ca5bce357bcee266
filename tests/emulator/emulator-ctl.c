/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discfw-emulator-ctl: hands at emulated drives. What may be said: control.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/file.h"
#include "tests/emulator/control.h"

static int connect_to(const char *dir, int *ret_fd) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int n = snprintf(address.sun_path, sizeof(address.sun_path), "%s/control", dir);

        if (n < 0 || (size_t)n >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* Copies the answer; true if its last line is "ok". */
static bool copy_answer(int fd) {
        char text[65536];
        size_t n_text = 0;
        ssize_t n;

        while ((n = read(fd, text + n_text, sizeof(text) - 1 - n_text)) > 0)
                n_text += (size_t)n;
        text[n_text] = '\0';
        if (n_text >= 3 && strcmp(text + n_text - 3, "ok\n") == 0) {
                text[n_text - 3] = '\0';
                fputs(text, stdout);
                return true;
        }
        fputs(n_text ? text : "error: no answer\n", stderr);
        return false;
}

int main(int argc, char *argv[]) {
        char line[CONTROL_LINE_MAX] = "";
        _cleanup_close_ int fd = -1;
        size_t n_line = 0;
        int r;

        if (argc < 3) {
                fputs("usage: discfw-emulator-ctl RUNDIR list\n"
                      "       discfw-emulator-ctl RUNDIR power-cycle|unplug|plug|reset|settle "
                      "NAME\n"
                      "       discfw-emulator-ctl RUNDIR tray NAME open|closed\n"
                      "       discfw-emulator-ctl RUNDIR disc NAME in|out|blank|data FILE\n"
                      "       discfw-emulator-ctl RUNDIR faults FILE|-\n",
                      stderr);
                return EXIT_USAGE;
        }
        for (int i = 2; i < argc; i++) {
                if (n_line + strlen(argv[i]) + 2 > sizeof(line))
                        return EXIT_USAGE;
                n_line +=
                        (size_t)sprintf(line + n_line, "%s%s", argv[i], i + 1 < argc ? " " : "\n");
        }
        r = connect_to(argv[1], &fd);
        if (r == 0)
                r = write_all(fd, line, n_line);
        if (r < 0) {
                fprintf(stderr, "error: %s/control: %s\n", argv[1], strerror(-r));
                return EXIT_FAILURE;
        }
        return copy_answer(fd) ? 0 : EXIT_FAILURE;
}
