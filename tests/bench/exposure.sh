#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# How exposed our units are, and those of Debian's that do alike, by what systemd-analyze makes of the
# unit files (0: shut, 10: wide open). Debian's are unpacked, not installed.
. "$(dirname "$0")/rows.sh"
build=$(cd "${DISCFW_BUILDDIR:-build}" && pwd)
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT

exposure() { # UNIT-FILE
	systemd-analyze security --no-pager --offline=true "$1" 2>/dev/null |
		sed -n 's/.*Overall exposure level for .*: \([0-9.]*\) .*/\1/p'
}

theirs() { # PACKAGE UNIT
	(cd "$tmp" && apt-get -qq download "$1") >"$tmp/log" 2>&1 &&
		dpkg-deb -x "$tmp/$1"_*.deb "$tmp/$1" && exposure "$(find "$tmp/$1" -name "$2")"
}

fwupd=$(theirs fwupd fwupd.service)
udisks=$(theirs udisks2 udisks2.service)
packagekit=$(theirs packagekit packagekit.service)

echo "Exposure of unit files, by systemd $(systemctl --version | sed -n '1s/systemd \([0-9]*\).*/\1/p')"
head_row "" exposure ""
for unit in discfwd discfw-fetch@ discfw-verify@ discfw-probe@ discfw-flash@ discfw-refresh; do
	own_row "  $unit" "$(exposure "$build/packaging/systemd/$unit.service")" "" 1.2
done
own_row "  fwupd (Debian)" "$fwupd" ""
own_row "  udisks2 (Debian)" "$udisks" ""
own_row "  packagekit (Debian)" "$packagekit" ""
