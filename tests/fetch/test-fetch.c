/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The real discfw-fetch against a server that misbehaves (facts/reliability: N5 to N15). */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/text.h"
#include "tests/fetch/client.h"
#include "tests/fetch/naughty.h"
#include "tests/unit/test.h"

static Naughty naughty;
static char home[] = "/tmp/discfw-test-fetch-XXXXXX";
static Client client;

static void write_file(const char *name, const char *text) {
        char path[80];
        FILE *f;

        text_format(path, sizeof(path), "%s/%s", home, name);
        f = fopen(path, "we");
        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

static int before_all(void **state) {
        (void)state;
        if (!mkdtemp(home))
                return -1;
        write_file(".netrc", "default login user password secret\n");
        write_file(".curlrc", "proxy = http://127.0.0.1:1\nheader = \"X-Curlrc: yes\"\n");
        return naughty_start(&naughty);
}

static int after_all(void **state) {
        static const char *const names[] = { ".netrc",  ".curlrc",  "keys",
                                             "key.pem", "cert.pem", "hello" };
        char path[80];

        (void)state;
        naughty_stop(&naughty);
        for (size_t i = 0; i < N_ELEMENTS(names); i++) {
                text_format(path, sizeof(path), "%s/%s", home, names[i]);
                (void)unlink(path);
        }
        return rmdir(home);
}

static int before(void **state) {
        char request[4200];

        (void)state;
        client_start(&client, home, NULL);
        do
                naughty_heard(&naughty, request, sizeof(request));
        while (request[0]);
        return 0;
}

static int after(void **state) {
        (void)state;
        (void)client_stop(&client);
        return 0;
}

/* A request with room for LENGTH, whose limits of time do not matter. */
static FetchGet a_get(const char *path, uint64_t length_max) {
        FetchGet get = { .id = 7, .length_max = length_max, .deadline_s = 20 };

        text_format(get.url, sizeof(get.url), "http://127.0.0.1:%u%s", naughty.port, path);
        return get;
}

static FetchDone fetch(const FetchGet *get) {
        FetchDone done = {};

        client_fetch(&client, get, &done);
        return done;
}

static FetchDone fetch_path(const char *path, uint64_t length_max) {
        FetchGet get = a_get(path, length_max);

        return fetch(&get);
}

static void expect_body(uint64_t offset, size_t n) {
        static char bytes[BODY_LENGTH];

        naughty_body(bytes, offset, n);
        client_expect(&client, offset, bytes, n);
}

static void test_a_body_comes_whole(void **state) {
        FetchDone done = fetch_path("/hello", 5);

        (void)state;
        assert_int_equal(done.fault.code, FAULT_NONE);
        assert_int_equal(done.http_status, 200);
        assert_int_equal(done.offset, 0);
        assert_int_equal(done.n_bytes, 5);
        assert_string_equal(done.etag, "\"v1\"");
        client_expect(&client, 0, "hello", 5);
        assert_int_equal(client_stop(&client), 0);
}

static void test_a_body_may_be_shorter_than_its_place_and_come_in_chunks(void **state) {
        FetchDone done = fetch_path("/chunked", 1000);

        (void)state;
        assert_int_equal(done.fault.code, FAULT_NONE);
        assert_int_equal(done.n_bytes, 5);
        client_expect(&client, 0, "hello\0", 6);
}

static void test_progress_is_told_but_not_more_than_five_times_a_second(void **state) {
        FetchGet get = a_get("/drip", 100000);
        FetchDone done;

        (void)state;
        get.deadline_s = 2;
        done = fetch(&get);
        assert_int_equal(done.fault.code, FAULT_FETCH_TOO_SLOW);
        assert_in_range(client.n_progress, 2, 11);
        assert_int_equal(client.n_total, 100000);
        assert_in_range(done.n_bytes, 5, 25);
}

static void test_a_weak_validator_is_not_handed_on(void **state) {
        FetchDone done = fetch_path("/weak", 5);

        (void)state;
        assert_int_equal(done.fault.code, FAULT_NONE);
        assert_string_equal(done.etag, "");
}

static void test_two_requests_use_one_connection_also_after_a_404(void **state) {
        char first[4200], second[4200], third[4200];

        (void)state;
        assert_int_equal(fetch_path("/hello", 5).fault.code, FAULT_NONE);
        assert_int_equal(fetch_path("/status/404", 5).fault.code, FAULT_NOT_FOUND);
        assert_int_equal(fetch_path("/hello", 5).fault.code, FAULT_NONE);
        naughty_heard(&naughty, first, sizeof(first));
        naughty_heard(&naughty, second, sizeof(second));
        naughty_heard(&naughty, third, sizeof(third));
        assert_int_equal(strtoul(first, NULL, 10), strtoul(second, NULL, 10));
        assert_int_equal(strtoul(first, NULL, 10), strtoul(third, NULL, 10));
}

/* The environment of every test here names a proxy that does not answer, a ~/.netrc, a ~/.curlrc and
 * a file for TLS keys: see client.c. */
static void test_the_environment_has_no_effect(void **state) {
        char request[4200];

        (void)state;
        assert_int_equal(fetch_path("/hello", 5).fault.code, FAULT_NONE);
        naughty_heard(&naughty, request, sizeof(request));
        assert_non_null(strstr(request, " GET /hello HTTP/1.1\r\n"));
        assert_non_null(strstr(request, "\r\nUser-Agent: discfwd/"));
        assert_null(strcasestr(request, "authorization"));
        assert_null(strcasestr(request, "accept-encoding"));
        assert_null(strcasestr(request, "cookie"));
        assert_null(strcasestr(request, "x-curlrc"));
        assert_null(strcasestr(request, "range"));
}

static void test_a_proxy_is_asked_if_it_was_named(void **state) {
        FetchGet get = a_get("/hello", 5);
        char request[4200];
        FetchDone done;

        (void)state;
        text_format(get.url, sizeof(get.url), "http://mirror.invalid/hello");
        text_format(get.proxy, sizeof(get.proxy), "http://127.0.0.1:%u", naughty.port);
        done = fetch(&get);
        /* Our server knows no such path: that it was asked is what counts. */
        assert_int_equal(done.http_status, 404);
        naughty_heard(&naughty, request, sizeof(request));
        assert_non_null(strstr(request, " GET http://mirror.invalid/hello HTTP/1.1\r\n"));
}

static void test_a_path_goes_to_the_mirror_as_it_is(void **state) {
        char request[4200];

        (void)state;
        assert_int_equal(fetch_path("/a/../b%2Fc", 5).fault.code, FAULT_NOT_FOUND);
        naughty_heard(&naughty, request, sizeof(request));
        assert_non_null(strstr(request, " GET /a/../b%2Fc HTTP/1.1\r\n"));
}

static void test_an_encoding_that_nobody_asked_for_is_not_decoded(void **state) {
        FetchDone done = fetch_path("/gzip", 5);

        (void)state;
        assert_int_equal(done.fault.code, FAULT_NONE);
        client_expect(&client, 0, "hello", 5);
}

/* Sanitizers keep a shadow of all memory. */
#ifdef WIDE_SANDBOX
#define PEAK_KIB_MAX 400000
#else
#define PEAK_KIB_MAX 40000
#endif

/* The kernel's own high-water mark of the process. */
static unsigned long peak_kib(pid_t pid) {
        char path[40], line[200];
        unsigned long kib = 0;
        FILE *f;

        text_format(path, sizeof(path), "/proc/%d/status", (int)pid);
        f = fopen(path, "re");
        assert_non_null(f);
        while (fgets(line, sizeof(line), f))
                if (sscanf(line, "VmHWM: %lu kB", &kib) == 1)
                        break;
        (void)fclose(f);
        return kib;
}

static void test_an_endless_body_ends_at_the_length_that_was_signed(void **state) {
        static const char *const paths[] = { "/endless", "/endless-chunks" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(paths); i++) {
                FetchDone done = fetch_path(paths[i], 2000000);

                assert_int_equal(done.fault.code, FAULT_FETCH_TOO_LARGE);
                assert_true(done.n_bytes <= 2000000);
                assert_string_equal(done.fault.text,
                                    "mirror sends more than the 2000000 bytes that were wanted");
        }
        assert_in_range(peak_kib(client.pid), 1, PEAK_KIB_MAX);
}

static void test_nothing_is_written_behind_the_length(void **state) {
        FetchDone done = fetch_path("/hello", 4);
        struct stat st;

        (void)state;
        assert_int_equal(done.fault.code, FAULT_FETCH_TOO_LARGE);
        assert_string_equal(done.fault.text, "mirror announces 5 bytes, at most 4 were wanted");
        assert_int_equal(done.n_bytes, 0);
        assert_int_equal(fstat(client.memfd, &st), 0);
        assert_int_equal(st.st_size, 4);
        client_expect(&client, 0, "\0\0\0\0", 4);
}

static void test_an_announced_length_that_is_too_large_is_enough_to_stop(void **state) {
        uint64_t start = clock_boottime_ms();

        (void)state;
        assert_int_equal(fetch_path("/announced", 5).fault.code, FAULT_FETCH_TOO_LARGE);
        assert_in_range(clock_boottime_ms() - start, 0, 5000);
}

static void test_headers_hints_and_trailers_without_end_are_too_large(void **state) {
        static const char *const paths[] = { "/header-flood", "/hint-flood", "/trailer-flood" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(paths); i++)
                assert_int_equal(fetch_path(paths[i], 100).fault.code, FAULT_FETCH_TOO_LARGE);
}

static void test_a_drip_is_too_slow(void **state) {
        FetchGet get = a_get("/drip", 100000);
        uint64_t start = clock_boottime_ms();
        FetchDone done;

        (void)state;
        get.low_speed = 50;
        get.low_speed_s = 1;
        done = fetch(&get);
        assert_int_equal(done.fault.code, FAULT_FETCH_TOO_SLOW);
        assert_non_null(strstr(done.fault.text, "less than 50 bytes a second for 1 s: "));
        assert_true(done.n_bytes > 0);
        assert_in_range(clock_boottime_ms() - start, 1000, 8000);
}

static void test_a_stall_ends_with_the_time_that_was_given(void **state) {
        FetchGet get = a_get("/stall", 100000);
        FetchDone done;

        (void)state;
        get.deadline_s = 1;
        done = fetch(&get);
        assert_int_equal(done.fault.code, FAULT_FETCH_TOO_SLOW);
        assert_string_equal(done.fault.text, "not done after 1 s: 5 bytes were there");
        assert_int_equal(done.n_bytes, 5);
        get = a_get("/silence", 5);
        get.deadline_s = 1;
        done = fetch(&get);
        assert_int_equal(done.fault.code, FAULT_FETCH_TOO_SLOW);
        assert_int_equal(done.n_bytes, 0);
}

static void test_a_body_that_is_cut_short_is_incomplete_and_its_beginning_counts(void **state) {
        FetchDone done = fetch_path("/short", 100);

        (void)state;
        assert_int_equal(done.fault.code, FAULT_FETCH_INCOMPLETE);
        assert_string_equal(done.fault.text, "cut short after 10 bytes, mirror announced 100");
        assert_int_equal(done.n_bytes, 10);
        client_expect(&client, 0, "0123456789", 10);
        assert_int_equal(fetch_path("/hang-up", 100).fault.code, FAULT_FETCH_INCOMPLETE);
}

static void test_what_is_no_http_is_refused(void **state) {
        static const char *const paths[] = { "/nonsense", "/negative", "/two-lengths",
                                             "/bad-chunk" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(paths); i++) {
                FetchDone done = fetch_path(paths[i], 100);

                assert_true(done.fault.code == FAULT_MIRROR_REFUSED ||
                            done.fault.code == FAULT_FETCH_INCOMPLETE);
        }
}

static void test_each_status_has_its_fault(void **state) {
        static const struct {
                const char *path;
                uint16_t status;
                FaultCode code;
        } cases[] = {
                { "/status/404", 404, FAULT_NOT_FOUND },
                { "/status/403", 403, FAULT_NOT_FOUND },
                { "/status/410", 410, FAULT_NOT_FOUND },
                { "/status/500", 500, FAULT_MIRROR_REFUSED },
                { "/status/503", 503, FAULT_MIRROR_REFUSED },
                { "/status/401", 401, FAULT_MIRROR_REFUSED },
                { "/status/407", 407, FAULT_MIRROR_REFUSED },
                { "/status/511", 511, FAULT_MIRROR_REFUSED },
                { "/status/304", 304, FAULT_MIRROR_REFUSED },
                { "/status/204", 204, FAULT_MIRROR_REFUSED },
                { "/part-unasked", 206, FAULT_MIRROR_REFUSED },
                { "/endless-refusal", 404, FAULT_NOT_FOUND },
        };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                FetchDone done = fetch_path(cases[i].path, BODY_LENGTH);

                assert_int_equal(done.http_status, cases[i].status);
                assert_int_equal(done.fault.code, cases[i].code);
                assert_int_equal(done.n_bytes, 0);
                client_expect(&client, 0, "\0\0\0\0", 4);
        }
}

