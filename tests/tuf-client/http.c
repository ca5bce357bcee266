/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/tuf-client/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>

#define CONNECT_TIMEOUT_S 10
#define STALL_TIMEOUT_S   20 /* with less than a byte a second */
#define TIMEOUT_S         300

struct Http {
        CURL *curl;
        uint8_t *bytes;
        size_t n_bytes;
        size_t max;
        bool too_long;
};

static size_t on_data(char *data, size_t size, size_t n, void *userdata) {
        Http *http = userdata;
        uint8_t *larger;

        n *= size;
        if (n > http->max - http->n_bytes) {
                http->too_long = true;
                return 0;
        }
        larger = realloc(http->bytes, http->n_bytes + n + 1);
        if (!larger)
                return 0;
        http->bytes = larger;
        memcpy(http->bytes + http->n_bytes, data, n);
        http->n_bytes += n;
        return n;
}

int http_new(Http **ret_http) {
        _cleanup_(http_freep) Http *http = NULL;
        CURL *curl;
        bool ok;

        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                return -EIO;
        http = calloc(1, sizeof(*http));
        if (!http)
                return -ENOMEM;
        http->curl = curl = curl_easy_init();
        if (!curl)
                return -ENOMEM;
        ok = curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
             curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
             curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
             curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
             curl_easy_setopt(curl, CURLOPT_HTTP_CONTENT_DECODING, 0L) == CURLE_OK &&
             /* A connection that is kept and found dead would be tried again behind our back. */
             curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
             curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
             curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S) == CURLE_OK &&
             curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK &&
             curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)STALL_TIMEOUT_S) == CURLE_OK &&
             curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)TIMEOUT_S) == CURLE_OK &&
             curl_easy_setopt(curl, CURLOPT_USERAGENT, "discfwd-tuf-client") == CURLE_OK &&
             curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data) == CURLE_OK &&
             curl_easy_setopt(curl, CURLOPT_WRITEDATA, http) == CURLE_OK;
        if (!ok)
                return -EIO;
        *ret_http = TAKE(http);
        return 0;
}

Http *http_free(Http *http) {
        if (!http)
                return NULL;
        curl_easy_cleanup(http->curl);
        curl_global_cleanup();
        free(http->bytes);
        free(http);
        return NULL;
}

static int explain(Http *http, CURLcode code, const char *url, Fault *fault) {
        long status = 0;

        if (http->too_long)
                return fault_set(fault, FAULT_FETCH_TOO_LARGE, "%s is longer than %zu bytes", url,
                                 http->max);
        if (code == CURLE_PARTIAL_FILE)
                return fault_set(fault, FAULT_FETCH_INCOMPLETE, "%s ended early", url);
        if (code == CURLE_OPERATION_TIMEDOUT)
                return fault_set(fault, FAULT_FETCH_TOO_SLOW, "%s came too slowly", url);
        if (code != CURLE_OK)
                return fault_set(fault, FAULT_MIRROR_UNREACHABLE, "cannot fetch %s: %s", url,
                                 curl_easy_strerror(code));
        (void)curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
        if (status == 403 || status == 404)
                return -ENOENT;
        if (status != 200)
                return fault_set(fault, FAULT_MIRROR_REFUSED, "cannot fetch %s: status %ld", url,
                                 status);
        return 0;
}

int http_get(Http *http, const char *base, const char *file, size_t max, uint8_t **ret_bytes,
             size_t *ret_n_bytes, Fault *fault) {
        size_t n_base = strlen(base);
        _cleanup_free_ char *url = NULL;
        int r;

        if (asprintf(&url, "%s%s%s", base, n_base > 0 && base[n_base - 1] == '/' ? "" : "/", file) <
            0)
                return -ENOMEM;
        if (curl_easy_setopt(http->curl, CURLOPT_URL, url) != CURLE_OK)
                return -ENOMEM;
        free(http->bytes);
        http->bytes = malloc(1);
        if (!http->bytes)
                return -ENOMEM;
        http->n_bytes = 0;
        http->max = max;
        http->too_long = false;

        r = explain(http, curl_easy_perform(http->curl), url, fault);
        if (r < 0)
                return r;
        *ret_bytes = TAKE(http->bytes);
        *ret_n_bytes = http->n_bytes;
        return 0;
}

char *http_escape_path(const char *path) {
        static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789-._~/!$&'()*+,;=:@";
        char *escaped = malloc(3 * strlen(path) + 1), *p = escaped;

        if (!escaped)
                return NULL;
        for (; *path; path++)
                if (strchr(plain, *path))
                        *p++ = *path;
                else
                        p += sprintf(p, "%%%02X", (uint8_t)*path);
        *p = '\0';
        return escaped;
}
