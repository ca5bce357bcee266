/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/front-tcmu.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "tests/emulator/tcmu-ring.h"
#include "tests/emulator/tcmu-target.h"

/* How long the kernel may take to find all drives, or to let go of them, on a slow machine. */
#define SETTLE_MS 120000

enum { SCSI_TASK_ABORTED = 0x40 };

_Static_assert(2 * BENCH_DRIVES_MAX <= FRONT_FDS_MAX, "all are watched");

/* A command that has no answer yet. */
typedef struct Job {
        struct Job *next;
        RingCommand command;
        bool begun;
        uint64_t answer_at; /* NEVER: not before it is given up */
        ScsiReply *reply;   /* NULL: not carried out yet, or silent */
} Job;

typedef struct Port {
        Target target;
        int uio; /* -1: none of what follows is there */
        void *map;
        size_t n_map;
        Ring *ring;
        bool answered; /* the kernel is to be poked */
        Job *jobs;     /* as they came */
        uint64_t held_until;

        bool wanted; /* plugged in, or about to be */
        bool linked;
        int helper; /* plugs or unplugs; -1: nobody */
} Port;

typedef struct TcmuFront {
        Front front;
        int lock;
        Port ports[BENCH_DRIVES_MAX];
} TcmuFront;

static const char *name_of(const TcmuFront *front, const Port *port) {
        return front->front.bench->models[port - front->ports].name;
}

static void job_free(Job *job) {
        ring_command_clear(&job->command);
        free(job->reply);
        free(job);
}

/* Answers the job that LINK leads to, and takes it from the list. */
static void answer(Port *port, Job **link, const ScsiReply *reply) {
        Job *job = *link;

        ring_answer(port->ring, &job->command, reply);
        port->answered = true;
        *link = job->next;
        job_free(job);
}

static void abort_all(Port *port) {
        static const ScsiReply aborted = { .status = SCSI_TASK_ABORTED };

        while (port->jobs)
                answer(port, &port->jobs, &aborted);
}

static void poke(Port *port) {
        static const uint32_t any = 0;

        if (port->answered && write_all(port->uio, &any, sizeof(any)) < 0)
                log_error("%s: cannot tell the kernel of an answer", port->target.device);
        port->answered = false;
}

/* In a process of its own, since the kernel asks us while it does that. It shall not hold what is
 * ours: a device whose descriptor lives on somewhere cannot be opened again. */
static int start_helper(const Target *target, bool plug, int *ret_helper) {
        pid_t pid = fork();
        int fd;

        if (pid < 0)
                return -errno;
        if (pid == 0) {
                (void)close_range(0, ~0u, 0);
                _exit(-target_connect(target, plug));
        }
        fd = pidfd_open(pid, 0);
        if (fd < 0)
                return -errno;
        *ret_helper = fd;
        return 0;
}

/* Towards what is wanted, one step at a time. */
static void move(Port *port) {
        int r;

        if (port->helper >= 0 || port->uio < 0 || port->wanted == port->linked)
                return;
        r = start_helper(&port->target, port->wanted, &port->helper);
        if (r < 0) {
                log_error("%s: %s", port->target.cable, strerror(-r));
                port->wanted = port->linked;
        }
}

static void on_helper(TcmuFront *front, Port *port) {
        siginfo_t end = {};

        if (waitid(P_PIDFD, (id_t)port->helper, &end, WEXITED) < 0)
                return;
        closep(&port->helper);
        port->helper = -1;
        if (end.si_code == CLD_EXITED && end.si_status == 0) {
                port->linked = !port->linked;
        } else {
                log_error("%s: cannot be %s: %s", name_of(front, port),
                          port->linked ? "unplugged" : "plugged in", strerror(end.si_status));
                port->wanted = port->linked;
        }
        move(port);
}

static void unplug(Front *base, size_t place) {
        Port *port = &((TcmuFront *)base)->ports[place];

        port->wanted = false;
        port->held_until = 0;
        if (port->uio < 0)
                return;
        abort_all(port);
        poke(port);
        move(port);
}

static int plug(Front *base, size_t place) {
        Port *port = &((TcmuFront *)base)->ports[place];

        if (port->uio < 0)
                return -ENODEV;
        port->wanted = true;
        move(port);
        return 0;
}

/* What the drive's answer means for the port; the job goes, or waits. */
static void deliver(TcmuFront *front, Port *port, Job **link, const ScsiReply *reply,
                    uint64_t now) {
        size_t place = (size_t)(port - front->ports);

        if (reply->fate == SCSI_VANISHED) {
                front_vanish(&front->front, place, now + reply->delay_ms);
                return;
        }
        port->held_until = now + reply->delay_ms;
        if (reply->fate == SCSI_SILENT)
                return;
        if (reply->delay_ms == 0) {
                answer(port, link, reply);
                return;
        }
        (*link)->reply = malloc(sizeof(*reply));
        if (!(*link)->reply)
                return; /* so it is silent */
        *(*link)->reply = *reply;
        (*link)->answer_at = now + reply->delay_ms;
}

