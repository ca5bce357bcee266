/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/json.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

/* jansson allows 2048 levels, and recursion over them is ours to pay: count before it parses. */
static bool too_deep(const char *p, size_t n) {
        bool in_string = false;
        unsigned depth = 0;

        for (size_t i = 0; i < n; i++) {
                if (in_string) {
                        if (p[i] == '\\')
                                i++;
                        else if (p[i] == '"')
                                in_string = false;
                } else if (p[i] == '"')
                        in_string = true;
                else if (p[i] == '{' || p[i] == '[') {
                        if (++depth > JSON_DEPTH_MAX)
                                return true;
                } else if ((p[i] == '}' || p[i] == ']') && depth > 0)
                        depth--;
        }
        return false;
}

int json_parse(const void *bytes, size_t n_bytes, json_t **ret_json, char *ret_error,
               size_t error_size) {
        json_error_t error;
        json_t *json;

        if (too_deep(bytes, n_bytes)) {
                if (ret_error)
                        text_format(ret_error, error_size, "nested deeper than %d", JSON_DEPTH_MAX);
                return -EBADMSG;
        }
        json = json_loadb(bytes, n_bytes, JSON_REJECT_DUPLICATES, &error);
        if (!json) {
                if (json_error_code(&error) == json_error_out_of_memory)
                        return -ENOMEM;
                if (ret_error)
                        /* jansson's text quotes the input: it is as hostile as that. */
                        text_format(ret_error, error_size, "not JSON at line %d, column %d",
                                    error.line, error.column);
                return -EBADMSG;
        }
        *ret_json = json;
        return 0;
}

bool json_get_string(const json_t *object, const char *key, const char **ret_string) {
        const char *s = json_string_value(json_object_get(object, key));

        if (!s)
                return false;
        *ret_string = s;
        return true;
}

bool json_copy_string(const json_t *object, const char *key, char *ret_string, size_t size) {
        const char *s;

        if (!json_get_string(object, key, &s) || strlen(s) >= size)
                return false;
        memcpy(ret_string, s, strlen(s) + 1);
        return true;
}

bool json_get_int(const json_t *object, const char *key, int64_t min, int64_t max,
                  int64_t *ret_integer) {
        const json_t *v = json_object_get(object, key);
        int64_t i = json_integer_value(v);

        if (!json_is_integer(v) || i < min || i > max)
                return false;
        *ret_integer = i;
        return true;
}

bool json_get_bool(const json_t *object, const char *key, bool *ret_bool) {
        const json_t *v = json_object_get(object, key);

        if (!json_is_boolean(v))
                return false;
        *ret_bool = json_is_true(v);
        return true;
}

bool json_get_object(const json_t *object, const char *key, json_t **ret_object) {
        json_t *v = json_object_get(object, key);

        if (!json_is_object(v))
                return false;
        *ret_object = v;
        return true;
}

bool json_get_array(const json_t *object, const char *key, json_t **ret_array) {
        json_t *v = json_object_get(object, key);

        if (!json_is_array(v))
                return false;
        *ret_array = v;
        return true;
}

const char *json_unknown_member(const json_t *object, const char *const known[]) {
        const char *key;
        json_t *value;

        json_object_foreach((json_t *)object, key, value) {
                size_t i = 0;

                while (known[i] && strcmp(known[i], key) != 0)
                        i++;
                if (!known[i])
                        return key;
        }
        return NULL;
}

char *json_text(const json_t *json) {
        return json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
}

json_t *json_string_safe(const char *text) {
        json_t *json = json_string(text);
        char escaped[4096];

        if (json)
                return json;
        text_escape_utf8(text, escaped, sizeof(escaped));
        return json_string(escaped);
}
