#!/bin/sh
# A misspelt line of a unit is ignored when it runs, and a part of the cage with it.
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every service is in order for systemd, and as closed as we say: an exposure of 1.2 at most.
. "$(dirname "$0")/lib.sh"
build=$(cd "${DISCFW_BUILDDIR:-.}" && pwd)
services="discfwd discfw-fetch@ discfw-verify@ discfw-probe@ discfw-flash@ discfw-refresh"

systemd-analyze --help 2>/dev/null | grep -q -e --offline ||
	skip_all "there is no systemd-analyze that looks at files"
t=$(mktemp -d) && trap 'rm -rf "$t"' EXIT

# The units, with the programs where they are now.
stage() {
	mkdir "$1"
	for service in $services; do
		sed -E "s#^(ExecStart|ExecPaths)=[^ ]*/#\\1=$build/#" \
			"$build/packaging/systemd/$service.service" > "$1/$service.service"
	done
	cp "$top"/packaging/systemd/*.socket "$top"/packaging/systemd/*.timer "$1"
}
verify() { SYSTEMD_UNIT_PATH="$1:" systemd-analyze verify --man=no "$1"/* 2>&1; }
too_open() {
	SYSTEMD_UNIT_PATH="$1:" systemd-analyze security --no-pager --offline=true --threshold=12 \
		"$1/$2.service" >"$t/security" 2>&1 || grep Overall "$t/security" || cat "$t/security"
}
# Programs of ours that have no unit, and units whose program is none of ours.
missing() {
	for main in "$top"/daemon/main.c "$top"/daemon/*/main.c; do
		program=discfw-$(basename "$(dirname "$main")")
		[ "$program" != discfw-daemon ] || program=discfwd
		grep -qs "^ExecStart=[^ ]*/$program\( \|$\)" "$1/$program.service" "$1/$program@.service" ||
			echo "$program has no unit"
	done
}

stage "$t/units"
check "systemd has nothing to say of the units" "$(verify "$t/units")"
check "every process of the daemon's has a unit" "$(missing "$t/units")"
for service in $services; do
	check "$service is closed" "$(too_open "$t/units" "$service")"
done

# What the journal is told to say beside our messages (test-cli-errors has what must be in it).
if command -v journalctl >/dev/null; then
	mkdir -p "$t/root/usr/lib/systemd/catalog" "$t/root/var/lib/systemd/catalog"
	cp "$top/packaging/journal/discfwd.catalog" "$t/root/usr/lib/systemd/catalog"
	check "the journal's catalog is understood" "$(journalctl --root="$t/root" --update-catalog 2>&1)"
	expect "it has all entries" "$(grep -c '^-- ' "$top/packaging/journal/discfwd.catalog")" \
		"$(journalctl --root="$t/root" --list-catalog 2>/dev/null | grep -c 'discfwd')"
fi

stage "$t/planted"
sed -i 's/^ProtectHome=/ProtectHomes=/' "$t/planted/discfw-fetch@.service"
expect "a misspelt line is found" 1 "$(verify "$t/planted" | sort -u | grep -c 'ProtectHomes')"
sed -i '/^\(PrivateNetwork\|RestrictAddressFamilies\|IPAddressDeny\|SystemCallFilter\)=/d' \
	"$t/planted/discfw-probe@.service"
expect "an open unit is found" 1 "$(too_open "$t/planted" discfw-probe@ | grep -c 'Overall')"
mv "$t/planted/discfw-flash@.service" "$t/planted/flash.service"
expect "a process without a unit is found" "discfw-flash has no unit" "$(missing "$t/planted")"
echo "1..$n"
