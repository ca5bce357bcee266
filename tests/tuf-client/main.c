/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The client that the TUF project's conformance suite runs (CLIENT-CLI.md there): the library of
 * daemon/catalog with a folder for a store and libcurl for a mirror.
 *
 *     tuf-client --metadata-dir DIR init TRUSTED_ROOT
 *     tuf-client --metadata-url URL --metadata-dir DIR refresh
 *     tuf-client --metadata-url URL --metadata-dir DIR --target-name NAME...
 *                --target-dir DIR --target-base-url URL download
 *
 * Exits with 0 if all was done and with 1 if not. Folders hold nothing but what was verified: trusted
 * metadata as ROLE.json, byte for byte as received, and targets, with names percent-encoded into one
 * component.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "catalog/tuf.h"
#include "tests/tuf-client/http.h"

/* Repositories of others may list more than ours do. */
#define TARGETS_MAX      (64u * 1024 * 1024)
#define TARGET_MAX       (256u * 1024 * 1024)
#define TARGET_NAMES_MAX 64

static const char *arg_metadata_url, *arg_metadata_dir, *arg_target_dir, *arg_target_base_url;
static const char *arg_target_names[TARGET_NAMES_MAX];
static unsigned arg_n_target_names;

typedef struct Client {
        int metadata; /* folder */
        int targets;  /* folder, or -1 */
        Http *http;
        Tuf *tuf;
} Client;

static int on_fetch(void *userdata, const char *name, size_t max, uint8_t **ret_bytes,
                    size_t *ret_n_bytes, Fault *fault) {
        Client *client = userdata;

        return http_get(client->http, arg_metadata_url, name, max, ret_bytes, ret_n_bytes, fault);
}

static int on_load(void *userdata, const char *role, uint8_t **ret_bytes, size_t *ret_n_bytes) {
        Client *client = userdata;
        char name[TUF_FILE_NAME_SIZE];
        int r;

        r = tuf_file_name(role, 0, name);
        return r < 0 ? r : file_read(client->metadata, name, TARGETS_MAX, ret_bytes, ret_n_bytes);
}

