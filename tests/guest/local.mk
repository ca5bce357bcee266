# SPDX-License-Identifier: LGPL-2.1-or-later
# Tests under a kernel and a systemd of their own; guest.sh finds the suites by itself.
EXTRA_DIST += tests/guest/boot.sh tests/guest/guest.sh tests/guest/image.sh tests/guest/keep.sh \
	tests/guest/acme-writer.ini tests/guest/suite.sh \
	tests/guest/modules tests/guest/packages \
	tests/guest/inside/begin.sh tests/guest/inside/guest.service tests/guest/inside/init \
	tests/guest/inside/lib.sh tests/words.sh
EXTRA_DIST += tests/guest/outside/root-shutdown.sh
EXTRA_DIST += tests/guest/outside/power-cut.sh tests/guest/inside/power-cut.sh
EXTRA_DIST += tests/guest/suites/inventory.sh tests/guest/suites/usb-flash.sh
EXTRA_DIST += tests/guest/image-more.sh tests/guest/suites/fwupd.sh tests/guest/suites/obstacles.sh
EXTRA_DIST += tests/guest/suites/evil.sh tests/guest/suites/shutdown.sh
EXTRA_DIST += tests/guest/suites/tcmu-flash.sh tests/guest/suites/tools.sh
EXTRA_DIST += tests/guest/suites/bench.sh
EXTRA_DIST += tests/guest/suites/units.sh
EXTRA_DIST += tests/guest/suites/package.sh
include tests/guest/evil/local.mk
