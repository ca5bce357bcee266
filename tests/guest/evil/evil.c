/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* usage: evil                 tries everything as root, and says so on its output
 *        evil --knock SOCKET  connects, and prints what comes
 *        evil --count         how many actions there are
 *
 * Under the name of one of our programs it has a socket as descriptor 3: it waits there until somebody
 * knocks, tries everything, and says so there. */
#include "tests/guest/evil/evil.h"

#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONNECTION 3
#define PATIENCE_S 20
/* Exit status of a child; errnos are below. */
#define STATUS_DONE 200

static const struct {
        const char *name;
        unsigned role;
} roles[] = {
        { "discfwd", ROLE_DAEMON },       { "discfw-fetch", ROLE_FETCH },
        { "discfw-verify", ROLE_VERIFY }, { "discfw-probe", ROLE_PROBE },
        { "discfw-flash", ROLE_FLASH },   { "evil", ROLE_ROOT },
};

static const Action *const tables[] = {
        actions_of_files,     actions_of_devices,    actions_of_sockets,
        actions_of_processes, actions_of_the_kernel,
};

int outcome(long result) {
        return result < 0 ? -errno : 0;
}

int outcome_past(long result, int past) {
        return result < 0 && errno != past ? -errno : 0;
}

const char *first_of(const char *pattern) {
        glob_t found;

        /* The process ends with the action: nothing is freed. */
        return glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathv[0] : pattern;
}

/* One line, one message. */
__attribute__((format(printf, 2, 3))) static void say(int connection, const char *format, ...) {
        char line[256];
        va_list arguments;
        int n;

        va_start(arguments, format);
        n = vsnprintf(line, sizeof(line), format, arguments);
        va_end(arguments);
        if (n < 0 || n >= (int)sizeof(line) || write(connection, line, (size_t)n) != n)
                exit(EXIT_FAILURE);
}

/* Tries it in a child; returns the status that the child ended with. */
static int attempt(const Action *action, int connection) {
        int r, status;
        pid_t child;

        child = fork();
        if (child == 0) {
                if (connection != STDOUT_FILENO)
                        close(connection);
                alarm(PATIENCE_S);
                r = action->attempt(action->what);
                _exit(r < 0 ? -r : STATUS_DONE);
        }
        if (child < 0 || waitpid(child, &status, 0) != child) {
                say(connection, "bad: no child for \"%s\": %s\n", action->name, strerror(errno));
                exit(EXIT_FAILURE);
        }
        return status;
}

/* "good" if that is how it has to be. */
static void report(const Action *action, unsigned role, int connection) {
        int status = attempt(action, connection);
        bool may = (action->may & role) != 0, done;
        char how[64] = "";

        done = WIFEXITED(status) && WEXITSTATUS(status) == STATUS_DONE;
        if (WIFSIGNALED(status))
                snprintf(how, sizeof(how), " (%s)", sigdescr_np(WTERMSIG(status)));
        else if (!done)
                snprintf(how, sizeof(how), " (%s)", strerrorname_np(WEXITSTATUS(status)));
        /* An attempt that hangs says nothing about who may. */
        if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
                may = true;
        say(connection, "%s: %s %s%s\n", may == done ? "good" : "bad", done ? "can" : "cannot",
            action->name, how);
}

/* With CONNECTION < 0: only counts. */
static unsigned everything(unsigned role, int connection) {
        unsigned n = 0;

        for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
                for (const Action *action = tables[i]; action->name; action++, n++)
                        if (connection >= 0)
                                report(action, role, connection);
        return n;
}

static int address_of(const char *path, struct sockaddr_un *ret_address) {
        *ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
        if (strlen(path) >= sizeof(ret_address->sun_path))
                return -1;
        strcpy(ret_address->sun_path, path);
        return 0;
}

/* Type=notify: else nobody is let in. */
static void notify(void) {
        const char *path = getenv("NOTIFY_SOCKET");
        struct sockaddr_un address;
        int fd;

        if (!path || address_of(path, &address) < 0)
                return;
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 &&
            sendto(fd, "READY=1", 7, 0, (struct sockaddr *)&address, sizeof(address)) < 0)
                perror("evil: notify");
        close(fd);
}

static int serve(unsigned role) {
        int connection = CONNECTION, listening = 0;
        socklen_t n = sizeof(listening);
        char byte;

        notify();
        if (getsockopt(CONNECTION, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) < 0)
                return EXIT_FAILURE;
        if (listening)
                connection = accept(CONNECTION, NULL, NULL);
        /* Our daemon, or whoever else comes by accident, does not say this. */
        if (connection < 0 || read(connection, &byte, 1) != 1 || byte != '!')
                return EXIT_FAILURE;
        everything(role, connection);
        return EXIT_SUCCESS;
}

static int knock(const char *path) {
        static const int types[] = { SOCK_SEQPACKET, SOCK_STREAM };
        struct sockaddr_un address;
        char bytes[256];
        ssize_t n;
        int fd = -1;

        if (address_of(path, &address) < 0)
                return EXIT_FAILURE;
        for (size_t i = 0; i < 2; i++) {
                fd = socket(AF_UNIX, types[i] | SOCK_CLOEXEC, 0);
                if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
                        break;
                close(fd);
                fd = -1;
        }
        if (fd < 0 || write(fd, "!", 1) != 1) {
                perror(path);
                return EXIT_FAILURE;
        }
        while ((n = read(fd, bytes, sizeof(bytes))) > 0)
                if (write(STDOUT_FILENO, bytes, (size_t)n) != n)
                        return EXIT_FAILURE;
        return n < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char *argv[]) {
        const char *name = argc > 0 ? basename(argv[0]) : "";
        unsigned role = 0;

        signal(SIGPIPE, SIG_IGN);
        if (argc == 3 && strcmp(argv[1], "--knock") == 0)
                return knock(argv[2]);
        if (argc == 2 && strcmp(argv[1], "--count") == 0)
                return printf("%u\n", everything(0, -1)) < 0;
        /* In place of a shell that is told "exit 200". */
        if (argc == 3 && strcmp(argv[1], "-c") == 0)
                return STATUS_DONE;
        for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
                if (strcmp(name, roles[i].name) == 0)
                        role = roles[i].role;
        if (role == 0)
                return EXIT_FAILURE;
        if (role != ROLE_ROOT)
                return serve(role);
        everything(role, STDOUT_FILENO);
        return EXIT_SUCCESS;
}
