/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/tuf-repository.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/json.h"
#include "catalog/canonical.h"
#include "catalog/key.h"
#include "tests/unit/test.h"

#define KEYS_MAX  64
#define FILES_MAX 1024

typedef struct File {
        char name[256];
        uint8_t *bytes;
        size_t n_bytes;
        int64_t version; /* of what is stored */
} File;

struct Repository {
        json_t *bodies;   /* by role */
        json_t *versions; /* by role: of the last one that was published */
        json_t *signers;  /* by role: list of [keyid, index of key or -1 for junk] */
        EVP_PKEY *keys[KEYS_MAX];
        unsigned n_keys;
        bool use_hashes;
        File served[FILES_MAX];
        size_t n_served;
        File stored[FILES_MAX];
        size_t n_stored;
        char requests[65536];
        unsigned fail_store;
};

static File *file_find(File *files, size_t n_files, const char *name) {
        for (size_t i = 0; i < n_files; i++)
                if (strcmp(files[i].name, name) == 0)
                        return &files[i];
        return NULL;
}

static void file_set(File *files, size_t *n_files, const char *name, int64_t version,
                     const void *bytes, size_t n_bytes) {
        File *file = file_find(files, *n_files, name);

        if (!file) {
                assert_true(*n_files < FILES_MAX);
                file = &files[(*n_files)++];
                *file = (File){};
                assert_true(strlen(name) < sizeof(file->name));
                strcpy(file->name, name);
        }
        free(file->bytes);
        file->bytes = malloc(n_bytes + 1);
        assert_non_null(file->bytes);
        memcpy(file->bytes, bytes, n_bytes);
        file->bytes[n_bytes] = '\0';
        file->n_bytes = n_bytes;
        file->version = version;
}

static void file_remove(File *files, size_t *n_files, const char *name) {
        File *file = file_find(files, *n_files, name);

        if (!file)
                return;
        free(file->bytes);
        *file = files[--*n_files];
}

static json_t *must(json_t *json) {
        assert_non_null(json);
        return json;
}

static void set(json_t *object, const char *key, json_t *value) {
        assert_int_equal(json_object_set_new(object, key, must(value)), 0);
}

json_t *repository_body(Repository *repository, const char *role) {
        return must(json_object_get(repository->bodies, role));
}

static json_t *date(int64_t time) {
        char text[CLOCK_TEXT_SIZE];

        clock_format(time, text);
        return json_string(text);
}

void repository_set_expiry(Repository *repository, const char *role, int64_t expires) {
        set(repository_body(repository, role), "expires", date(expires));
}

void repository_set_version(Repository *repository, const char *role, int64_t version) {
        set(repository->versions, role, json_integer(version - 1));
}

static void new_body(Repository *repository, const char *role, const char *type) {
        set(repository->bodies, role,
            json_pack("{s:s, s:s, s:i}", "_type", type, "spec_version", "1.0.31", "version", 1));
        repository_set_expiry(repository, role, REPOSITORY_NOW + 30 * DAY);
        repository_set_version(repository, role, 1);
        set(repository->signers, role, json_array());
}

EVP_PKEY *repository_new_key(Repository *repository, int scheme) {
        assert_true(repository->n_keys < KEYS_MAX);
        assert_int_equal(key_generate((KeyScheme)scheme, &repository->keys[repository->n_keys]), 0);
        return repository->keys[repository->n_keys++];
}

/* Where DELEGATOR keeps keys, and what it says of ROLE. */
static void trust_of(Repository *repository, const char *delegator, const char *role,
                     json_t **ret_keys, json_t **ret_role) {
        json_t *body = repository_body(repository, delegator), *delegations, *item;
        size_t i;

        *ret_role = NULL;
        if (strcmp(delegator, "root") == 0) {
                *ret_keys = must(json_object_get(body, "keys"));
                *ret_role = json_object_get(json_object_get(body, "roles"), role);
        } else {
                delegations = must(json_object_get(body, "delegations"));
                *ret_keys = must(json_object_get(delegations, "keys"));
                json_array_foreach(json_object_get(delegations, "roles"), i, item)
                        if (strcmp(json_string_value(json_object_get(item, "name")), role) == 0)
                                *ret_role = item;
        }
        assert_non_null(*ret_role);
}