static void test_a_few_redirects_are_followed(void **state) {
        (void)state;
        assert_int_equal(fetch_path("/hops/5", 5).fault.code, FAULT_NONE);
        client_expect(&client, 0, "hello", 5);
}

static void test_redirects_without_end_are_refused(void **state) {
        (void)state;
        assert_int_equal(fetch_path("/hops/6", 5).fault.code, FAULT_MIRROR_REFUSED);
        assert_int_equal(fetch_path("/to//to/", 5).fault.code, FAULT_MIRROR_REFUSED);
        assert_int_equal(fetch_path("/endless-redirect", 5).fault.code, FAULT_FETCH_TOO_LARGE);
}

static void test_no_redirect_leads_to_another_scheme(void **state) {
        static const char *const paths[] = {
                "/to/file:///etc/passwd", "/to/ftp://127.0.0.1/x", "/to/gopher://127.0.0.1/x",
                "/to/dict://127.0.0.1/x", "/to/smb://127.0.0.1/x", "/to/https://127.0.0.1:1/x",
                "/to/ldap://127.0.0.1/x", "/with-password",
        };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(paths); i++) {
                FetchDone done = fetch_path(paths[i], 1000);

                assert_int_equal(done.fault.code, FAULT_URL_FORBIDDEN);
                assert_null(strstr(done.fault.text, "secret"));
                client_expect(&client, 0, "\0\0\0\0", 4);
        }
}

