# SPDX-License-Identifier: LGPL-2.1-or-later
# Optical drives without hardware. Built by make, installed if configured so. Uses daemon/base, and of
# the drive layer only the wire that transport-socket.h writes down: an emulated drive that shared
# code with our driver would prove nothing.
noinst_LIBRARIES += libemulator.a
libemulator_a_SOURCES = \
	tests/emulator/answers-configuration.c \
	tests/emulator/answers-disc.c \
	tests/emulator/answers-media.c \
	tests/emulator/answers.c tests/emulator/answers.h \
	tests/emulator/bench.c tests/emulator/bench.h \
	tests/emulator/control.c tests/emulator/control.h \
	tests/emulator/disc.c tests/emulator/disc.h \
	tests/emulator/drive-model.c tests/emulator/drive-model.h \
	tests/emulator/drive.c tests/emulator/drive.h \
	tests/emulator/family-btc.c \
	tests/emulator/family-plextor.c \
	tests/emulator/family.c tests/emulator/family.h \
	tests/emulator/faults.c tests/emulator/faults.h \
	tests/emulator/front.c tests/emulator/front.h \
	tests/emulator/front-socket.c tests/emulator/front-socket.h \
	tests/emulator/front-tcmu.c tests/emulator/front-tcmu.h \
	tests/emulator/front-usb.c tests/emulator/front-usb.h \
	tests/emulator/image-make.c tests/emulator/image-make.h \
	tests/emulator/image.c tests/emulator/image.h \
	tests/emulator/interpreter.c tests/emulator/interpreter.h \
	tests/emulator/kernel-filter.c tests/emulator/kernel-filter.h \
	tests/emulator/quoted.c tests/emulator/quoted.h \
	tests/emulator/scsi.c tests/emulator/scsi.h \
	tests/emulator/state.c tests/emulator/state.h \
	tests/emulator/tcmu-abi.h \
	tests/emulator/tcmu-ring.c tests/emulator/tcmu-ring.h \
	tests/emulator/tcmu-target.c tests/emulator/tcmu-target.h \
	tests/emulator/transcript.c tests/emulator/transcript.h \
	tests/emulator/usb-bulk.c tests/emulator/usb-bulk.h \
	tests/emulator/usb-descriptors.c tests/emulator/usb-descriptors.h \
	tests/emulator/usb-device.c tests/emulator/usb-device.h \
	tests/emulator/usb-wire.c tests/emulator/usb-wire.h \
	tests/emulator/vhci.c tests/emulator/vhci.h
libemulator_a_CPPFLAGS = $(AM_CPPFLAGS) $(INIH_CFLAGS)
EMULATOR_LIBS = libemulator.a $(BASE_LIBS) $(INIH_LIBS)

EMULATOR_TOOLS = discfw-emulator discfw-emulator-attach discfw-emulator-ctl \
	discfw-make-firmware
if INSTALL_EMULATOR
bin_PROGRAMS += $(EMULATOR_TOOLS)
man_MANS += $(EMULATOR_PAGES)
emulatordir = $(datadir)/discfw-emulator
emulator_SCRIPTS = $(DEMO_CATALOG)
emulatormodelsdir = $(emulatordir)/models
emulatormodels_DATA = $(EMULATOR_MODELS)
emulatordescriptionsdir = $(emulatordir)/data/catalog
emulatordescriptions_DATA = $(DEMO_DESCRIPTIONS)
else
noinst_PROGRAMS += $(EMULATOR_TOOLS)
endif
discfw_emulator_SOURCES = tests/emulator/emulator.c
discfw_emulator_LDADD = $(EMULATOR_LIBS)
discfw_emulator_attach_SOURCES = tests/emulator/emulator-attach.c
discfw_emulator_attach_LDADD = $(EMULATOR_LIBS)
discfw_emulator_ctl_SOURCES = tests/emulator/emulator-ctl.c
discfw_emulator_ctl_LDADD = $(EMULATOR_LIBS)
discfw_make_firmware_SOURCES = tests/emulator/make-firmware.c
discfw_make_firmware_LDADD = $(EMULATOR_LIBS)

