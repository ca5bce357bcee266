#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What "./dev bench" measures in a guest: the same image of 1 MiB written by btcflash, by
# sg_write_buffer and through discfw to equal drives, and how soon a drive that is plugged in is known.
# All that is tested is that there are figures; the table of them is /run/share/table.
#
# The kernel's own trace says when each command was given to a drive and when the drive was done with
# it. The drive's time between the two is taken off; what is left is the program's, and the kernel's.
#
# Drives: three BTC on TCMU, then a BTC on USB. Packages: dvd+rw-tools sg3-utils.
# optional
# limit: 1500
# catalog: --settle-ms 100
# disk: yes
# shellcheck source=tests/guest/inside/lib.sh
. "$(dirname "$0")/../inside/lib.sh"
# shellcheck source=tests/bench/rows.sh
. $DISCFW_SRCDIR/tests/bench/rows.sh
plan 3
runs=${runs:-3}
tracing=/sys/kernel/tracing

# ------------------------------------------------------------------ one flash

# Six figures in ms: until the first WRITE BUFFER; from there until the last one was done; how much of
# this the drive took; from there to the end; the whole; how much of the whole the drives took. And
# the median between the end of one WRITE BUFFER and the beginning of the next.
figures() { # HOST: of the drive that is written to
	awk -v host="host_no=$1 " '
	function stamp() { match($0, /[0-9]+\.[0-9]+: /); return substr($0, RSTART, RLENGTH - 2) * 1000 }
	/tracing_mark_write: begin/ { begin = stamp() }
	/tracing_mark_write: end/ { end = stamp() }
	!index($0, host) { next }
	/cmd_start:/ { at = stamp(); if (/raw=3b / && n) print at - last >gaps }
	/cmd_done:/ {
		drive += stamp() - at
		if (/raw=3b /) { if (!n++) first = at; last = stamp(); writing += last - at }
	}
	BEGIN { gaps = "'"$tmp/gaps"'"; printf "" >gaps }
	END { if (n < 250) exit 1
		printf "%.1f %.1f %.1f %.1f %.1f %.1f ", first - begin, last - first, writing, end - last,
			end - begin, drive }' $tracing/trace && middle <"$tmp/gaps"
}

# flash WHO DRIVE COMMAND...: adds its figures to $tmp/WHO.
flash() {
	who=$1 device=$(basename "$(readlink -f "$(device_of "$2")")")
	shift 2
	echo >$tracing/trace
	echo begin >$tracing/trace_marker
	"$@" >"$tmp/$who.said" 2>&1 || { echo "# $who failed" && sed 's/^/# /' "$tmp/$who.said"; return 1; }
	echo end >$tracing/trace_marker
	figures "${device%%:*}" >>"$tmp/$who"
}

hex_bytes() { # NUMBER: its two bytes
	# shellcheck disable=SC2059 # octal escapes are what it is for
	printf "\\$(printf %03o $(($1 / 256)))\\$(printf %03o $(($1 % 256)))"
}

by_btcflash() { btcflash "/dev/$(block_of btc-tool)" "$1" <"$tmp/yes"; }

# As tests/guest/suites/tools.sh has it: the image behind a header of 32 bytes, the header, the order.
by_sg() {
	node=/dev/$(node_of btc-sg)
	sg_write_buffer -m 6 -o 32 -b 4096 -I "$1" "$node" &&
		sg_write_buffer -m 6 -l 32 -I "$tmp/header" "$node" && sg_write_buffer -m 7 -l 0 "$node"
}

by_discfw() {
	case $1 in
	0045) discfw update "$(block_of btc-own)" --to 0045 --yes ;;
	*) discfw rollback "$(block_of btc-own)" --to 0043 --yes ;;
	esac
}

# There and back, as each of them is run as often as the others, one after the other.
flash_all() {
	echo YES >"$tmp/yes"
	for run in $(seq "$runs"); do
		revision=$([ $((run % 2)) -eq 0 ] && echo 0043 || echo 0045)
		image=$catalog/images/btc-ide1004-$revision.bin
		flash btcflash btc-tool by_btcflash "$image" || return
		sum=$(sed -n 's/^Firmware checksum is //p' "$tmp/btcflash.said")
		{ head -c 30 /dev/zero && hex_bytes $((0x$sum)); } >"$tmp/header"
		flash sg btc-sg by_sg "$image" || return
		flash own btc-own by_discfw "$revision" || return
	done
}

trace_commands() { # 1 or 0
	echo "$1" >$tracing/events/scsi/scsi_dispatch_cmd_start/enable
	echo "$1" >$tracing/events/scsi/scsi_dispatch_cmd_done/enable
}