static void test_addresses_that_are_not_allowed_are_not_asked(void **state) {
        static const char *const urls[] = {
                "file:///etc/passwd",         "ftp://127.0.0.1/x",        "http://",
                "HTTP://user:secret@host/",   "http://user@host/",        "mirror.example/x",
                "http://a.example/x\r\nX: y", "http://a.example/x y",     "",
                "http://a.example/\x7f",      "http://\xc3\xa4.example/",
        };
        FetchGet get = a_get("", 5);

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(urls); i++) {
                FetchDone done;

                text_format(get.url, sizeof(get.url), "%s", urls[i]);
                done = fetch(&get);
                assert_int_equal(done.fault.code, FAULT_URL_FORBIDDEN);
                assert_null(strstr(done.fault.text, "secret"));
        }
}

static void test_a_mirror_that_is_not_there_is_unreachable(void **state) {
        FetchGet get = a_get("", 5);
        FetchDone done;

        (void)state;
        text_format(get.url, sizeof(get.url), "http://127.0.0.1:1/x");
        done = fetch(&get);
        assert_int_equal(done.fault.code, FAULT_MIRROR_UNREACHABLE);
        assert_int_equal(done.http_status, 0);
}

static FetchDone resume(const char *path, uint64_t offset, const char *etag) {
        FetchGet get = a_get(path, BODY_LENGTH);
        FetchDone done = {};

        get.offset = offset;
        text_format(get.etag, sizeof(get.etag), "%s", etag);
        client_ask(&client, &get, "????");
        client_hear(&client, &done);
        return done;
}

