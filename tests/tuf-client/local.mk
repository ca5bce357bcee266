# SPDX-License-Identifier: LGPL-2.1-or-later
# What the TUF conformance suite runs.
noinst_PROGRAMS += tuf-client
tuf_client_SOURCES = tests/tuf-client/main.c \
	tests/tuf-client/http.c tests/tuf-client/http.h
tuf_client_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
tuf_client_LDADD = $(CATALOG_LIBS) $(CURL_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += tests/tuf-client/make-repository
tests_tuf_client_make_repository_SOURCES = tests/tuf-client/make-repository.c $(TUF_REPOSITORY)
tests_tuf_client_make_repository_LDADD = $(CATALOG_LIBS) $(CMOCKA_LIBS)
dist_check_SCRIPTS += tests/system/tuf-client.sh
TESTS += tests/system/tuf-client.sh
endif
