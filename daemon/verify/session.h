/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One check of one catalog against one mirror, for the daemon at the other end of CONNECTION, in the
 * order that wire/verify.h gives.
 *
 * The mirror's bytes are hostile, and so, for all we know, are the stored ones: the TUF client decides
 * what is trusted. A catalog that is refused is a result: it is told with END. Entries come before END
 * and are complete only if END has no fault; a fault of one model's makers does not keep the entries of
 * the other models from being told.
 */
#pragma once

#include "base/fault.h"

/* Returns 0 when END was sent, -ECONNRESET without a fault if the daemon went away, or a fault,
 * FAULT_PROTOCOL, if it said what may not be said. */
int session_run(int connection, Fault *fault) _must_check_;
