/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Measures a command: how long it takes, what processor time it and its children use, and how much
 * memory the largest of them. Medians of several runs; see usage() for the two ways.
 *
 * Not a script, since what a process has resident before exec() counts for the program that follows.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS_MAX   101
#define ANSWER_MAX 30 /* seconds until a server answers */

typedef struct Figures {
        double wall_ms, cpu_ms, peak_kib;
} Figures;

static void usage(void) {
        (void)fputs("usage: measure RUNS COMMAND...\n"
                    "       measure RUNS --until ASK [--listen SOCKET] COMMAND...\n"
                    "Prints the medians of milliseconds, milliseconds of processor time, and KiB.\n"
                    "With --until, until the shell command ASK succeeds; then COMMAND gets TERM.\n"
                    "With --listen, COMMAND gets SOCKET as systemd hands it over.\n",
                    stderr);
        exit(2);
}

static void fail(const char *what) {
        (void)fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
        exit(1);
}

static double now_ms(void) {
        struct timespec t;

        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int listen_on(const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int n = snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);

        (void)unlink(path);
        if (n < 0 || (size_t)n >= sizeof(address.sun_path) || fd < 0 ||
            bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 8) < 0)
                fail(path);
        return fd;
}

/* In the child: descriptor 3 and two variables, see sd_listen_fds(3). */
static void hand_over(int socket) {
        char pid[16];

        (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
        if (socket == 3 ? fcntl(3, F_SETFD, 0) < 0 : dup2(socket, 3) < 0)
                _exit(126);
        if (setenv("LISTEN_PID", pid, 1) < 0 || setenv("LISTEN_FDS", "1", 1) < 0)
                _exit(126);
}

static pid_t start(char *const argv[], int socket) {
        pid_t pid = fork();
        int null;

        if (pid < 0)
                fail("fork");
        if (pid > 0)
                return pid;
        null = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
            dup2(null, STDERR_FILENO) < 0)
                _exit(126);
        if (socket >= 0)
                hand_over(socket);
        (void)execvp(argv[0], argv);
        _exit(127);
}

/* Ends with PID, and returns whether it ended well. */
static bool reap(pid_t pid, double begun, Figures *ret_figures) {
        struct rusage usage;
        int status;

        if (wait4(pid, &status, 0, &usage) != pid)
                fail("wait4");
        *ret_figures = (Figures){
                .wall_ms = now_ms() - begun,
                .cpu_ms = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
                          (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3,
                .peak_kib = (double)usage.ru_maxrss,
        };
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Asks again and again, without a pause: a pause would be what is measured. */
static void serve(char *ask, const char *path, char *const argv[], Figures *ret_figures) {
        char *const asking[] = { (char[]){ "sh" }, (char[]){ "-c" }, ask, NULL };
        int socket = path ? listen_on(path) : -1;
        double begun = now_ms(), answered;
        pid_t pid = start(argv, socket);
        Figures unused;

        if (socket >= 0)
                (void)close(socket);

        while (!reap(start(asking, -1), begun, &unused))
                if (now_ms() - begun > ANSWER_MAX * 1e3) {
                        (void)kill(pid, SIGKILL);
                        errno = ETIMEDOUT;
                        fail(argv[0]);
                }
        answered = now_ms() - begun;
        if (kill(pid, SIGTERM) < 0)
                fail("kill");
        (void)reap(pid, begun, ret_figures);
        ret_figures->wall_ms = answered;
}

static int by_size(const void *a, const void *b) {
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

static double median(double *values, size_t n) {
        qsort(values, n, sizeof(*values), by_size);
        return values[n / 2];
}

int main(int argc, char *argv[]) {
        double wall[RUNS_MAX], cpu[RUNS_MAX], peak[RUNS_MAX];
        bool until = argc > 4 && strcmp(argv[2], "--until") == 0;
        bool handed = until && argc > 6 && strcmp(argv[4], "--listen") == 0;
        long n = argc > 2 ? strtol(argv[1], NULL, 10) : 0;

        if (n < 1 || n > RUNS_MAX)
                usage();
        for (long i = 0; i < n; i++) {
                Figures figures;

                if (until)
                        serve(argv[3], handed ? argv[5] : NULL, argv + (handed ? 6 : 4), &figures);
                else if (!reap(start(argv + 2, -1), now_ms(), &figures)) {
                        (void)fprintf(stderr, "measure: %s failed\n", argv[2]);
                        return 1;
                }
                wall[i] = figures.wall_ms;
                cpu[i] = figures.cpu_ms;
                peak[i] = figures.peak_kib;
        }
        (void)printf("%.2f %.2f %.0f\n", median(wall, (size_t)n), median(cpu, (size_t)n),
                     median(peak, (size_t)n));
        return 0;
}
