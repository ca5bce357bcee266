/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hands over the outcomes that nobody acknowledged, each once.
 *
 * A journal whose helper lives is waited for, as long as the daemon holds the connection: a flash
 * takes minutes. One whose helper died is read for what it says (journal.h). It is removed when the
 * daemon has acknowledged it, and is kept otherwise.
 */
#pragma once

#include "flash/link.h"
#include "flash/settings.h"

/* Until there are none left, and NONE was said, or the daemon left. */
int report_run(Link *link, const Settings *settings, Fault *fault) _must_check_;