static void test_a_download_goes_on_where_it_stopped(void **state) {
        FetchDone done = resume("/body", 200000, "\"v1\"");
        char request[4200];

        (void)state;
        assert_int_equal(done.fault.code, FAULT_NONE);
        assert_int_equal(done.http_status, 206);
        assert_int_equal(done.offset, 200000);
        assert_int_equal(done.n_bytes, BODY_LENGTH);
        expect_body(200000, BODY_LENGTH - 200000);
        client_expect(&client, 0, "????\0", 5);
        naughty_heard(&naughty, request, sizeof(request));
        assert_non_null(strstr(request, "\r\nRange: bytes=200000-\r\n"));
        assert_non_null(strstr(request, "\r\nIf-Range: \"v1\"\r\n"));
}

static void test_without_a_validator_no_condition_is_sent(void **state) {
        FetchDone done = resume("/body", 1, "");
        char request[4200];

        (void)state;
        assert_int_equal(done.fault.code, FAULT_NONE);
        assert_int_equal(done.offset, 1);
        assert_string_equal(done.etag, "\"v1\"");
        naughty_heard(&naughty, request, sizeof(request));
        assert_null(strstr(request, "If-Range"));
}

static void test_a_validator_cannot_bring_a_header_of_its_own(void **state) {
        FetchDone done = resume("/body", 1, "\"v1\"\r\nX-Planted: yes");
        char request[4200];

        (void)state;
        assert_int_equal(done.http_status, 206);
        naughty_heard(&naughty, request, sizeof(request));
        assert_non_null(strstr(request, "\r\nRange: bytes=1-\r\n"));
        assert_null(strstr(request, "X-Planted"));
        assert_null(strstr(request, "If-Range"));
}

