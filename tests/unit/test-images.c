/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "db/images.h"

#include <errno.h>

#include "base/file.h"
#include "tests/unit/store-folder.h"

#define LENGTH (3 * CHUNK_LENGTH + 100)

/* An image of LENGTH bytes; SEED makes it another one. */
typedef struct Sample {
        uint8_t bytes[LENGTH];
        uint8_t sha256[SHA256_LENGTH];
} Sample;

static Sample *sample_new(unsigned seed) {
        Sample *sample = malloc(sizeof(*sample));

        assert_non_null(sample);
        for (size_t i = 0; i < LENGTH; i++)
                sample->bytes[i] = (uint8_t)((i * 31 + i / 251) ^ seed);
        assert_int_equal(sha256(sample->bytes, LENGTH, sample->sha256), 0);
        return sample;
}

static ImageRow wanted(const Sample *sample) {
        ImageRow row = { .length = LENGTH, .used = NOW };

        memcpy(row.sha256, sample->sha256, SHA256_LENGTH);
        return row;
}

static void append(Store *store, const Sample *sample, unsigned n) {
        Fault fault = {};
        size_t at = n * CHUNK_LENGTH;

        assert_done(image_append(store, sample->sha256, at, sample->bytes + at,
                                 n < 3 ? CHUNK_LENGTH : 100, &fault),
                    &fault);
}

static void put(Store *store, const Sample *sample, int64_t now) {
        Fault fault = {};

        assert_done(image_put(store, sample->sha256, sample->bytes, LENGTH, now, &fault), &fault);
}

static void assert_reads(Store *store, const Sample *sample) {
        _cleanup_close_ int fd = -1;
        _cleanup_mapping_ Mapping mapping = {};
        Fault fault = {};

        assert_done(image_read(store, sample->sha256, NOW, &fd, &fault), &fault);
        assert_int_equal(mapping_open(fd, IMAGE_LENGTH_MAX, &mapping), 0);
        assert_int_equal(mapping.n_bytes, LENGTH);
        assert_memory_equal(mapping.bytes, sample->bytes, LENGTH);
}

static void test_an_image_comes_back_sealed(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        _cleanup_free_ Sample *sample = sample_new(0);
        uint64_t size;

        assert_false(has_image(store, sample->sha256));
        put(store, sample, NOW);
        assert_true(has_image(store, sample->sha256));
        assert_reads(store, sample);
        assert_int_equal(images_size(store, &size, NULL), 0);
        assert_int_equal(size, LENGTH);
        put(store, sample, NOW);
        assert_int_equal(images_size(store, &size, NULL), 0);
        assert_int_equal(size, LENGTH);
        assert_int_equal(image_delete(store, sample->sha256, NULL), 0);
        assert_int_equal(images_size(store, &size, NULL), 0);
        assert_int_equal(size, 0);
}

static void test_a_download_goes_on_where_it_was(void **state) {
        _cleanup_free_ Sample *sample = sample_new(0);
        ImageRow row = wanted(sample);
        char etag[IMAGE_ETAG_MAX + 1];
        Store *store = open_store(*state, NULL);
        uint64_t at = 99;

        strcpy(row.etag, "\"abc\"");
        assert_int_equal(image_begin(store, &row, &at, etag, NULL), 0);
        assert_int_equal(at, 0);
        assert_string_equal(etag, "");
        append(store, sample, 0);
        append(store, sample, 1);
        store_close(store);

        store = open_store(*state, NULL);
        row.etag[0] = '\0';
        assert_int_equal(image_begin(store, &row, &at, etag, NULL), 0);
        assert_int_equal(at, 2 * CHUNK_LENGTH);
        assert_string_equal(etag, "\"abc\"");
        /* The same bytes from another mirror: its tag is unknown. */
        row.source[0] = 1;
        assert_int_equal(image_begin(store, &row, &at, etag, NULL), 0);
        assert_int_equal(at, 2 * CHUNK_LENGTH);
        assert_string_equal(etag, "");
        assert_false(has_image(store, sample->sha256));
        append(store, sample, 2);
        append(store, sample, 3);
        assert_int_equal(image_finish(store, sample->sha256, NOW, NULL), 0);
        assert_reads(store, sample);
        assert_int_equal(image_begin(store, &row, &at, NULL, NULL), 0);
        assert_int_equal(at, LENGTH);
        assert_true(has_image(store, sample->sha256));
        store_close(store);
}

