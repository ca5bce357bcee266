# SPDX-License-Identifier: LGPL-2.1-or-later
# Layer 1: optical drives. The one place where SCSI commands are made and answers are read.
noinst_LIBRARIES += libdrive.a
libdrive_a_SOURCES = \
	daemon/drive/command.c daemon/drive/command.h \
	daemon/drive/enumerate.c daemon/drive/enumerate.h \
	daemon/drive/event.c daemon/drive/event.h \
	daemon/drive/examine.c daemon/drive/examine.h \
	daemon/drive/features.c daemon/drive/features.h \
	daemon/drive/identity.c daemon/drive/identity.h \
	daemon/drive/inquiry.c daemon/drive/inquiry.h \
	daemon/drive/mode.c daemon/drive/mode.h \
	daemon/drive/region.c daemon/drive/region.h \
	daemon/drive/sense.c daemon/drive/sense.h \
	daemon/drive/sense-table.c daemon/drive/sense-table.h \
	daemon/drive/transport.c daemon/drive/transport.h \
	daemon/drive/transport-sg.c daemon/drive/transport-sg.h \
	daemon/drive/transport-socket.c daemon/drive/transport-socket.h
DRIVE_LIBS = libdrive.a $(WIRE_LIBS)

if HAVE_CMOCKA
# A drive that follows a script: for the tests of this layer and of the processes above it.
check_LIBRARIES += libfakedrive.a
libfakedrive_a_SOURCES = tests/unit/fake-drive.c tests/unit/fake-drive.h
FAKE_DRIVE_LIBS = libfakedrive.a $(DRIVE_LIBS) $(CMOCKA_LIBS)

DRIVE_TESTS = tests/unit/test-sense tests/unit/test-command tests/unit/test-decoders \
	tests/unit/test-transport tests/unit/test-transport-sg tests/unit/test-enumerate tests/unit/test-examine
check_PROGRAMS += $(DRIVE_TESTS)
TESTS += $(DRIVE_TESTS)
tests_unit_test_sense_LDADD = $(FAKE_DRIVE_LIBS)
tests_unit_test_command_LDADD = $(FAKE_DRIVE_LIBS)
tests_unit_test_decoders_LDADD = $(FAKE_DRIVE_LIBS)
tests_unit_test_transport_LDADD = $(FAKE_DRIVE_LIBS)
tests_unit_test_transport_sg_LDADD = $(FAKE_DRIVE_LIBS)
tests_unit_test_enumerate_LDADD = $(FAKE_DRIVE_LIBS)
tests_unit_test_examine_LDADD = $(FAKE_DRIVE_LIBS)
endif
