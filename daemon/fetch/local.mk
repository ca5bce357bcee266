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
