/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/clock.h"
#include "tests/emulator/quoted.h"

typedef struct Hand {
        Bench *bench;
        Front *front;
        size_t place;
        const char *argument;
        const char *more; /* NULL */
        uint64_t now;
        FILE *answer;
        char wrong[FAULT_TEXT_MAX];
} Hand;

static void do_list(Hand *hand) {
        for (size_t i = 0; i < hand->bench->n_places; i++) {
                const Drive *drive = &hand->bench->places[i].drive;
                char identity[4 * IDENTITY_LENGTH + 3], revision[4 * REVISION_LENGTH + 3];

                quoted_format(drive->firmware.identity, IDENTITY_LENGTH, identity);
                quoted_format(drive->firmware.revision, REVISION_LENGTH, revision);
                fprintf(hand->answer, "%s %s %s %s %s %s\n", drive->model->name,
                        condition_name(drive->condition), identity, revision, drive->model->bus,
                        drive->model->path[0] ? drive->model->path : "-");
        }
}

static void do_power_cycle(Hand *hand) {
        front_power_cycle(hand->front, hand->place, hand->now);
}

static void do_unplug(Hand *hand) {
        bench_power_cycle(hand->bench, hand->place, hand->now);
        front_vanish(hand->front, hand->place, NEVER);
}

static void do_plug(Hand *hand) {
        if (front_plug(hand->front, hand->place) < 0)
                strcpy(hand->wrong, "it cannot be plugged in");
}

static void do_reset(Hand *hand) {
        bench_bus_reset(hand->bench, hand->place);
}

static void do_settle(Hand *hand) {
        hand->bench->places[hand->place].drive.n_attentions = 0;
}

static void do_tray(Hand *hand) {
        bool open = strcmp(hand->argument, "open") == 0;

        if (!open && strcmp(hand->argument, "closed") != 0)
                strcpy(hand->wrong, "a tray is open or closed");
        else if (!bench_tray(hand->bench, hand->place, open, hand->now))
                strcpy(hand->wrong, "the tray is locked");
}

static void do_disc(Hand *hand) {
        const char *word = hand->argument;
        DiscKind disc;
        int r;

        if (strcmp(word, "in") == 0)
                word = "data";
        if (strcmp(word, "out") == 0)
                word = "none";
        if (!disc_kind_parse(word, &disc)) {
                strcpy(hand->wrong, "a disc is none, data or blank");
                return;
        }
        r = bench_disc(hand->bench, hand->place, disc, hand->more, hand->now);
        if (r == -EBUSY)
                strcpy(hand->wrong, "the tray is locked");
        else if (r < 0)
                (void)snprintf(hand->wrong, sizeof(hand->wrong), "%.200s: %s",
                               hand->more ? hand->more : word, strerror(-r));
}

static void do_faults(Hand *hand) {
        Fault fault = {};

        if (strcmp(hand->argument, "-") == 0)
                fault_plan_clear(&hand->bench->plan);
        else if (bench_faults(hand->bench, hand->argument, &fault) < 0)
                strcpy(hand->wrong, fault.code ? fault.text : "out of memory");
}

static const struct {
        const char *verb;
        bool has_drive;
        bool has_argument;
        void (*act)(Hand *hand);
} verbs[] = {
        { "list", false, false, do_list },    { "power-cycle", true, false, do_power_cycle },
        { "unplug", true, false, do_unplug }, { "plug", true, false, do_plug },
        { "reset", true, false, do_reset },   { "tray", true, true, do_tray },
        { "settle", true, false, do_settle }, { "disc", true, true, do_disc },
        { "faults", false, true, do_faults },
};

static void execute(Hand *hand, char *line) {
        char *rest = NULL;
        const char *verb = strtok_r(line, " \t\r\n", &rest);
        const char *drive, *argument;
        unsigned i;

        for (i = 0; i < N_ELEMENTS(verbs); i++)
                if (verb && strcmp(verb, verbs[i].verb) == 0)
                        break;
        if (i == N_ELEMENTS(verbs)) {
                strcpy(hand->wrong, "no such verb");
                return;
        }
        drive = verbs[i].has_drive ? strtok_r(NULL, " \t\r\n", &rest) : NULL;
        argument = verbs[i].has_argument ? strtok_r(NULL, " \t\r\n", &rest) : NULL;
        if (verbs[i].has_drive && (!drive || bench_find(hand->bench, drive, &hand->place) < 0)) {
                strcpy(hand->wrong, "no such drive");
        } else if (verbs[i].has_argument && !argument) {
                strcpy(hand->wrong, "a word is missing");
        } else {
                hand->argument = argument;
                hand->more = strtok_r(NULL, " \t\r\n", &rest);
                verbs[i].act(hand);
        }
}

void control_execute(Front *front, char *line, uint64_t now, FILE *answer) {
        Hand hand = { .bench = front->bench, .front = front, .now = now, .answer = answer };

        execute(&hand, line);
        if (hand.wrong[0])
                fprintf(answer, "error: %s\n", hand.wrong);
        else
                fputs("ok\n", answer);
}

/* One line, then the answer. Who dawdles is cut off: the drives are not to wait for him. */
void control_serve(int listener, Front *front) {
        _cleanup_close_ int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        struct timeval patience = { .tv_sec = 1 };
        char line[CONTROL_LINE_MAX];
        _cleanup_free_ char *text = NULL;
        size_t n_text;
        ssize_t n;
        FILE *answer;

        if (fd < 0)
                return;
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
        n = recv(fd, line, sizeof(line) - 1, 0);
        if (n <= 0)
                return;
        line[n] = '\0';
        answer = open_memstream(&text, &n_text);
        if (!answer)
                return;
        control_execute(front, line, clock_boottime_ms(), answer);
        (void)fclose(answer);
        (void)send(fd, text, n_text, MSG_NOSIGNAL);
}

static int socket_address(const char *dir, const char *name, const char *suffix,
                          struct sockaddr_un *ret_address) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int n = snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s%s", dir, name, suffix);

        if (n < 0 || (size_t)n >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        *ret_address = address;
        return 0;
}

int socket_listen(const char *dir, const char *name, const char *suffix, int *ret_fd) {
        _cleanup_close_ int fd = -1;
        struct sockaddr_un address;
        int r;

        r = socket_address(dir, name, suffix, &address);
        if (r < 0)
                return r;
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        (void)unlink(address.sun_path);
        if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 16) < 0)
                return -errno;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

void socket_unlisten(const char *dir, const char *name, const char *suffix, int *fd) {
        struct sockaddr_un address;

        closep(fd);
        *fd = -1;
        if (socket_address(dir, name, suffix, &address) == 0)
                (void)unlink(address.sun_path);
}