static void test_a_mirror_that_cannot_resume_starts_over(void **state) {
        static const char *const paths[] = { "/whole", "/other-part", "/other-file",
                                             "/unsatisfied" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(paths); i++) {
                FetchDone done = resume(paths[i], 200000, "\"v1\"");

                assert_int_equal(done.fault.code, FAULT_NONE);
                assert_int_equal(done.http_status, 200);
                assert_int_equal(done.offset, 0);
                assert_int_equal(done.n_bytes, BODY_LENGTH);
                expect_body(0, BODY_LENGTH);
        }
}

static void test_what_was_there_still_counts_when_a_mirror_fails(void **state) {
        FetchDone done = resume("/status/503", 200000, "\"v1\"");

        (void)state;
        assert_int_equal(done.fault.code, FAULT_MIRROR_REFUSED);
        assert_int_equal(done.offset, 200000);
        assert_int_equal(done.n_bytes, 200000);
        assert_string_equal(done.etag, "\"v1\"");
}

static void test_it_ends_when_the_daemon_goes_away_in_the_middle(void **state) {
        FetchGet get = a_get("/stall", 100000);
        Message message = MESSAGE_NULL;

        (void)state;
        client_ask(&client, &get, NULL);
        assert_int_equal(message_receive(client.connection, &message), 1);
        assert_int_equal(message.kind, MESSAGE_FETCH_PROGRESS);
        (void)close(TAKE_FD(client.connection));
        assert_int_equal(client_wait(&client, 1000), 0);
}

