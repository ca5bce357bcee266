#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The RPM spec builds what would be released. This is Debian, where BuildRequires have other names
# (--nodeps) and systemd's macros are missing: what is shown is that every file is made, packaged and
# in its place, and nothing about Fedora itself.
system_limit=290
. "$(dirname "$0")/../system/lib.sh"
need rpmbuild rpm
version=$(sed -n 's/^AC_INIT(\[discfwd\], \[\([^]]*\)\].*/\1/p' "$DISCFW_SRCDIR/configure.ac")
archive=$DISCFW_BUILDDIR/packages/discfwd_$version.orig.tar.xz
[ -f "$archive" ] || skip_all "there is no $archive; \"./dev package\" makes it"

build() {
	mkdir -p "$tmp/SOURCES" && cp "$archive" "$tmp/SOURCES/discfwd-$version.tar.xz" || return
	# A build folder's variables are not for another build.
	env -u MAKEFLAGS -u MAKELEVEL nice rpmbuild -bb --nodeps --define "_topdir $tmp" \
		--define 'discfwd_nocheck 1' "$DISCFW_SRCDIR/packaging/rpm/discfwd.spec" \
		>"$tmp/rpmbuild.log" 2>&1 || { tail -n 25 "$tmp/rpmbuild.log" && false; }
}

files() { rpm -qlp --nosignature "$tmp"/RPMS/*/"$1"-[0-9]*.rpm 2>"$tmp/rpm.err"; }

# The same programs, units and data as in Debian's packages, wherever they lie.
differences() {
	for deb in "$DISCFW_BUILDDIR"/packages/*.deb; do dpkg-deb -c "$deb"; done | awk '{ print $6 }' |
		grep -vE '/$|/usr/share/(doc|lintian)/|/man/' | sed 's,^\.,,; s,^/lib/,/usr/lib/,' | sort >"$tmp/debian"
	for name in discfwd discfw-catalog discfw-emulator; do files $name; done |
		grep -vE '/usr/share/(doc|licenses|man)/|/\.build-id' | while read -r file; do
		grep -q "^$file/" "$tmp/debian" || [ "${file##*.}" = d ] || echo "$file"
	done | sort >"$tmp/rpm"
	diff "$tmp/debian" "$tmp/rpm"
}

version_differs() {
	[ "$(sed -n 's/^Version: *//p' "$DISCFW_SRCDIR/packaging/rpm/discfwd.spec")" != "$version" ]
}

plan 4
refuse "the spec has the version of configure.ac" 1 version_differs
check "the spec builds" build
check "the configuration is one that an upgrade does not replace" says '^/etc/discfwd/discfwd.conf$' \
	rpm -qp --nosignature --configfiles "$tmp"/RPMS/*/discfwd-"$version"-*.rpm
check "the same files are in it as in the Debian packages" differences
