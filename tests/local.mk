# SPDX-License-Identifier: LGPL-2.1-or-later
# What this folder makes.

include tests/tuf-client/local.mk
include tests/guest/local.mk

# What all unit tests include.
EXTRA_DIST += tests/unit/test.h

# What runs each test.
EXTRA_DIST += tests/run.sh
