/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"

static struct {
        const char *name;
        LogLevel level;
        int journal;
} log_state = { .name = "discfw", .level = LOG_LEVEL_INFO, .journal = -1 };

static LogLevel level_from_environment(void) {
        static const struct {
                const char *name;
                LogLevel level;
        } names[] = {
                { "error", LOG_LEVEL_ERROR },   { "warning", LOG_LEVEL_WARNING },
                { "notice", LOG_LEVEL_NOTICE }, { "info", LOG_LEVEL_INFO },
                { "debug", LOG_LEVEL_DEBUG },
        };
        const char *wanted = getenv("DISCFW_LOG");

        for (size_t i = 0; wanted && i < N_ELEMENTS(names); i++)
                if (strcmp(names[i].name, wanted) == 0)
                        return names[i].level;
        return LOG_LEVEL_INFO;
}

/* systemd says in JOURNAL_STREAM which device and inode standard error has if it is the journal;
 * somebody may have redirected it since. */
static bool stderr_is_journal(void) {
        const char *stream = getenv("JOURNAL_STREAM");
        char mine[64];
        struct stat st;

        if (!stream || fstat(STDERR_FILENO, &st) < 0)
                return false;
        text_format(mine, sizeof(mine), "%lu:%lu", (unsigned long)st.st_dev,
                    (unsigned long)st.st_ino);
        return strcmp(mine, stream) == 0;
}

static int connect_journal(void) {
        static const struct sockaddr_un address = { .sun_family = AF_UNIX,
                                                    .sun_path = "/run/systemd/journal/socket" };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return -1;
        return TAKE_FD(fd);
}

void log_open(const char *name) {
        log_state.name = name;
        log_state.level = level_from_environment();
        if (log_state.journal < 0 && stderr_is_journal())
                log_state.journal = connect_journal();
}

int log_descriptor(void) {
        return log_state.journal;
}

/* One datagram of the journal's native protocol: no value has a line break, all are escaped. */
static void write_line(LogLevel level, const char *text, const char *drive, const Fault *fault) {
        char escaped[2048], message[3072];

        text_escape_utf8(text, escaped, sizeof(escaped));
        if (log_state.journal < 0) {
                (void)fprintf(stderr, "%s: %s\n", log_state.name, escaped);
                return;
        }
        text_format(message, sizeof(message), "MESSAGE=%s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=%s\n",
                    escaped, (int)level, log_state.name);
        if (fault) {
                size_t n = strlen(message);

                text_escape_utf8(drive ? drive : "", escaped, 128);
                text_format(message + n, sizeof(message) - n,
                            "MESSAGE_ID=%s\nDISCFW_FAULT=%s\nDISCFW_DRIVE=%s\n",
                            fault_message_id(fault->code), fault_name(fault->code), escaped);
        }
        (void)send(log_state.journal, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void log_write(LogLevel level, const char *format, ...) {
        char text[1024];
        va_list ap;

        if (level > log_state.level)
                return;
        va_start(ap, format);
        (void)vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        write_line(level, text, NULL, NULL);
}

void log_fault(LogLevel level, const char *drive, const Fault *fault) {
        char text[FAULT_TEXT_MAX + 128];

        if (level > log_state.level)
                return;
        text_format(text, sizeof(text), "%s%s%s", drive ? drive : "", drive ? ": " : "",
                    fault->text);
        write_line(level, text, drive, fault);
}
