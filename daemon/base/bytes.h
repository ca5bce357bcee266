/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes from outside have one reader, which cannot read past the end, and one writer, which cannot
 * write past it. Integers are big-endian, as SCSI and our wire have them.
 *
 * Both remember failure: after the first read or write that does not fit, every further one does
 * nothing and reads as zero, so that a decoder may read all its fields and ask once at the end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Reader {
        const uint8_t *p;
        size_t n_left;
        bool failed;
} Reader;

Reader reader_of(const void *bytes, size_t n_bytes);
uint8_t read_u8(Reader *reader);
uint16_t read_be16(Reader *reader);
uint32_t read_be32(Reader *reader);
uint64_t read_be64(Reader *reader);
void read_bytes(Reader *reader, void *ret_bytes, size_t n_bytes);
/* N bytes in place, or NULL. */
const uint8_t *read_span(Reader *reader, size_t n_bytes);
/* A string as write_string() wrote it: be16 length, then bytes without NUL. Fails, with an empty
 * result, if it does not fit into SIZE with its terminator or holds a NUL. */
void read_string(Reader *reader, char *ret_string, size_t size);
/* Everything was read and nothing failed. */
bool reader_done(const Reader *reader);

typedef struct Writer {
        uint8_t *start;
        size_t n_used;
        size_t size;
        bool failed;
} Writer;

Writer writer_of(void *buffer, size_t size);
void write_u8(Writer *writer, uint8_t value);
void write_be16(Writer *writer, uint16_t value);
void write_be32(Writer *writer, uint32_t value);
void write_be64(Writer *writer, uint64_t value);
void write_bytes(Writer *writer, const void *bytes, size_t n_bytes);
void write_string(Writer *writer, const char *string);

/* Integers in place, for layouts that are addressed by offset. */
static inline uint16_t get_be16(const uint8_t *p) {
        return (uint16_t)(p[0] << 8 | p[1]);
}
static inline uint32_t get_be24(const uint8_t *p) {
        return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}
static inline uint32_t get_be32(const uint8_t *p) {
        return (uint32_t)p[0] << 24 | get_be24(p + 1);
}
static inline uint64_t get_be64(const uint8_t *p) {
        return (uint64_t)get_be32(p) << 32 | get_be32(p + 4);
}
static inline void put_be16(uint8_t *p, uint16_t v) {
        p[0] = (uint8_t)(v >> 8);
        p[1] = (uint8_t)v;
}
static inline void put_be24(uint8_t *p, uint32_t v) {
        p[0] = (uint8_t)(v >> 16);
        p[1] = (uint8_t)(v >> 8);
        p[2] = (uint8_t)v;
}
static inline void put_be32(uint8_t *p, uint32_t v) {
        p[0] = (uint8_t)(v >> 24);
        put_be24(p + 1, v);
}
static inline void put_be64(uint8_t *p, uint64_t v) {
        put_be32(p, (uint32_t)(v >> 32));
        put_be32(p + 4, (uint32_t)v);
}
