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
