#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Flashes on USB: the drive restarts with its new firmware, leaves the bus for that and comes back under
# another number; the kernel takes at most 120 KiB in one command, resets the port of a drive that does
# not answer, and loses the drive that somebody unplugs. Each flash has one outcome.
#
# Drives: an Emprex (BTC) that leaves the bus when new code starts; a drive that takes its number.
# SEED chooses where the drive is unplugged; 4 times, or 20 with DISCFW_LONG.
# limit: 420 1200
# catalog: --settle-ms 1500 --set command-ms=10000 --set commit-ms=10000 --set ready-ms=20000
. "$(dirname "$0")/../inside/lib.sh"
points=4
[ -z "${DISCFW_LONG:-}" ] || points=20
plan $((22 + 3 * points))

drive=emprex-1016-a other=lg-gh24
id() { discfw list --all --json | jq -r --arg model "DVDRW IDE 16X" \
	'[.drives[] | select(.model == $model)][0].id'; }
listed() { # REVISION: under its node of now, once udev and a scan have caught up
	discfw list --json | jq -e --arg node "$(node_of $drive)" --arg revision "$1" \
		'.drives[] | select(.node == $node) | .revision == $revision'
}
emulated() { emulator list | grep "^$drive normal .*\"$1\""; }
update() { discfw update "$drive_id" --to "$1" --yes; }
largest() { sed -n 's/^[0-9]* 3b.* out *\([0-9]*\) .*/\1/p' "$transcripts/$drive.log" | sort -n | tail -n 1; }
kernel_log() { journalctl -q -k -b -o cat --since "$begun" --grep "$1" | wc -l; }

# At time_scale 0.02 a burn takes 1 s and a restart 5 s, after which the kernel waits one more: time enough
# for the other drive to get the number that became free.
mkdir "$tmp/changed"
cp "$models/$other.drive" "$tmp/changed/"
sed 's/^burn = .*/&\nrestart = 250/' "$models/$drive.drive" >"$tmp/changed/$drive.drive"
models=$tmp/changed
start_drives usb $drive $other
serve_catalog >"$tmp/refresh.log"
emulator unplug $other
gone() { ! node_of "$1"; }
within 10 gone $other
drive_id=$(id)
node=$(node_of $drive)

# The other drive is plugged in as soon as this one leaves, and gets the number that is free.
( until [ ! -e "/sys/class/scsi_generic/$node" ]; do sleep 0.05; done && emulator plug $other ) &
check "a flash goes on over the restart of the drive" update A091
check "the drive was unplugged to the kernel, and came back under another number" \
	test "$(node_of $drive)" != "$node"
check "another drive has the number that it had" test "$(node_of $other)" = "$node"
check "the outcome is on record" ended verified
check "the drive runs it" emulated A091
check "it is listed under its new number" within 20 listed A091
check "as the same drive" test "$(id)" = "$drive_id"
check "the kernel read the drive anew" \
	grep A091 "/sys/class/scsi_generic/$(node_of $drive)/device/rev"
check "no command was larger than the kernel takes" test "$(largest)" -le 122880

# What was measured about the kernel, and is relied on.
node=$(node_of $drive)
head -c 900000 /dev/zero >"$tmp/large"
before=$(write_buffers $drive)
check "900,000 bytes in one command are refused by the kernel" \
	says "[Ii]nvalid argument" sg_raw -s 900000 -i "$tmp/large" "/dev/$node" 3b 06 0 0 0 20 0 10 0 0
check "the drive never saw them" test "$(write_buffers $drive)" = "$before"
as_nobody() { setpriv --reuid nobody --regid cdrom --clear-groups --inh-caps=-all --bounding-set=-all "$@"; }
head -c 4096 /dev/zero >"$tmp/small"
chmod a+rx "$tmp"
stage() { as_nobody sg_raw "$@" -s 4096 -i "$tmp/small" "/dev/$node" 3b 06 0 0 0 20 0 10 0 0; }
check "WRITE BUFFER through a node that is open for reading is not permitted" \
	says "not permitted" stage -R
check "the drive never saw it" test "$(write_buffers $drive)" = "$before"
check "open for writing it passes, without a capability" stage
check "the drive saw it" test "$(write_buffers $drive)" = $((before + 1))

begun=$(date "+%Y-%m-%d %H:%M:%S")
faults "$drive write-buffer 5 hang"
before=$(write_buffers $drive)
refuse "a drive that does not answer fails the flash" 1 discfw rollback "$drive_id" --to A089 --yes
check "the kernel has reset its port" test "$(kernel_log 'reset high-speed USB device')" -ge 1
check "the drive is read, and is unharmed" ended failed-unharmed
check "nothing was sent after the silence" test "$(write_buffers $drive)" = $((before + 5))
check "and it was not unplugged for that" test "$(kernel_log 'USB disconnect')" = 0
faults
check "the same drive takes the next one" discfw rollback "$drive_id" --to A089 --yes
check "and runs it" emulated A089

# 258 WRITE BUFFERs: 256 pieces, the header, and the order to burn. Half of the drives come back by
# themselves, the others when somebody plugs them in and asks for their state.
seed=${SEED:-$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')}
echo "# SEED=$seed"
next_point() {
	seed=$(((seed * 25173 + 13849) % 65536))
	point=$((1 + seed * 258 / 65536))
}
version() { emulator list | sed -n "s/^$drive .* \"\(A[0-9]*\)\" usb .*/\1/p"; }
unplugged_at() { # POINT SECONDS
	faults "$drive write-buffer $1 vanish $2" && before=$(write_buffers $drive) && n=$(outcomes)
	if [ "$(version)" = A091 ]; then
		! discfw rollback "$drive_id" --to A089 --yes
	else
		! discfw update "$drive_id" --to A091 --yes
	fi && ended failed-unharmed no-change lost
}
once() {
	echo "$(intents) intents, $(outcomes) outcomes, $(write_buffers $drive) sent, $before before"
	[ "$(outcomes)" = $((n + 1)) ] && [ "$(intents)" = "$(outcomes)" ] &&
		[ "$(write_buffers $drive)" -le $((before + point)) ]
}
plugged_in() { node_of $drive && udevadm settle; }
settled() {
	[ -n "$(node_of $drive)" ] || emulator plug $drive
	within 30 plugged_in || return
	ended failed-unharmed no-change || discfw resolve "$drive_id" || return
	within 20 listed "$(version)" && discfw list --json |
		jq -e --arg id "$drive_id" '.drives[] | select(.id == $id) | .state != "attention"'
}
for i in $(seq $points); do
	next_point
	away=$((i % 2 ? 100 : 100000))
	check "unplugged at WRITE BUFFER $point, the flash fails" unplugged_at $point $away
	check "there is one outcome, and nothing was sent again" once
	faults
	check "once it is plugged in, discfw knows what it runs" settled
done
