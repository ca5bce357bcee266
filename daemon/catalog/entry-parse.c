/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "catalog/entry.h"

#include <errno.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "catalog/entry-read.h"

#define ENTRY_SCHEMA 1

/* What people read. Long enough for a paragraph, short enough to be read. */
#define TEXT_MAX  512
#define NOTES_MAX 4096

#define MASK_OFFSET_MIN 36
#define MASK_END_MAX    96

static const char *kind_name(unsigned i) {
        return edge_kind_name((EdgeKind)i);
}

static const char *evidence_name_of(unsigned i) {
        return evidence_name((Evidence)i);
}

static const char *urgency_name_of(unsigned i) {
        return urgency_name((Urgency)i);
}

static int parse_transports(const Place *place, uint32_t *ret_transports) {
        const json_t *array = json_object_get(place->object, "transports");
        uint32_t set = 0;

        if (!json_is_array(array) || json_array_size(array) == 0)
                return place_bad(place, "transports", "is not a list of at least one transport");

        for (size_t i = 0; i < json_array_size(array); i++) {
                const char *text = json_string_value(json_array_get(array, i));
                unsigned bit = 1;

                while (text && transport_name(bit) && strcmp(transport_name(bit), text) != 0)
                        bit++;
                if (!text || !transport_name(bit))
                        return place_bad(place, "transports", "has a transport that is not known");
                if (set & 1u << bit)
                        return place_bad(place, "transports", "has the same transport twice");
                set |= 1u << bit;
        }

        *ret_transports = set;
        return 0;
}

static int parse_recipe(const Place *top, Recipe *recipe) {
        Place place;
        int r;

        r = place_enter(json_object_get(top->object, "recipe"), "recipe", ENTRY_OBJECT_RECIPE,
                        top->fault, &place);
        if (r < 0)
                return r;

        /* The bounds are those that entry.h states. */
        if ((r = place_get_number(&place, "piece", 16, 65536, &recipe->piece)) < 0 ||
            (r = place_get_number(&place, "command_ms", 10000, 600000, &recipe->command_ms)) < 0 ||
            (r = place_get_number(&place, "commit_ms", 10000, 1800000, &recipe->commit_ms)) < 0 ||
            (r = place_get_number(&place, "settle_ms", 0, 600000, &recipe->settle_ms)) < 0 ||
            (r = place_get_number(&place, "ready_ms", 1000, 1800000, &recipe->ready_ms)) < 0 ||
            (r = place_get_bool(&place, "disc_out", &recipe->disc_out)) < 0)
                return r;

        return parse_transports(&place, &recipe->transports);
}

static int parse_check(const json_t *json, const char *name, uint64_t length, ImageCheck *check,
                       Fault *fault) {
        Place place;
        int r;

        r = place_enter(json, name, ENTRY_OBJECT_CHECK, fault, &place);
        if (r < 0)
                return r;

        if ((r = place_get_number(&place, "offset", 0, IMAGE_LENGTH_MAX - 1, &check->offset)) < 0 ||
            (r = place_get_bytes(&place, "bytes", check->bytes, sizeof(check->bytes),
                                 &check->n_bytes)) < 0)
                return r;

        if ((uint64_t)check->offset + check->n_bytes > length)
                return place_bad(&place, "bytes", "lies beyond the end of the image");
        return 0;
}

static int parse_image(const Place *top, Entry *entry) {
        const json_t *json = json_object_get(top->object, "image");
        json_t *checks;
        Place place;
        char name[PLACE_NAME_SIZE];
        int r;

        if (!json)
                return 0;

        r = place_enter(json, "image", ENTRY_OBJECT_IMAGE, top->fault, &place);
        if (r < 0)
                return r;
        r = place_get_list(&place, "checks", ENTRY_CHECKS_MAX, &checks);
        if (r < 0)
                return r;

        for (size_t i = 0; i < json_array_size(checks); i++) {
                r = parse_check(json_array_get(checks, i), place_nth("image.checks", i, name),
                                entry->length, &entry->checks[i], top->fault);
                if (r < 0)
                        return r;
                entry->n_checks++;
        }

        return 0;
}

