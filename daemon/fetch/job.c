/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/job.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "fetch/response.h"
#include "fetch/url.h"
#include "fetch/verdict.h"

typedef struct Job {
        CURL *easy;
        const FetchGet *get;
        FetchDone *done; /* n_bytes, offset, etag always say what the memfd holds */
        int memfd;
        int connection;
        char scheme[SCHEME_SIZE];
        uint64_t start_ms;
        uint64_t next_progress_ms;
        uint64_t n_total; /* of the whole body; 0 unknown */
        size_t n_headers;
        size_t n_refusal;
        bool resuming; /* a range was asked for */
        bool useless;  /* what came instead of the range cannot be used: ask for the whole */
        bool judged;   /* the headers of the last answer were looked at */
        bool wanted;   /* and its body is what was asked for */
        char error[CURL_ERROR_SIZE];
} Job;

DEFINE_CLEANUP(CURL *, curl_easy_cleanup)
DEFINE_CLEANUP(struct curl_slist *, curl_slist_free_all)

static uint16_t job_status(const Job *job) {
        long status = 0;

        (void)curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &status);
        return status >= 100 && status <= 999 ? (uint16_t)status : 0;
}

/* The value of a header of the last answer, or "". */
static const char *job_header(const Job *job, const char *name) {
        struct curl_header *header;

        return curl_easy_header(job->easy, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK
                       ? header->value
                       : "";
}

static bool check_total(Job *job) {
        if (job->n_total <= job->get->length_max)
                return true;
        fault_set(&job->done->fault, FAULT_FETCH_TOO_LARGE,
                  "mirror announces %" PRIu64 " bytes, at most %" PRIu64 " were wanted",
                  job->n_total, job->get->length_max);
        return false;
}

/* 200: the whole body, also where a part was asked for. */
static bool judge_whole(Job *job, const char *etag) {
        if (!content_length_parse(job_header(job, "Content-Length"), &job->n_total))
                job->n_total = 0;
        if (!check_total(job))
                return false;
        job->done->offset = job->done->n_bytes = 0;
        text_format(job->done->etag, sizeof(job->done->etag), "%s", etag);
        return true;
}

/* 206: exactly the part that was asked for, of the file that we have the beginning of. */
static bool judge_part(Job *job, const char *etag) {
        ContentRange range;

        if (!job->resuming) {
                fault_set(&job->done->fault, FAULT_MIRROR_REFUSED,
                          "mirror sends a part where the whole was asked for");
                return false;
        }
        if (!content_range_parse(job_header(job, "Content-Range"), &range) ||
            range.first != job->get->offset || (range.total > 0 && range.last != range.total - 1) ||
            (etag[0] && job->done->etag[0] && strcmp(etag, job->done->etag) != 0)) {
                job->useless = true;
                return false;
        }
        job->n_total = range.total ? range.total : range.last + 1;
        if (!check_total(job))
                return false;
        if (etag[0])
                text_format(job->done->etag, sizeof(job->done->etag), "%s", etag);
        return true;
}

/* Decides from the headers where the body goes. False: it is not to be read at all. */
static bool judge_headers(Job *job) {
        char etag[ETAG_SIZE];

        if (job->judged)
                return true;
        job->judged = true;
        etag_parse(job_header(job, "ETag"), etag);
        switch (job_status(job)) {
        case 200: return job->wanted = judge_whole(job, etag);
        case 206: return job->wanted = judge_part(job, etag);
        case 416: job->useless = job->resuming; return true;
        default: return true;
        }
}

static void say_progress(Job *job) {
        FetchProgress progress = { .id = job->get->id,
                                   .n_bytes = job->done->n_bytes,
                                   .n_total = job->n_total };
        uint64_t now = clock_boottime_ms();
        uint8_t payload[32];
        size_t n;

        if (now < job->next_progress_ms)
                return;
        n = fetch_progress_encode(&progress, payload, sizeof(payload));
        /* Whoever does not listen now hears the next one; that it went away is seen by poll. */
        if (message_send(job->connection, MESSAGE_FETCH_PROGRESS, payload, n, NULL, 0) == 0)
                job->next_progress_ms = now + PROGRESS_MS;
}

/* Libcurl takes any result but N for "stop". */
static size_t on_body(char *bytes, size_t size, size_t n, void *userdata) {
        Job *job = userdata;
        int r;

        n *= size;
        if (!judge_headers(job))
                return CURL_WRITEFUNC_ERROR;
        if (!job->wanted) {
                job->n_refusal += n;
                return job->n_refusal > REFUSAL_MAX ? CURL_WRITEFUNC_ERROR : n;
        }
        /* Counted here, since libcurl before 8.4 does not hold CURLOPT_MAXFILESIZE where the mirror
         * does not announce a length. */
        if (n > job->get->length_max - job->done->n_bytes) {
                fault_set(&job->done->fault, FAULT_FETCH_TOO_LARGE,
                          "mirror sends more than the %" PRIu64 " bytes that were wanted",
                          job->get->length_max);
                return CURL_WRITEFUNC_ERROR;
        }
        r = pwrite_all(job->memfd, bytes, n, (off_t)job->done->n_bytes);
        if (r < 0) {
                fault_set(&job->done->fault, FAULT_INTERNAL, "cannot write into the memfd: %s",
                          strerror(-r));
                return CURL_WRITEFUNC_ERROR;
        }
        job->done->n_bytes += n;
        say_progress(job);
        return n;
}

/* A line of a header or of a trailer, of any answer: redirects and 1xx count too. */
static size_t on_header(char *bytes, size_t size, size_t n, void *userdata) {
        Job *job = userdata;

        (void)bytes;
        n *= size;
        job->n_headers += n;
        if (job->n_headers <= HEADERS_MAX)
                return n;
        if (job->done->fault.code == FAULT_NONE)
                fault_set(&job->done->fault, FAULT_FETCH_TOO_LARGE,
                          "mirror sends more than %u bytes of headers", HEADERS_MAX);
        return CURL_WRITEFUNC_ERROR;
}

/* The body of a redirect never comes to on_body(); it must not be endless either. */
static int on_progress(void *userdata, curl_off_t n_total, curl_off_t n_now, curl_off_t up_total,
                       curl_off_t up_now) {
        Job *job = userdata;

        (void)n_total, (void)up_total, (void)up_now;
        if (n_now < 0 || (uint64_t)n_now <= job->get->length_max + REFUSAL_MAX)
                return 0;
        if (job->done->fault.code == FAULT_NONE)
                fault_set(&job->done->fault, FAULT_FETCH_TOO_LARGE,
                          "mirror sends more than the %" PRIu64 " bytes that were wanted",
                          job->get->length_max);
        return 1;
}

static uint64_t job_left_ms(const Job *job) {
        uint64_t used = clock_boottime_ms() - job->start_ms, all = job->get->deadline_s * 1000ull;

        return used < all ? all - used : 0;
}

/* What is the same for every request. */
static bool set_fixed(CURL *easy) {
        static const struct {
                CURLoption option;
                long value;
        } fixed[] = {
                { CURLOPT_FOLLOWLOCATION, 1 },
                { CURLOPT_MAXREDIRS, REDIRECTS_MAX },
                { CURLOPT_UNRESTRICTED_AUTH, 0 },
                { CURLOPT_DISALLOW_USERNAME_IN_URL, 1 }, /* holds for redirects too */
                { CURLOPT_NETRC, CURL_NETRC_IGNORED },
                { CURLOPT_HTTP_CONTENT_DECODING, 0 },
                { CURLOPT_HTTP09_ALLOWED, 0 },
                /* One request at a time has no use for HTTP/2, whose library we would have to
                 * trust with the network's bytes. */
                { CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
                { CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
                { CURLOPT_SSL_VERIFYPEER, 1 },
                { CURLOPT_SSL_VERIFYHOST, 2 },
                { CURLOPT_PATH_AS_IS, 1 }, /* names were encoded by who signed them */
                { CURLOPT_NOSIGNAL, 1 },
                { CURLOPT_NOPROGRESS, 0 }, /* on_progress() is to be called */
                /* Without it the end of a request waits for the end of a resolver that hangs. */
                { CURLOPT_QUICK_EXIT, 1 },
        };

        for (size_t i = 0; i < N_ELEMENTS(fixed); i++)
                if (curl_easy_setopt(easy, fixed[i].option, fixed[i].value) != CURLE_OK)
                        return false;
        return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_USERAGENT, "discfwd/" PACKAGE_VERSION) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK;
}

static bool set_for_job(Job *job) {
        CURL *easy = job->easy;
        const FetchGet *get = job->get;
        uint64_t left_ms = job_left_ms(job);
        long connect_s = get->deadline_s < CONNECT_S_MAX ? get->deadline_s : CONNECT_S_MAX;

        return curl_easy_setopt(easy, CURLOPT_URL, get->url) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, job->scheme) == CURLE_OK &&
               /* An empty text, not NULL: that would be "ask the environment". */
               curl_easy_setopt(easy, CURLOPT_PROXY, get->proxy) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_NOPROXY, "") == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, connect_s) == CURLE_OK &&
               /* 0 would be no limit at all. */
               curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(left_ms ? left_ms : 1)) ==
                       CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)get->low_speed) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)get->low_speed_s) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, job->error) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_WRITEDATA, job) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_HEADERDATA, job) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_XFERINFODATA, job) == CURLE_OK;
}

