/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One flash, from the plan to its acknowledged end: does what the machine (machine.h) only names.
 *
 *     checks, none of which changes the drive; INTENT on disk; READY
 *     the order comes, or it is over: nothing was sent
 *     who is it, what stands in the way: once more
 *     FIRST-WRITE on disk; pieces; COMMIT-SENT on disk; the last piece
 *     silence; then the drive is read, and only that decides
 *     END on disk; END to the daemon; the journal goes when the daemon has it
 *
 * From the order on there is nothing that ends this process but its own end: signals wait, a closed
 * connection is not looked at, nothing is repeated, and every time-out is the drive's, by the recipe.
 */
#pragma once

#include "flash/link.h"
#include "flash/settings.h"

/* PLAN is the message that came; its descriptors are taken. Returns when all is over: 0, or -EBADE
 * if the plan could not be read at all (FAULT_PROTOCOL). */
int flash_run(Link *link, const Settings *settings, Message *plan, Fault *fault) _must_check_;
