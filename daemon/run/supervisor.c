/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#define HELPERS_MAX 32

enum { SOCKET_DAEMON, SOCKET_FETCH, SOCKET_VERIFY, SOCKET_PROBE, SOCKET_FLASH, _SOCKET_MAX };

static const struct {
        const char *name; /* of the socket */
        const char *program;
        int type;
        mode_t mode;
} sockets[_SOCKET_MAX] = {
        [SOCKET_DAEMON] = { "discfwd", "discfwd", SOCK_STREAM, 0666 },
        [SOCKET_FETCH] = { "fetch", "discfw-fetch", SOCK_SEQPACKET, 0600 },
        [SOCKET_VERIFY] = { "verify", "discfw-verify", SOCK_SEQPACKET, 0600 },
        [SOCKET_PROBE] = { "probe", "discfw-probe", SOCK_SEQPACKET, 0600 },
        [SOCKET_FLASH] = { "flash", "discfw-flash", SOCK_SEQPACKET, 0600 },
};

typedef struct Supervisor {
        char programs[PATH_MAX]; /* folder of the helpers */
        char self[PATH_MAX];
        char etc[PATH_MAX], state[PATH_MAX], flash[PATH_MAX], run[PATH_MAX];
        const char *emulated;
        int listeners[_SOCKET_MAX];
        pid_t daemon;
        unsigned n_helpers;
        unsigned n_deaths; /* of the daemon, one after the other */
        bool stopping;
} Supervisor;

/* Helpers lie beside us in a build folder, and in libexec once installed. */
static int find_programs(Supervisor *s, Fault *fault) {
        char path[PATH_MAX + 32], *slash;
        ssize_t n = readlink("/proc/self/exe", s->self, sizeof(s->self) - 1);

        if (n < 0)
                return fault_set(fault, FAULT_INTERNAL, "cannot find myself: %s", strerror(errno));
        s->self[n] = '\0';
        text_format(s->programs, sizeof(s->programs), "%s", s->self);
        slash = strrchr(s->programs, '/');
        if (slash)
                *slash = '\0';
        text_format(path, sizeof(path), "%s/discfw-probe", s->programs);
        if (access(path, X_OK) < 0)
                text_format(s->programs, sizeof(s->programs), "%s", PKGLIBEXECDIR);
        return 0;
}

static int make_folders(Supervisor *s, const char *folder, Fault *fault) {
        char catalogs[PATH_MAX + 16], whole[PATH_MAX];
        const char *made[] = { s->etc, s->state, s->flash, s->run, catalogs };
        int r;

        r = mkdir_parents(folder, 0755);
        if (r < 0 || !realpath(folder, whole))
                return fault_set(fault, FAULT_BAD_CONFIG, "cannot make %s: %s", folder,
                                 strerror(r < 0 ? -r : errno));
        if (strlen(whole) > 80)
                return fault_set(fault, FAULT_BAD_CONFIG,
                                 "%s is too long: the name of a socket has at most 107 bytes",
                                 whole);
        text_format(s->etc, sizeof(s->etc), "%s/etc", whole);
        text_format(s->state, sizeof(s->state), "%s/state", whole);
        text_format(s->flash, sizeof(s->flash), "%s/flash", whole);
        text_format(s->run, sizeof(s->run), "%s/run", whole);
        text_format(catalogs, sizeof(catalogs), "%s/catalogs.d", s->etc);
        for (size_t i = 0; i < N_ELEMENTS(made); i++) {
                r = mkdir_parents(made[i],
                                  made[i] == s->state || made[i] == s->flash ? 0700 : 0755);
                if (r < 0)
                        return fault_set(fault, FAULT_BAD_CONFIG, "cannot make %s: %s", made[i],
                                         strerror(-r));
        }
        return chmod(s->run, 0755) < 0 || chmod(s->etc, 0755) < 0 || chmod(catalogs, 0755) < 0
                       ? fault_set(fault, FAULT_BAD_CONFIG, "%s is not ours", whole)
                       : 0;
}