static int on_store(void *userdata, const char *role, int64_t version, const uint8_t *bytes,
                    size_t n_bytes) {
        Client *client = userdata;
        char name[TUF_FILE_NAME_SIZE];
        int r;

        (void)version;
        r = tuf_file_name(role, 0, name);
        if (r < 0)
                return r;
        if (n_bytes > 0)
                return file_write_atomic(client->metadata, name, bytes, n_bytes, 0644);
        return unlinkat(client->metadata, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

/* One component below the folder of targets: no name of a repository leads out of it. */
static int local_name(const char *target, char ret_name[NAME_MAX + 1]) {
        char name[TUF_FILE_NAME_SIZE];
        int r;

        r = tuf_file_name(target, 0, name);
        if (r < 0)
                return r;
        name[strlen(name) - strlen(".json")] = '\0';
        if (strcmp(name, "") == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
                return -EINVAL;
        text_format(ret_name, NAME_MAX + 1, "%s", name);
        return 0;
}

static int download(Client *client, const char *name, Fault *fault) {
        _cleanup_free_ char *file = NULL, *escaped = NULL;
        _cleanup_free_ uint8_t *bytes = NULL;
        char local[NAME_MAX + 1];
        TufTarget target;
        size_t n_bytes;
        int r;

        r = tuf_find(client->tuf, name, &target, fault);
        if (r == -ENOENT)
                return fault_set(fault, FAULT_NOT_FOUND, "no role lists it");
        if (r < 0)
                return r;
        r = local_name(name, local);
        if (r < 0)
                return r;
        if (target.meta.length > TARGET_MAX)
                return fault_set(fault, FAULT_FETCH_TOO_LARGE, "it has more than %u bytes",
                                 TARGET_MAX);
        /* What is there already is left alone, with its date. */
        if (file_read(client->targets, local, (size_t)target.meta.length, &bytes, &n_bytes) == 0) {
                if (file_meta_check(&target.meta, name, bytes, n_bytes, NULL) == 0)
                        return 0;
                free(TAKE(bytes));
        }
        r = tuf_target_file(client->tuf, &target, &file);
        if (r == -ENOTSUP)
                return fault_set(fault, FAULT_CATALOG_MISMATCH,
                                 "none of its hashes is of a kind that can be checked");
        if (r < 0)
                return r;
        escaped = http_escape_path(file);
        if (!escaped)
                return -ENOMEM;
        r = http_get(client->http, arg_target_base_url, escaped, (size_t)target.meta.length, &bytes,
                     &n_bytes, fault);
        if (r == -ENOENT)
                return fault_set(fault, FAULT_NOT_FOUND, "the mirror has no %s", escaped);
        if (r == 0)
                r = file_meta_check(&target.meta, name, bytes, n_bytes, fault);
        return r < 0 ? r : file_write_atomic(client->targets, local, bytes, n_bytes, 0644);
}

/* Two clients must not mix their steps; the lock is on the folder, so that no file of it is seen. */
static int open_folder(const char *path, int *ret_fd) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0 || flock(fd, LOCK_EX) < 0)
                return -errno;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int command_init(Client *client, const char *trusted_root, Fault *fault) {
        _cleanup_free_ uint8_t *bytes = NULL;
        size_t n_bytes;
        int r;

        (void)fault;
        r = file_read(AT_FDCWD, trusted_root, METADATA_ROOT_MAX, &bytes, &n_bytes);
        return r < 0 ? r : on_store(client, "root", 0, bytes, n_bytes);
}

static int command_refresh(Client *client, Fault *fault) {
        TufIo io = { .fetch = on_fetch, .load = on_load, .store = on_store, .userdata = client };
        TufOptions options = { .start_time = clock_realtime(), .targets_max = TARGETS_MAX };
        int r;

        r = http_new(&client->http);
        if (r == 0)
                r = tuf_new(&io, &options, &client->tuf);
        return r < 0 ? r : tuf_refresh(client->tuf, fault);
}

static int command_download(Client *client, Fault *fault) {
        int r;

        r = open_folder(arg_target_dir, &client->targets);
        if (r == 0)
                r = command_refresh(client, fault);
        for (unsigned i = 0; r == 0 && i < arg_n_target_names; i++) {
                r = download(client, arg_target_names[i], fault);
                if (r < 0 && fault->code != FAULT_NONE)
                        (void)fault_prefix(fault, "%s", arg_target_names[i]);
        }
        return r;
}

static int usage(void) {
        (void)fputs(
                "usage: tuf-client --metadata-dir DIR init TRUSTED_ROOT\n"
                "       tuf-client --metadata-url URL --metadata-dir DIR refresh\n"
                "       tuf-client --metadata-url URL --metadata-dir DIR --target-name NAME...\n"
                "                  --target-dir DIR --target-base-url URL download\n",
                stderr);
        return EXIT_FAILURE;
}

static int parse_options(int argc, char *argv[]) {
        static const struct option options[] = {
                { "metadata-url", required_argument, NULL, 'u' },
                { "metadata-dir", required_argument, NULL, 'd' },
                { "target-name", required_argument, NULL, 'n' },
                { "target-dir", required_argument, NULL, 't' },
                { "target-base-url", required_argument, NULL, 'b' },
                {},
        };
        int c;

        while ((c = getopt_long(argc, argv, "+", options, NULL)) >= 0)
                switch (c) {
                case 'u': arg_metadata_url = optarg; break;
                case 'd': arg_metadata_dir = optarg; break;
                case 't': arg_target_dir = optarg; break;
                case 'b': arg_target_base_url = optarg; break;
                case 'n':
                        if (arg_n_target_names == TARGET_NAMES_MAX)
                                return -E2BIG;
                        arg_target_names[arg_n_target_names++] = optarg;
                        break;
                default: return -EINVAL;
                }
        return arg_metadata_dir && optind < argc ? 0 : -EINVAL;
}

static int run(Client *client, const char *command, const char *argument, Fault *fault) {
        if (strcmp(command, "init") == 0 && argument)
                return command_init(client, argument, fault);
        if (strcmp(command, "refresh") == 0 && arg_metadata_url && !argument)
                return command_refresh(client, fault);
        if (strcmp(command, "download") == 0 && arg_metadata_url && arg_target_dir &&
            arg_target_base_url && arg_n_target_names > 0 && !argument)
                return command_download(client, fault);
        return -EINVAL;
}

int main(int argc, char *argv[]) {
        Client client = { .metadata = -1, .targets = -1 };
        char shown[FAULT_TEXT_MAX];
        Fault fault = {};
        int r;

        if (parse_options(argc, argv) < 0)
                return usage();
        r = mkdir_parents(arg_metadata_dir, 0755);
        if (r == 0)
                r = open_folder(arg_metadata_dir, &client.metadata);
        if (r == 0)
                r = run(&client, argv[optind], argv[optind + 1], &fault);
        if (r == -EINVAL && fault.code == FAULT_NONE)
                (void)usage();
        else if (r < 0) {
                text_escape_utf8(fault.code != FAULT_NONE ? fault.text : strerror(-r), shown,
                                 sizeof(shown));
                (void)fprintf(stderr, "tuf-client: %s: %s\n", fault_name(fault.code), shown);
        }
        (void)tuf_free(client.tuf);
        (void)http_free(client.http);
        closep(&client.targets);
        closep(&client.metadata);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
