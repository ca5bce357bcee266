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
	daemon/catalog/bundle.c daemon/catalog/bundle.h \
	daemon/catalog/canonical.c daemon/catalog/canonical.h \
	daemon/catalog/client.h \
	daemon/catalog/form.c daemon/catalog/form.h \
	daemon/catalog/key.c daemon/catalog/key.h \
	daemon/catalog/metadata.c daemon/catalog/metadata.h \
	daemon/catalog/pattern.c daemon/catalog/pattern.h \
	daemon/catalog/refresh.c \
	daemon/catalog/search.c \
	daemon/catalog/targets.c \
	daemon/catalog/tuf.c daemon/catalog/tuf.h

if HAVE_CMOCKA
TUF_TESTS = tests/unit/test-canonical tests/unit/test-pattern tests/unit/test-key \
	tests/unit/test-tuf-root tests/unit/test-tuf-refresh tests/unit/test-tuf-files \
	tests/unit/test-tuf-delegations tests/unit/test-tuf-list tests/unit/test-bundle \
	tests/unit/test-metadata tests/unit/test-metadata-shapes
METADATA_SAMPLES = tests/unit/metadata-samples.c tests/unit/metadata-samples.h
TUF_REPOSITORY = tests/unit/tuf-repository.c tests/unit/tuf-repository.h
check_PROGRAMS += $(TUF_TESTS)
TESTS += $(TUF_TESTS)
tests_unit_test_canonical_LDADD = $(CATALOG_LIBS) $(CMOCKA_LIBS)
tests_unit_test_pattern_LDADD = $(CATALOG_LIBS) $(CMOCKA_LIBS)
tests_unit_test_key_LDADD = $(CATALOG_LIBS) $(CMOCKA_LIBS)
tests_unit_test_tuf_refresh_SOURCES = tests/unit/test-tuf-refresh.c $(TUF_REPOSITORY)
tests_unit_test_tuf_refresh_LDADD = $(CATALOG_LIBS) $(CMOCKA_LIBS)
tests_unit_test_tuf_delegations_SOURCES = tests/unit/test-tuf-delegations.c $(TUF_REPOSITORY)
tests_unit_test_tuf_delegations_LDADD = $(CATALOG_LIBS) $(CMOCKA_LIBS)
tests_unit_test_tuf_root_SOURCES = tests/unit/test-tuf-root.c $(TUF_REPOSITORY)
tests_unit_test_tuf_root_LDADD = $(CATALOG_LIBS) $(CMOCKA_LIBS)
tests_unit_test_tuf_files_SOURCES = tests/unit/test-tuf-files.c $(TUF_REPOSITORY)
tests_unit_test_tuf_files_LDADD = $(CATALOG_LIBS) $(CMOCKA_LIBS)
tests_unit_test_tuf_list_SOURCES = tests/unit/test-tuf-list.c $(TUF_REPOSITORY)
tests_unit_test_tuf_list_LDADD = $(CATALOG_LIBS) $(CMOCKA_LIBS)
tests_unit_test_metadata_SOURCES = tests/unit/test-metadata.c $(METADATA_SAMPLES)
tests_unit_test_metadata_LDADD = $(CATALOG_LIBS) $(CMOCKA_LIBS)
tests_unit_test_metadata_shapes_SOURCES = tests/unit/test-metadata-shapes.c $(METADATA_SAMPLES)
tests_unit_test_metadata_shapes_LDADD = $(CATALOG_LIBS) $(CMOCKA_LIBS)
tests_unit_test_bundle_SOURCES = tests/unit/test-bundle.c $(TUF_REPOSITORY)
tests_unit_test_bundle_LDADD = $(CATALOG_LIBS) $(CMOCKA_LIBS)
endif
