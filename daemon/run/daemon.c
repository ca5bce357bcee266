/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-device.h>

#include "base/clock.h"
#include "base/log.h"

#define ADMIN_GROUP "discfw"

void daemon_enter(Daemon *daemon) {
        core_set_time(daemon->core, clock_realtime(), clock_boottime_ms());
}

static void reload(Daemon *daemon, const Request *request) {
        CatalogConfig *configs = calloc(CATALOGS_MAX, sizeof(*configs));
        unsigned n_configs = 0;
        Fault fault = {};

        if (!configs)
                abort();
        if (config_load_catalogs(daemon, configs, &n_configs, &fault) == 0) {
                Request list = *request;

                core_set_catalogs(daemon->core, configs, n_configs);
                list.method = METHOD_LIST_CATALOGS;
                core_on_request(daemon->core, &list);
        } else
                server_error(daemon->server, request->client, &fault, NULL);
        free(configs);
}

static void send_reply(Daemon *daemon, const Effect *effect) {
        if (effect->reply.fault.code != FAULT_NONE) {
                server_error(daemon->server, effect->reply.client, &effect->reply.fault,
                             effect->reply.parameters);
                return;
        }
        if (effect->reply.add_audit_seq)
                (void)json_object_set_new(effect->reply.parameters, "audit_seq",
                                          json_integer(daemon->last_seq));
        server_reply(daemon->server, effect->reply.client, effect->reply.parameters,
                     effect->reply.continues);
}

static void carry_out(Daemon *daemon, const Effect *effect) {
        switch (effect->kind) {
        case EFFECT_REPLY: send_reply(daemon, effect); break;
        case EFFECT_QUERY: query_answer(daemon, effect); break;
        case EFFECT_SCAN: scan_run(daemon); break;
        case EFFECT_LOAD_ENTRIES: entries_deliver(daemon, effect->model); break;
        case EFFECT_ASK_MIRROR: mirror_ask(daemon, effect); break;
        case EFFECT_FETCH_IMAGE: image_fetch(daemon, effect); break;
        case EFFECT_FLASH_PLAN: flash_plan(daemon, effect); break;
        case EFFECT_FLASH_GO: flash_go(daemon, effect->flash_job); break;
        case EFFECT_FLASH_ACK: flash_ack(daemon, effect->flash_job); break;
        case EFFECT_FLASH_CLOSE: flash_close(daemon); break;
        case EFFECT_FLASH_REPORT: flash_report(daemon); break;
        case EFFECT_RELOAD: reload(daemon, &effect->query.request); break;
        case EFFECT_LOG:
                log_fault((LogLevel)effect->log.level,
                          effect->log.drive[0] ? effect->log.drive : NULL, &effect->log.fault);
                break;
        default: break; /* of the store: save_effect() */
        }
}

static int save_batch(Daemon *daemon, Fault *fault) {
        int r;

        r = store_begin(daemon->store, fault);
        for (size_t i = 0; r >= 0 && i < daemon->n_batch; i++)
                r = save_effect(daemon, &daemon->batch[i], fault);
        if (r >= 0)
                r = store_commit(daemon->store, fault);
        if (r >= 0)
                return 0;
        store_rollback(daemon->store);
        if (fault->code == FAULT_NONE)
                (void)fault_set(fault, FAULT_STORE, "cannot store: %s", strerror(-r));
        return r;
}

/* All effects on the store since the last time, as one transaction. On a full disk the store gives up
 * its reserve, and a second try has room: an outcome can always be recorded. */
static int flush_batch(Daemon *daemon, Fault *fault) {
        int r;

        r = save_batch(daemon, fault);
        if (r < 0 && fault->code == FAULT_STORE_FULL) {
                fault_clear(fault);
                r = save_batch(daemon, fault);
        }
        for (size_t i = 0; i < daemon->n_batch; i++)
                effect_done(&daemon->batch[i]);
        daemon->n_batch = 0;
        return r;
}

static void add_to_batch(Daemon *daemon, const Effect *effect) {
        if (daemon->n_batch == daemon->batch_size) {
                size_t n = daemon->batch_size ? daemon->batch_size * 2 : 8;
                Effect *batch = realloc(daemon->batch, n * sizeof(*batch));

                if (!batch)
                        abort(); /* what cannot be remembered cannot be recorded: stopping is safe */
                daemon->batch = batch;
                daemon->batch_size = n;
        }
        daemon->batch[daemon->n_batch++] = *effect;
}

void daemon_pump(Daemon *daemon) {
        bool more = true;

        if (daemon->pumping)
                return; /* who called us from inside will come by here again */
        daemon->pumping = true;
        while (more) {
                Fault fault = {};
                Effect effect;

                more = core_next_effect(daemon->core, &effect);
                if (more && effect.kind <= _EFFECT_STORE_LAST) {
                        add_to_batch(daemon, &effect);
                        continue;
                }
                if (daemon->n_batch > 0) {
                        if (flush_batch(daemon, &fault) < 0) {
                                log_fault(LOG_LEVEL_ERROR, NULL, &fault);
                                core_on_store_failed(daemon->core, more ? &effect : NULL, &fault);
                                more = true;
                                continue;
                        }
                        core_on_stored(daemon->core);
                        if (!more) {
                                more = true; /* what it said may have led to more */
                                continue;
                        }
                }
                if (more) {
                        carry_out(daemon, &effect);
                        effect_done(&effect);
                }
        }
        daemon->pumping = false;
}

static void on_request(const Request *request, void *userdata) {
        Daemon *daemon = userdata;

        daemon_enter(daemon);
        core_on_request(daemon->core, request);
        daemon_pump(daemon);
}

