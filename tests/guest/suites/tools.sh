#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Other people's flashers and ours give the same images to equal drives, through the kernel: Debian's
# btcflash (dvd+rw-tools) and pxfw, sg_write_buffer (sg3-utils) with the same modes by hand, and
# discfwd. What they sent is compared, byte for byte. So the emulated drives were not bent to our
# driver, and our driver not to them.
#
# limit: 300
# catalog: --settle-ms 4000
# shellcheck source=tests/guest/inside/lib.sh
. "$(dirname "$0")/../inside/lib.sh"
plan 16

# What discfw does beyond writing, that the others do not, by operation code. Anything else that it
# sends is a fault. The kernel opens and closes the drive with 00, 4a and 1e for each of them.
checks='
12 INQUIRY             who is it: before the order, before the first write, and after the last
46 GET CONFIGURATION   its serial number, and the class of drive that the entry is for
5a MODE SENSE          what it reads and writes, part of who it is
4a GET EVENT STATUS    the tray is closed, and no disc is in
00 TEST UNIT READY     it is not busy, before and after
a4 REPORT KEY          region and its counters, which a flash may reset: before and after
'
kernel='1e PREVENT ALLOW       the kernel, when the node is closed'

# Equal drives, three of each.
equal() { # MODEL NAME...
	model=$1
	shift
	for drive; do cp "$models/$model.drive" "$tmp/equal/$drive.drive"; done
}

revision() { emulator list | sed -n "s/^$1 normal \".*\" \"\(.*\)\" .*/\1/p"; }
runs() { [ "$(revision "$1")" = "$2" ]; }
mark() { wc -l <"$transcripts/$1.log" >"$tmp/$1.mark"; }
since_mark() { tail -n "+$(($(cat "$tmp/$1.mark") + 1))" "$transcripts/$1.log"; }

# CDB, direction, length and hash of the data, and the drive's answer, of all WRITE BUFFERs, in order.
written() { since_mark "$1" | cut -d ' ' -f 2- | grep '^3b' >"$tmp/$1.written"; }

# From the first WRITE BUFFER to the last there is nothing else.
uninterrupted() {
	since_mark "$1" | awk '
		$2 ~ /^3b/ { if (began && other) bad = 1; began = 1; other = 0; next }
		{ other = 1; if (began) line = $0 }
		END { if (bad) print line; exit bad }'
}

same() { # COUNT NAME...
	count=$1 first=$2
	shift
	for drive; do
		written "$drive"
		[ "$(wc -l <"$tmp/$drive.written")" -eq "$count" ] || { wc -l "$tmp/$drive.written"; return 1; }
		cmp "$tmp/$first.written" "$tmp/$drive.written" || return 1
	done
}

only_known_checks() { # NAME
	since_mark "$1" | cut -d ' ' -f 2 | cut -c 1-2 | sort -u | while read -r code; do
		printf '%s\n3b WRITE BUFFER\n%s\n' "$checks" "$kernel" | grep -q "^$code " || echo "sent $code"
	done | { ! grep .; }
}

# A drive that burns says so (2/04/01) to whoever asks.
not_asked_while_burning() { ! since_mark "$1" | grep '2/04/01'; }

hex_bytes() { # NUMBER: its two bytes
	# shellcheck disable=SC2059 # octal escapes are what it is for
	printf "\\$(printf %03o $(($1 / 256)))\\$(printf %03o $(($1 % 256)))"
}

# The recipe of facts about BTC drives, by hand: the image behind a header of 20h bytes, that header
# last, then the order to burn. The sum is what btcflash found.
by_hand_btc() { # NODE IMAGE
	sum=$(sed -n 's/^Firmware checksum is //p' "$tmp/btcflash.log")
	{ head -c 30 /dev/zero && hex_bytes $((0x$sum)); } >"$tmp/header" &&
		sg_write_buffer -m 6 -o 32 -b 4096 -I "$2" "$1" &&
		sg_write_buffer -m 6 -l 32 -I "$tmp/header" "$1" &&
		sg_write_buffer -m 7 -l 0 "$1"
}

