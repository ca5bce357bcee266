/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a flash ended, for people and scripts. */
#pragma once

#include "base/fault.h"

/* By the outcomes of architecture section 3. One that we do not know is taken for the worst. */
int outcome_exit_status(const char *outcome);

/* The fault that an outcome is, for its next step; FAULT_NONE for "verified". */
FaultCode outcome_fault(const char *outcome);

/* What it means, in words: "the drive refused and is unharmed". */
const char *outcome_text(const char *outcome);
