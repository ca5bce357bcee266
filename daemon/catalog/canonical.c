/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "catalog/canonical.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/limits.h"

typedef struct Buffer {
        uint8_t *bytes;
        size_t n_bytes;
        size_t size;
} Buffer;

typedef struct Member {
        const char *name;
        const json_t *value;
} Member;

static int append(Buffer *buffer, const void *bytes, size_t n_bytes) {
        if (n_bytes > buffer->size - buffer->n_bytes) {
                size_t size = buffer->size + n_bytes + buffer->size / 2 + 64;
                uint8_t *larger = realloc(buffer->bytes, size);

                if (!larger)
                        return -ENOMEM;
                buffer->bytes = larger;
                buffer->size = size;
        }
        memcpy(buffer->bytes + buffer->n_bytes, bytes, n_bytes);
        buffer->n_bytes += n_bytes;
        return 0;
}

static int append_string(Buffer *buffer, const char *string) {
        int r;

        r = append(buffer, "\"", 1);
        while (r == 0) {
                size_t n = strcspn(string, "\"\\");

                r = append(buffer, string, n);
                string += n;
                if (r < 0 || *string == '\0')
                        break;
                r = append(buffer, "\\", 1);
                if (r == 0)
                        r = append(buffer, string++, 1);
        }
        return r < 0 ? r : append(buffer, "\"", 1);
}

static int append_integer(Buffer *buffer, json_int_t integer) {
        char digits[32];
        int n = snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT, integer);

        return append(buffer, digits, (size_t)n);
}

static int append_value(Buffer *buffer, const json_t *json, unsigned depth);

static int append_array(Buffer *buffer, const json_t *array, unsigned depth) {
        size_t n = json_array_size(array);
        int r;

        r = append(buffer, "[", 1);
        for (size_t i = 0; r == 0 && i < n; i++) {
                if (i > 0)
                        r = append(buffer, ",", 1);
                if (r == 0)
                        r = append_value(buffer, json_array_get(array, i), depth);
        }
        return r < 0 ? r : append(buffer, "]", 1);
}

/* By bytes, as strcmp() compares them: for UTF-8 that is the order of code points. */
static int compare_members(const void *a, const void *b) {
        return strcmp(((const Member *)a)->name, ((const Member *)b)->name);
}

static int sorted_members(const json_t *object, Member **ret_members) {
        _cleanup_free_ Member *members = NULL;
        json_t *o = (json_t *)object; /* iterators do not change it, but want it so */
        bool sorted = true;
        size_t n = 0;

        members = calloc(json_object_size(object) + 1, sizeof(*members));
        if (!members)
                return -ENOMEM;
        for (void *i = json_object_iter(o); i; i = json_object_iter_next(o, i), n++) {
                members[n] = (Member){ json_object_iter_key(i), json_object_iter_value(i) };
                sorted = sorted && (n == 0 || strcmp(members[n - 1].name, members[n].name) < 0);
        }
        if (!sorted)
                qsort(members, n, sizeof(*members), compare_members);
        *ret_members = TAKE(members);
        return 0;
}

static int append_object(Buffer *buffer, const json_t *object, unsigned depth) {
        _cleanup_free_ Member *members = NULL;
        size_t n = json_object_size(object);
        int r;

        r = sorted_members(object, &members);
        if (r == 0)
                r = append(buffer, "{", 1);
        for (size_t i = 0; r == 0 && i < n; i++) {
                if (i > 0)
                        r = append(buffer, ",", 1);
                if (r == 0)
                        r = append_string(buffer, members[i].name);
                if (r == 0)
                        r = append(buffer, ":", 1);
                if (r == 0)
                        r = append_value(buffer, members[i].value, depth);
        }
        return r < 0 ? r : append(buffer, "}", 1);
}

static int append_value(Buffer *buffer, const json_t *json, unsigned depth) {
        if (depth == 0)
                return -EBADMSG;

        switch (json_typeof(json)) {
        case JSON_OBJECT: return append_object(buffer, json, depth - 1);
        case JSON_ARRAY: return append_array(buffer, json, depth - 1);
        case JSON_STRING: return append_string(buffer, json_string_value(json));
        case JSON_INTEGER: return append_integer(buffer, json_integer_value(json));
        case JSON_TRUE: return append(buffer, "true", 4);
        case JSON_FALSE: return append(buffer, "false", 5);
        case JSON_NULL: return append(buffer, "null", 4);
        case JSON_REAL: break;
        }
        return -EBADMSG;
}

int canonical_encode(const json_t *json, uint8_t **ret_bytes, size_t *ret_n_bytes) {
        Buffer buffer = {};
        int r;

        /* A scalar below the deepest container is one level more. */
        r = append_value(&buffer, json, JSON_DEPTH_MAX + 1);
        if (r == 0)
                r = append(&buffer, "", 1);
        if (r < 0) {
                free(buffer.bytes);
                return r;
        }
        *ret_bytes = buffer.bytes;
        *ret_n_bytes = buffer.n_bytes - 1;
        return 0;
}
