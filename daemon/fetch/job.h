/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One GET: from a URL into the daemon's memfd.
 *
 * Nothing of what comes is trusted, looked into or decoded: content encodings stay as they are (a
 * bomb is then just wrong bytes), nothing is written past the length that was signed, the headers
 * of all answers together are bounded, and so is the time. No proxy but the one in the request, no
 * .netrc, no cookies, no credentials. At most five redirects, within the scheme that was asked for.
 *
 * Resuming (RFC 9110 section 14): bytes from OFFSET on are asked for, under the condition that the
 * strong validator still holds. A mirror that sends the whole body instead is written from 0 on; one
 * that sends another part, or a part of another file, is asked once more, for the whole.
 *
 * A 200 is a 200: that a hotel's login page is no metadata is seen where it is verified.
 */
#pragma once

#include <curl/curl.h>

#include "wire/fetch.h"

/* What of all answers, redirects included, is read before it is enough. */
#define HEADERS_MAX (64u * 1024)
/* The page that explains an error status is read to its end, so that the connection can be used
 * again, if it is not longer than this. */
#define REFUSAL_MAX   (64u * 1024)
#define REDIRECTS_MAX 5
#define CONNECT_S_MAX 30u
#define PROGRESS_MS   200u

/* MULTI holds the connections, which are kept from one request to the next. Returns 0 with what
 * became of the request in RET_DONE, its fault included; -ECANCELED, at once, if something came on
 * CONNECTION meanwhile, which can only be its end or a message out of turn; or errno. */
int job_run(CURLM *multi, const FetchGet *get, int memfd, int connection,
            FetchDone *ret_done) _must_check_;
