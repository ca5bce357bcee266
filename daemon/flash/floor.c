/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flash/floor.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#define FLOOR_LENGTH_MAX 1024

/* Members of the file, in its order. */
static const struct {
        const char *name;
        size_t offset;
} members[] = {
        { "root", offsetof(Floor, root) },         { "timestamp", offsetof(Floor, timestamp) },
        { "snapshot", offsetof(Floor, snapshot) }, { "targets", offsetof(Floor, targets) },
        { "signed", offsetof(Floor, signed_at) },
};

static int64_t *member(Floor *floor, size_t i) {
        return (int64_t *)(void *)((char *)floor + members[i].offset);
}

static void file_name(const char *catalog, char *ret_name, size_t size) {
        text_format(ret_name, size, "floor.%s.json", catalog);
}

int floor_read(int folder, const char *catalog, Floor *ret_floor, Fault *fault) {
        _cleanup_free_ uint8_t *bytes = NULL;
        _cleanup_json_ json_t *json = NULL;
        char name[CATALOG_NAME_MAX + 16];
        Floor floor = {};
        size_t n;
        int r;

        file_name(catalog, name, sizeof(name));
        r = file_read(folder, name, FLOOR_LENGTH_MAX, &bytes, &n);
        if (r == -ENOENT) {
                *ret_floor = floor;
                return 0;
        }
        if (r == 0)
                r = json_parse(bytes, n, &json, NULL, 0);
        for (size_t i = 0; r == 0 && i < N_ELEMENTS(members); i++)
                if (!json_get_int(json, members[i].name, 0, INT64_MAX, member(&floor, i)))
                        r = -EBADMSG;
        if (r < 0)
                return fault_set(fault, FAULT_STORE,
                                 "cannot read %s, which says how far catalog %s has come: %s", name,
                                 catalog, strerror(-r));
        *ret_floor = floor;
        return 0;
}

int floor_check(const Floor *floor, const Floor *seen, const char *catalog, Fault *fault) {
        const int64_t *floor_values[] = { &floor->timestamp, &floor->snapshot, &floor->targets };
        const int64_t *seen_values[] = { &seen->timestamp, &seen->snapshot, &seen->targets };
        static const char *const names[] = { "timestamp", "snapshot", "targets" };

        if (seen->root < floor->root)
                return fault_set(fault, FAULT_CATALOG_ROLLED_BACK,
                                 "root of catalog %s is version %" PRId64 ", %" PRId64
                                 " was seen before",
                                 catalog, seen->root, floor->root);
        if (seen->root > floor->root)
                return 0;
        for (size_t i = 0; i < N_ELEMENTS(names); i++)
                if (*seen_values[i] < *floor_values[i])
                        return fault_set(fault, FAULT_CATALOG_ROLLED_BACK,
                                         "%s of catalog %s is version %" PRId64 ", %" PRId64
                                         " was seen before",
                                         names[i], catalog, *seen_values[i], *floor_values[i]);
        return 0;
}

int floor_write(int folder, const char *catalog, const Floor *floor, Fault *fault) {
        char name[CATALOG_NAME_MAX + 16], text[FLOOR_LENGTH_MAX];
        int r;

        file_name(catalog, name, sizeof(name));
        text_format(text, sizeof(text),
                    "{\"root\":%" PRId64 ",\"timestamp\":%" PRId64 ",\"snapshot\":%" PRId64
                    ",\"targets\":%" PRId64 ",\"signed\":%" PRId64 "}\n",
                    floor->root, floor->timestamp, floor->snapshot, floor->targets,
                    floor->signed_at);
        r = file_write_atomic(folder, name, text, strlen(text), 0600);
        if (r < 0)
                return fault_set(fault,
                                 r == -ENOSPC || r == -EDQUOT ? FAULT_STORE_FULL : FAULT_STORE,
                                 "cannot write %s: %s", name, strerror(-r));
        return 0;
}
