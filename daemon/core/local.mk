# SPDX-License-Identifier: LGPL-2.1-or-later
# Layer 3: what the daemon decides. Pure: see core.h.
noinst_LIBRARIES += libcore.a
libcore_a_SOURCES = \
	daemon/core/core.c daemon/core/core.h \
	daemon/core/doctor.c \
	daemon/core/effect.h daemon/core/effects.c \
	daemon/core/inventory.c daemon/core/inventory.h \
	daemon/core/job.c daemon/core/job.h \
	daemon/core/outcome.c \
	daemon/core/plan.c daemon/core/plan.h \
	daemon/core/refresh.c daemon/core/refresh.h \
	daemon/core/request.c \
	daemon/core/resolve.c \
	daemon/core/show.c \
	daemon/core/state.h \
	daemon/core/types.h \
	daemon/core/view.c daemon/core/view.h \
	daemon/core/why.c
CORE_LIBS = libcore.a libcatalog.a $(WIRE_LIBS)

if HAVE_CMOCKA
check_LIBRARIES += libcoreworld.a
libcoreworld_a_SOURCES = tests/unit/core-simulation.c tests/unit/core-simulation.h \
	tests/unit/core-simulation-helper.c \
	tests/unit/core-world.c tests/unit/core-world.h
CORE_TESTS = tests/unit/test-core-idle tests/unit/test-core-inventory tests/unit/test-core-job tests/unit/test-core-plan \
	tests/unit/test-core-refresh tests/unit/test-core-requests tests/unit/test-core-simulation \
	tests/unit/test-core-store
check_PROGRAMS += $(CORE_TESTS)
TESTS += $(CORE_TESTS)
CORE_TEST_LIBS = libcoreworld.a $(CORE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_core_idle_LDADD = $(CORE_TEST_LIBS)
tests_unit_test_core_inventory_LDADD = $(CORE_TEST_LIBS)
tests_unit_test_core_job_LDADD = $(CORE_TEST_LIBS)
tests_unit_test_core_plan_LDADD = $(CORE_TEST_LIBS)
tests_unit_test_core_refresh_LDADD = $(CORE_TEST_LIBS)
tests_unit_test_core_requests_LDADD = $(CORE_TEST_LIBS)
tests_unit_test_core_simulation_LDADD = $(CORE_TEST_LIBS)
tests_unit_test_core_store_LDADD = $(CORE_TEST_LIBS)
endif
