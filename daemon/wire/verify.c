/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/verify.h"

#include <string.h>

#include "wire/parts.h"

static size_t written(const Writer *writer) {
        return writer->failed ? 0 : writer->n_used;
}

static void write_time(Writer *writer, int64_t time) {
        write_be64(writer, (uint64_t)time);
}

static int64_t read_time(Reader *reader) {
        return (int64_t)read_be64(reader);
}

size_t verify_begin_encode(const VerifyBegin *begin, void *buffer, size_t size) {
        Writer writer = writer_of(buffer, size);

        if (begin->n_models > DRIVES_MAX)
                return 0;
        write_string(&writer, begin->catalog);
        write_time(&writer, begin->start_time);
        write_time(&writer, begin->clock_floor);
        write_be16(&writer, begin->n_models);
        write_bytes(&writer, begin->models, (size_t)begin->n_models * IDENTITY_LENGTH);
        return written(&writer);
}

bool verify_begin_decode(const void *bytes, size_t n_bytes, VerifyBegin *ret_begin) {
        Reader reader = reader_of(bytes, n_bytes);
        VerifyBegin begin = {};

        read_string(&reader, begin.catalog, sizeof(begin.catalog));
        begin.start_time = read_time(&reader);
        begin.clock_floor = read_time(&reader);
        begin.n_models = read_be16(&reader);
        if (begin.n_models > DRIVES_MAX)
                return false;
        read_bytes(&reader, begin.models, (size_t)begin.n_models * IDENTITY_LENGTH);
        if (!reader_done(&reader))
                return false;

        *ret_begin = begin;
        return true;
}

size_t verify_stored_encode(const VerifyStored *stored, void *buffer, size_t size) {
        Writer writer = writer_of(buffer, size);

        write_string(&writer, stored->role);
        return written(&writer);
}

bool verify_stored_decode(const void *bytes, size_t n_bytes, VerifyStored *ret_stored) {
        Reader reader = reader_of(bytes, n_bytes);
        VerifyStored stored = {};

        read_string(&reader, stored.role, sizeof(stored.role));
        if (!reader_done(&reader) || stored.role[0] == '\0')
                return false;

        *ret_stored = stored;
        return true;
}

size_t verify_need_encode(const VerifyNeed *need, void *buffer, size_t size) {
        Writer writer = writer_of(buffer, size);

        write_string(&writer, need->name);
        write_be64(&writer, need->length_max);
        return written(&writer);
}

bool verify_need_decode(const void *bytes, size_t n_bytes, VerifyNeed *ret_need) {
        Reader reader = reader_of(bytes, n_bytes);
        VerifyNeed need = {};

        read_string(&reader, need.name, sizeof(need.name));
        need.length_max = read_be64(&reader);
        /* The name goes behind the address of a mirror as it is: it must be one component. */
        if (!reader_done(&reader) || need.name[0] == '\0' || need.name[0] == '.' ||
            strspn(need.name,
                   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%") !=
                    strlen(need.name))
                return false;

        *ret_need = need;
        return true;
}

size_t verify_file_encode(const VerifyFile *file, void *buffer, size_t size) {
        Writer writer = writer_of(buffer, size);

        write_enum(&writer, file->status);
        write_fault(&writer, &file->fault);
        return written(&writer);
}

bool verify_file_decode(const void *bytes, size_t n_bytes, VerifyFile *ret_file) {
        Reader reader = reader_of(bytes, n_bytes);
        VerifyFile file = {};

        file.status = (VerifyFileStatus)read_enum(&reader, FILE_FAILED + 1);
        read_fault(&reader, &file.fault);
        /* A failure has a reason, and nothing else has one. */
        if (!reader_done(&reader) ||
            (file.status == FILE_FAILED) != (file.fault.code != FAULT_NONE))
                return false;

        *ret_file = file;
        return true;
}

size_t verify_trust_encode(const VerifyTrust *trust, void *buffer, size_t size) {
        Writer writer = writer_of(buffer, size);

        write_string(&writer, trust->role);
        write_be64(&writer, trust->version);
        return written(&writer);
}

bool verify_trust_decode(const void *bytes, size_t n_bytes, VerifyTrust *ret_trust) {
        Reader reader = reader_of(bytes, n_bytes);
        VerifyTrust trust = {};

        read_string(&reader, trust.role, sizeof(trust.role));
        trust.version = read_be64(&reader);
        if (!reader_done(&reader) || trust.role[0] == '\0' || trust.version > INT64_MAX)
                return false;

        *ret_trust = trust;
        return true;
}

size_t verify_entry_encode(const VerifyEntry *entry, void *buffer, size_t size) {
        Writer writer = writer_of(buffer, size);

        write_bytes(&writer, entry->model, sizeof(entry->model));
        write_string(&writer, entry->path);
        write_be64(&writer, entry->length);
        write_bytes(&writer, entry->sha256, sizeof(entry->sha256));
        write_fault(&writer, &entry->ignored);
        write_string(&writer, entry->json);
        return written(&writer);
}

bool verify_entry_decode(const void *bytes, size_t n_bytes, VerifyEntry *ret_entry) {
        Reader reader = reader_of(bytes, n_bytes);
        _cleanup_free_ VerifyEntry *entry = calloc(1, sizeof(*entry)); /* large for a stack */

        if (!entry)
                return false;
        read_bytes(&reader, entry->model, sizeof(entry->model));
        read_string(&reader, entry->path, sizeof(entry->path));
        entry->length = read_be64(&reader);
        read_bytes(&reader, entry->sha256, sizeof(entry->sha256));
        read_fault(&reader, &entry->ignored);
        read_string(&reader, entry->json, sizeof(entry->json));
        if (!reader_done(&reader) || entry->path[0] == '\0' || entry->length > INT64_MAX ||
            (entry->ignored.code == FAULT_NONE && entry->json[0] == '\0'))
                return false;

        *ret_entry = *entry;
        return true;
}

size_t verify_end_encode(const VerifyEnd *end, void *buffer, size_t size) {
        Writer writer = writer_of(buffer, size);

        write_fault(&writer, &end->fault);
        write_be64(&writer, end->root_version);
        write_be64(&writer, end->timestamp_version);
        write_be64(&writer, end->snapshot_version);
        write_be64(&writer, end->targets_version);
        write_time(&writer, end->signed_at);
        write_time(&writer, end->expires);
        write_be64(&writer, end->seen_version);
        write_time(&writer, end->seen_signed_at);
        write_string(&writer, end->roles);
        return written(&writer);
}

bool verify_end_decode(const void *bytes, size_t n_bytes, VerifyEnd *ret_end) {
        Reader reader = reader_of(bytes, n_bytes);
        VerifyEnd end = {};

        read_fault(&reader, &end.fault);
        end.root_version = read_be64(&reader);
        end.timestamp_version = read_be64(&reader);
        end.snapshot_version = read_be64(&reader);
        end.targets_version = read_be64(&reader);
        end.signed_at = read_time(&reader);
        end.expires = read_time(&reader);
        end.seen_version = read_be64(&reader);
        end.seen_signed_at = read_time(&reader);
        read_string(&reader, end.roles, sizeof(end.roles));
        if (!reader_done(&reader) || end.root_version > INT64_MAX ||
            end.timestamp_version > INT64_MAX || end.snapshot_version > INT64_MAX ||
            end.targets_version > INT64_MAX || end.seen_version > INT64_MAX)
                return false;

        *ret_end = end;
        return true;
}