static int parse_mask(const json_t *json, const char *name, InquiryMask *mask, Fault *fault) {
        uint32_t offset;
        uint8_t n_value;
        Place place;
        int r;

        r = place_enter(json, name, ENTRY_OBJECT_MASK, fault, &place);
        if (r < 0)
                return r;

        if ((r = place_get_number(&place, "offset", MASK_OFFSET_MIN, MASK_END_MAX - 1, &offset)) <
                    0 ||
            (r = place_get_bytes(&place, "mask", mask->mask, sizeof(mask->mask), &mask->n_bytes)) <
                    0 ||
            (r = place_get_bytes(&place, "value", mask->value, sizeof(mask->value), &n_value)) < 0)
                return r;

        mask->offset = (uint8_t)offset;
        if (offset + mask->n_bytes > MASK_END_MAX)
                return place_bad(&place, "mask", "lies beyond byte 95 of the INQUIRY data");
        if (n_value != mask->n_bytes)
                return place_bad(&place, "value", "is not as long as the mask");
        for (unsigned i = 0; i < n_value; i++)
                if (mask->value[i] & ~mask->mask[i])
                        return place_bad(&place, "value", "has bits that the mask takes away");
        return 0;
}

static int parse_masks(const Place *top, Entry *entry) {
        json_t *masks;
        char name[PLACE_NAME_SIZE];
        int r;

        if (!json_object_get(top->object, "masks"))
                return 0;

        r = place_get_list(top, "masks", ENTRY_MASKS_MAX, &masks);
        if (r < 0)
                return r;

        for (size_t i = 0; i < json_array_size(masks); i++) {
                r = parse_mask(json_array_get(masks, i), place_nth("masks", i, name),
                               &entry->masks[i], top->fault);
                if (r < 0)
                        return r;
                entry->n_masks++;
        }

        return 0;
}

static int parse_from(const Place *place, Edge *edge) {
        json_t *from;
        char name[PLACE_NAME_SIZE];
        int r;

        r = place_get_list(place, "from", REVISIONS_MAX, &from);
        if (r < 0)
                return r;
        if (json_array_size(from) == 0)
                return place_bad(place, "from", "is empty");

        edge->from = calloc(json_array_size(from), sizeof(*edge->from));
        if (!edge->from)
                return -ENOMEM;
        edge->n_from = (unsigned)json_array_size(from);

        for (unsigned i = 0; i < edge->n_from; i++) {
                r = place_get_revision(place, place_nth("from", i, name), json_array_get(from, i),
                                       edge->from[i]);
                if (r < 0)
                        return r;
                for (unsigned k = 0; k < i; k++)
                        if (strcmp(edge->from[k], edge->from[i]) == 0)
                                return place_bad(place, "from", "has the same revision twice");
        }

        return 0;
}

/* An edge to where it comes from is a reflash and nothing else; a drive that needs recovery may say
 * whatever it likes. */
static int check_ends(const Place *place, const Edge *edge, const Entry *entry) {
        bool renames = memcmp(entry->model, entry->model_after, ENTRY_MODEL_LENGTH) != 0;

        for (unsigned i = 0; edge->kind != EDGE_RECOVERY && i < edge->n_from; i++) {
                bool same = !renames && strcmp(edge->from[i], entry->version) == 0;

                if (edge->kind == EDGE_REFLASH && !same)
                        return place_bad(place, "from",
                                         "is not the entry's own version, as for a "
                                         "reflash it must be");
                if (edge->kind != EDGE_REFLASH && same)
                        return place_bad(place, "from", "has the entry's own version");
        }

        return 0;
}

static bool edges_clash(const Edge *a, const Edge *b) {
        const unsigned ways = 1u << EDGE_UPGRADE | 1u << EDGE_STEP | 1u << EDGE_DOWNGRADE;

        if (a->kind != b->kind && !((ways & 1u << a->kind) && (ways & 1u << b->kind)))
                return false;

        for (unsigned i = 0; i < a->n_from; i++)
                for (unsigned k = 0; k < b->n_from; k++)
                        if (strcmp(a->from[i], b->from[k]) == 0)
                                return true;

        return false;
}

