# SPDX-License-Identifier: LGPL-2.1-or-later
# Tests of the programs as people run them: the real processes, emulated drives, a real web server.
# A script that includes lib.sh or machine.py, and a line in SYSTEM_TESTS, make one more.
EXTRA_DIST += tests/system/lib.sh tests/system/machine.py tests/system/processes.py \
	tests/system/repository.py tests/system/interrupted.py tests/system/activated.py tests/system/uevent.py
SYSTEM_TESTS = tests/system/daemon-dies.py tests/system/helper-dies.py \
	tests/system/clients.py tests/system/mirrors.py tests/system/faulty-drives.py tests/system/store.py \
	tests/system/idle-exit.py
dist_check_SCRIPTS += $(SYSTEM_TESTS)
TESTS += $(SYSTEM_TESTS)

# What ./dev does.
EXTRA_DIST += tests/dev/check.sh tests/dev/coverage.sh tests/dev/format.sh tests/dev/fuzz.sh \
	tests/dev/lint.sh tests/dev/package.sh tests/lint/analyzer.allow tests/lint/cppcheck.allow tests/.clang-tidy \
	.clang-tidy .shellcheckrc
EXTRA_DIST += tests/demo/demo.sh tests/demo/narrate.sh
EXTRA_DIST += tests/bench/bench.sh tests/bench/exposure.sh tests/bench/fetched.py tests/bench/measure.c \
	tests/bench/rows.sh
