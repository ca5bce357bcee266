# SPDX-License-Identifier: LGPL-2.1-or-later
# Layer 0: knows nothing of drives or catalogs.
noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	daemon/base/bytes.c daemon/base/bytes.h \
	daemon/base/cleanup.h \
	daemon/base/clock.c daemon/base/clock.h \
	daemon/base/digest.c daemon/base/digest.h \
	daemon/base/fault.c daemon/base/fault.h \
	daemon/base/file.c daemon/base/file.h \
	daemon/base/hex.c daemon/base/hex.h \
	daemon/base/json.c daemon/base/json.h \
	daemon/base/limits.h \
	daemon/base/log.c daemon/base/log.h \
	daemon/base/sandbox.c daemon/base/sandbox.h \
	daemon/base/text.c daemon/base/text.h
BASE_LIBS = libbase.a $(JANSSON_LIBS) $(CRYPTO_LIBS) $(SECCOMP_LIBS)

if HAVE_CMOCKA
BASE_TESTS = tests/unit/test-fault tests/unit/test-bytes tests/unit/test-text tests/unit/test-json \
	tests/unit/test-clock tests/unit/test-file
check_PROGRAMS += $(BASE_TESTS)
TESTS += $(BASE_TESTS)
tests_unit_test_fault_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_bytes_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_text_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_json_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_clock_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_file_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
endif
