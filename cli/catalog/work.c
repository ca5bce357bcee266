/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/catalog/work.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "catalog/tuf.h"
#include "cli/catalog/settings.h"

int cannot(Fault *fault, const char *what, const char *path, int error) {
        char shown[256];

        text_escape_utf8(path, shown, sizeof(shown));
        return fault_set(fault, FAULT_INTERNAL, "cannot %s %s: %s", what, shown,
                         strerror(error < 0 ? -error : error));
}

MetadataType work_type_of(const char *role) {
        for (MetadataType type = 0; type < _METADATA_TYPE_MAX; type++)
                if (strcmp(role, metadata_type_name(type)) == 0)
                        return type;

        return METADATA_TARGETS;
}

Work *work_close(Work *work) {
        if (!work)
                return NULL;

        if (work->lock_fd >= 0)
                (void)close(work->lock_fd);
        if (work->fd >= 0)
                (void)close(work->fd);
        free(work->path);
        free(work->keys);
        free(work);
        return NULL;
}

static int work_new(const char *path, const char *keys, Work **ret_work, Fault *fault) {
        _cleanup_(work_closep) Work *work = calloc(1, sizeof(*work));

        if (!work)
                return -ENOMEM;
        work->fd = work->lock_fd = -1;

        work->path = strdup(path);
        if (!work->path)
                return -ENOMEM;
        if (asprintf(&work->keys, "%s%s", keys ? keys : path, keys ? "" : "/keys") < 0) {
                work->keys = NULL;
                return -ENOMEM;
        }

        work->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (work->fd < 0)
                return cannot(fault, "open the work folder", path, errno);

        *ret_work = TAKE(work);
        return 0;
}

static int lock(Work *work, Fault *fault) {
        work->lock_fd = openat(work->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (work->lock_fd < 0)
                return cannot(fault, "lock", work->path, errno);
        if (flock(work->lock_fd, LOCK_EX | LOCK_NB) < 0)
                return fault_set(fault, FAULT_BUSY, "%s is being changed by another discfw-catalog",
                                 work->path);
        return 0;
}

int work_open(const char *path, const char *keys, bool write, Work **ret_work, Fault *fault) {
        _cleanup_(work_closep) Work *work = NULL;
        int r;

        r = work_new(path, keys, &work, fault);
        if (r < 0)
                return r;

        r = settings_read(work->fd, &work->settings, fault);
        if (r == -ENOENT)
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "%s is no work folder: it has no %s; make one with "
                                 "\"discfw-catalog init DIR --name NAME\", or name it with -C",
                                 path, SETTINGS_FILE);
        if (r < 0)
                return r;

        if (write) {
                r = lock(work, fault);
                if (r < 0)
                        return r;
        }

        *ret_work = TAKE(work);
        return 0;
}

static bool is_empty(int fd) {
        DIR *dir = fdopendir(dup(fd));
        const struct dirent *d;
        unsigned n = 0;

        if (!dir)
                return false;
        while ((d = readdir(dir)))
                n += strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
        (void)closedir(dir);
        return n == 0;
}

int work_make(const char *path, const char *keys, const WorkSettings *settings, Work **ret_work,
              Fault *fault) {
        static const char *const folders[] = { "metadata", "draft", "images" };
        _cleanup_(work_closep) Work *work = NULL;
        int r;

        r = mkdir_parents(path, 0755);
        if (r < 0)
                return cannot(fault, "make", path, r);
        r = work_new(path, keys, &work, fault);
        if (r < 0)
                return r;
        if (!is_empty(work->fd))
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "%s is not empty: a catalog needs a folder of its own%s", path,
                                 faccessat(work->fd, "metadata/1.timestamp.json", F_OK, 0) < 0 &&
                                                 faccessat(work->fd, "metadata", F_OK, 0) == 0
                                         ? "; this one is of an init that was cut off: remove it"
                                         : "");

        r = mkdir_parents(work->keys, 0700);
        if (r < 0)
                return cannot(fault, "make", work->keys, r);
        for (size_t i = 0; i < N_ELEMENTS(folders); i++)
                if (mkdirat(work->fd, folders[i], 0755) < 0)
                        return cannot(fault, "make", folders[i], errno);

        work->settings = *settings;
        r = lock(work, fault);
        if (r < 0)
                return r;
        r = settings_write(work->fd, settings, fault);
        if (r < 0)
                return r;

        *ret_work = TAKE(work);
        return 0;
}

