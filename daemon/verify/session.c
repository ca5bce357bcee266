/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/session.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "catalog/entry.h"
#include "catalog/tuf.h"
#include "wire/order.h"
#include "wire/verify.h"

/* Top-level roles and what DRIVES_MAX models may need, generously. */
#define STORED_MAX 256

typedef struct Stored {
        char role[ROLE_SIZE];
        uint8_t *bytes;
        size_t n_bytes;
} Stored;

typedef struct Session {
        int connection;
        Order order;
        VerifyBegin begin;
        Stored stored[STORED_MAX];
        size_t n_stored;
        Tuf *tuf;
        const uint8_t *model; /* of which entries are told just now */
        unsigned n_entries;   /* of it */
        VerifyEntry entry;    /* large, so it is here and not on the stack */
        VerifyEnd end;
        int broken; /* the connection failed, in the middle of a call-back: errno */
} Session;

/* The next message, which must be one of KIND or OTHER. */
static int receive(Session *session, uint16_t kind, uint16_t other, Message *message,
                   Fault *fault) {
        int r;

        r = message_receive(session->connection, message);
        if (r < 0)
                return r;
        if (r == 0)
                return -ECONNRESET;
        r = order_check(&session->order, message, fault);
        if (r == 0 && message->kind != kind && message->kind != other)
                r = message_unexpected(message, "another message", fault);
        return r;
}

static int copy_sealed(int fd, uint64_t max, uint8_t **ret_bytes, size_t *ret_n_bytes) {
        _cleanup_mapping_ Mapping mapping = {};
        uint8_t *bytes;
        int r;

        r = mapping_open(fd, max, &mapping);
        if (r < 0)
                return r;
        bytes = malloc(mapping.n_bytes + 1);
        if (!bytes)
                return -ENOMEM;
        if (mapping.n_bytes > 0)
                memcpy(bytes, mapping.bytes, mapping.n_bytes);
        *ret_bytes = bytes;
        *ret_n_bytes = mapping.n_bytes;
        return 0;
}

static int send_message(Session *session, uint16_t kind, const uint8_t *payload, size_t n_payload,
                        int fd) {
        if (n_payload == 0)
                return -EMSGSIZE;
        return message_send(session->connection, kind, payload, n_payload, fd >= 0 ? &fd : NULL,
                            fd >= 0 ? 1 : 0);
}

/* Roles cross the wire percent-encoded, as their files are named. */
static int encode_role(const char *role, char ret_role[ROLE_SIZE]) {
        char file[TUF_FILE_NAME_SIZE];
        int r;

        r = tuf_file_name(role, 0, file);
        if (r < 0)
                return r;
        file[strlen(file) - strlen(".json")] = '\0';
        text_format(ret_role, ROLE_SIZE, "%s", file);
        return 0;
}

static int ask_for_file(Session *session, const char *name, size_t max, Message *answer,
                        VerifyFile *ret_file, Fault *fault) {
        VerifyNeed need = { .length_max = max };
        uint8_t payload[ROLE_SIZE + 64];
        int r;

        text_format(need.name, sizeof(need.name), "%s", name);
        r = send_message(session, MESSAGE_VERIFY_NEED, payload,
                         verify_need_encode(&need, payload, sizeof(payload)), -1);
        if (r == 0)
                r = receive(session, MESSAGE_VERIFY_FILE, 0, answer, fault);
        if (r == 0 && (!verify_file_decode(answer->payload, answer->n_payload, ret_file) ||
                       (ret_file->status == FILE_FOUND) != (answer->n_fds == 1)))
                r = message_unexpected(answer, "a file", fault);
        return r;
}

static int on_fetch(void *userdata, const char *name, size_t max, uint8_t **ret_bytes,
                    size_t *ret_n_bytes, Fault *fault) {
        Session *session = userdata;
        Message answer = MESSAGE_NULL;
        VerifyFile file;
        int r;

        r = ask_for_file(session, name, max, &answer, &file, fault);
        if (r < 0)
                session->broken = r;
        else if (file.status == FILE_MISSING)
                r = -ENOENT;
        else if (file.status == FILE_FAILED)
                r = fault_set(fault, file.fault.code, "%s", file.fault.text);
        else {
                r = copy_sealed(answer.fds[0], max, ret_bytes, ret_n_bytes);
                if (r == -EBADF)
                        session->broken = fault_set(
                                fault, FAULT_PROTOCOL,
                                "what came for %s is not sealed, or longer than %zu bytes", name,
                                max);
        }
        message_done(&answer);
        return r;
}

