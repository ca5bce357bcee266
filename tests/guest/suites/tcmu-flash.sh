#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Flashes on drives that stay plugged in: the kernel's target core (TCMU) does not take them away and
# bring them back, so sysfs goes on saying what was read when they came. What a drive says counts.
# Then what goes wrong on the way: no answer, a bus reset, a drive that leaves.
# limit: 360
# catalog: --settle-ms 3000 --set command-ms=10000 --set commit-ms=10000 --set ready-ms=30000
# shellcheck source=tests/guest/inside/lib.sh
. "$(dirname "$0")/../inside/lib.sh"
plan 31

btc=btc-ide1004 px=plextor-px716a

sysfs() { cat "/sys/class/scsi_generic/$(node_of "$1")/device/$2"; }
sysfs_says() { [ "$(sysfs "$1" "$2" | tr -d ' ')" = "$3" ]; }
emulated() { emulator list | grep "^$1 $2 .*\"$3\""; } # DRIVE CONDITION REVISION
attached() { discfw list --json | jq -e '[.drives[] | select(.attachment == "virtual")] | length == 2'; }

listed() { # DRIVE REVISION
	discfw list --json | jq -e --arg node "$(node_of "$1")" --arg revision "$2" \
		'.drives[] | select(.node == $node) | .revision == $revision'
}
update() { discfw update "$(block_of "$1")" --to "$2" --yes; }
rollback() { discfw rollback "$(block_of "$1")" --to "$2" --yes; }
identity_of_node() { stat -L -c %i "/sys/class/scsi_generic/$(node_of $btc)/device"; }
same_device() { [ "$(node_of $btc)" = "$node" ] && [ "$(identity_of_node)" = "$identity" ]; }
inquiry_says() { sg_inq "/dev/$(node_of "$1")" | grep "revision level: $2"; }
udev_says() { udevadm info -q property "/dev/$(block_of "$1")" | grep "^ID_REVISION=$2"; }
# Each unit attention once, whoever was the first to ask.
reported() { [ "$(grep -c " 6/$2\( \|\$\)" "$transcripts/$1.log")" -eq 1 ]; }
commands_of_ten() { # and there are some
	awk '$2 ~ /^3b/ { n++; other += length($2) != 20 } END { exit !n || other }' "$transcripts/$px.log"
}

# No answer within 10 s is silence here, the least that an entry may say; a burn takes 2.5 s.
time_scale=0.05
start_drives tcmu $btc $px
serve_catalog >"$tmp/refresh.log"

check "both drives are listed, made by software" within 10 attached
node=$(node_of $btc) identity=$(identity_of_node)
check "a BTC drive takes 0045" says 'verified by reading the drive' update $btc 0045
check "it was not plugged in again: node and device are the same" same_device
check "the kernel says what it read when the drive came: 0043" sysfs_says $btc rev 0043
check "the drive says 0045" inquiry_says $btc 0045
check "and so does discfw list" listed $btc 0045
check "the outcome is on record" ended verified
check "that the firmware is another one was said once" reported $btc 3f/01
check "that INQUIRY is another one was said once" reported $btc 3f/03
check "udev asked again" within 10 udev_says $btc 0045
check "two more steps, each verified before the next" update $btc 0051
check "the drive runs the last one" emulated $btc normal 0051
check "a rollback by one step" rollback $btc 0050
check "the drive runs what it was rolled back to" listed $btc 0050

timeouts=$(sysfs $btc iotmo_cnt)
faults "$btc write-buffer 5 hang"
refuse "a drive that does not answer in the middle fails" 1 update $btc 0051
check "and is unharmed" ended failed-unharmed
check "the kernel gave the command up, and counted it" \
	[ $((timeouts + 1)) -eq $(($(sysfs $btc iotmo_cnt))) ]
faults
check "the same drive takes it at the next try" update $btc 0051

check "back again" rollback $btc 0050
faults "$btc burn 1 after hang"
check "a drive that burns, and does not answer to the order, is read" update $btc 0051
check "and verified" ended verified

faults "$btc write-buffer 9 reset"
refuse "a bus reset in the middle ends the flash" 1 rollback $btc 0050
check "the drive is unharmed" ended failed-unharmed
faults "$btc write-buffer 9 vanish 3"
refuse "so does a drive that leaves" 1 rollback $btc 0050
check "it came back, was found and read" ended failed-unharmed
check "and is listed with what it runs" within 10 listed $btc 0051
check "sysfs caught up, as it was plugged in again" sysfs_says $btc rev 0051
faults

check "a Plextor takes 1.09 and keeps the bus while it burns" update $px 1.09
check "all its WRITE BUFFERs have 10 bytes" commands_of_ten
check "a Plextor is rolled back" rollback $px 1.04
check "it runs 1.04" listed $px 1.04
