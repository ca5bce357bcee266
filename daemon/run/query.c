/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What clients ask of the store itself: the audit trail, and what a catalog holds. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/text.h"
#include "db/entries.h"
#include "db/metadata.h"
#include "run/daemon.h"

#define HISTORY_DEFAULT 50
#define HISTORY_MAX     200
#define SHOW_HISTORY    10

static json_t *counters(const AuditCounters *c) {
        if (!c->known)
                return json_null();
        return json_pack("{sI sI sI}", "done", (json_int_t)c->done, "errors", (json_int_t)c->errors,
                         "timeouts", (json_int_t)c->timeouts);
}

static int on_event(int64_t seq, const AuditEvent *e, void *userdata) {
        json_t *events = userdata;
        char time[CLOCK_TEXT_SIZE], hash[65] = "";
        const char *text = e->fault.text[0] ? e->fault.text : e->detail;

        clock_format(e->when.time, time);
        if (e->has_image)
                hex_encode(e->image, sizeof(e->image), hash);
        return json_array_append_new(
                events,
                json_pack("{sI ss ss sI so so ss so so ss ss ss so ss so ss ss so so sI so so sb}",
                          "seq", (json_int_t)seq, "time", time, "kind", audit_kind_name(e->kind),
                          "uid", e->by_user ? (json_int_t)e->uid : -1, "user",
                          json_string_safe(e->user), "via", json_string_safe(e->via), "drive",
                          e->drive_id, "node", json_string_safe(e->node), "model",
                          json_string_safe(e->model), "from", e->from, "to", e->to, "catalog",
                          e->catalog, "target", json_string_safe(e->target), "sha256", hash,
                          "reason", json_string_safe(e->reason), "outcome", e->outcome, "fault",
                          e->fault.code ? fault_name(e->fault.code) : "", "text",
                          json_string_safe(text), "sense", json_string_safe(e->sense), "job",
                          (json_int_t)e->job, "counters_before", counters(&e->before),
                          "counters_after", counters(&e->after), "counters_anew", e->counted_anew));
}

static json_t *history(Daemon *daemon, const char *drive, int64_t before, int64_t limit,
                       Fault *fault) {
        json_t *events = json_array();

        if (limit <= 0)
                limit = HISTORY_DEFAULT;
        if (limit > HISTORY_MAX)
                limit = HISTORY_MAX;
        if (audit_read(daemon->audit, drive[0] ? drive : NULL, before, (unsigned)limit, on_event,
                       events, fault) < 0) {
                json_decref(events);
                return NULL;
        }
        return events;
}

/* Who looks a drive up finds its entries by an index: one that is damaged hides them, though every
 * entry is there. */
static int check_store(Daemon *daemon, Fault *fault) {
        int r = store_check(daemon->store, fault);

        if (r < 0)
                (void)fault_prefix(fault, "the audit log is whole, the file around it is not");
        return r;
}

static json_t *verify_audit(Daemon *daemon, Fault *fault) {
        AuditReport *report = calloc(1, sizeof(*report));
        json_t *json = NULL;

        if (!report)
                return NULL;
        if (audit_verify(daemon->audit, report, fault) == 0 &&
            (!report->whole || check_store(daemon, fault) == 0))
                json = json_pack("{sb sI si so so so}", "whole", report->whole, "rows",
                                 (json_int_t)report->n_entries, "heads", (int)report->n_heads,
                                 "text", json_string_safe(report->text), "broken_seq",
                                 report->broken_at ? json_integer(report->broken_at) : json_null(),
                                 "head", json_string_safe(report->head));
        free(report);
        return json;
}

/* In pieces that fit into a message, as many lines in each as do. */
static void send_export(Daemon *daemon, const Request *request, char *text) {
        json_t *lines = json_array();
        size_t n_bytes = 0;

        for (char *line = text, *end; *line; line = end + 1) {
                size_t n;

                end = strchr(line, '\n');
                if (!end)
                        break;
                *end = '\0';
                n = (size_t)(end - line);
                /* Escapes can double the length. */
                if (n_bytes > 0 && n_bytes + 2 * n > VARLINK_MESSAGE_MAX / 2) {
                        json_t *piece = json_pack("{so}", "lines", lines);

                        server_reply(daemon->server, request->client, piece, request->more);
                        json_decref(piece);
                        lines = json_array();
                        n_bytes = 0;
                }
                (void)json_array_append_new(lines, json_string_safe(line));
                n_bytes += 2 * n + 4;
        }
        {
                _cleanup_json_ json_t *last = json_pack("{so}", "lines", lines);

                server_reply(daemon->server, request->client, last, false);
        }
}

