# SPDX-License-Identifier: LGPL-2.1-or-later
# Layer 5: carries out what the core decides.
noinst_LIBRARIES += librun.a
librun_a_SOURCES = \
	daemon/run/config.c \
	daemon/run/daemon.c daemon/run/daemon.h \
	daemon/run/entries.c \
	daemon/run/fetcher.c \
	daemon/run/flash.c \
	daemon/run/hotplug.c \
	daemon/run/idle.c \
	daemon/run/image.c \
	daemon/run/inhibit.c \
	daemon/run/link.c daemon/run/link.h \
	daemon/run/load.c \
	daemon/run/mirror.c daemon/run/mirror.h \
	daemon/run/query.c \
	daemon/run/sandbox.c daemon/run/sandbox.h \
	daemon/run/save.c \
	daemon/run/scan.c \
	daemon/run/supervisor.c daemon/run/supervisor.h

if HAVE_CMOCKA
# Sanitizers and coverage widen the sandbox, so that there would be nothing to see.
if PLAIN_BUILD
check_PROGRAMS += tests/process/test-daemon-sandbox
TESTS += tests/process/test-daemon-sandbox
tests_process_test_daemon_sandbox_SOURCES = tests/process/test-daemon-sandbox.c tests/unit/folder.h
tests_process_test_daemon_sandbox_LDADD = librun.a $(DB_LIBS) $(CMOCKA_LIBS)
endif
endif
