# SPDX-License-Identifier: LGPL-2.1-or-later
# What an installed system has besides the programs.

# A configuration that is there is somebody's: it is neither replaced nor removed.
dist_noinst_DATA += packaging/discfwd.conf
install-data-local:
	$(MKDIR_P) '$(DESTDIR)$(sysconfdir)/discfwd'
	test -e '$(DESTDIR)$(sysconfdir)/discfwd/discfwd.conf' || \
		$(INSTALL_DATA) $(srcdir)/packaging/discfwd.conf '$(DESTDIR)$(sysconfdir)/discfwd'
	$(MKDIR_P) '$(DESTDIR)$(sysusersdir)' '$(DESTDIR)$(tmpfilesdir)'
	$(INSTALL_DATA) $(srcdir)/packaging/sysusers.conf '$(DESTDIR)$(sysusersdir)/discfwd.conf'
	$(INSTALL_DATA) $(srcdir)/packaging/tmpfiles.conf '$(DESTDIR)$(tmpfilesdir)/discfwd.conf'
uninstall-local:
	! cmp -s $(srcdir)/packaging/discfwd.conf '$(DESTDIR)$(sysconfdir)/discfwd/discfwd.conf' || \
		rm '$(DESTDIR)$(sysconfdir)/discfwd/discfwd.conf'
	rm -f '$(DESTDIR)$(sysusersdir)/discfwd.conf' '$(DESTDIR)$(tmpfilesdir)/discfwd.conf'
dist_noinst_DATA += packaging/sysusers.conf packaging/tmpfiles.conf

# The cages of the processes. Where the programs lie is known at make time only.
UNIT_SERVICES = packaging/systemd/discfwd.service packaging/systemd/discfw-fetch@.service \
	packaging/systemd/discfw-verify@.service packaging/systemd/discfw-probe@.service \
	packaging/systemd/discfw-flash@.service packaging/systemd/discfw-refresh.service
systemdsystemunit_DATA = $(UNIT_SERVICES)
dist_systemdsystemunit_DATA = packaging/systemd/discfwd.socket packaging/systemd/discfw-fetch.socket \
	packaging/systemd/discfw-verify.socket packaging/systemd/discfw-probe.socket \
	packaging/systemd/discfw-flash.socket packaging/systemd/discfw-refresh.timer
EXTRA_DIST += $(UNIT_SERVICES:=.in)
CLEANFILES += $(UNIT_SERVICES)
SUFFIXES = .service.in .service
.service.in.service:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && sed -e 's|@bindir[@]|$(bindir)|' -e 's|@sbindir[@]|$(sbindir)|' \
		-e 's|@libexecdir[@]/discfwd|$(pkglibexecdir)|' -e 's|@sysconfdir[@]|$(sysconfdir)|' \
		-e 's|@execlibs[@]|$(execlibs)|' \
		$< > $@.tmp && mv $@.tmp $@
$(UNIT_SERVICES): Makefile

dist_journalcatalog_DATA = packaging/journal/discfwd.catalog
udevrulesdir = $(udevdir)/rules.d
dist_udevrules_DATA = packaging/udev/60-discfwd.rules
dist_polkitrules_DATA = packaging/polkit/discfwd.rules

# "./dev package" makes a debian/ of it.
EXTRA_DIST += packaging/debian packaging/rpm/discfwd.spec
PACKAGE_TESTS = tests/package/contents.sh tests/package/reproducible.sh tests/package/rpm.sh
EXTRA_DIST += $(PACKAGE_TESTS)
check-package:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(PACKAGE_TESTS)'
.PHONY: check-package
