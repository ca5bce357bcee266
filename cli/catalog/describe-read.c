/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/catalog/describe-read.h"

#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <string.h>

#include "base/hex.h"
#include "base/text.h"
#include "catalog/entry.h"

/* libinih reads lines of up to 200 bytes and takes the rest for the next line. */
#define LINE_MAX 190

#define VALUE_SIZE 256

typedef enum ValueKind {
        VALUE_TEXT,
        VALUE_LINES,  /* given again: one more line */
        VALUE_LIST,   /* given again: one more */
        VALUE_NUMBER, /* decimal, or hexadecimal after 0x */
        VALUE_FLAG,   /* yes or no */
        VALUE_WORDS,
        VALUE_MASK,  /* OFFSET MASK VALUE */
        VALUE_CHECK, /* OFFSET BYTES, or OFFSET "text" */
} ValueKind;

/* Keys and the members that they become. OBJECT "extra" is no part of an entry. */
static const struct {
        const char *key, *object, *member;
        ValueKind kind;
        bool of_drive; /* stands in [drive] only */
} faces[] = {
        { "family", NULL, "family", VALUE_TEXT, true },
        { "vendor", "extra", "vendor", VALUE_TEXT, true },
        { "product", "extra", "product", VALUE_TEXT, true },
        { "piece", "recipe", "piece", VALUE_NUMBER, false },
        { "command-ms", "recipe", "command_ms", VALUE_NUMBER, false },
        { "commit-ms", "recipe", "commit_ms", VALUE_NUMBER, false },
        { "settle-ms", "recipe", "settle_ms", VALUE_NUMBER, false },
        { "ready-ms", "recipe", "ready_ms", VALUE_NUMBER, false },
        { "transports", "recipe", "transports", VALUE_WORDS, false },
        { "disc-out", "recipe", "disc_out", VALUE_FLAG, false },
        { "check", "image", "checks", VALUE_CHECK, false },
        { "mask", NULL, "masks", VALUE_MASK, false },
        { "vendor-after", "extra", "vendor-after", VALUE_TEXT, false },
        { "product-after", "extra", "product-after", VALUE_TEXT, false },
        { "power-cycle", "after", "power_cycle", VALUE_FLAG, false },
        { "release-date", NULL, "release_date", VALUE_TEXT, false },
        { "channel", NULL, "channel", VALUE_TEXT, false },
        { "evidence", NULL, "evidence", VALUE_TEXT, false },
        { "urgency", NULL, "urgency", VALUE_TEXT, false },
        { "notes", NULL, "notes", VALUE_LINES, false },
        { "withdrawn", NULL, "withdrawn", VALUE_TEXT, false },
        { "hazard", NULL, "hazards", VALUE_LIST, false },
        { "source", NULL, "sources", VALUE_LIST, false },
        { "file", "extra", "file", VALUE_TEXT, false },
        { "name", "extra", "name", VALUE_TEXT, false },
        { "length", "extra", "length", VALUE_NUMBER, false },
        { "sha256", "extra", "sha256", VALUE_TEXT, false },
        { "publish", "extra", "publish", VALUE_FLAG, false },
};

typedef struct Reading {
        json_t *drive, *images;
        json_t *section; /* borrowed: the one being read */
        json_t *given;   /* keys of this section */
        char name[64];
        Fault *fault;
        int r;
} Reading;

/* Takes the next word off *TEXT: bare, or in quotes if it holds blanks. False at the end, or if a
 * quote is not closed (then *RET_BAD is set). */
static bool next_word(const char **text, char *ret_word, size_t size, bool *ret_bad) {
        const char *p = *text + strspn(*text, " \t,");
        size_t length;

        *ret_bad = false;
        if (!*p)
                return false;

        if (*p == '"') {
                length = strcspn(++p, "\"");
                *ret_bad = p[length] == '\0';
                *text = p + length + !*ret_bad;
        } else {
                length = strcspn(p, " \t,");
                *text = p + length;
        }

        *ret_bad = *ret_bad || length >= size;
        if (*ret_bad)
                return false;
        memcpy(ret_word, p, length);
        ret_word[length] = '\0';
        return true;
}

static int bad_value(Reading *reading, const char *key, const char *wanted) {
        return fault_set(reading->fault, FAULT_BAD_REQUEST, "%s is not %s", key, wanted);
}