static void test_rows_out_of_place_are_refused(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        _cleanup_free_ Sample *sample = sample_new(0);
        ImageRow row = wanted(sample);
        uint64_t at;

        assert_int_equal(image_append(store, sample->sha256, 0, sample->bytes, CHUNK_LENGTH, NULL),
                         -EINVAL);
        assert_int_equal(image_begin(store, &row, &at, NULL, NULL), 0);
        assert_int_equal(image_append(store, sample->sha256, CHUNK_LENGTH, sample->bytes,
                                      CHUNK_LENGTH, NULL),
                         -EINVAL);
        assert_int_equal(image_append(store, sample->sha256, 0, sample->bytes, 100, NULL), -EINVAL);
        append(store, sample, 0);
        assert_int_equal(image_append(store, sample->sha256, 0, sample->bytes, CHUNK_LENGTH, NULL),
                         -EINVAL);
        row.length = 5;
        assert_int_equal(image_begin(store, &row, &at, NULL, NULL), -EBADE);
        row.length = IMAGE_LENGTH_MAX + 1ull;
        assert_int_equal(image_begin(store, &row, &at, NULL, NULL), -EFBIG);
}

static void test_wrong_bytes_are_not_an_image_and_go(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        _cleanup_free_ Sample *sample = sample_new(0), *other = sample_new(1);
        Fault fault = {};
        uint64_t size;

        assert_int_equal(image_put(store, sample->sha256, other->bytes, LENGTH, NOW, &fault),
                         -EBADE);
        assert_int_equal(fault.code, FAULT_IMAGE_MISMATCH);
        assert_int_equal(images_size(store, &size, NULL), 0);
        assert_int_equal(size, 0);
        assert_false(has_image(store, sample->sha256));
}

static void test_an_unfinished_image_is_not_given_out(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        _cleanup_free_ Sample *sample = sample_new(0);
        ImageRow row = wanted(sample);
        Fault fault = {};
        uint64_t at;
        int fd = -1;

        assert_int_equal(image_begin(store, &row, &at, NULL, NULL), 0);
        append(store, sample, 0);
        assert_true(image_read(store, sample->sha256, NOW, &fd, &fault) < 0);
        assert_int_equal(fault.code, FAULT_IMAGE_MISSING);
        fault_clear(&fault);
        assert_int_equal(image_finish(store, sample->sha256, NOW, &fault), -EBADE);
        assert_int_equal(fault.code, FAULT_IMAGE_MISMATCH);
        assert_int_equal(fd, -1);
}

static void test_a_damaged_row_ends_what_is_good(void **state) {
        _cleanup_free_ Sample *sample = sample_new(0);
        ImageRow row = wanted(sample);
        Store *store = open_store(*state, NULL);
        uint64_t at;

        assert_int_equal(image_begin(store, &row, &at, NULL, NULL), 0);
        append(store, sample, 0);
        append(store, sample, 1);
        append(store, sample, 2);
        store_close(store);
        run_sql(*state, "images.db", "UPDATE chunk SET bytes = zeroblob(65536) WHERE n = 1");
        store = open_store(*state, NULL);
        assert_int_equal(image_begin(store, &row, &at, NULL, NULL), 0);
        assert_int_equal(at, CHUNK_LENGTH);
        append(store, sample, 1);
        append(store, sample, 2);
        append(store, sample, 3);
        assert_int_equal(image_finish(store, sample->sha256, NOW, NULL), 0);
        store_close(store);
}

static void test_a_row_replaced_with_its_hash_is_found_by_the_whole(void **state) {
        _cleanup_free_ Sample *sample = sample_new(0), *other = sample_new(1);
        Store *store = open_store(*state, NULL);
        Fault fault = {};
        int fd = -1;

        put(store, sample, NOW);
        put(store, other, NOW);
        store_close(store);
        run_sql(*state, "images.db",
                "UPDATE chunk SET (hash, bytes) = (SELECT hash, bytes FROM chunk AS o WHERE o.n = "
                "1 "
                "AND o.sha256 <> chunk.sha256) WHERE n = 1 AND sha256 = (SELECT min(sha256) FROM "
                "image)");
        store = open_store(*state, NULL);
        if (memcmp(sample->sha256, other->sha256, SHA256_LENGTH) > 0) {
                Sample *swap = sample;

                sample = other;
                other = swap;
        }
        assert_true(image_read(store, sample->sha256, NOW, &fd, &fault) < 0);
        assert_int_equal(fault.code, FAULT_IMAGE_MISSING);
        assert_non_null(strstr(fault.text, "was damaged in the store and deleted"));
        assert_reads(store, other);
        store_close(store);
}