void repository_trust_object(Repository *repository, const char *delegator, const char *role,
                             const json_t *object, const char *keyid) {
        json_t *keys, *trusted;

        trust_of(repository, delegator, role, &keys, &trusted);
        set(keys, keyid, json_deep_copy(object));
        assert_int_equal(
                json_array_append_new(json_object_get(trusted, "keyids"), json_string(keyid)), 0);
}

void repository_trust(Repository *repository, const char *delegator, const char *role,
                      EVP_PKEY *pair) {
        _cleanup_json_ json_t *object = NULL;
        char keyid[KEYID_SIZE];

        assert_int_equal(key_object(pair, &object, keyid), 0);
        repository_trust_object(repository, delegator, role, object, keyid);
}

void repository_distrust_all(Repository *repository, const char *delegator, const char *role) {
        json_t *keys, *trusted;

        trust_of(repository, delegator, role, &keys, &trusted);
        assert_int_equal(json_array_clear(json_object_get(trusted, "keyids")), 0);
}

void repository_set_threshold(Repository *repository, const char *delegator, const char *role,
                              json_t *threshold) {
        json_t *keys, *trusted;

        trust_of(repository, delegator, role, &keys, &trusted);
        set(trusted, "threshold", threshold);
}

void repository_add_signer(Repository *repository, const char *role, EVP_PKEY *pair,
                           const char *keyid) {
        _cleanup_json_ json_t *object = NULL;
        char own[KEYID_SIZE];
        int index = -1;

        assert_int_equal(key_object(pair, &object, own), 0);
        for (unsigned i = 0; i < repository->n_keys; i++)
                if (repository->keys[i] == pair)
                        index = (int)i;
        assert_int_equal(json_array_append_new(json_object_get(repository->signers, role),
                                               json_pack("[s, i]", keyid ? keyid : own, index)),
                         0);
}

void repository_add_junk(Repository *repository, const char *role, const char *keyid) {
        assert_int_equal(json_array_append_new(json_object_get(repository->signers, role),
                                               json_pack("[s, i]", keyid, -1)),
                         0);
}

void repository_clear_signers(Repository *repository, const char *role) {
        assert_int_equal(json_array_clear(json_object_get(repository->signers, role)), 0);
}

static void give_key(Repository *repository, const char *delegator, const char *role) {
        EVP_PKEY *pair = repository_new_key(repository, KEY_ED25519);

        repository_trust(repository, delegator, role, pair);
        repository_add_signer(repository, role, pair, NULL);
}

void repository_rotate(Repository *repository, const char *role) {
        repository_distrust_all(repository, "root", role);
        repository_clear_signers(repository, role);
        give_key(repository, "root", role);
}

void repository_use_hashes(Repository *repository) {
        repository->use_hashes = true;
}

static void enter(Repository *repository, const char *into, const char *role, int64_t version,
                  const char *bytes) {
        json_t *meta = must(json_object_get(repository_body(repository, into), "meta"));
        json_t *entry = must(json_pack("{s:I}", "version", (json_int_t)version));
        uint8_t digest[SHA256_LENGTH];
        char hex[2 * SHA256_LENGTH + 1], name[ROLE_NAME_MAX + sizeof(".json")];

        if (repository->use_hashes) {
                assert_int_equal(sha256(bytes, strlen(bytes), digest), 0);
                hex_encode(digest, sizeof(digest), hex);
                set(entry, "length", json_integer((json_int_t)strlen(bytes)));
                set(entry, "hashes", json_pack("{s:s}", "sha256", hex));
        }
        (void)snprintf(name, sizeof(name), "%s.json", role);
        set(meta, name, entry);
}

