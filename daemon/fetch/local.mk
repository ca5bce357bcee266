# SPDX-License-Identifier: LGPL-2.1-or-later
# The one process with the network. An archive of its own, so that tests reach what is in it.
noinst_LIBRARIES += libfetch.a
libfetch_a_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS)
libfetch_a_SOURCES = \
	daemon/fetch/job.c daemon/fetch/job.h \
	daemon/fetch/response.c daemon/fetch/response.h \
	daemon/fetch/sandbox.c daemon/fetch/sandbox.h \
	daemon/fetch/url.c daemon/fetch/url.h \
	daemon/fetch/verdict.c daemon/fetch/verdict.h
FETCH_LIBS = libfetch.a $(WIRE_LIBS) $(CURL_LIBS)

pkglibexec_PROGRAMS += discfw-fetch
discfw_fetch_SOURCES = daemon/fetch/main.c
discfw_fetch_LDADD = $(FETCH_LIBS) $(SYSTEMD_LIBS)
dist_man_MANS += daemon/fetch/discfw-fetch.8

if HAVE_CMOCKA
FETCH_TESTS = tests/unit/test-fetch-response tests/fetch/test-fetch \
	tests/fetch/test-fetch-tls
check_PROGRAMS += $(FETCH_TESTS)
TESTS += $(FETCH_TESTS)
tests_unit_test_fetch_response_LDADD = $(FETCH_LIBS) $(CMOCKA_LIBS)
FETCH_TEST_TOOLS = \
	tests/fetch/client.c tests/fetch/client.h \
	tests/fetch/naughty.c tests/fetch/naughty.h
tests_fetch_test_fetch_SOURCES = tests/fetch/test-fetch.c $(FETCH_TEST_TOOLS)
tests_fetch_test_fetch_LDADD = $(WIRE_LIBS) $(CMOCKA_LIBS)
EXTRA_tests_fetch_test_fetch_DEPENDENCIES = discfw-fetch
tests_fetch_test_fetch_tls_SOURCES = tests/fetch/test-fetch-tls.c \
	tests/fetch/client.c tests/fetch/client.h
tests_fetch_test_fetch_tls_LDADD = $(WIRE_LIBS) $(CMOCKA_LIBS)
EXTRA_tests_fetch_test_fetch_tls_DEPENDENCIES = discfw-fetch

# Sanitizers and coverage widen the sandbox.
if PLAIN_BUILD
check_PROGRAMS += tests/fetch/test-fetch-sandbox
TESTS += tests/fetch/test-fetch-sandbox
endif
tests_fetch_test_fetch_sandbox_LDADD = $(FETCH_LIBS) $(CMOCKA_LIBS)
endif
