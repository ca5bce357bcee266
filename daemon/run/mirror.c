/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One mirror of one catalog, asked and checked: discfw-verify says which file it needs next,
 * discfw-fetch (or a folder of this machine) has it, and the bytes go from one to the other sealed
 * and unread. What the verifier trusts is stored at once; entries only as a whole at the end. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/text.h"
#include "db/catalogs.h"
#include "db/entries.h"
#include "db/metadata.h"
#include "run/daemon.h"
#include "run/mirror.h"

#define VERIFY_SILENCE_S    120
#define METADATA_DEADLINE_S 120

/* An entry of the catalog as it will be stored: the message that brought it is far larger. */
typedef struct Collected {
        uint8_t model[IDENTITY_LENGTH];
        uint64_t length;
        uint8_t sha256[SHA256_LENGTH];
        char *path;
        char *json;
        FaultCode ignored; /* FAULT_NONE, or why: */
        char *ignored_text;
} Collected;

struct Mirror {
        Daemon *daemon;
        Link *verify;
        Fetcher *fetcher;
        char catalog[CATALOG_NAME_MAX + 1];
        unsigned index;
        char url[URL_MAX];
        int file; /* being fetched */
        Collected *entries;
        unsigned n_entries, n_allocated, n_ignored;
};

Mirror *mirror_free(Mirror *mirror) {
        if (!mirror)
                return NULL;
        (void)link_free(mirror->verify);
        (void)fetcher_free(mirror->fetcher);
        closep(&mirror->file);
        for (unsigned i = 0; i < mirror->n_entries; i++) {
                free(mirror->entries[i].path);
                free(mirror->entries[i].json);
                free(mirror->entries[i].ignored_text);
        }
        free(mirror->entries);
        free(mirror);
        return NULL;
}

static void mirror_over(Mirror *mirror, const VerifyEnd *end) {
        Daemon *daemon = mirror->daemon;
        char catalog[CATALOG_NAME_MAX + 1];
        unsigned index = mirror->index, n = mirror->n_entries, n_ignored = mirror->n_ignored;

        memcpy(catalog, mirror->catalog, sizeof(catalog));
        daemon->mirror = mirror_free(mirror);
        daemon_enter(daemon);
        core_on_mirror_done(daemon->core, catalog, index, end, n - n_ignored, n_ignored);
        daemon_pump(daemon);
}

static void mirror_failed(Mirror *mirror, const Fault *fault) {
        VerifyEnd *end = calloc(1, sizeof(*end));

        if (!end)
                abort();
        end->fault = *fault;
        mirror_over(mirror, end);
        free(end);
}

static int send_file(Mirror *mirror, VerifyFileStatus status, int fd, const Fault *why,
                     Fault *fault) {
        uint8_t payload[FAULT_TEXT_MAX + 32];
        VerifyFile file = { .status = status };
        size_t n;

        if (why)
                file.fault = *why;
        n = verify_file_encode(&file, payload, sizeof(payload));
        return link_send(mirror->verify, MESSAGE_VERIFY_FILE, payload, n, &fd, fd >= 0 ? 1 : 0,
                         fault);
}

/* A fetch ended. Not having a file is an answer; the verifier decides what it means. */
static void on_fetched(const FetchDone *done, void *userdata) {
        Mirror *mirror = userdata;
        _cleanup_close_ int fd = TAKE_FD(mirror->file);
        Fault fault = {};
        int r;

        if (done->fault.code == FAULT_NOT_FOUND)
                r = send_file(mirror, FILE_MISSING, -1, NULL, &fault);
        else if (done->fault.code != FAULT_NONE)
                r = send_file(mirror, FILE_FAILED, -1, &done->fault, &fault);
        else if (ftruncate(fd, (off_t)done->n_bytes) < 0 || memfd_seal(fd) < 0)
                r = fault_set(&fault, FAULT_PROTOCOL, "cannot seal what was fetched");
        else
                r = send_file(mirror, FILE_FOUND, fd, NULL, &fault);
        if (r < 0)
                mirror_failed(mirror, &fault);
}

/* Reads a file below a folder, which may be a stick that somebody plugged in: no links, no way out
 * of the folder, regular files only. */