static int on_load(void *userdata, const char *role, uint8_t **ret_bytes, size_t *ret_n_bytes) {
        Session *session = userdata;
        char encoded[ROLE_SIZE];
        int r;

        r = encode_role(role, encoded);
        if (r < 0)
                return r;
        for (size_t i = 0; i < session->n_stored; i++)
                if (strcmp(session->stored[i].role, encoded) == 0) {
                        const Stored *stored = &session->stored[i];

                        *ret_bytes = malloc(stored->n_bytes + 1);
                        if (!*ret_bytes)
                                return -ENOMEM;
                        memcpy(*ret_bytes, stored->bytes, stored->n_bytes);
                        *ret_n_bytes = stored->n_bytes;
                        return 0;
                }
        return -ENOENT;
}

/* It is durable when the daemon has it: END comes behind, on the same connection. */
static int on_store(void *userdata, const char *role, int64_t version, const uint8_t *bytes,
                    size_t n_bytes) {
        Session *session = userdata;
        VerifyTrust trust = { .version = (uint64_t)version };
        _cleanup_close_ int fd = -1;
        uint8_t payload[ROLE_SIZE + 64];
        int r;

        r = encode_role(role, trust.role);
        if (r == 0)
                r = memfd_from_bytes("trusted", bytes, n_bytes, &fd);
        if (r == 0)
                r = send_message(session, MESSAGE_VERIFY_TRUST, payload,
                                 verify_trust_encode(&trust, payload, sizeof(payload)), fd);
        if (r < 0)
                session->broken = r;
        return r;
}

static int handle_stored(Session *session, Message *message, Fault *fault) {
        Stored *stored;
        VerifyStored what;
        int r;

        if (!verify_stored_decode(message->payload, message->n_payload, &what))
                return message_unexpected(message, "a stored role", fault);
        if (session->n_stored == STORED_MAX)
                return fault_set(fault, FAULT_LIMIT, "more than %d stored roles", STORED_MAX);
        stored = &session->stored[session->n_stored];
        memcpy(stored->role, what.role, sizeof(stored->role));
        r = copy_sealed(message->fds[0], METADATA_TARGETS_MAX, &stored->bytes, &stored->n_bytes);
        if (r == -EBADF)
                return fault_set(fault, FAULT_PROTOCOL, "stored role %s is not sealed, or too long",
                                 what.role);
        if (r == 0)
                session->n_stored++;
        return r;
}

/* BEGIN, STORED for each, GO. */
static int receive_order(Session *session, Fault *fault) {
        bool go = false;
        int r = 0;

        while (r == 0 && !go) {
                Message message = MESSAGE_NULL;

                r = message_receive(session->connection, &message);
                r = r == 0  ? -ECONNRESET
                    : r < 0 ? r
                            : order_check(&session->order, &message, fault);
                if (r == 0)
                        switch (message.kind) {
                        case MESSAGE_VERIFY_BEGIN:
                                if (!verify_begin_decode(message.payload, message.n_payload,
                                                         &session->begin))
                                        r = message_unexpected(&message, "a beginning", fault);
                                break;
                        case MESSAGE_VERIFY_STORED:
                                r = handle_stored(session, &message, fault);
                                break;
                        case MESSAGE_VERIFY_GO: go = true; break;
                        default: r = message_unexpected(&message, "an order", fault);
                        }
                message_done(&message);
        }
        return r;
}

/* Fills in what the target says of itself; what is broken is told with its reason. */
static int read_entry(const TufTarget *target, VerifyEntry *entry) {
        _cleanup_(entry_freep) Entry *parsed = NULL;
        _cleanup_free_ char *json = NULL;
        const json_t *custom = json_object_get(target->custom, "discfw");
        Fault *ignored = &entry->ignored;
        int r;

        if (strlen(target->path) > TARGET_PATH_MAX)
                return fault_set(ignored, FAULT_LIMIT, "its path is longer than %d bytes",
                                 TARGET_PATH_MAX);
        if (!target->meta.has_sha256)
                return fault_set(ignored, FAULT_CATALOG_MALFORMED, "it has no SHA-256");
        if (!json_is_object(custom))
                return fault_set(ignored, FAULT_CATALOG_MALFORMED, "it has no custom.discfw");
        json = json_text(custom);
        if (!json)
                return -ENOMEM;
        if (strlen(json) >= sizeof(entry->json))
                return fault_set(ignored, FAULT_LIMIT, "custom.discfw is longer than %u bytes",
                                 ENTRY_JSON_MAX);
        memcpy(entry->json, json, strlen(json) + 1);
        r = entry_parse(target->path, entry->length, entry->sha256, json, strlen(json), &parsed,
                        ignored);
        return r == 0 || ignored->code != FAULT_NONE ? 0 : r;
}

