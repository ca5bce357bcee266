/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/bytes.h"

#include <string.h>

Reader reader_of(const void *bytes, size_t n_bytes) {
        return (Reader){ .p = bytes, .n_left = n_bytes };
}

const uint8_t *read_span(Reader *reader, size_t n_bytes) {
        const uint8_t *span = reader->p;

        if (reader->failed || n_bytes > reader->n_left) {
                reader->failed = true;
                return NULL;
        }
        reader->p += n_bytes;
        reader->n_left -= n_bytes;
        return span;
}

uint8_t read_u8(Reader *reader) {
        const uint8_t *p = read_span(reader, 1);

        return p ? p[0] : 0;
}

uint16_t read_be16(Reader *reader) {
        const uint8_t *p = read_span(reader, 2);

        return p ? get_be16(p) : 0;
}

uint32_t read_be32(Reader *reader) {
        const uint8_t *p = read_span(reader, 4);

        return p ? get_be32(p) : 0;
}

uint64_t read_be64(Reader *reader) {
        const uint8_t *p = read_span(reader, 8);

        return p ? get_be64(p) : 0;
}

void read_bytes(Reader *reader, void *ret_bytes, size_t n_bytes) {
        const uint8_t *p = read_span(reader, n_bytes);

        if (p)
                memcpy(ret_bytes, p, n_bytes);
        else
                memset(ret_bytes, 0, n_bytes);
}

void read_string(Reader *reader, char *ret_string, size_t size) {
        size_t n = read_be16(reader);
        const uint8_t *p = read_span(reader, n);

        ret_string[0] = '\0';
        if (!p)
                return;
        if (n >= size || memchr(p, '\0', n)) {
                reader->failed = true;
                return;
        }
        memcpy(ret_string, p, n);
        ret_string[n] = '\0';
}

bool reader_done(const Reader *reader) {
        return !reader->failed && reader->n_left == 0;
}

Writer writer_of(void *buffer, size_t size) {
        return (Writer){ .start = buffer, .size = size };
}

void write_bytes(Writer *writer, const void *bytes, size_t n_bytes) {
        if (writer->failed || n_bytes > writer->size - writer->n_used) {
                writer->failed = true;
                return;
        }
        if (n_bytes > 0)
                memcpy(writer->start + writer->n_used, bytes, n_bytes);
        writer->n_used += n_bytes;
}

void write_u8(Writer *writer, uint8_t value) {
        write_bytes(writer, &value, 1);
}

void write_be16(Writer *writer, uint16_t value) {
        uint8_t b[2];

        put_be16(b, value);
        write_bytes(writer, b, sizeof(b));
}

void write_be32(Writer *writer, uint32_t value) {
        uint8_t b[4];

        put_be32(b, value);
        write_bytes(writer, b, sizeof(b));
}

void write_be64(Writer *writer, uint64_t value) {
        uint8_t b[8];

        put_be64(b, value);
        write_bytes(writer, b, sizeof(b));
}

void write_string(Writer *writer, const char *string) {
        size_t n = strlen(string);

        if (n > UINT16_MAX) {
                writer->failed = true;
                return;
        }
        write_be16(writer, (uint16_t)n);
        write_bytes(writer, string, n);
}
