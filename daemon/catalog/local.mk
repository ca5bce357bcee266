# SPDX-License-Identifier: LGPL-2.1-or-later
# Layer 1: what a catalog says and who vouches for it; no files, no network.
noinst_LIBRARIES += libcatalog.a
libcatalog_a_SOURCES =
CATALOG_LIBS = libcatalog.a $(BASE_LIBS)

# Entries: what a catalog says of an image.
libcatalog_a_SOURCES += \
	daemon/catalog/entry.c daemon/catalog/entry.h \
	daemon/catalog/entry-members.h \
	daemon/catalog/entry-parse.c \
	daemon/catalog/entry-read.c daemon/catalog/entry-read.h \
	daemon/catalog/graph.c daemon/catalog/graph.h \
	daemon/catalog/layout.c daemon/catalog/layout.h

if HAVE_CMOCKA
ENTRY_TESTS = tests/unit/test-layout tests/unit/test-entry tests/unit/test-graph
check_PROGRAMS += $(ENTRY_TESTS)
TESTS += $(ENTRY_TESTS)
tests_unit_test_layout_LDADD = $(CATALOG_LIBS) $(CMOCKA_LIBS)
tests_unit_test_entry_LDADD = $(CATALOG_LIBS) $(CMOCKA_LIBS)
tests_unit_test_graph_LDADD = $(CATALOG_LIBS) $(CMOCKA_LIBS)
endif

# The Update Framework: who vouches for it.
libcatalog_a_SOURCES += \
	daemon/catalog/canonical.c daemon/catalog/canonical.h \
	daemon/catalog/key.c daemon/catalog/key.h \
	daemon/catalog/pattern.c daemon/catalog/pattern.h

if HAVE_CMOCKA
TUF_TESTS = tests/unit/test-canonical tests/unit/test-pattern tests/unit/test-key
check_PROGRAMS += $(TUF_TESTS)
TESTS += $(TUF_TESTS)
tests_unit_test_canonical_LDADD = $(CATALOG_LIBS) $(CMOCKA_LIBS)
tests_unit_test_pattern_LDADD = $(CATALOG_LIBS) $(CMOCKA_LIBS)
tests_unit_test_key_LDADD = $(CATALOG_LIBS) $(CMOCKA_LIBS)
endif
