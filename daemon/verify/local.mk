# SPDX-License-Identifier: LGPL-2.1-or-later
# The process that believes nobody. An archive of its own, so that tests reach what is in it.
noinst_LIBRARIES += libverify.a
libverify_a_SOURCES = \
	daemon/verify/sandbox.c daemon/verify/sandbox.h \
	daemon/verify/session.c daemon/verify/session.h
VERIFY_LIBS = libverify.a libcatalog.a libwire.a $(BASE_LIBS)

pkglibexec_PROGRAMS += discfw-verify
discfw_verify_SOURCES = daemon/verify/main.c
discfw_verify_LDADD = $(VERIFY_LIBS) $(SYSTEMD_LIBS)
dist_man_MANS += daemon/verify/discfw-verify.8

if HAVE_CMOCKA
check_PROGRAMS += tests/process/test-verify
TESTS += tests/process/test-verify
tests_process_test_verify_SOURCES = tests/process/test-verify.c $(TUF_REPOSITORY)
tests_process_test_verify_LDADD = libcatalog.a $(WIRE_LIBS) $(CMOCKA_LIBS)
EXTRA_tests_process_test_verify_DEPENDENCIES = discfw-verify

# Sanitizers and coverage widen the sandbox.
if PLAIN_BUILD
check_PROGRAMS += tests/process/test-verify-sandbox
TESTS += tests/process/test-verify-sandbox
endif
tests_process_test_verify_sandbox_LDADD = $(VERIFY_LIBS) $(CMOCKA_LIBS)
endif