static json_t *signatures_of(Repository *repository, const char *role) {
        _cleanup_free_ uint8_t *canonical = NULL;
        json_t *list = must(json_array()), *signer;
        size_t n_canonical, i;

        assert_int_equal(
                canonical_encode(repository_body(repository, role), &canonical, &n_canonical), 0);
        json_array_foreach(json_object_get(repository->signers, role), i, signer) {
                const char *keyid = json_string_value(json_array_get(signer, 0));
                json_int_t index = json_integer_value(json_array_get(signer, 1));
                _cleanup_free_ char *signature = NULL;

                if (index < 0)
                        signature = strdup("00");
                else
                        assert_int_equal(key_sign(repository->keys[index], canonical, n_canonical,
                                                  &signature),
                                         0);
                assert_int_equal(json_array_append_new(list, json_pack("{s:s, s:s}", "keyid", keyid,
                                                                       "sig", signature)),
                                 0);
        }
        return list;
}

void repository_serve(Repository *repository, const char *file, const void *bytes, size_t n_bytes) {
        file_set(repository->served, &repository->n_served, file, 0, bytes, n_bytes);
}

void repository_unserve(Repository *repository, const char *file) {
        file_remove(repository->served, &repository->n_served, file);
}

const char *repository_served(Repository *repository, const char *file) {
        File *served = file_find(repository->served, repository->n_served, file);

        assert_non_null(served);
        return (const char *)served->bytes;
}

void repository_publish(Repository *repository, const char *role) {
        json_t *body = repository_body(repository, role), *document;
        int64_t version = json_integer_value(json_object_get(repository->versions, role)) + 1;
        bool is_timestamp = strcmp(role, "timestamp") == 0;
        bool consistent = json_is_true(
                json_object_get(repository_body(repository, "root"), "consistent_snapshot"));
        char name[TUF_FILE_NAME_SIZE];
        char *bytes;

        set(repository->versions, role, json_integer(version));
        set(body, "version", json_integer(version));
        document = must(json_pack("{s:o, s:O}", "signatures", signatures_of(repository, role),
                                  "signed", body));
        bytes = json_dumps(document, JSON_INDENT(1));
        assert_non_null(bytes);
        json_decref(document);
        assert_int_equal(tuf_file_name(role,
                                       strcmp(role, "root") == 0 || (consistent && !is_timestamp)
                                               ? version
                                               : 0,
                                       name),
                         0);
        repository_serve(repository, name, bytes, strlen(bytes));
        if (strcmp(role, "snapshot") == 0)
                enter(repository, "timestamp", role, version, bytes);
        else if (!is_timestamp && strcmp(role, "root") != 0)
                enter(repository, "snapshot", role, version, bytes);
        free(bytes);
}

void repository_publish_all(Repository *repository, ...) {
        const char *role;
        va_list ap;

        va_start(ap, repository);
        while ((role = va_arg(ap, const char *)))
                repository_publish(repository, role);
        va_end(ap);
}

json_t *repository_delegate(Repository *repository, const char *delegator, const char *role,
                            const char *pattern, const char *pattern2, bool terminating) {
        json_t *body = repository_body(repository, delegator);
        json_t *delegations = json_object_get(body, "delegations"), *delegation;

        if (!delegations) {
                delegations = must(json_pack("{s:{}, s:[]}", "keys", "roles"));
                set(body, "delegations", delegations);
        }
        delegation = must(json_pack("{s:s, s:[], s:i, s:b, s:[s]}", "name", role, "keyids",
                                    "threshold", 1, "terminating", terminating, "paths", pattern));
        if (pattern2)
                assert_int_equal(json_array_append_new(json_object_get(delegation, "paths"),
                                                       json_string(pattern2)),
                                 0);
        assert_int_equal(json_array_append_new(json_object_get(delegations, "roles"), delegation),
                         0);
        if (!json_object_get(repository->bodies, role)) {
                new_body(repository, role, "targets");
                set(repository_body(repository, role), "targets", json_object());
        }
        give_key(repository, delegator, role);
        return delegation;
}

