/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/verdict.h"

#include <inttypes.h>

#include "base/text.h"

static bool is_tls(CURLcode code) {
        switch (code) {
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_INVALIDCERTSTATUS:
        case CURLE_SSL_PINNEDPUBKEYNOTMATCH: return true;
        default: return false;
        }
}

/* Ours to mend and not the mirror's: certificates or OpenSSL's configuration cannot be read. */
static bool is_our_tls(CURLcode code) {
        switch (code) {
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CRL_BADFILE:
        case CURLE_SSL_ENGINE_NOTFOUND:
        case CURLE_SSL_ENGINE_SETFAILED:
        case CURLE_SSL_ENGINE_INITFAILED: return true;
        default: return false;
        }
}

static void judge_status(const Ending *ending, Fault *fault) {
        switch (ending->http_status) {
        case 403:
        case 404:
        case 410:
                /* Storage behind a CDN answers 403 for a name that it does not have. */
                fault_set(fault, FAULT_NOT_FOUND, "mirror does not have it: status %u",
                          ending->http_status);
                break;
        default:
                fault_set(fault, FAULT_MIRROR_REFUSED, "mirror answered with status %u, wanted 200",
                          ending->http_status);
        }
}

static void judge_time(const Ending *ending, const FetchGet *get, Fault *fault) {
        if (!ending->connected)
                fault_set(fault, FAULT_MIRROR_UNREACHABLE, "no connection to the mirror in time");
        else if (ending->deadline)
                fault_set(fault, FAULT_FETCH_TOO_SLOW,
                          "not done after %u s: %" PRIu64 " bytes were there", get->deadline_s,
                          ending->n_bytes);
        else
                fault_set(fault, FAULT_FETCH_TOO_SLOW,
                          "less than %u bytes a second for %u s: %" PRIu64 " bytes were there",
                          get->low_speed, get->low_speed_s, ending->n_bytes);
}

static void judge_cut(const Ending *ending, const char *detail, Fault *fault) {
        if (ending->n_total > 0)
                fault_set(fault, FAULT_FETCH_INCOMPLETE,
                          "cut short after %" PRIu64 " bytes, mirror announced %" PRIu64,
                          ending->n_bytes, ending->n_total);
        else
                fault_set(fault, FAULT_FETCH_INCOMPLETE, "cut short after %" PRIu64 " bytes: %s",
                          ending->n_bytes, detail);
}

static void judge_code(const Ending *ending, const FetchGet *get, Fault *fault) {
        char detail[2 * CURL_ERROR_SIZE];

        text_escape_utf8(ending->detail[0] ? ending->detail : curl_easy_strerror(ending->code),
                         detail, sizeof(detail));
        if (is_tls(ending->code))
                fault_set(fault, FAULT_MIRROR_TLS, "no trusted connection to the mirror: %s",
                          detail);
        else if (is_our_tls(ending->code))
                fault_set(fault, FAULT_MIRROR_TLS,
                          "certificates of this machine cannot be used: %s", detail);
        else if (ending->code == CURLE_OPERATION_TIMEDOUT)
                judge_time(ending, get, fault);
        else if (ending->code == CURLE_TOO_MANY_REDIRECTS)
                fault_set(fault, FAULT_MIRROR_REFUSED, "mirror redirects without end");
        else if (ending->code == CURLE_LOGIN_DENIED)
                fault_set(fault, FAULT_URL_FORBIDDEN,
                          "mirror redirects to an address with a user name");
        else if ((ending->code == CURLE_UNSUPPORTED_PROTOCOL ||
                  ending->code == CURLE_URL_MALFORMAT) &&
                 ending->http_status / 100 == 3)
                fault_set(fault, FAULT_URL_FORBIDDEN,
                          "mirror redirects to an address that is not allowed");
        else if (ending->code == CURLE_UNSUPPORTED_PROTOCOL ||
                 ending->code == CURLE_WEIRD_SERVER_REPLY ||
                 ending->code == CURLE_BAD_CONTENT_ENCODING)
                fault_set(fault, FAULT_MIRROR_REFUSED, "mirror's answer is not HTTP: %s", detail);
        else if (ending->http_status != 0 || ending->code == CURLE_PARTIAL_FILE ||
                 ending->code == CURLE_GOT_NOTHING)
                judge_cut(ending, detail, fault);
        else
                fault_set(fault, FAULT_MIRROR_UNREACHABLE, "cannot reach the mirror: %s", detail);
}

bool verdict(const Ending *ending, const FetchGet *get, Fault *fault) {
        if (ending->http_status != 0 && ending->http_status != 200 && ending->http_status != 206 &&
            ending->http_status / 100 != 3 && ending->code != CURLE_OPERATION_TIMEDOUT)
                judge_status(ending, fault);
        else if (ending->code != CURLE_OK)
                judge_code(ending, get, fault);
        else if (ending->http_status != 200 && ending->http_status != 206)
                judge_status(ending, fault);
        else if (ending->n_total > 0 && ending->n_bytes != ending->n_total)
                judge_cut(ending, "", fault);
        else
                return true;
        return false;
}
