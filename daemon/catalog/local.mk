# SPDX-License-Identifier: LGPL-2.1-or-later
# Layer: see daemon/LAYERS.
noinst_LIBRARIES += libcatalog.a
libcatalog_a_SOURCES =
CATALOG_LIBS = libcatalog.a $(BASE_LIBS)

# Entries: what a catalog says of an image.
libcatalog_a_SOURCES += \
	daemon/catalog/layout.c daemon/catalog/layout.h

if HAVE_CMOCKA
ENTRY_TESTS = tests/unit/test-layout
check_PROGRAMS += $(ENTRY_TESTS)
TESTS += $(ENTRY_TESTS)
tests_unit_test_layout_LDADD = $(CATALOG_LIBS) $(CMOCKA_LIBS)
endif
