/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/fetch.h"

#include <string.h>

#include "tests/unit/test.h"

static const FetchGet a_get = {
        .id = 7,
        .url = "https://mirror.example/2.root.json",
        .proxy = "http://proxy.example:3128",
        .length_max = 512000,
        .offset = 65536,
        .etag = "\"5f3c\"",
        .low_speed = 100,
        .low_speed_s = 20,
        .deadline_s = 60,
};

static const FetchDone a_done = {
        .id = 7,
        .http_status = 206,
        .offset = 65536,
        .n_bytes = 70000,
        .etag = "\"5f3c\"",
        .fault = { .code = FAULT_FETCH_INCOMPLETE, .text = "cut short" },
};

static void test_a_get_comes_out_as_it_went_in(void **state) {
        uint8_t bytes[4096];
        FetchGet get = {};
        size_t n;

        (void)state;
        n = fetch_get_encode(&a_get, bytes, sizeof(bytes));
        assert_true(n > 0);
        assert_true(fetch_get_decode(bytes, n, &get));
        assert_int_equal(get.id, 7);
        assert_string_equal(get.url, a_get.url);
        assert_string_equal(get.proxy, a_get.proxy);
        assert_int_equal(get.length_max, 512000);
        assert_int_equal(get.offset, 65536);
        assert_string_equal(get.etag, a_get.etag);
        assert_int_equal(get.low_speed, 100);
        assert_int_equal(get.low_speed_s, 20);
        assert_int_equal(get.deadline_s, 60);
}

static void test_progress_comes_out_as_it_went_in(void **state) {
        FetchProgress progress = { .id = 1, .n_bytes = 10, .n_total = 20 }, out = {};
        uint8_t bytes[64];
        size_t n;

        (void)state;
        n = fetch_progress_encode(&progress, bytes, sizeof(bytes));
        assert_true(fetch_progress_decode(bytes, n, &out));
        assert_int_equal(out.id, 1);
        assert_int_equal(out.n_bytes, 10);
        assert_int_equal(out.n_total, 20);
}

static void test_done_comes_out_as_it_went_in(void **state) {
        uint8_t bytes[4096];
        FetchDone done = {};
        size_t n;

        (void)state;
        n = fetch_done_encode(&a_done, bytes, sizeof(bytes));
        assert_true(fetch_done_decode(bytes, n, &done));
        assert_int_equal(done.id, 7);
        assert_int_equal(done.http_status, 206);
        assert_int_equal(done.offset, 65536);
        assert_int_equal(done.n_bytes, 70000);
        assert_string_equal(done.etag, a_done.etag);
        assert_int_equal(done.fault.code, FAULT_FETCH_INCOMPLETE);
        assert_string_equal(done.fault.text, "cut short");
}

static void test_every_cut_and_every_addition_is_refused(void **state) {
        uint8_t bytes[4096] = {};
        FetchGet get = { .id = 99 };
        FetchDone done = { .id = 99 };
        FetchProgress progress = { .id = 99 };
        size_t n;

        (void)state;
        n = fetch_get_encode(&a_get, bytes, sizeof(bytes));
        for (size_t i = 0; i < n; i++)
                assert_false(fetch_get_decode(bytes, i, &get));
        assert_false(fetch_get_decode(bytes, n + 1, &get));
        n = fetch_done_encode(&a_done, bytes, sizeof(bytes));
        for (size_t i = 0; i < n; i++)
                assert_false(fetch_done_decode(bytes, i, &done));
        assert_false(fetch_done_decode(bytes, n + 1, &done));
        n = fetch_progress_encode(&(FetchProgress){}, bytes, sizeof(bytes));
        for (size_t i = 0; i < n; i++)
                assert_false(fetch_progress_decode(bytes, i, &progress));
        assert_false(fetch_progress_decode(bytes, n + 1, &progress));
        assert_int_equal(get.id, 99);
        assert_int_equal(done.id, 99);
        assert_int_equal(progress.id, 99);
}

