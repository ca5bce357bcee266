/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The folder that mirrors serve:
 *
 *     timestamp.json  N.root.json  N.snapshot.json  N.targets.json  N.MAKER.json
 *     targets/drive/HEX24/SHA256.NAME
 *
 * With consistent snapshots nothing that is there is ever changed but timestamp.json, which is written
 * last: a client sees the old state or the new one, and one that is at it goes on with the old. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "catalog/tuf.h"
#include "cli/catalog/maker.h"
#include "cli/catalog/sign.h"

typedef struct Publication {
        const Work *work;
        int fd;
        const char *path;
        unsigned n_written;
} Publication;

/* Writes what is not there yet. Other content under the same name is another catalog's, or that of a
 * work folder that went its own way. */
static int put_once(Publication *publication, const char *name, const void *bytes, size_t n_bytes,
                    Fault *fault) {
        _cleanup_free_ uint8_t *there = NULL;
        size_t n_there;
        int r;

        r = file_read(publication->fd, name, n_bytes, &there, &n_there);
        if (r == 0 && n_there == n_bytes && memcmp(there, bytes, n_bytes) == 0)
                return 0;
        if (r == 0 || r == -EFBIG)
                return fault_set(fault, FAULT_CATALOG_MISMATCH,
                                 "%s/%s is there, and is another than ours: was it published from "
                                 "another work folder?",
                                 publication->path, name);
        if (r != -ENOENT)
                return cannot(fault, "read", name, r);

        r = file_write_atomic(publication->fd, name, bytes, n_bytes, 0644);
        if (r < 0)
                return cannot(fault, "write", name, r);
        publication->n_written++;
        return 0;
}

static int put_role(Publication *publication, const char *role, int64_t version, Fault *fault) {
        _cleanup_free_ uint8_t *bytes = NULL;
        char name[TUF_FILE_NAME_SIZE];
        size_t n_bytes;
        int r;

        r = work_read_signed(publication->work, role, version, &bytes, &n_bytes, fault);
        if (r == 0)
                r = tuf_file_name(role, version, name);
        return r < 0 ? r : put_once(publication, name, bytes, n_bytes, fault);
}

static int put_image(Publication *publication, const char *path, const char *hash, Fault *fault) {
        _cleanup_free_ uint8_t *image = NULL;
        _cleanup_free_ char *folder = NULL, *name = NULL;
        const char *slash = strrchr(path, '/');
        size_t n_image;
        int r;

        if (!slash || strstr(path, ".."))
                return fault_set(fault, FAULT_CATALOG_MALFORMED, "%s is no target", path);
        r = work_read_image(publication->work, hash, &image, &n_image, fault);
        if (r == -ENOENT)
                return 0; /* everybody brings their own */
        if (r < 0)
                return r;

        if (asprintf(&folder, "%s/targets/%.*s", publication->path, (int)(slash - path), path) < 0)
                folder = NULL;
        if (asprintf(&name, "targets/%.*s/%s.%s", (int)(slash - path), path, hash, slash + 1) < 0)
                name = NULL;
        if (!folder || !name)
                return -ENOMEM;
        r = mkdir_parents(folder, 0755);
        if (r < 0)
                return cannot(fault, "make", folder, r);
        return put_once(publication, name, image, n_image, fault);
}

/* What a snapshot lists: the images of each role, then the role. */
static int put_targets(Publication *publication, const json_t *snapshot, Fault *fault) {
        const char *file;
        json_t *meta;

        json_object_foreach(json_object_get(snapshot, "meta"), file, meta) {
                _cleanup_json_ json_t *document = NULL;
                _cleanup_free_ uint8_t *bytes = NULL;
                _cleanup_free_ char *role = strndup(file, strlen(file) - strlen(".json"));
                int64_t version = json_integer_value(json_object_get(meta, "version"));
                const char *path;
                json_t *target;
                size_t n_bytes;
                int r;

                if (!role)
                        return -ENOMEM;
                r = work_read_signed(publication->work, role, version, &bytes, &n_bytes, fault);
                if (r == 0)
                        r = json_parse(bytes, n_bytes, &document, NULL, 0);
                json_object_foreach(json_object_get(json_object_get(document, "signed"), "targets"),
                                    path, target) {
                        const char *hash = json_string_value(
                                json_object_get(json_object_get(target, "hashes"), "sha256"));

                        if (r == 0 && hash)
                                r = put_image(publication, path, hash, fault);
                }
                if (r == 0)
                        r = put_role(publication, role, version, fault);
                if (r < 0)
                        return r;
        }

        return 0;
}

