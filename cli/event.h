/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of the audit log as lines of a table. */
#pragma once

#include "cli/table.h"

extern const Column event_columns[];