/* Not CURLOPT_RESUME_FROM: libcurl would fail a mirror that answers with the whole. */
static bool set_range(Job *job, struct curl_slist **headers) {
        char line[ETAG_SIZE + 16], range[24];

        text_format(range, sizeof(range), "%" PRIu64 "-", job->get->offset);
        if (curl_easy_setopt(job->easy, CURLOPT_RANGE, range) != CURLE_OK)
                return false;
        if (!job->done->etag[0])
                return true;
        text_format(line, sizeof(line), "If-Range: %s", job->done->etag);
        *headers = curl_slist_append(NULL, line);
        return *headers && curl_easy_setopt(job->easy, CURLOPT_HTTPHEADER, *headers) == CURLE_OK;
}

/* Turns until the transfer is over. The daemon has nothing to say meanwhile: what makes its
 * connection readable ends the transfer. */
static int job_turn(Job *job, CURLM *multi, CURLcode *ret_code) {
        struct curl_waitfd daemon = { .fd = job->connection, .events = CURL_WAIT_POLLIN };
        CURLMsg *message;
        int n_running, n_left;

        for (;;) {
                if (curl_multi_perform(multi, &n_running) != CURLM_OK)
                        return -EIO;
                if (n_running == 0)
                        break;
                daemon.revents = 0;
                if (curl_multi_poll(multi, &daemon, 1, 1000, NULL) != CURLM_OK)
                        return -EIO;
                if (daemon.revents != 0)
                        return -ECANCELED;
        }
        message = curl_multi_info_read(multi, &n_left);
        if (!message || message->msg != CURLMSG_DONE)
                return -EIO;

        *ret_code = message->data.result;
        return 0;
}

