/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a drive keeps while its process does not run: NAME.state, an ini file, replaced at once.
 *
 * A process that ends while a drive burns is a power cut to it: the drive is found burning, and
 * that is what a power cut in the middle of a burn makes of such drives.
 */
#pragma once

#include "base/fault.h"
#include "tests/emulator/drive.h"

/* Puts DRIVE into its kept state; without a file it stays as it is. A damaged file is an error:
 * a drive that quietly forgot what was done to it would make every test pass. */
int state_load(int folder_fd, Drive *drive, Fault *fault) _must_check_;

int state_save(int folder_fd, const Drive *drive) _must_check_;
