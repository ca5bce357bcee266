# Layer 1: what the processes say to each other.
noinst_LIBRARIES += libwire.a
libwire_a_SOURCES = \
	daemon/wire/frame.c daemon/wire/frame.h \
	daemon/wire/probe.h
WIRE_LIBS = libwire.a $(BASE_LIBS)