static int bind_socket(const char *run, int which, int *ret_fd, Fault *fault) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_close_ int fd = -1;
        int taken;

        text_format(address.sun_path, sizeof(address.sun_path), "%s/%s.sock", run,
                    sockets[which].name);
        fd = socket(AF_UNIX, sockets[which].type | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return fault_set(fault, FAULT_INTERNAL, "cannot make a socket: %s",
                                 strerror(errno));
        /* Somebody answers: another instance lives. Nobody does: it was left over. */
        taken = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
        if (taken)
                return fault_set(fault, FAULT_BUSY, "another discfwd serves %s", address.sun_path);
        closep(&fd);
        (void)unlink(address.sun_path);
        fd = socket(AF_UNIX, sockets[which].type | SOCK_CLOEXEC, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
            chmod(address.sun_path, sockets[which].mode) < 0 || listen(fd, 64) < 0)
                return fault_set(fault, FAULT_INTERNAL, "cannot listen on %s: %s", address.sun_path,
                                 strerror(errno));
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* In the child: descriptor 3, as socket activation has it, then the program. Never comes back. */
static void become(const Supervisor *s, int which, int fd) {
        char path[PATH_MAX + 32], pid[16];
        const char *argv[12] = { sockets[which].program };
        unsigned n = 1;
        sigset_t none;

        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        text_format(path, sizeof(path), "%s/%s", s->programs, sockets[which].program);
        switch (which) {
        case SOCKET_DAEMON:
                text_format(path, sizeof(path), "%s", s->self);
                argv[n++] = "--supervised";
                argv[n++] = "--run";
                argv[n++] = s->run;
                argv[n++] = "--state";
                argv[n++] = s->state;
                argv[n++] = "--config";
                argv[n++] = s->etc;
                /* Without its supervisor it could start no helper any more. */
                (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
                break;
        case SOCKET_FLASH:
                argv[n++] = "--without-inhibitor";
                argv[n++] = "--state";
                argv[n++] = s->flash;
                argv[n++] = "--config";
                argv[n++] = s->etc;
                break;
        default: break;
        }
        if (s->emulated &&
            (which == SOCKET_DAEMON || which == SOCKET_FLASH || which == SOCKET_PROBE)) {
                argv[n++] = "--emulated";
                argv[n++] = s->emulated;
        }
        if (fd == 3)
                (void)fcntl(fd, F_SETFD, 0);
        else if (dup2(fd, 3) < 0)
                _exit(127);
        text_format(pid, sizeof(pid), "%d", (int)getpid());
        (void)setenv("LISTEN_FDS", "1", 1);
        (void)setenv("LISTEN_PID", pid, 1);
        (void)execv(path, (char *const *)argv);
        log_error("cannot run %s: %s", path, strerror(errno));
        _exit(127);
}

static pid_t spawn(const Supervisor *s, int which, int fd) {
        pid_t pid = fork();

        if (pid == 0) {
                /* A flash is not to be interrupted by what is typed at this terminal. */
                if (which == SOCKET_FLASH)
                        (void)setpgid(0, 0);
                become(s, which, fd);
        }
        if (pid < 0)
                log_error("cannot start %s: %s", sockets[which].program, strerror(errno));
        return pid;
}

static void on_connection(Supervisor *s, int which) {
        _cleanup_close_ int fd = accept4(s->listeners[which], NULL, NULL, SOCK_CLOEXEC);
        struct ucred cred;
        socklen_t n = sizeof(cred);

        if (fd < 0 || s->n_helpers >= HELPERS_MAX)
                return;
        /* Helpers work for our daemon, and for nobody who may merely reach the folder. */
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) < 0 || cred.uid != geteuid())
                return;
        if (spawn(s, which, fd) > 0)
                s->n_helpers++;
}

static int start_daemon(Supervisor *s, Fault *fault) {
        s->daemon = spawn(s, SOCKET_DAEMON, s->listeners[SOCKET_DAEMON]);
        if (s->daemon < 0)
                return fault_set(fault, FAULT_INTERNAL, "cannot start the daemon");
        return 0;
}

