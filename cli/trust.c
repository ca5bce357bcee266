/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"

#define NEW_PREFIX ".new-"
#define OLD_PREFIX ".old-"

bool trust_name_valid(const char *name) {
        return text_is_name(name, CATALOG_NAME_MAX);
}

bool trust_url_valid(const char *url) {
        const char *host = NULL;

        for (const char *p = url; *p; p++)
                if (*p <= 0x20 || *p > 0x7e)
                        return false;
        if (strlen(url) > TRUST_URL_MAX)
                return false;
        if (strncmp(url, "http://", 7) == 0)
                host = url + 7;
        else if (strncmp(url, "https://", 8) == 0)
                host = url + 8;
        else
                return url[0] == '/';
        return host[0] && host[0] != '/';
}

static int cannot(Fault *fault, const char *what, const char *path, int error) {
        return fault_set(fault,
                         error == EACCES || error == EPERM || error == EROFS ? FAULT_NOT_PERMITTED
                                                                             : FAULT_BAD_REQUEST,
                         "cannot %s %s: %s", what, path, strerror(error));
}

static int read_root(const char *file, uint8_t **ret_bytes, size_t *ret_n_bytes,
                     TrustRoot *ret_root, Fault *fault) {
        _cleanup_free_ uint8_t *bytes = NULL;
        _cleanup_json_ json_t *root = NULL;
        uint8_t digest[SHA256_LENGTH];
        json_t *content, *roles, *role, *keys;
        char problem[128];
        const char *type;
        size_t n_bytes;
        int r;

        r = file_read(AT_FDCWD, file, METADATA_ROOT_MAX, &bytes, &n_bytes);
        if (r < 0)
                return cannot(fault, "read", file, -r);
        r = json_parse(bytes, n_bytes, &root, problem, sizeof(problem));
        if (r < 0)
                return fault_set(fault, FAULT_CATALOG_MALFORMED, "%s is no root of a catalog: %s",
                                 file, r == -ENOMEM ? "out of memory" : problem);
        if (!json_get_object(root, "signed", &content) ||
            !json_get_string(content, "_type", &type) || strcmp(type, "root") != 0)
                return fault_set(fault, FAULT_CATALOG_MALFORMED,
                                 "%s is no root of a catalog: its \"_type\" is not \"root\"", file);
        if (sha256(bytes, n_bytes, digest) < 0)
                return fault_set(fault, FAULT_INTERNAL, "cannot hash %s", file);

        *ret_root = (TrustRoot){};
        hex_encode(digest, sizeof(digest), ret_root->sha256);
        (void)json_copy_string(content, "expires", ret_root->expires, sizeof(ret_root->expires));
        (void)json_get_int(content, "version", 1, INT64_MAX, &ret_root->version);
        if (json_get_object(content, "roles", &roles) && json_get_object(roles, "root", &role)) {
                (void)json_get_int(role, "threshold", 1, 1024, &ret_root->threshold);
                if (json_get_array(role, "keyids", &keys))
                        ret_root->n_keys = json_array_size(keys);
        }
        *ret_bytes = TAKE(bytes);
        *ret_n_bytes = n_bytes;
        return 0;
}

static int write_conf(int folder, char *const urls[], int n_urls) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        int r;

        if (!out)
                return -ENOMEM;
        (void)fputs("# Written by \"discfw catalog add\". Mirrors are tried in this order.\n"
                    "[catalog]\n",
                    out);
        for (int i = 0; i < n_urls; i++)
                (void)fprintf(out, "mirror=%s\n", urls[i]);
        if (fclose(out) != 0)
                return -ENOMEM;
        r = file_write_atomic(folder, "catalog.conf", text, size, 0644);
        return r;
}

/* Opens CONFIG/catalogs.d, making it where it is not there yet. */
static int open_catalogs(const char *config, bool make, int *ret_fd, Fault *fault) {
        char path[512];
        int fd, r = 0;

        text_format(path, sizeof(path), "%s/catalogs.d", config);
        if (make)
                r = mkdir_parents(path, 0755);
        if (r < 0)
                return cannot(fault, "make", path, -r);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return cannot(fault, "open", path, errno);
        *ret_fd = fd;
        return 0;
}

