/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/url.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"

DEFINE_CLEANUP(CURLU *, curl_url_cleanup)
DEFINE_CLEANUP(char *, curl_free)

/* No blank, no control character, nothing beyond ASCII: names are written in punycode, and a line
 * break in a URL is an attempt at a second request (CVE-2019-3462). */
static bool is_clean(const char *url) {
        return text_is_plain(url) && !strchr(url, ' ');
}

static int check(const char *url, unsigned flags, const char *what, char ret_scheme[SCHEME_SIZE],
                 Fault *fault) {
        _cleanup_(curl_url_cleanupp) CURLU *parts = curl_url();
        _cleanup_(curl_freep) char *scheme = NULL;

        if (!parts)
                return -ENOMEM;
        if (!is_clean(url))
                return fault_set(fault, FAULT_URL_FORBIDDEN,
                                 "%s holds a blank or a character that is not ASCII", what);
        /* Credentials are found by libcurl's parser and not by us; their text is not repeated. */
        switch (curl_url_set(parts, CURLUPART_URL, url, flags)) {
        case CURLUE_OK: break;
        case CURLUE_USER_NOT_ALLOWED:
                return fault_set(fault, FAULT_URL_FORBIDDEN, "%s holds a user name", what);
        case CURLUE_UNSUPPORTED_SCHEME:
                return fault_set(fault, FAULT_URL_FORBIDDEN, "%s is neither http nor https", what);
        case CURLUE_OUT_OF_MEMORY: return -ENOMEM;
        default: return fault_set(fault, FAULT_URL_FORBIDDEN, "%s cannot be read", what);
        }
        if (curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
                return fault_set(fault, FAULT_URL_FORBIDDEN, "%s has no scheme", what);
        if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
                return fault_set(fault, FAULT_URL_FORBIDDEN, "%s is neither http nor https", what);

        text_format(ret_scheme, SCHEME_SIZE, "%s", scheme);
        return 0;
}

int url_check(const char *url, char ret_scheme[SCHEME_SIZE], Fault *fault) {
        return check(url, CURLU_DISALLOW_USER | CURLU_PATH_AS_IS, "address", ret_scheme, fault);
}

int proxy_check(const char *proxy, Fault *fault) {
        char scheme[SCHEME_SIZE];

        return check(proxy, 0, "proxy's address", scheme, fault);
}
