# SPDX-License-Identifier: LGPL-2.1-or-later
# Rules that a machine can hold. Each script says in its first line why, and finds what it planted.
LINT_TESTS = tests/lint/docs.sh tests/lint/format.sh tests/lint/layers.sh tests/lint/man.sh \
	tests/lint/size.sh tests/lint/spdx.sh tests/lint/units.sh
EXTRA_DIST += $(LINT_TESTS) tests/lint/lib.sh tests/lint/linkage.sh
TESTS += $(LINT_TESTS)
# Sanitizers and coverage bring libraries of their own.
if PLAIN_BUILD
TESTS += tests/lint/linkage.sh
endif
