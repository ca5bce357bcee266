#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The packages are the same, whoever builds them: in another folder, as another user, on another host,
# 500 days later, in another time zone, in Turkish (whose small I has no dot), with another umask, in
# other places and with another number of jobs. One build is that of build/packages.
system_limit=290
. "$(dirname "$0")/../system/lib.sh"
packages=$DISCFW_BUILDDIR/packages
need dpkg-source dpkg-buildpackage faketime localedef setpriv unshare
set -- "$packages"/*.dsc
[ -f "$1" ] || skip_all "there are no packages in $packages"
[ "$(id -u)" -eq 0 ] || skip_all "only root can build as somebody else"

other=$tmp/somewhere/else/altogether
mkdir -p "$other/home" "$other/locale" && chmod 755 "$tmp" "$tmp/somewhere" "$tmp/somewhere/else" || exit 99

# What the second one differs in is put on from outside to inside; "timeout" of the tests goes on.
build_again() {
	dpkg-source -x "$1" "$other/source" &&
		localedef -i tr_TR -f UTF-8 "$other/locale/tr_TR.UTF-8" &&
		chown -R 65534:65534 "$other" && cd "$other/source" &&
		unshare --uts setpriv --reuid 65534 --regid 65534 --clear-groups \
			env -i PATH="/usr/bin:/bin:/usr/sbin:/sbin:/nowhere" HOME="$other/home" USER=nobody \
			LOCPATH="$other/locale" LC_ALL=tr_TR.UTF-8 LANGUAGE=tr TZ=Pacific/Kiritimati \
			DEB_BUILD_OPTIONS='nocheck noautodbgsym parallel=3' \
			faketime -f +500d sh -c 'umask 077 && nice dpkg-buildpackage -us -uc -b' >"$other/log" 2>&1 ||
		{ tail -n 20 "$other/log" && false; }
}

in_turkish() { [ "$(LOCPATH=$other/locale LC_ALL=tr_TR.UTF-8 locale charmap 2>&1)" = UTF-8 ]; }
later() { grep -q "^Build-Date:.*$(date -d '+500 days' +%Y)" "$other"/*.buildinfo; }

same() {
	cmp "$1" "$2" && return
	! command -v diffoscope >/dev/null || diffoscope --max-report-size 20000 "$1" "$2"
	return 1
}

set -- "$packages"/*.deb
plan $(($# + 3))
check "they can be built once more" build_again "$packages"/*.dsc
check "in Turkish" in_turkish
check "500 days later" later
for deb; do
	check "${deb##*/} is the same to the byte" same "$deb" "$other/${deb##*/}"
done
