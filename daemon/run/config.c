/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Configuration: discfwd.conf, discfwd.conf.d, and one folder for each catalog in catalogs.d. Only root
 * writes there. A key that is not known is refused: a misspelt policy must not be taken for none. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <limits.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "run/daemon.h"

#define CONFIG_MAX 65536

typedef struct Reading {
        Daemon *daemon;
        CatalogConfig *catalog;
        char problem[256];
} Reading;

static int refuse(Reading *reading, const char *format, ...) _printf_(2, 3);

/* Zero is how a handler of this library says no. */
static int refuse(Reading *reading, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(reading->problem, sizeof(reading->problem), format, ap);
        va_end(ap);
        return 0;
}

static int on_setting(void *userdata, const char *section, const char *name, const char *value) {
        Reading *reading = userdata;
        Daemon *daemon = reading->daemon;

        if (strcmp(section, "policy") == 0 && strcmp(name, "reason") == 0) {
                if (strcmp(value, "never") == 0)
                        daemon->settings.reason = REASON_NEVER;
                else if (strcmp(value, "rollback") == 0)
                        daemon->settings.reason = REASON_ROLLBACK;
                else if (strcmp(value, "always") == 0)
                        daemon->settings.reason = REASON_ALWAYS;
                else
                        return refuse(reading, "reason is \"%s\", not never, rollback or always",
                                      value);
                return 1;
        }
        if (strcmp(section, "network") == 0 && strcmp(name, "proxy") == 0) {
                if (strlen(value) >= sizeof(daemon->proxy))
                        return refuse(reading, "the proxy is too long");
                text_format(daemon->proxy, sizeof(daemon->proxy), "%s", value);
                return 1;
        }
        return refuse(reading, "there is no \"%s\" in section [%s]", name, section);
}

static bool mirror_ok(const char *url) {
        return (strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0 ||
                url[0] == '/') &&
               strlen(url) < URL_MAX - 16 && text_is_plain(url);
}

static int on_catalog(void *userdata, const char *section, const char *name, const char *value) {
        Reading *reading = userdata;
        CatalogConfig *catalog = reading->catalog;

        if (strcmp(section, "catalog") != 0 || strcmp(name, "mirror") != 0)
                return refuse(reading, "there is no \"%s\" in section [%s]", name, section);
        if (!mirror_ok(value))
                return refuse(reading, "mirror \"%s\" is neither http(s):// nor a folder", value);
        if (catalog->n_mirrors == MIRRORS_MAX)
                return refuse(reading, "more mirrors than can be asked");
        text_format(catalog->mirrors[catalog->n_mirrors++], URL_MAX, "%s", value);
        return 1;
}

static int read_ini(const char *path, ini_handler handler, Reading *reading, Fault *fault) {
        _cleanup_free_ uint8_t *bytes = NULL;
        size_t n;
        int r;

        r = file_read(AT_FDCWD, path, CONFIG_MAX, &bytes, &n);
        if (r == -ENOENT)
                return r;
        if (r < 0)
                return fault_set(fault, FAULT_BAD_CONFIG, "cannot read %s: %s", path, strerror(-r));
        r = ini_parse_string((const char *)bytes, handler, reading);
        if (r != 0)
                return fault_set(fault, FAULT_BAD_CONFIG, "%s, line %d: %s", path, r,
                                 reading->problem[0] ? reading->problem : "not key=value");
        return 0;
}

/* Names of a folder in alphabetical order, those that end in SUFFIX. */
static int list(const char *path, struct dirent ***ret_entries) {
        int n = scandir(path, ret_entries, NULL, alphasort);

        return n < 0 ? -errno : n;
}

