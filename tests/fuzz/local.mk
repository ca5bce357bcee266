# SPDX-License-Identifier: LGPL-2.1-or-later
# Fuzz targets. Each is a file fuzz-NAME.c with LLVMFuzzerTestOneInput(), which says what must hold
# (tests/fuzz/fuzz.h), and a folder corpus/NAME of small inputs. To add one: the program to
# FUZZ_TARGETS, and two lines like those below.
#
# An ordinary build links run-corpus.c, so that "make check" runs the corpora; --enable-fuzzer links
# libFuzzer: tests/fuzz/fuzz-sense -max_total_time=60 SRC/tests/fuzz/corpus/sense
EXTRA_DIST += tests/fuzz/corpus

if FUZZER
FUZZ_LIBS =
FUZZ_LINK = $(AM_LDFLAGS) -fsanitize=fuzzer
else
check_LIBRARIES += libruncorpus.a
libruncorpus_a_SOURCES = tests/fuzz/run-corpus.c tests/fuzz/fuzz.h
FUZZ_LIBS = libruncorpus.a
FUZZ_LINK = $(AM_LDFLAGS)
endif

FUZZ_TARGETS = \
	tests/fuzz/fuzz-description \
	tests/fuzz/fuzz-entry \
	tests/fuzz/fuzz-features \
	tests/fuzz/fuzz-inquiry \
	tests/fuzz/fuzz-metadata \
	tests/fuzz/fuzz-probe-record \
	tests/fuzz/fuzz-sense \
	tests/fuzz/fuzz-varlink-call
check_PROGRAMS += $(FUZZ_TARGETS)
if !FUZZER
TESTS += $(FUZZ_TARGETS)
endif

tests_fuzz_fuzz_description_LDADD = $(FUZZ_LIBS) $(MAKER_LIBS)
tests_fuzz_fuzz_description_LDFLAGS = $(FUZZ_LINK)

tests_fuzz_fuzz_entry_LDADD = $(FUZZ_LIBS) $(CATALOG_LIBS)
tests_fuzz_fuzz_entry_LDFLAGS = $(FUZZ_LINK)

tests_fuzz_fuzz_features_LDADD = $(FUZZ_LIBS) $(DRIVE_LIBS)
tests_fuzz_fuzz_features_LDFLAGS = $(FUZZ_LINK)

tests_fuzz_fuzz_inquiry_LDADD = $(FUZZ_LIBS) $(DRIVE_LIBS)
tests_fuzz_fuzz_inquiry_LDFLAGS = $(FUZZ_LINK)

tests_fuzz_fuzz_metadata_LDADD = $(FUZZ_LIBS) $(CATALOG_LIBS)
tests_fuzz_fuzz_metadata_LDFLAGS = $(FUZZ_LINK)

tests_fuzz_fuzz_probe_record_LDADD = $(FUZZ_LIBS) $(WIRE_LIBS)
tests_fuzz_fuzz_probe_record_LDFLAGS = $(FUZZ_LINK)

tests_fuzz_fuzz_sense_LDADD = $(FUZZ_LIBS) $(DRIVE_LIBS)
tests_fuzz_fuzz_sense_LDFLAGS = $(FUZZ_LINK)

tests_fuzz_fuzz_varlink_call_LDADD = $(FUZZ_LIBS) $(IPC_LIBS)
tests_fuzz_fuzz_varlink_call_LDFLAGS = $(FUZZ_LINK)
