#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# usage: guest.sh [--long] [SUITE...]
#
# Runs suites, each in a guest that was booted for it, one more at a time than there are processors, since
# a guest waits for a quarter of its time. Suites in tests/guest/suites run inside
# (tests/guest/inside/lib.sh); those in tests/guest/outside run here, since they kill their guests or
# have the drives. Without names: all that are not optional.
#
# What a guest and its suite said is in build-guest/suites/NAME. The last lines count tests as
# automake does. Root and the packages of the stanza "guest" in packaging/debian/tests/control.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=${here%/tests/guest}
results=$top/build-guest/suites
# shellcheck source=tests/guest/suite.sh
. "$here/suite.sh"

limit_of() { # SUITE-FILE
	# shellcheck disable=SC2046 # one number, or two
	set -- $(field limit "$1")
	[ -z "$DISCFW_LONG" ] || [ $# -lt 2 ] || shift
	echo "${1:-240}"
}

# attempt SUITE-FILE: boots, runs, says how it went in a line, and what failed.
attempt() {
	file=$1 name=$(basename "$1" .sh)
	share=$results/$name
	rm -rf "$share"
	mkdir -p "$share"
	begun=$(date +%s)
	limit=$(limit_of "$file")
	image=$DISCFW_GUEST_IMAGE
	[ "$(field image "$file")" != base ] || image=$DISCFW_GUEST_BASE
	packages=$(field packages "$file")
	# shellcheck disable=SC2086 # names of packages
	[ -z "$packages" ] || image=$(sh "$here/image-more.sh" "$image" $packages)
	make_suite_catalog "$file" "$share" || return
	case $file in
	*/outside/*)
		timeout -k 20 "$limit" sh "$file" "$image" "$share" >"$share/output" 2>"$share/errors" ||
			echo "# ended with $?" >>"$share/output"
		;;
	*)
		echo "DISCFW_LONG=$DISCFW_LONG exec sh /run/source/tests/guest/suites/$name.sh" >"$share/run"
		set -- --image "$image" --limit "$limit"
		[ -z "$(field disk "$file")" ] || set -- "$@" --disk "$share/disk"
		# shellcheck disable=SC2046 # arguments of QEMU
		sh "$here/boot.sh" "$@" "$share" $(field qemu "$file") 2>"$share/errors" ||
			echo "# ended with $?" >>"$share/output"
		rm -f "$share/disk"
		;;
	esac
	count "$share"
	read -r passed failed skipped <"$share/count"
	printf '%-16s %d passed, %d failed, %d skipped, %d s\n' "$name" "$passed" "$failed" \
		"$skipped" $(($(date +%s) - begun))
	[ "$failed" -eq 0 ] || complain "$share"
}

# A guest on a busy machine can be too slow for a suite: what failed gets a second try. That is told,
# and counted as a test that was skipped; only what fails twice has failed.
one() {
	attempt "$1"
	[ "$failed" -ne 0 ] || return 0
	attempt "$1"
	[ "$failed" -eq 0 ] || return 0
	echo "$passed 0 $((skipped + 1))" >"$share/count"
	echo "ok 0 # SKIP $name failed at first, and passed when it was run again" >>"$share/output"
}

# A suite that does not end, or without all that it planned, has failed once more.
count() {
	awk '
	/^1\.\.[0-9]+/ { plan = substr($1, 4); planned = 1; if (/# SKIP/) reason = substr($0, index($0, "# SKIP") + 7) }
	/^ok .*# SKIP/ { skipped++; next }
	/^ok / { passed++ }
	/^not ok / { failed++ }
	/^# ended with/ { broken = 1 }
	END {
		seen = passed + failed + skipped
		if (!planned || seen != plan || (broken && !failed)) failed++
		if (reason != "") skipped++
		print passed + 0, failed + 0, skipped + 0
	}' "$1/output" >"$1/count"
}

complain() {
	for what in output errors; do
		[ ! -s "$1/$what" ] || tail -n 80 "$1/$what" | sed 's/^/    | /'
	done
	for what in journal console; do
		[ ! -s "$1/$what" ] || tail -n 25 "$1/$what" | sed "s/^/    $what: /"
	done
}

chosen() {
	if [ $# -gt 0 ]; then
		for name; do
			ls "$here/suites/$name.sh" 2>/dev/null || ls "$here/outside/$name.sh"
		done
		return
	fi
	for file in "$here"/outside/*.sh "$here"/suites/*.sh; do
		case $file in */lib.sh | *'*.sh') continue ;; esac
		[ -n "$DISCFW_LONG" ] || ! grep -q '^# optional' "$file" || continue
		echo "$file"
	done
}

[ "${1:-}" != --one ] || { one "$2" && exit; }

DISCFW_LONG=
[ "${1:-}" != --long ] || { DISCFW_LONG=yes && shift; }
begun=$(date +%s)
DISCFW_GUEST_BASE=$(sh "$here/image.sh" base)
DISCFW_GUEST_IMAGE=$(sh "$here/image.sh" packages)
DISCFW_BUILDDIR=$top/build-guest/tools/usr/bin # of this machine: what emulates drives, makes catalogs
export DISCFW_LONG DISCFW_GUEST_BASE DISCFW_GUEST_IMAGE DISCFW_BUILDDIR
rm -rf "$top/build-guest/tools"
for package in "$top"/build/packages/discfw-*.deb; do dpkg-deb -x "$package" "$top/build-guest/tools"; done
# What runs in a guest as it was built: "# make: PROGRAM" in a suite.
sed -n 's/^# make: *//p' "$here"/suites/*.sh | xargs -r make -C "$top/build" -s
echo "image: $(($(date +%s) - begun)) s"
rm -rf "$results"
mkdir -p "$results"
chosen "$@" >"$results/chosen"
# Those that may take longest come first, so that none is left alone at the end.
while read -r file; do echo "$(limit_of "$file") $file"; done <"$results/chosen" | sort -rn |
	cut -d ' ' -f 2 >"$results/order"
[ -s "$results/chosen" ] || { echo "guest.sh: there is no such suite" >&2 && exit 2; }
xargs -P $(($(nproc) + 1)) -n 1 sh "$0" --one <"$results/order"
for skipped in "$results"/*/output; do
	sed -n 's/^ok .*# SKIP/SKIP:/p; s/^1\.\.0 # SKIP/SKIP:/p' "$skipped"
done
cat "$results"/*/count | awk '
	{ passed += $1; failed += $2; skipped += $3 }
	END { print "# PASS: " passed; print "# FAIL: " failed; print "# SKIP: " skipped; exit failed > 0 }'
