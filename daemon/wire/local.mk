# SPDX-License-Identifier: LGPL-2.1-or-later
# Layer 1: what the processes say to each other.
noinst_LIBRARIES += libwire.a
libwire_a_SOURCES = \
	daemon/wire/fetch.h daemon/wire/flash.h \
	daemon/wire/frame.c daemon/wire/frame.h \
	daemon/wire/order.c daemon/wire/order.h \
	daemon/wire/verify.h \
	daemon/wire/probe.h
WIRE_LIBS = libwire.a $(BASE_LIBS)