static int on_target(void *userdata, const TufTarget *target) {
        Session *session = userdata;
        VerifyEntry *entry = &session->entry;
        uint8_t payload[WIRE_MESSAGE_MAX];
        int r = 0;

        memset(entry, 0, sizeof(*entry));
        memcpy(entry->model, session->model, sizeof(entry->model));
        text_format(entry->path, sizeof(entry->path), "%s", target->path);
        entry->length = (uint64_t)target->meta.length;
        memcpy(entry->sha256, target->meta.sha256, sizeof(entry->sha256));
        if (session->n_entries == ENTRIES_MAX)
                (void)fault_set(&entry->ignored, FAULT_LIMIT,
                                "this model has more than %d entries; the rest is not read",
                                ENTRIES_MAX);
        else
                r = read_entry(target, entry);
        if (r == 0 || r == -EBADE) {
                r = send_message(session, MESSAGE_VERIFY_ENTRY, payload,
                                 verify_entry_encode(entry, payload, sizeof(payload)), -1);
                if (r < 0)
                        session->broken = r;
        }
        return r < 0 ? r : session->n_entries++ == ENTRIES_MAX ? -EXFULL : 0;
}

static int tell_entries(Session *session) {
        char prefix[ENTRY_PREFIX_SIZE];
        int result = 0;

        for (unsigned i = 0; i < session->begin.n_models; i++) {
                Fault fault = {};
                int r;

                session->model = session->begin.models[i];
                session->n_entries = 0;
                entry_prefix(session->model, prefix);
                r = tuf_list(session->tuf, prefix, on_target, session, &fault);
                if (session->broken < 0)
                        return session->broken;
                if (r < 0 && r != -EXFULL && result == 0) {
                        result = r;
                        session->end.fault = fault;
                }
        }
        return result;
}

static uint64_t version_of(const Session *session, const char *role) {
        const Metadata *metadata = tuf_role(session->tuf, role);

        return metadata ? (uint64_t)metadata->version : 0;
}

/* Which roles were needed. If they do not fit, none is named, and none of the stored ones goes. */
static void name_roles(Session *session) {
        VerifyEnd *end = &session->end;
        const Metadata *role;
        char encoded[ROLE_SIZE];
        size_t n = 0;

        for (size_t i = 0; (role = tuf_nth_role(session->tuf, i)); i++) {
                if (encode_role(role->name, encoded) < 0 ||
                    n + strlen(encoded) + 2 > sizeof(end->roles)) {
                        end->roles[0] = '\0';
                        return;
                }
                n += (size_t)snprintf(end->roles + n, sizeof(end->roles) - n, "%s%s",
                                      n > 0 ? " " : "", encoded);
        }
}

static int send_end(Session *session) {
        static const char *const dated[] = { "timestamp", "snapshot", "targets" };
        VerifyEnd *end = &session->end;
        uint8_t payload[sizeof(*end) + 64];
        int64_t version, signed_at;

        end->root_version = version_of(session, "root");
        end->timestamp_version = version_of(session, "timestamp");
        end->snapshot_version = version_of(session, "snapshot");
        end->targets_version = version_of(session, "targets");
        end->signed_at = tuf_signed(session->tuf);
        for (size_t i = 0; i < N_ELEMENTS(dated); i++) {
                const Metadata *role = tuf_role(session->tuf, dated[i]);

                if (role && (end->expires == 0 || role->expires < end->expires))
                        end->expires = role->expires;
        }
        if (tuf_seen_timestamp(session->tuf, &version, &signed_at)) {
                end->seen_version = (uint64_t)version;
                end->seen_signed_at = signed_at;
        }
        name_roles(session);
        return send_message(session, MESSAGE_VERIFY_END, payload,
                            verify_end_encode(end, payload, sizeof(payload)), -1);
}

static int run(Session *session, Fault *fault) {
        TufIo io = { .fetch = on_fetch, .load = on_load, .store = on_store, .userdata = session };
        TufOptions options;
        int r;

        r = receive_order(session, fault);
        if (r < 0)
                return r;
        options = (TufOptions){ .start_time = session->begin.start_time,
                                .clock_floor = session->begin.clock_floor };
        r = tuf_new(&io, &options, &session->tuf);
        if (r < 0)
                return r;
        r = tuf_refresh(session->tuf, &session->end.fault);
        if (r == 0)
                r = tell_entries(session);
        if (session->broken < 0) {
                /* What the catalog is blamed for is the connection's fault. */
                if (session->end.fault.code == FAULT_PROTOCOL)
                        *fault = session->end.fault;
                return session->broken;
        }
        if (r < 0)
                log_debug("catalog %s is refused: %s", session->begin.catalog,
                          session->end.fault.text);
        return send_end(session);
}

int session_run(int connection, Fault *fault) {
        Session *session = calloc(1, sizeof(*session));
        int r;

        if (!session)
                return -ENOMEM;
        session->connection = connection;
        r = run(session, fault);
        (void)tuf_free(session->tuf);
        for (size_t i = 0; i < session->n_stored; i++)
                free(session->stored[i].bytes);
        free(session);
        return r == -EPIPE ? -ECONNRESET : r;
}
