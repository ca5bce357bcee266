/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes one repository at several moments of its life, for tests/system/tuf-client.sh: what a mirror
 * serves then lies in FOLDER/MOMENT/metadata and FOLDER/MOMENT/targets.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "tests/unit/test.h"
#include "tests/unit/tuf-repository.h"

static const char *folder;

static void save(Repository *repository, const char *moment) {
        char path[4096];

        (void)snprintf(path, sizeof(path), "%s/%s/metadata", folder, moment);
        assert_int_equal(mkdir_parents(path, 0755), 0);
        repository_dump(repository, path);
        (void)snprintf(path, sizeof(path), "%s/%s/targets/sub", folder, moment);
        assert_int_equal(mkdir_parents(path, 0755), 0);
}

static void save_target(const char *moment, const char *content, const char *served,
                        const char *name) {
        uint8_t digest[SHA256_LENGTH];
        char hex[2 * SHA256_LENGTH + 1], path[4096];

        assert_int_equal(sha256(content, strlen(content), digest), 0);
        hex_encode(digest, sizeof(digest), hex);
        (void)snprintf(path, sizeof(path), "%s/%s/targets/sub/%s.%s", folder, moment, hex, name);
        assert_int_equal(file_write_atomic(AT_FDCWD, path, served, strlen(served), 0644), 0);
}

int main(int argc, char *argv[]) {
        _cleanup_(repository_freep) Repository *repository = repository_new();

        if (argc != 2)
                return 1;
        folder = argv[1];

        repository_add_target(repository, "targets", "sub/file.txt", "first");
        (void)repository_delegate(repository, "targets", "maker", "sub/*", NULL, false);
        repository_add_target(repository, "maker", "sub/other.txt", "other");
        repository_publish_all(repository, "maker", "targets", "snapshot", "timestamp", NULL);
        save(repository, "first");
        save_target("first", "first", "first", "file.txt");
        save_target("first", "other", "other", "other.txt");

        repository_add_target(repository, "targets", "sub/file.txt", "second");
        repository_add_target(repository, "targets", "sub/bad.txt", "as signed");
        repository_publish_all(repository, "root", "targets", "snapshot", "timestamp", NULL);
        save(repository, "second");
        save_target("second", "second", "second", "file.txt");
        save_target("second", "other", "other", "other.txt");
        save_target("second", "as signed", "as forged", "bad.txt");

        repository_set_version(repository, "timestamp", 2);
        repository_publish(repository, "timestamp");
        save(repository, "rolled-back");

        repository_set_version(repository, "timestamp", 4);
        repository_publish_all(repository, "snapshot", "timestamp", NULL);
        repository_unserve(repository, "4.snapshot.json");
        save(repository, "incomplete");

        repository_clear_signers(repository, "root");
        repository_publish(repository, "root");
        save(repository, "forged");
        return 0;
}
