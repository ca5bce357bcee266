# SPDX-License-Identifier: LGPL-2.1-or-later
# Layer 1: the store.
SQL_FILES = \
	schema/sql/0001-state.sql \
	schema/sql/0002-images.sql

noinst_LIBRARIES += libdb.a
libdb_a_SOURCES = \
	db/catalogs.c db/catalogs.h \
	db/drives.c db/drives.h \
	db/entries.c db/entries.h \
	db/images.c db/images.h \
	db/jobs.c db/jobs.h \
	db/metadata.c db/metadata.h \
	db/observations.c db/observations.h \
	db/trail.c db/trail.h \
	db/database.c db/database.h \
	db/query.c db/query.h \
	db/schema.c db/schema.h \
	db/store.c db/store.h
nodist_libdb_a_SOURCES = db/migrations.c
libdb_a_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
DB_LIBS = libdb.a $(BASE_LIBS) $(SQLITE_LIBS)

db/migrations.c: $(SQL_FILES) db/embed.awk
	$(AM_V_GEN)$(MKDIR_P) db && cd $(srcdir) && LC_ALL=C $(AWK) -f db/embed.awk $(SQL_FILES) \
		>$(abs_builddir)/$@.new && mv $(abs_builddir)/$@.new $(abs_builddir)/$@
CLEANFILES += db/migrations.c
EXTRA_DIST += db/embed.awk $(SQL_FILES)

if HAVE_CMOCKA
DB_TESTS = tests/unit/test-store tests/unit/test-drives tests/unit/test-catalogs tests/unit/test-jobs \
	tests/unit/test-images
check_PROGRAMS += $(DB_TESTS)
TESTS += $(DB_TESTS)
EXTRA_DIST += tests/unit/folder.h tests/unit/store-folder.h
tests_unit_test_store_LDADD = $(DB_LIBS) $(CMOCKA_LIBS)
tests_unit_test_drives_LDADD = $(DB_LIBS) $(CMOCKA_LIBS)
tests_unit_test_catalogs_LDADD = $(DB_LIBS) $(CMOCKA_LIBS)
tests_unit_test_jobs_LDADD = $(DB_LIBS) $(CMOCKA_LIBS)
tests_unit_test_images_LDADD = $(DB_LIBS) $(CMOCKA_LIBS)
endif