static int take_new(json_t *object, const char *member, json_t *value) {
        return json_object_set_new(object, member, value) < 0 ? -ENOMEM : 0;
}

/* The member of OBJECT, made if it is not there. Borrowed; NULL on lack of memory. */
static json_t *member_of(json_t *object, const char *member, json_t *(*make)(void)) {
        json_t *value = json_object_get(object, member);

        if (!value && json_object_set_new(object, member, make()) == 0)
                value = json_object_get(object, member);
        return value;
}

/* Whole in quotes, or without any. */
static bool plain_text(const char *value, char ret_text[VALUE_SIZE]) {
        size_t length = strlen(value);

        if (length >= VALUE_SIZE)
                return false;
        if (*value != '"') {
                memcpy(ret_text, value, length + 1);
                return true;
        }
        if (length < 2 || strchr(value + 1, '"') != value + length - 1)
                return false;
        memcpy(ret_text, value + 1, length - 2);
        ret_text[length - 2] = '\0';
        return true;
}

static bool number(const char *text, int64_t *ret_number) {
        char *end;
        long long n;

        if (*text < '0' || *text > '9')
                return false;
        errno = 0;
        n = strtoll(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
        if (errno || *end)
                return false;
        *ret_number = n;
        return true;
}

static int take_words(Reading *reading, json_t *object, const char *member, const char *key,
                      const char *value) {
        json_t *words = member_of(object, member, json_array);
        char word[VALUE_SIZE];
        bool bad;

        if (!words || json_array_clear(words) < 0)
                return -ENOMEM;
        while (next_word(&value, word, sizeof(word), &bad))
                if (json_array_append_new(words, json_string(word)) < 0)
                        return -ENOMEM;
        if (bad || json_array_size(words) == 0)
                return bad_value(reading, key, "a list of words");
        return 0;
}

/* Up to three words, the first of them a number. Returns how many; 0 if it is anything else. */
static unsigned split(const char *value, int64_t *ret_offset, char first[VALUE_SIZE],
                      char second[VALUE_SIZE]) {
        char offset[32];
        unsigned n = 1;
        bool bad;

        if (!next_word(&value, offset, sizeof(offset), &bad) || !number(offset, ret_offset))
                return 0;
        if (next_word(&value, first, VALUE_SIZE, &bad))
                n++;
        if (n == 2 && second && next_word(&value, second, VALUE_SIZE, &bad))
                n++;
        return bad || value[strspn(value, " \t")] ? 0 : n;
}

static int take_mask(Reading *reading, json_t *object, const char *member, const char *value) {
        char mask[VALUE_SIZE], wanted[VALUE_SIZE];
        json_t *masks;
        int64_t offset;

        if (split(value, &offset, mask, wanted) != 3)
                return bad_value(reading, "mask", "OFFSET MASK VALUE, the last two in hexadecimal");
        masks = member_of(object, member, json_array);
        return json_array_append_new(masks,
                                     json_pack("{s:I, s:s, s:s}", "offset", (json_int_t)offset,
                                               "mask", mask, "value", wanted)) < 0
                       ? -ENOMEM
                       : 0;
}

static int take_check(Reading *reading, json_t *object, const char *member, const char *value) {
        bool is_text = strchr(value, '"');
        char bytes[VALUE_SIZE], hex[2 * VALUE_SIZE];
        json_t *checks;
        int64_t offset;

        if (split(value, &offset, bytes, NULL) != 2)
                return bad_value(reading, "check",
                                 "OFFSET and then bytes, in hexadecimal or as "
                                 "\"text\"");
        if (is_text)
                hex_encode(bytes, strlen(bytes), hex);
        checks = member_of(object, member, json_array);
        return json_array_append_new(checks, json_pack("{s:I, s:s}", "offset", (json_int_t)offset,
                                                       "bytes", is_text ? hex : bytes)) < 0
                       ? -ENOMEM
                       : 0;
}

static int take_line(json_t *object, const char *member, const char *text) {
        const char *before = json_string_value(json_object_get(object, member));

        return take_new(object, member,
                        before ? json_sprintf("%s\n%s", before, text) : json_string(text));
}

static int take_value(Reading *reading, ValueKind kind, json_t *object, const char *member,
                      const char *key, const char *value) {
        char text[VALUE_SIZE];
        int64_t n;

        switch (kind) {
        case VALUE_WORDS: return take_words(reading, object, member, key, value);
        case VALUE_MASK: return take_mask(reading, object, member, value);
        case VALUE_CHECK: return take_check(reading, object, member, value);
        case VALUE_NUMBER:
                return number(value, &n) ? take_new(object, member, json_integer(n))
                                         : bad_value(reading, key, "a number");
        case VALUE_FLAG:
                return strcmp(value, "yes") == 0 || strcmp(value, "no") == 0
                               ? take_new(object, member, json_boolean(*value == 'y'))
                               : bad_value(reading, key, "yes or no");
        case VALUE_TEXT:
        case VALUE_LINES:
        case VALUE_LIST: break;
        }

        if (!plain_text(value, text))
                return bad_value(reading, key,
                                 "a text, bare or in quotes (which \" ;\" may not be "
                                 "in)");
        if (kind == VALUE_LINES)
                return take_line(object, member, text);
        if (kind == VALUE_LIST)
                return json_array_append_new(member_of(object, member, json_array),
                                             json_string(text)) < 0
                               ? -ENOMEM
                               : 0;
        return take_new(object, member, json_string(text));
}

/* The edge of KIND in the section, made if it is not there. */
static json_t *edge_of(json_t *section, const char *kind) {
        json_t *edges = member_of(json_object_get(section, "entry"), "edges", json_array);
        json_t *edge;
        size_t i;

        json_array_foreach(edges, i, edge)
                if (strcmp(json_string_value(json_object_get(edge, "kind")), kind) == 0)
                        return edge;

        edge = json_pack("{s:s, s:[]}", "kind", kind, "from");
        return json_array_append_new(edges, edge) < 0 ? NULL : edge;
}

/* "upgrade", "upgrade-irreversible", "upgrade-loses", and so on. Returns 1 if KEY is none of these. */
static int take_edge(Reading *reading, const char *key, const char *value) {
        for (EdgeKind kind = 0; kind < _EDGE_KIND_MAX; kind++) {
                const char *name = edge_kind_name(kind);
                const char *rest = key + strlen(name);
                json_t *edge;

                if (strncmp(key, name, strlen(name)) != 0)
                        continue;
                if (*rest && strcmp(rest, "-irreversible") != 0 && strcmp(rest, "-loses") != 0)
                        continue;
                edge = edge_of(reading->section, name);
                if (!edge)
                        return -ENOMEM;
                if (*rest)
                        return take_value(reading, VALUE_TEXT, edge, rest + 1, key, value);
                if (kind != EDGE_REFLASH)
                        return take_words(reading, edge, "from", key, value);
                if (strcmp(value, "yes") != 0)
                        return bad_value(reading, key, "\"yes\"");
                return json_array_append(json_object_get(edge, "from"),
                                         json_object_get(reading->section, "version")) < 0
                               ? -ENOMEM
                               : 0;
        }

        return 1;
}

static int take_key(Reading *reading, const char *key, const char *value) {
        bool is_drive = reading->section == reading->drive;
        int r;

        for (size_t i = 0; i < N_ELEMENTS(faces); i++) {
                bool extra = faces[i].object && strcmp(faces[i].object, "extra") == 0;
                bool again = faces[i].kind == VALUE_LINES || faces[i].kind == VALUE_LIST ||
                             faces[i].kind == VALUE_MASK || faces[i].kind == VALUE_CHECK;
                json_t *object;

                if (strcmp(faces[i].key, key) != 0)
                        continue;
                if (faces[i].of_drive && !is_drive)
                        return fault_set(reading->fault, FAULT_BAD_REQUEST,
                                         "%s stands in [drive], and nowhere else", key);
                if (!again && json_object_get(reading->given, key))
                        return fault_set(reading->fault, FAULT_BAD_REQUEST, "%s is given twice",
                                         key);
                object = json_object_get(reading->section, extra ? "extra" : "entry");
                if (faces[i].object && !extra)
                        object = member_of(object, faces[i].object, json_object);
                r = take_value(reading, faces[i].kind, object, faces[i].member, key, value);
                return r < 0 ? r : take_new(reading->given, key, json_true());
        }

        if (!is_drive) {
                if (json_object_get(reading->given, key))
                        return fault_set(reading->fault, FAULT_BAD_REQUEST, "%s is given twice",
                                         key);
                r = take_edge(reading, key, value);
                if (r <= 0)
                        return r < 0 ? r : take_new(reading->given, key, json_true());
        }
        return fault_set(reading->fault, FAULT_BAD_REQUEST, "\"%s\" is no key%s", key,
                         is_drive ? " of [drive]" : "");
}

/* [drive] first, then [image VERSION], each once. */
static int enter_section(Reading *reading, const char *name) {
        char version[ENTRY_REVISION_SIZE];
        json_t *section;

        if (strcmp(name, "drive") == 0 && !*reading->name) {
                reading->section = reading->drive;
        } else {
                const json_t *other;
                size_t i;

                if (!*reading->name)
                        return fault_set(reading->fault, FAULT_BAD_REQUEST,
                                         "the first section is not [drive]");
                if (strncmp(name, "image ", 6) != 0 || !revision_from_text(name + 6, version))
                        return fault_set(reading->fault, FAULT_BAD_REQUEST,
                                         "[%s] is not [image VERSION]", name);
                json_array_foreach(reading->images, i, other)
                        if (strcmp(json_string_value(json_object_get(other, "version")), version) ==
                            0)
                                return fault_set(reading->fault, FAULT_BAD_REQUEST,
                                                 "[%s] is there twice", name);
                section = json_deep_copy(reading->drive);
                if (!section || json_array_append_new(reading->images, section) < 0 ||
                    json_object_set_new(section, "version", json_string(version)) < 0)
                        return -ENOMEM;
                reading->section = section;
        }

        text_format(reading->name, sizeof(reading->name), "%s", name);
        return json_object_clear(reading->given) < 0 ? -ENOMEM : 0;
}

/* libinih's convention: 0 is an error. */
static int on_value(void *userdata, const char *section, const char *key, const char *value) {
        Reading *reading = userdata;

        if (reading->r < 0)
                return 0;
        if (strcmp(section, reading->name) != 0 || !*section)
                reading->r = enter_section(reading, section);
        if (reading->r == 0)
                reading->r = take_key(reading, key, value);
        return reading->r == 0;
}

/* jansson takes UTF-8 only. */
static bool is_utf8(const char *text, size_t length) {
        _cleanup_json_ json_t *json = json_stringn(text, length);

        return json;
}

static int check_lines(const char *name, const char *text, Fault *fault) {
        unsigned n = 1;

        for (const char *p = text; *p; n++) {
                size_t length = strcspn(p, "\n");

                if (length > LINE_MAX)
                        return fault_set(fault, FAULT_BAD_REQUEST,
                                         "%s:%u: this line has %zu bytes, at most %d are read; "
                                         "notes, hazards and sources may be given several times",
                                         name, n, length, LINE_MAX);
                if (!is_utf8(p, length))
                        return fault_set(fault, FAULT_BAD_REQUEST, "%s:%u: this line is not UTF-8",
                                         name, n);
                p += length + (p[length] == '\n');
        }

        return 0;
}

int describe_read(const char *name, const char *text, json_t **ret_description, Fault *fault) {
        _cleanup_json_ json_t *given = json_object();
        _cleanup_json_ json_t *description =
                json_pack("{s:{s:s, s:{s:i, s:[]}, s:{}}, s:[]}", "drive", "version", "", "entry",
                          "schema", 1, "edges", "extra", "images");
        Reading reading = { .fault = fault, .given = given };
        int line, r;

        if (!given || !description)
                return -ENOMEM;
        r = check_lines(name, text, fault);
        if (r < 0)
                return r;

        reading.drive = json_object_get(description, "drive");
        reading.images = json_object_get(description, "images");
        line = ini_parse_string(text, on_value, &reading);
        if (reading.r == -EBADE)
                return fault_prefix(fault, "%s:%d", name, line);
        if (reading.r < 0)
                return reading.r;
        if (line != 0)
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "%s:%d: this is neither [SECTION] nor KEY = VALUE", name, line);

        *ret_description = TAKE(description);
        return 0;
}
