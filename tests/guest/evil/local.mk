# SPDX-License-Identifier: LGPL-2.1-or-later
# What tests/guest/suites/evil.sh puts in place of our programs. Links libc alone.
noinst_PROGRAMS += tests/guest/evil/evil
tests_guest_evil_evil_SOURCES = \
	tests/guest/evil/evil.c tests/guest/evil/evil.h \
	tests/guest/evil/bus.c \
	tests/guest/evil/devices.c \
	tests/guest/evil/files.c \
	tests/guest/evil/kernel.c \
	tests/guest/evil/processes.c \
	tests/guest/evil/sockets.c
