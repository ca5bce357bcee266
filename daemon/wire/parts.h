/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What more than one protocol carries, in one layout each. Readers fail (reader->failed) on what is
 * out of range, and the result is empty then. */
#pragma once

#include "wire/probe.h"

void write_flag(Writer *writer, bool flag);
/* 0 or 1, nothing else. */
bool read_flag(Reader *reader);

/* An enum of values below N_VALUES, in one byte. */
void write_enum(Writer *writer, unsigned value);
unsigned read_enum(Reader *reader, unsigned n_values);

void write_region(Writer *writer, const Region *region);
void read_region(Reader *reader, Region *ret_region);

void write_counters(Writer *writer, const Counters *counters);
void read_counters(Reader *reader, Counters *ret_counters);