static void export_audit(Daemon *daemon, const Request *request, Fault *fault) {
        _cleanup_close_ int fd = memfd_create("discfw-export", MFD_CLOEXEC);
        _cleanup_free_ char *text = NULL;
        off_t length;

        if (fd < 0 || audit_export(daemon->audit, fd, fault) < 0) {
                if (fault->code == FAULT_NONE)
                        (void)fault_set(fault, FAULT_INTERNAL, "cannot export the log");
                return;
        }
        length = lseek(fd, 0, SEEK_END);
        text = calloc(1, (size_t)length + 1);
        if (!text || pread(fd, text, (size_t)length, 0) != length) {
                (void)fault_set(fault, FAULT_INTERNAL, "cannot export the log");
                return;
        }
        send_export(daemon, request, text);
}

static int on_role(const MetadataInfo *info, void *userdata) {
        return json_array_append_new(userdata,
                                     json_pack("{so sI}", "name", json_string_safe(info->role),
                                               "version", (json_int_t)info->version));
}

typedef struct EntryList {
        json_t *array;
        const char *catalog;
} EntryList;

static int on_entry(const EntryRow *row, void *userdata) {
        EntryList *list = userdata;
        _cleanup_json_ json_t *entry = NULL;
        const char *version = "";

        if (strcmp(row->catalog, list->catalog) != 0 || json_array_size(list->array) >= 200)
                return 0;
        if (row->json[0] && json_parse(row->json, strlen(row->json), &entry, NULL, 0) == 0)
                (void)json_get_string(entry, "version", &version);
        return json_array_append_new(
                list->array, json_pack("{ss so so so}", "model", row->hex24, "target",
                                       json_string_safe(row->path), "version",
                                       json_string_safe(version), "ignored",
                                       row->ignored_text[0] ? json_string_safe(row->ignored_text)
                                                            : json_null()));
}

static json_t *show_catalog(Daemon *daemon, const char *catalog, json_t *answer, Fault *fault) {
        EntryList list = { .array = json_array(), .catalog = catalog };
        json_t *roles = json_array();

        (void)json_object_set_new(answer, "roles", roles);
        (void)json_object_set_new(answer, "entries", list.array);
        if (metadata_list(daemon->store, catalog, on_role, roles, fault) < 0 ||
            entries_load(daemon->store, NULL, on_entry, &list, fault) < 0)
                return NULL;
        return json_incref(answer);
}

static json_t *add(json_t *object, const char *key, json_t *value) {
        if (!value)
                return NULL;
        (void)json_object_set_new(object, key, value);
        return json_incref(object);
}

void query_answer(Daemon *daemon, const Effect *effect) {
        const Request *request = &effect->query.request;
        _cleanup_json_ json_t *answer = NULL;
        Fault fault = {};

        switch (request->method) {
        case METHOD_SHOW_DRIVE:
                answer = add(effect->query.parameters, "history",
                             history(daemon, request->drive, 0, SHOW_HISTORY, &fault));
                break;
        case METHOD_HISTORY: {
                json_t *events =
                        history(daemon, request->drive, request->before, request->limit, &fault);

                answer = events ? json_pack("{so}", "events", events) : NULL;
                break;
        }
        case METHOD_VERIFY_AUDIT: answer = verify_audit(daemon, &fault); break;
        case METHOD_SHOW_CATALOG:
                answer = show_catalog(daemon, request->catalog, effect->query.parameters, &fault);
                break;
        case METHOD_EXPORT_AUDIT:
                export_audit(daemon, request, &fault);
                if (fault.code == FAULT_NONE)
                        return;
                break;
        default: (void)fault_set(&fault, FAULT_INTERNAL, "not a question for the store");
        }
        if (!answer && fault.code == FAULT_NONE)
                (void)fault_set(&fault, FAULT_INTERNAL, "out of memory");
        if (fault.code != FAULT_NONE)
                server_error(daemon->server, request->client, &fault, NULL);
        else
                server_reply(daemon->server, request->client, answer, false);
}
