# SPDX-License-Identifier: LGPL-2.1-or-later
# What an installed system has besides the programs.

# A configuration that is there is somebody's: it is neither replaced nor removed.
dist_noinst_DATA += packaging/discfwd.conf
install-data-local:
	$(MKDIR_P) '$(DESTDIR)$(sysconfdir)/discfwd'
	test -e '$(DESTDIR)$(sysconfdir)/discfwd/discfwd.conf' || \
		$(INSTALL_DATA) $(srcdir)/packaging/discfwd.conf '$(DESTDIR)$(sysconfdir)/discfwd'
uninstall-local:
	! cmp -s $(srcdir)/packaging/discfwd.conf '$(DESTDIR)$(sysconfdir)/discfwd/discfwd.conf' || \
		rm '$(DESTDIR)$(sysconfdir)/discfwd/discfwd.conf'
