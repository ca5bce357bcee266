# SPDX-License-Identifier: LGPL-2.1-or-later
# The daemon itself.
sbin_PROGRAMS += discfwd
discfwd_SOURCES = daemon/main.c
discfwd_LDADD = librun.a libipc.a libcore.a libaudit.a libdb.a libcatalog.a libwire.a libbase.a \
	$(SYSTEMD_LIBS) $(SQLITE_LIBS) $(INIH_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS) $(SECCOMP_LIBS)
dist_man_MANS += daemon/discfwd.8 daemon/discfwd.conf.5
