/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "catalog/entry-read.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"

static const char *const members[_ENTRY_OBJECT_MAX][22] = {
        [ENTRY_OBJECT_TOP] = { "schema", "family", "model", "version", "recipe", "image", "masks",
                               "edges", "after", "release_date", "channel", "evidence", "urgency",
                               "notes", "withdrawn", "hazards", "sources", NULL },
        [ENTRY_OBJECT_RECIPE] = { "piece", "command_ms", "commit_ms", "settle_ms", "ready_ms",
                                  "transports", "disc_out", NULL },
        [ENTRY_OBJECT_IMAGE] = { "checks", NULL },
        [ENTRY_OBJECT_CHECK] = { "offset", "bytes", NULL },
        [ENTRY_OBJECT_MASK] = { "offset", "mask", "value", NULL },
        [ENTRY_OBJECT_EDGE] = { "kind", "from", "irreversible", "loses", NULL },
        [ENTRY_OBJECT_AFTER] = { "model", "power_cycle", NULL },
};

const char *const *entry_members(EntryObject object) {
        assert(object < _ENTRY_OBJECT_MAX);
        return members[object];
}

int place_bad(const Place *place, const char *member, const char *what) {
        return fault_set(place->fault, FAULT_CATALOG_MALFORMED, "%s%s%s %s", place->name,
                         *place->name ? "." : "", member, what);
}

static bool is_extension(const char *member) {
        return strncmp(member, "x-", 2) == 0;
}

int place_enter(const json_t *json, const char *name, EntryObject kind, Fault *fault,
                Place *ret_place) {
        Place place = { .object = json, .fault = fault };
        const char *member;
        json_t *value;

        if (!json_is_object(json))
                return fault_set(fault, FAULT_CATALOG_MALFORMED, "%s is not an object", name);

        text_format(place.name, sizeof(place.name), "%s", kind == ENTRY_OBJECT_TOP ? "" : name);
        json_object_foreach((json_t *)json, member, value) {
                char shown[128];
                bool known = is_extension(member);

                for (unsigned i = 0; !known && members[kind][i]; i++)
                        known = strcmp(members[kind][i], member) == 0;
                if (known)
                        continue;

                text_escape_utf8(member, shown, sizeof(shown));
                return place_bad(&place, shown, "is not a member that an entry has");
        }

        *ret_place = place;
        return 0;
}

const char *place_nth(const char *name, size_t i, char ret_name[PLACE_NAME_SIZE]) {
        text_format(ret_name, PLACE_NAME_SIZE, "%s[%zu]", name, i);
        return ret_name;
}

int place_get_number(const Place *place, const char *member, uint32_t min, uint32_t max,
                     uint32_t *ret_number) {
        char wanted[64];
        int64_t number;

        if (!json_get_int(place->object, member, min, max, &number)) {
                text_format(wanted, sizeof(wanted), "is not an integer from %u to %u", min, max);
                return place_bad(place, member, wanted);
        }

        *ret_number = (uint32_t)number;
        return 0;
}

int place_get_bool(const Place *place, const char *member, bool *ret_bool) {
        if (json_object_get(place->object, member) &&
            !json_get_bool(place->object, member, ret_bool))
                return place_bad(place, member, "is neither true nor false");
        return 0;
}

static bool is_text(const json_t *json, size_t max, bool lines) {
        const char *text = json_string_value(json);
        size_t length = json_string_length(json);

        if (!text || length == 0 || length > max)
                return false;

        for (size_t i = 0; i < length; i++) {
                unsigned char c = (unsigned char)text[i];

                if ((c < 0x20 && !(lines && c == '\n')) || c == 0x7f)
                        return false;
        }

        return true;
}

int place_get_text(const Place *place, const char *member, size_t max, bool lines,
                   char **ret_text) {
        const json_t *json = json_object_get(place->object, member);
        char wanted[80];

        if (!json)
                return 0;
        if (!is_text(json, max, lines)) {
                text_format(wanted, sizeof(wanted),
                            "is not a text of 1 to %zu bytes without control characters", max);
                return place_bad(place, member, wanted);
        }

        *ret_text = strdup(json_string_value(json));
        return *ret_text ? 0 : -ENOMEM;
}

