# SPDX-License-Identifier: LGPL-2.1-or-later
# Layer 2: the audit trail. check, event, export, merkle and note need base only, so that the CLI can
# check an exported trail where no store is.
noinst_LIBRARIES += libaudit.a
libaudit_a_SOURCES = \
	daemon/audit/audit.c daemon/audit/audit.h \
	daemon/audit/check.c daemon/audit/check.h \
	daemon/audit/event.c daemon/audit/event.h \
	daemon/audit/export.c daemon/audit/export.h \
	daemon/audit/merkle.c daemon/audit/merkle.h \
	daemon/audit/note.c daemon/audit/note.h
AUDIT_LIBS = libaudit.a $(DB_LIBS)

if HAVE_CMOCKA
AUDIT_TESTS = tests/unit/test-event tests/unit/test-merkle tests/unit/test-note tests/unit/test-audit \
	tests/unit/test-crash
check_PROGRAMS += $(AUDIT_TESTS)
TESTS += $(AUDIT_TESTS)
tests_unit_test_event_LDADD = libaudit.a $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_merkle_LDADD = libaudit.a $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_note_LDADD = libaudit.a $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_audit_LDADD = $(AUDIT_LIBS) $(CMOCKA_LIBS)
tests_unit_test_crash_LDADD = $(AUDIT_LIBS) $(CMOCKA_LIBS)
endif
