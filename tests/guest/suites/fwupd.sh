#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A demonstration: what a look at all drives does to a drive whose tray is open, to one with a disc in,
# and to one that is idle. What discfw does is asserted; what fwupd of the same Debian does is printed,
# by what arrived at the drives, and may be nothing: its version 2.0 with Debian 12's libusb does not
# get to see block devices at all. For that case, what fwupd 2.1 was seen to do with them is done by
# hand, and said to be that.
#
# Drives: three on USB. Packages: fwupd.
#
# optional
# limit: 300
# packages: fwupd
. "$(dirname "$0")/../inside/lib.sh"
plan 12

open=btc-ide1004 loaded=plextor-px716a idle=lg-gh24
all="$open $loaded $idle"

# What is said of a drive without moving anything: INQUIRY, GET CONFIGURATION, MODE SENSE, REPORT KEY.
looks='12|46|5a|a4'

mark() { for drive in $all; do wc -l <"$transcripts/$drive.log" >"$tmp/$drive.mark"; done; }
since_mark() { tail -n "+$(($(cat "$tmp/$1.mark") + 1))" "$transcripts/$1.log"; }
opcodes() { since_mark "$1" | cut -d ' ' -f 2 | cut -c 1-2 | sort | uniq -c | awk '{ printf "%s x%d ", $2, $1 }'; }
only_looked_at() { opcodes "$1" && since_mark "$1" | grep . && ! since_mark "$1" | grep -vE "^[0-9]+ ($looks)"; }
# GET EVENT STATUS, media: what bit 0 of the second byte of the event says.
media() { sg_raw -r 8 "/dev/$(node_of "$1")" 4a 01 00 00 10 00 00 00 08 00 2>&1 | sed -n 's/^ *00 *//p' | cut -c 16-17; }
tray_is_open() { [ $((0x$(media "$1") & 1)) -eq 1 ]; }
disc_is_in() { [ $((0x$(media "$1") & 2)) -eq 2 ]; }
# The last question of a look. discfwd answers from its store until it has looked.
all_were_asked() { for drive in $all; do since_mark "$drive" | grep -q '^[0-9]* a4' || return; done; }
scan() { systemctl stop discfwd.service && discfw list && within 30 all_were_asked; }
listed() { discfw list --json | jq -e '.drives | length == 3 and all(.state != "unreadable")'; }
print() { echo "# $*"; }
report() { # WHO
	for drive in $all; do
		print "$1 sent $drive: $(opcodes "$drive")"
		since_mark "$drive" | grep -E '^[0-9]+ a1' | sed 's/^/#   BLANK for a drive, IDENTIFY for a disk: /'
	done
	if tray_is_open $open; then
		print "$1: the tray of $open is still open"
	else
		print "$1: the tray of $open was closed"
	fi
}

mkdir "$tmp/files"
echo hello >"$tmp/files/hello"
genisoimage -quiet -o "$tmp/disc.iso" "$tmp/files"
# shellcheck disable=SC2086 # three names
start_drives usb $all
emulator disc $loaded data "$tmp/disc.iso" >"$tmp/ctl"
emulator tray $open open >"$tmp/ctl"
sleep 3
udevadm settle
# Only those who are looked at here: neither the kernel's questions for discs, nor udev's for changes.
for drive in $all; do echo 0 >"/sys/block/$(block_of "$drive")/events_poll_msecs"; done
udevadm control --stop-exec-queue

check "one tray is open" tray_is_open $open
check "in one drive is a disc" disc_is_in $loaded
mark
check "discfwd is started, looks at all drives and lists them" scan
check "it could read all three" listed
check "the drive with an open tray was only asked who it is" only_looked_at $open
check "so was the one with a disc" only_looked_at $loaded
check "so was the idle one" only_looked_at $idle
check "the tray is still open" tray_is_open $open
check "the disc is still in" disc_is_in $loaded
mark
check "a second look is no other" scan
check "also for the drive with the open tray" only_looked_at $open
report discfw

udevadm control --start-exec-queue
mark
print "fwupd $(dpkg-query -f '${Version}' -W fwupd)"
systemctl start fwupd.service 2>&1 | sed 's/^/# /'
timeout 60 fwupdmgr get-devices --json >"$tmp/devices" 2>"$tmp/fwupd.log" || :
print "fwupd lists: $(jq -r '[.Devices[]? | .Name] | join(", ")' "$tmp/devices")"
sleep 5
report fwupd
seen=no
for drive in $all; do [ -z "$(since_mark "$drive")" ] || seen=yes; done
[ $seen = yes ] || print "so this fwupd was not seen to touch a drive; nothing is shown about it here"
print "what fwupd 2.1 does, by hand: the node opened with O_RDONLY|O_SYNC and without O_NONBLOCK"
tray_is_open $open || emulator tray $open open >"$tmp/ctl"
mark
perl -e 'use Fcntl; sysopen(F, $ARGV[0], O_RDONLY|O_SYNC) or print "# that open failed: $!\n"' \
	"/dev/$(block_of $open)"
report "such an open"
check "the drives were looked at, and none was harmed" eval \
	'! emulator list | grep -v -e " normal " -e "^ok"'