static void on_gone(uint64_t client, void *userdata) {
        Daemon *daemon = userdata;

        daemon_enter(daemon);
        core_on_client_gone(daemon->core, client);
        daemon_pump(daemon);
}

static int open_store(Daemon *daemon, Fault *fault) {
        _cleanup_close_ int folder =
                open(daemon->options.state, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        StoreNews news = {};
        AuditWhen now;
        struct stat st;
        int r;

        if (folder < 0 || fstat(folder, &st) < 0)
                return fault_set(fault, FAULT_STORE, "cannot open %s: %s", daemon->options.state,
                                 strerror(errno));
        if (st.st_uid != geteuid() || (st.st_mode & 077))
                return fault_set(fault, FAULT_STORE, "%s must belong to uid %u alone (mode 0700)",
                                 daemon->options.state, (unsigned)geteuid());
        r = store_open(folder, clock_realtime(), &daemon->store, &news, fault);
        if (r < 0)
                return r;
        /* The store keeps the descriptor for as long as it lives. */
        folder = -1;
        if (news.unclean)
                log_notice("the store was not closed properly; it was checked and is whole");
        if (news.images_aside[0])
                log_warning(
                        "images.db was damaged (%s); it is %s now, and images are fetched again",
                        news.images_why, news.images_aside);
        audit_now(&now);
        return audit_open(daemon->store, &now, &daemon->audit, fault);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        (void)info;
        (void)userdata;
        (void)sd_notify(0, "STOPPING=1");
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int watch_signals(Daemon *daemon) {
        sigset_t set;
        int r;

        (void)sigemptyset(&set);
        (void)sigaddset(&set, SIGTERM);
        (void)sigaddset(&set, SIGINT);
        (void)sigprocmask(SIG_BLOCK, &set, NULL);
        r = sd_event_add_signal(daemon->event, NULL, SIGTERM, on_signal, daemon);
        if (r >= 0)
                r = sd_event_add_signal(daemon->event, NULL, SIGINT, on_signal, daemon);
        if (r >= 0)
                r = sd_event_set_watchdog(daemon->event, true);
        return r;
}

static int start_core(Daemon *daemon, Fault *fault) {
        CatalogConfig *configs;
        unsigned n_configs = 0;
        int r;

        daemon->settings.without_inhibitor = daemon->options.supervised;
        r = config_load(daemon, fault);
        if (r < 0)
                return r;
        daemon->core = core_new(&daemon->settings);
        configs = calloc(CATALOGS_MAX, sizeof(*configs));
        if (!daemon->core || !configs) {
                free(configs);
                return fault_set(fault, FAULT_INTERNAL, "out of memory");
        }
        daemon_enter(daemon);
        r = load_state(daemon, fault);
        if (r == 0)
                r = config_load_catalogs(daemon, configs, &n_configs, fault);
        if (r == 0)
                core_set_catalogs(daemon->core, configs, n_configs);
        free(configs);
        return r;
}

int daemon_new(const Options *options, int listener, Daemon **ret_daemon, Fault *fault) {
        _cleanup_(daemon_freep) Daemon *daemon = calloc(1, sizeof(*daemon));
        ServerPolicy policy = { .standalone = options->supervised,
                                .owner = geteuid(),
                                .admin_group = ADMIN_GROUP };
        ServerHandlers handlers = { on_request, on_gone, daemon };
        int r;

        if (!daemon)
                return fault_set(fault, FAULT_INTERNAL, "out of memory");
        daemon->options = *options;
        daemon->inhibitor = -1;
        r = sd_event_new(&daemon->event);
        if (r >= 0)
                r = watch_signals(daemon);
        if (r < 0)
                return fault_set(fault, FAULT_INTERNAL, "cannot make a loop: %s", strerror(-r));
        r = open_store(daemon, fault);
        if (r == 0)
                r = start_core(daemon, fault);
        if (r < 0)
                return r;
        r = server_new(daemon->event, listener, &policy, &handlers, &daemon->server);
        if (r >= 0)
                r = hotplug_watch(daemon);
        if (r < 0)
                return fault_set(fault, FAULT_INTERNAL, "cannot watch: %s", strerror(-r));
        *ret_daemon = TAKE(daemon);
        return 0;
}

int daemon_run(Daemon *daemon) {
        int r;

        (void)sd_notify(0, "READY=1");
        daemon_enter(daemon);
        core_start(daemon->core);
        daemon_pump(daemon);
        r = daemon->options.idle_exit_s > 0 ? idle_watch(daemon) : 0;
        return r < 0 ? r : sd_event_loop(daemon->event);
}

Daemon *daemon_free(Daemon *daemon) {
        if (!daemon)
                return NULL;
        daemon->pumping = true; /* what is still said to the core has no effect any more */
        if (daemon->core)
                (void)server_free(daemon->server);
        (void)link_free(daemon->probe);
        (void)link_free(daemon->flash);
        (void)link_free(daemon->report);
        (void)mirror_free(daemon->mirror);
        (void)image_fetch_free(daemon->image);
        sd_event_source_unref(daemon->idle_watch);
        sd_event_source_unref(daemon->idle_timer);
        sd_event_source_unref(daemon->hotplug_timer);
        sd_event_source_unref(daemon->folder_watch);
        sd_device_monitor_unref(daemon->monitor);
        for (size_t i = 0; i < daemon->n_batch; i++)
                effect_done(&daemon->batch[i]);
        free(daemon->batch);
        (void)audit_free(daemon->audit);
        (void)store_close(daemon->store);
        (void)core_free(daemon->core);
        closep(&daemon->inhibitor);
        sd_event_unref(daemon->event);
        free(daemon);
        return NULL;
}
