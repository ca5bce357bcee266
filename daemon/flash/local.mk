# SPDX-License-Identifier: LGPL-2.1-or-later
# Process: one flash. What may be tested without a process lies in libflash.a.
noinst_LIBRARIES += libflash.a
libflash_a_SOURCES = \
	daemon/flash/claim.c daemon/flash/claim.h \
	daemon/flash/family.c daemon/flash/family.h \
	daemon/flash/family-btc.c daemon/flash/family-plextor.c \
	daemon/flash/floor.c daemon/flash/floor.h \
	daemon/flash/host.c daemon/flash/host.h \
	daemon/flash/journal.c daemon/flash/journal.h \
	daemon/flash/link.c daemon/flash/link.h \
	daemon/flash/machine.c daemon/flash/machine.h \
	daemon/flash/preflight.c daemon/flash/preflight.h \
	daemon/flash/report.c daemon/flash/report.h \
	daemon/flash/run.c daemon/flash/run.h \
	daemon/flash/sandbox.c daemon/flash/sandbox.h \
	daemon/flash/send.c daemon/flash/send.h \
	daemon/flash/settings.h \
	daemon/flash/trust.c daemon/flash/trust.h \
	daemon/flash/watch.c daemon/flash/watch.h
FLASH_LIBS = libflash.a libcatalog.a $(DRIVE_LIBS)

pkglibexec_PROGRAMS += discfw-flash
discfw_flash_SOURCES = daemon/flash/main.c
discfw_flash_LDADD = $(FLASH_LIBS) $(SYSTEMD_LIBS)
dist_man_MANS += daemon/flash/discfw-flash.8

if HAVE_CMOCKA
FLASH_TESTS = tests/unit/test-flash-family tests/unit/test-flash-host tests/unit/test-flash-journal \
	tests/unit/test-flash-machine tests/unit/test-flash-watch
check_PROGRAMS += $(FLASH_TESTS)
TESTS += $(FLASH_TESTS)

# The real process, an emulated drive, and the test in the daemon's place.
check_LIBRARIES += libflashbench.a
libflashbench_a_SOURCES = tests/unit/flash-bench.c tests/unit/flash-bench.h \
	tests/unit/flash-helper.c tests/unit/tuf-repository.c tests/unit/tuf-repository.h
FLASH_BENCH_LIBS = libflashbench.a libemulator.a $(FLASH_LIBS) $(INIH_LIBS) $(CMOCKA_LIBS)
FLASH_PROCESS_TESTS = tests/unit/test-flash-crash tests/unit/test-flash-evil \
	tests/unit/test-flash-outcomes
check_PROGRAMS += $(FLASH_PROCESS_TESTS)
TESTS += $(FLASH_PROCESS_TESTS)
tests_unit_test_flash_crash_LDADD = $(FLASH_BENCH_LIBS)
tests_unit_test_flash_evil_LDADD = $(FLASH_BENCH_LIBS)
tests_unit_test_flash_outcomes_LDADD = $(FLASH_BENCH_LIBS)

tests_unit_test_flash_family_LDADD = libfakedrive.a $(FLASH_LIBS) $(CMOCKA_LIBS)
tests_unit_test_flash_host_SOURCES = tests/unit/test-flash-host.c tests/unit/folder.h
tests_unit_test_flash_host_LDADD = $(FLASH_LIBS) $(CMOCKA_LIBS)
tests_unit_test_flash_journal_LDADD = $(FLASH_LIBS) $(CMOCKA_LIBS)
tests_unit_test_flash_machine_LDADD = $(FLASH_LIBS) $(CMOCKA_LIBS)
tests_unit_test_flash_watch_LDADD = libfakedrive.a $(FLASH_LIBS) $(CMOCKA_LIBS)

# Sanitizers and coverage need a wider sandbox, which denies less.
if PLAIN_BUILD
check_PROGRAMS += tests/unit/test-flash-sandbox
TESTS += tests/unit/test-flash-sandbox
tests_unit_test_flash_sandbox_SOURCES = tests/unit/test-flash-sandbox.c tests/unit/folder.h
tests_unit_test_flash_sandbox_LDADD = $(FLASH_LIBS) $(CMOCKA_LIBS)
endif
endif
