/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/screen.h"

#include <errno.h>
#include <langinfo.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

/* Lines longer than this are hard to read, however wide the window is. */
#define WIDTH_MAX 160
#define WIDTH_MIN 40

static unsigned terminal_width(int fd) {
        struct winsize size;
        const char *columns = getenv("COLUMNS");
        long width = 0;

        if (columns)
                width = strtol(columns, NULL, 10);
        if (width <= 0 && ioctl(fd, TIOCGWINSZ, &size) == 0)
                width = size.ws_col;
        if (width <= 0)
                width = 80;
        return width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : (unsigned)width;
}

void screen_open(Screen *screen, FILE *out, ColourWhen when, bool ascii_only) {
        const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
        bool dumb = !term || strcmp(term, "dumb") == 0;

        *screen = (Screen){ .out = out };
        screen->terminal = isatty(fileno(out)) && !dumb;
        screen->width = isatty(fileno(out)) ? terminal_width(fileno(out)) : 0;
        screen->utf8 = !ascii_only && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
        screen->colour = when == COLOUR_ALWAYS ||
                         (when == COLOUR_AUTO && screen->terminal && !(no_color && no_color[0]));
}

static const struct {
        const char *name;
        const char *sequence;
} tones[_TONE_MAX] = {
        [TONE_PLAIN] = { NULL, "" },
        [TONE_GOOD] = { "green", "\033[32m" },
        [TONE_NEWS] = { "yellow", "\033[33m" },
        [TONE_BAD] = { "lightred", "\033[1;31m" },
        [TONE_FAINT] = { "darkgray", "\033[90m" },
};

const char *tone_colour(Tone tone) {
        return tones[tone].name;
}

void screen_put(const Screen *screen, Tone tone, const char *text) {
        if (screen->colour && tone != TONE_PLAIN)
                (void)fprintf(screen->out, "%s%s\033[0m", tones[tone].sequence, text);
        else
                (void)fputs(text, screen->out);
}

/* Combining and double-width characters count as one: good enough to fold by. */
unsigned screen_columns(const char *text) {
        unsigned n = 0;

        for (; *text; text++)
                n += ((unsigned char)*text & 0xc0) != 0x80;
        return n;
}

static void blanks(FILE *out, unsigned n) {
        (void)fprintf(out, "%*s", (int)n, "");
}

void screen_fill(const Screen *screen, const char *label, unsigned label_width, const char *text) {
        screen_fill_toned(screen, TONE_PLAIN, label, label_width, text);
}

void screen_fill_toned(const Screen *screen, Tone tone, const char *label, unsigned label_width,
                       const char *text) {
        unsigned used = screen_columns(label), indent = label_width ? label_width + 2 : 0, at;

        screen_put(screen, tone, label);
        if (indent > used)
                blanks(screen->out, indent - used);
        at = indent > used ? indent : used;
        while (*text) {
                unsigned n_blanks = (unsigned)strspn(text, " ");
                size_t n = strcspn(text + n_blanks, " ");
                char word[256];

                text += n_blanks;
                if (n >= sizeof(word))
                        for (n = sizeof(word) - 1; n > 1 && ((unsigned char)text[n] & 0xc0) == 0x80;
                             n--)
                                ;
                memcpy(word, text, n);
                word[n] = '\0';
                /* Blanks count, since names of drives have them; but not at the end of a line. */
                if (screen->width && at > indent &&
                    at + n_blanks + screen_columns(word) > screen->width) {
                        (void)fputc('\n', screen->out);
                        blanks(screen->out, indent);
                        at = indent;
                        n_blanks = 0;
                }
                if (n > 0)
                        blanks(screen->out, n_blanks);
                (void)fputs(word, screen->out);
                at += n_blanks + screen_columns(word);
                text += n;
        }
        (void)fputc('\n', screen->out);
}

bool screen_confirm(const Screen *screen, FILE *in, const char *question) {
        char line[16];
        size_t n;

        (void)fprintf(screen->out, "%s [y/N] ", question);
        (void)fflush(screen->out);
        if (!fgets(line, sizeof(line), in)) {
                (void)fputc('\n', screen->out);
                return false;
        }
        n = strcspn(line, "\n");
        if (line[n] == '\0')
                while (!feof(in) && fgetc(in) != '\n')
                        ;
        line[n] = '\0';
        return strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0;
}

/* What to run for a pager, or NULL. */
static const char *pager_command(void) {
        const char *command = getenv("DISCFW_PAGER");

        if (geteuid() == 0 && getenv("SUDO_UID")) {
                (void)setenv("LESSSECURE", "1", 1);
                return "less";
        }
        if (!command)
                command = getenv("PAGER");
        if (!command)
                return "less";
        return command[0] && strcmp(command, "cat") != 0 ? command : NULL;
}

void pager_open(Pager *pager) {
        const char *command = pager_command();
        int fds[2];

        if (!command || pipe(fds) < 0)
                return;
        (void)setenv("LESS", "FRX", 0); /* quit if it fits, keep colours, leave the screen alone */
        (void)fflush(stdout);
        pager->saved_fd = dup(STDOUT_FILENO);
        pager->pid = fork();
        if (pager->pid == 0) {
                (void)dup2(fds[0], STDIN_FILENO);
                (void)close(fds[0]);
                (void)close(fds[1]);
                (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
                _exit(127);
        }
        if (pager->pid > 0)
                (void)dup2(fds[1], STDOUT_FILENO);
        (void)close(fds[0]);
        (void)close(fds[1]);
}

void pager_close(Pager *pager) {
        if (pager->pid <= 0)
                return;
        (void)fflush(stdout);
        (void)dup2(pager->saved_fd, STDOUT_FILENO); /* closes the pipe: the pager sees the end */
        (void)close(pager->saved_fd);
        while (waitpid(pager->pid, NULL, 0) < 0 && errno == EINTR)
                ;
        pager->pid = 0;
}
