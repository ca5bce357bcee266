/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/fetch.h"

static size_t written(const Writer *writer) {
        return writer->failed ? 0 : writer->n_used;
}

size_t fetch_get_encode(const FetchGet *get, void *buffer, size_t size) {
        Writer writer = writer_of(buffer, size);

        write_be32(&writer, get->id);
        write_string(&writer, get->url);
        write_string(&writer, get->proxy);
        write_be64(&writer, get->length_max);
        write_be64(&writer, get->offset);
        write_string(&writer, get->etag);
        write_be32(&writer, get->low_speed);
        write_be32(&writer, get->low_speed_s);
        write_be32(&writer, get->deadline_s);
        return written(&writer);
}

bool fetch_get_decode(const void *bytes, size_t n_bytes, FetchGet *ret_get) {
        Reader reader = reader_of(bytes, n_bytes);
        FetchGet get = {};

        get.id = read_be32(&reader);
        read_string(&reader, get.url, sizeof(get.url));
        read_string(&reader, get.proxy, sizeof(get.proxy));
        get.length_max = read_be64(&reader);
        get.offset = read_be64(&reader);
        read_string(&reader, get.etag, sizeof(get.etag));
        get.low_speed = read_be32(&reader);
        get.low_speed_s = read_be32(&reader);
        get.deadline_s = read_be32(&reader);
        if (!reader_done(&reader) || get.length_max > INT64_MAX || get.offset > get.length_max ||
            get.deadline_s < 1 || get.deadline_s > FETCH_SECONDS_MAX ||
            get.low_speed_s > FETCH_SECONDS_MAX)
                return false;

        *ret_get = get;
        return true;
}

size_t fetch_progress_encode(const FetchProgress *progress, void *buffer, size_t size) {
        Writer writer = writer_of(buffer, size);

        write_be32(&writer, progress->id);
        write_be64(&writer, progress->n_bytes);
        write_be64(&writer, progress->n_total);
        return written(&writer);
}

bool fetch_progress_decode(const void *bytes, size_t n_bytes, FetchProgress *ret_progress) {
        Reader reader = reader_of(bytes, n_bytes);
        FetchProgress progress = {};

        progress.id = read_be32(&reader);
        progress.n_bytes = read_be64(&reader);
        progress.n_total = read_be64(&reader);
        if (!reader_done(&reader) || (progress.n_total > 0 && progress.n_bytes > progress.n_total))
                return false;

        *ret_progress = progress;
        return true;
}

size_t fetch_done_encode(const FetchDone *done, void *buffer, size_t size) {
        Writer writer = writer_of(buffer, size);

        write_be32(&writer, done->id);
        write_be16(&writer, done->http_status);
        write_be64(&writer, done->offset);
        write_be64(&writer, done->n_bytes);
        write_string(&writer, done->etag);
        write_fault(&writer, &done->fault);
        return written(&writer);
}

bool fetch_done_decode(const void *bytes, size_t n_bytes, FetchDone *ret_done) {
        Reader reader = reader_of(bytes, n_bytes);
        FetchDone done = {};

        done.id = read_be32(&reader);
        done.http_status = read_be16(&reader);
        done.offset = read_be64(&reader);
        done.n_bytes = read_be64(&reader);
        read_string(&reader, done.etag, sizeof(done.etag));
        read_fault(&reader, &done.fault);
        if (!reader_done(&reader) || done.http_status > 999 || done.offset > done.n_bytes)
                return false;

        *ret_done = done;
        return true;
}
