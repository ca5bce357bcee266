# SPDX-License-Identifier: LGPL-2.1-or-later
# Layer 4: the socket that everybody may talk to. No decisions.
noinst_LIBRARIES += libipc.a
libipc_a_SOURCES = \
	daemon/ipc/server.c daemon/ipc/server.h \
	daemon/ipc/varlink.c daemon/ipc/varlink.h
nodist_libipc_a_SOURCES = daemon/ipc/interface.c
IPC_LIBS = libipc.a $(CORE_LIBS) $(SYSTEMD_LIBS)

# The interface as a string, so that it can be asked for at the socket.
daemon/ipc/interface.c: schema/varlink/org.discfw.varlink
	$(AM_V_GEN)$(MKDIR_P) daemon/ipc && { echo '#include "ipc/varlink.h"'; \
	echo 'const char interface_description[] ='; \
	sed -e 's/[\\"]/\\&/g' -e 's/^.*$$/"&\\n"/' $(srcdir)/schema/varlink/org.discfw.varlink; \
	echo ';'; } >$@.tmp && mv $@.tmp $@
CLEANFILES += daemon/ipc/interface.c

if HAVE_CMOCKA
IPC_TESTS = tests/unit/test-server tests/unit/test-varlink tests/unit/test-varlink-interface
check_PROGRAMS += $(IPC_TESTS)
TESTS += $(IPC_TESTS)
tests_unit_test_varlink_LDADD = $(IPC_LIBS) $(CMOCKA_LIBS)
tests_unit_test_varlink_interface_LDADD = $(IPC_LIBS) $(CMOCKA_LIBS)
tests_unit_test_server_LDADD = $(IPC_LIBS) $(CMOCKA_LIBS)
endif