/* Names of roles are checked when a maker is added; a slash in one would still leave the folder. */
static int signed_name(const char *role, int64_t version, char ret_name[TUF_FILE_NAME_SIZE + 16]) {
        char file[TUF_FILE_NAME_SIZE];
        int r = tuf_file_name(role, version, file);

        if (r < 0)
                return r;
        text_format(ret_name, TUF_FILE_NAME_SIZE + 16, "metadata/%s", file);
        return 0;
}

static int draft_name(const char *role, char ret_name[TUF_FILE_NAME_SIZE + 16]) {
        char file[TUF_FILE_NAME_SIZE];
        int r = tuf_file_name(role, 0, file);

        if (r < 0)
                return r;
        text_format(ret_name, TUF_FILE_NAME_SIZE + 16, "draft/%s", file);
        return 0;
}

/* The version in "VERSION.ROLE.json", or 0 if the name is another's. */
static int64_t version_in(const char *name, const char *role) {
        char wanted[TUF_FILE_NAME_SIZE];
        int64_t version;
        char *end;

        if (*name < '1' || *name > '9')
                return 0;
        errno = 0;
        version = strtoll(name, &end, 10);
        if (errno || version >= INT64_MAX || tuf_file_name(role, version, wanted) < 0)
                return 0;
        return strcmp(name, wanted) == 0 ? version : 0;
}

