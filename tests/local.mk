# SPDX-License-Identifier: LGPL-2.1-or-later
# What this folder makes.

include tests/tuf-client/local.mk