static void execute(TcmuFront *front, Port *port, Job **link, uint64_t now) {
        const RingCommand *command = &(*link)->command;
        _cleanup_free_ uint8_t *data = NULL;
        static ScsiReply reply;
        ScsiRequest request = { .n_cdb = command->n_cdb };

        (*link)->begun = true;
        if (command->lies) {
                reply = (ScsiReply){ .host_status = HOST_ERROR };
                answer(port, link, &reply);
                return;
        }
        memcpy(request.cdb, command->cdb, command->n_cdb);
        request.flow = ring_flow(command);
        request.n_data = command->n_data;
        if (request.flow == SCSI_TO_DRIVE) {
                data = ring_data(port->ring, command);
                if (!data)
                        return;
                request.out = data;
        }
        bench_execute(front->front.bench, (size_t)(port - front->ports), &request, now, &reply);
        deliver(front, port, link, &reply, now);
}

static int append(Port *port, RingCommand *command) {
        Job **end = &port->jobs;
        Job *job = calloc(1, sizeof(*job));

        if (!job)
                return -ENOMEM;
        job->command = *command;
        job->answer_at = NEVER;
        while (*end)
                end = &(*end)->next;
        *end = job;
        return 0;
}

static void on_abort(TcmuFront *front, Port *port, const RingAbort *abort) {
        static const ScsiReply aborted = { .status = SCSI_TASK_ABORTED };

        for (uint32_t i = 0; i < abort->n_ids; i++) {
                Job **link = &port->jobs;

                while (*link && (*link)->command.id != abort->ids[i])
                        link = &(*link)->next;
                if (*link)
                        answer(port, link, &aborted);
        }
        if (abort->is_reset)
                bench_bus_reset(front->front.bench, (size_t)(port - front->ports));
}

/* All that the kernel has put into the ring. */
static int take(TcmuFront *front, Port *port) {
        RingItem item;

        do {
                RingCommand command = {};
                RingAbort abort = {};
                int r = ring_take(port->ring, &item, &command, &abort);

                if (r == 0 && item == RING_COMMAND)
                        r = append(port, &command);
                if (r < 0) {
                        ring_command_clear(&command);
                        return r;
                }
                if (item == RING_ABORT) {
                        on_abort(front, port, &abort);
                        ring_abort_clear(&abort);
                }
        } while (item != RING_NOTHING);
        return 0;
}

/* Answers what is due, and begins what may begin. */
static void advance(TcmuFront *front, Port *port, uint64_t now) {
        Job **link = &port->jobs;

        while (*link) {
                Job *job = *link;

                if (job->reply && now >= job->answer_at)
                        answer(port, link, job->reply);
                else if (!job->begun && now >= port->held_until)
                        execute(front, port, link, now);
                /* It is gone, or it is passed over. */
                if (port->jobs == NULL)
                        return;
                if (*link == job)
                        link = &job->next;
        }
}

static void serve(TcmuFront *front, Port *port, uint64_t now) {
        int r;

        if (port->uio < 0)
                return;
        r = take(front, port);
        if (r < 0) {
                log_error("%s: what the kernel says cannot be: %s", name_of(front, port),
                          strerror(-r));
                target_give_up(&port->target);
                port->wanted = false;
                move(port);
                return;
        }
        if (port->wanted)
                advance(front, port, now);
        else
                abort_all(port);
        poke(port);
}

static size_t watch(Front *base, struct pollfd *fds) {
        TcmuFront *front = (TcmuFront *)base;
        size_t n = 0;

        for (size_t i = 0; i < base->bench->n_places; i++) {
                fds[n++] = (struct pollfd){ .fd = front->ports[i].uio, .events = POLLIN };
                fds[n++] = (struct pollfd){ .fd = front->ports[i].helper, .events = POLLIN };
        }
        return n;
}

static void on_events(Front *base, const struct pollfd *fds, uint64_t now) {
        TcmuFront *front = (TcmuFront *)base;
        uint32_t n_events;

        for (size_t i = 0; i < base->bench->n_places; i++) {
                Port *port = &front->ports[i];

                if (fds[2 * i].revents) {
                        /* Before the ring is read: what comes later makes it readable again. */
                        if (read(port->uio, &n_events, sizeof(n_events)) < 0)
                                log_error("%s: %s", name_of(front, port), strerror(errno));
                        serve(front, port, now);
                }
                if (fds[2 * i + 1].revents)
                        on_helper(front, port);
        }
}