int work_version(const Work *work, const char *role, int64_t *ret_version, Fault *fault) {
        int fd = openat(work->fd, "metadata", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
        const struct dirent *d;
        int64_t newest = 0;

        if (!dir) {
                int error = errno;

                if (fd >= 0)
                        (void)close(fd);
                return cannot(fault, "read", "metadata", error);
        }

        while ((d = readdir(dir))) {
                int64_t version = version_in(d->d_name, role);

                if (version > newest)
                        newest = version;
        }
        (void)closedir(dir);

        *ret_version = newest;
        return 0;
}

int work_read_signed(const Work *work, const char *role, int64_t version, uint8_t **ret_bytes,
                     size_t *ret_n_bytes, Fault *fault) {
        char name[TUF_FILE_NAME_SIZE + 16];
        int r = signed_name(role, version, name);

        if (r < 0)
                return r;
        r = file_read(work->fd, name, METADATA_TARGETS_MAX, ret_bytes, ret_n_bytes);
        return r < 0 ? cannot(fault, "read", name, r) : 0;
}

int work_write_signed(const Work *work, const char *role, int64_t version, const char *text,
                      Fault *fault) {
        char name[TUF_FILE_NAME_SIZE + 16];
        int r = signed_name(role, version, name);

        if (r < 0)
                return r;
        /* What clients may have seen is never replaced. */
        if (faccessat(work->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                return cannot(fault, "write", name, EEXIST);
        r = file_write_atomic(work->fd, name, text, strlen(text), 0644);
        return r < 0 ? cannot(fault, "write", name, r) : 0;
}

static int parse_file(const char *name, const uint8_t *bytes, size_t n_bytes, json_t **ret_json,
                      Fault *fault) {
        char why[128];
        int r = json_parse(bytes, n_bytes, ret_json, why, sizeof(why));

        if (r == -EBADMSG)
                return fault_set(fault, FAULT_CATALOG_MALFORMED, "cannot read %s: %s", name, why);
        return r;
}

int work_signed_body(const Work *work, const char *role, json_t **ret_body, Fault *fault) {
        _cleanup_free_ uint8_t *bytes = NULL;
        _cleanup_json_ json_t *document = NULL;
        json_t *body;
        size_t n_bytes;
        int64_t version;
        int r;

        r = work_version(work, role, &version, fault);
        if (r < 0)
                return r;
        if (version == 0)
                return fault_set(fault, FAULT_BAD_REQUEST, "there is no role \"%s\"", role);
        r = work_read_signed(work, role, version, &bytes, &n_bytes, fault);
        if (r < 0)
                return r;
        r = parse_file(role, bytes, n_bytes, &document, fault);
        if (r < 0)
                return r;
        if (!json_get_object(document, "signed", &body))
                return fault_set(fault, FAULT_CATALOG_MALFORMED,
                                 "cannot read version %" PRId64 " of %s: it has no signed part",
                                 version, role);

        *ret_body = json_incref(body);
        return 0;
}

bool work_has_draft(const Work *work, const char *role) {
        char name[TUF_FILE_NAME_SIZE + 16];

        return draft_name(role, name) == 0 &&
               faccessat(work->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int work_body(const Work *work, const char *role, json_t **ret_body, Fault *fault) {
        _cleanup_free_ uint8_t *bytes = NULL;
        char name[TUF_FILE_NAME_SIZE + 16];
        size_t n_bytes;
        int r = draft_name(role, name);

        if (r < 0)
                return r;
        r = file_read(work->fd, name, METADATA_TARGETS_MAX, &bytes, &n_bytes);
        if (r == -ENOENT)
                return work_signed_body(work, role, ret_body, fault);
        if (r < 0)
                return cannot(fault, "read", name, r);
        return parse_file(name, bytes, n_bytes, ret_body, fault);
}

int work_write_draft(const Work *work, const char *role, const json_t *body, Fault *fault) {
        _cleanup_free_ char *text = json_dumps(body, JSON_INDENT(2));
        char name[TUF_FILE_NAME_SIZE + 16];
        int r;

        if (!text)
                return -ENOMEM;
        r = draft_name(role, name);
        if (r < 0)
                return r;
        r = file_write_atomic(work->fd, name, text, strlen(text), 0644);
        return r < 0 ? cannot(fault, "write", name, r) : 0;
}

int work_drop_draft(const Work *work, const char *role, Fault *fault) {
        char name[TUF_FILE_NAME_SIZE + 16];
        int r = draft_name(role, name);

        if (r < 0)
                return r;
        if (unlinkat(work->fd, name, 0) < 0 && errno != ENOENT)
                return cannot(fault, "remove", name, errno);
        return 0;
}

int work_each_targets_role(const Work *work, WorkOnRole on_role, void *userdata, Fault *fault) {
        _cleanup_json_ json_t *body = NULL;
        const json_t *role;
        size_t i;
        int r;

        r = work_body(work, "targets", &body, fault);
        if (r < 0)
                return r;

        r = on_role(userdata, "targets", fault);
        json_array_foreach(json_object_get(json_object_get(body, "delegations"), "roles"), i,
                           role) {
                const char *name = json_string_value(json_object_get(role, "name"));

                if (r < 0)
                        break;
                if (name)
                        r = on_role(userdata, name, fault);
        }

        return r;
}

int work_write_image(const Work *work, const char *sha256, const uint8_t *image, size_t n_image,
                     Fault *fault) {
        char name[80];
        int r;

        text_format(name, sizeof(name), "images/%s", sha256);
        r = file_write_atomic(work->fd, name, image, n_image, 0644);
        return r < 0 ? cannot(fault, "write", name, r) : 0;
}

int work_drop_image(const Work *work, const char *sha256, Fault *fault) {
        char name[80];

        text_format(name, sizeof(name), "images/%s", sha256);
        if (unlinkat(work->fd, name, 0) < 0 && errno != ENOENT)
                return cannot(fault, "remove", name, errno);
        return 0;
}

int work_read_image(const Work *work, const char *sha256, uint8_t **ret_image, size_t *ret_n_image,
                    Fault *fault) {
        char name[80];
        int r;

        text_format(name, sizeof(name), "images/%s", sha256);
        r = file_read(work->fd, name, IMAGE_LENGTH_MAX, ret_image, ret_n_image);
        return r < 0 && r != -ENOENT ? cannot(fault, "read", name, r) : r;
}