/* The version of the timestamp that is there; 0 if there is none. */
static int published_version(const Publication *publication, int64_t *ret_version, Fault *fault) {
        _cleanup_free_ uint8_t *bytes = NULL;
        _cleanup_json_ json_t *document = NULL;
        size_t n_bytes;
        int r;

        r = file_read(publication->fd, "timestamp.json", METADATA_TIMESTAMP_MAX, &bytes, &n_bytes);
        if (r == -ENOENT) {
                *ret_version = 0;
                return 0;
        }
        if (r < 0)
                return cannot(fault, "read", "timestamp.json", r);

        r = json_parse(bytes, n_bytes, &document, NULL, 0);
        if (r == -ENOMEM)
                return r;
        *ret_version =
                json_integer_value(json_object_get(json_object_get(document, "signed"), "version"));
        return 0;
}

static int put_timestamp(Publication *publication, int64_t version, Fault *fault) {
        _cleanup_free_ uint8_t *bytes = NULL;
        size_t n_bytes;
        int r;

        r = work_read_signed(publication->work, "timestamp", version, &bytes, &n_bytes, fault);
        if (r < 0)
                return r;
        r = file_write_atomic(publication->fd, "timestamp.json", bytes, n_bytes, 0644);
        return r < 0 ? cannot(fault, "write", "timestamp.json", r) : 0;
}

/* Clients would refuse it; better that the maintainer hears it. */
static int check_state(const Work *work, const json_t *timestamp, Fault *fault) {
        const char *expires = json_string_value(json_object_get(timestamp, "expires"));
        int64_t time;
        bool good;
        int r;

        r = sign_is_good(work, "timestamp", &good, fault);
        if (r < 0)
                return r;
        if (!good)
                return fault_set(fault, FAULT_CATALOG_SIGNATURE,
                                 "the timestamp is not signed by its present key; run "
                                 "\"discfw-catalog sign\"");
        if (!expires || !clock_parse(expires, &time) || time <= clock_realtime())
                return fault_set(fault, FAULT_CATALOG_EXPIRED,
                                 "the timestamp was valid until %s; run \"discfw-catalog renew\"",
                                 expires ? expires : "nobody knows when");
        return 0;
}

static int warn_of_draft(void *userdata, const char *role, Fault *fault) {
        (void)fault;
        if (work_has_draft(userdata, role))
                log_warning("the draft of %s is not signed, and not published; run "
                            "\"discfw-catalog sign\"",
                            role);
        return 0;
}

static int publish(Publication *publication, Fault *fault) {
        const Work *work = publication->work;
        _cleanup_json_ json_t *timestamp = NULL, *snapshot = NULL;
        int64_t version, snapshot_version, root_version, there = 0;
        int r;

        if ((r = work_version(work, "timestamp", &version, fault)) < 0 ||
            (r = work_version(work, "snapshot", &snapshot_version, fault)) < 0 ||
            (r = work_version(work, "root", &root_version, fault)) < 0 ||
            (r = work_signed_body(work, "timestamp", &timestamp, fault)) < 0 ||
            (r = work_signed_body(work, "snapshot", &snapshot, fault)) < 0 ||
            (r = check_state(work, timestamp, fault)) < 0 ||
            (r = published_version(publication, &there, fault)) < 0)
                return r;
        if (there > version)
                return fault_set(fault, FAULT_CATALOG_ROLLED_BACK,
                                 "%s has version %" PRId64 " of the timestamp, and the work folder "
                                 "only %" PRId64 ": was it restored from a backup? Clients refuse "
                                 "to go back; copy the newer metadata/ into it",
                                 publication->path, there, version);

        r = put_targets(publication, snapshot, fault);
        if (r == 0)
                r = put_role(publication, "snapshot", snapshot_version, fault);
        for (int64_t v = 1; v <= root_version && r == 0; v++)
                r = put_role(publication, "root", v, fault);
        if (r == 0)
                r = put_timestamp(publication, version, fault);
        if (r == 0)
                printf("published version %" PRId64 " in %s: %u new files\n", version,
                       publication->path, publication->n_written);
        return r;
}

int verb_publish(const Arguments *arguments, Fault *fault) {
        _cleanup_(work_closep) Work *work = NULL;
        _cleanup_close_ int fd = -1;
        Publication publication = { .path = arguments->operands[0] };
        int r;

        r = open_work(arguments, true, &work, fault);
        if (r == 0)
                r = work_each_targets_role(work, warn_of_draft, work, fault);
        if (r < 0)
                return r;

        r = mkdir_parents(publication.path, 0755);
        if (r < 0)
                return cannot(fault, "make", publication.path, r);
        fd = open(publication.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return cannot(fault, "open", publication.path, errno);

        publication.work = work;
        publication.fd = fd;
        r = publish(&publication, fault);
        return r < 0 ? r : EXIT_DONE;
}