/* Bit rot anywhere in the file: never a wrong byte, whatever else happens. */
static void test_no_flipped_bit_yields_a_wrong_image(void **state) {
        _cleanup_free_ Sample *sample = sample_new(0);
        _cleanup_free_ uint8_t *file = NULL;
        TestFolder *folder = *state;
        unsigned n_found = 0;
        Store *store;
        size_t n;

        store = open_store(folder, NULL);
        put(store, sample, NOW);
        store_close(store);
        assert_int_equal(file_read(folder->fd, "images.db", 4000000, &file, &n), 0);
        for (unsigned i = 0; i < 60; i++) {
                _cleanup_close_ int fd = -1, out = -1;
                size_t at = (size_t)i * 7919 * 37 % n;
                int r;

                file[at] ^= (uint8_t)(1u << i % 8);
                out = openat(folder->fd, "images.db", O_WRONLY | O_TRUNC | O_CLOEXEC);
                assert_int_equal(write_all(out, file, n), 0);
                file[at] ^= (uint8_t)(1u << i % 8);
                store = open_store(folder, NULL);
                r = image_read(store, sample->sha256, NOW, &fd, NULL);
                if (r == 0) {
                        _cleanup_mapping_ Mapping mapping = {};

                        assert_int_equal(mapping_open(fd, IMAGE_LENGTH_MAX, &mapping), 0);
                        assert_int_equal(mapping.n_bytes, LENGTH);
                        assert_memory_equal(mapping.bytes, sample->bytes, LENGTH);
                } else
                        n_found++;
                store_close(store);
        }
        assert_true(n_found > 40);
}

static void test_a_ruined_file_is_put_aside_and_made_anew(void **state) {
        _cleanup_free_ Sample *sample = sample_new(0);
        _cleanup_close_ int fd = -1;
        TestFolder *folder = *state;
        struct stat st;
        StoreNews news;
        Store *store;

        store = open_store(folder, NULL);
        put(store, sample, NOW);
        store_close(store);
        fd = openat(folder->fd, "images.db", O_WRONLY | O_CLOEXEC);
        assert_int_equal(write_all(fd, sample->bytes, 4096), 0);
        store = open_store(folder, &news);
        assert_memory_equal(news.images_aside, "images.db.corrupt-", 18);
        assert_string_equal(news.images_why, "cannot open images.db: the file is damaged");
        assert_int_equal(fstatat(folder->fd, news.images_aside, &st, 0), 0);
        assert_false(has_image(store, sample->sha256));
        put(store, sample, NOW);
        assert_reads(store, sample);
        store_close(store);
}

static void test_the_least_recently_used_goes_first_but_what_is_needed_stays(void **state) {
        _cleanup_(store_closep) Store *store = open_store(*state, NULL);
        Sample *samples[4];
        unsigned n_deleted;
        uint64_t size;

        for (unsigned i = 0; i < 4; i++) {
                samples[i] = sample_new(i);
                put(store, samples[i], NOW + i);
        }
        assert_int_equal(images_prune(store, 4 * LENGTH, NULL, 0, &n_deleted, NULL), 0);
        assert_int_equal(n_deleted, 0);
        assert_int_equal(images_prune(store, 2 * LENGTH, (const uint8_t(*)[32])samples[0]->sha256,
                                      1, &n_deleted, NULL),
                         0);
        assert_int_equal(n_deleted, 2);
        assert_true(has_image(store, samples[0]->sha256));
        assert_true(has_image(store, samples[3]->sha256));
        assert_int_equal(
                images_prune(store, 0, (const uint8_t(*)[32])samples[0]->sha256, 1, NULL, NULL), 0);
        assert_int_equal(images_size(store, &size, NULL), 0);
        assert_int_equal(size, LENGTH);
        for (unsigned i = 0; i < 4; i++)
                free(samples[i]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                test_in_folder(test_an_image_comes_back_sealed),
                test_in_folder(test_a_download_goes_on_where_it_was),
                test_in_folder(test_rows_out_of_place_are_refused),
                test_in_folder(test_wrong_bytes_are_not_an_image_and_go),
                test_in_folder(test_an_unfinished_image_is_not_given_out),
                test_in_folder(test_a_damaged_row_ends_what_is_good),
                test_in_folder(test_a_row_replaced_with_its_hash_is_found_by_the_whole),
                test_in_folder(test_no_flipped_bit_yields_a_wrong_image),
                test_in_folder(test_a_ruined_file_is_put_aside_and_made_anew),
                test_in_folder(test_the_least_recently_used_goes_first_but_what_is_needed_stays),
        };

        return RUN_TESTS(tests);
}
