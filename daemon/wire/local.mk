# SPDX-License-Identifier: LGPL-2.1-or-later
# Layer 1: what the processes say to each other.
noinst_LIBRARIES += libwire.a
libwire_a_SOURCES = \
	daemon/wire/fetch.c daemon/wire/fetch.h \
	daemon/wire/flash.c daemon/wire/flash.h \
	daemon/wire/frame.c daemon/wire/frame.h \
	daemon/wire/helper.c daemon/wire/helper.h \
	daemon/wire/order.c daemon/wire/order.h \
	daemon/wire/parts.c daemon/wire/parts.h \
	daemon/wire/verify.c daemon/wire/verify.h \
	daemon/wire/probe.c daemon/wire/probe-key.c daemon/wire/probe.h
WIRE_LIBS = libwire.a $(BASE_LIBS)

if HAVE_CMOCKA
WIRE_TESTS = tests/unit/test-frame tests/unit/test-order tests/unit/test-wire-fetch \
	tests/unit/test-wire-flash tests/unit/test-wire-probe tests/unit/test-wire-verify
check_PROGRAMS += $(WIRE_TESTS)
TESTS += $(WIRE_TESTS)
tests_unit_test_frame_LDADD = $(WIRE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_order_LDADD = $(WIRE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_wire_fetch_LDADD = $(WIRE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_wire_flash_LDADD = $(WIRE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_wire_probe_LDADD = $(WIRE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_wire_verify_LDADD = $(WIRE_LIBS) $(CMOCKA_LIBS)
endif
