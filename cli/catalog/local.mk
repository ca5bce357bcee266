# SPDX-License-Identifier: LGPL-2.1-or-later
# discfw-catalog: all but main() is an archive, so that its tests link it.
noinst_LIBRARIES += libmaker.a
libmaker_a_SOURCES = \
	cli/catalog/describe.c cli/catalog/describe.h \
	cli/catalog/describe-read.c cli/catalog/describe-read.h \
	cli/catalog/keys.c cli/catalog/keys.h \
	cli/catalog/lint.c cli/catalog/lint.h \
	cli/catalog/maker.h \
	cli/catalog/settings.c cli/catalog/settings.h \
	cli/catalog/sign.c cli/catalog/sign.h \
	cli/catalog/work.c cli/catalog/work.h
libmaker_a_CPPFLAGS = $(AM_CPPFLAGS) $(INIH_CFLAGS)
MAKER_LIBS = libmaker.a $(INIH_LIBS) $(CATALOG_LIBS)

bin_PROGRAMS += discfw-catalog
discfw_catalog_SOURCES = \
	cli/catalog/main.c \
	cli/catalog/verb-add.c cli/catalog/verb-add-maker.c cli/catalog/verb-check.c \
	cli/catalog/verb-export-root.c cli/catalog/verb-init.c cli/catalog/verb-publish.c \
	cli/catalog/verb-rotate-key.c cli/catalog/verb-show.c cli/catalog/verb-sign.c \
	cli/catalog/verb-withdraw.c \
	cli/catalog/verbs.c
discfw_catalog_LDADD = $(MAKER_LIBS)
dist_man_MANS += cli/catalog/discfw-catalog.1

DEMO_CATALOG = tests/demo-catalog.sh
dist_check_SCRIPTS += tests/system/catalog.sh $(DEMO_CATALOG)
TESTS += tests/system/catalog.sh
DEMO_DESCRIPTIONS = \
	tests/data/catalog/btc-ide1004.ini \
	tests/data/catalog/emprex-1016-a.ini tests/data/catalog/emprex-1016-b.ini \
	tests/data/catalog/plextor-px716a.ini tests/data/catalog/plextor-w5224a.ini
EXTRA_DIST += $(DEMO_DESCRIPTIONS)

if HAVE_CMOCKA
MAKER_TESTS = tests/unit/test-describe tests/unit/test-transport-names
check_PROGRAMS += $(MAKER_TESTS)
TESTS += $(MAKER_TESTS)
tests_unit_test_describe_LDADD = $(MAKER_LIBS) $(CMOCKA_LIBS)
tests_unit_test_transport_names_LDADD = libcatalog.a $(WIRE_LIBS) $(CMOCKA_LIBS)
endif