# Plextor is plain: download microcode (4), and with the last block save it, too (5).
by_hand_plextor() { # NODE IMAGE
	last=$(($(stat -c %s "$2") - 4096))
	sg_write_buffer -m 4 -b 4096 -l $last -I "$2" "$1" &&
		sg_write_buffer -m 5 -o $last -s $last -l 4096 -I "$2" "$1"
}

btcflash_begins() {
	echo YES >"$tmp/yes"
	mark btc-tool
	start btcflash sh -c 'btcflash "$1" "$2" <"$3"' - "/dev/$(block_of btc-tool)" "$btc_image" \
		"$tmp/yes"
	within 20 grep -q 'checksum is' "$tmp/btcflash.log"
}

by_pxfw() { pxfw -d "/dev/$(block_of px-tool)" -u -if "$px_image"; }

mkdir "$tmp/equal"
equal btc-ide1004 btc-tool btc-sg btc-own
equal plextor-px716a px-tool px-sg px-own
models=$tmp/equal
time_scale=0.05
start_drives tcmu btc-tool btc-sg btc-own px-tool px-sg px-own
serve_catalog >"$tmp/refresh.log"
btc_image=$catalog/images/btc-ide1004-0045.bin
px_image=$catalog/images/plextor-px716a-1.09.bin

# Neither udev's look at a drive that was closed, nor the kernel's for discs, belongs to what is
# compared.
udevadm settle
udevadm control --stop-exec-queue
for drive in btc-tool btc-sg btc-own px-tool px-sg px-own; do
	echo 0 >"/sys/block/$(block_of $drive)/events_poll_msecs"
done

check "btcflash begins: it reads the image, and who the drive is" btcflash_begins
for drive in btc-sg btc-own px-tool px-sg px-own; do mark $drive; done

check "sg_write_buffer gives an equal drive the same image, by hand" \
	by_hand_btc "/dev/$(node_of btc-sg)" "$btc_image"
check "the drive runs it" within 10 runs btc-sg 0045
check "discfw gives the third one the same image" discfw update "$(block_of btc-own)" --to 0045 --yes
check "pxfw updates a Plextor through the kernel" by_pxfw
check "it runs the new firmware" runs px-tool 1.09
check "sg_write_buffer gives an equal Plextor the same image" \
	by_hand_plextor "/dev/$(node_of px-sg)" "$px_image"
check "discfw gives the third one the same image" discfw update "$(block_of px-own)" --to 1.09 --yes
check "pxfw, sg_write_buffer and discfw sent a Plextor the same 240 WRITE BUFFERs" \
	same 240 px-tool px-sg px-own

check "btcflash ends, and says what the drive runs now" \
	within 90 grep -q 'Drive is now:.*\[0045\]' "$tmp/btcflash.log"
check "btcflash, sg_write_buffer and discfw sent a BTC the same 258 WRITE BUFFERs" \
	same 258 btc-tool btc-sg btc-own
check "discfw sends nothing else in between, as btcflash" \
	eval 'uninterrupted btc-tool && uninterrupted btc-own && uninterrupted px-own'
check "what else discfw sends is on the list of its checks" \
	eval 'only_known_checks btc-own && only_known_checks px-own'
check "discfw does not ask a drive that burns" not_asked_while_burning btc-own

# What an unprivileged look is not to do.
udevadm control --start-exec-queue
seen() {
	discfw list --json | jq -e --arg node "$(node_of "$1")" --arg revision "$2" \
		'.drives[] | select(.node == $node) | .revision == $revision'
}
check "what btcflash did to a drive is seen, though nothing was plugged in" within 10 seen btc-tool 0045
check "the kernel's own record of that drive is that of the day it was plugged in" \
	grep -q 0043 "/sys/class/scsi_generic/$(node_of btc-tool)/device/rev"
