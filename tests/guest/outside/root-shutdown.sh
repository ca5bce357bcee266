#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Root may switch the machine off while firmware is written, inhibitor or not; then the machine waits
# for the end of the flash. What the drive was told, and what the machine did, is in files of this
# side; the next boot finds the outcome.
#
# usage: root-shutdown.sh IMAGE SHARE
# limit: 480
# catalog: --settle-ms 1000 --set commit-ms=60000 --set command-ms=60000
image=$1 share=$2
here=$(cd "$(dirname "$0")/.." && pwd)
tmp=$share/work drives=$share/work
mkdir -p "$tmp/processes"
# shellcheck source=tests/words.sh
. "$here/../words.sh"
plan 8

mkdir "$share/first" "$share/second"
mv "$share/catalog" "$share/first/"
# guest.service, and so this script with the drive, is not stopped by a shutdown, but killed at its end.
cat >"$share/first/run" <<'END'
. /run/source/tests/guest/inside/lib.sh
trap - EXIT HUP INT TERM
time_scale=0.3
mkdir /run/share/transcripts
ln -s /run/share/transcripts "$transcripts"
start_drives tcmu btc-ide1004
serve_catalog
start update discfw update "$(block_of btc-ide1004)" --to 0045 --yes
begun() { [ "$(writes btc-ide1004)" -gt 0 ]; }
within 60 begun || exit 1
helper=$(flash_unit)
wc -l <"$transcripts/btc-ide1004.log" >/run/share/before
systemctl poweroff
cut -d ' ' -f 1 /proc/uptime >/run/share/ordered
while sleep 0.3; do
	emulator list >/run/share/drive
	echo "$(cut -d ' ' -f 1 /proc/uptime) $(systemctl is-system-running) $(systemctl is-active "$helper")"
done >/run/share/watched
END
# Whoever asks starts the daemon, and it asks the helper for outcomes that nobody took.
cat >"$share/second/run" <<'END'
. /run/source/tests/guest/inside/lib.sh
trap - EXIT HUP INT TERM
outcome() { discfw history --json >/run/share/history && grep -q flash.outcome /run/share/history; }
systemctl start discfwd.socket
within 60 outcome
END

# It goes off, and is not killed for want of an end.
boot() { # WHICH LIMIT
	sh "$here/boot.sh" --image "$image" --disk "$share/disk" --limit "$2" "$share/$1" 2>"$share/$1/said"
	cat "$share/$1/said"
	! grep -q 'killed\|did not end' "$share/$1/said"
}
transcript=$share/first/transcripts/btc-ide1004.log
# After the order, and after it was last written to, the drive was read.
was_read() {
	awk -v before="$(cat "$share/first/before")" \
		'$2 ~ /^3b/ { read = 0 } $2 ~ /^12/ && NR > before { read = 1 } END { exit !read }' "$transcript"
}
# The helper at work 5 s and more after the order, in a machine that stops.
waited() {
	awk -v ordered="$(cat "$share/first/ordered")" '$2 == "stopping" && $3 ~ /^(active|deactivating)$/ { last = $1 }
		END { print "waited", last - ordered, "s"; exit last - ordered < 5 }' "$share/first/watched"
}
history() { jq -e "[.events[] | select(.kind == \"flash.outcome\")] | $1" "$share/second/history"; }

check "the machine goes off by itself" boot first 300
check "root ordered that while a drive was written to" test -s "$share/first/ordered"
check "the flash went on to its end, when the drive is read" was_read
check "for so long the machine waited" waited
check "the drive has the new firmware" grep -q 0045 "$share/first/drive"
check "the machine starts again" boot second 150
check "one outcome is on record" history 'length == 1'
check "it is: verified" history '.[0].outcome == "verified"'
