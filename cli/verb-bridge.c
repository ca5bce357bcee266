/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bridge: the daemon's socket over standard input and output.
 *
 * Bytes pass as they are, and nothing of our own is said on standard output: whoever started us
 * reads Varlink there.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/file.h"
#include "cli/cli.h"
#include "cli/connect.h"

/* Takes what there is from one side to the other. Returns 1, 0 at the end, or negative errno. */
static int pass_on(int from, int to) {
        char bytes[16384];
        ssize_t n = read(from, bytes, sizeof(bytes));
        int r;

        if (n < 0)
                return errno == EINTR || errno == EAGAIN ? 1 : -errno;
        if (n == 0)
                return 0;
        r = write_all(to, bytes, (size_t)n);
        return r < 0 ? r : 1;
}

/* Until the daemon ends. The end of our input is passed on, and answers still come. */
static int bridge(int socket) {
        struct pollfd fds[] = {
                { .fd = STDIN_FILENO, .events = POLLIN },
                { .fd = socket, .events = POLLIN },
                { .fd = STDOUT_FILENO }, /* says only that nobody reads it any more */
        };

        for (;;) {
                int r;

                if (poll(fds, N_ELEMENTS(fds), -1) < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                if (fds[2].revents)
                        return 0;
                if (fds[1].revents) {
                        r = pass_on(socket, STDOUT_FILENO);
                        if (r <= 0)
                                return r;
                }
                if (fds[0].revents) {
                        r = pass_on(STDIN_FILENO, socket);
                        if (r < 0)
                                return r;
                        if (r == 0) {
                                (void)shutdown(socket, SHUT_WR);
                                fds[0].fd = -1;
                        }
                }
        }
}

int verb_bridge(Cli *cli, char *operands[], int n_operands) {
        _cleanup_close_ int socket = -1;
        Fault fault = {};
        int r;

        (void)operands;
        (void)n_operands;
        if (cli->options.value[OPTION_HOST])
                return cli_usage(cli, "\"discfw bridge\" is the other end of --host");
        if (connect_socket(cli->socket, &socket, &fault) < 0)
                return cli_fail(cli, &fault);
        (void)signal(SIGPIPE, SIG_IGN);
        r = bridge(socket);
        if (r == -EPIPE || r == -ECONNRESET)
                return EXIT_UNREACHABLE;
        return r < 0 ? EXIT_FAILED : EXIT_DONE;
}