void repository_add_target(Repository *repository, const char *role, const char *path,
                           const char *content) {
        uint8_t digest[SHA256_LENGTH];
        char hex[2 * SHA256_LENGTH + 1];

        assert_int_equal(sha256(content, strlen(content), digest), 0);
        hex_encode(digest, sizeof(digest), hex);
        set(json_object_get(repository_body(repository, role), "targets"), path,
            json_pack("{s:I, s:{s:s}, s:{s:s}}", "length", (json_int_t)strlen(content), "hashes",
                      "sha256", hex, "custom", "by", role));
}

Repository *repository_new(void) {
        Repository *repository = calloc(1, sizeof(*repository));
        static const char *const top[] = { "root", "timestamp", "snapshot", "targets" };
        json_t *roles;

        assert_non_null(repository);
        repository->bodies = must(json_object());
        repository->versions = must(json_object());
        repository->signers = must(json_object());
        for (size_t i = 0; i < N_ELEMENTS(top); i++)
                new_body(repository, top[i], top[i]);

        roles = must(json_object());
        for (size_t i = 0; i < N_ELEMENTS(top); i++)
                set(roles, top[i], json_pack("{s:[], s:i}", "keyids", "threshold", 1));
        set(repository_body(repository, "root"), "keys", json_object());
        set(repository_body(repository, "root"), "roles", roles);
        set(repository_body(repository, "root"), "consistent_snapshot", json_true());
        set(repository_body(repository, "timestamp"), "meta", json_object());
        set(repository_body(repository, "snapshot"), "meta", json_object());
        set(repository_body(repository, "targets"), "targets", json_object());
        for (size_t i = 0; i < N_ELEMENTS(top); i++)
                give_key(repository, "root", top[i]);

        repository_publish_all(repository, "root", "targets", "snapshot", "timestamp", NULL);
        repository_put_stored(repository, "root", repository_served(repository, "1.root.json"));
        return repository;
}

Repository *repository_free(Repository *repository) {
        if (!repository)
                return NULL;
        json_decref(repository->bodies);
        json_decref(repository->versions);
        json_decref(repository->signers);
        for (unsigned i = 0; i < repository->n_keys; i++)
                EVP_PKEY_free(repository->keys[i]);
        for (size_t i = 0; i < repository->n_served; i++)
                free(repository->served[i].bytes);
        for (size_t i = 0; i < repository->n_stored; i++)
                free(repository->stored[i].bytes);
        free(repository);
        return NULL;
}

static int copy_of(const File *file, uint8_t **ret_bytes, size_t *ret_n_bytes) {
        uint8_t *bytes = malloc(file->n_bytes + 1);

        assert_non_null(bytes);
        memcpy(bytes, file->bytes, file->n_bytes);
        *ret_bytes = bytes;
        *ret_n_bytes = file->n_bytes;
        return 0;
}

static int fetch(void *userdata, const char *name, size_t max, uint8_t **ret_bytes,
                 size_t *ret_n_bytes, Fault *fault) {
        Repository *repository = userdata;
        File *file = file_find(repository->served, repository->n_served, name);
        size_t n = strlen(repository->requests);

        (void)snprintf(repository->requests + n, sizeof(repository->requests) - n, "%s%s",
                       n > 0 ? " " : "", name);
        if (!file)
                return -ENOENT;
        if (file->n_bytes > max)
                return fault_set(fault, FAULT_FETCH_TOO_LARGE, "%s has more than %zu bytes", name,
                                 max);
        return copy_of(file, ret_bytes, ret_n_bytes);
}

static int load(void *userdata, const char *role, uint8_t **ret_bytes, size_t *ret_n_bytes) {
        Repository *repository = userdata;
        File *file = file_find(repository->stored, repository->n_stored, role);

        return file ? copy_of(file, ret_bytes, ret_n_bytes) : -ENOENT;
}

static int store(void *userdata, const char *role, int64_t version, const uint8_t *bytes,
                 size_t n_bytes) {
        Repository *repository = userdata;

        if (repository->fail_store > 0 && --repository->fail_store == 0)
                return -ENOSPC;
        if (n_bytes == 0)
                file_remove(repository->stored, &repository->n_stored, role);
        else
                file_set(repository->stored, &repository->n_stored, role, version, bytes, n_bytes);
        return 0;
}

