/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Serial numbers, as far as drives have them.
 *
 * Numbers of srN and sgN change whenever a drive is plugged in again, so they are no identity. A
 * serial number with the 24 name bytes is; where there is none, the physical path with them
 * (probe_drive_key() in wire/probe.h). What makers put where a serial belongs is often blanks,
 * zeros, or fill: all of that is none.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drive/inquiry.h"

/* Trims, and says false if what is left is empty, unprintable, shorter than 4, or one character
 * over and over. RET_SERIAL is untouched then. Longer ones than fit are none, too: cut ones could
 * be alike. */
bool serial_clean(const void *bytes, size_t n_bytes, char ret_serial[SERIAL_SIZE]);

/* VPD page 80h (SPC-4 7.8.15). Drives without it often send standard INQUIRY data instead. */
bool serial_from_page(const void *bytes, size_t n_bytes, char ret_serial[SERIAL_SIZE]);

/* VPD page 00h: is PAGE in the list? */
bool page_listed(const void *bytes, size_t n_bytes, uint8_t page);

/* INQUIRY bytes 36 to 55 of makers who put it there (HL-DT-ST, TSSTcorp). The part of the field that
 * names the firmware and so changes with it is left out. */
bool serial_from_field(const Inquiry *inquiry, char ret_serial[SERIAL_SIZE]);