static int parse_edge(const json_t *json, const char *name, Entry *entry, Fault *fault) {
        Edge *edge = &entry->edges[entry->n_edges++];
        unsigned kind = _EDGE_KIND_MAX;
        Place place;
        int r;

        r = place_enter(json, name, ENTRY_OBJECT_EDGE, fault, &place);
        if (r < 0)
                return r;

        r = place_get_choice(&place, "kind", kind_name, &kind);
        if (r < 0)
                return r;
        if (kind == _EDGE_KIND_MAX)
                return place_bad(&place, "kind", "is missing");
        edge->kind = (EdgeKind)kind;

        if ((r = parse_from(&place, edge)) < 0 ||
            (r = place_get_text(&place, "irreversible", TEXT_MAX, false, &edge->irreversible)) <
                    0 ||
            (r = place_get_text(&place, "loses", TEXT_MAX, false, &edge->loses)) < 0 ||
            (r = check_ends(&place, edge, entry)) < 0)
                return r;

        /* Forward and back at once, or two answers to what is lost, is no declaration. */
        for (Edge *other = entry->edges; other < edge; other++)
                if (edges_clash(other, edge))
                        return place_bad(&place, "from",
                                         "has a revision that another edge of this entry has, too");
        return 0;
}

static int parse_edges(const Place *top, Entry *entry) {
        json_t *edges;
        char name[PLACE_NAME_SIZE];
        int r;

        r = place_get_list(top, "edges", EDGES_MAX, &edges);
        if (r < 0)
                return r;
        if (json_array_size(edges) == 0)
                return 0;

        entry->edges = calloc(json_array_size(edges), sizeof(*entry->edges));
        if (!entry->edges)
                return -ENOMEM;

        for (size_t i = 0; i < json_array_size(edges); i++) {
                r = parse_edge(json_array_get(edges, i), place_nth("edges", i, name), entry,
                               top->fault);
                if (r < 0)
                        return r;
        }

        return 0;
}

static int parse_after(const Place *top, Entry *entry) {
        const json_t *json = json_object_get(top->object, "after");
        Place place;
        int r;

        memcpy(entry->model_after, entry->model, ENTRY_MODEL_LENGTH);
        if (!json)
                return 0;

        r = place_enter(json, "after", ENTRY_OBJECT_AFTER, top->fault, &place);
        if (r < 0)
                return r;
        if (json_object_get(json, "model")) {
                r = place_get_model(&place, "model", entry->model_after);
                if (r < 0)
                        return r;
        }
        return place_get_bool(&place, "power_cycle", &entry->power_cycle);
}