static uint64_t on_time(Front *base, uint64_t now) {
        TcmuFront *front = (TcmuFront *)base;
        uint64_t next = NEVER;

        for (size_t i = 0; i < base->bench->n_places; i++) {
                Port *port = &front->ports[i];

                serve(front, port, now);
                for (const Job *job = port->jobs; job; job = job->next) {
                        uint64_t at = job->begun ? job->answer_at : port->held_until;

                        next = at < next ? at : next;
                }
        }
        return next;
}

/* Serves until the kernel has found all drives that are plugged in, and none that are not. */
static bool settle(TcmuFront *front) {
        uint64_t end = clock_boottime_ms() + SETTLE_MS;
        struct pollfd fds[FRONT_FDS_MAX];

        for (;;) {
                bool settled = true;
                uint64_t now = clock_boottime_ms();

                for (size_t i = 0; i < front->front.bench->n_places; i++)
                        settled = settled && front->ports[i].helper < 0;
                if (settled || now >= end)
                        return settled;
                (void)on_time(&front->front, now);
                (void)poll(fds, watch(&front->front, fds), 10);
                on_events(&front->front, fds, clock_boottime_ms());
        }
}

static void close_port(Port *port) {
        if (port->map)
                (void)munmap(port->map, port->n_map);
        while (port->jobs) {
                Job *job = port->jobs;

                port->jobs = job->next;
                job_free(job);
        }
        free(port->ring);
        closep(&port->uio);
        port->uio = -1;
}

static Front *free_front(Front *base) {
        TcmuFront *front = (TcmuFront *)base;

        if (front->lock >= 0) {
                for (size_t i = 0; i < base->bench->n_places; i++)
                        unplug(base, i);
                if (!settle(front))
                        log_error("the kernel does not let go of a drive");
                for (size_t i = 0; i < base->bench->n_places; i++) {
                        Port *port = &front->ports[i];

                        close_port(port);
                        if (port->target.device[0] && port->helper < 0)
                                target_remove(&port->target);
                }
                targets_close(&front->lock);
        }
        free(front);
        return NULL;
}

static int open_port(Port *port, const char *name, size_t place, Fault *fault) {
        int r;

        r = target_make(&port->target, name, place, fault);
        if (r < 0)
                return r;
        port->ring = calloc(1, sizeof(*port->ring));
        if (!port->ring)
                return -ENOMEM;
        r = target_open(&port->target, &port->uio, &port->n_map);
        if (r < 0)
                return fault_set(fault, FAULT_BAD_CONFIG, "%s: no UIO device: %s", name,
                                 strerror(-r));
        port->map = mmap(NULL, port->n_map, PROT_READ | PROT_WRITE, MAP_SHARED, port->uio, 0);
        if (port->map == MAP_FAILED) {
                port->map = NULL;
                return fault_set(fault, FAULT_BAD_CONFIG, "%s: mmap: %s", name, strerror(errno));
        }
        (void)madvise(port->map, port->n_map, MADV_DONTFORK);
        r = ring_open(port->ring, port->map, port->n_map);
        if (r < 0)
                return fault_set(fault, FAULT_BAD_CONFIG, "%s: this kernel's ring: %s", name,
                                 strerror(-r));
        return 0;
}

static int open_front(Bench *bench, const FrontOptions *options, Front **ret_front, Fault *fault) {
        _cleanup_(front_freep) Front *base = NULL;
        TcmuFront *front = calloc(1, sizeof(*front));
        int r;

        (void)options;
        if (!front)
                return -ENOMEM;
        base = &front->front;
        front_init(base, &front_tcmu, bench);
        front->lock = -1;
        for (size_t i = 0; i < BENCH_DRIVES_MAX; i++)
                front->ports[i] = (Port){ .uio = -1, .helper = -1 };
        r = targets_open(&front->lock, fault);
        for (size_t i = 0; r == 0 && i < bench->n_places; i++)
                r = open_port(&front->ports[i], bench->models[i].name, i, fault);
        for (size_t i = 0; r == 0 && i < bench->n_places; i++)
                r = plug(base, i);
        if (r < 0)
                return r;
        (void)settle(front);
        for (size_t i = 0; i < bench->n_places; i++)
                if (!front->ports[i].linked)
                        return fault_set(fault, FAULT_BAD_CONFIG, "%s: the kernel does not take it",
                                         bench->models[i].name);
        *ret_front = TAKE(base);
        return 0;
}

const FrontKind front_tcmu = {
        .name = "tcmu",
        .open = open_front,
        .free = free_front,
        .plug = plug,
        .unplug = unplug,
        .watch = watch,
        .on_events = on_events,
        .on_time = on_time,
};
