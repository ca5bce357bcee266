/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon as an object: what carries out what the core decides. Shared by the files of this
 * folder, each of which does one kind of effect.
 *
 * Every callback of the loop has the same form: daemon_enter(), tell the core what happened,
 * daemon_pump(). The pump is the one place where effects are taken, in their order, with what
 * belongs into the store committed before anything else is done.
 */
#pragma once

#include <systemd/sd-event.h>

#include "audit/audit.h"
#include "core/core.h"
#include "db/store.h"
#include "ipc/server.h"
#include "run/link.h"

typedef struct Options {
        const char *state;    /* folder of the databases */
        const char *config;   /* /etc/discfwd */
        const char *run;      /* folder of the sockets */
        const char *emulated; /* folder of emulated drives, or NULL */
        bool supervised;      /* standalone: started by our own supervisor */
        unsigned idle_exit_s; /* end after so long without anything to do; 0 never */
} Options;

typedef struct Mirror Mirror;
typedef struct ImageFetch ImageFetch;

typedef struct Daemon {
        Options options;
        Settings settings;
        char proxy[URL_MAX];
        sd_event *event;
        Core *core;
        Store *store;
        Audit *audit;
        Server *server;
        bool pumping;
        Effect *batch; /* effects on the store since the last commit */
        size_t n_batch, batch_size;
        int64_t last_seq; /* of the audit trail, as far as we wrote it */

        Link *probe;
        ProbeScan silent; /* who did not answer in this scan, or the last: for the next */
        Link *flash;      /* the running flash */
        Link *report;     /* hands over what nobody took */
        uint64_t flash_job, report_job; /* whose END came last on each */
        int inhibitor;

        Mirror *mirror;
        ImageFetch *image;
        sd_event_source *hotplug_timer;
        char plugged_in[NODE_SIZE]; /* is looked at before all others; "" */
        bool scan_all;              /* that was done, and all are to follow */
        sd_event_source *folder_watch;
        struct sd_device_monitor *monitor;
        sd_event_source *idle_watch, *idle_timer;
} Daemon;

/* What daemon_run() returns if a uevent came while it ended for idleness: start me again at once. The
 * unit has it in RestartForceExitStatus=. */
#define DAEMON_AGAIN 75

int daemon_new(const Options *options, int listener, Daemon **ret_daemon, Fault *fault);
Daemon *daemon_free(Daemon *daemon);
DEFINE_CLEANUP(Daemon *, daemon_free)
/* Until there is nothing to do any more, or a signal. Returns the exit status, or negative errno. */
int daemon_run(Daemon *daemon);

void daemon_enter(Daemon *daemon);
void daemon_pump(Daemon *daemon);

/* load.c: what the store has, into the core. */
int load_state(Daemon *daemon, Fault *fault);
/* save.c: effects on the store, inside a transaction. */
int save_effect(Daemon *daemon, const Effect *effect, Fault *fault);
/* query.c */
void query_answer(Daemon *daemon, const Effect *effect);
/* config.c */
int config_load(Daemon *daemon, Fault *fault);
int config_load_catalogs(Daemon *daemon, CatalogConfig *ret_configs, unsigned *ret_n_configs,
                         Fault *fault);
/* scan.c */
void scan_run(Daemon *daemon);
/* entries.c */
void entries_deliver(Daemon *daemon, const uint8_t model[IDENTITY_LENGTH]);
/* mirror.c */
void mirror_ask(Daemon *daemon, const Effect *effect);
Mirror *mirror_free(Mirror *mirror);
/* image.c */
void image_fetch(Daemon *daemon, const Effect *effect);
ImageFetch *image_fetch_free(ImageFetch *image);
/* flash.c */
void flash_plan(Daemon *daemon, const Effect *effect);
void flash_go(Daemon *daemon, uint64_t job);
void flash_ack(Daemon *daemon, uint64_t job);
void flash_close(Daemon *daemon);
void flash_report(Daemon *daemon);
/* hotplug.c */
int hotplug_watch(Daemon *daemon);
/* A uevent waits to be read. */
bool hotplug_pending(const Daemon *daemon);
/* idle.c */
int idle_watch(Daemon *daemon);
/* inhibit.c: logind's block inhibitor while a flash runs; -1 where there is none. */
int inhibit_sleep(void);