#define DEATHS_MAX 5

static int reap(Supervisor *s, Fault *fault) {
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
                if (pid != s->daemon) {
                        s->n_helpers -= s->n_helpers > 0;
                        continue;
                }
                s->daemon = 0;
                if (s->stopping || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
                        s->stopping = true;
                        continue;
                }
                /* One that refuses to start says why itself; there is no use in asking again. */
                if (WIFEXITED(status))
                        return fault_set(fault, FAULT_INTERNAL, "the daemon ended with status %d",
                                         WEXITSTATUS(status));
                if (++s->n_deaths > DEATHS_MAX)
                        return fault_set(fault, FAULT_INTERNAL, "the daemon died %u times",
                                         s->n_deaths);
                log_warning("the daemon was killed by signal %d; starting it again",
                            WTERMSIG(status));
                if (start_daemon(s, fault) < 0)
                        return -EBADE;
        }
        return 0;
}

static int on_signal(Supervisor *s, int fd, Fault *fault) {
        struct signalfd_siginfo info;

        if (read(fd, &info, sizeof(info)) != sizeof(info))
                return 0;
        if (info.ssi_signo == SIGCHLD)
                return reap(s, fault);
        if (!s->stopping && s->n_helpers > 0)
                log_notice("ending after %u helper(s)", s->n_helpers);
        s->stopping = true;
        if (s->daemon > 0)
                (void)kill(s->daemon, SIGTERM);
        return 0;
}

static int loop(Supervisor *s, int signals, Fault *fault) {
        while (!s->stopping || s->daemon > 0 || s->n_helpers > 0) {
                struct pollfd fds[_SOCKET_MAX] = { { .fd = signals, .events = POLLIN } };
                int r;

                for (int i = SOCKET_DAEMON + 1; i < _SOCKET_MAX; i++)
                        fds[i] = (struct pollfd){ .fd = s->listeners[i], .events = POLLIN };
                if (poll(fds, _SOCKET_MAX, -1) < 0 && errno != EINTR)
                        return fault_set(fault, FAULT_INTERNAL, "cannot wait: %s", strerror(errno));
                for (int i = SOCKET_DAEMON + 1; i < _SOCKET_MAX; i++)
                        if (fds[i].revents)
                                on_connection(s, i);
                r = fds[0].revents ? on_signal(s, signals, fault) : 0;
                if (r < 0)
                        return r;
        }
        return 0;
}

int supervise(const char *folder, const char *emulated, Fault *fault) {
        Supervisor *s = calloc(1, sizeof(*s));
        char emulated_path[PATH_MAX];
        sigset_t set;
        int signals, r;

        if (!s)
                return fault_set(fault, FAULT_INTERNAL, "out of memory");
        for (int i = 0; i < _SOCKET_MAX; i++)
                s->listeners[i] = -1;
        if (emulated && !realpath(emulated, emulated_path))
                r = fault_set(fault, FAULT_BAD_CONFIG, "cannot find %s: %s", emulated,
                              strerror(errno));
        else
                r = find_programs(s, fault);
        /* Everybody may reach the socket; what is private is made so by its own mode. */
        (void)umask(0022);
        s->emulated = emulated ? emulated_path : NULL;
        if (r == 0)
                r = make_folders(s, folder, fault);
        for (int i = 0; r == 0 && i < _SOCKET_MAX; i++)
                r = bind_socket(s->run, i, &s->listeners[i], fault);

        (void)sigemptyset(&set);
        (void)sigaddset(&set, SIGCHLD);
        (void)sigaddset(&set, SIGTERM);
        (void)sigaddset(&set, SIGINT);
        (void)sigprocmask(SIG_BLOCK, &set, NULL);
        signals = signalfd(-1, &set, SFD_CLOEXEC);
        if (r == 0)
                r = start_daemon(s, fault);
        if (r == 0)
                r = loop(s, signals, fault);
        closep(&signals);
        for (int i = 0; i < _SOCKET_MAX; i++)
                closep(&s->listeners[i]);
        free(s);
        return r;
}
