#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What may stand in a flash's way on a real kernel: an open tray, a disc, a mounted disc, a drive that
# another program has. Each is refused before anything is written, and gone tells nothing more; root is
# told who it is. And what a flash leaves behind: discs are seen by udev as before, and the log has
# what the kernel counted.
#
# Drives: a BTC, which leaves the bus with new code, and a Plextor on USB. Packages: genisoimage.
#
# limit: 300
# catalog: --settle-ms 2000
. "$(dirname "$0")/../inside/lib.sh"
plan 30

btc=btc-ide1004 px=plextor-px716a
user=obstacle
place=$tmp/disc

counted() { printf '%d\n' "$(cat "$(device_of $px)/$1")"; }
poll_msecs() { cat "/sys/block/$(block_of $btc)/events_poll_msecs"; }
update() { discfw update "$(block_of $btc)" --to 0045 --yes; }
update_as_user() { runuser -u $user -- discfw update "$(block_of $btc)" --to 0045 --yes; }
update_px() { discfw update "$(block_of $px)" --to 1.09 --yes; }
nothing_was_written() { [ "$(writes $btc)" -eq 0 ] && [ "$(writes $px)" -eq 0 ]; }

# refused TEXT COMMAND...: as a refusal, with these words and no others of a holder.
refused() {
	wanted=$1
	shift
	"$@" >"$tmp/said" 2>&1
	status=$?
	cat "$tmp/said"
	[ $status -eq 3 ] && grep -qe "$wanted" "$tmp/said"
}

# Programs that hold a node until they are stopped. perl's $0 is also what the kernel calls them.
holds='use Fcntl; $0 = $ARGV[2]; sysopen(F, $ARGV[0], eval $ARGV[1]) or die $!; print "has\n";
	$| = 1; print "it\n"; sleep 600'
hold() { # NAME NODE FLAGS CALLED
	start "$1" perl -e "$holds" "/dev/$2" "$3" "$4"
	within 10 grep -q it "$tmp/$1.log"
}
# The disc in a mount namespace of its own, where neither discfwd nor discfw sees it.
hide_mount() {
	start hidden unshare --mount --propagation private sh -c \
		"mount -o ro /dev/$(block_of $btc) /srv && echo mounted && exec sleep 600"
	within 10 grep -q mounted "$tmp/hidden.log"
}
mounted() { mount -o ro "/dev/$(block_of $btc)" "$place"; }

# What udev told everybody of the drive's discs. Counted, since each is told once.
changes() { grep -c "UDEV .* change .*/block/$(block_of $btc) " "$tmp/udev.log"; }
more_changes() { [ "$(changes)" -gt "$told" ]; }
disc() {
	told=$(changes)
	# What udev locks when a disc comes in, a button would unlock.
	sg_prevent --allow "/dev/$(node_of $btc)" && emulator disc $btc "$@" >"$tmp/ctl" &&
		within 8 more_changes && udevadm settle
}

mkdir "$place" "$tmp/files"
echo hello >"$tmp/files/hello"
genisoimage -quiet -o "$tmp/disc.iso" "$tmp/files"
id $user >/dev/null 2>&1 || useradd --groups discfw $user
time_scale=0.05
mkdir "$tmp/changed"
cp "$models/$px.drive" "$tmp/changed/"
sed 's/^burn = .*/&\nrestart = 60/' "$models/$btc.drive" >"$tmp/changed/$btc.drive"
models=$tmp/changed
start_drives usb $btc $px
serve_catalog >"$tmp/refresh.log"
start udev udevadm monitor --udev --subsystem-match=block
udevadm settle
poll_before=$(poll_msecs) default_before=$(cat /sys/module/block/parameters/events_dfl_poll_msecs)

check "udev sees a disc that is put in" disc data "$tmp/disc.iso"
check "a disc that is in is a reason to refuse" refused 'a disc is in' update
check "the disc can be mounted" mounted
check "a disc that is mounted is, too, and it is said where" refused "is mounted at $place" update
umount "$place"
check "the disc is mounted where discfwd cannot see it" hide_mount
check "root is told in which process's view" \
	refused "pid $(pid_of hidden) \"sleep\" sees /dev/$(block_of $btc) mounted at /srv" update
stop hidden
within 10 perl -e 'use Fcntl; sysopen(F, $ARGV[0], O_RDONLY|O_NONBLOCK|O_EXCL) or exit 1' \
	"/dev/$(block_of $btc)"
check "udev sees that the disc was taken out" disc none

emulator tray $btc open >"$tmp/ctl"
udevadm settle
check "an open tray is a reason to refuse" refused 'the tray is open' update
emulator tray $btc closed >"$tmp/ctl"
sleep 3 # it is asked every 2 s whether a disc is in
udevadm settle

hold player "$(block_of $btc)" 'O_RDONLY|O_NONBLOCK|O_EXCL' 'p"layer'
check "a program that has the drive for itself is a reason to refuse" \
	refused "another program has /dev/$(block_of $btc) for itself" update
check "root is told its number and its name" \
	grep "close it: pid $(pid_of player) \"p\"layer\" has /dev/$(block_of $btc)\$" "$tmp/said"
check "others are told how to find out" refused 'as root, discfw says which it is' update_as_user
check "and nothing of other people's programs" eval '! grep layer "$tmp/said"'
stop player
hold reader "$(node_of $btc)" 'O_RDONLY|O_NONBLOCK' "$(printf 'r\033[31mder')"
hold second "$(node_of $btc)" 'O_RDONLY|O_NONBLOCK' second
check "those that have the generic node open are found, too" \
	refused "pid $(pid_of reader) .* has /dev/$(node_of $btc)\>" update
check "all of them" grep "pid $(pid_of second) \"second\" has /dev/$(node_of $btc)\>" "$tmp/said"
check "a name steers no terminal" grep '"r\\x1b\[31mder"' "$tmp/said"
stop second
stop reader
check "in all of this nothing was written" nothing_was_written

check "the obstacles are gone: the drive takes its firmware" says 'verified by reading the drive' update
check "it left the bus, and was counted anew" events flash.outcome '.[0] | ., .counters_anew'
check "what was counted until then is on record" events flash.outcome '.[0] | ., .counters_before.done > 0'
check "the intent has it, too" events flash.intent '.[0] | ., .counters_before.done > 0 and .counters_after == null'

done_before=$(counted iodone_cnt) errors_before=$(counted ioerr_cnt)
check "a drive that stays on the bus takes its firmware" says 'verified by reading the drive' update_px
check "it was the same device all the time" events flash.outcome '.[0] | ., .counters_anew == false'
check "its counters were read before the first write" \
	events flash.outcome ".[0] | ., .counters_before.done >= $done_before and .counters_before.errors >= $errors_before"
check "and after the last: 240 pieces and some questions" \
	events flash.outcome '.[0] | ., .counters_after.done - .counters_before.done >= 240'
check "no later than the kernel counts now" \
	events flash.outcome ".[0] | ., .counters_after.done <= $(counted iodone_cnt)"
check "history shows the difference" says 'commands, .* errors, 0 timeouts meanwhile' \
	discfw history --limit 2 -o KERNEL

udevadm settle
check "the drive is asked for discs as often as before" \
	[ "$(poll_msecs) $(cat /sys/module/block/parameters/events_dfl_poll_msecs)" = \
		"$poll_before $default_before" ]
check "udev sees a disc that is put in, as before" disc data "$tmp/disc.iso"
check "and what is on it" within 8 says 'ID_FS_TYPE=iso9660' \
	udevadm info -q property "/dev/$(block_of $btc)"
check "and that it was taken out" disc none
