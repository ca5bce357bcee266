#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# usage: power-cut.sh IMAGE SHARE
# The power of a machine goes: its QEMU is killed, at rest, and in each part of a flash. The drive is a
# process of this machine and lives on, as one in a USB case with a supply of its own does. Each boot
# looks what became of the flash before it, and begins the next one (inside/power-cut.sh).
# limit: 900 3000
# catalog: --set commit-ms=10000
set -u
image=$1 share=$2
here=$(cd "$(dirname "$0")/.." && pwd)
top=${here%/tests/guest}
tmp=$share/work
drives=$share/drives
drive=btc-ide1004
boot=$share/none
number=0
mkdir -p "$tmp/processes" "$share/models" || exit 99

# shellcheck source=tests/words.sh
. "$top/tests/words.sh"

# refresh: while catalogs are fetched. intent: the helper has its intent on disk, and nothing was
# written. piece:N: the drive has the N-th piece of 256, and has not answered. burn: it burns.
points="refresh intent piece:1 piece:100 burn"
[ -z "${DISCFW_LONG:-}" ] || points="refresh intent piece:1 piece:2 piece:3 piece:16 piece:31 piece:46
	piece:61 piece:76 piece:91 piece:106 piece:121 piece:136 piece:151 piece:166 piece:181
	piece:196 piece:226 piece:255 burn"

end() {
	status=$?
	trap - EXIT HUP INT TERM
	switch_off
	for entry in "$tmp"/processes/*; do
		[ ! -f "$entry" ] || stop "${entry##*/}"
	done
	exit $status
}
trap end EXIT
trap 'exit 143' HUP INT TERM

# Ports are guessed until one is free.
start_drive() {
	cp "$top/tests/emulator/models/$drive.drive" "$share/models/"
	for _ in 1 2 3 4 5; do
		port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
		start emulator discfw-emulator --front usb --listen 127.0.0.1:$port \
			--models "$share/models" --dir "$drives" --transcript "$share/transcripts" \
			--time-scale 0.1
		within 10 drive_decided
		running emulator && return 0
	done
	return 1
}
drive_decided() { grep -q '^ready' "$tmp/emulator.log" || ! running emulator; }
burning() { emulator list | grep -q "^$drive burning "; }
pieces() { awk '$2 ~ /^3b/ { n++ } END { print n + 0 }' "$share/transcripts/$drive.log"; }
nothing_new() { echo "$(pieces) of $before" && [ "$(pieces)" -eq "$before" ]; }

# Each stall is long enough for the power to go meanwhile; seconds, scaled as above.
faults_for() {
	case $1 in
	intent)
		for code in 46 5A A4; do echo "$drive opcode $code every stall 40"; done
		;;
	piece:*) echo "$drive write-buffer ${1#piece:} stall 600" ;;
	burn) echo "$drive burn 1 stall 600" ;;
	esac >"$share/faults"
	emulator faults "$share/faults" >"$share/faults.said" 2>&1
}

# switch_on LAST-POINT: a guest, up to where it waits for our word.
switch_on() {
	number=$((number + 1))
	boot=$share/boot-$number
	mkdir -p "$boot"
	cp -a "$share/catalog" "$boot/"
	[ ! -d "$share/etc" ] || cp -a "$share/etc" "$boot/"
	echo "exec sh /run/source/tests/guest/inside/power-cut.sh $port $1" >"$boot/run"
	start "boot-$number" sh "$here/boot.sh" --image "$image" --disk "$share/disk" \
		--net restrict=off --limit 0 "$boot"
	within 400 guest_decided
	[ -e "$boot/ready" ]
}
guest_decided() { [ -e "$boot/ready" ] || ! running "boot-$number"; }
is_off() { ! running "boot-$number"; }

switch_off() {
	[ ! -e "$boot/qemu.pid" ] || kill -9 "$(cat "$boot/qemu.pid")" 2>/dev/null
	within 20 is_off
}

reached() {
	case $1 in
	refresh | intent) [ -e "$boot/$1" ] ;;
	piece:*) [ "$(pieces)" -ge $((before + ${1#piece:})) ] ;;
	burn) burning ;;
	esac
}

# What was checked in the guest, under our numbers.
collect() {
	while read -r line; do
		case $line in
		"ok "*) n_checks=$((n_checks + 1)) && echo "ok $n_checks - ${line#*- }" ;;
		"not ok "*) n_checks=$((n_checks + 1)) && echo "not ok $n_checks - ${line#*- }" ;;
		*) echo "# $line" ;;
		esac
	done <"$boot/output"
}

PATH=$DISCFW_BUILDDIR:$PATH:/usr/sbin:/sbin
# shellcheck disable=SC2086 # points
set -- $points
plan $((6 * $# + 2))
start_drive || exit 99

last=none
for point; do
	switch_on "$last" || exit
	[ "$last" = none ] || check "nothing was written by itself after the cut at $last" nothing_new
	collect
	[ -d "$share/etc" ] || cp -a "$boot/etc" "$share/"
	before=$(pieces)
	faults_for "$point"
	echo "$point" >"$boot/go.new"
	mv "$boot/go.new" "$boot/go"
	check "the power goes at $point" within 200 reached "$point"
	switch_off
	emulator faults - >"$share/faults.said" 2>&1
	before=$(pieces) last=$point
done
switch_on "$last" || exit
check "nothing was written by itself after the cut at $last" nothing_new
echo end >"$boot/go"
within 300 is_off
collect
