#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# usage: power-cut.sh IMAGE SHARE
# The power of a machine goes while it writes to a drive: its QEMU is killed. The drive is a process of
# this machine and lives on, as a drive in a USB case with its own supply does. Each boot looks what
# became of the flash before it (tests/guest/inside/power-cut.sh) and begins the next one.
# limit: 660
set -eu
image=$1 share=$2
here=$(cd "$(dirname "$0")/.." && pwd)
top=${here%/tests/guest}
tmp=$share
drives=$share/drives
drive=btc-ide1004
mkdir -p "$share/processes" "$share/models"

# shellcheck source=tests/words.sh
. "$top/tests/words.sh"

# By what is then the case, seen from the drive: the helper has its intent on disk; the N-th piece is
# under way and the drive does not answer; the drive burns.
points="intent piece:1 piece:100 burn"
[ -z "${DISCFW_LONG:-}" ] || points="intent piece:1 piece:2 piece:15 piece:28 piece:41 piece:54 piece:67
	piece:80 piece:93 piece:106 piece:119 piece:132 piece:145 piece:158 piece:171 piece:210 piece:255
	piece:256 burn"

end() {
	status=$?
	trap - EXIT HUP INT TERM
	[ ! -e "$boot/qemu.pid" ] || kill -9 "$(cat "$boot/qemu.pid")" 2>/dev/null
	for entry in "$share"/processes/*; do
		[ ! -f "$entry" ] || stop "${entry##*/}"
	done
	exit $status
}
boot=$share/none
trap end EXIT
trap 'exit 143' HUP INT TERM

start_drive() {
	cp "$top/tests/emulator/models/$drive.drive" "$share/models/"
	for _ in 1 2 3 4 5; do
		port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
		start emulator discfw-emulator --front usb --listen 127.0.0.1:$port --models "$share/models" \
			--dir "$drives" --transcript "$share/transcripts" --time-scale 0.1
		within 10 drive_decided
		running emulator && return 0
	done
	return 1
}
drive_decided() { grep -q '^ready' "$share/emulator.log" || ! running emulator; }
pieces() { awk '$2 ~ /^3b/ { n++ } END { print n + 0 }' "$share/transcripts/$drive.log"; }
is() { emulator list | grep -q "^$drive $1 "; } # CONDITION

# What the last boot said goes to our own output, under our numbers.
collect() {
	while read -r line; do
		case $line in
		"ok "*) n_checks=$((n_checks + 1)) && echo "ok $n_checks ${line#ok * }" ;;
		"not ok "*) n_checks=$((n_checks + 1)) && echo "not ok $n_checks ${line#not ok * }" ;;
		*) echo "$line" ;;
		esac
	done <"$boot/output"
}

# power_on PLACE LAST-POINT: the guest up to where it waits for a word from us.
power_on() {
	boot=$share/boot-$1
	mkdir -p "$boot"
	[ ! -d "$share/etc" ] || cp -a "$share/etc" "$boot/etc"
	cp -a "$share/catalog" "$boot/"
	echo "exec sh /run/source/tests/guest/inside/power-cut.sh $port $2" >"$boot/run"
	start "boot-$1" sh "$here/boot.sh" --image "$image" --disk "$share/disk" --net restrict=off \
		--limit 300 "$boot"
	within 280 guest_decided "boot-$1"
	[ -e "$boot/ready" ]
}
guest_decided() { [ -e "$boot/ready" ] || ! running "$1"; }

reached() {
	case $1 in
	intent) grep -q 'intent is on disk' "$boot/journal" ;;
	piece:*) [ "$(pieces)" -ge $((before + ${1#piece:})) ] ;;
	burn) is burning ;;
	esac
}

power_off() {
	kill -9 "$(cat "$boot/qemu.pid")"
	within 10 no_longer "$1"
}
no_longer() { ! running "$1"; }

for package in "$top"/build/packages/discfw-*.deb; do dpkg-deb -x "$package" "$share/tools"; done
PATH=$share/tools/usr/bin:$PATH:/usr/sbin:/sbin
n=0
for point in $points; do n=$((n + 1)); done
plan $((5 * n + 2))
sh "$share/tools/usr/share/discfw-emulator/demo-catalog.sh" "$share/catalog" >"$share/catalog.log" 2>&1
start_drive

number=0 last=none before=0
for point in $points; do
	number=$((number + 1))
	power_on $number "$last" || break
	[ $number -eq 1 ] || check "nothing was written by itself after the cut at $last" [ "$(pieces)" -eq "$before" ]
	collect
	[ -d "$share/etc" ] || cp -a "$boot/etc" "$share/etc"
	before=$(pieces)
	case $point in
	piece:*) echo "$drive write-buffer ${point#piece:} stall 300" ;;
	burn) echo "$drive burn 1 stall 300" ;;
	*) echo "" ;;
	esac >"$share/faults"
	emulator faults "$share/faults" >"$share/faults.said"
	: >"$boot/go"
	within 200 reached "$point" || echo "# $point was not reached"
	power_off "boot-$number"
	emulator faults - >"$share/faults.said"
	within 30 no_burn || echo "# it burns for ever"
	before=$(pieces) last=$point
done
no_burn() { ! is burning; }
power_on end "$last" || echo "# the last boot did not come up"
check "nothing was written by itself after the cut at $last" [ "$(pieces)" -eq "$before" ]
: >"$boot/go"
within 280 no_longer boot-end
collect
