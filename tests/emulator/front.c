/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/front.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "tests/emulator/control.h"
#include "tests/emulator/front-socket.h"
#include "tests/emulator/front-tcmu.h"
#include "tests/emulator/front-usb.h"

static const FrontKind *const kinds[] = { &front_socket, &front_tcmu, &front_usb };

const FrontKind *front_kind_find(const char *name) {
        for (unsigned i = 0; i < N_ELEMENTS(kinds); i++)
                if (strcmp(name, kinds[i]->name) == 0)
                        return kinds[i];
        return NULL;
}

void front_init(Front *front, const FrontKind *kind, Bench *bench) {
        front->kind = kind;
        front->bench = bench;
        for (size_t i = 0; i < BENCH_DRIVES_MAX; i++)
                front->back_at[i] = NEVER;
}

Front *front_free(Front *front) {
        return front ? front->kind->free(front) : NULL;
}

void front_vanish(Front *front, size_t place, uint64_t back_at) {
        front->kind->unplug(front, place);
        front->back_at[place] = back_at;
}

int front_plug(Front *front, size_t place) {
        front->back_at[place] = NEVER;
        return front->kind->plug(front, place);
}

void front_power_cycle(Front *front, size_t place, uint64_t now) {
        bench_power_cycle(front->bench, place, now);
        if (front->kind->power_lost)
                front->kind->power_lost(front, place, now);
}

static uint64_t earlier(uint64_t a, uint64_t b) {
        return a < b ? a : b;
}

/* New code has started, and the bridge or the bus with it. */
static void restart(Front *front, size_t place, uint64_t now) {
        Drive *drive = &front->bench->places[place].drive;

        if (!drive->restarts)
                return;
        drive->restarts = false;
        drive->n_attentions = 0; /* it comes back as if switched on */
        front_vanish(front, place, now + drive_scaled(drive, drive->model->family.restart_ms));
}

uint64_t front_on_time(Front *front, uint64_t now) {
        uint64_t next = bench_tick(front->bench, now);

        for (size_t i = 0; i < front->bench->n_places; i++) {
                if (now >= front->back_at[i]) {
                        bench_bus_reset(front->bench, i);
                        if (front_plug(front, i) < 0)
                                front->back_at[i] = now + 100; /* the port is not free yet */
                }
                restart(front, i, now);
                next = earlier(next, front->back_at[i]);
        }
        next = earlier(next, front->kind->on_time(front, now));
        /* A command that was just served may have begun what a drive has to end. */
        return earlier(next, bench_tick(front->bench, now));
}

static int patience(uint64_t next, uint64_t now) {
        if (next == NEVER)
                return -1;
        if (next <= now)
                return 0;
        return next - now > 60 * 1000 ? 60 * 1000 : (int)(next - now);
}

int front_run(Front *front, int control, int stop_fd) {
        enum { STOP, CONTROL, OWN };
        struct pollfd fds[OWN + FRONT_FDS_MAX] = {
                [STOP] = { .fd = stop_fd, .events = POLLIN },
                [CONTROL] = { .fd = control, .events = POLLIN },
        };

        for (;;) {
                uint64_t now = clock_boottime_ms();
                uint64_t next = front_on_time(front, now);
                size_t n = front->kind->watch(front, fds + OWN);

                if (poll(fds, OWN + n, patience(next, now)) < 0) {
                        if (errno != EINTR)
                                return -errno;
                        continue;
                }
                if (fds[STOP].revents)
                        return 0;
                front->kind->on_events(front, fds + OWN, clock_boottime_ms());
                if (fds[CONTROL].revents)
                        control_serve(control, front);
        }
}