static void test_a_request_during_a_request_ends_it_with_an_error(void **state) {
        FetchGet get = a_get("/stall", 100000);

        (void)state;
        client_ask(&client, &get, NULL);
        client_ask(&client, &get, NULL);
        assert_int_equal(client_wait(&client, 1000), EXIT_FAILURE);
}

static void test_messages_that_do_not_belong_end_it_with_an_error(void **state) {
        static const uint16_t kinds[] = { MESSAGE_FETCH_DONE, MESSAGE_FETCH_GET, MESSAGE_FLASH_GO,
                                          0xffff };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(kinds); i++) {
                assert_int_equal(message_send(client.connection, kinds[i], "x", 1, NULL, 0), 0);
                assert_int_equal(client_wait(&client, 2000), EXIT_FAILURE);
                (void)client_stop(&client);
                client_start(&client, home, NULL);
        }
}

static void test_a_place_of_another_length_ends_it_with_an_error(void **state) {
        FetchGet get = a_get("/hello", 5);
        uint8_t payload[4096];
        size_t n = fetch_get_encode(&get, payload, sizeof(payload));
        _cleanup_close_ int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

        (void)state;
        assert_int_equal(message_send(client.connection, MESSAGE_FETCH_GET, payload, n, &fd, 1), 0);
        assert_int_equal(client_wait(&client, 2000), EXIT_FAILURE);
}

#define T(test) cmocka_unit_test_setup_teardown(test, before, after)

int main(void) {
        const struct CMUnitTest tests[] = {
                T(test_a_body_comes_whole),
                T(test_a_body_may_be_shorter_than_its_place_and_come_in_chunks),
                T(test_progress_is_told_but_not_more_than_five_times_a_second),
                T(test_a_weak_validator_is_not_handed_on),
                T(test_two_requests_use_one_connection_also_after_a_404),
                T(test_the_environment_has_no_effect),
                T(test_a_proxy_is_asked_if_it_was_named),
                T(test_a_path_goes_to_the_mirror_as_it_is),
                T(test_an_encoding_that_nobody_asked_for_is_not_decoded),
                T(test_an_endless_body_ends_at_the_length_that_was_signed),
                T(test_nothing_is_written_behind_the_length),
                T(test_an_announced_length_that_is_too_large_is_enough_to_stop),
                T(test_headers_hints_and_trailers_without_end_are_too_large),
                T(test_a_drip_is_too_slow),
                T(test_a_stall_ends_with_the_time_that_was_given),
                T(test_a_body_that_is_cut_short_is_incomplete_and_its_beginning_counts),
                T(test_what_is_no_http_is_refused),
                T(test_each_status_has_its_fault),
                T(test_a_few_redirects_are_followed),
                T(test_redirects_without_end_are_refused),
                T(test_no_redirect_leads_to_another_scheme),
                T(test_addresses_that_are_not_allowed_are_not_asked),
                T(test_a_mirror_that_is_not_there_is_unreachable),
                T(test_a_download_goes_on_where_it_stopped),
                T(test_without_a_validator_no_condition_is_sent),
                T(test_a_validator_cannot_bring_a_header_of_its_own),
                T(test_a_mirror_that_cannot_resume_starts_over),
                T(test_what_was_there_still_counts_when_a_mirror_fails),
                T(test_it_ends_when_the_daemon_goes_away_in_the_middle),
                T(test_a_request_during_a_request_ends_it_with_an_error),
                T(test_messages_that_do_not_belong_end_it_with_an_error),
                T(test_a_place_of_another_length_ends_it_with_an_error),
        };

        return cmocka_run_group_tests(tests, before_all, after_all) == 0 ? 0 : 1;
}