int config_load(Daemon *daemon, Fault *fault) {
        Reading reading = { .daemon = daemon };
        struct dirent **entries = NULL;
        char path[PATH_MAX];
        int r, n;

        text_format(path, sizeof(path), "%s/discfwd.conf", daemon->options.config);
        r = read_ini(path, on_setting, &reading, fault);
        if (r < 0 && r != -ENOENT)
                return r;
        text_format(path, sizeof(path), "%s/discfwd.conf.d", daemon->options.config);
        n = list(path, &entries);
        for (int i = 0; i < n; i++) {
                const char *name = entries[i]->d_name;
                size_t l = strlen(name);

                text_format(path, sizeof(path), "%s/discfwd.conf.d/%s", daemon->options.config,
                            name);
                if (l > 5 && strcmp(name + l - 5, ".conf") == 0 && fault->code == FAULT_NONE)
                        (void)read_ini(path, on_setting, &reading, fault);
                free(entries[i]);
        }
        free(entries);
        return fault->code == FAULT_NONE ? 0 : -EBADE;
}

static int load_catalog(Daemon *daemon, const char *name, CatalogConfig *catalog, Fault *fault) {
        Reading reading = { .daemon = daemon, .catalog = catalog };
        _cleanup_json_ json_t *root = NULL;
        _cleanup_free_ uint8_t *bytes = NULL;
        uint8_t digest[SHA256_LENGTH];
        json_t *is_signed;
        int64_t version;
        char path[PATH_MAX];
        size_t n;
        int r;

        *catalog = (CatalogConfig){};
        text_format(catalog->name, sizeof(catalog->name), "%s", name);
        text_format(path, sizeof(path), "%s/catalogs.d/%s/catalog.conf", daemon->options.config,
                    name);
        r = read_ini(path, on_catalog, &reading, fault);
        if (r == -ENOENT)
                return fault_set(fault, FAULT_BAD_CONFIG, "there is no %s", path);
        if (r < 0)
                return r;
        text_format(path, sizeof(path), "%s/catalogs.d/%s/root.json", daemon->options.config, name);
        r = file_read(AT_FDCWD, path, METADATA_ROOT_MAX, &bytes, &n);
        if (r < 0)
                return fault_set(fault, FAULT_BAD_CONFIG, "cannot read %s: %s", path, strerror(-r));
        if (json_parse(bytes, n, &root, NULL, 0) < 0 ||
            !json_get_object(root, "signed", &is_signed) ||
            !json_get_int(is_signed, "version", 1, INT64_MAX, &version) ||
            sha256(bytes, n, digest) < 0)
                return fault_set(fault, FAULT_BAD_CONFIG, "%s is no TUF root", path);
        catalog->root_version = (uint64_t)version;
        hex_encode(digest, sizeof(digest), catalog->root_sha256);
        return 0;
}

/* It is there and cannot be used: what is known of it, above all how new it was, must not be lost. */
static void keep_broken(const char *name, CatalogConfig *ret_config, const Fault *broken) {
        *ret_config = (CatalogConfig){ .broken = *broken };
        text_format(ret_config->name, sizeof(ret_config->name), "%s", name);
}

/* A catalog whose configuration is broken is kept and not used; the others work. */
int config_load_catalogs(Daemon *daemon, CatalogConfig *ret_configs, unsigned *ret_n_configs,
                         Fault *fault) {
        struct dirent **entries = NULL;
        char path[PATH_MAX];
        unsigned n_configs = 0;
        int n;

        text_format(path, sizeof(path), "%s/catalogs.d", daemon->options.config);
        n = list(path, &entries);
        if (n < 0 && n != -ENOENT)
                return fault_set(fault, FAULT_BAD_CONFIG, "cannot read %s: %s", path, strerror(-n));
        for (int i = 0; i < n; i++) {
                Fault broken = {};

                if (text_is_name(entries[i]->d_name, CATALOG_NAME_MAX)) {
                        if (n_configs == CATALOGS_MAX)
                                (void)fault_set(&broken, FAULT_LIMIT,
                                                "%s is one catalog more than the %d that can be "
                                                "kept",
                                                entries[i]->d_name, CATALOGS_MAX);
                        else if (load_catalog(daemon, entries[i]->d_name, &ret_configs[n_configs],
                                              &broken) < 0)
                                keep_broken(entries[i]->d_name, &ret_configs[n_configs++], &broken);
                        else
                                n_configs++;
                        if (broken.code != FAULT_NONE)
                                log_fault(LOG_LEVEL_ERROR, NULL, &broken);
                }
                free(entries[i]);
        }
        free(entries);
        *ret_n_configs = n_configs;
        return 0;
}