EMULATOR_MODELS = \
	tests/emulator/models/btc-ide1004.drive \
	tests/emulator/models/emprex-1016-a.drive \
	tests/emulator/models/emprex-1016-b.drive \
	tests/emulator/models/lg-gh24.drive \
	tests/emulator/models/liteon-52327s.drive \
	tests/emulator/models/nameless-1.drive \
	tests/emulator/models/nameless-2.drive \
	tests/emulator/models/pioneer-bdr209m.drive \
	tests/emulator/models/plextor-px716a.drive \
	tests/emulator/models/plextor-w5224a.drive \
	tests/emulator/models/twin-1.drive \
	tests/emulator/models/twin-2.drive
EMULATOR_PAGES = tests/emulator/discfw-emulator.1
EXTRA_DIST += $(EMULATOR_MODELS) $(EMULATOR_PAGES)

if HAVE_CMOCKA
EMULATOR_TESTS = tests/unit/test-emulator-answers tests/unit/test-emulator-bench \
	tests/unit/test-emulator-disc tests/unit/test-emulator-listen \
	tests/unit/test-emulator-families tests/unit/test-emulator-process \
	tests/unit/test-emulator-ring tests/unit/test-emulator-usb
check_PROGRAMS += $(EMULATOR_TESTS)
TESTS += $(EMULATOR_TESTS)
tests_unit_test_emulator_answers_SOURCES = tests/unit/test-emulator-answers.c tests/unit/emulator.h
tests_unit_test_emulator_answers_LDADD = $(EMULATOR_LIBS) $(CMOCKA_LIBS)
tests_unit_test_emulator_bench_SOURCES = tests/unit/test-emulator-bench.c tests/unit/emulator.h
tests_unit_test_emulator_bench_LDADD = $(EMULATOR_LIBS) $(CMOCKA_LIBS)
tests_unit_test_emulator_disc_SOURCES = tests/unit/test-emulator-disc.c tests/unit/emulator.h
tests_unit_test_emulator_disc_LDADD = $(EMULATOR_LIBS) $(CMOCKA_LIBS)
tests_unit_test_emulator_listen_SOURCES = tests/unit/test-emulator-listen.c tests/unit/emulator.h
tests_unit_test_emulator_listen_LDADD = $(EMULATOR_LIBS) $(CMOCKA_LIBS)
tests_unit_test_emulator_families_SOURCES = tests/unit/test-emulator-families.c tests/unit/emulator.h
tests_unit_test_emulator_families_LDADD = $(EMULATOR_LIBS) $(CMOCKA_LIBS)
tests_unit_test_emulator_usb_SOURCES = tests/unit/test-emulator-usb.c tests/unit/emulator.h \
	tests/unit/usb-host.h
tests_unit_test_emulator_usb_LDADD = $(EMULATOR_LIBS) $(CMOCKA_LIBS)
tests_unit_test_emulator_process_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_emulator_ring_LDADD = $(EMULATOR_LIBS) $(CMOCKA_LIBS)
endif

# Preloaded into other people's programs, which a sanitizer's runtime would not survive.
EXTRA_DIST += tests/emulator/sg-shim.c tests/emulator/test-reference-tools.sh
if PLAIN_BUILD
check_DATA = tests/emulator/sg-shim.so
CLEANFILES += tests/emulator/sg-shim.so
tests/emulator/sg-shim.so: tests/emulator/sg-shim.c daemon/base/bytes.c daemon/base/file.c
	$(AM_V_CCLD)$(CC) $(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(CPPFLAGS) -std=gnu11 \
		$(WARN_CFLAGS) $(CFLAGS) -fPIC -shared -o $@ $(srcdir)/tests/emulator/sg-shim.c \
		$(srcdir)/daemon/base/bytes.c $(srcdir)/daemon/base/file.c
TESTS += tests/emulator/test-reference-tools.sh
endif

