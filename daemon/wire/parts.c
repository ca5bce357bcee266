/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/parts.h"

#include <assert.h>

void write_flag(Writer *writer, bool flag) {
        write_u8(writer, flag ? 1 : 0);
}

bool read_flag(Reader *reader) {
        return read_enum(reader, 2) == 1;
}

void write_enum(Writer *writer, unsigned value) {
        assert(value <= UINT8_MAX);
        write_u8(writer, (uint8_t)value);
}

unsigned read_enum(Reader *reader, unsigned n_values) {
        unsigned value = read_u8(reader);

        if (value < n_values)
                return value;
        reader->failed = true;
        return 0;
}

void write_region(Writer *writer, const Region *region) {
        write_flag(writer, region->known);
        write_u8(writer, region->state);
        write_u8(writer, region->vendor_resets);
        write_u8(writer, region->user_changes);
        write_u8(writer, region->mask);
        write_u8(writer, region->scheme);
}

void read_region(Reader *reader, Region *ret_region) {
        Region region;

        region.known = read_flag(reader);
        region.state = (uint8_t)read_enum(reader, 4);
        region.vendor_resets = (uint8_t)read_enum(reader, 8);
        region.user_changes = (uint8_t)read_enum(reader, 8);
        region.mask = read_u8(reader);
        region.scheme = read_u8(reader);
        *ret_region = reader->failed ? (Region){} : region;
}

void write_counters(Writer *writer, const Counters *counters) {
        write_be64(writer, (uint64_t)counters->done);
        write_be64(writer, (uint64_t)counters->errors);
        write_be64(writer, (uint64_t)counters->timeouts);
}

static int64_t read_counter(Reader *reader) {
        int64_t counter = (int64_t)read_be64(reader);

        if (counter < -1)
                reader->failed = true;
        return counter;
}

void read_counters(Reader *reader, Counters *ret_counters) {
        Counters counters;

        counters.done = read_counter(reader);
        counters.errors = read_counter(reader);
        counters.timeouts = read_counter(reader);
        *ret_counters = reader->failed ? COUNTERS_UNKNOWN : counters;
}
