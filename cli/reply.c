/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/reply.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

/* A new string that shows TEXT, or NULL. */
static json_t *clean_string(const char *text, bool ascii_only) {
        _cleanup_free_ char *flat = strdup(text), *shown = NULL;
        size_t size;

        if (!flat)
                return NULL;
        for (char *p = flat; *p; p++)
                if (*p == '\n' || *p == '\t')
                        *p = ' ';
        size = 4 * strlen(flat) + 1;
        shown = malloc(size);
        if (!shown)
                return NULL;
        if (ascii_only)
                text_from_field(flat, strlen(flat), shown, size);
        else
                text_escape_utf8(flat, shown, size);
        return json_string(shown);
}

/* What is to stand in the place of VALUE: a cleaned string, or VALUE itself, cleaned below. */
static int clean_value(json_t *value, bool ascii_only, json_t **ret_instead) {
        *ret_instead = NULL;
        if (!json_is_string(value))
                return reply_clean(value, ascii_only);
        *ret_instead = clean_string(json_string_value(value), ascii_only);
        return *ret_instead ? 0 : -ENOMEM;
}

int reply_clean(json_t *json, bool ascii_only) {
        json_t *value, *instead;
        const char *key;
        size_t i;
        void *next;

        /* The depth is bounded by json_parse(). */
        json_object_foreach_safe(json, next, key, value) {
                if (clean_value(value, ascii_only, &instead) < 0 ||
                    (instead && json_object_set_new(json, key, instead) < 0))
                        return -ENOMEM;
        }
        json_array_foreach(json, i, value) {
                if (clean_value(value, ascii_only, &instead) < 0 ||
                    (instead && json_array_set_new(json, i, instead) < 0))
                        return -ENOMEM;
        }
        return 0;
}

const char *reply_text(const json_t *object, const char *key) {
        const char *s = "";

        (void)json_get_string(object, key, &s);
        return s;
}

const char *reply_shown(const json_t *object, const char *key) {
        const char *s = reply_text(object, key);

        return s[0] ? s : "-";
}

int64_t reply_int(const json_t *object, const char *key) {
        return json_integer_value(json_object_get(object, key));
}

bool reply_bool(const json_t *object, const char *key) {
        return json_is_true(json_object_get(object, key));
}

const json_t *reply_object(const json_t *object, const char *key) {
        const json_t *v = json_object_get(object, key);

        return json_is_object(v) ? v : NULL;
}

const json_t *reply_array(const json_t *object, const char *key) {
        const json_t *v = json_object_get(object, key);

        return json_is_array(v) ? v : NULL;
}

int reply_need(const json_t *object, const char *key, const char *method, const char **ret_text,
               Fault *fault) {
        if (!json_get_string(object, key, ret_text))
                return fault_set(fault, FAULT_PROTOCOL, "the daemon's answer to %s lacks \"%s\"",
                                 method, key);
        return 0;
}

void reply_ago(const json_t *object, const char *key, int64_t now, char ret[REPLY_TIME_SIZE]) {
        const char *text = reply_text(object, key);
        char span[32];
        int64_t time;

        if (!clock_parse(text, &time)) {
                text_format(ret, REPLY_TIME_SIZE, "%s", text[0] ? text : "never");
                return;
        }
        clock_format_span(now > time ? now - time : time - now, span, sizeof(span));
        text_format(ret, REPLY_TIME_SIZE, now >= time ? "%s ago" : "in %s", span);
}

void reply_time(const json_t *object, const char *key, char ret[REPLY_TIME_SIZE]) {
        const char *text = reply_text(object, key);
        struct tm tm;
        int64_t time;
        time_t t;

        if (!clock_parse(text, &time)) {
                text_format(ret, REPLY_TIME_SIZE, "%s", text[0] ? text : "never");
                return;
        }
        t = (time_t)time;
        if (!localtime_r(&t, &tm) || strftime(ret, REPLY_TIME_SIZE, "%Y-%m-%d %H:%M:%S", &tm) == 0)
                text_format(ret, REPLY_TIME_SIZE, "%s", text);
}

static const char *shorten(const char *node) {
        static const char *const prefixes[] = { "/dev/", "emulated:" };

        for (size_t i = 0; i < N_ELEMENTS(prefixes); i++)
                if (strncmp(node, prefixes[i], strlen(prefixes[i])) == 0)
                        node += strlen(prefixes[i]);
        return node;
}

const char *reply_node(const json_t *object) {
        return shorten(reply_text(object, "node"));
}

const char *reply_drive_name(const json_t *drive) {
        static const char *const keys[] = { "block", "node", "id" };

        for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
                const char *name = shorten(reply_text(drive, keys[i]));

                if (name[0])
                        return name;
        }
        return "-";
}
