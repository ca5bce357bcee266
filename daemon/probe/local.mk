# SPDX-License-Identifier: LGPL-2.1-or-later
# The process that looks at drives. An archive of its own, so that tests reach what is in it.
noinst_LIBRARIES += libprobe.a
libprobe_a_SOURCES = \
	daemon/probe/sandbox.c daemon/probe/sandbox.h \
	daemon/probe/scan.c daemon/probe/scan.h
PROBE_LIBS = libprobe.a $(DRIVE_LIBS)

pkglibexec_PROGRAMS += discfw-probe
discfw_probe_SOURCES = daemon/probe/main.c
discfw_probe_LDADD = $(PROBE_LIBS) $(SYSTEMD_LIBS)
dist_man_MANS += daemon/probe/discfw-probe.8

if HAVE_CMOCKA
check_PROGRAMS += tests/process/test-probe
TESTS += tests/process/test-probe
tests_process_test_probe_LDADD = $(FAKE_DRIVE_LIBS)

# Sanitizers and coverage widen the sandbox, so that there would be nothing to see.
if PLAIN_BUILD
check_PROGRAMS += tests/process/test-probe-sandbox
TESTS += tests/process/test-probe-sandbox
tests_process_test_probe_sandbox_LDADD = $(PROBE_LIBS) $(CMOCKA_LIBS)
endif
endif