/* Removes a folder with the two files that we write, and says whether it is gone. */
static int remove_folder(int catalogs, const char *name) {
        _cleanup_close_ int fd =
                openat(catalogs, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        (void)unlinkat(fd, "root.json", 0);
        (void)unlinkat(fd, "catalog.conf", 0);
        return unlinkat(catalogs, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* Fills a hidden folder, and gives it the name that counts only when it is whole. */
static int write_catalog(int catalogs, const char *name, const uint8_t *root, size_t n_root,
                         char *const urls[], int n_urls) {
        _cleanup_close_ int fd = -1;
        char temporary[CATALOG_NAME_MAX + sizeof(NEW_PREFIX)];
        int r;

        text_format(temporary, sizeof(temporary), NEW_PREFIX "%s", name);
        (void)remove_folder(catalogs, temporary); /* of an earlier try that was cut off */
        if (mkdirat(catalogs, temporary, 0755) < 0)
                return -errno;
        fd = openat(catalogs, temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = file_write_atomic(fd, "root.json", root, n_root, 0644);
        if (r >= 0)
                r = write_conf(fd, urls, n_urls);
        if (r >= 0 && renameat2(catalogs, temporary, catalogs, name, RENAME_NOREPLACE) < 0)
                r = -errno;
        if (r < 0)
                (void)remove_folder(catalogs, temporary);
        else if (fsync(catalogs) < 0)
                r = -errno;
        return r;
}

int trust_add(const char *config, const char *name, const char *root_file, char *const urls[],
              int n_urls, TrustRoot *ret_root, Fault *fault) {
        _cleanup_free_ uint8_t *root = NULL;
        _cleanup_close_ int catalogs = -1;
        size_t n_root = 0;
        int r;

        /* Whom one trusts is no secret, and daemon and flash helper must be able to read it. */
        (void)umask(022);
        if (!trust_name_valid(name))
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "\"%s\" is no name for a catalog: wanted at most %d letters, "
                                 "digits, \"-\" and \"_\"",
                                 name, CATALOG_NAME_MAX);
        if (n_urls < 1 || n_urls > MIRRORS_MAX)
                return fault_set(fault, FAULT_BAD_REQUEST, "%d mirrors, wanted 1 to %d", n_urls,
                                 MIRRORS_MAX);
        for (int i = 0; i < n_urls; i++)
                if (!trust_url_valid(urls[i]))
                        return fault_set(fault, FAULT_BAD_REQUEST,
                                         "\"%s\" is no mirror: wanted http://, https://, or an "
                                         "absolute folder, of at most %d bytes",
                                         urls[i], TRUST_URL_MAX);
        r = read_root(root_file, &root, &n_root, ret_root, fault);
        if (r < 0)
                return r;
        r = open_catalogs(config, true, &catalogs, fault);
        if (r < 0)
                return r;
        r = write_catalog(catalogs, name, root, n_root, urls, n_urls);
        if (r == -EEXIST)
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "catalog \"%s\" exists; remove it first to trust another root",
                                 name);
        return r < 0 ? cannot(fault, "write below", config, -r) : 0;
}

int trust_remove(const char *config, const char *name, Fault *fault) {
        _cleanup_close_ int catalogs = -1;
        char old[CATALOG_NAME_MAX + sizeof(OLD_PREFIX)];
        int r;

        if (!trust_name_valid(name))
                return fault_set(fault, FAULT_NO_SUCH_CATALOG, "no catalog \"%s\"", name);
        r = open_catalogs(config, false, &catalogs, fault);
        if (r < 0)
                return r;
        text_format(old, sizeof(old), OLD_PREFIX "%s", name);
        (void)remove_folder(catalogs, old);
        if (renameat(catalogs, name, catalogs, old) < 0) {
                if (errno == ENOENT)
                        return fault_set(fault, FAULT_NO_SUCH_CATALOG, "no catalog \"%s\" in %s",
                                         name, config);
                return cannot(fault, "remove", name, errno);
        }
        r = remove_folder(catalogs, old);
        if (r < 0)
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "catalog \"%s\" is trusted no more, but %s/catalogs.d/%s still "
                                 "holds files: %s",
                                 name, config, old, strerror(-r));
        return fsync(catalogs) < 0 ? cannot(fault, "write", config, errno) : 0;
}