static void test_a_buffer_that_is_too_small_gives_nothing(void **state) {
        uint8_t bytes[4096];
        size_t n = fetch_get_encode(&a_get, bytes, sizeof(bytes));

        (void)state;
        for (size_t i = 0; i < n; i++)
                assert_int_equal(fetch_get_encode(&a_get, bytes, i), 0);
        assert_int_equal(fetch_get_encode(&a_get, bytes, n), n);
        assert_int_equal(fetch_done_encode(&a_done, bytes, 20), 0);
        assert_int_equal(fetch_progress_encode(&(FetchProgress){}, bytes, 19), 0);
}

static bool get_survives(const FetchGet *get) {
        uint8_t bytes[4096];
        size_t n = fetch_get_encode(get, bytes, sizeof(bytes));
        FetchGet out;

        assert_true(n > 0);
        return fetch_get_decode(bytes, n, &out);
}

static void test_a_get_that_contradicts_itself_is_refused(void **state) {
        FetchGet get = a_get;

        (void)state;
        get.offset = get.length_max;
        assert_true(get_survives(&get));
        get.offset = get.length_max + 1;
        assert_false(get_survives(&get));
        get = a_get;
        get.length_max = UINT64_MAX;
        assert_false(get_survives(&get));
        get = a_get;
        get.deadline_s = 0;
        assert_false(get_survives(&get));
        get.deadline_s = FETCH_SECONDS_MAX + 1;
        assert_false(get_survives(&get));
        get = a_get;
        get.low_speed_s = FETCH_SECONDS_MAX + 1;
        assert_false(get_survives(&get));
}

static void test_a_url_longer_than_its_place_is_refused(void **state) {
        char url[URL_MAX + 1];
        uint8_t bytes[4096];
        Writer writer = writer_of(bytes, sizeof(bytes));
        FetchGet get;

        (void)state;
        memset(url, 'a', URL_MAX);
        url[URL_MAX] = '\0';
        write_be32(&writer, 1);
        write_string(&writer, url);
        write_string(&writer, "");
        write_be64(&writer, 1);
        write_be64(&writer, 0);
        write_string(&writer, "");
        write_be32(&writer, 0);
        write_be32(&writer, 0);
        write_be32(&writer, 1);
        assert_false(writer.failed);
        assert_false(fetch_get_decode(bytes, writer.n_used, &get));
}

static void test_a_done_that_contradicts_itself_is_refused(void **state) {
        FetchDone done = a_done, out;
        FetchProgress progress = { .n_bytes = 2, .n_total = 1 }, progress_out;
        uint8_t bytes[4096];
        size_t n;

        (void)state;
        done.offset = done.n_bytes + 1;
        n = fetch_done_encode(&done, bytes, sizeof(bytes));
        assert_false(fetch_done_decode(bytes, n, &out));
        done = a_done;
        done.http_status = 1000;
        n = fetch_done_encode(&done, bytes, sizeof(bytes));
        assert_false(fetch_done_decode(bytes, n, &out));
        done = a_done;
        done.fault.code = (FaultCode)9999;
        n = fetch_done_encode(&done, bytes, sizeof(bytes));
        assert_false(fetch_done_decode(bytes, n, &out));
        n = fetch_progress_encode(&progress, bytes, sizeof(bytes));
        assert_false(fetch_progress_decode(bytes, n, &progress_out));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_get_comes_out_as_it_went_in),
                cmocka_unit_test(test_progress_comes_out_as_it_went_in),
                cmocka_unit_test(test_done_comes_out_as_it_went_in),
                cmocka_unit_test(test_every_cut_and_every_addition_is_refused),
                cmocka_unit_test(test_a_buffer_that_is_too_small_gives_nothing),
                cmocka_unit_test(test_a_get_that_contradicts_itself_is_refused),
                cmocka_unit_test(test_a_url_longer_than_its_place_is_refused),
                cmocka_unit_test(test_a_done_that_contradicts_itself_is_refused),
        };

        return RUN_TESTS(tests);
}