static bool is_leap(int year) {
        return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* "2004-05-01", a day that exists. */
static bool is_date(const char *text) {
        static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        int year, month, day;

        for (unsigned i = 0; i < 10; i++)
                if (i == 4 || i == 7 ? text[i] != '-' : text[i] < '0' || text[i] > '9')
                        return false;
        if (text[10] != '\0')
                return false;

        year = atoi(text);
        month = atoi(text + 5);
        day = atoi(text + 8);
        return year >= 1980 && month >= 1 && month <= 12 && day >= 1 &&
               day <= days[month - 1] + (month == 2 && is_leap(year));
}

static int parse_release(const Place *top, Entry *entry) {
        unsigned evidence = UINT8_MAX, urgency = URGENCY_LOW;
        const char *date;
        int r;

        if (json_object_get(top->object, "release_date")) {
                if (!json_get_string(top->object, "release_date", &date) || !is_date(date))
                        return place_bad(top, "release_date", "is not a day like 2004-05-01");
                memcpy(entry->release_date, date, sizeof(entry->release_date));
        }

        text_format(entry->channel, sizeof(entry->channel), "stable");
        if (json_object_get(top->object, "channel")) {
                r = place_get_name(top, "channel", entry->channel, sizeof(entry->channel));
                if (r < 0)
                        return r;
        }

        if ((r = place_get_choice(top, "evidence", evidence_name_of, &evidence)) < 0 ||
            (r = place_get_choice(top, "urgency", urgency_name_of, &urgency)) < 0)
                return r;
        if (evidence == UINT8_MAX)
                return place_bad(top, "evidence", "is missing");
        entry->evidence = (Evidence)evidence;
        entry->urgency = (Urgency)urgency;

        if ((r = place_get_text(top, "notes", NOTES_MAX, true, &entry->notes)) < 0 ||
            (r = place_get_text(top, "withdrawn", TEXT_MAX, false, &entry->withdrawn)) < 0 ||
            (r = place_get_texts(top, "hazards", TEXT_MAX, ENTRY_HAZARDS_MAX, entry->hazards,
                                 &entry->n_hazards)) < 0)
                return r;

        return place_get_texts(top, "sources", URL_MAX, ENTRY_SOURCES_MAX, entry->sources,
                               &entry->n_sources);
}

/* The model is there twice, in the path and in the signed object: so a target that was copied to
 * another drive's folder is seen. */
static int parse_model(const Place *top, Entry *entry) {
        char prefix[ENTRY_PREFIX_SIZE];
        int r;

        r = place_get_model(top, "model", entry->model);
        if (r < 0)
                return r;

        entry_prefix(entry->model, prefix);
        if (strncmp(entry->path, prefix, strlen(prefix)) != 0)
                return place_bad(top, "model", "is not the one that the path names");
        return 0;
}

static int parse_top(const json_t *json, Entry *entry, Fault *fault) {
        int64_t schema;
        Place top;
        int r;

        /* First, since another schema may have other members. */
        if (json_is_object(json) && json_get_int(json, "schema", 2, INT32_MAX, &schema))
                return fault_set(fault, FAULT_CATALOG_MALFORMED,
                                 "schema is %lld, this version of discfwd reads %d",
                                 (long long)schema, ENTRY_SCHEMA);

        r = place_enter(json, "it", ENTRY_OBJECT_TOP, fault, &top);
        if (r < 0)
                return r;
        if (!json_get_int(json, "schema", ENTRY_SCHEMA, ENTRY_SCHEMA, &schema))
                return place_bad(&top, "schema", "is not 1");

        if ((r = parse_model(&top, entry)) < 0 ||
            (r = place_get_revision(&top, "version", json_object_get(json, "version"),
                                    entry->version)) < 0 ||
            (r = place_get_name(&top, "family", entry->family, sizeof(entry->family))) < 0 ||
            (r = parse_recipe(&top, &entry->recipe)) < 0 || (r = parse_image(&top, entry)) < 0 ||
            (r = parse_masks(&top, entry)) < 0 || (r = parse_after(&top, entry)) < 0 ||
            (r = parse_edges(&top, entry)) < 0)
                return r;

        return parse_release(&top, entry);
}

/* "drive/HEX24/NAME": NAME becomes a file name and a part of URLs, so it is kept simple. */
static bool path_is_good(const char *path) {
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789._+-";
        const size_t hex = 2 * ENTRY_MODEL_LENGTH;
        const char *name;

        if (strnlen(path, TARGET_PATH_MAX + 1) > TARGET_PATH_MAX ||
            strncmp(path, "drive/", 6) != 0 || strspn(path + 6, "0123456789abcdef") != hex ||
            path[6 + hex] != '/')
                return false;

        name = path + 6 + hex + 1;
        return *name != '\0' && *name != '.' && strspn(name, plain) == strlen(name);
}

static int parse(const char *json, size_t n_json, Entry *entry, Fault *fault) {
        _cleanup_json_ json_t *document = NULL;
        char error[160];
        int r;

        if (entry->length == 0 || entry->length > IMAGE_LENGTH_MAX)
                return fault_set(fault, FAULT_CATALOG_MALFORMED,
                                 "the image's length is %llu, images have 1 to %u bytes",
                                 (unsigned long long)entry->length, IMAGE_LENGTH_MAX);
        if (n_json > ENTRY_JSON_MAX)
                return fault_set(fault, FAULT_CATALOG_MALFORMED,
                                 "custom.discfw has %zu bytes, at most %u are read", n_json,
                                 ENTRY_JSON_MAX);

        r = json_parse(json, n_json, &document, error, sizeof(error));
        if (r == -EBADMSG)
                return fault_set(fault, FAULT_CATALOG_MALFORMED, "custom.discfw: %s", error);
        if (r < 0)
                return r;

        return parse_top(document, entry, fault);
}

int entry_parse(const char *path, uint64_t length, const uint8_t sha256[32], const char *json,
                size_t n_json, Entry **ret_entry, Fault *fault) {
        _cleanup_(entry_freep) Entry *entry = NULL;
        char shown[160];
        int r;

        if (!path_is_good(path)) {
                text_escape_utf8(path, shown, sizeof(shown));
                return fault_set(fault, FAULT_CATALOG_MALFORMED,
                                 "the path \"%s\" is not drive/HEX24/NAME with a NAME of letters, "
                                 "digits and \"._+-\"",
                                 shown);
        }

        entry = calloc(1, sizeof(*entry));
        if (!entry)
                return -ENOMEM;
        memcpy(entry->path, path, strlen(path) + 1);
        entry->length = length;
        memcpy(entry->sha256, sha256, sizeof(entry->sha256));

        r = parse(json, n_json, entry, fault);
        if (r == -EBADE)
                return fault_prefix(fault, "entry %s", path);
        if (r < 0)
                return r;

        *ret_entry = TAKE(entry);
        return 0;
}