int place_get_texts(const Place *place, const char *member, size_t max, unsigned n_max,
                    char *ret_texts[], unsigned *ret_n_texts) {
        const json_t *array = json_object_get(place->object, member);
        char wanted[96];

        if (!array)
                return 0;

        text_format(
                wanted, sizeof(wanted),
                "is not a list of at most %u texts of 1 to %zu bytes without control characters",
                n_max, max);
        if (!json_is_array(array) || json_array_size(array) > n_max)
                return place_bad(place, member, wanted);

        for (size_t i = 0; i < json_array_size(array); i++) {
                const json_t *json = json_array_get(array, i);

                if (!is_text(json, max, false))
                        return place_bad(place, member, wanted);
                ret_texts[i] = strdup(json_string_value(json));
                if (!ret_texts[i])
                        return -ENOMEM;
                *ret_n_texts = (unsigned)i + 1;
        }

        return 0;
}

int place_get_name(const Place *place, const char *member, char *ret_name, size_t size) {
        const char *text;
        char wanted[80];

        text_format(wanted, sizeof(wanted),
                    "is not a name of 1 to %zu lower-case letters, digits and hyphens", size - 1);
        if (!json_get_string(place->object, member, &text) || *text == '\0' ||
            strlen(text) >= size ||
            strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(text))
                return place_bad(place, member, wanted);

        memcpy(ret_name, text, strlen(text) + 1);
        return 0;
}

int place_get_choice(const Place *place, const char *member, const char *(*name_of)(unsigned),
                     unsigned *ret_value) {
        const json_t *json = json_object_get(place->object, member);
        char wanted[128] = "is none of";

        if (!json)
                return 0;

        for (unsigned i = 0; name_of(i); i++) {
                size_t length = strlen(wanted);

                if (json_is_string(json) && strcmp(json_string_value(json), name_of(i)) == 0) {
                        *ret_value = i;
                        return 0;
                }
                text_format(wanted + length, sizeof(wanted) - length, "%s \"%s\"", i ? "," : "",
                            name_of(i));
        }

        return place_bad(place, member, wanted);
}

int place_get_revision(const Place *place, const char *member, const json_t *json,
                       char ret_revision[ENTRY_REVISION_SIZE]) {
        if (!json_is_string(json) || !revision_from_text(json_string_value(json), ret_revision))
                return place_bad(place, member,
                                 "is not a revision of 1 to 4 printable ASCII characters");
        return 0;
}

int place_get_model(const Place *place, const char *member, uint8_t ret_model[ENTRY_MODEL_LENGTH]) {
        const char *text;

        if (!json_get_string(place->object, member, &text) ||
            strspn(text, "0123456789abcdef") != strlen(text) ||
            !hex_decode(text, ret_model, ENTRY_MODEL_LENGTH))
                return place_bad(place, member, "is not 48 lower-case hexadecimal digits");
        return 0;
}

int place_get_bytes(const Place *place, const char *member, uint8_t *ret_bytes, size_t size,
                    uint8_t *ret_n_bytes) {
        const char *text;
        char wanted[64];
        size_t n_bytes;

        assert(size <= UINT8_MAX);
        if (!json_get_string(place->object, member, &text) ||
            !hex_decode_some(text, ret_bytes, size, &n_bytes) || n_bytes == 0) {
                text_format(wanted, sizeof(wanted), "is not 1 to %zu bytes in hexadecimal", size);
                return place_bad(place, member, wanted);
        }

        *ret_n_bytes = (uint8_t)n_bytes;
        return 0;
}

int place_get_list(const Place *place, const char *member, unsigned n_max, json_t **ret_array) {
        json_t *array = json_object_get(place->object, member);
        char wanted[64];

        if (!json_is_array(array) || json_array_size(array) > n_max) {
                text_format(wanted, sizeof(wanted), "is not a list of at most %u", n_max);
                return place_bad(place, member, wanted);
        }

        *ret_array = array;
        return 0;
}