# udev looks at each drive that was closed, and the kernel at trays: neither is to be measured.
undisturbed() {
	udevadm settle
	udevadm control --stop-exec-queue
	for drive in btc-tool btc-sg btc-own; do
		echo 0 >"/sys/block/$(block_of $drive)/events_poll_msecs"
	done
	echo mono >$tracing/trace_clock
	echo 4096 >$tracing/buffer_size_kb
	trace_commands 1
}

measure_flash() {
	mkdir "$tmp/equal"
	for drive in btc-tool btc-sg btc-own; do
		cp /usr/share/discfw-emulator/models/btc-ide1004.drive "$tmp/equal/$drive.drive"
	done
	models=$tmp/equal time_scale=0.001
	start_drives tcmu btc-tool btc-sg btc-own && serve_catalog >"$tmp/refresh.log" 2>&1 &&
		undisturbed && flash_all
	failed=$?
	udevadm control --start-exec-queue
	trace_commands 0
	stop_drives
	return $failed
}

# figure WHO EXPRESSION: the median over the runs, of columns as figures() gives them.
figure() { [ ! -s "$tmp/$1" ] || awk "{ print $2 }" "$tmp/$1" | middle; }

flash_row() { # WHAT EXPRESSION AIM
	for who in btcflash sg; do
		row "$1 / $who" "$(figure own "$2")" "$(figure $who "$2")" ms "$3"
	done
}

# ------------------------------------------------------------------ a drive that is plugged in

now() { date +%s%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f\n", (b - a) / 1e6 }'; }
unplugged() { emulator unplug btc-ide1004 && until ! node_of btc-ide1004; do :; done; } >/dev/null
listed() { discfw list --json | grep -q '"node": *"sg'; }
n_added() { grep -c '"drive-added"' "$tmp/monitor.log"; }

# In each round: until the kernel has a node, and until discfw has the drive. Somebody watches
# meanwhile, so that the daemon stays.
plug_running() {
	start monitor discfw monitor --json
	within 10 sh -c "discfw list >/dev/null" || return
	for run in $(seq "$runs"); do
		unplugged
		sleep 1
		before=$(n_added) begun=$(now)
		emulator plug btc-ide1004 >/dev/null
		until node_of btc-ide1004 >/dev/null; do :; done
		since "$begun" >>"$tmp/node"
		until [ "$(n_added)" -gt "$before" ]; do :; done
		since "$begun" >>"$tmp/running"
	done
	stop monitor
}

# The daemon has ended. Somebody asks as soon as there is a node.
plug_ended() {
	for run in $(seq "$runs"); do
		unplugged
		sleep 1
		systemctl stop discfwd.service
		begun=$(now)
		emulator plug btc-ide1004 >/dev/null
		until node_of btc-ide1004 >/dev/null; do :; done
		until listed; do :; done
		since "$begun" >>"$tmp/ended"
	done
}

measure_plug() {
	models=/usr/share/discfw-emulator/models
	start_drives usb btc-ide1004 && plug_running && plug_ended
	failed=$?
	stop_drives
	return $failed
}

gone() { ! pgrep '^discfw'; }

# As a unit, with nothing to do; and until it has ended for that reason.
measure_idle() {
	discfw list >/dev/null && sleep 3 && begun=$(now)
	main=$(systemctl show -P MainPID discfwd.service)
	idle=$(awk '/^Pss:/ { print $2 }' "/proc/$main/smaps_rollup")
	private=$(awk '/^Private_Dirty:/ { print $2 }' "/proc/$main/smaps_rollup")
	within 120 gone && ended=$(since "$begun")
}

idle='' private='' ended=''
check "flashes are measured" measure_flash
check "a drive that is plugged in is measured" measure_plug
check "nothing to do is measured" measure_idle

table() {
	echo "A guest with Debian's kernel $(uname -r), emulated in software: medians of $runs"
	head_row "1 MiB in 258 commands, drive's time taken off" ours theirs
	flash_row "first to last WRITE BUFFER" '$2 - $3' "at most 1.05 times"
	flash_row "  between two of them" '$7' ""
	flash_row "  the drive's time" '$3' ""
	flash_row "  both" '$2' ""
	flash_row "order to exit" '$5 - $6' ""
	flash_row "  before first WRITE BUFFER" '$1' ""
	flash_row "  after last WRITE BUFFER" '$4' ""
	head_row "A drive on USB is plugged in" ours ""
	own_row "until the kernel has a node" "$(middle <"$tmp/node")" ms
	own_row "until it is listed, daemon running" "$(middle <"$tmp/running")" ms
	own_row "until it is listed, daemon not running" "$(middle <"$tmp/ended")" ms
	head_row "Idle, as a unit" ours ""
	own_row "proportional set size" "$idle" KiB
	own_row "  of this changed by the process" "$private" KiB
	own_row "until no process of ours is there" "$ended" ms
}
table >/run/share/table
sed 's/^/# /' /run/share/table