void repository_io(Repository *repository, TufIo *ret_io) {
        *ret_io = (TufIo){ .fetch = fetch, .load = load, .store = store, .userdata = repository };
}

void repository_client(Repository *repository, const TufOptions *options, Tuf **ret_tuf) {
        TufIo io;

        repository_io(repository, &io);
        assert_int_equal(tuf_new(&io, options, ret_tuf), 0);
}

int repository_refresh(Repository *repository, int64_t now, Fault *fault) {
        _cleanup_(tuf_freep) Tuf *tuf = NULL;
        TufOptions options = { .start_time = now };

        fault_clear(fault);
        repository_client(repository, &options, &tuf);
        return tuf_refresh(tuf, fault);
}

const char *repository_requests(const Repository *repository) {
        return repository->requests;
}

void repository_forget_requests(Repository *repository) {
        repository->requests[0] = '\0';
}

int64_t repository_stored(const Repository *repository, const char *role) {
        File *file = file_find((File *)repository->stored, repository->n_stored, role);

        return file ? file->version : 0;
}

void repository_put_stored(Repository *repository, const char *role, const char *text) {
        file_set(repository->stored, &repository->n_stored, role, 1, text, strlen(text));
}

void repository_fail_store(Repository *repository, unsigned n) {
        repository->fail_store = n;
}

void repository_expect_good(Repository *repository) {
        Fault fault = {};

        if (repository_refresh(repository, REPOSITORY_NOW, &fault) != 0)
                fail_msg("%s: %s", fault_name(fault.code), fault.text);
}

void repository_expect_fault(Repository *repository, FaultCode code, const char *text) {
        Fault fault = {};

        assert_int_equal(repository_refresh(repository, REPOSITORY_NOW, &fault), -EBADE);
        assert_string_equal(fault_name(fault.code), fault_name(code));
        if (text)
                assert_string_equal(fault.text, text);
}

void repository_expect_stored(Repository *repository, int root, int timestamp, int snapshot,
                              int targets) {
        assert_int_equal(repository_stored(repository, "root"), root);
        assert_int_equal(repository_stored(repository, "timestamp"), timestamp);
        assert_int_equal(repository_stored(repository, "snapshot"), snapshot);
        assert_int_equal(repository_stored(repository, "targets"), targets);
}

void repository_publish_next(Repository *repository) {
        repository_publish_all(repository, "targets", "snapshot", "timestamp", NULL);
}

void repository_publish_roles(Repository *repository, const char *roles) {
        _cleanup_free_ char *copy = strdup(roles);

        assert_non_null(copy);
        for (char *role = strtok(copy, " "); role; role = strtok(NULL, " "))
                repository_publish(repository, role);
        repository_publish_next(repository);
}

Tuf *repository_refreshed(Repository *repository) {
        TufOptions options = { .start_time = REPOSITORY_NOW };
        Fault fault = {};
        Tuf *tuf = NULL;

        repository_client(repository, &options, &tuf);
        if (tuf_refresh(tuf, &fault) != 0)
                fail_msg("%s: %s", fault_name(fault.code), fault.text);
        repository_forget_requests(repository);
        return tuf;
}

void repository_dump(Repository *repository, const char *folder) {
        for (size_t i = 0; i < repository->n_served; i++) {
                _cleanup_free_ char *path = NULL;

                /* A web server decodes the name before it looks: what is asked for as "%2F" has to
                 * lie under a name that nobody can make. No test needs that. */
                assert_null(strchr(repository->served[i].name, '%'));
                assert_true(asprintf(&path, "%s/%s", folder, repository->served[i].name) > 0);
                assert_int_equal(file_write_atomic(AT_FDCWD, path, repository->served[i].bytes,
                                                   repository->served[i].n_bytes, 0644),
                                 0);
        }
}