int folder_read(const char *folder, const char *name, uint64_t max, int *ret_fd, Fault *fault) {
        _cleanup_close_ int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1, out = -1;
        _cleanup_free_ uint8_t *bytes = NULL;
        struct stat st;
        int r;

        if (dir < 0)
                return fault_set(fault, FAULT_MIRROR_UNREACHABLE, "cannot open folder %s: %s",
                                 folder, strerror(errno));
        fd = open_beneath(dir, name);
        if (fd == -ENOENT || fd == -ENOTDIR)
                return -ENOENT;
        if (fd < 0)
                return fault_set(fault, FAULT_MIRROR_REFUSED, "cannot read %s in %s: %s", name,
                                 folder, strerror(-fd));
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return fault_set(fault, FAULT_MIRROR_REFUSED, "%s in %s is no file", name, folder);
        if ((uint64_t)st.st_size > max)
                return fault_set(fault, FAULT_FETCH_TOO_LARGE,
                                 "%s has %lld bytes, at most %" PRIu64 " are wanted", name,
                                 (long long)st.st_size, max);
        bytes = malloc((size_t)st.st_size + 1);
        r = bytes ? read_all(fd, bytes, (size_t)st.st_size) : -ENOMEM;
        if (r == 0)
                r = memfd_from_bytes("discfw-file", bytes, (size_t)st.st_size, &out);
        if (r < 0)
                return fault_set(fault, FAULT_FETCH_INCOMPLETE, "cannot read %s in %s: %s", name,
                                 folder, strerror(-r));
        *ret_fd = TAKE_FD(out);
        return 0;
}

static int need_from_folder(Mirror *mirror, const VerifyNeed *need, Fault *fault) {
        _cleanup_close_ int fd = -1;
        Fault why = {};
        int r;

        r = folder_read(mirror->url, need->name, need->length_max, &fd, &why);
        if (r == -ENOENT)
                return send_file(mirror, FILE_MISSING, -1, NULL, fault);
        if (r < 0)
                return send_file(mirror, FILE_FAILED, -1, &why, fault);
        return send_file(mirror, FILE_FOUND, fd, NULL, fault);
}

static int on_need(Mirror *mirror, const VerifyNeed *need, Fault *fault) {
        FetchGet *get;
        size_t n;
        int r;

        if (mirror->url[0] == '/')
                return need_from_folder(mirror, need, fault);
        if (mirror->file >= 0 || need->length_max > METADATA_TARGETS_MAX)
                return fault_set(fault, FAULT_PROTOCOL, "discfw-verify asked for too much");
        r = memfd_new("discfw-metadata", need->length_max, &mirror->file);
        if (r < 0)
                return fault_set(fault, FAULT_INTERNAL, "cannot make a memfd: %s", strerror(-r));
        get = calloc(1, sizeof(*get));
        if (!get)
                return fault_set(fault, FAULT_INTERNAL, "out of memory");
        n = strlen(mirror->url);
        text_format(get->url, sizeof(get->url), "%s%s%s", mirror->url,
                    n > 0 && mirror->url[n - 1] == '/' ? "" : "/", need->name);
        get->length_max = need->length_max;
        get->deadline_s = METADATA_DEADLINE_S;
        r = fetcher_get(mirror->fetcher, get, mirror->file, fault);
        free(get);
        return r;
}

/* Trusted from now on, and on disk before the verifier goes on. */
static int store_role(Daemon *daemon, const char *catalog, const VerifyTrust *trust,
                      const Mapping *bytes, Fault *fault) {
        char chain[METADATA_ROLE_MAX + 1];
        int r;

        if (bytes->n_bytes == 0)
                return metadata_delete(daemon->store, catalog, trust->role, fault);
        r = metadata_save(daemon->store, catalog, trust->role, trust->version, bytes->bytes,
                          bytes->n_bytes, fault);
        if (r < 0 || strcmp(trust->role, "root") != 0)
                return r;
        /* The flash helper walks the whole chain from its pinned root. */
        text_format(chain, sizeof(chain), "%" PRIu64 ".root", trust->version);
        return metadata_save(daemon->store, catalog, chain, trust->version, bytes->bytes,
                             bytes->n_bytes, fault);
}

static int on_trust(Mirror *mirror, const VerifyTrust *trust, int fd, Fault *fault) {
        Daemon *daemon = mirror->daemon;
        _cleanup_mapping_ Mapping bytes = {};
        int r;

        if (mapping_open(fd, METADATA_TARGETS_MAX, &bytes) < 0)
                return fault_set(fault, FAULT_PROTOCOL, "discfw-verify handed over no sealed file");
        r = store_begin(daemon->store, fault);
        if (r < 0)
                return r;
        r = store_role(daemon, mirror->catalog, trust, &bytes, fault);
        if (r < 0) {
                store_rollback(daemon->store);
                return r;
        }
        return store_commit(daemon->store, fault);
}

