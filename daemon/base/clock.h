/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time as an argument. What decides takes a time; only the edges of a process ask for it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Seconds since the epoch, UTC, from libc (so that faketime(1) is obeyed). */
int64_t clock_realtime(void);
/* Milliseconds, counting suspend: for durations. */
uint64_t clock_boottime_ms(void);
/* Milliseconds at the kernel's last tick, without suspend: for loops, since it is never a system call,
 * which the others are where the processor has no clock that the kernel trusts. */
uint64_t clock_coarse_ms(void);
/* 32 hex digits and NUL; all zeros where the kernel does not say. */
void clock_boot_id(char ret_id[33]);

/* "2026-11-22T18:46:00Z": exactly this form, checked (RFC 3339 as TUF 4.2.3 narrows it). */
#define CLOCK_TEXT_SIZE 21
void clock_format(int64_t time, char ret_text[CLOCK_TEXT_SIZE]);
bool clock_parse(const char *text, int64_t *ret_time);

/* "3 h", "2 days": the largest unit that fits, for people. */
void clock_format_span(int64_t seconds, char *ret_text, size_t size);
