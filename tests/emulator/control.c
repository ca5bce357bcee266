/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/control.h"

#include <string.h>

#include "tests/emulator/quoted.h"

typedef struct Hand {
        Bench *bench;
        Front *front;
        size_t place;
        const char *argument;
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
        bench_power_cycle(hand->bench, hand->place, hand->now);
}

static void do_unplug(Hand *hand) {
        bench_power_cycle(hand->bench, hand->place, hand->now);
        front_unplug(hand->front, hand->place);
}

static void do_plug(Hand *hand) {
        if (front_plug(hand->front, hand->place) < 0)
                strcpy(hand->wrong, "its socket cannot be made");
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

        if (strcmp(word, "in") == 0)
                word = "data";
        if (strcmp(word, "out") == 0)
                word = "none";
        if (!disc_kind_parse(word, &disc))
                strcpy(hand->wrong, "a disc is none, data or blank");
        else if (!bench_disc(hand->bench, hand->place, disc, hand->now))
                strcpy(hand->wrong, "the tray is locked");
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
                verbs[i].act(hand);
        }
}

void control_execute(Bench *bench, Front *front, char *line, uint64_t now, FILE *answer) {
        Hand hand = { .bench = bench, .front = front, .now = now, .answer = answer };

        execute(&hand, line);
        if (hand.wrong[0])
                fprintf(answer, "error: %s\n", hand.wrong);
        else
                fputs("ok\n", answer);
}