static int collect(Mirror *mirror, const VerifyEntry *entry) {
        Collected *e;

        if (mirror->n_entries == mirror->n_allocated) {
                unsigned n = mirror->n_allocated ? mirror->n_allocated * 2 : 16;
                Collected *entries = realloc(mirror->entries, n * sizeof(*entries));

                if (!entries)
                        return -ENOMEM;
                mirror->entries = entries;
                mirror->n_allocated = n;
        }
        e = &mirror->entries[mirror->n_entries++];
        *e = (Collected){ .length = entry->length, .ignored = entry->ignored.code };
        memcpy(e->model, entry->model, sizeof(e->model));
        memcpy(e->sha256, entry->sha256, sizeof(e->sha256));
        e->path = strdup(entry->path);
        e->json = strdup(e->ignored == FAULT_NONE ? entry->json : "");
        e->ignored_text = strdup(entry->ignored.text);
        mirror->n_ignored += e->ignored != FAULT_NONE;
        return e->path && e->json && e->ignored_text ? 0 : -ENOMEM;
}

static int on_entry(Mirror *mirror, const Message *message, Fault *fault) {
        _cleanup_free_ VerifyEntry *entry = malloc(sizeof(*entry));

        if (!entry)
                return fault_set(fault, FAULT_INTERNAL, "out of memory");
        if (!verify_entry_decode(message->payload, message->n_payload, entry))
                return message_unexpected(message, "an entry", fault);
        if (mirror->n_entries == DRIVES_MAX * ENTRIES_MAX)
                return fault_set(fault, FAULT_LIMIT, "the catalog has too many entries");
        if (collect(mirror, entry) < 0)
                return fault_set(fault, FAULT_INTERNAL, "out of memory");
        return 0;
}

static int store_entries(Mirror *mirror, const VerifyEnd *end, Fault *fault) {
        Store *store = mirror->daemon->store;
        char hex24[2 * IDENTITY_LENGTH + 1];
        int r;

        r = entries_clear(store, mirror->catalog, fault);
        for (unsigned i = 0; r == 0 && i < mirror->n_entries; i++) {
                const Collected *e = &mirror->entries[i];
                EntryRow row = { .catalog = mirror->catalog,
                                 .hex24 = hex24,
                                 .path = e->path,
                                 .length = e->length,
                                 .json = e->json,
                                 .ignored_code = e->ignored ? fault_name(e->ignored) : "",
                                 .ignored_text = e->ignored_text };

                hex_encode(e->model, IDENTITY_LENGTH, hex24);
                memcpy(row.sha256, e->sha256, sizeof(row.sha256));
                r = entry_add(store, &row, fault);
        }
        if (r == 0 && end->signed_at > 0)
                r = store_raise_clock_floor(store, end->signed_at, fault);
        return r;
}

static int on_end(Mirror *mirror, VerifyEnd *end, Fault *fault) {
        Store *store = mirror->daemon->store;
        int r;

        if (end->fault.code == FAULT_NONE) {
                r = store_begin(store, fault);
                if (r == 0)
                        r = store_entries(mirror, end, fault);
                if (r == 0)
                        r = store_commit(store, fault);
                if (r < 0) {
                        store_rollback(store);
                        return r;
                }
        }
        mirror_over(mirror, end);
        return 0;
}

static int on_message(Link *link, Message *message, void *userdata, Fault *fault) {
        Mirror *mirror = userdata;
        int r = -EPROTO;

        (void)link;
        switch (message->kind) {
        case MESSAGE_VERIFY_NEED: {
                VerifyNeed need;

                if (verify_need_decode(message->payload, message->n_payload, &need))
                        return on_need(mirror, &need, fault);
                break;
        }
        case MESSAGE_VERIFY_TRUST: {
                VerifyTrust trust;

                if (verify_trust_decode(message->payload, message->n_payload, &trust))
                        return on_trust(mirror, &trust, message->fds[0], fault);
                break;
        }
        case MESSAGE_VERIFY_ENTRY: return on_entry(mirror, message, fault);
        case MESSAGE_VERIFY_END: {
                VerifyEnd *end = calloc(1, sizeof(*end));

                if (end && verify_end_decode(message->payload, message->n_payload, end))
                        r = on_end(mirror, end, fault);
                else
                        r = message_unexpected(message, "the end", fault);
                free(end);
                return r;
        }
        }
        return message_unexpected(message, "a word of the verifier", fault);
}

