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
