# SPDX-License-Identifier: LGPL-2.1-or-later
# The process that looks at drives. An archive of its own, so that tests reach what is in it.
noinst_LIBRARIES += libprobe.a
libprobe_a_SOURCES = \
	daemon/probe/sandbox.c daemon/probe/sandbox.h \
	daemon/probe/scan.c daemon/probe/scan.h
PROBE_LIBS = libprobe.a $(DRIVE_LIBS)

pkglibexec_PROGRAMS += discfw-probe
discfw_probe_SOURCES = daemon/probe/main.c
discfw_probe_LDADD = $(PROBE_LIBS) $(SYSTEMD_LIBS)