static void on_gone(Link *link, const Fault *fault, void *userdata) {
        (void)link;
        mirror_failed(userdata, fault);
}

typedef struct Sender {
        Mirror *mirror;
        Fault *fault;
        bool root_seen;
} Sender;

static int send_stored(Sender *sender, const char *role, const void *bytes, size_t n_bytes) {
        uint8_t payload[ROLE_SIZE + 8];
        VerifyStored stored = {};
        _cleanup_close_ int fd = -1;
        int r;

        text_format(stored.role, sizeof(stored.role), "%s", role);
        r = memfd_from_bytes("discfw-stored", bytes, n_bytes, &fd);
        if (r < 0)
                return fault_set(sender->fault, FAULT_INTERNAL, "cannot make a memfd: %s",
                                 strerror(-r));
        return link_send(sender->mirror->verify, MESSAGE_VERIFY_STORED, payload,
                         verify_stored_encode(&stored, payload, sizeof(payload)), &fd, 1,
                         sender->fault);
}

static int on_stored(const MetadataInfo *info, void *userdata) {
        Sender *sender = userdata;
        _cleanup_free_ uint8_t *bytes = NULL;
        size_t n, l = strlen(info->role);
        int r;

        if (l > 5 && strcmp(info->role + l - 5, ".root") == 0)
                return 0; /* of the chain; the last of it is "root" */
        r = metadata_load(sender->mirror->daemon->store, sender->mirror->catalog, info->role,
                          &bytes, &n, NULL, sender->fault);
        if (r <= 0)
                return r;
        sender->root_seen = sender->root_seen || strcmp(info->role, "root") == 0;
        return send_stored(sender, info->role, bytes, n);
}

static int send_state(Mirror *mirror, Fault *fault) {
        Sender sender = { .mirror = mirror, .fault = fault };
        _cleanup_free_ uint8_t *root = NULL;
        char path[PATH_MAX];
        size_t n;
        int r;

        r = metadata_list(mirror->daemon->store, mirror->catalog, on_stored, &sender, fault);
        if (r < 0 || sender.root_seen)
                return r;
        text_format(path, sizeof(path), "%s/catalogs.d/%s/root.json",
                    mirror->daemon->options.config, mirror->catalog);
        r = file_read(AT_FDCWD, path, METADATA_ROOT_MAX, &root, &n);
        if (r < 0)
                return fault_set(fault, FAULT_BAD_CONFIG, "cannot read %s: %s", path, strerror(-r));
        return send_stored(&sender, "root", root, n);
}

static int begin(Mirror *mirror, const Effect *effect, Fault *fault) {
        Daemon *daemon = mirror->daemon;
        uint8_t payload[DRIVES_MAX * IDENTITY_LENGTH + 128];
        VerifyBegin begin = { .start_time = clock_realtime(),
                              .n_models = (uint16_t)effect->mirror.n_models };
        int r;

        memcpy(begin.catalog, mirror->catalog, sizeof(begin.catalog));
        memcpy(begin.models, effect->mirror.models, sizeof(begin.models));
        r = store_clock_floor(daemon->store, &begin.clock_floor, fault);
        if (r == 0)
                r = link_open(daemon->event, daemon->options.run, "verify", VERIFY_SILENCE_S,
                              on_message, on_gone, mirror, &mirror->verify, fault);
        if (r == 0 && mirror->url[0] != '/')
                r = fetcher_new(daemon, on_fetched, NULL, mirror, &mirror->fetcher, fault);
        if (r == 0)
                r = link_send(mirror->verify, MESSAGE_VERIFY_BEGIN, payload,
                              verify_begin_encode(&begin, payload, sizeof(payload)), NULL, 0,
                              fault);
        if (r == 0)
                r = send_state(mirror, fault);
        if (r == 0)
                r = link_send(mirror->verify, MESSAGE_VERIFY_GO, NULL, 0, NULL, 0, fault);
        return r;
}

void mirror_ask(Daemon *daemon, const Effect *effect) {
        Mirror *mirror = calloc(1, sizeof(*mirror));
        Fault fault = {};

        if (!mirror)
                abort();
        mirror->daemon = daemon;
        mirror->file = -1;
        mirror->index = effect->mirror.mirror;
        memcpy(mirror->catalog, effect->mirror.catalog, sizeof(mirror->catalog));
        memcpy(mirror->url, effect->mirror.url, sizeof(mirror->url));
        daemon->mirror = mirror;
        if (begin(mirror, effect, &fault) < 0)
                mirror_failed(mirror, &fault);
}