static void job_conclude(Job *job, CURLcode code) {
        Ending ending = { .code = code, .detail = job->error, .n_total = job->n_total };
        char *address = NULL;

        /* An answer without a body has not been looked at yet. */
        if (code == CURLE_OK)
                (void)judge_headers(job);
        job->done->http_status = job_status(job);
        if (job->useless || job->done->fault.code != FAULT_NONE)
                return;
        (void)curl_easy_getinfo(job->easy, CURLINFO_PRIMARY_IP, &address);
        ending.connected = address && address[0];
        ending.http_status = job->done->http_status;
        ending.deadline = job_left_ms(job) == 0;
        ending.n_bytes = job->done->n_bytes;
        ending.n_total = job->n_total;
        (void)verdict(&ending, job->get, &job->done->fault);
}

static int job_attempt(Job *job, CURLM *multi) {
        _cleanup_(curl_slist_free_allp) struct curl_slist *headers = NULL;
        _cleanup_(curl_easy_cleanupp) CURL *easy = curl_easy_init();
        CURLcode code;
        int r;

        job->easy = easy;
        if (!easy || !set_fixed(easy) || !set_for_job(job) ||
            (job->resuming && !set_range(job, &headers)) ||
            curl_multi_add_handle(multi, easy) != CURLM_OK)
                return -ENOMEM;
        r = job_turn(job, multi, &code);
        if (r == 0)
                job_conclude(job, code);
        (void)curl_multi_remove_handle(multi, easy);
        return r;
}

/* The time and the headers that were spent stay spent. */
static void job_start_over(Job *job) {
        job->resuming = job->useless = job->judged = job->wanted = false;
        job->n_total = job->n_refusal = 0;
        job->error[0] = '\0';
}

int job_run(CURLM *multi, const FetchGet *get, int memfd, int connection, FetchDone *ret_done) {
        FetchDone done = { .id = get->id, .offset = get->offset, .n_bytes = get->offset };
        Job job = { .get = get,
                    .done = &done,
                    .memfd = memfd,
                    .connection = connection,
                    .start_ms = clock_boottime_ms(),
                    .resuming = get->offset > 0 };
        int r;

        /* It came from a mirror once and may hold a line break: it is read like one that comes. */
        etag_parse(get->etag, done.etag);
        r = url_check(get->url, job.scheme, &done.fault);
        if (r == 0 && get->proxy[0])
                r = proxy_check(get->proxy, &done.fault);
        if (r == 0)
                r = job_attempt(&job, multi);
        if (r == 0 && job.useless) {
                job_start_over(&job);
                r = job_attempt(&job, multi);
        }
        if (r < 0 && done.fault.code == FAULT_NONE)
                return r;

        *ret_done = done;
        return 0;
}
